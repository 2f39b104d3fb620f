// The digest of an installer that its signature is about.
//
//   MsiDigest(file, bytes.size(), "sha256")  // lowercase hexadecimal
//
// There is no specification: it is the contents of all streams but the signature's, in the order of their names,
// and each storage's class behind its own; where there is a second signature stream, a digest of the directory's
// records comes first. osslsigncode makes and verifies the same, which the golden files come from.
#pragma once

#include <optional>
#include <string>

#include "daylight/unpack/ole/compound_file.h"

namespace dl::yara::msi_module {

// Whether it is the stream that a signature stands in; there may be one in the root.
bool IsSignature(const unpack::CompoundFile::Entry& entry);

// By the algorithm of that OpenSSL name. Absent where there is no such one, where a stream ends before it should, and
// where there is more to digest than `most_bytes`, as when streams share their sectors.
std::optional<std::string> MsiDigest(const unpack::CompoundFile& file, std::uint64_t most_bytes,
                                     const std::string& algorithm);

}  // namespace dl::yara::msi_module
