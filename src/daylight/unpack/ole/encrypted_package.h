// Newer documents that are encrypted with a password ([MS-OFFCRYPTO]): a compound
// file of two streams, how it was done and what it was done to.
//
//   const auto info = ParseEncryptionInfo(stream);
//   if (const auto key = KeyOfPackage(*info, password)) DecryptPackage(*info, *key, bytes, 0, out);
//
// Standard and Agile encryption by AES are read; certificates, other ciphers and the
// older ways are not. KeyOfPackage() takes tens of milliseconds, as it is meant to.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "daylight/base/error.h"
#include "daylight/bytes/bytes.h"

namespace dl::unpack {

// Excel opens what has this one without asking.
inline constexpr std::string_view kExcelPassword = "VelvetSweatshop";

struct EncryptionInfo {
  bool is_agile = false;
  std::string hash;  // As OpenSSL names it; of the password.
  std::uint32_t spin_count = 0;
  std::size_t key_bytes = 0;
  std::vector<std::byte> salt;
  std::vector<std::byte> verifier;
  std::vector<std::byte> verifier_hash;
  // Agile only: the key that the password opens, and how the package's pieces differ.
  std::vector<std::byte> sealed_key;
  std::size_t package_key_bytes = 0;
  std::string package_hash;
  std::vector<std::byte> package_salt;
};

// 2.3.4.5 and 2.3.4.10. kUnsupported where it is encrypted in another way, kBudget
// where a try would take seconds.
Result<EncryptionInfo> ParseEncryptionInfo(Bytes stream);

// 2.3.4.7, 2.3.4.9, 2.3.4.11 and 2.3.4.13. Nothing where it is not the password, UTF-8.
std::optional<std::vector<std::byte>> KeyOfPackage(const EncryptionInfo& info, std::string_view password);

// 2.3.4.4 and 2.3.4.15: a piece of what follows the package's size, at most
// kPieceBytes of it, and decrypted at its place. False where it is not whole blocks.
inline constexpr std::size_t kPieceBytes = 4096;
bool DecryptPackage(const EncryptionInfo& info, Bytes key, std::uint32_t piece_number, std::span<std::byte> piece);

// Loads what OpenSSL would load at its first use.
void PrepareEncryptedPackage();

}  // namespace dl::unpack
