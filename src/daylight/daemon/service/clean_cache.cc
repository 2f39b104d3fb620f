#include "daylight/daemon/service/clean_cache.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <string>

#include "daylight/crypto/digest.h"

namespace dl::daemon {

CleanCache::CleanCache(std::size_t entries) {
  if (entries == 0) return;
  sets_ = std::bit_ceil(std::max<std::size_t>(1, entries / kWays));
  keys_.resize(sets_ * kWays);
}

CleanCache::Key CleanCache::KeyOf(std::string_view bytes, const report::ObjectNames* names) {
  crypto::Sha256 sha256;
  // So that no bytes are taken for names and other bytes.
  const char kind = names != nullptr ? 1 : 0;
  sha256.Update(AsBytes(std::string_view(&kind, 1)));
  if (names != nullptr) {
    for (const std::string* name :
         {&names->object, &names->filename, &names->filepath, &names->extension, &names->filetype, &names->owner}) {
      const std::uint64_t size = name->size();
      char length[sizeof(size)];
      std::memcpy(length, &size, sizeof(size));
      sha256.Update(AsBytes(std::string_view(length, sizeof(length))));
      sha256.Update(AsBytes(*name));
    }
  }
  sha256.Update(AsBytes(bytes));
  const auto value = sha256.Finish();
  Key key{};
  std::memcpy(key.data(), value.data(), key.size());
  return key;
}

// A digest is as good as any hash of itself.
std::size_t CleanCache::SetOf(const Key& key) const {
  std::uint64_t number = 0;
  std::memcpy(&number, key.data(), sizeof(number));
  return static_cast<std::size_t>(number) & (sets_ - 1);
}

bool CleanCache::Has(const Key& key) const {
  if (sets_ == 0) return false;
  const auto set = keys_.begin() + static_cast<std::ptrdiff_t>(SetOf(key) * kWays);
  const bool has = std::find(set, set + kWays, key) != set + kWays;
  if (has) ++hits_;
  return has;
}

void CleanCache::Add(const Key& key) {
  if (sets_ == 0) return;
  const auto set = keys_.begin() + static_cast<std::ptrdiff_t>(SetOf(key) * kWays);
  if (std::find(set, set + kWays, key) != set + kWays) return;
  auto place = std::find(set, set + kWays, Key{});
  if (place == set + kWays) place = set + static_cast<std::ptrdiff_t>(next_way_++ % kWays);
  *place = key;
}

void CleanCache::Forget() { std::fill(keys_.begin(), keys_.end(), Key{}); }

}  // namespace dl::daemon
