// The state machine behind Normalise() and FindLinks(). One object, one run.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daylight/formats/html/html.h"
#include "daylight/formats/html/js_normaliser.h"
#include "daylight/formats/html/script_encoding.h"

namespace dl::html {

// The text that is displayed for a link, at most 1,024 bytes.
class LinkText {
 public:
  void Append(std::string_view text);
  std::string Take();
  void Clear() { text_.clear(); }

 private:
  std::string text_;
};

class HtmlNormaliser {
 public:
  enum class Mode : std::uint8_t { kForms, kLinks };
  HtmlNormaliser(Bytes html, Mode mode) : html_(html), mode_(mode) {}
  void Run();

  Forms forms;
  Links links;

 private:
  enum class State : std::uint8_t {
    kBad,
    kText,
    k8Bit,
    kComment,
    kReference,
    kEntity,
    kSkipSpace,
    kTrimSpace,
    kTag,
    kArgument,
    kArgumentValue,
    kArgumentEqual,
    kProcessTag,
    kNumber,
    kLookForEncoded,
    kEncodedStart,
    kEncodedLength,
    kEncodedText,
    kDataType,
    kDataStart,
    kData,
    kDataEnd,
    kDataEscape,
    kEscape,
  };
  enum class Inside : std::uint8_t { kText, kScript, kStyle };
  enum class Quoted : std::uint8_t { kSingle, kDouble, kNot };
  struct Argument {
    std::string name;
    std::optional<std::string> value;
  };

  // The piece under way; kEnd of it is a NUL.
  char Current() const { return At(at_); }
  char At(std::size_t i) const { return i < line_.size() ? line_[i] : '\0'; }
  void Go(State state, State next) {
    state_ = state;
    next_ = next;
  }

  bool ProcessLine();  // False when normalisation ends early.
  bool EndLine();
  bool Step();  // One character or transition; false to end.
  void StepText();
  void Step8Bit();
  void StepTag();
  void StepArgument();
  void StepArgumentEqual();
  void StepArgumentValue();
  void StepQuote(Quoted kind);
  void StepComment();
  void StepReference();
  void StepEntity();
  void StepNumber();
  void StepDataType();
  void StepDataStart();
  void StepData();
  void StepEscape();
  void StepEncodedLength();
  void WriteEntity(bool closed);
  // Bytes above 0x7f that came before; false when the current one is used up.
  bool WriteWide(std::uint32_t wide, std::string* value);

  bool ProcessTag();
  bool ProcessEndTag();
  void ProcessScript();
  void ProcessLinkTag();
  void StartAnchor(const std::string& href);
  void AddImage(std::string_view kind, const std::string* url);
  void AddFormLink(const std::string& url);
  void AddLink(std::string_view kind, const std::string& url);
  void DoneLink(std::size_t index);
  void FeedScript(std::size_t end);
  void FinishScript();

  const std::string* Value(std::string_view name) const;
  void AddArgument(bool with_value);
  void WriteTag();

  void Out(char c) {
    if (mode_ == Mode::kForms) forms.nocomment.push_back(c);
  }
  void OutText(char c) {
    if (mode_ == Mode::kForms) forms.notags.push_back(c);
  }
  void OutBlank();                       // In the text without tags, unless there is one.
  void Push(std::string& text, char c);  // Up to 1,024 bytes.

  Bytes html_;
  Mode mode_;
  std::string line_;
  std::size_t at_ = 0;

  State state_ = State::kText;
  State next_ = State::kBad;
  State saved_next_ = State::kBad;
  Inside inside_ = Inside::kText;
  Quoted quoted_ = Quoted::kNot;
  bool escaped_ = false;
  bool blank_written_ = false;
  bool binary_ = false;
  bool hex_ = false;
  std::int64_t number_ = 0;
  unsigned escape_length_ = 0;
  std::uint32_t wide_ = 0;        // In text.
  std::uint32_t value_wide_ = 0;  // In an argument's value.
  std::string tag_, argument_, value_, entity_;
  std::vector<Argument> arguments_;

  bool look_for_encoded_ = false;
  bool in_encoded_ = false;
  std::optional<std::size_t> encoded_at_;
  ScriptDecoder decoder_;
  std::optional<JsNormaliser> script_;
  std::optional<std::size_t> script_begin_;
  std::size_t style_begin_ = 0;
  bool data_open_ = false;  // forms.data.back() is being written.

  std::size_t anchor_ = 0;  // The link whose text this is, from 1; 0 for none.
  std::optional<std::size_t> anchor_text_begin_;
  std::optional<std::size_t> anchor_text_end_;
  bool links_full_ = false;  // The last link was not added.
  LinkText anchor_text_;
  std::optional<std::string> form_action_;
};

}  // namespace dl::html
