// What clamscan's HTML normaliser does, state by state. It is no HTML parser:
// its output is what signatures were written for, odd as it sometimes is.
#include "daylight/formats/html/html_normaliser.h"

#include <algorithm>

#include "daylight/formats/html/chunk_reader.h"
#include "daylight/formats/html/entities.h"

namespace dl::html {
namespace {

constexpr std::size_t kMaxArguments = 100'000;  // Of one tag.
constexpr std::size_t kMaxText = 1024;          // Of a tag, an argument, a value.

bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }
bool IsHigh(char c) { return (static_cast<unsigned char>(c) & 0x80) != 0; }
bool IsAlnum(char c) { return IsDigit(c) || (Lower(c) >= 'a' && Lower(c) <= 'z'); }
bool IsHex(char c) { return IsDigit(c) || (Lower(c) >= 'a' && Lower(c) <= 'f'); }
int HexValue(char c) { return IsDigit(c) ? c - '0' : Lower(c) - 'a' + 10; }
char Byte(std::int64_t value) { return static_cast<char>(static_cast<unsigned char>(value)); }

// Full stops of ideographic text as UTF-8 (U+3002, U+FF0E, U+FE52) and, with
// the next byte, in Big5.
bool IsWideStop(std::uint32_t wide, char next) {
  return wide == 0xe38082 || wide == 0xefbc8e || wide == 0xefb992 ||
         (wide == 0xa1 && (next == 0x43 || next == 0x44 || next == 0x4f));
}

}  // namespace

void LinkText::Append(std::string_view text) {
  std::uint32_t wide = 0;
  for (const char c : text) {
    if (text_.size() >= kMaxText) return;
    if (wide != 0 && (!IsHigh(c) || wide >= 0x10000)) {
      if (IsWideStop(wide, c)) {
        text_.push_back('.');
        const bool used = wide == 0xa1;
        wide = 0;
        if (used) continue;
      } else {
        const auto add = [&](std::uint32_t byte) {
          if (text_.size() + 1 < kMaxText) text_.push_back(Byte(byte));
        };
        if (wide > 0xffff) add(wide >> 16);
        if (wide > 0xff) add(wide >> 8);
        add(wide);
        wide = 0;
      }
    }
    if (IsHigh(c)) {
      wide = wide << 8 | static_cast<unsigned char>(c);
    } else {
      text_.push_back(c);
    }
  }
}

std::string LinkText::Take() {
  std::string text = std::move(text_);
  text_.clear();
  text.resize(std::min(text.find('\0'), text.size()));
  return text;
}

void HtmlNormaliser::OutBlank() {
  if (blank_written_) return;
  OutText(' ');
  blank_written_ = true;
}

void HtmlNormaliser::Push(std::string& text, char c) {
  if (text.size() < kMaxText) text.push_back(c);
}

void HtmlNormaliser::Run() {
  ChunkReader reader(html_);
  bool ended_early = false;
  bool more = reader.Read(line_);
  at_ = 0;
  while (more) {
    if (!ProcessLine() || !EndLine()) {
      ended_early = true;
      break;
    }
    if (look_for_encoded_ && encoded_at_) {
      // What is before the encoded script is done; go on with it.
      at_ = *encoded_at_;
      encoded_at_.reset();
      Go(State::kEncodedLength, State::kBad);
      continue;
    }
    more = reader.Read(line_);
    if (!more) line_.clear();
    at_ = 0;
    style_begin_ = 0;
    if (in_encoded_) {
      Go(State::kEncodedText, State::kBad);
    } else if (look_for_encoded_ && !encoded_at_ && state_ != State::kLookForEncoded) {
      saved_next_ = next_;
      Go(State::kLookForEncoded, state_);
    }
    if (next_ == state_) next_ = State::kBad;
  }
  if (!ended_early) WriteEntity(false);
  if (anchor_ != 0) DoneLink(anchor_);
  if (script_) FinishScript();
}

bool HtmlNormaliser::ProcessLine() {
  if (anchor_text_begin_) anchor_text_begin_ = at_;
  while (IsSpace(Current())) ++at_;
  while (Current() != '\0') {
    if (!binary_ && Current() == '\n') {
      line_[at_] = ' ';
      continue;
    }
    if (!binary_ && Current() == '\r') {
      ++at_;
      continue;
    }
    if (!Step()) return false;
  }
  return true;
}

