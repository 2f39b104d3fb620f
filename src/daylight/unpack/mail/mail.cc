#include "daylight/unpack/mail/mail.h"

#include <algorithm>
#include <string>
#include <vector>

#include "daylight/bytes/utf16.h"
#include "daylight/unpack/mail/coded_text.h"
#include "daylight/unpack/mail/header.h"
#include "daylight/unpack/mail/multipart.h"
#include "daylight/unpack/mail/passwords.h"
#include "daylight/unpack/mail/transfer.h"

namespace dl::unpack {

namespace mail {

namespace {

// What is decoded before it is read on: multiparts and messages that are encoded,
// which no standard allows, and texts with files in them.
constexpr std::size_t kMaxDecodedBytes = 16u << 20;
// Of the depth; each such level holds that many bytes.
constexpr int kEncodedLevels = 10;
// Before and behind the parts of a multipart usually is "This is a multi-part
// message in MIME format.". Longer texts there are given.
constexpr std::size_t kMaxUsualBytes = 256;
// Passwords are looked for in so many first parts.
constexpr int kMaxLookedParts = 100;

// Calls back for each part of a message that is none of a multipart, in their order.
class Walk {
 public:
  class Visitor {
   public:
    virtual ~Visitor() = default;
    // False: that was enough.
    virtual bool Part(const Entity& entity, int depth) = 0;
    virtual bool Between(std::string_view text) = 0;
    virtual void Multiparts(const Header& header) = 0;
    virtual void Closed(std::string_view reason, std::string_view detail) = 0;
  };
  explicit Walk(Visitor& visitor) : visitor_(visitor) {}

  bool Visit(std::string_view text, int depth, bool is_of_digest = false) {
    Entity entity = ReadEntity(text);
    // RFC 2046, 5.1.5.
    if (is_of_digest && entity.header.type.empty()) entity.header.type = "message/rfc822";
    if (!entity.header.is_multipart) return visitor_.Part(entity, depth);
    if (depth >= kMaxDepth) {
      visitor_.Closed(kUnsupported, "multiparts nested too deeply");
      return visitor_.Part(entity, depth);
    }
    visitor_.Multiparts(entity.header);
    return VisitMultipart(entity, depth);
  }

 private:
  bool VisitMultipart(const Entity& entity, int depth) {
    const Header& header = entity.header;
    Multipart multipart(entity.body, header.boundaries);
    const bool is_digest = header.type == "multipart/digest";
    if (multipart.has_parts()) {
      while (const auto section = multipart.Next()) {
        if (section->is_part ? !Visit(section->text, depth + 1, is_digest) : !visitor_.Between(section->text)) {
          return false;
        }
      }
      return true;
    }
    const auto encoding = std::find_if(header.encodings.begin(), header.encodings.end(),
                                       [](Encoding e) { return e != Encoding::kNone && e != Encoding::kUuencode; });
    if (encoding != header.encodings.end()) {
      const std::string decoded = Decode(entity.body, *encoding, kMaxDecodedBytes);
      Multipart inner(decoded, header.boundaries);
      if (inner.has_parts()) {
        if (decoded.size() == kMaxDecodedBytes) visitor_.Closed(kTooLarge, "an encoded multipart that is too large");
        while (const auto section = inner.Next()) {
          if (section->is_part && !Visit(section->text, depth + kEncodedLevels, is_digest)) return false;
        }
        return true;
      }
    }
    Entity as_text = entity;
    as_text.header.type.clear();
    return visitor_.Part(as_text, depth);
  }

  Visitor& visitor_;
};

// Passwords, where there is something they may be for.
class FindWords final : public Walk::Visitor {
 public:
  bool Part(const Entity& entity, int) override {
    const Header& header = entity.header;
    const bool is_read = header.IsText() && !header.is_attachment;
    if (is_read) {
      texts_.push_back({Decode(entity.body, header.encodings.front(), kMaxPasswordText), header.type == "text/html"});
    }
    has_files_ = has_files_ || !is_read;
    return ++looked_ < kMaxLookedParts;
  }
  bool Between(std::string_view) override { return true; }
  void Multiparts(const Header&) override {}
  void Closed(std::string_view, std::string_view) override {}

