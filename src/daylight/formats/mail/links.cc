#include "daylight/formats/mail/links.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace dl::mail {

namespace {

// The text is read in chunks that end at white space where they can.
constexpr std::size_t kChunkBytes = 8191;
constexpr std::size_t kMaxEntityBytes = 1024;

bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsAlnum(char c) { return IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool IsHexDigit(char c) { return IsDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
std::uint8_t Byte(char c) { return static_cast<std::uint8_t>(c); }

void AddBounded(std::string& text, char c) {
  if (text.size() < kMaxLinkBytes) text.push_back(c);
}

// Named characters that a URL may need.
std::optional<char> NamedCharacter(std::string_view name) {
  static constexpr std::array<std::pair<std::string_view, char>, 4> kNames{{
      {"amp", '&'},
      {"gt", '>'},
      {"lt", '<'},
      {"quot", '"'},
  }};
  for (const auto& [known, c] : kNames) {
    if (known == name) return c;
  }
  return std::nullopt;
}

// Puts text together whose ideographic full stops are to become dots, in UTF-8
// (U+3002, U+FF0E, U+FE52) and in Big5.
class DotMaker {
 public:
  // Calls add(c) for what the next byte makes; at most four times.
  template <typename Add>
  void Take(char c, Add add) {
    if (pending_ != 0 && (Byte(c) < 0x80 || pending_ >= 0x10000)) {
      const bool is_big5 = pending_ == 0xA1 && (c == 0x43 || c == 0x44 || c == 0x4F);
      if (is_big5 || pending_ == 0xE38082 || pending_ == 0xEFBC8E || pending_ == 0xEFB992) {
        add('.');
        pending_ = 0;
        if (is_big5) return;
      } else {
        if ((pending_ >> 16) != 0) add(static_cast<char>(pending_ >> 16 & 0xff));
        if ((pending_ >> 8) != 0) add(static_cast<char>(pending_ >> 8 & 0xff));
        add(static_cast<char>(pending_ & 0xff));
        pending_ = 0;
      }
    }
    if (Byte(c) >= 0x80) {
      pending_ = pending_ << 8 | Byte(c);
    } else {
      add(c);
    }
  }

 private:
  std::uint32_t pending_ = 0;
};

enum class State : std::uint8_t {
  kText,
  kTag,
  kArgument,
  kArgumentEqual,
  kValue,
  kProcess,
  kComment,
  kReference,
  kNumber,
  kEntity,
  kSkipSpace,
  kScriptEncoded,
  kDataType,
  kData,
};

class LinkReader {
 public:
  void Read(std::string_view html) {
    std::string chunk;
    std::size_t next = 0;
    while (NextChunk(html, next, chunk)) ReadChunk(chunk);
    if (anchor_) FinishShown(*anchor_);
  }
  std::vector<Link> TakeLinks() && {
    std::vector<Link> out;
    for (Collected& link : links_) {
      // Without something shown there is nothing to compare.
      if (link.kind == LinkKind::kAnchor) {
        out.push_back({link.kind, std::move(link.value), std::move(link.contents)});
      } else {
        out.push_back({link.kind, std::move(link.contents), std::move(link.value)});
      }
    }
    return out;
  }

 private:
  // `contents` is what stands within an anchor; of the other kinds, the target.
  struct Collected {
    LinkKind kind;
    std::string value;
    std::string contents;
  };
  struct Argument {
    std::string name;
    std::string value;
    bool has_value = false;
  };
  enum class Quote : std::uint8_t { kNone, kSingle, kDouble };

  static bool NextChunk(std::string_view html, std::size_t& next, std::string& chunk) {
    chunk.clear();
    while (next < html.size() && chunk.size() < kChunkBytes) {
      if (html[next] != '\0') chunk.push_back(html[next]);
      ++next;
    }
    if (next < html.size() && !IsSpace(html[next])) {
      std::size_t length = chunk.size();
      while (length > 1 && !IsSpace(chunk[length - 1])) --length;
      if (length > 1) {
        // Zero bytes were left out, so that the place is counted again.
        std::size_t back = chunk.size() - length;
        chunk.resize(length);
        while (back > 0) {
          --next;
          if (html[next] != '\0') --back;
        }
      }
    }
    return !chunk.empty();
  }

  void ReadChunk(std::string& chunk) {
    std::size_t i = 0;
    if (shown_from_) shown_from_ = 0;
    while (i < chunk.size() && IsSpace(chunk[i])) ++i;
    while (i < chunk.size()) {
      if (!is_in_data_ && chunk[i] == '\n') chunk[i] = ' ';
      if (!is_in_data_ && chunk[i] == '\r') {
        ++i;
        continue;
      }
      Step(chunk, i);
    }
    if (anchor_ && shown_from_) AppendShown(std::string_view(chunk).substr(*shown_from_));
    tag_start_.reset();
  }

  void Go(State state) { state_ = state; }
  void SkipSpaceThen(State state) {
    state_ = State::kSkipSpace;
    next_ = state;
  }
  static char At(const std::string& chunk, std::size_t i) { return i < chunk.size() ? chunk[i] : '\0'; }

  void Step(std::string& chunk, std::size_t& i) {
    const char c = chunk[i];
    switch (state_) {
      case State::kSkipSpace:
        if (IsSpace(c)) {
          ++i;
        } else {
          Go(next_);
        }
        return;
      case State::kText: return StepText(chunk, i);
      case State::kTag: return StepTag(c, i);
      case State::kArgument: return StepArgument(c, i);
      case State::kArgumentEqual:
        if (c == '=') {
          ++i;
          StartValue();
        } else {
          if (!argument_.empty()) arguments_.push_back({argument_, {}, false});
          argument_.clear();
          Go(State::kArgument);
        }
        return;
      case State::kValue:
        StepValue(c, i);
        is_escaped_ = At(chunk, i) == '\\';
        return;
      case State::kComment:
        if (c == '>') SkipSpaceThen(State::kText);
        ++i;
        return;
      case State::kProcess: return ProcessTag(chunk, i);
      case State::kReference:
        if (c == '#') {
          number_ = 0;
          is_hex_ = false;
          Go(State::kNumber);
          ++i;
        } else {
          Go(State::kEntity);
        }
        return;
      case State::kNumber: return StepNumber(c, i);
      case State::kEntity: return StepEntity(c, i);
      case State::kScriptEncoded:
        // Up to its end in the tag that ends the script; nothing in it counts.
        if (std::string_view(chunk).substr(i).starts_with("#@~^")) {
          i += 4;
          Go(State::kText);
        } else {
          ++i;
        }
        return;
      case State::kDataType: return StepDataType(c, i);
      case State::kData: return StepData(c, i);
    }
  }

  void StepText(const std::string& chunk, std::size_t& i) {
    const char c = chunk[i];
    if (c == '<') {
      tag_start_ = i;
      if (anchor_ && shown_from_) {
        AppendShown(std::string_view(chunk).substr(*shown_from_, i - *shown_from_));
        shown_from_.reset();
      }
      tag_.clear();
      SkipSpaceThen(State::kTag);
    } else if (c == '&') {
      Go(State::kReference);
      after_reference_ = State::kText;
    }
    ++i;
  }

  void StepTag(char c, std::size_t& i) {
    if (tag_.empty() && c == '!') {
      Go(State::kComment);
      ++i;
    } else if (c == '>') {
      ++i;
      SkipSpaceThen(State::kProcess);
    } else if (!IsSpace(c)) {
      // Within a script only its end counts.
      if (is_in_script_ && tag_.empty() && c != '/') Go(State::kText);
      AddBounded(tag_, Lower(c));
      ++i;
    } else {
      argument_.clear();
      SkipSpaceThen(is_in_script_ ? State::kProcess : State::kArgument);
    }
  }

  void StepArgument(char c, std::size_t& i) {
    if (c == '=') {
      ++i;
      StartValue();
    } else if (IsSpace(c)) {
      ++i;
      SkipSpaceThen(State::kArgumentEqual);
    } else if (c == '>') {
      if (!argument_.empty()) arguments_.push_back({argument_, {}, false});
      ++i;
      Go(State::kProcess);
    } else {
      AddBounded(argument_, Lower(c));
      ++i;
    }
  }

  void StartValue() {
    is_escaped_ = false;
    quote_ = Quote::kNone;
    value_.clear();
    SkipSpaceThen(State::kValue);
  }

  void FinishValue() {
    // The quotes go; the last byte where the value began with one.
    std::string_view value = value_;
    if (value.starts_with('"')) {
      value.remove_prefix(1);
      if (!value.empty()) value.remove_suffix(1);
    }
    arguments_.push_back({argument_, std::string(value.substr(0, value.find('\0'))), true});
    argument_.clear();
    SkipSpaceThen(State::kArgument);
  }

  void StepQuote(Quote quote, std::size_t& i) {
    if (value_.empty()) {
      quote_ = quote;
      AddBounded(value_, '"');
      ++i;
      return;
    }
    AddBounded(value_, '"');
    ++i;
    if (!is_escaped_ && quote_ == quote) FinishValue();
  }

  void StepValue(char c, std::size_t& i) {
    if (value_ == "data:" || value_ == "\"data:") {
      // RFC 2397.
      value_.clear();
      Go(State::kDataType);
    } else if (c == '&') {
      Go(State::kReference);
      after_reference_ = State::kValue;
      ++i;
    } else if (c == '\'') {
      StepQuote(Quote::kSingle, i);
    } else if (c == '"') {
      StepQuote(Quote::kDouble, i);
    } else if (IsSpace(c) || c == '>') {
      if (quote_ == Quote::kNone) {
        FinishValue();
      } else {
        AddBounded(value_, IsSpace(c) ? ' ' : '>');
        is_escaped_ = false;
        // From here on white space ends it.
        quote_ = Quote::kNone;
        SkipSpaceThen(State::kValue);
        ++i;
      }
    } else {
      value_dots_.Take(c, [this](char made) { AddBounded(value_, made); });
      ++i;
    }
  }

  void StepNumber(char c, std::size_t& i) {
    if (number_ == 0 && (c == 'x' || c == 'X')) {
      is_hex_ = true;
      ++i;
    } else if (c == ';') {
      if (after_reference_ == State::kValue) AddBounded(value_, static_cast<char>(number_ & 0xff));
      ++i;
      Go(after_reference_);
    } else if (IsDigit(c) || (is_hex_ && IsHexDigit(c))) {
      ++i;
      if (number_ >= std::uint64_t{1} << 56) return Go(after_reference_);
      const int digit = IsDigit(c) ? c - '0' : Lower(c) - 'a' + 10;
      number_ = number_ * (is_hex_ ? 16 : 10) + static_cast<std::uint64_t>(digit);
    } else {
      Go(after_reference_);
    }
  }

  void StepEntity(char c, std::size_t& i) {
    const bool is_value = after_reference_ == State::kValue;
    if (c != ';' && (IsAlnum(c) || c == '_' || c == ':' || c == '-') && entity_.size() < kMaxEntityBytes) {
      entity_.push_back(c);
      ++i;
      return;
    }
    const std::optional<char> known = c == ';' ? NamedCharacter(entity_) : std::nullopt;
    if (is_value && known) {
      AddBounded(value_, *known);
    } else if (is_value) {
      AddBounded(value_, '&');
      for (const char part : entity_) AddBounded(value_, Lower(part));
      if (c == ';') AddBounded(value_, ';');
    }
    if (c == ';') ++i;
    entity_.clear();
    Go(after_reference_);
  }

  void StepDataType(char c, std::size_t& i) {
    const bool ends = (c == '\'' && quote_ == Quote::kSingle) || (c == '"' && quote_ == Quote::kDouble);
    if (ends && !is_escaped_) {
      argument_.clear();
      ++i;
      SkipSpaceThen(State::kArgument);
    } else if ((IsSpace(c) || c == '>') && quote_ == Quote::kNone) {
      argument_.clear();
      SkipSpaceThen(State::kArgument);
    } else {
      if (c == ',') {
        is_in_data_ = true;
        Go(State::kData);
      } else if (IsSpace(c) || c == '>') {
        quote_ = Quote::kNone;
      }
      ++i;
    }
    is_escaped_ = false;
  }

  void StepData(char c, std::size_t& i) {
    const bool ends = (c == '\'' && quote_ == Quote::kSingle) || (c == '"' && quote_ == Quote::kDouble) ||
                      ((IsSpace(c) || c == '>') && quote_ == Quote::kNone);
    ++i;
    if (!ends) return;
    is_in_data_ = false;
    quote_ = Quote::kNone;
    argument_.clear();
    SkipSpaceThen(State::kArgument);
  }

  const std::string* ArgumentNamed(std::string_view name) const {
    for (const Argument& argument : arguments_) {
      if (argument.name == name) return argument.has_value ? &argument.value : nullptr;
    }
    return nullptr;
  }
  const std::string* NonEmptyArgument(std::string_view name) const {
    const std::string* value = ArgumentNamed(name);
    return value != nullptr && !value->empty() ? value : nullptr;
  }

  void ProcessTag(const std::string& chunk, std::size_t i) {
    SkipSpaceThen(State::kText);
    if (tag_.starts_with('/')) {
      if (tag_ == "/script" || tag_ == "/style") is_in_script_ = false;
      if (anchor_) {
        if (tag_ == "/a") {
          FinishShown(*anchor_);
          anchor_.reset();
        }
        shown_from_ = i;
      }
      if (tag_ == "/form") action_.reset();
    } else if (tag_ == "script" || tag_ == "style") {
      const std::string* language = ArgumentNamed("language");
      const std::string name = language != nullptr ? *language : std::string();
      std::string lower(name);
      std::transform(lower.begin(), lower.end(), lower.begin(), Lower);
      if (lower == "jscript.encode" || lower == "vbscript.encode") SkipSpaceThen(State::kScriptEncoded);
      is_in_script_ = true;
    } else {
      if (anchor_ && !shown_from_) shown_from_ = i;
      ProcessLinkTag(chunk, i);
    }
    arguments_.clear();
  }

  void ProcessLinkTag(const std::string& chunk, std::size_t i) {
    if (tag_ == "a") {
      if (const std::string* href = NonEmptyArgument("href")) StartAnchor(chunk, i, *href);
    } else if (tag_ == "form") {
      if (const std::string* action = ArgumentNamed("action")) action_ = *action;
    } else if (tag_ == "img") {
      AddWithin(LinkKind::kImage, NonEmptyArgument("src"));
      AddWithin(LinkKind::kOther, NonEmptyArgument("dynsrc"));
    } else if (tag_ == "iframe") {
      AddWithin(LinkKind::kOther, NonEmptyArgument("src"));
    } else if (tag_ == "area") {
      AddWithin(LinkKind::kOther, NonEmptyArgument("href"));
    }
  }

  void StartAnchor(const std::string& chunk, std::size_t i, const std::string& href) {
    if (anchor_ && shown_from_) {
      // One within another ends it.
      if (tag_start_ && *tag_start_ > *shown_from_) {
        AppendShown(std::string_view(chunk).substr(*shown_from_, *tag_start_ - *shown_from_));
      }
      FinishShown(*anchor_);
      anchor_.reset();
    }
    if (const std::string* title = ArgumentNamed("title")) {
      shown_.clear();
      AppendShown(href);
      links_.push_back({LinkKind::kAnchorTitle, Requoted(*title), {}});
      FinishShown(links_.size() - 1);
    }
    if (action_) AddToForm(href);
    links_.push_back({LinkKind::kAnchor, Requoted(href), {}});
    anchor_ = links_.size() - 1;
    shown_from_ = i;
    shown_.clear();
  }

  // Values are unquoted a second time when they are collected.
  static std::string Requoted(const std::string& value) {
    if (!value.starts_with('"')) return value;
    return value.size() > 1 ? value.substr(1, value.size() - 2) : std::string();
  }

  void AddToForm(const std::string& value) {
    links_.push_back({LinkKind::kFormField, Requoted(value), {}});
    shown_.clear();
    AppendShown(*action_);
    FinishShown(links_.size() - 1);
  }

  void AddWithin(LinkKind kind, const std::string* value) {
    if (value == nullptr) return;
    links_.push_back({kind, Requoted(*value), anchor_ ? links_[*anchor_].value : std::string()});
    if (action_) AddToForm(*value);
  }

  void AppendShown(std::string_view text) {
    DotMaker dots;
    for (const char c : text) {
      if (shown_.size() >= kMaxLinkBytes) break;
      dots.Take(c, [this](char made) { AddBounded(shown_, made); });
    }
  }
  void FinishShown(std::size_t link) {
    links_[link].contents = shown_.substr(0, shown_.find('\0'));
    shown_.clear();
  }

  State state_ = State::kText;
  State next_ = State::kText;
  State after_reference_ = State::kText;
  std::string tag_, argument_, value_, entity_;
  std::vector<Argument> arguments_;
  Quote quote_ = Quote::kNone;
  bool is_escaped_ = false;
  bool is_hex_ = false;
  bool is_in_script_ = false;
  bool is_in_data_ = false;
  std::uint64_t number_ = 0;
  DotMaker value_dots_;
  std::vector<Collected> links_;
  std::optional<std::size_t> anchor_;      // The link whose contents are being read.
  std::optional<std::size_t> shown_from_;  // In this chunk.
  std::optional<std::size_t> tag_start_;   // In this chunk.
  std::string shown_;
  std::optional<std::string> action_;  // Of the form.
};

}  // namespace

std::vector<Link> FindLinks(std::string_view html) {
  LinkReader reader;
  reader.Read(html);
  return std::move(reader).TakeLinks();
}

}  // namespace dl::mail
