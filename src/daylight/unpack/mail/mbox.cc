// Mailboxes: messages one after the other, each behind a line "From sender date"
// (RFC 4155, appendix A, and what is in use).
#include <algorithm>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "daylight/unpack/mail/header.h"
#include "daylight/unpack/mail/mail.h"

namespace dl::unpack {

namespace {

using mail::IsField;
using mail::TakeLine;

// Larger mailboxes are read window by window.
constexpr std::uint64_t kMaxInMemory = 16u << 20;
constexpr std::size_t kWindowBytes = 4u << 20;
// Of a header's first lines that must be there to tell that one begins.
constexpr std::size_t kMaxSeparatorBytes = 4096;
constexpr std::string_view kFrom = "From ";

// A time of day, and a number behind: "Thu Jan  1 00:00:00 1970".
bool HasDate(std::string_view line) {
  const auto is_digit = [&](std::size_t i) { return i < line.size() && line[i] >= '0' && line[i] <= '9'; };
  for (std::size_t colon = line.find(':'); colon != std::string_view::npos; colon = line.find(':', colon + 1)) {
    if (colon >= 2 && is_digit(colon - 1) && is_digit(colon + 1) && is_digit(colon + 2)) return true;
  }
  return false;
}

// Whether a message begins with the line at the beginning of `text`. Bodies have lines
// that begin with the word, too: only before a field, and with a date or behind an
// empty line, it separates.
bool IsSeparator(std::string_view text, bool is_behind_empty_line) {
  if (!text.starts_with(kFrom)) return false;
  text = text.substr(0, kMaxSeparatorBytes);
  const std::string_view line = TakeLine(text);
  if (!is_behind_empty_line && !HasDate(line)) return false;
  const std::string_view next = TakeLine(text);
  return IsField(next) || next.starts_with(">From ");
}

// Where the first separator behind `from` begins.
std::size_t FindSeparator(std::string_view text, std::size_t from) {
  for (std::size_t at = from; at < text.size(); at += 2) {
    const void* found = ::memmem(text.data() + at, text.size() - at, "\nFrom ", 6);
    if (found == nullptr) break;
    at = static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
    const std::string_view before = text.substr(0, at);
    const bool is_behind_empty = at > from && (before.ends_with('\n') || before.ends_with("\n\r"));
    if (IsSeparator(text.substr(at + 1), is_behind_empty)) return at + 1;
  }
  return std::string_view::npos;
}

// The message behind its separator, without the empty line that ends it.
bool Give(std::string_view section, Sink& sink) {
  TakeLine(section);
  if (section.ends_with("\n\n")) section.remove_suffix(1);
  if (section.ends_with("\n\r\n")) section.remove_suffix(2);
  return mail::GiveMessage({"", section.size()}, section, sink);
}

// Messages of a mailbox that is in memory from its first separator on. `is_all`: the
// last of them ends there, too. Returns how much was given; absent: no more is wanted.
std::optional<std::size_t> GiveAll(std::string_view text, bool is_all, Sink& sink) {
  std::size_t at = 0;
  for (;;) {
    const std::size_t next = FindSeparator(text, at);
    // Where the window ends a separator may be cut.
    const bool is_cut = !is_all && (next == std::string_view::npos || text.size() - next < kMaxSeparatorBytes);
    if (is_cut || at == text.size()) return at;
    if (!Give(text.substr(at, next - at), sink)) return std::nullopt;
    if (next == std::string_view::npos) return text.size();
    at = next;
  }
}

std::size_t SkipBlanks(std::string_view head) {
  std::size_t at = head.starts_with("\xef\xbb\xbf") ? 3 : 0;
  while (at < head.size() && (head[at] == '\r' || head[at] == '\n')) ++at;
  return at;
}

void UnpackWindows(const Probe& probe, Sink& sink) {
  std::vector<std::byte> buffer(kWindowBytes);
  std::size_t filled = 0;
  bool is_skipping = false;  // A message that is too large.
  for (std::uint64_t offset = SkipBlanks(AsText(probe.head));;) {
    const auto n = probe.object.ReadAt(offset, std::span(buffer).subspan(filled));
    if (!n) return sink.Closed("", kDamaged, n.error().what);
    offset += *n;
    filled += *n;
    const bool is_all = filled < buffer.size() || offset >= probe.size;
    const std::string_view text = AsText(Bytes(buffer).first(filled));
    std::size_t given = 0;
    if (is_skipping) {
      const std::size_t next = FindSeparator(text, 0);
      is_skipping = next == std::string_view::npos;
      // The end may be half a separator.
      given = !is_skipping ? next : is_all ? filled : filled - kMaxSeparatorBytes;
    } else {
      const auto done = GiveAll(text, is_all, sink);
      if (!done) return;
      given = *done;
    }
    if (is_all && given == filled) return;
    if (given > 0) {
      std::memmove(buffer.data(), buffer.data() + given, filled - given);
      filled -= given;
      if (buffer.size() > kWindowBytes && filled < kWindowBytes) buffer.resize(kWindowBytes);
    } else if (buffer.size() < kMaxWholeBytes) {
      buffer.resize(std::min<std::size_t>(2 * buffer.size(), kMaxWholeBytes));
    } else {
      sink.Closed("", kTooLarge, "a message of the mailbox is too large");
      is_skipping = true;
    }
  }
}

bool Opens(const Probe& probe) {
  const std::string_view head = AsText(probe.head);
  return IsSeparator(head.substr(SkipBlanks(head)), true);
}

void Unpack(const Probe& probe, const ChildInfo&, Sink& sink) {
  const auto whole = probe.object.Whole(kMaxInMemory);
  if (!whole) return UnpackWindows(probe, sink);
  const std::string_view text = AsText(*whole);
  GiveAll(text.substr(SkipBlanks(text)), true, sink);
}

}  // namespace

const Unpacker kMbox = {"mbox", Opens, Unpack};

}  // namespace dl::unpack
