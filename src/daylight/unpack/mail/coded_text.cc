#include "daylight/unpack/mail/coded_text.h"

#include <zlib.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "daylight/unpack/mail/binhex.h"
#include "daylight/unpack/mail/header.h"
#include "daylight/unpack/mail/mail.h"
#include "daylight/unpack/mail/transfer.h"

namespace dl::unpack {

namespace mail {

namespace {

constexpr std::string_view kBanner = "This file must be converted with BinHex";
constexpr std::size_t npos = std::string_view::npos;

enum class Kind : std::uint8_t { kUuencode, kBase64, kYenc, kBinHex };

struct Start {
  Kind kind;
  std::string name;
  std::size_t line;  // Where it begins in the text,
  std::size_t body;  // and where what follows its line does.
};

// glibc's, which is many times as fast as std::string_view::find.
std::size_t FindText(std::string_view text, std::string_view what, std::size_t from) {
  if (from >= text.size()) return npos;
  const void* found = ::memmem(text.data() + from, text.size() - from, what.data(), what.size());
  return found == nullptr ? npos : static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
}

std::uint64_t NumberOf(std::string_view line, std::string_view key) {
  const std::size_t at = line.find(key);
  std::uint64_t number = 0;
  if (at != npos) std::from_chars(line.data() + at + key.size(), line.data() + line.size(), number);
  return number;
}

// `begin 644 name` (POSIX, uuencode), before a line that can be its first.
std::optional<Start> StartOfUuencode(std::string_view text, std::size_t at) {
  std::string_view rest = text.substr(at);
  std::string_view line = TakeLine(rest);
  const bool is_base64 = line.starts_with("begin-base64 ");
  line.remove_prefix(is_base64 ? 13 : 6);
  const std::size_t digits = std::min(line.find_first_not_of("01234567"), line.size());
  if (digits < 3 || digits > 6 || digits == line.size() || line[digits] != ' ') return std::nullopt;
  line.remove_prefix(std::min(line.find_first_not_of(' ', digits), line.size()));
  if (line.empty()) return std::nullopt;
  Start start{is_base64 ? Kind::kBase64 : Kind::kUuencode, std::string(line.substr(0, 1024)), at,
              text.size() - rest.size()};
  if (is_base64) return start;
  for (int i = 0; i < 3 && !rest.empty(); ++i) {
    const std::string_view first = TakeLine(rest);
    if (!first.empty()) return IsUuLine(first, true) ? std::optional(std::move(start)) : std::nullopt;
  }
  return std::nullopt;
}

// `=ybegin line=128 size=123 name=a.bin` (yEnc 1.3).
std::optional<Start> StartOfYenc(std::string_view text, std::size_t at) {
  std::string_view rest = text.substr(at);
  const std::string_view line = TakeLine(rest);
  const std::size_t name = line.find(" name=");
  if (name == npos || line.find(" size=") == npos || line.find(" line=") == npos) return std::nullopt;
  return Start{Kind::kYenc, std::string(line.substr(name + 6, 1024)), at, text.size() - rest.size()};
}

std::optional<Start> StartAt(std::string_view text, std::size_t found) {
  const bool is_at_line = found == 0 || text[found - 1] == '\n';
  if (is_at_line) return StartOfUuencode(text, found);
  const bool is_yenc =
      found >= 2 && text.substr(found - 2).starts_with("=ybegin ") && (found == 2 || text[found - 3] == '\n');
  return is_yenc ? StartOfYenc(text, found - 2) : std::nullopt;
}

std::optional<Start> FindBegin(std::string_view text, std::size_t from) {
  for (std::size_t at = from; (at = FindText(text, "begin", at)) != npos; at += 5) {
    if (at + 5 == text.size() || (text[at + 5] != ' ' && text[at + 5] != '-')) continue;
    if (text[at + 5] == '-' && !text.substr(at).starts_with("begin-base64 ")) continue;
    if (auto start = StartAt(text, at)) return start;
  }
  return std::nullopt;
}

std::optional<Start> FindBinHex(std::string_view text, std::size_t from) {
  const std::size_t at = FindText(text, kBanner, from);
  if (at == npos) return std::nullopt;
  // RFC 1741, 4: the ':' begins a line, one of the next.
  constexpr std::size_t kMaxBetween = 1024;
  text = text.substr(0, at + kBanner.size() + kMaxBetween);
  const std::size_t body = std::min(FindText(text, "\n:", at), FindText(text, "\r:", at));
  if (body == npos) return std::nullopt;
  return Start{Kind::kBinHex, "", at, body + 1};
}

class Giving {
 public:
  Giving(std::string_view text, Sink& sink) : text_(text), sink_(sink) {}

