// The members of a container's tar, one after another, from memory: plain or
// compressed with gzip. Internal to this room.
//
//   TarStream tar(payload, kMaxTarBytes);
//   while (true) {
//     DL_TRY(const bool has_member, tar.Next());
//     if (!has_member) break;
//     if (tar.name() == "daily.info") DL_TRY(std::string info, tar.ReadMember());
//   }
//
// Borrows the payload. Decompresses no more than it is asked for, and never more
// than the limit. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "daylight/base/error.h"
#include "daylight/bytes/cursor.h"

struct z_stream_s;

namespace dl::clamav {

class TarStream {
 public:
  TarStream(Bytes payload, std::uint64_t limit_bytes);
  ~TarStream();
  TarStream(const TarStream&) = delete;
  TarStream& operator=(const TarStream&) = delete;

  // Goes to the next member; what was not read of the one before is skipped.
  // False at the end.
  Result<bool> Next();
  std::string_view name() const { return name_; }
  std::uint64_t size() const { return size_; }
  // All of the member; once.
  Result<std::string> ReadMember();

 private:
  // Exactly out.size() bytes, or fewer at the end of the stream.
  Result<std::size_t> Read(std::span<char> out);
  Result<std::size_t> Inflate(std::span<char> out);
  Status SkipBytes(std::uint64_t n);

  Cursor input_;
  std::uint64_t left_;  // Of the limit.
  std::unique_ptr<z_stream_s> stream_;
  bool is_open_ = false;  // The stream is initialised.
  bool has_ended_ = false;
  std::string name_;
  std::uint64_t size_ = 0;
  std::uint64_t unread_ = 0;  // Of the member, with its padding.
};

}  // namespace dl::clamav
