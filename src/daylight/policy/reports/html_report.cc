#include "daylight/bytes/bytes.h"
#include "daylight/crypto/digest.h"
#include "daylight/policy/date.h"
#include "daylight/policy/reports/html_style.h"
#include "daylight/policy/reports/reports.h"
#include "daylight/policy/reports/words.h"
#include "daylight/report/escape.h"

// One file. Three things keep strangers' text from becoming more than text: it is escaped, it is never within a tag but
// in a quoted attribute, and the page's own policy (CSP Level 3) allows one style sheet, by its digest, and nothing
// else at all: no script, no image, no font, no form, no connection.
namespace dl::policy {

namespace {

using report::EscapeHtml;

// The strangers' text keeps its own direction to itself: <bdi> isolates, so that Arabic in a path moves no word of
// ours.
std::string Bdi(std::string_view text, std::string_view css = "") {
  return "<bdi" + (css.empty() ? std::string() : " class=\"" + std::string(css) + "\"") + ">" + EscapeHtml(text) +
         "</bdi>";
}
// Paths and digests are read from the left. Paths are broken behind a slash where that is enough: <wbr> is a place, not
// a character, so what is copied is the path.
std::string Path(std::string_view text) {
  std::string out = "<bdi dir=\"ltr\" class=\"path\">";
  for (const char c : EscapeHtml(text)) {
    out += c;
    if (c == '/') out += "<wbr>";
  }
  return out + "</bdi>";
}
std::string Hash(std::string_view text) {
  return "<div class=\"hash\">SHA-256 <bdi dir=\"ltr\">" + EscapeHtml(text) + "</bdi></div>";
}

std::string_view ToneOf(Answer answer) {
  return answer == Answer::kProhibited ? "bad" : answer == Answer::kNothing ? "good" : "warn";
}

std::string_view ToneOf(Standing standing) {
  switch (standing) {
    case Standing::kForbids: return "bad";
    case Standing::kAdvises: return "warn";
    case Standing::kNotYet: return "warn";
    default: return "note";
  }
}

std::string Badge(std::string_view tone, std::string_view words) {
  return "<span class=\"badge " + std::string(tone) + "\">" + std::string(words) + "</span>";
}

std::string Capital(std::string_view words) {
  std::string text(words);
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text;
}

class HtmlReport {
 public:
  explicit HtmlReport(const Assessment& assessment) : assessment_(assessment), places_(assessment), list_(assessment) {}

  std::string Write() {
    WriteHead();
    out_ += "<body>\n<main>\n";
    WriteAnswer();
    WriteContents();
    WriteGlance();
    WriteFindings(true, "forbidden", "Forbidden");
    WriteFindings(false, "other", "Found, but not forbidden");
    WriteClauses();
    WriteLooked();
    WriteUnread();
    WriteWarnings();
    WritePolicy();
    out_ += "<footer><p>" + std::string(kNotAdvice) + "</p></footer>\n</main>\n</body>\n</html>\n";
    return std::move(out_);
  }

 private:
  void WriteHead() {
    const auto digest = crypto::Sha256::Of(AsBytes(kStyle));
    out_ +=
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-" +
        report::Base64(AsText(digest)) +
        "'; base-uri 'none'; form-action 'none'\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<meta name=\"referrer\" content=\"no-referrer\">\n<meta name=\"color-scheme\" content=\"light dark\">\n"
        "<meta name=\"format-detection\" content=\"telephone=no\">\n"
        "<title>" +
        Headline(assessment_) + "</title>\n<style>" + std::string(kStyle) + "</style>\n</head>\n";
  }

  void WriteAnswer() {
    const Answer answer = AnswerOf(assessment_);
    out_ += "<header>\n<p class=\"over\">Software policy check</p>\n<div class=\"answer " +
            std::string(ToneOf(answer)) + "\">\n<h1>" + HeadlineHtml() + "</h1>\n";
    for (const std::string& remark : Remarks(assessment_)) out_ += "<p>" + remark + "</p>\n";
    if (answer == Answer::kNothing) {
      out_ +=
          "<p>This holds for what is listed below under “What was looked at”, by the policy named at the end.</p>\n";
    }
    out_ += "</div>\n<dl class=\"asked\">\n";
    const auto fact = [this](std::string_view name, const std::string& html) {
      out_ += "<div><dt>" + std::string(name) + "</dt><dd>" + html + "</dd></div>\n";
    };
    fact("For the day", Whole(Text(assessment_.on)));
    fact("Jurisdictions", Bdi(JurisdictionsAsked(assessment_)));
    fact("Role", Bdi(RoleAsked(assessment_)));
    fact("Policy as of", Whole(Text(assessment_.policy.as_of)));
    fact("Checked at", ShownTime(assessment_.at));
    out_ += "</dl>\n</header>\n";
  }

