#include <gtest/gtest.h>
#include <sqlite3.h>
#include <zlib.h>

#include <functional>

#include "daylight/base/check.h"
#include "daylight/extract/packages/packages.h"
#include "daylight/extract/packages/packages_testing.h"
#include "daylight/extract/packages/rpm_stores.h"

namespace dl::extract {
namespace {

std::string Header(const std::string& name, std::size_t summary = 10) {
  return RpmHeaderMaker().Text(1000, name).Text(1001, "1").Text(1002, "2").Text(1004, std::string(summary, 's')).Make();
}

report::SoftwareFacts Read(std::string_view file, std::string_view wal = "") {
  // Of exactly its length, so that a sanitizer sees what is read behind it.
  const std::vector<char> exact(file.begin(), file.end());
  MemorySource source(AsBytes(std::string_view(exact.data(), exact.size())));
  MemorySource log(AsBytes(wal));
  return FactsOf([&](Facts& facts) { ReadRpmDatabase(source, wal.empty() ? nullptr : &log, {}, facts); });
}

std::string NamesOf(const report::SoftwareFacts& facts) {
  std::string names;
  for (const auto& package : facts.packages) names += package.name + " " + package.version + ";";
  for (const auto& unread : facts.unread) names += "[" + unread.reason + "]";
  return names;
}

// A database as `sql` makes it; ?1 is a header.
std::string Sqlite(const std::vector<std::string>& sql, const std::string& blob = Header("one")) {
  ::sqlite3* database = nullptr;
  DL_CHECK(::sqlite3_open(":memory:", &database) == SQLITE_OK);
  for (const std::string& text : sql) {
    ::sqlite3_stmt* statement = nullptr;
    DL_CHECK(::sqlite3_prepare_v2(database, text.c_str(), -1, &statement, nullptr) == SQLITE_OK);
    if (::sqlite3_bind_parameter_count(statement) > 0) {
      ::sqlite3_bind_blob(statement, 1, blob.data(), static_cast<int>(blob.size()), SQLITE_TRANSIENT);
    }
    while (::sqlite3_step(statement) == SQLITE_ROW) {
    }
    DL_CHECK(::sqlite3_finalize(statement) == SQLITE_OK);
  }
  ::sqlite3_int64 size = 0;
  unsigned char* bytes = ::sqlite3_serialize(database, "main", &size, 0);
  std::string out(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
  ::sqlite3_free(bytes);
  ::sqlite3_close(database);
  return out;
}

const char kTable[] = "CREATE TABLE 'Packages' (hnum INTEGER PRIMARY KEY AUTOINCREMENT,blob BLOB NOT NULL)";
const char kInsert[] = "INSERT INTO Packages(blob) VALUES (?1)";

TEST(RpmDatabaseTest, SqliteHasATableOfHeaders) {
  EXPECT_EQ(NamesOf(Read(Sqlite({kTable, kInsert, kInsert}))), "one 1-2;one 1-2;");
  EXPECT_EQ(NamesOf(Read(Sqlite({kTable}))), "");
  // As rpm leaves it: for a log.
  std::string file = Sqlite({kTable, kInsert});
  file[18] = file[19] = 2;
  EXPECT_EQ(NamesOf(Read(file)), "one 1-2;");
  EXPECT_EQ(NamesOf(Read(Sqlite({kTable, kInsert}, "no header"))), "[damaged]");
  EXPECT_EQ(NamesOf(Read(Sqlite({kTable, kInsert}, Header("")))), "[damaged]");
}

TEST(RpmDatabaseTest, WhatASchemaMakesUpIsNotRun) {
  const std::string endless =
      "CREATE VIEW Packages(hnum, blob) AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n) "
      "SELECT i, zeroblob(1000000) FROM n";
  EXPECT_EQ(NamesOf(Read(Sqlite({endless}))), "[damaged]");
  EXPECT_EQ(NamesOf(Read(Sqlite({"CREATE VIEW Packages AS SELECT readfile('/etc/passwd') AS blob"}))), "[damaged]");
  EXPECT_EQ(NamesOf(Read(Sqlite({"CREATE VIRTUAL TABLE Packages USING fts5(blob)"}))), "[damaged]");
  EXPECT_EQ(NamesOf(Read(Sqlite({"CREATE TABLE other(blob)"}))), "[damaged]");
  EXPECT_EQ(NamesOf(Read(Sqlite({"CREATE TABLE Packages(hnum)"}))), "[damaged]");
  EXPECT_EQ(
      NamesOf(Read(Sqlite({"CREATE TABLE Packages(b, blob AS (zeroblob(b)))", "INSERT INTO Packages(b) VALUES(9)"}))),
      "[damaged]");
  // A trigger is never run, as nothing is written.
  EXPECT_EQ(NamesOf(Read(Sqlite(
                {kTable, kInsert, "CREATE TRIGGER t AFTER INSERT ON Packages BEGIN DELETE FROM Packages; END"}))),
            "one 1-2;");
  // Of another type than a header is.
  EXPECT_EQ(NamesOf(Read(Sqlite({kTable, "INSERT INTO Packages(blob) VALUES (7)"}))), "[damaged]");
}

TEST(RpmDatabaseTest, SqliteTruncatedOrChangedAnywhereEnds) {
  const std::string file = Sqlite({kTable, kInsert, kInsert}, Header("one", 9000));
  for (std::size_t n = 0; n < file.size(); n += n < 200 ? 1 : 97) Read(file.substr(0, n));
  for (std::size_t i = 0; i < file.size(); i += i < 600 ? 1 : 13) {
    std::string changed = file;
    changed[i] = static_cast<char>(~changed[i]);
    const auto facts = Read(changed);
    EXPECT_LE(facts.packages.size(), 100u);
  }
}

// A log in which each of `pages` is a frame; the last of them commits.
std::string Wal(const std::vector<std::pair<std::uint32_t, std::string>>& pages, std::uint32_t pages_after,
                bool is_big_endian, std::uint32_t salt = 5) {
  std::uint32_t a = 0, b = 0;
  const auto add = [&](std::string_view bytes) {
    for (std::size_t i = 0; i + 8 <= bytes.size(); i += 8) {
      const auto word = [&](std::size_t at) {
        std::uint32_t value = 0;
        for (std::size_t k = 0; k < 4; ++k) {
          value |= std::uint32_t{static_cast<unsigned char>(bytes[at + k])} << (is_big_endian ? 24 - 8 * k : 8 * k);
        }
        return value;
      };
      a += word(i) + b;
      b += word(i + 4) + a;
    }
  };
  const auto big = RpmHeaderMaker::Big;
  const auto page_bytes = static_cast<std::uint32_t>(pages.at(0).second.size());
  std::string out =
      big(0x377f0682 + (is_big_endian ? 1 : 0)) + big(3007000) + big(page_bytes) + big(0) + big(salt) + big(6);
  add(out);
  out += big(a) + big(b);
  for (std::size_t i = 0; i < pages.size(); ++i) {
    const std::string head = big(pages[i].first) + big(i + 1 == pages.size() ? pages_after : 0);
    add(head);
    add(pages[i].second);
    out += head + big(salt) + big(6) + big(a) + big(b) + pages[i].second;
  }
  return out;
}

TEST(RpmDatabaseTest, TheLogIsPutBackAsFarAsItIsCommitted) {
  const std::string before = Sqlite({kTable});
  const std::string after = Sqlite({kTable, kInsert});
  ASSERT_EQ(before.size(), after.size());
  std::vector<std::pair<std::uint32_t, std::string>> pages;
  for (std::uint32_t i = 0; i * 4096 < after.size(); ++i) pages.emplace_back(i + 1, after.substr(i * 4096, 4096));
  const auto count = static_cast<std::uint32_t>(pages.size());
  for (const bool is_big_endian : {false, true}) {
    const std::string wal = Wal(pages, count, is_big_endian);
    EXPECT_EQ(NamesOf(Read(before, wal)), "one 1-2;");
    // All of it may be in the log.
    EXPECT_EQ(NamesOf(Read("", wal)), "one 1-2;");
    EXPECT_EQ(NamesOf(Read(before, Wal(pages, 0, is_big_endian))), "");
    for (std::size_t n = 0; n < wal.size(); n += 31) EXPECT_EQ(Read(before, wal.substr(0, n)).packages.size(), 0u) << n;
    for (std::size_t i = 0; i < wal.size(); i += i < 64 ? 1 : 61) {
      // Four bytes are of no meaning: how often it was put back.
      if (i >= 12 && i < 16) continue;
      std::string changed = wal;
      changed[i] = static_cast<char>(changed[i] ^ 0x10);
      EXPECT_EQ(Read(before, changed).packages.size(), 0u) << i;
    }
  }
}

TEST(RpmDatabaseTest, ALogThatIsNotItsOwnIsRefused) {
  std::vector<std::byte> file(4096);
  const std::string page(512, 'x');
  // So many pages, and neither the file nor the log has them.
  EXPECT_NE(ApplyWal(file, AsBytes(Wal({{1, page}}, 0xffffffff, false)), std::uint64_t{1} << 40), "");
  EXPECT_NE(ApplyWal(file, AsBytes(Wal({{1, page}}, 1000, false)), 1u << 20), "");
  EXPECT_NE(ApplyWal(file, AsBytes(Wal({{1, page}}, 10, false)), 512), "");
  EXPECT_EQ(file.size(), 4096u);
  EXPECT_EQ(ApplyWal(file, AsBytes(Wal({{9, page}, {0xffffffff, page}, {9, page}}, 9, false)), 1u << 20), "");
  EXPECT_EQ(file.size(), 9 * 512u);
}

std::string Ndb(const std::vector<std::string>& blobs) {
  const auto little = RpmHeaderMaker::Little;
  std::string table = "RpmP" + little(0) + little(7) + little(1) + little(9) + std::string(12, '\0');
  std::string data;
  for (std::uint32_t i = 0; i < blobs.size(); ++i) {
    std::string body =
        "BlbS" + little(i + 1) + little(0) + little(static_cast<std::uint32_t>(blobs[i].size())) + blobs[i];
    body.resize((body.size() + 12 + 15) / 16 * 16 - 12);
    const auto sum = ::adler32(::adler32(0, nullptr, 0), reinterpret_cast<const Bytef*>(body.data()),
                               static_cast<uInt>(body.size()));
    body += little(static_cast<std::uint32_t>(sum)) + little(static_cast<std::uint32_t>(blobs[i].size())) + "BlbE";
    table += "Slot" + little(i + 1) + little(static_cast<std::uint32_t>((4096 + data.size()) / 16)) +
             little(static_cast<std::uint32_t>(body.size() / 16));
    data += body;
  }
  while (table.size() < 4096) table += "Slot" + std::string(12, '\0');
  return table + data;
}

TEST(RpmDatabaseTest, NdbHasSlotsAndBlobs) {
  const std::string file = Ndb({Header("one"), Header("two", 5000)});
  EXPECT_EQ(NamesOf(Read(file)), "one 1-2;two 1-2;");
  for (std::size_t n = 4; n < file.size(); ++n) {
    const auto facts = Read(file.substr(0, n));
    EXPECT_FALSE(facts.unread.empty()) << n;
    EXPECT_LE(facts.packages.size(), 1u);
  }
  for (std::size_t i = 4; i < file.size(); i += i < 80 || i > 4096 ? 1 : 64) {
    std::string changed = file;
    changed[i] = static_cast<char>(~changed[i]);
    EXPECT_LE(Read(changed).packages.size(), 2u);
  }
}

TEST(RpmDatabaseTest, NdbSlotsThatShareBlocksAreNoBomb) {
  // Every slot names the same blob, which is the whole file.
  std::string file = Ndb({Header("one", 100'000)});
  const std::string slot = file.substr(32, 16);
  for (std::size_t at = 48; at < 4096; at += 16) file.replace(at, 16, slot);
  const auto facts = Read(file);
  EXPECT_EQ(facts.packages.size(), 1u);
  EXPECT_EQ(facts.unread.size(), 1u);
}

// Pages of a Berkeley DB hash.
class Berkeley {
 public:
  static constexpr std::size_t kPage = 512;
  explicit Berkeley(bool is_big_endian = false) : is_big_endian_(is_big_endian) {
    Put32(0, 12, 0x061561);
    Put32(0, 16, 9);
    Put32(0, 20, kPage);
    file_[25] = 8;
  }
  void Put32(std::size_t page, std::size_t at, std::uint32_t value) {
    const std::string bytes = is_big_endian_ ? RpmHeaderMaker::Big(value) : RpmHeaderMaker::Little(value);
    Put(page, at, bytes);
  }
  void Put16(std::size_t page, std::size_t at, std::size_t value) {
    const std::string bytes = {static_cast<char>(value), static_cast<char>(value >> 8)};
    Put(page, at, is_big_endian_ ? std::string(bytes.rbegin(), bytes.rend()) : bytes);
  }
  void Put(std::size_t page, std::size_t at, std::string_view bytes) {
    if (file_.size() < (page + 1) * kPage) file_.resize((page + 1) * kPage);
    file_.replace(page * kPage + at, bytes.size(), bytes);
  }
  // A hash page with these items.
  void Items(std::size_t page, const std::vector<std::string>& items) {
    Put32(page, 8, static_cast<std::uint32_t>(page));
    Put16(page, 20, items.size());
    std::size_t end = kPage;
    for (std::size_t i = 0; i < items.size(); ++i) {
      end -= items[i].size();
      Put(page, end, items[i]);
      Put16(page, 26 + 2 * i, end);
    }
    Put(page, 25, "\x0d");
  }
  std::string OffPage(std::uint32_t page, std::size_t length) const {
    std::string out("\3\0\0\0", 4);
    for (const std::uint32_t value : {page, static_cast<std::uint32_t>(length)}) {
      out += is_big_endian_ ? RpmHeaderMaker::Big(value) : RpmHeaderMaker::Little(value);
    }
    return out;
  }
  // Bytes in a chain of pages from `page` on.
  void Overflow(std::uint32_t page, std::string_view bytes) {
    while (!bytes.empty()) {
      const std::string_view piece = bytes.substr(0, kPage - 26);
      bytes.remove_prefix(piece.size());
      Put32(page, 16, bytes.empty() ? 0 : page + 1);
      Put16(page, 22, piece.size());
      Put(page, 25, "\x07");
      Put(page, 26, piece);
      ++page;
    }
  }
  const std::string& file() const { return file_; }

 private:
  bool is_big_endian_;
  std::string file_ = std::string(kPage, '\0');
};

const std::string kKey("\1\1\0\0\0", 5);
const std::string kCounter("\1\0\0\0\0", 5);

TEST(RpmDatabaseTest, BerkeleyHasHashAndOverflowPages) {
  for (const bool is_big_endian : {false, true}) {
    Berkeley database(is_big_endian);
    const std::string large = Header("two", 2000);
    database.Items(1, {kCounter, std::string("\1\2\0\0\0", 5), kKey, "\1" + Header("one")});
    database.Items(2, {kKey, database.OffPage(3, large.size())});
    database.Overflow(3, large);
    EXPECT_EQ(NamesOf(Read(database.file())), "one 1-2;two 1-2;");
    for (std::size_t n = 26; n < database.file().size(); ++n) {
      EXPECT_EQ(Read(database.file().substr(0, n)).unread.empty(), n % Berkeley::kPage == 0 && n <= 1024) << n;
    }
    for (std::size_t i = 0; i < database.file().size(); ++i) {
      std::string changed = database.file();
      changed[i] = static_cast<char>(~changed[i]);
      EXPECT_LE(Read(changed).packages.size(), 3u);
    }
  }
}

TEST(RpmDatabaseTest, BerkeleyChainsThatLoopEnd) {
  Berkeley database;
  const std::string large = Header("two", 2000);
  database.Items(1, {kKey, database.OffPage(2, large.size()), kKey, database.OffPage(2, large.size()), kKey,
                     database.OffPage(0xffffffff, 10), kKey, database.OffPage(1, 10), kKey, database.OffPage(0, 0)});
  database.Overflow(2, large);
  // Only the first of those that share pages is read.
  EXPECT_EQ(NamesOf(Read(database.file())), "two 1-2;[damaged][damaged]");
  database.Put32(4, 16, 2);
  EXPECT_EQ(Read(database.file()).packages.size(), 0u);
  database.Put32(2, 16, 2);
  EXPECT_EQ(Read(database.file()).packages.size(), 0u);
}

TEST(RpmDatabaseTest, OthersAreNotKnown) {
  EXPECT_EQ(NamesOf(Read("")), "");
  EXPECT_EQ(NamesOf(Read("x")), "[unsupported]");
  EXPECT_EQ(NamesOf(Read(std::string(5000, '\0'))), "[unsupported]");
}

}  // namespace
}  // namespace dl::extract
