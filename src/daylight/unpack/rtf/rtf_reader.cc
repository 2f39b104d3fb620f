#include "daylight/unpack/rtf/rtf_reader.h"

#include <algorithm>
#include <array>
#include <utility>

namespace dl::unpack {

namespace {

// Each group costs memory; no document needs as many.
constexpr std::size_t kMaxDepth = 10'000;

constexpr bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr bool IsDigit(char c) { return c >= '0' && c <= '9'; }

int HexValue(char c) {
  if (IsDigit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

RtfKind KindOf(std::string_view word) {
  if (word == "objdata") return RtfKind::kObject;
  if (word == "pict") return RtfKind::kPicture;
  if (word == "datastore" || word == "themedata" || word == "fontemb") return RtfKind::kData;
  return RtfKind::kNone;
}

// Words that begin text of their own, wherever they stand; sorted.
constexpr std::array<std::string_view, 54> kDestinations = {
    "annotation", "atnauthor", "atnid",    "author",   "bkmkend", "bkmkstart", "blipuid",    "buptim",   "category",
    "colortbl",   "comment",   "company",  "creatim",  "doccomm", "falt",      "field",      "file",     "filetbl",
    "fldinst",    "fldrslt",   "fname",    "fontfile", "fonttbl", "footer",    "footerf",    "footerl",  "footerr",
    "footnote",   "generator", "header",   "headerf",  "headerl", "headerr",   "info",       "keywords", "listtext",
    "manager",    "objalias",  "objclass", "object",   "objname", "objsect",   "operator",   "picprop",  "pntext",
    "printim",    "private",   "result",   "revtim",   "rxe",     "shppict",   "stylesheet", "subject",  "title",
};
static_assert(std::is_sorted(kDestinations.begin(), kDestinations.end()));

bool IsDestination(std::string_view word) {
  return std::binary_search(kDestinations.begin(), kDestinations.end(), word);
}

}  // namespace

void RtfReader::Decoder::Digit(int value) {
  if (nibble < 0) {
    nibble = value;
  } else {
    bytes.push_back(static_cast<std::byte>(nibble << 4 | value));
    nibble = -1;
  }
}

void RtfReader::Decoder::Raw(Bytes raw) { bytes.insert(bytes.end(), raw.begin(), raw.end()); }

void RtfReader::Collector::Digit(int value) {
  first.Digit(value);
  if (differs) other.Digit(value);
}

void RtfReader::Collector::Interrupt() {
  if (!differs && first.nibble < 0) return;
  if (!differs) other = first;
  differs = true;
  other.nibble = -1;
}

void RtfReader::Collector::Raw(Bytes raw) {
  Interrupt();
  first.Raw(raw);
  if (differs) other.Raw(raw);
}

std::optional<RtfReader::Data> RtfReader::Next() {
  while (at_ < text_.size()) {
    const char c = text_[at_];
    if (c == '{') {
      ++at_;
      has_star_ = false;
      if (groups_.size() < kMaxDepth) {
        groups_.push_back({false, groups_.back().is_ignored});
      } else {
        ++beyond_;
        is_too_deep_ = true;
      }
    } else if (c == '}') {
      ++at_;
      has_star_ = false;
      // Groups that were never begun are closed in files from the field.
      if (groups_.size() == 1) continue;
      if (beyond_ > 0) {
        --beyond_;
        continue;
      }
      const bool is_end = groups_.back().begins_collector;
      groups_.pop_back();
      if (is_end) {
        if (auto data = Finish(); data) return data;
      }
    } else if (c == '\\') {
      ControlWord();
      if (replaced_) {
        std::optional<Data> data = std::move(replaced_);
        replaced_.reset();
        return data;
      }
    } else {
      ++at_;
      if (groups_.back().is_ignored) {
        // Text, of which there may be much.
        while (at_ < text_.size() && text_[at_] != '\\' && text_[at_] != '{' && text_[at_] != '}') ++at_;
      } else if (const int value = HexValue(c); value >= 0) {
        collectors_.back().Digit(value);
      }
    }
  }
  // Groups that are never closed.
  while (!collectors_.empty()) {
    if (auto data = Finish(); data) return data;
  }
  return std::nullopt;
}

void RtfReader::ControlWord() {
  ++at_;  // The backslash.
  if (at_ == text_.size()) return;
  Group& group = groups_.back();
  const char symbol = text_[at_];
  if (!IsLetter(symbol)) {
    ++at_;
    if (symbol == '*') has_star_ = true;
    if (symbol != '\'') return;
    // A character by its code, which is not data.
    if (!group.is_ignored) collectors_.back().Interrupt();
    for (int i = 0; i < 2 && at_ < text_.size() && HexValue(text_[at_]) >= 0; ++i) ++at_;
    return;
  }
  const std::size_t begin = at_;
  while (at_ < text_.size() && IsLetter(text_[at_])) ++at_;
  const std::string_view word = text_.substr(begin, at_ - begin);
  const bool is_negative = at_ + 1 < text_.size() && text_[at_] == '-' && IsDigit(text_[at_ + 1]);
  if (is_negative) ++at_;
  std::uint32_t number = 0;  // Wraps, as Word's does.
  while (at_ < text_.size() && IsDigit(text_[at_]))
    number = number * 10 + static_cast<std::uint32_t>(text_[at_++] - '0');
  if (at_ < text_.size() && text_[at_] == ' ') ++at_;
  const bool has_star = std::exchange(has_star_, false);
  if (word == "bin") {
    // More than there is, or less than nothing: it is none.
    if (is_negative || number > text_.size() - at_) return;
    const Bytes raw = AsBytes(text_.substr(at_, number));
    at_ += number;
    if (!group.is_ignored) collectors_.back().Raw(raw);
  } else if (const RtfKind kind = KindOf(word); kind != RtfKind::kNone) {
    Begin(kind);
  } else if (has_star || IsDestination(word)) {
    // What is not known and may be skipped is skipped; others do not end what is collected.
    group.is_ignored = true;
  }
}

void RtfReader::Begin(RtfKind kind) {
  Group& group = groups_.back();
  if (group.begins_collector) replaced_ = Finish();
  collectors_.emplace_back().kind = kind;
  group.begins_collector = true;
  group.is_ignored = false;
}

std::optional<RtfReader::Data> RtfReader::Finish() {
  Collector done = std::move(collectors_.back());
  collectors_.pop_back();
  if (done.first.bytes.empty() && done.other.bytes.empty()) return std::nullopt;
  Data data{done.kind, std::move(done.first.bytes), {}};
  if (done.differs && done.other.bytes != data.bytes) data.other = std::move(done.other.bytes);
  return data;
}

}  // namespace dl::unpack
