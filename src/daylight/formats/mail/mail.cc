#include "daylight/formats/mail/mail.h"

#include <algorithm>
#include <iterator>
#include <span>
#include <string_view>

#include "daylight/formats/filetype/filetype.h"
#include "daylight/formats/mail/decode.h"
#include "daylight/formats/mail/header.h"

namespace dl::mail {

namespace {

using Lines = std::span<const std::string_view>;

// Longer lines count as several.
constexpr std::size_t kMaxLineBytes = 999;
constexpr std::size_t kMaxFieldBytes = 256 * 1024;

// Ends of lines are \n, \r, \r\n and \n\r.
std::vector<std::string_view> SplitLines(std::string_view text, bool& is_limited) {
  std::vector<std::string_view> lines;
  std::size_t start = 0;
  while (start < text.size()) {
    if (lines.size() == kMaxLines) {
      is_limited = true;
      break;
    }
    const std::string_view rest = text.substr(start, kMaxLineBytes);
    const std::size_t end = rest.find_first_of("\r\n");
    if (end == std::string_view::npos) {
      lines.push_back(rest);
      start += rest.size();
      continue;
    }
    lines.push_back(rest.substr(0, end));
    const char other = rest[end] == '\r' ? '\n' : '\r';
    start += end + 1;
    if (start < text.size() && text[start] == other) ++start;
  }
  return lines;
}

// "--" and the boundary; some have a dash more.
bool IsStart(std::string_view line, std::string_view boundary) {
  if (!line.starts_with("--") || line.size() < boundary.size() + 2 || !line.ends_with(boundary)) return false;
  return line.substr(0, line.size() - boundary.size()).find_first_not_of('-') == std::string_view::npos;
}

bool IsEnd(std::string_view line, std::string_view boundary) {
  if (!line.starts_with("--") || !StartsWithNoCase(line.substr(2), boundary)) return false;
  return line.substr(2 + boundary.size()).starts_with("--");
}

bool IsBlank(std::string_view line) { return line.find_first_not_of(" \t\r\n\v\f") == std::string_view::npos; }

// The first line that names an encoding, or the end.
std::size_t EncodingLine(Lines lines) {
  const auto found = std::find_if(lines.begin(), lines.end(), [](std::string_view line) {
    return StartsWithNoCase(line, "content-transfer-encoding") && line.find("7bit") == std::string_view::npos;
  });
  return static_cast<std::size_t>(found - lines.begin());
}

class Reader {
 public:
  explicit Reader(TextParts& out) : out_(out) {}

  void ReadMailbox(Lines lines) {
    if (lines.empty() || !lines.front().starts_with("From ")) return ReadMessage(lines, 0);
    std::size_t start = 0;
    for (std::size_t i = 1; i < lines.size(); ++i) {
      if (!lines[i].starts_with("From ") || !lines[i - 1].empty()) continue;
      ReadMessage(lines.subspan(start, i - start), 0);
      start = i;
    }
    ReadMessage(lines.subspan(start), 0);
  }

 private:
  bool HasRoom(std::size_t depth) {
    if (depth <= kMaxDepth && ++parts_ <= kMaxParts) return true;
    out_.is_limited = true;
    return false;
  }

  // Joins the field of a mail's header that starts at lines[i] with what it goes
  // on in; leaves i at its last line. Some do not indent that, so a semicolon or
  // a quote at the end is enough, and an empty line does not end the header then.
  static std::string ReadField(Lines lines, std::size_t& i) {
    std::string field(lines[i]);
    if (!Header::IsOfContent(field)) return field;
    const auto quotes = [](std::string_view line) { return std::count(line.begin(), line.end(), '"'); };
    auto quote_count = quotes(field);
    while (i + 1 < lines.size() && field.size() < kMaxFieldBytes) {
      const std::string_view next = lines[i + 1];
      const bool is_indented = next.starts_with(' ') || next.starts_with('\t');
      if (is_indented && IsBlank(next)) break;
      const bool is_open = field.ends_with(';') || (!lines[i].empty() && quote_count % 2 != 0);
      if (!is_indented && !is_open) break;
      field += next;
      quote_count += quotes(next);
      ++i;
    }
    return field;
  }