bool HtmlNormaliser::EndLine() {
  at_ = std::min(at_, line_.size());
  if (mode_ == Mode::kLinks && anchor_ != 0 && anchor_text_begin_ && *anchor_text_begin_ <= at_) {
    anchor_text_.Append(std::string_view(line_).substr(*anchor_text_begin_, at_ - *anchor_text_begin_));
  }
  anchor_text_end_.reset();
  if (script_) {
    FeedScript(at_);
    if (inside_ == Inside::kText) FinishScript();
    script_begin_.reset();
  }
  return inside_ != Inside::kStyle || at_ >= style_begin_;
}

bool HtmlNormaliser::Step() {
  switch (state_) {
    case State::kBad: return false;
    case State::kSkipSpace:
    case State::kTrimSpace:
      if (IsSpace(Current())) {
        ++at_;
        break;
      }
      if (state_ == State::kTrimSpace && inside_ == Inside::kText) Out(' ');
      Go(next_, State::kBad);
      break;
    case State::kText: StepText(); break;
    case State::k8Bit: Step8Bit(); break;
    case State::kTag: StepTag(); break;
    case State::kArgument: StepArgument(); break;
    case State::kArgumentEqual: StepArgumentEqual(); break;
    case State::kArgumentValue: StepArgumentValue(); break;
    case State::kComment: StepComment(); break;
    case State::kProcessTag: return ProcessTag();
    case State::kReference: StepReference(); break;
    case State::kEntity: StepEntity(); break;
    case State::kNumber: StepNumber(); break;
    case State::kLookForEncoded:
      look_for_encoded_ = true;
      encoded_at_.reset();
      if (const std::size_t found = line_.find("#@~^", at_); found != std::string::npos) {
        line_[found] = line_[found + 1] = '/';
        encoded_at_ = found + 4;
      }
      Go(next_, saved_next_);
      break;
    case State::kEncodedStart:
      if (std::string_view(line_).substr(at_, 4) == "#@~^") {
        line_[at_] = line_[at_ + 1] = '/';
        at_ += 4;
        Go(State::kEncodedLength, State::kBad);
      } else {
        Out(Lower(Current()));
        ++at_;
      }
      break;
    case State::kEncodedLength: StepEncodedLength(); break;
    case State::kEncodedText:
      decoder_.Decode(line_, at_);
      if (decoder_.done()) in_encoded_ = false;
      Go(State::kText, State::kBad);
      break;
    case State::kDataType: StepDataType(); break;
    case State::kDataStart: StepDataStart(); break;
    case State::kData: StepData(); break;
    case State::kDataEnd:
      data_open_ = false;
      escaped_ = false;
      quoted_ = Quoted::kNot;
      binary_ = false;
      Go(State::kSkipSpace, State::kArgument);
      break;
    case State::kDataEscape:
      if (data_open_) {
        std::string& data = forms.data.back();
        if (escape_length_ != 2) data.push_back('%');
        if (escape_length_ == 2) data.push_back(Byte(number_));
        if (escape_length_ == 1) data.push_back(Byte(number_ + '0'));
      }
      state_ = State::kData;
      break;
    case State::kEscape: StepEscape(); break;
  }
  return true;
}

bool HtmlNormaliser::WriteWide(std::uint32_t wide, std::string* value) {
  const auto write = [&](char c) {
    Out(c);
    if (value == nullptr) {
      OutText(c);
    } else {
      Push(*value, c);
    }
  };
  if (IsWideStop(wide, Current())) {
    write('.');
    return wide != 0xa1;
  }
  if (wide > 0xffff) write(Byte(wide >> 16));
  if (wide > 0xff) write(Byte(wide >> 8));
  if (value != nullptr) {
    write(Byte(wide));
  } else {
    // The text without tags gets the byte before the last one in its place.
    Out(Byte(wide));
    OutText(Byte(wide >> 8));
  }
  return true;
}