  bool Run() {
    std::size_t at = 0;
    std::optional<Start> begin = FindBegin(text_, 0);
    std::optional<Start> binhex = FindBinHex(text_, 0);
    while (begin || binhex) {
      const bool is_begin = begin && (!binhex || begin->line < binhex->line);
      const Start start = is_begin ? *begin : *binhex;
      bool goes_on = true;
      switch (start.kind) {
        case Kind::kUuencode: goes_on = GiveUuencode(start, at); break;
        case Kind::kBase64: goes_on = GiveBase64(start, at); break;
        case Kind::kYenc: goes_on = GiveYenc(start, at); break;
        case Kind::kBinHex:
          goes_on = GiveBinHex(text_.substr(start.body), sink_);
          at = start.body;
          break;
      }
      if (!goes_on) return false;
      if (begin && begin->line < at) begin = FindBegin(text_, at);
      if (binhex && binhex->line < at) binhex = FindBinHex(text_, at);
    }
    return true;
  }

 private:
  // Lines of something else, such as headers where a text was cut, are passed over;
  // so many of them are its end.
  static constexpr int kMaxOtherLines = 8;

  bool GiveUuencode(const Start& start, std::size_t& at) {
    std::string_view rest = text_.substr(start.body);
    std::size_t end = start.body;
    bool has_end = false;
    bool has_end_line = false;
    for (int other = 0; !rest.empty() && other < kMaxOtherLines;) {
      const std::string_view line = TakeLine(rest);
      if (line == "end") {
        has_end = has_end_line = true;
        end = text_.size() - rest.size();
        break;
      }
      if (!IsUuLine(line, false)) {
        ++other;
        continue;
      }
      other = 0;
      // No bytes: the last line before "end", which alone ends it for some readers.
      has_end = line == "`" || line == " ";
      end = text_.size() - rest.size();
    }
    at = end;
    std::string_view body = text_.substr(start.body, end - start.body);
    if (has_end_line) body = body.substr(0, body.rfind("end"));
    if (!Give(start.name, body, Encoding::kUuencode)) return false;
    if (!has_end) sink_.Closed(start.name, kDamaged, "uuencoded text without its end");
    return true;
  }

  bool GiveBase64(const Start& start, std::size_t& at) {
    const std::size_t found = FindText(text_, "\n====", start.body - 1);
    at = std::min(found, text_.size());
    const std::size_t size = at - std::min(at, start.body);
    at = std::max(at, start.body);
    return Give(start.name, text_.substr(start.body, size), Encoding::kBase64);
  }

  bool Give(const std::string& name, std::string_view body, Encoding encoding) {
    TransferReader reader(body, encoding);
    return sink_.AddStream({name, body.size() / 4 * 3},
                           [&](std::span<std::byte> out) -> Result<std::size_t> { return reader.Read(out); });
  }

  struct Part {
    std::string_view body;
    std::optional<std::uint32_t> crc;
    std::uint64_t size = 0;  // As its =yend says.
  };

  // The part that begins at `start`; at: where it ends.
  Part TakePart(const Start& start, std::size_t& at, std::uint64_t& begin) {
    std::size_t body = start.body;
    begin = 0;
    if (text_.substr(body).starts_with("=ypart ")) {
      std::string_view rest = text_.substr(body);
      begin = NumberOf(TakeLine(rest), " begin=");
      body = text_.size() - rest.size();
    }
    // A part without its end reaches to the next one. Each search ends at the first
    // of both, so that many that never end are read once.
    std::size_t end = FindText(text_, "\n=y", body - 1);
    const auto is_mark = [&](std::string_view mark) { return text_.substr(end).starts_with(mark); };
    while (end != npos && !is_mark("\n=yend ") && !is_mark("\n=ybegin ")) end = FindText(text_, "\n=y", end + 1);
    at = std::min(end, text_.size());
    Part part;
    if (at > body) part.body = text_.substr(body, at - body);
    at = std::max(at, body);
    if (end == npos || !is_mark("\n=yend ")) return part;
    std::string_view rest = text_.substr(end + 1);
    const std::string_view line = TakeLine(rest);
    at = text_.size() - rest.size();
    part.size = NumberOf(line, " size=");
    for (const std::string_view key : {std::string_view(" pcrc32="), std::string_view(" crc32=")}) {
      const std::size_t found = line.find(key);
      std::uint32_t crc = 0;
      if (part.crc || found == npos) continue;
      const char* from = line.data() + found + key.size();
      if (std::from_chars(from, line.data() + line.size(), crc, 16).ptr != from) part.crc = crc;
    }
    return part;
  }

