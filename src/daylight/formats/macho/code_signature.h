// What an image's embedded signature says: the entitlements that it claims and
// the certificates that it carries. Nothing is verified here.
//
//   ReadCodeSignature(superblob, limits, image.entitlements, image.certificates);
//
// Internal to formats/macho, but for Certificate.
#pragma once

#include <string>
#include <vector>

#include "daylight/bytes/bytes.h"
#include "daylight/formats/macho/limits.h"

namespace dl::macho {

// Distinguished names as "C=US, O=Apple Inc., CN=Apple Root CA".
struct Certificate {
  std::string issuer;
  std::string subject;
  bool is_self_signed = false;
};

void ReadCodeSignature(Bytes superblob, Limits& limits, std::vector<std::string>& entitlements,
                       std::vector<Certificate>& certificates);

}  // namespace dl::macho