  void Tell(Sink& sink) const {
    const auto has_file = [](const Text& text) { return OpensCodedText(text.text); };
    if (!has_files_ && std::none_of(texts_.begin(), texts_.end(), has_file)) return;
    std::vector<std::string> told;
    for (const Text& text : texts_) {
      for (const std::string& word : FindPasswords(text.text, text.is_html, kMaxPasswords)) {
        if (std::find(told.begin(), told.end(), word) != told.end()) continue;
        sink.AddPassword(word);
        told.push_back(word);
        if (told.size() == kMaxPasswords) return;
      }
    }
  }

 private:
  struct Text {
    std::string text;
    bool is_html;
  };
  int looked_ = 0;
  bool has_files_ = false;
  std::vector<Text> texts_;
};

class Give final : public Walk::Visitor {
 public:
  explicit Give(Sink& sink) : sink_(sink) {}

  bool Part(const Entity& entity, int depth) override {
    const Header& header = entity.header;
    if (entity.body.empty()) return sink_.Pass();
    const std::string name = NameOf(header);
    if (header.type == "message/partial") {
      sink_.Closed(name, kUnsupported, "one piece of a message that is sent in several");
    }
    return std::all_of(header.encodings.begin(), header.encodings.end(),
                       [&](Encoding encoding) { return GiveDecoded(entity, name, encoding, depth); });
  }

  bool Between(std::string_view text) override {
    if (text.size() <= kMaxUsualBytes && !OpensCodedText(text)) return true;
    return sink_.Add({"between.txt", text.size()}, AsBytes(text)) && GiveFarFiles(text, "between.txt", Encoding::kNone);
  }

  void Multiparts(const Header& header) override {
    if (header.type == "multipart/encrypted") sink_.Closed("", kEncrypted, "an encrypted message (RFC 1847)");
  }
  void Closed(std::string_view reason, std::string_view detail) override { sink_.Closed("", reason, detail); }

 private:
  std::string NameOf(const Header& header) {
    if (!header.name.empty()) return header.name;
    const auto numbered = [](std::string stem, std::string_view ending, int number) {
      if (number > 1) stem += "-" + std::to_string(number);
      return stem.append(ending);
    };
    if (header.type == "text/html") return numbered("body", ".html", ++htmls_);
    if (header.IsText()) return numbered("body", ".txt", ++texts_);
    if (header.IsMessage()) return numbered("message", ".eml", ++messages_);
    return "";
  }

  bool GiveDecoded(const Entity& entity, const std::string& name, Encoding encoding, int depth) {
    std::string_view body = entity.body;
    if (encoding == Encoding::kNone) {
      if (entity.header.IsMessage()) return GiveMessage({name, body.size()}, body, sink_, depth + 1);
      if (!sink_.Add({name, body.size()}, AsBytes(body))) return false;
    } else if (encoding == Encoding::kUuencode) {
      // It has its own header, and a name, but the part's are those that are shown.
      if (OpensCodedText(body) && entity.header.name.empty()) return GiveCodedText(body, sink_);
      if (const std::size_t begin = body.find("begin "); begin == 0 || (begin != npos && body[begin - 1] == '\n')) {
        body.remove_prefix(begin);
        TakeLine(body);
      }
      const std::size_t end = body.rfind("\nend");
      if (end != npos) body = body.substr(0, end + 1);
      if (!GiveStream(name, body, encoding)) return false;
    } else {
      if (!GiveStream(name, body, encoding)) return false;
      if (entity.header.IsMessage()) return GiveEncodedMessage(name, body, encoding, depth + kEncodedLevels);
    }
    return !entity.header.IsText() || GiveFarFiles(body, name, encoding);
  }

