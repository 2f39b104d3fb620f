// The digests of one object, each computed once, whoever asks.
//
//   digests.Begin();
//   digests.Want(crypto kinds that are known to be needed);
//   digests.Update(bytes);                       // each byte once, in order
//   const auto sha256 = digests.Sha256(object);  // as it passed, or by reading again
#pragma once

#include <optional>

#include "daylight/bytes/object_source.h"
#include "daylight/crypto/digest.h"

namespace dl::scan {

class ObjectDigests {
 public:
  void Begin() { *this = ObjectDigests(); }
  // Before the first Update().
  void WantMd5() { md5_.emplace(); }
  void WantSha1() { sha1_.emplace(); }
  void WantSha256() { sha256_.emplace(); }
  bool wants_any() const { return md5_ || sha1_ || sha256_; }
  void Update(Bytes bytes);
  // After the last Update(). A digest that was not wanted is computed in a pass
  // of its own, with all others that still may be asked for.
  Result<crypto::Md5::Value> Md5(ObjectSource& object);
  Result<crypto::Sha1::Value> Sha1(ObjectSource& object);
  Result<crypto::Sha256::Value> Sha256(ObjectSource& object);

 private:
  Status ReadAgain(ObjectSource& object);

  std::optional<crypto::Md5> md5_;
  std::optional<crypto::Sha1> sha1_;
  std::optional<crypto::Sha256> sha256_;
  std::optional<crypto::Md5::Value> md5_value_;
  std::optional<crypto::Sha1::Value> sha1_value_;
  std::optional<crypto::Sha256::Value> sha256_value_;
};

}  // namespace dl::scan
