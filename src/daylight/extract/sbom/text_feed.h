// TextFeed gives the text of a file as UTF-8, piece by piece, and from its beginning as often as wanted.
//
//   TextFeed feed(source);
//   DL_TRY_STATUS(feed.Restart());
//   DL_TRY(std::string_view piece, feed.Next());     // empty at the end
//
// UTF-16 is told by its byte order mark or by the zero in its first character (RFC 4627, 3); a mark is left out. What
// is no valid UTF-8 stays as it is. A piece is valid until the next call.
#pragma once

#include <string>

#include "daylight/bytes/object_source.h"

namespace dl::sbom {

// A stream, which can only be read once, is kept in memory up to this size.
inline constexpr std::uint64_t kMaxStreamBytes = 256u << 20;

class TextFeed {
 public:
  explicit TextFeed(ObjectSource& source) : source_(source) {}
  Status Restart();
  Result<std::string_view> Next();
  // All bytes as they stand there; kBudget if they are more. Begin anew after that.
  Result<Bytes> Whole(std::uint64_t limit_bytes);

 private:
  enum class Encoding : std::uint8_t { kUnknown, kUtf8, kUtf16Le, kUtf16Be };

  Status Keep();
  Result<Bytes> NextBytes();
  void SetEncoding(Bytes& head);
  std::string_view Decode();

  ObjectSource& source_;
  Bytes memory_;                 // The whole, where it is there anyway.
  std::vector<std::byte> kept_;  // Of a stream.
  bool in_memory_ = false;
  bool begun_ = false;
  bool ended_ = false;
  Encoding encoding_ = Encoding::kUnknown;
  Bytes undecoded_;  // Of the current window.
  std::string decoded_;
  std::vector<std::byte> carry_;  // Part of a character at a window's end.
};

}  // namespace dl::sbom