  bool GiveStream(const std::string& name, std::string_view body, Encoding encoding) {
    TransferReader reader(body, encoding);
    const std::size_t size = encoding == Encoding::kQuotedPrintable ? body.size() : body.size() / 4 * 3;
    return sink_.AddStream({name, size},
                           [&](std::span<std::byte> out) -> Result<std::size_t> { return reader.Read(out); });
  }

  // RFC 2046, 5.2.1 forbids it, and all programs read it.
  bool GiveEncodedMessage(const std::string& name, std::string_view body, Encoding encoding, int depth) {
    if (LooksLikeMessage(Decode(body, encoding, Probe::kHeadBytes))) return true;  // So it is opened as a child.
    if (depth >= kMaxDepth) {
      sink_.Closed(name, kUnsupported, "messages nested too deeply");
      return true;
    }
    const std::string message = Decode(body, encoding, kMaxDecodedBytes);
    if (message.size() == kMaxDecodedBytes) sink_.Closed(name, kTooLarge, "an encoded message that is too large");
    return GiveParts(message, sink_, depth);
  }

  // Files that are coded in a text are found when the text is looked at as a child, if
  // they begin near its beginning.
  bool GiveFarFiles(std::string_view body, const std::string& name, Encoding encoding) {
    if (body.size() <= Probe::kHeadBytes) return true;
    if (encoding == Encoding::kNone) return OpensCodedText(body) || GiveCodedText(body, sink_);
    const std::string text = Decode(body, encoding, kMaxDecodedBytes);
    if (OpensCodedText(text)) return true;
    if (text.size() == kMaxDecodedBytes) sink_.Closed(name, kTooLarge, "too large to look for coded files in it");
    return GiveCodedText(text, sink_);
  }

  static constexpr std::size_t npos = std::string_view::npos;

  Sink& sink_;
  int texts_ = 0;
  int htmls_ = 0;
  int messages_ = 0;
};

}  // namespace

bool GiveParts(std::string_view message, Sink& sink, int depth) {
  message = SkipToHeader(message);
  {
    FindWords words;
    Walk(words).Visit(message, depth);
    words.Tell(sink);
  }
  Give give(sink);
  return Walk(give).Visit(message, depth);
}

bool GiveMessage(const ChildInfo& info, std::string_view message, Sink& sink, int depth) {
  if (message.empty()) return sink.Pass();
  if (!sink.Add(info, AsBytes(message))) return false;
  if (LooksLikeMessage(message.substr(0, Probe::kHeadBytes))) return true;
  if (depth >= kMaxDepth) {
    sink.Closed(info.name, kUnsupported, "messages nested too deeply");
    return true;
  }
  return GiveParts(message, sink, depth);
}

}  // namespace mail

namespace {

// Of a message in UTF-16, which is copied.
constexpr std::uint64_t kMaxWideBytes = std::uint64_t{64} << 20;

// By its mark only: no mail program reads such a message without one.
bool IsWide(const Probe& probe) { return probe.Has(0, "\xff\xfe") || probe.Has(0, "\xfe\xff"); }

// Behind the mark.
std::string Narrowed(Bytes bytes) {
  return Utf8FromUtf16(bytes.subspan(2), /*is_big_endian=*/bytes.front() == std::byte{0xfe});
}

bool Opens(const Probe& probe) {
  return IsWide(probe) ? mail::LooksLikeMessage(Narrowed(probe.head)) : mail::LooksLikeMessage(AsText(probe.head));
}

void Unpack(const Probe& probe, const ChildInfo&, Sink& sink) {
  const auto whole = probe.object.Whole(IsWide(probe) ? kMaxWideBytes : kMaxWholeBytes);
  if (!whole) return sink.Closed("", kTooLarge, "too large to be read as a message");
  if (IsWide(probe)) {
    mail::GiveParts(Narrowed(*whole), sink);
  } else {
    mail::GiveParts(AsText(*whole), sink);
  }
}

}  // namespace

const Unpacker kMail = {"mail", Opens, Unpack};

}  // namespace dl::unpack