void HtmlNormaliser::Step8Bit() {
  if (IsHigh(Current()) && wide_ < 0x10000) {
    wide_ = wide_ << 8 | static_cast<unsigned char>(Current());
    ++at_;
    return;
  }
  const bool unused = WriteWide(wide_, nullptr);
  wide_ = 0;
  if (!unused) {
    ++at_;  // And a NUL will follow: the state stays.
    return;
  }
  Go(next_, State::kText);
}

void HtmlNormaliser::StepText() {
  const char c = Current();
  if (c == '<') {
    anchor_text_end_ = at_;
    Out('<');
    if (inside_ == Inside::kText) OutBlank();
    if (mode_ == Mode::kLinks && anchor_ != 0 && anchor_text_begin_) {
      if (*anchor_text_begin_ <= at_) {
        anchor_text_.Append(std::string_view(line_).substr(*anchor_text_begin_, at_ - *anchor_text_begin_));
      }
      anchor_text_begin_.reset();
    }
    ++at_;
    tag_.clear();
    Go(State::kSkipSpace, State::kTag);
  } else if (IsSpace(c)) {
    if (inside_ == Inside::kText) OutBlank();
    Go(State::kTrimSpace, State::kText);
  } else if (c == '&') {
    if (inside_ == Inside::kText) OutBlank();
    ++at_;
    Go(State::kReference, State::kText);
  } else if (IsHigh(c)) {
    wide_ = static_cast<unsigned char>(c);
    ++at_;
    Go(State::k8Bit, State::kText);
  } else {
    char lower = Lower(c);
    if (inside_ != Inside::kText && lower == '\'') lower = '"';
    Out(lower);
    if (inside_ == Inside::kText) {
      if (c < 0x20) {
        OutBlank();
      } else {
        OutText(lower);
        blank_written_ = false;
      }
    }
    ++at_;
  }
}

void HtmlNormaliser::StepTag() {
  const char c = Current();
  if (tag_.empty() && c == '!') {
    if (inside_ != Inside::kText) {
      Out('!');
    } else if (!forms.nocomment.empty()) {
      forms.nocomment.pop_back();  // The <.
    }
    ++at_;
    Go(State::kComment, State::kBad);
  } else if (c == '>') {
    Out('>');
    ++at_;
    Go(State::kSkipSpace, State::kProcessTag);
  } else if (!IsSpace(c)) {
    Out(Lower(c));
    // Inside a script only its end matters.
    if (inside_ != Inside::kText && tag_.empty() && c != '/') state_ = State::kText;
    Push(tag_, Lower(c));
    ++at_;
  } else {
    argument_.clear();
    Go(State::kSkipSpace, inside_ == Inside::kText ? State::kArgument : State::kProcessTag);
  }
}

void HtmlNormaliser::AddArgument(bool with_value) {
  if (arguments_.size() >= kMaxArguments) {
    forms.complete = links.complete = false;
    return;
  }
  Argument argument;
  argument.name = argument_;
  if (with_value) {
    // A quoted value loses its first character and its last one, whatever that
    // is. Values are C strings there.
    std::string value = value_.substr(0, value_.find('\0'));
    if (value.starts_with('"')) {
      value.erase(0, 1);
      if (!value.empty()) value.pop_back();
    }
    argument.value = std::move(value);
  }
  arguments_.push_back(std::move(argument));
}

const std::string* HtmlNormaliser::Value(std::string_view name) const {
  for (const Argument& argument : arguments_) {
    if (argument.name == name) return argument.value ? &*argument.value : nullptr;
  }
  return nullptr;
}

void HtmlNormaliser::StepArgument() {
  const char c = Current();
  if (c == '=') {
    Out('=');
    ++at_;
    escaped_ = false;
    quoted_ = Quoted::kNot;
    value_.clear();
    Go(State::kSkipSpace, State::kArgumentValue);
  } else if (IsSpace(c)) {
    ++at_;
    Go(State::kSkipSpace, State::kArgumentEqual);
  } else if (c == '>') {
    Out('>');
    if (!argument_.empty()) AddArgument(false);
    ++at_;
    Go(State::kProcessTag, State::kBad);
  } else {
    if (argument_.empty()) Out(' ');
    Out(Lower(c));
    Push(argument_, Lower(c));
    ++at_;
  }
}

