#include "daylight/policy/statement.h"

#include <sys/stat.h>

#include <cerrno>

#include "daylight/bytes/bytes.h"
#include "daylight/os/io.h"

namespace dl::policy {

namespace {

constexpr std::uint64_t kMostKeyBytes = 64 * 1024;

}  // namespace

Result<crypto::SigningKey> LoadSigningKey(const std::string& path) {
  DL_TRY(const os::Fd fd, os::OpenRegular(path));
  struct stat info {};
  if (!os::StatOpen(fd.get(), info))
    return Fail(ErrorCode::kIo, "cannot look at the key", static_cast<std::uint64_t>(errno));
  if ((info.st_mode & (S_IROTH | S_IWOTH)) != 0) {
    return Fail(ErrorCode::kUnsupported,
                "anyone may read or change this key: take that away with `chmod o=` before it is used");
  }
  DL_TRY(std::string pem, os::ReadAll(fd.get(), kMostKeyBytes));
  auto key = crypto::SigningKey::Parse(pem);
  crypto::WipeSecret(pem);
  return key;
}

Result<crypto::VerifyingKey> LoadVerifyingKey(const std::string& path) {
  DL_TRY(const std::string pem, os::ReadFile(path, kMostKeyBytes));
  return crypto::VerifyingKey::Parse(pem);
}

std::string Sign(std::string_view statement, const crypto::SigningKey& key) {
  const crypto::Signature signature = key.Sign(AsBytes(statement));
  return {reinterpret_cast<const char*>(signature.data()), signature.size()};
}

bool Verify(std::string_view statement, std::string_view signature, const crypto::VerifyingKey& key) {
  return key.Verify(AsBytes(statement), AsBytes(signature));
}

Result<std::string> ReadSignature(const std::string& path) {
  auto bytes = os::ReadFile(path, crypto::kSignatureBytes);
  const bool too_long = !bytes && bytes.error().code == ErrorCode::kBudget;
  if (too_long || (bytes && bytes->size() != crypto::kSignatureBytes)) {
    return Fail(ErrorCode::kMalformed, "a signature has 64 bytes");
  }
  return bytes;
}

}  // namespace dl::policy
