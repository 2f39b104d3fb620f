// The hash module computes digests of ranges of the object and of strings.
//
//   PrepareHash();  // Before the walls close.
//
// Rule sets compare the same few ranges with many digests, so the results of
// an object are kept for its scan.
#pragma once

namespace dl::yara {

// Loads OpenSSL's digests, which reads its configuration and providers, so
// that no file needs to be opened later. Any number of times, on any thread.
void PrepareHash();

}  // namespace dl::yara