void HtmlNormaliser::StepArgumentEqual() {
  if (Current() == '=') {
    Out('=');
    ++at_;
    escaped_ = false;
    quoted_ = Quoted::kNot;
    value_.clear();
    Go(State::kSkipSpace, State::kArgumentValue);
    return;
  }
  if (!argument_.empty()) AddArgument(false);
  argument_.clear();
  Go(State::kArgument, State::kBad);
}

void HtmlNormaliser::StepQuote(Quoted kind) {
  const bool first = value_.empty();
  const bool ends = !first && !escaped_ && quoted_ == kind;
  if (first) quoted_ = kind;
  Out('"');
  Push(value_, '"');
  ++at_;
  if (!ends) return;
  AddArgument(true);
  argument_.clear();
  Go(State::kSkipSpace, State::kArgument);
}

void HtmlNormaliser::StepArgumentValue() {
  const char c = Current();
  if (value_ == "data:" || value_ == "\"data:") {
    // RFC 2397. The colon is taken back, so nobody normalises this twice.
    if (!forms.nocomment.empty()) forms.nocomment.pop_back();
    if (quoted_ != Quoted::kNot) Out('"');
    value_.clear();
    Go(State::kDataType, State::kArgument);
  } else if (c == '&') {
    ++at_;
    Go(State::kReference, State::kArgumentValue);
  } else if (c == '\'') {
    StepQuote(Quoted::kSingle);
  } else if (c == '"') {
    StepQuote(Quoted::kDouble);
  } else if (IsSpace(c) || c == '>') {
    if (quoted_ == Quoted::kNot) {
      AddArgument(true);
      argument_.clear();
      Go(State::kSkipSpace, State::kArgument);
    } else {
      // The quotes are forgotten at the first blank.
      Out(c);
      Push(value_, c == '>' ? '>' : ' ');
      escaped_ = false;
      quoted_ = Quoted::kNot;
      ++at_;
      Go(State::kSkipSpace, State::kArgumentValue);
    }
  } else {
    if (value_wide_ != 0 && (!IsHigh(c) || value_wide_ >= 0x10000)) {
      const bool unused = WriteWide(value_wide_, &value_);
      value_wide_ = 0;
      if (!unused) {
        ++at_;
        return;
      }
    }
    if (IsHigh(c)) {
      value_wide_ = value_wide_ << 8 | static_cast<unsigned char>(c);
    } else {
      Out(Lower(c));
      Push(value_, c);
    }
    ++at_;
  }
  escaped_ = Current() == '\\';
}

void HtmlNormaliser::StepComment() {
  const char c = Current();
  if (inside_ != Inside::kText && !IsSpace(c)) Out(c == '\'' ? '"' : Lower(c));
  ++at_;
  if (c == '>') Go(State::kSkipSpace, State::kText);
}

void HtmlNormaliser::StepReference() {
  if (Current() == '#') {
    number_ = 0;
    hex_ = false;
    ++at_;
    state_ = State::kNumber;
  } else {
    state_ = State::kEntity;
  }
}

// The named reference in entity_: decoded when it is known, else as it was.
void HtmlNormaliser::WriteEntity(bool closed) {
  const bool in_value = closed && next_ == State::kArgumentValue;
  const auto write = [&](char c) {
    Out(c);
    if (in_value) Push(value_, c);
  };
  const std::string text = NormalCharacter(FindEntity(entity_));
  if (!text.empty()) {
    for (const char c : text) write(c);
  } else if (closed || !entity_.empty()) {
    write('&');
    for (const char c : entity_) write(Lower(c));
    if (closed) write(';');
  }
  entity_.clear();
}

void HtmlNormaliser::StepEntity() {
  const char c = Current();
  if (c == ';') {
    WriteEntity(true);
    ++at_;
    Go(next_, State::kBad);
  } else if ((IsAlnum(c) || c == '_' || c == ':' || c == '-') && entity_.size() < kMaxText) {
    entity_.push_back(c);
    ++at_;
  } else {
    const bool in_value = next_ == State::kArgumentValue;
    Out('&');
    if (in_value) Push(value_, '&');
    for (const char e : entity_) {
      Out(Lower(e));
      if (in_value) Push(value_, Lower(e));
    }
    entity_.clear();
    Go(next_, State::kBad);
  }
}

