// What single tags mean to the normaliser: scripts, styles and links.
#include "daylight/formats/html/html_normaliser.h"

namespace dl::html {
namespace {

bool IsEncodedLanguage(const std::string* language, std::string_view name) {
  if (language == nullptr || language->size() != name.size()) return false;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = (*language)[i];
    if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c) != name[i]) return false;
  }
  return true;
}

}  // namespace

void HtmlNormaliser::FeedScript(std::size_t end) {
  const std::size_t begin = script_begin_.value_or(0);
  if (end > begin && end <= line_.size()) script_->Feed(std::string_view(line_).substr(begin, end - begin));
}

void HtmlNormaliser::FinishScript() {
  script_->Finish(forms.javascript);
  if (!script_->complete()) forms.complete = false;
  script_.reset();
}

bool HtmlNormaliser::ProcessTag() {
  Go(State::kSkipSpace, State::kText);
  bool go_on = true;
  if (tag_.starts_with('/')) {
    go_on = ProcessEndTag();
  } else if (tag_ == "script") {
    ProcessScript();
  } else if (tag_ == "style") {
    inside_ = Inside::kStyle;
    style_begin_ = at_;
  } else if (tag_ == "%@") {
    const std::string* language = Value("language");
    if (IsEncodedLanguage(language, "jscript.encode") || IsEncodedLanguage(language, "vbscript.encode")) {
      saved_next_ = next_;
      next_ = state_;
      look_for_encoded_ = false;
      state_ = State::kLookForEncoded;
    }
  } else if (mode_ == Mode::kLinks) {
    ProcessLinkTag();
  } else if (tag_ == "a" || tag_ == "img") {
    const std::string* target = Value(tag_ == "a" ? "href" : "src");
    if (target != nullptr && !target->empty()) {
      forms.notags += *target;
      OutText(' ');
      blank_written_ = true;
    }
  }
  arguments_.clear();
  return go_on;
}

bool HtmlNormaliser::ProcessEndTag() {
  if (tag_ == "/script") {
    inside_ = Inside::kText;
    if (script_) {
      FeedScript(at_);
      FinishScript();
      script_begin_.reset();
    }
  } else if (tag_ == "/style" && inside_ == Inside::kStyle) {
    constexpr std::size_t kEndTag = 8;
    // A style shorter than its end tag, or one whose end tag was cut: there
    // clamscan gives up on the file.
    if (at_ < style_begin_ + kEndTag) return false;
    inside_ = Inside::kText;
    style_begin_ = 0;
  }
  if (mode_ == Mode::kLinks && anchor_ != 0) {
    if (tag_ == "/a") {
      DoneLink(anchor_);
      anchor_ = 0;
    }
    anchor_text_begin_ = at_;
  }
  if (tag_ == "/form") form_action_.reset();
  return true;
}

void HtmlNormaliser::WriteTag() {
  const auto write = [&](std::string_view text) {
    for (const char c : text) Out(c);
  };
  Out('<');
  write(tag_);
  for (const Argument& argument : arguments_) {
    Out(' ');
    write(argument.name);
    if (!argument.value) continue;
    write("=\"");
    for (const char c : *argument.value) Out(c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c);
    Out('"');
  }
  Out('>');
}

void HtmlNormaliser::ProcessScript() {
  const std::string* language = Value("language");
  const bool jscript = IsEncodedLanguage(language, "jscript.encode");
  if (jscript || IsEncodedLanguage(language, "vbscript.encode")) {
    for (Argument& argument : arguments_) {
      if (argument.name != "language") continue;
      argument.value = jscript ? "javascript" : "vbscript";
      break;
    }
    WriteTag();  // Besides the tag as it stood.
    Go(State::kSkipSpace, State::kEncodedStart);
  }
  inside_ = Inside::kScript;
  if (mode_ == Mode::kForms && !script_) {
    script_.emplace();
    script_begin_ = at_;
  }
}

void HtmlNormaliser::AddLink(std::string_view kind, const std::string& url) {
  if (links.links.size() >= kMaxLinks) {
    links.complete = false;
    links_full_ = true;
    return;
  }
  Link link;
  link.kind = kind;
  link.url = url;
  if (link.url.starts_with('"')) {
    link.url.erase(0, 1);
    if (!link.url.empty()) link.url.pop_back();
  }
  links.links.push_back(std::move(link));
}

void HtmlNormaliser::DoneLink(std::size_t index) {
  std::string text = anchor_text_.Take();
  if (!links_full_ && index > 0) links.links[index - 1].displayed = std::move(text);
}

void HtmlNormaliser::AddFormLink(const std::string& url) {
  if (!form_action_) return;
  AddLink("form", url);
  anchor_text_.Clear();
  anchor_text_.Append(*form_action_);
  DoneLink(links.links.size());
}

void HtmlNormaliser::AddImage(std::string_view kind, const std::string* url) {
  if (url == nullptr || url->empty()) return;
  AddLink(kind, *url);
  if (anchor_ != 0 && !links_full_) links.links.back().displayed = links.links[anchor_ - 1].url;
  AddFormLink(*url);
}

void HtmlNormaliser::StartAnchor(const std::string& href) {
  if (anchor_ != 0 && anchor_text_begin_) {
    // An <a> inside another: the outer one ends here.
    if (anchor_text_end_ && *anchor_text_begin_ < *anchor_text_end_) {
      anchor_text_.Append(std::string_view(line_).substr(*anchor_text_begin_, *anchor_text_end_ - *anchor_text_begin_));
    }
    DoneLink(anchor_);
    anchor_ = 0;
  }
  if (const std::string* title = Value("title")) {
    AddLink("href_title", *title);
    anchor_text_.Append(href);
    DoneLink(links.links.size());
  }
  AddFormLink(href);
  AddLink("href", href);
  anchor_ = links.links.size();
  anchor_text_begin_ = at_;
  anchor_text_.Clear();
}

void HtmlNormaliser::ProcessLinkTag() {
  if (anchor_ != 0 && !anchor_text_begin_) anchor_text_begin_ = at_;
  if (tag_ == "a") {
    const std::string* href = Value("href");
    if (href != nullptr && !href->empty()) StartAnchor(*href);
  } else if (tag_ == "form") {
    if (const std::string* action = Value("action")) {
      form_action_ = *action;
      if (links.form_actions.size() < kMaxLinks) links.form_actions.push_back(*action);
    }
  } else if (tag_ == "img") {
    AddImage("src", Value("src"));
    AddImage("dynsrc", Value("dynsrc"));
  } else if (tag_ == "iframe") {
    AddImage("iframe", Value("src"));
  } else if (tag_ == "area") {
    AddImage("area", Value("href"));
  }
}

}  // namespace dl::html
