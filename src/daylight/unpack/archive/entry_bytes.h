// The bytes of one entry of an archive that libarchive reads, piece by piece.
//
//   EntryBytes bytes(reader, is_sparse);
//   const std::size_t n = bytes.Pull(out);   // 0 at the end; then ask has_failed().
#pragma once

#include <optional>
#include <span>

#include "daylight/base/error.h"
#include "daylight/bytes/bytes.h"

struct archive;

namespace dl::unpack {

class EntryBytes {
 public:
  // `has_holes`: what the archive leaves out between pieces is zeros; offsets of xar
  // count from elsewhere, and mean nothing.
  EntryBytes(::archive* reader, bool has_holes) : reader_(reader), has_holes_(has_holes) {}

  // All bytes of an entry of this size where they lie, until the reader is asked
  // again; nothing, and none are lost, if it does not have them at once.
  std::optional<Bytes> AtOnce(std::uint64_t size);
  std::size_t Pull(std::span<std::byte> out);
  // After Pull() gave 0: not all bytes were there, or they are not what they should
  // be; the reader has words for it.
  bool has_failed() const;
  // All bytes were given, but their checksum or their number is not what it should be.
  bool is_doubtful() const { return is_doubtful_; }
  // The same, and no entry behind it can be read either.
  bool has_ended_all() const;

 private:
  // False: there is no further block.
  bool NextBlock();

  ::archive* reader_;
  bool has_holes_;
  Bytes block_;  // Libarchive's, until it is asked for the next.
  std::uint64_t hole_ = 0;
  std::uint64_t position_ = 0;
  int status_ = 0;
  bool is_doubtful_ = false;
};

}  // namespace dl::unpack
