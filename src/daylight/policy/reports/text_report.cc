#include <algorithm>
#include <set>

#include "daylight/policy/date.h"
#include "daylight/policy/reports/reports.h"
#include "daylight/policy/reports/words.h"
#include "daylight/report/escape.h"

// The answer first, then why, then what was looked at. Lines that strangers wrote parts of go through EscapeLine, so
// none of them can look like a line of ours.
namespace dl::policy {

namespace {

using report::EscapeLine;

enum class Ink : std::uint8_t { kPlain, kBold, kBad, kWarn, kGood, kSoft };

Ink InkOf(Standing standing) {
  switch (standing) {
    case Standing::kForbids: return Ink::kBad;
    case Standing::kAdvises: return Ink::kWarn;
    case Standing::kReported: return Ink::kPlain;
    case Standing::kNotYet: return Ink::kWarn;
    default: return Ink::kSoft;
  }
}

// Lines of text, wrapped and inked.
class Page {
 public:
  explicit Page(TextStyle style) : style_(style) {}

  // `label` starts the first line, the text's other lines start below the end of it. All are ours or escaped.
  void Put(std::size_t indent, std::string_view label, std::string_view text, Ink ink = Ink::kPlain) {
    out_.append(indent, ' ');
    Inked(label, ink);
    const std::size_t column = indent + Columns(label);
    Flow(column, column, text, true);
  }
  // The same with an inked word before the text.
  void PutInkedWord(std::size_t indent, std::string_view label, std::string_view word, Ink ink, std::string_view text) {
    out_.append(indent, ' ').append(label);
    Inked(word, ink);
    const std::size_t column = indent + Columns(label);
    Flow(column + Columns(word), column + 2, text, false);
  }
  // As it is, on one line: what people copy.
  void PutWhole(std::size_t indent, std::string_view label, std::string_view text) {
    out_.append(indent, ' ').append(label).append(text).append("\n");
  }
  void PutInked(std::size_t indent, std::string_view text, Ink ink) {
    out_.append(indent, ' ');
    Inked(text, ink);
    out_ += '\n';
  }
  void Heading(std::string_view text) {
    out_ += '\n';
    PutInked(0, text, Ink::kBold);
  }
  void Gap() { out_ += '\n'; }
  std::string Take() { return std::move(out_); }

 private:
  // Characters, not bytes: continuation bytes do not count.
  static std::size_t Columns(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(
        text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }));
  }

  // From `column` on, and from `hang` on in the lines that follow.
  void Flow(std::size_t column, std::size_t hang, std::string_view text, bool first) {
    while (!text.empty()) {
      const std::size_t space = std::min(text.find(' '), text.size());
      const std::string_view word = text.substr(0, space);
      text.remove_prefix(std::min(space + 1, text.size()));
      const std::size_t columns = Columns(word);
      if (!first && style_.width > 0 && column + 1 + columns > style_.width) {
        out_ += '\n';
        out_.append(hang, ' ');
        column = hang;
      } else if (!first) {
        out_ += ' ';
        ++column;
      }
      out_ += word;
      column += columns;
      first = false;
    }
    out_ += '\n';
  }

  void Inked(std::string_view text, Ink ink) {
    if (!style_.terminal || ink == Ink::kPlain || text.empty()) {
      out_ += text;
      return;
    }
    constexpr std::string_view kStarts[] = {"", "\x1b[1m", "\x1b[1;31m", "\x1b[33m", "\x1b[1;32m", "\x1b[2m"};
    out_.append(kStarts[static_cast<std::size_t>(ink)]).append(text).append("\x1b[0m");
  }

  TextStyle style_;
  std::string out_;
};

// Before what belongs to the line above.
constexpr std::string_view kBelow = "            ";

class TextReport {
 public:
  TextReport(const Assessment& assessment, TextStyle style)
      : assessment_(assessment), places_(assessment), list_(assessment), page_(style) {}

  std::string Write() {
    WriteAnswer();
    WriteFindings(true, "FORBIDDEN");
    WriteFindings(false, "FOUND, BUT NOT FORBIDDEN");
    WriteClauses();
    WriteLooked();
    WriteUnread();
    WriteTexts("WARNINGS", assessment_.warnings);
    WritePolicy();
    page_.Gap();
    page_.Put(0, "", kNotAdvice);
    return page_.Take();
  }

