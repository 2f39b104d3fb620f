#include "daylight/daemon/service/clean_cache.h"

#include <gtest/gtest.h>

#include <string>

namespace dl::daemon {
namespace {

TEST(CleanCacheTest, KnowsWhatItWasToldUntilItForgets) {
  CleanCache cache(64);
  const auto key = CleanCache::KeyOf("bytes", nullptr);
  EXPECT_FALSE(cache.Has(key));
  cache.Add(key);
  EXPECT_TRUE(cache.Has(key));
  EXPECT_FALSE(cache.Has(CleanCache::KeyOf("bytes ", nullptr)));
  EXPECT_EQ(cache.hits(), 1u);
  cache.Forget();
  EXPECT_FALSE(cache.Has(key));
}

TEST(CleanCacheTest, NamesArePartOfTheQuestionAndDoNotRunIntoEachOther) {
  report::ObjectNames a;
  a.filename = "ab";
  a.filepath = "c";
  report::ObjectNames b;
  b.filename = "a";
  b.filepath = "bc";
  EXPECT_NE(CleanCache::KeyOf("x", &a), CleanCache::KeyOf("x", &b));
  EXPECT_NE(CleanCache::KeyOf("x", &a), CleanCache::KeyOf("x", nullptr));
  // Bytes that look like the names of other bytes.
  const report::ObjectNames none;
  EXPECT_NE(CleanCache::KeyOf("x", &none), CleanCache::KeyOf(std::string(48, '\0') + "x", nullptr));
}

TEST(CleanCacheTest, IsNeverLargerThanItWasMade) {
  CleanCache cache(64);
  for (int i = 0; i < 10'000; ++i) cache.Add(CleanCache::KeyOf(std::to_string(i), nullptr));
  int known = 0;
  for (int i = 0; i < 10'000; ++i) known += cache.Has(CleanCache::KeyOf(std::to_string(i), nullptr)) ? 1 : 0;
  EXPECT_EQ(known, 64);
  // The last one is there.
  EXPECT_TRUE(cache.Has(CleanCache::KeyOf("9999", nullptr)));
}

TEST(CleanCacheTest, NoneAtAll) {
  CleanCache cache(0);
  cache.Add(CleanCache::KeyOf("x", nullptr));
  EXPECT_FALSE(cache.Has(CleanCache::KeyOf("x", nullptr)));
}

}  // namespace
}  // namespace dl::daemon