  // The same of a part's header; true when the header ends with it.
  static bool ReadPartField(Lines lines, std::size_t& i, Header& header) {
    std::string field(lines[i]);
    bool is_end = false;
    while (i + 1 < lines.size() && field.size() < kMaxFieldBytes && GoesOn(lines[i], lines[i + 1])) {
      ++i;
      // Meant to be empty.
      is_end = lines[i].size() == 1;
      if (is_end) break;
      field += lines[i];
    }
    header.Add(field);
    return is_end;
  }

  void ReadMessage(Lines lines, std::size_t depth) {
    if (!HasRoom(depth)) return;
    Header header;
    std::size_t i = 0;
    for (; i < lines.size(); ++i) {
      if (lines[i].starts_with("From ")) header.is_of_mail = true;
      const std::string_view line = lines[i];
      if (line.empty()) {
        if (header.is_of_mail) break;
      } else if (IsBlank(line)) {
        // May be meant to be empty.
        const bool is_end = i + 1 < lines.size() && !header.boundary.empty() && IsStart(lines[i + 1], header.boundary);
        if (is_end) break;
      } else if (line.front() != ' ' && line.front() != '\t') {
        header.Add(ReadField(lines, i));
      }
    }
    if (i >= lines.size()) return;
    ReadBody(header, lines.subspan(i + 1), depth);
  }

  void ReadBody(const Header& header, Lines body, std::size_t depth) {
    switch (header.type) {
      case MediaType::kNone:
      case MediaType::kText: AddText(header, body); return ReadReturned(body, depth);
      case MediaType::kMultipart:
        return header.boundary.empty() ? ReadReturned(body, depth) : ReadMultipart(header, body, depth);
      case MediaType::kMessage:
        if (header.subtype == "rfc822" || header.subtype == "delivery-status") ReadMessage(body, depth + 1);
        if (header.subtype == "rfc822-headers") AddText(header, body);
        return;
      case MediaType::kOther: return;
    }
  }

  // A mail that came back may be in the body without the first of its header.
  void ReadReturned(Lines body, std::size_t depth) {
    const std::size_t start = EncodingLine(body);
    if (start < body.size()) ReadMessage(body.subspan(start), depth + 1);
  }

  struct Part {
    Header header;
    Lines body;
  };

  // Reads one part; its first line is lines[i]. Leaves i behind its last.
  Part ReadPart(Lines lines, std::size_t& i, std::string_view boundary, bool has_header) {
    Part part;
    while (i < lines.size() && lines[i].empty()) ++i;
    bool is_head = has_header;
    for (; is_head && i < lines.size(); ++i) {
      if (lines[i].empty()) {
        // An empty line within the header.
        is_head =
            i + 1 < lines.size() && (lines[i + 1].starts_with("Content") || lines[i + 1].starts_with("filename="));
      } else if (IsBlank(lines[i].substr(0, 1))) {
        // Goes on from nothing.
        if (part.header.type == MediaType::kNone) part.header.type = MediaType::kOther;
      } else {
        is_head = !ReadPartField(lines, i, part.header);
      }
    }
    const std::size_t start = std::min(i, lines.size());
    while (i < lines.size() && !IsStart(lines[i], boundary) && !IsEnd(lines[i], boundary)) ++i;
    part.body = lines.subspan(start, i - start);
    return part;
  }

