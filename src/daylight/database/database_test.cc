#include "daylight/database/database.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "daylight/database/view.h"

namespace dl::database {
namespace {

constexpr SectionKind kOne = MakeSectionKind("ONE ");
constexpr SectionKind kTwo = MakeSectionKind("TWO ");

std::vector<std::byte> Filled(std::size_t n, int seed) {
  std::vector<std::byte> bytes(n);
  for (std::size_t i = 0; i < n; ++i)
    bytes[i] = static_cast<std::byte>((i * 7 + static_cast<std::size_t>(seed)) & 0xff);
  return bytes;
}

std::vector<std::byte> Sample() {
  Writer writer;
  writer.AddSection(kOne, 0, Filled(1000, 1));
  writer.AddSection(kTwo, 0, Filled(kPageBytes * 2 + 5, 2));
  writer.AddSection(kOne, 1, {});
  return writer.Finish();
}

TEST(DatabaseTest, GivesBackWhatWasWritten) {
  auto database = Database::FromBytes(Sample());
  ASSERT_TRUE(database) << database.error().what;
  EXPECT_EQ((*database)->unit_count(), 2u);
  const Bytes one = *(*database)->Section(kOne, 0);
  EXPECT_EQ(std::vector<std::byte>(one.begin(), one.end()), Filled(1000, 1));
  const Bytes two = *(*database)->Section(kTwo, 0);
  EXPECT_EQ(std::vector<std::byte>(two.begin(), two.end()), Filled(kPageBytes * 2 + 5, 2));
  EXPECT_TRUE((*database)->Section(kOne, 1)->empty());
  EXPECT_TRUE((*database)->Section(kTwo, 1)->empty());
  EXPECT_TRUE((*database)->VerifyAll());
}

// Sections that end before, at and behind the ends of pages, and empty ones.
TEST(DatabaseTest, AFileIsTheSameHoweverItIsWritten) {
  for (const std::size_t first : {0u, 1u, 64u, kPageBytes - 64, kPageBytes - 1, kPageBytes, kPageBytes + 1}) {
    Writer writer;
    const std::vector<std::byte> borrowed = Filled(3 * kPageBytes + 17, 4);
    writer.AddSection(kOne, 0, Filled(first, 1));
    writer.AddSection(kTwo, 0, {});
    writer.AddBorrowed(kOne, 1, borrowed);
    writer.AddSection(kTwo, 1, Filled(100, 3));
    const std::vector<std::byte> whole = writer.Finish();
    const int fd = ::memfd_create("database", 0);
    ASSERT_GE(fd, 0);
    const auto written = writer.WriteTo(fd);
    ASSERT_TRUE(written);
    EXPECT_EQ(*written, whole.size());
    std::vector<std::byte> read(whole.size() + 1);
    EXPECT_EQ(::pread(fd, read.data(), read.size(), 0), static_cast<ssize_t>(whole.size()));
    ::close(fd);
    read.pop_back();
    EXPECT_EQ(read, whole);
    const auto database = Database::FromBytes(Bytes(whole));
    ASSERT_TRUE(database);
    EXPECT_TRUE((*database)->VerifyAll());
    const Bytes again = *(*database)->Section(kOne, 1);
    EXPECT_TRUE(std::equal(again.begin(), again.end(), borrowed.begin(), borrowed.end()));
  }
  EXPECT_FALSE(Writer().WriteTo(-1));
}

TEST(DatabaseTest, EveryTruncationIsAnError) {
  const std::vector<std::byte> sample = Sample();
  for (std::size_t n = 0; n < sample.size(); n += n < 5000 ? 1 : 997) {
    EXPECT_FALSE(Database::FromBytes(Bytes(sample).first(n))) << n;
  }
  std::vector<std::byte> longer = sample;
  longer.push_back(std::byte{0});
  EXPECT_FALSE(Database::FromBytes(Bytes(longer)));
}

TEST(DatabaseTest, EveryFlippedBitIsFound) {
  const std::vector<std::byte> sample = Sample();
  const std::size_t body = 4096;
  for (std::size_t at = 0; at < sample.size(); at += at < 200 ? 1 : 311) {
    std::vector<std::byte> damaged = sample;
    damaged[at] ^= std::byte{0x10};
    auto database = Database::FromBytes(Bytes(damaged));
    if (!database) continue;
    // The padding between the head and the sections carries nothing.
    if (at < body) continue;
    EXPECT_FALSE((*database)->VerifyAll()) << at;
  }
}

TEST(DatabaseTest, ForeignAndNewerFilesAreNamed) {
  std::vector<std::byte> foreign(4096, std::byte{'x'});
  EXPECT_EQ(Database::FromBytes(Bytes(foreign)).error().what, "not a Daylight database (wrong magic)");
  std::vector<std::byte> newer = Sample();
  newer[8] = std::byte{99};
  EXPECT_EQ(Database::FromBytes(Bytes(newer)).error().code, ErrorCode::kUnsupported);
}

// Sections hold arrays, which must be aligned wherever the bytes come from.
TEST(DatabaseTest, BytesThatAreNotAlignedAreCopied) {
  const std::vector<std::byte> sample = Sample();
  std::vector<std::byte> shifted(sample.size() + 1);
  std::copy(sample.begin(), sample.end(), shifted.begin() + 1);
  auto database = Database::FromBytes(Bytes(shifted).subspan(1));
  ASSERT_TRUE(database) << database.error().what;
  const Bytes section = *(*database)->Section(kTwo, 0);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(section.data()) % alignof(std::max_align_t), 0u);
}

// Two sections of a kind in a unit: which one counts would be anyone's guess.
TEST(DatabaseTest, ASectionThatIsThereTwiceIsMalformed) {
  std::vector<std::byte> forged = Sample();
  std::memcpy(forged.data() + 64 + 32, forged.data() + 64, 8);  // Kind and unit of the first entry.
  std::memset(forged.data() + 48, 0, 8);
  const std::size_t head = 64 + 3 * 32 + 8 * 3;
  const std::uint64_t sum = XXH3_64bits(forged.data(), head);
  std::memcpy(forged.data() + 48, &sum, sizeof sum);
  auto database = Database::FromBytes(std::move(forged));
  ASSERT_FALSE(database);
  EXPECT_EQ(database.error().what, "the database has a section twice");
}

TEST(ViewTest, PastTheEndIsZero) {
  const std::uint32_t items[] = {5, 6};
  const View<std::uint32_t> view(std::as_bytes(std::span(items)));
  EXPECT_EQ(view[1], 6u);
  EXPECT_EQ(view[2], 0u);
  EXPECT_EQ(view.Range(1, 5).size(), 1u);
  EXPECT_TRUE(view.Range(3, 1).empty());
}

// Whose size divides no page's.
struct Triple {
  std::uint64_t index;
  std::uint64_t same;
  std::uint64_t again;
};

std::vector<std::byte> TripleFile(std::size_t count) {
  std::vector<Triple> triples(count);
  for (std::size_t i = 0; i < count; ++i) triples[i] = {i, i, i};
  Writer writer;
  writer.AddSection(kOne, 0, Filled(1100, 1));
  writer.AddArray(kTwo, 0, triples);
  return writer.Finish();
}

// What is read from `first` on, page by page, until nothing more comes.
std::size_t ReadByPages(const LazyView<Triple>& view, std::size_t first) {
  std::size_t read = 0;
  while (true) {
    const std::span<const Triple> part = view.OnPageFrom(first + read);
    if (part.empty()) return read;
    for (const Triple& triple : part) {
      EXPECT_EQ(triple.index, first + read);
      EXPECT_EQ(triple.again, first + read);
      ++read;
    }
  }
}

TEST(LazyViewTest, PagesEndAmidElements) {
  constexpr std::size_t kCount = 4 * kPageBytes / sizeof(Triple);
  const auto database = Database::FromBytes(TripleFile(kCount));
  ASSERT_TRUE(database);
  const Bytes bytes = *(*database)->SectionUnchecked(kTwo, 0);
  for (const Database* checks : {static_cast<const Database*>(nullptr), database->get()}) {
    const LazyView<Triple> view(bytes, checks);
    for (const std::size_t first : {std::size_t{0}, std::size_t{1}, kCount / 2, kCount - 1}) {
      EXPECT_EQ(ReadByPages(view, first), kCount - first);
    }
    EXPECT_TRUE(view.OnPageFrom(kCount).empty());
    EXPECT_TRUE(view.OnPageFrom(~std::size_t{0}).empty());
  }
  EXPECT_FALSE((*database)->damaged());
}

TEST(LazyViewTest, NothingOfADamagedPageIsRead) {
  constexpr std::size_t kCount = 4 * kPageBytes / sizeof(Triple);
  std::vector<std::byte> file = TripleFile(kCount);
  std::size_t on_first = 0;  // Bytes of the section.
  {
    const auto sound = Database::FromBytes(Bytes(file));
    ASSERT_TRUE(sound);
    const Bytes bytes = *(*sound)->SectionUnchecked(kTwo, 0);
    on_first = (*sound)->BytesOnPage(bytes.data());
    ASSERT_NE(on_first % sizeof(Triple), 0u);
    file[static_cast<std::size_t>(bytes.data() - (*sound)->file().data()) + on_first + 100] ^= std::byte{1};
  }
  const auto database = Database::FromBytes(Bytes(file));
  ASSERT_TRUE(database);
  const LazyView<Triple> view(*(*database)->SectionUnchecked(kTwo, 0), database->get());
  const std::size_t whole = on_first / sizeof(Triple);
  EXPECT_EQ(ReadByPages(view, 0), whole);
  EXPECT_TRUE((*database)->damaged());
  EXPECT_EQ(view[whole].index, 0u);
  EXPECT_EQ(view[whole + 1].index, 0u);
  const std::size_t behind = (on_first + kPageBytes) / sizeof(Triple);  // Begins on the damaged page.
  EXPECT_TRUE(view.OnPageFrom(behind).empty());
  EXPECT_EQ(ReadByPages(view, behind + 1), kCount - behind - 1);
}

}  // namespace
}  // namespace dl::database
