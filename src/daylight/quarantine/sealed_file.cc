#include "daylight/quarantine/sealed_file.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "daylight/base/check.h"
#include "daylight/bytes/cursor.h"
#include "daylight/os/io.h"
#include "daylight/report/encoder.h"

namespace dl::quarantine {

namespace {

constexpr std::string_view kMagic = "DLQUAR01";
constexpr std::size_t kSaltBytes = 32;
constexpr std::size_t kHeaderBytes = kMagic.size() + kSaltBytes + 8;  // The record's length, and zeros.
constexpr std::size_t kTagBytes = 16;
constexpr std::string_view kPurpose = "daylight quarantine, one file";

// What a chunk is, as the last byte of its nonce: none can be taken for another,
// and a file that was cut at a chunk's end has no last one.
enum class Part : unsigned char { kContent = 0, kLast = 1, kRecord = 2 };

EVP_CIPHER_CTX* Context(const internal::Cipher& cipher) { return static_cast<EVP_CIPHER_CTX*>(cipher.context.get()); }

unsigned char* Raw(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }
const unsigned char* Raw(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

internal::Cipher MakeCipher(const Key& key, std::string header) {
  internal::Cipher cipher;
  cipher.header = std::move(header);
  std::string message = cipher.header.substr(kMagic.size(), kSaltBytes);
  message += kPurpose;
  unsigned char own[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  // These fail only when memory or OpenSSL's default provider is missing.
  DL_CHECK(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), Raw(std::string_view(message)), message.size(),
                own, &size) != nullptr &&
           size == 32);
  cipher.context.reset(EVP_CIPHER_CTX_new());
  DL_CHECK(cipher.context != nullptr);
  DL_CHECK(EVP_CipherInit_ex(Context(cipher), EVP_aes_256_gcm(), nullptr, own, nullptr, 1) == 1);
  return cipher;
}

// The chunk's number never comes twice under one key, since each file has its own.
void Begin(internal::Cipher& cipher, Part part, bool seal) {
  unsigned char nonce[12] = {};
  for (int i = 0; i < 8; ++i) nonce[i] = static_cast<unsigned char>(cipher.counter >> (8 * i));
  nonce[11] = static_cast<unsigned char>(part);
  ++cipher.counter;
  int size = 0;
  DL_CHECK(EVP_CipherInit_ex(Context(cipher), nullptr, nullptr, nullptr, nonce, seal ? 1 : 0) == 1);
  DL_CHECK(EVP_CipherUpdate(Context(cipher), nullptr, &size, Raw(std::string_view(cipher.header)),
                            static_cast<int>(cipher.header.size())) == 1);
}

std::string Seal(internal::Cipher& cipher, Part part, std::string_view plain) {
  Begin(cipher, part, true);
  std::string out(plain.size() + kTagBytes, '\0');
  int size = 0;
  if (!plain.empty()) {
    DL_CHECK(EVP_CipherUpdate(Context(cipher), Raw(out), &size, Raw(plain), static_cast<int>(plain.size())) == 1);
  }
  int rest = 0;
  DL_CHECK(EVP_CipherFinal_ex(Context(cipher), Raw(out) + size, &rest) == 1);
  DL_CHECK(EVP_CIPHER_CTX_ctrl(Context(cipher), EVP_CTRL_AEAD_GET_TAG, kTagBytes, Raw(out) + plain.size()) == 1);
  return out;
}

// False when it is not what was sealed.
bool Unseal(internal::Cipher& cipher, Part part, std::string_view sealed, std::string& plain) {
  if (sealed.size() < kTagBytes) return false;
  Begin(cipher, part, false);
  const std::size_t n = sealed.size() - kTagBytes;
  std::string tag(sealed.substr(n));
  // OpenSSL wants somewhere to write even if there is nothing.
  plain.resize(n + 1);
  int size = 0;
  int rest = 0;
  const bool good =
      (n == 0 || EVP_CipherUpdate(Context(cipher), Raw(plain), &size, Raw(sealed), static_cast<int>(n)) == 1) &&
      EVP_CIPHER_CTX_ctrl(Context(cipher), EVP_CTRL_AEAD_SET_TAG, kTagBytes, Raw(tag)) == 1 &&
      EVP_CipherFinal_ex(Context(cipher), Raw(plain) + size, &rest) == 1;
  plain.resize(good ? n : 0);
  return good;
}

Status ReadAt(int fd, std::uint64_t offset, std::string& out) {
  std::size_t done = 0;
  while (done < out.size()) {
    const ssize_t n = ::pread(fd, out.data() + done, out.size() - done, static_cast<off_t>(offset + done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return Fail(ErrorCode::kIo, "cannot read the sealed file", static_cast<std::uint64_t>(errno));
    if (n == 0) return Fail(ErrorCode::kMalformed, "the sealed file is damaged: it ends early");
    done += static_cast<std::size_t>(n);
  }
  return {};
}

}  // namespace

void internal::CipherDeleter::operator()(void* context) const {
  EVP_CIPHER_CTX_free(static_cast<EVP_CIPHER_CTX*>(context));
}

std::uint64_t SealedBytes(std::uint64_t size, std::uint64_t record_size) {
  return kHeaderBytes + record_size + kTagBytes + size + (size / kChunkBytes + 1) * kTagBytes;
}

Result<SealedWriter> SealedWriter::Start(int fd, const Key& key, std::string_view record) {
  if (record.size() > kMaxRecordBytes) return Fail(ErrorCode::kBudget, "the record is too long");
  std::string salt(kSaltBytes, '\0');
  if (RAND_bytes(Raw(salt), static_cast<int>(salt.size())) != 1) {
    return Fail(ErrorCode::kIo, "OpenSSL has no random numbers");
  }
  report::Encoder header;
  header.PutRaw(kMagic);
  header.PutRaw(salt);
  header.PutU32(static_cast<std::uint32_t>(record.size()));
  header.PutU32(0);
  SealedWriter writer(fd, MakeCipher(key, header.Take()));
  DL_TRY_STATUS(os::WriteAll(fd, writer.cipher_.header));
  DL_TRY_STATUS(os::WriteAll(fd, Seal(writer.cipher_, Part::kRecord, record)));
  return writer;
}

Status SealedWriter::Write(Bytes bytes) {
  while (!bytes.empty()) {
    // A full chunk waits until more comes: it might be the last.
    if (waiting_.size() == kChunkBytes) {
      DL_TRY_STATUS(os::WriteAll(fd_, Seal(cipher_, Part::kContent, waiting_)));
      waiting_.clear();
    }
    const std::size_t n = std::min(bytes.size(), kChunkBytes - waiting_.size());
    waiting_.append(reinterpret_cast<const char*>(bytes.data()), n);
    bytes = bytes.subspan(n);
  }
  return {};
}

Status SealedWriter::Finish() { return os::WriteAll(fd_, Seal(cipher_, Part::kLast, waiting_)); }

Result<SealedReader> SealedReader::Open(int fd, const Key& key) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) {
    return Fail(ErrorCode::kIo, "cannot stat the sealed file", static_cast<std::uint64_t>(errno));
  }
  std::string header(kHeaderBytes, '\0');
  DL_TRY_STATUS(ReadAt(fd, 0, header));
  if (!header.starts_with(kMagic)) return Fail(ErrorCode::kMalformed, "this is no sealed file");
  Cursor cursor(std::as_bytes(std::span(header)));
  DL_TRY_STATUS(cursor.Skip(kMagic.size() + kSaltBytes));
  DL_TRY(const std::uint32_t record_size, cursor.ReadU32Le());
  if (record_size > kMaxRecordBytes) return Fail(ErrorCode::kMalformed, "the sealed file is damaged: its header");
  std::string record(record_size + kTagBytes, '\0');
  DL_TRY_STATUS(ReadAt(fd, kHeaderBytes, record));
  SealedReader reader(fd, MakeCipher(key, std::move(header)));
  if (!Unseal(reader.cipher_, Part::kRecord, record, reader.record_)) {
    return Fail(ErrorCode::kMalformed, "the sealed file is damaged, or was sealed with another key");
  }
  reader.size_ = static_cast<std::uint64_t>(info.st_size);
  reader.offset_ = kHeaderBytes + record.size();
  return reader;
}

Result<Bytes> SealedReader::Next() {
  if (ended_) return Bytes();
  const std::uint64_t left = size_ - std::min(size_, offset_);
  const bool last = left <= kChunkBytes + kTagBytes;
  sealed_.resize(static_cast<std::size_t>(last ? left : kChunkBytes + kTagBytes));
  DL_TRY_STATUS(ReadAt(fd_, offset_, sealed_));
  offset_ += sealed_.size();
  if (!Unseal(cipher_, last ? Part::kLast : Part::kContent, sealed_, plain_)) {
    return Fail(ErrorCode::kMalformed, "the sealed file is damaged");
  }
  ended_ = last;
  return std::as_bytes(std::span(std::as_const(plain_)));
}

}  // namespace dl::quarantine
