// Decryption by PDF's standard security handler (ISO 32000-1, 7.6; ISO 32000-2, 7.6):
// RC4 and AES, revisions 2 to 6.
//
//   const std::unique_ptr<Decryptor> key = Decryptor::Open(encrypt, id, passwords);
//   if (key != nullptr) text = key->Decrypt(key->stream_method(), number, generation, text);
//
// Needs no randomness. PrepareCrypt() loads what OpenSSL would load at its first use.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "daylight/unpack/pdf/pdf_object.h"

namespace dl::unpack::pdf {

enum class CryptMethod : std::uint8_t { kNone, kRc4, kAes128, kAes256, kUnknown };

class Decryptor {
 public:
  // `encrypt`: the dictionary, without references. `id`: the first string of the
  // trailer's /ID. Null: none of the passwords, nor the empty one, opens it.
  static std::unique_ptr<Decryptor> Open(const Value& encrypt, std::string_view id,
                                         std::span<const std::string> passwords);

  // By a crypt filter's name; of streams, strings and embedded files.
  CryptMethod MethodOf(std::string_view filter) const;
  CryptMethod stream_method() const { return stream_; }
  CryptMethod string_method() const { return string_; }
  CryptMethod file_method() const { return file_; }
  bool encrypts_metadata() const { return encrypts_metadata_; }

  // 7.6.2, algorithm 1. What is too short or not padded gives what there is.
  std::string Decrypt(CryptMethod method, std::int64_t number, std::int64_t generation, std::string_view text) const;

 private:
  bool TryPassword(std::string_view password);
  bool TryOld(std::string_view password);
  bool TryNew(std::string_view password);
  std::string KeyOf(std::string_view password) const;
  std::string UserEntry(std::string_view key) const;

  Value encrypt_;
  std::string id_;
  std::string key_;
  std::int64_t version_ = 0;
  std::int64_t revision_ = 0;
  std::size_t key_bytes_ = 5;
  bool encrypts_metadata_ = true;
  CryptMethod stream_ = CryptMethod::kRc4;
  CryptMethod string_ = CryptMethod::kRc4;
  CryptMethod file_ = CryptMethod::kRc4;
};

void PrepareCrypt();

}  // namespace dl::unpack::pdf
