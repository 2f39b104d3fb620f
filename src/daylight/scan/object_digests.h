// The digests of one object, each computed once, whoever asks.
//
//   digests.Begin();
//   digests.Want(kind);                          // for each that is known to be needed
//   digests.Update(bytes);                       // each byte once, in order
//   DL_TRY(const Bytes sha256, digests.Get(object, crypto::DigestKind::kSha256));
//
// What was wanted before the first byte is computed as the bytes pass. The rest
// needs another pass over the object, which computes all that are wanted by
// then. In both, each piece is hashed by all while it is in the cache.
#pragma once

#include <array>
#include <optional>

#include "daylight/bytes/object_source.h"
#include "daylight/crypto/digest.h"

namespace dl::scan {

class ObjectDigests {
 public:
  using Kind = crypto::DigestKind;

  void Begin() { *this = ObjectDigests(); }
  void Want(Kind kind);
  bool wants_any() const;
  void Update(Bytes bytes);
  // After the last Update(). Valid until Begin(). kUnsupported where the object
  // cannot be read again.
  Result<Bytes> Get(ObjectSource& object, Kind kind);

 private:
  struct One {
    bool is_wanted = false;
    std::optional<crypto::AnyDigest> running;
    std::optional<crypto::AnyDigestValue> value;
  };
  One& Of(Kind kind) { return all_[static_cast<std::size_t>(kind)]; }
  void Hash(Bytes bytes);
  void FinishRunning();
  Status ReadAgain(ObjectSource& object);

  std::array<One, crypto::kDigestKinds.size()> all_;
  bool has_passed_ = false;  // The first byte has.
};

}  // namespace dl::scan
