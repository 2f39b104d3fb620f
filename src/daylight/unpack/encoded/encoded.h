// Runs of encoded bytes in text: scripts, macros, sources, configuration. See
// runs.h for which; each that is worth it is a child, "encoded N", once decoded.
//
// Markup and mail have readers of their own, which find what is in them. Of an object
// past kMaxWholeBytes, or of one that only passes, it is told where there is a run.
#pragma once

#include <vector>

#include "daylight/unpack/unpacker.h"

namespace dl::unpack {

extern const Unpacker kEncoded;

// Whether text that cannot be held has encoded runs.
//
//   EncodedWatch watch(head);
//   while (pull(piece)) watch.See(piece);
//   if (watch.Finish()) sink.Closed(name, kTooLarge, "...");
class EncodedWatch {
 public:
  // `head`: its first bytes, to tell whether it is text; they are seen with the others.
  explicit EncodedWatch(Bytes head);
  void See(Bytes bytes);
  bool Finish();

 private:
  void Look();

  bool is_looking_;
  bool is_mail_;
  bool has_seen_ = false;
  std::vector<std::byte> window_;
};

}  // namespace dl::unpack
