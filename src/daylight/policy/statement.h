// A statement is the JSON report of a policy check (reports/reports.h), and a signature over its bytes, in a file of
// its own beside it: what was looked at, when, with which policy, and what came of it, as the key's holder says.
//
//   DL_TRY(const crypto::SigningKey key, policy::LoadSigningKey("key.pem"));
//   const std::string statement = policy::WriteJson(assessment);
//   const std::string signature = policy::Sign(statement, key);  // For report.json.sig.
//
// The signature is Ed25519 (RFC 8032), 64 bytes as they are:
//
//   openssl pkeyutl -verify -pubin -inkey public.pem -rawin -in report.json -sigfile report.json.sig
//
// Functions of their arguments; any thread.
#pragma once

#include <string>
#include <string_view>

#include "daylight/base/error.h"
#include "daylight/crypto/signature.h"

namespace dl::policy {

// A PEM file as `openssl genpkey -algorithm ed25519` writes it. A file that others than its owner and its group may
// read or write is refused: what anyone could have signed says nothing. Encrypted keys are refused, too: no passphrase
// is asked for. Errors: os::Describe() has the words.
Result<crypto::SigningKey> LoadSigningKey(const std::string& path);
// As `openssl pkey -pubout` writes it.
Result<crypto::VerifyingKey> LoadVerifyingKey(const std::string& path);

// 64 bytes.
std::string Sign(std::string_view statement, const crypto::SigningKey& key);
bool Verify(std::string_view statement, std::string_view signature, const crypto::VerifyingKey& key);

// kMalformed for a file of another length.
Result<std::string> ReadSignature(const std::string& path);

}  // namespace dl::policy