  // RFC 2046, 5.1.
  void ReadMultipart(const Header& header, Lines body, std::size_t depth) {
    if (!HasRoom(depth) || header.boundary.empty()) return;
    std::size_t i = 0;
    while (i < body.size() && !IsStart(body[i], header.boundary)) ++i;
    std::vector<Part> parts;
    // What follows the end is read like a part that has no header.
    for (bool has_header = true; i < body.size();) {
      ++i;
      if (parts.size() == kMaxParts) {
        out_.is_limited = true;
        break;
      }
      parts.push_back(ReadPart(body, i, header.boundary, has_header));
      has_header = i < body.size() && IsStart(body[i], header.boundary) && !IsEnd(body[i], header.boundary);
    }
    if (parts.empty()) return;
    if (header.subtype == "signed" || header.subtype == "parallel") return ReadOne(parts, depth, true);
    if (header.subtype == "related") ReadOne(parts, depth, false);
    for (const Part& part : parts) ReadPartOfMany(part, depth);
  }

  // Reads the text of these as if it stood alone: HTML if there is any, else the
  // last, else with `any` the first part.
  void ReadOne(const std::vector<Part>& parts, std::size_t depth, bool any) {
    const Part* chosen = any ? &parts.front() : nullptr;
    for (const Part& part : parts) {
      if (part.header.type != MediaType::kText) continue;
      chosen = &part;
      if (part.header.subtype == "html") break;
    }
    if (chosen != nullptr) ReadBody(chosen->header, chosen->body, depth + 1);
  }

  void ReadPartOfMany(const Part& part, std::size_t depth) {
    const Header& header = part.header;
    if (header.type == MediaType::kMultipart) return ReadBody(header, part.body, depth + 1);
    if (header.type == MediaType::kMessage) {
      if (header.encoding == Encoding::kQuotedPrintable || header.encoding == Encoding::kBase64) {
        return ReadEncodedMessage(part, depth);
      }
      // One without encodings is not looked at.
      if (EncodingLine(part.body) < part.body.size()) ReadMessage(part.body, depth + 1);
      return;
    }
    const bool is_shown = header.disposition.empty() || header.disposition == "inline";
    if (header.type != MediaType::kText || !is_shown) return;
    const bool is_encoded = header.encoding != Encoding::kNone && header.encoding != Encoding::kSevenBit;
    if (header.subtype != "plain" || is_encoded) AddText(header, part.body);
  }

  void ReadEncodedMessage(const Part& part, std::size_t depth) {
    const std::string text = Decode(part.body, part.header.encoding, kMaxMessageBytes);
    if (filetype::TypeOf(AsBytes(text), filetype::MagicTable::Default()) != filetype::ClamType::kMail) return;
    ReadMessage(SplitLines(text, out_.is_limited), depth + 1);
  }

  void AddText(const Header& header, Lines body) {
    // Such a text is taken for base64, too, and then has no link.
    if (header.encoding == Encoding::kSevenBit && (header.has_name || header.has_file_name)) return;
    if (header.encoding == Encoding::kNone && header.has_name && !header.has_file_name) return;
    std::string text = Decode(body, header.encoding, kMaxPartBytes + 1);
    if (text.empty() || text.size() > kMaxPartBytes) return;
    out_.parts.push_back({std::move(text), header.type == MediaType::kText && header.subtype == "html"});
  }

  TextParts& out_;
  std::size_t parts_ = 0;
};

}  // namespace

TextParts FindTextParts(Bytes message) {
  TextParts found;
  std::string_view text = AsText(message);
  if (text.size() > kMaxMessageBytes) {
    text = text.substr(0, kMaxMessageBytes);
    found.is_limited = true;
  }
  // Zero bytes count for nothing.
  std::string without;
  if (text.find('\0') != std::string_view::npos) {
    std::copy_if(text.begin(), text.end(), std::back_inserter(without), [](char c) { return c != '\0'; });
    text = without;
  }
  const std::vector<std::string_view> lines = SplitLines(text, found.is_limited);
  const auto first = std::find_if(lines.begin(), lines.end(), [](std::string_view line) { return !line.empty(); });
  Reader(found).ReadMailbox(Lines(lines).subspan(static_cast<std::size_t>(first - lines.begin())));
  return found;
}

}  // namespace dl::mail
