#include "daylight/unpack/encoded/encoded.h"

#include <algorithm>
#include <vector>

#include "daylight/unpack/encoded/runs.h"
#include "daylight/unpack/encoded/text_kind.h"

namespace dl::unpack {

namespace {

// What is read into memory anyway; larger ones are looked at in windows before that.
constexpr std::uint64_t kUsualBytes = 16u << 20;
constexpr std::size_t kWindow = 1u << 20;
// Windows overlap by more than the shortest run.
constexpr std::size_t kOverlap = 4096;

RunOptions OptionsFor(TextKind kind) { return {.joins_lines = kind != TextKind::kMail, .skips_data_uris = false}; }

bool HasEncoded(std::string_view text, TextKind kind) {
  std::string room;
  return !FindEncoded(Narrow(text, room), OptionsFor(kind), [](std::string_view) { return false; });
}

bool IsSearched(TextKind kind) { return kind == TextKind::kPlain || kind == TextKind::kMail; }

bool Opens(const Probe& probe) {
  const TextKind kind = TextKindOf(probe.head);
  if (!IsSearched(kind)) return false;
  if (const auto whole = probe.object.Whole(kUsualBytes); whole) return HasEncoded(AsText(*whole), kind);
  std::vector<std::byte> window(kWindow);
  for (std::uint64_t at = 0; at < probe.size; at += kWindow - kOverlap) {
    const auto n = probe.object.ReadAt(at, window);
    if (!n) return HasEncoded(AsText(probe.head), kind);
    if (HasEncoded(AsText(Bytes(window).first(*n)), kind)) return true;
  }
  return false;
}

void UnpackEncoded(const Probe& probe, const ChildInfo&, Sink& sink) {
  const auto whole = probe.object.Whole(kMaxWholeBytes);
  if (!whole) return sink.Closed("", kTooLarge, "too large to be searched for encoded bytes");
  std::string room;
  std::size_t count = 0;
  FindEncoded(Narrow(AsText(*whole), room), OptionsFor(TextKindOf(probe.head)), [&](std::string_view bytes) {
    return sink.Add({"encoded " + std::to_string(++count), bytes.size()}, AsBytes(bytes));
  });
}

}  // namespace

EncodedWatch::EncodedWatch(Bytes head)
    : is_looking_(IsSearched(TextKindOf(head))), is_mail_(TextKindOf(head) == TextKind::kMail) {}

void EncodedWatch::See(Bytes bytes) {
  while (is_looking_ && !bytes.empty()) {
    if (window_.empty()) window_.reserve(kWindow);
    const std::size_t n = std::min(bytes.size(), kWindow - window_.size());
    window_.insert(window_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(n));
    bytes = bytes.subspan(n);
    if (window_.size() < kWindow) return;
    Look();
    window_.erase(window_.begin(), window_.end() - static_cast<std::ptrdiff_t>(kOverlap));
  }
}

bool EncodedWatch::Finish() {
  if (is_looking_) Look();
  return has_seen_;
}

void EncodedWatch::Look() {
  has_seen_ = HasEncoded(AsText(window_), is_mail_ ? TextKind::kMail : TextKind::kPlain);
  is_looking_ = !has_seen_;
}

const Unpacker kEncoded = {"encoded", Opens, UnpackEncoded};

}  // namespace dl::unpack