  // Days are not broken at their hyphens.
  static std::string Whole(std::string_view text) { return "<span class=\"w\">" + std::string(text) + "</span>"; }
  std::string HeadlineHtml() const {
    std::string text = Headline(assessment_);
    const std::string day = Text(assessment_.on);
    if (const std::size_t at = text.find(day); at != text.npos) text.replace(at, day.size(), Whole(day));
    return text;
  }

  void WriteContents() {
    out_ += "<nav aria-label=\"Contents\"><ul>\n";
    const auto entry = [this](bool there, std::string_view id, std::string_view words) {
      if (there) out_ += "<li><a href=\"#" + std::string(id) + "\">" + std::string(words) + "</a></li>\n";
    };
    const std::size_t forbidden = ForbiddenFindings(assessment_);
    entry(forbidden > 0, "forbidden", "Forbidden");
    entry(forbidden < assessment_.findings.size(), "other", "Not forbidden");
    entry(!list_.clauses().empty(), "clauses", "Clauses");
    entry(true, "looked", "Looked at");
    entry(!assessment_.complete(), "unread", "Not read");
    entry(!assessment_.warnings.empty(), "warnings", "Warnings");
    entry(true, "policy", "Policy");
    out_ += "</ul></nav>\n";
  }

  // Which are worth a table once there is more than one.
  void WriteGlance() {
    if (assessment_.findings.size() < 2) return;
    out_ +=
        "<section aria-labelledby=\"glance\">\n<h2 id=\"glance\">At a glance</h2>\n<table>\n<thead><tr>"
        "<th scope=\"col\">Product, and where it is</th><th scope=\"col\">Grade</th><th "
        "scope=\"col\">Answer</th></tr></thead>\n"
        "<tbody>\n";
    std::size_t number = 0;
    for (const bool forbidden : {true, false}) {
      for (const Finding& finding : assessment_.findings) {
        if (finding.forbidden() != forbidden) continue;
        ++number;
        out_ += "<tr><th scope=\"row\"><a href=\"#finding-" + std::to_string(number) + "\">" +
                Bdi(finding.product_name) + "</a><div>" + Path(places_.Of(finding)) + "</div></th><td class=\"w\">" +
                std::string(Name(finding.grade)) + "</td><td>" +
                (forbidden ? Badge("bad", "forbidden") : Badge("note", "not forbidden")) + "</td></tr>\n";
      }
    }
    out_ += "</tbody>\n</table>\n</section>\n";
  }

  void WriteFindings(bool forbidden, std::string_view id, std::string_view heading) {
    const std::size_t all = ForbiddenFindings(assessment_);
    const std::size_t count = forbidden ? all : assessment_.findings.size() - all;
    if (count == 0) return;
    BeginSection(id, std::string(heading) + " (" + Number(count) + ")");
    for (const Finding& finding : assessment_.findings) {
      if (finding.forbidden() == forbidden) WriteFinding(finding);
    }
    out_ += "</section>\n";
  }

  void WriteFinding(const Finding& finding) {
    const std::string number = std::to_string(++number_);
    const std::string_view tone = finding.forbidden() ? "bad" : "note";
    out_ += "<article class=\"finding " + std::string(tone) + "\" id=\"finding-" + number +
            "\">\n<div class=\"head\"><h3>" + number + ". " + Bdi(finding.product_name) + "</h3>" +
            Badge(tone, Name(finding.grade)) + "</div>\n";
    out_ += "<p class=\"sub\">";
    if (!finding.entity_name.empty()) out_ += "Of " + Bdi(finding.entity_name) + ". ";
    if (finding.grade < Grade::kInstalled) out_ += Capital(Explain(finding.grade)) + ". ";
    out_ += "Where: " + Path(places_.Of(finding)) + "</p>\n";
    WriteVerdicts(finding);
    WriteEvidence(finding);
    out_ += "</article>\n";
  }

