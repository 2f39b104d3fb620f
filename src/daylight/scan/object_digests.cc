#include "daylight/scan/object_digests.h"

namespace dl::scan {

void ObjectDigests::Update(Bytes bytes) {
  if (md5_) md5_->Update(bytes);
  if (sha1_) sha1_->Update(bytes);
  if (sha256_) sha256_->Update(bytes);
}

// Whoever looks a digest up in a list of allowed ones looks all kinds up.
Status ObjectDigests::ReadAgain(ObjectSource& object) {
  crypto::Md5 md5;
  crypto::Sha1 sha1;
  crypto::Sha256 sha256;
  DL_TRY_STATUS(object.Rewind());
  while (true) {
    DL_TRY(const Window window, object.NextWindow(0));
    md5.Update(window.bytes);
    sha1.Update(window.bytes);
    sha256.Update(window.bytes);
    if (window.last) break;
  }
  md5_value_ = md5.Finish();
  sha1_value_ = sha1.Finish();
  sha256_value_ = sha256.Finish();
  return {};
}

Result<crypto::Md5::Value> ObjectDigests::Md5(ObjectSource& object) {
  if (!md5_value_ && md5_) md5_value_ = md5_->Finish();
  if (!md5_value_) DL_TRY_STATUS(ReadAgain(object));
  return *md5_value_;
}

Result<crypto::Sha1::Value> ObjectDigests::Sha1(ObjectSource& object) {
  if (!sha1_value_ && sha1_) sha1_value_ = sha1_->Finish();
  if (!sha1_value_) DL_TRY_STATUS(ReadAgain(object));
  return *sha1_value_;
}

Result<crypto::Sha256::Value> ObjectDigests::Sha256(ObjectSource& object) {
  if (!sha256_value_ && sha256_) sha256_value_ = sha256_->Finish();
  if (!sha256_value_) DL_TRY_STATUS(ReadAgain(object));
  return *sha256_value_;
}

}  // namespace dl::scan