void HtmlNormaliser::StepNumber() {
  const char c = Current();
  constexpr std::int64_t kMost = INT64_MAX;
  if (number_ == 0 && Lower(c) == 'x') {
    hex_ = true;
    ++at_;
  } else if (c == ';') {
    if (next_ == State::kArgumentValue) Push(value_, Byte(number_));
    if (number_ < 0x80) {
      Out(Lower(Byte(number_)));
    } else if (mode_ == Mode::kForms) {
      forms.nocomment += NormalCharacter(static_cast<std::uint16_t>(number_));
    }
    ++at_;
    Go(next_, State::kBad);
  } else if (IsDigit(c) || (hex_ && IsHex(c))) {
    std::int64_t scaled = number_;
    bool overflow = false;
    if (hex_ && number_ < kMost / 16) {
      scaled *= 16;
    } else if (number_ < kMost / 10) {
      scaled *= 10;
    } else {
      overflow = true;
    }
    overflow = overflow || scaled > kMost - HexValue(c);
    ++at_;
    if (overflow) {
      Out(Byte(number_));
      Go(next_, State::kBad);
    } else {
      number_ = scaled + HexValue(c);
    }
  } else {
    Out(Byte(number_));
    Go(next_, State::kBad);
  }
}

void HtmlNormaliser::StepEncodedLength() {
  constexpr std::size_t kHeader = 8;
  if (line_.size() - at_ < kHeader) {
    Go(State::kText, State::kBad);
    return;
  }
  decoder_ = ScriptDecoder(EncodedLength(std::string_view(line_).substr(at_, kHeader)));
  in_encoded_ = true;
  line_[at_ + kHeader - 1] = '\n';  // For the script normaliser.
  at_ += kHeader;
  Go(State::kEncodedText, State::kBad);
}

void HtmlNormaliser::StepDataType() {
  const char c = Current();
  const auto fail = [&] {
    argument_.clear();
    Go(State::kSkipSpace, State::kArgument);
  };
  if (c == '\'' || c == '"') {
    ++at_;
    if (!escaped_ && quoted_ == (c == '"' ? Quoted::kDouble : Quoted::kSingle)) {
      fail();
    } else {
      Push(value_, '"');
    }
  } else if (IsSpace(c) || c == '>') {
    if (quoted_ == Quoted::kNot) {
      fail();
    } else {
      Push(value_, c == '>' ? '>' : ' ');
      escaped_ = false;
      quoted_ = Quoted::kNot;
      ++at_;
      Go(State::kSkipSpace, State::kDataType);
    }
  } else if (c == ',') {
    ++at_;
    Go(State::kDataStart, State::kBad);
  } else {
    Push(value_, Lower(c));
    ++at_;
  }
  escaped_ = Current() == '\\';
}

void HtmlNormaliser::StepDataStart() {
  if (mode_ == Mode::kForms) {
    std::string message = "From html-normalise\nContent-type: ";
    message += value_;
    message += '\n';
    if (value_.find(";base64") != std::string::npos) message += "Content-transfer-encoding: base64\n";
    message += '\n';
    forms.data.push_back(std::move(message));
    data_open_ = true;
  }
  binary_ = true;
  state_ = State::kData;
}

void HtmlNormaliser::StepData() {
  const char c = Current();
  ++at_;
  if (c == '&') {
    Go(State::kReference, State::kData);
  } else if (c == '%') {
    escape_length_ = 0;
    number_ = 0;
    Go(State::kEscape, State::kDataEscape);
  } else {
    bool ends = false;
    if (c == '\'') ends = !escaped_ && quoted_ == Quoted::kSingle;
    if (c == '"') ends = !escaped_ && quoted_ == Quoted::kDouble;
    if (IsSpace(c) || c == '>') ends = quoted_ == Quoted::kNot;
    if (ends) {
      state_ = State::kDataEnd;
    } else if (data_open_) {
      forms.data.back().push_back(c);
    }
  }
  escaped_ = Current() == '\\';
}

void HtmlNormaliser::StepEscape() {
  const char c = Current();
  ++at_;
  number_ *= 16;
  ++escape_length_;
  if (IsHex(c)) {
    number_ += HexValue(c);
  } else {
    state_ = next_;
  }
  if (escape_length_ == 2) state_ = next_;
}

}  // namespace dl::html