  void WriteVerdicts(const Finding& finding) {
    out_ += "<h4>What the clauses say of it</h4>\n";
    if (finding.clauses.empty()) {
      out_ += "<p>No clause names it.</p>\n";
      return;
    }
    out_ += "<ul class=\"says\">\n";
    for (const ClauseVerdict& clause : finding.clauses) {
      const Standing standing = StandingOf(finding, clause);
      const std::string number = std::to_string(list_.IndexOf(clause) + 1);
      out_ += "<li>" + Badge(ToneOf(standing), Words(standing)) + " " + Bdi(clause.jurisdiction) +
              ", <a href=\"#clause-" + number + "\">[" + number + "] " +
              Bdi(clause.title + (clause.clause.empty() ? "" : ": " + clause.clause)) + "</a>";
      for (const std::string_view caveat : ShortCaveats(clause)) {
        out_ += " <span class=\"doubt\">(" + std::string(caveat) + ")</span>";
      }
      if (!clause.reason.empty()) out_ += "<span class=\"why\">" + Bdi(clause.reason) + "</span>";
      out_ += "</li>\n";
    }
    out_ += "</ul>\n";
  }

  void WriteEvidence(const Finding& finding) {
    if (finding.evidence.empty()) return;
    out_ +=
        "<h4>Evidence</h4>\n<table class=\"fixed\">\n<thead><tr><th scope=\"col\" class=\"kind\">Kind, grade</th>"
        "<th scope=\"col\">What and where</th></tr></thead>\n<tbody>\n";
    for (const Evidence& evidence : finding.evidence) {
      out_ += "<tr><th scope=\"row\">" + Bdi(evidence.kind) + "<div class=\"soft\">" +
              std::string(Name(evidence.grade)) + "</div></th><td>";
      if (const std::string path = places_.Path(finding, evidence); !path.empty())
        out_ += "<div>" + Path(path) + "</div>";
      if (!evidence.detail.empty()) out_ += "<div>" + Bdi(evidence.detail) + "</div>";
      if (!evidence.sha256.empty()) out_ += Hash(evidence.sha256);
      out_ += "</td></tr>\n";
    }
    out_ += "</tbody>\n</table>\n";
    if (finding.more_evidence > 0)
      out_ += "<p class=\"sub\">" + Number(finding.more_evidence) + " more are not listed.</p>\n";
  }

  void WriteClauses() {
    if (list_.clauses().empty()) return;
    BeginSection("clauses", "What the clauses say");
    for (std::size_t i = 0; i < list_.clauses().size(); ++i) WriteClause(*list_.clauses()[i], std::to_string(i + 1));
    out_ += "</section>\n";
  }

  void WriteClause(const ClauseVerdict& clause, const std::string& number) {
    out_ += "<article class=\"clause\" id=\"clause-" + number + "\">\n<div class=\"head\"><h3>[" + number + "] " +
            Bdi(clause.jurisdiction) + ", " + Bdi(clause.title) + "</h3>" + Badge("note", Words(clause.nature)) +
            "</div>\n<dl class=\"facts\">\n";
    const auto fact = [this](std::string_view name, const std::string& html) {
      if (!html.empty()) out_ += "<dt>" + std::string(name) + "</dt><dd>" + html + "</dd>\n";
    };
    const auto text = [](const std::string& words) { return words.empty() ? words : Bdi(words); };
    fact("Says", text(clause.what));
    fact("Requires", text(clause.required));
    fact("Binds", text(Joined(clause.binds, ", ")));
    fact("In force", When(clause, assessment_.on));
    fact("Exempt", text(Joined(clause.exempt, "; ")));
    fact("Citation", text(clause.citation));
    if (const std::string uri = WebUri(clause.url); !uri.empty()) {
      // The address is what is read, so paper has it, too.
      fact("Address", "<bdi dir=\"ltr\"><a rel=\"noreferrer noopener\" href=\"" + EscapeHtml(uri) + "\">" +
                          EscapeHtml(uri) + "</a></bdi>");
    } else {
      fact("Address", text(clause.url));
    }
    fact("Entry",
         Bdi(clause.instrument + (clause.clause.empty() ? "" : "/" + clause.clause)) + ", as of " + Text(clause.as_of));
    out_ += "</dl>\n";
    for (const std::string& caveat : Caveats(clause)) out_ += "<p class=\"careful\">" + caveat + "</p>\n";
    out_ += "</article>\n";
  }