  // All parts of one file that follow one another are one child.
  bool GiveYenc(const Start& start, std::size_t& at) {
    const std::uint64_t total = SizeOf(start);
    std::vector<Part> parts;
    std::uint64_t position = 0;
    for (std::optional<Start> next = start; next;) {
      std::uint64_t begin = 0;
      std::size_t end = 0;
      const Part part = TakePart(*next, end, begin);
      if (!parts.empty() && (next->kind != Kind::kYenc || next->name != start.name || begin != position + 1)) break;
      position = (begin > 0 ? begin - 1 : position) + part.size;
      parts.push_back(part);
      at = end;
      next = begin > 0 && part.size > 0 ? FindBegin(text_, end) : std::nullopt;
      if (next && next->kind != Kind::kYenc) break;
    }
    bool is_damaged = false;
    std::uint64_t count = 0;
    if (!Decode(start.name, parts, is_damaged, count)) return false;
    if (is_damaged) {
      sink_.Closed(start.name, kDamaged, "yEnc whose size or checksum does not fit");
    } else if (count != total) {
      sink_.Closed(start.name, kUnsupported, "yEnc whose other parts are elsewhere");
    }
    return true;
  }

  std::uint64_t SizeOf(const Start& start) const {
    std::string_view rest = text_.substr(start.line);
    return NumberOf(TakeLine(rest), " size=");
  }

  bool Decode(const std::string& name, const std::vector<Part>& parts, bool& is_damaged, std::uint64_t& count) {
    std::size_t which = 0;
    std::size_t at = 0;
    uLong crc = 0;
    std::uint64_t begun_at = 0;
    const auto pull = [&](std::span<std::byte> out) -> Result<std::size_t> {
      std::size_t n = 0;
      std::size_t summed = 0;
      const auto sum = [&] {
        crc = ::crc32_z(crc, reinterpret_cast<const Bytef*>(out.data() + summed), n - summed);
        summed = n;
      };
      while (n < out.size() && which < parts.size()) {
        const Part& part = parts[which];
        if (at >= part.body.size()) {
          sum();
          const bool fits = part.size == count + n - begun_at && (!part.crc || *part.crc == crc);
          is_damaged = is_damaged || !fits;
          begun_at = count + n;
          at = 0;
          crc = 0;
          ++which;
          continue;
        }
        auto code = static_cast<unsigned char>(part.body[at++]);
        if (code == '\r' || code == '\n') continue;
        if (code == '=') {
          if (at == part.body.size()) continue;
          code = static_cast<unsigned char>(part.body[at++] - 64);
        }
        const auto byte = static_cast<unsigned char>(code - 42);
        out[n++] = std::byte{byte};
      }
      sum();
      count += n;
      return n;
    };
    std::uint64_t size = 0;
    for (const Part& part : parts) size += part.body.size();
    if (!sink_.AddStream({name, size}, pull)) return false;
    is_damaged = is_damaged && which == parts.size();
    return true;
  }

  std::string_view text_;
  Sink& sink_;
};

bool IsText(std::string_view text) {
  constexpr std::size_t kLooked = 512;
  const std::string_view head = text.substr(0, kLooked);
  return !head.empty() && head.find('\0') == npos;
}

}  // namespace

bool OpensCodedText(std::string_view text) {
  text = text.substr(0, Probe::kHeadBytes);
  return IsText(text) && (FindBegin(text, 0) || FindBinHex(text, 0));
}

bool GiveCodedText(std::string_view text, Sink& sink) { return Giving(text, sink).Run(); }

}  // namespace mail

namespace {

// Bodies of messages are looked at as children.
bool Opens(const Probe& probe) {
  const std::string_view head = AsText(probe.head);
  return mail::OpensCodedText(head) && !mail::LooksLikeMessage(head) && !kMbox.opens(probe);
}

void Unpack(const Probe& probe, const ChildInfo&, Sink& sink) {
  const auto whole = probe.object.Whole(kMaxWholeBytes);
  if (!whole) return sink.Closed("", kTooLarge, "too large for the files that are coded in it to be decoded");
  mail::GiveCodedText(AsText(*whole), sink);
}

}  // namespace

const Unpacker kCodedText = {"coded-text", Opens, Unpack};

}  // namespace dl::unpack