 private:
  void WriteAnswer() {
    const Answer answer = AnswerOf(assessment_);
    page_.PutInked(0, Headline(assessment_),
                   answer == Answer::kProhibited ? Ink::kBad
                   : answer == Answer::kNothing  ? Ink::kGood
                                                 : Ink::kWarn);
    for (const std::string& remark : Remarks(assessment_)) page_.Put(0, "", remark);
    page_.Put(0, "Asked: ",
              "jurisdictions: " + EscapeLine(JurisdictionsAsked(assessment_)) +
                  "; role: " + EscapeLine(RoleAsked(assessment_)) + "; day: " + Text(assessment_.on));
  }

  void WriteFindings(bool forbidden, std::string_view heading) {
    bool first = true;
    for (const Finding& finding : assessment_.findings) {
      if (finding.forbidden() != forbidden) continue;
      if (first) {
        page_.Heading(heading);
      } else {
        page_.Gap();
      }
      first = false;
      WriteFinding(finding);
    }
  }

  void WriteFinding(const Finding& finding) {
    const std::string number = std::to_string(++number_) + ". ";
    const std::size_t indent = number.size();
    // "Kaspersky, product not known", "WeChat".
    const bool has_entity =
        finding.product_name == finding.entity_name || finding.product_name.rfind(finding.entity_name + ",", 0) == 0;
    page_.PutInked(0,
                   number + std::string(Name(finding.grade)) + ": " + EscapeLine(finding.product_name) +
                       (finding.entity_name.empty() || has_entity ? "" : ", of " + EscapeLine(finding.entity_name)),
                   Ink::kBold);
    if (finding.grade < Grade::kInstalled) page_.Put(indent, "Grade:    ", Explain(finding.grade));
    page_.PutWhole(indent, "Where:    ", EscapeLine(places_.Of(finding)));
    std::string_view label = "Evidence: ";
    const Evidence* last = nullptr;
    for (const Evidence& evidence : finding.evidence) {
      // Lines of one text go below each other.
      const bool goes_on = last != nullptr && last->kind == evidence.kind && last->grade == evidence.grade &&
                           last->root == evidence.root && last->path == evidence.path && !evidence.path.empty();
      if (goes_on) {
        page_.Put(indent, kBelow, EscapeLine(evidence.detail));
      } else {
        WriteEvidence(finding, evidence, label, indent);
      }
      label = "          ";
      last = &evidence;
    }
    if (finding.more_evidence > 0) {
      page_.Put(indent, label, "and " + Number(finding.more_evidence) + " more that are not listed");
    }
    label = "Clauses:  ";
    if (const std::string_view reason = OneReason(finding); !reason.empty()) {
      const std::string all = std::to_string(finding.clauses.size());
      page_.Put(indent, label, "none of the " + all + " that name its product reaches it: " + EscapeLine(reason));
      return;
    }
    for (const ClauseVerdict& clause : finding.clauses) {
      WriteVerdict(finding, clause, label, indent);
      label = "          ";
    }
    if (finding.clauses.empty()) page_.Put(indent, label, "none names it");
  }

  void WriteEvidence(const Finding& finding, const Evidence& evidence, std::string_view label, std::size_t indent) {
    const std::string path = EscapeLine(places_.Path(finding, evidence));
    const std::string detail = EscapeLine(evidence.detail);
    const std::string start =
        std::string(label) + EscapeLine(evidence.kind) + " (" + std::string(Name(evidence.grade)) + ")";
    page_.PutWhole(indent, start, path.empty() ? (detail.empty() ? "" : ": " + detail) : ": " + path);
    if (!path.empty() && !detail.empty()) page_.Put(indent, kBelow, detail);
    if (!evidence.sha256.empty()) page_.PutWhole(indent, kBelow, "SHA-256 " + EscapeLine(evidence.sha256));
  }

  void WriteVerdict(const Finding& finding, const ClauseVerdict& clause, std::string_view label, std::size_t indent) {
    const Standing standing = StandingOf(finding, clause);
    std::string name = "[" + std::to_string(list_.IndexOf(clause) + 1) + "] " + EscapeLine(clause.jurisdiction) + ", " +
                       EscapeLine(clause.title + (clause.clause.empty() ? "" : ": " + clause.clause));
    for (const std::string_view caveat : ShortCaveats(clause)) name.append(" (").append(caveat).append(")");
    page_.PutInkedWord(indent, label, Words(standing), InkOf(standing), name);
    if (!clause.reason.empty()) page_.Put(indent, "            ", EscapeLine(clause.reason));
  }

  // Of a finding that all of several clauses leave out for one reason; else empty.
  static std::string_view OneReason(const Finding& finding) {
    if (finding.clauses.size() < 2) return {};
    const std::string& reason = finding.clauses.front().reason;
    const bool is_one = std::all_of(finding.clauses.begin(), finding.clauses.end(), [&](const ClauseVerdict& clause) {
      return StandingOf(finding, clause) == Standing::kOutOfScope && clause.reason == reason;
    });
    return is_one ? std::string_view(reason) : std::string_view();
  }