  void WriteLooked() {
    BeginSection("looked", "What was looked at");
    if (assessment_.targets.empty()) out_ += "<p>Nothing.</p>\n";
    for (const TargetLooked& target : assessment_.targets) {
      out_ += "<article class=\"looked\">\n<h3>" + Path(target.name.empty() ? target.kind : target.name) +
              "</h3>\n<p class=\"sub\">";
      std::string sub;
      const auto add = [&sub](const std::string& text) {
        if (!text.empty()) sub += (sub.empty() ? "" : ", ") + Bdi(text);
      };
      if (target.kind != target.name) add(target.kind);
      add(target.host);
      add(target.operating_system);
      out_ += sub + "</p>\n";
      if (!target.sha256.empty()) out_ += Hash(target.sha256);
      if (target.counts.empty()) out_ += "<p>Nothing in it was counted.</p>\n";
      if (!target.counts.empty()) {
        out_ +=
            "<table>\n<thead><tr><th scope=\"col\">What</th><th scope=\"col\" "
            "class=\"n\">Number</th></tr></thead>\n<tbody>\n";
        for (const auto& [what, count] : target.counts) {
          out_ += "<tr><th scope=\"row\">" + Bdi(what) + "</th><td class=\"n\">" + Number(count) + "</td></tr>\n";
        }
        out_ += "</tbody>\n</table>\n";
      }
      out_ += "</article>\n";
    }
    out_ += "</section>\n";
  }

  void WriteUnread() {
    if (assessment_.complete()) return;
    BeginSection("unread", "What could not be read");
    out_ += "<table>\n<thead><tr><th scope=\"col\">Where</th><th scope=\"col\">Why</th></tr></thead>\n<tbody>\n";
    for (const std::string& failure : assessment_.failures) {
      out_ += "<tr><th scope=\"row\">A target as a whole</th><td>" + Bdi(failure) + "</td></tr>\n";
    }
    for (const Unread& unread : assessment_.unread) {
      out_ += "<tr><th scope=\"row\">" + Path(places_.Full(unread.target, unread.root, unread.path)) + "</th><td>" +
              Bdi(unread.reason + (unread.detail.empty() ? "" : ": " + unread.detail)) + "</td></tr>\n";
    }
    out_ += "</tbody>\n</table>\n";
    if (assessment_.more_unread > 0)
      out_ += "<p class=\"sub\">" + Number(assessment_.more_unread) + " more are not listed.</p>\n";
    out_ += "</section>\n";
  }

  void WriteWarnings() {
    if (assessment_.warnings.empty()) return;
    BeginSection("warnings", "Warnings");
    out_ += "<ul class=\"says\">\n";
    for (const std::string& warning : assessment_.warnings) out_ += "<li>" + Bdi(warning) + "</li>\n";
    out_ += "</ul>\n</section>\n";
  }

  void WritePolicy() {
    BeginSection("policy", "Policy");
    out_ += "<p>" + PolicyLine(assessment_.policy) + "</p>\n" + Hash(assessment_.policy.digest);
    if (!assessment_.policy.files.empty()) {
      out_ += "<h3 class=\"small\">Files</h3>\n<ul>\n";
      for (const std::string& file : assessment_.policy.files) out_ += "<li>" + Path(file) + "</li>\n";
      out_ += "</ul>\n";
    }
    out_ += "<p class=\"sub\">Checked at " + ShownTime(assessment_.at) + " by " + Bdi(assessment_.program) +
            "</p>\n</section>\n";
  }

  void BeginSection(std::string_view id, const std::string& heading) {
    out_ += "<section aria-labelledby=\"" + std::string(id) + "\">\n<h2 id=\"" + std::string(id) + "\">" + heading +
            "</h2>\n";
  }

  const Assessment& assessment_;
  Places places_;
  ClauseList list_;
  std::string out_;
  std::size_t number_ = 0;
};

}  // namespace

std::string WriteHtml(const Assessment& assessment) { return HtmlReport(assessment).Write(); }

}  // namespace dl::policy
