// CleanCache remembers, by their digest, bytes in which nothing was found: the same
// attachment comes to a thousand people.
//
//   CleanCache cache(65536);
//   const CleanCache::Key key = cache.KeyOf(bytes, names);
//   if (cache.Has(key)) ...           // Clean.
//   cache.Add(key);                   // Once a worker has said so, of these very bytes.
//   cache.Forget();                   // Other content, other settings.
//
// The digest is SHA-256, taken here, of the bytes that the worker was given, so nobody
// who can make two files of one digest, or change one meanwhile, gets one for the other.
// A worker that is taken over can only spoil what it was itself given. A fixed table:
// what is new takes the place of something old. One thread.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "daylight/report/jobs.h"

namespace dl::daemon {

class CleanCache {
 public:
  using Key = std::array<std::uint8_t, 32>;
  // `entries`: 0 for none; rounded up to a power of two.
  explicit CleanCache(std::size_t entries);

  // `names`: part of the question where the content has rules about names.
  static Key KeyOf(std::string_view bytes, const report::ObjectNames* names);
  bool Has(const Key& key) const;
  void Add(const Key& key);
  void Forget();
  std::uint64_t hits() const { return hits_; }

 private:
  // Places that a digest may be in: enough that what is asked for often stays.
  static constexpr std::size_t kWays = 4;
  std::size_t SetOf(const Key& key) const;
  std::vector<Key> keys_;  // All zeros: empty. No bytes have that digest, as far as anyone knows.
  std::size_t sets_ = 0;
  std::size_t next_way_ = 0;
  mutable std::uint64_t hits_ = 0;
};

}  // namespace dl::daemon