  void WriteClauses() {
    std::set<std::size_t> referred;
    for (const Finding& finding : assessment_.findings) {
      if (!OneReason(finding).empty()) continue;
      for (const ClauseVerdict& clause : finding.clauses) referred.insert(list_.IndexOf(clause));
    }
    if (referred.empty()) return;
    page_.Heading("WHAT THE CLAUSES SAY");
    for (const std::size_t i : referred) {
      const ClauseVerdict& clause = *list_.clauses()[i];
      if (i != *referred.begin()) page_.Gap();
      page_.PutInked(0,
                     "[" + std::to_string(i + 1) + "] " + EscapeLine(clause.jurisdiction) + ", " +
                         EscapeLine(clause.title) + " (" + std::string(Words(clause.nature)) + ")",
                     Ink::kBold);
      const auto put = [this](std::string_view label, const std::string& text) {
        if (!text.empty()) page_.Put(4, label, text);
      };
      put("Clause:   ", EscapeLine(clause.instrument + (clause.clause.empty() ? "" : "/" + clause.clause)));
      put("Says:     ", EscapeLine(clause.what));
      put("Requires: ", EscapeLine(clause.required));
      put("Binds:    ", EscapeLine(Joined(clause.binds, ", ")));
      put("In force: ", When(clause, assessment_.on));
      put("Exempt:   ", EscapeLine(Joined(clause.exempt, "; ")));
      put("Citation: ", EscapeLine(clause.citation));
      if (!clause.url.empty()) page_.PutWhole(4, "Address:  ", EscapeLine(clause.url));
      put("As of:    ", Text(clause.as_of));
      for (const std::string& caveat : Caveats(clause)) page_.Put(4, "Careful:  ", caveat, Ink::kWarn);
    }
  }

  void WriteLooked() {
    page_.Heading("WHAT WAS LOOKED AT");
    if (assessment_.targets.empty()) page_.Put(2, "", "Nothing.");
    for (const TargetLooked& target : assessment_.targets) {
      std::string title = EscapeLine(target.name);
      if (target.kind != target.name) title += (title.empty() ? "" : ": ") + EscapeLine(target.kind);
      if (!target.host.empty()) title += ", " + EscapeLine(target.host);
      if (!target.operating_system.empty()) title += ", " + EscapeLine(target.operating_system);
      page_.PutWhole(2, "", title);
      if (!target.sha256.empty()) page_.PutWhole(4, "SHA-256 ", EscapeLine(target.sha256));
      std::string counts;
      for (const auto& [what, count] : target.counts) {
        counts += (counts.empty() ? "" : "; ") + EscapeLine(what) + ": " + Number(count);
      }
      page_.Put(4, "", counts.empty() ? "Nothing in it was counted." : counts);
    }
  }

  void WriteUnread() {
    if (assessment_.complete()) return;
    page_.Heading("WHAT COULD NOT BE READ");
    for (const std::string& failure : assessment_.failures) page_.Put(2, "Target: ", EscapeLine(failure));
    for (const Unread& unread : assessment_.unread) {
      page_.PutWhole(2, "", EscapeLine(places_.Full(unread.target, unread.root, unread.path)));
      page_.Put(4, "", EscapeLine(unread.reason + (unread.detail.empty() ? "" : ": " + unread.detail)));
    }
    if (assessment_.more_unread > 0) {
      page_.Put(2, "", "and " + Number(assessment_.more_unread) + " more that are not listed");
    }
  }

  void WriteTexts(std::string_view heading, const std::vector<std::string>& texts) {
    if (texts.empty()) return;
    page_.Heading(heading);
    for (const std::string& text : texts) page_.Put(2, "", EscapeLine(text));
  }

  void WritePolicy() {
    page_.Heading("POLICY");
    page_.Put(2, "", PolicyLine(assessment_.policy));
    page_.PutWhole(2, "SHA-256 ", EscapeLine(assessment_.policy.digest));
    for (const std::string& file : assessment_.policy.files) page_.PutWhole(2, "", EscapeLine(file));
    page_.Put(2, "", "Checked at " + ShownTime(assessment_.at) + " by " + EscapeLine(assessment_.program));
  }

  const Assessment& assessment_;
  Places places_;
  ClauseList list_;
  Page page_;
  std::size_t number_ = 0;
};

}  // namespace

std::string WriteText(const Assessment& assessment, TextStyle style) { return TextReport(assessment, style).Write(); }

}  // namespace dl::policy
