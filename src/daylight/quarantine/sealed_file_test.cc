#include "daylight/quarantine/sealed_file.h"

#include "daylight/crypto/digest.h"
#include "daylight/quarantine/item.h"
#include "daylight/quarantine/quarantine_testing.h"
#include "daylight/quarantine/zip_writer.h"

namespace dl::quarantine {
namespace {

class SealedFileTest : public QuarantineTest {
 protected:
  os::Fd Sealed(const Key& key, const std::string& record, const std::string& text, std::size_t step) {
    os::Fd fd(::open(Work("sealed").c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    auto writer = SealedWriter::Start(fd.get(), key, record);
    EXPECT_TRUE(writer);
    for (std::size_t at = 0; at < text.size(); at += step) {
      EXPECT_TRUE(writer->Write(AsBytes(std::string_view(text).substr(at, step))));
    }
    EXPECT_TRUE(writer->Finish());
    return fd;
  }
  static std::string Unsealed(int fd, const Key& key) {
    std::string text;
    const auto done = ReadSealed(fd, key, [&](Bytes part) {
      text += AsText(part);
      return Status();
    });
    return done ? text : "(" + std::string(done.error().what) + ")";
  }
};

TEST_F(SealedFileTest, ComesBackHoweverItIsWritten) {
  const Key key{1, 2, 3};
  const std::string text = Long();
  for (const std::size_t step : {std::size_t{1000}, kChunkBytes - 1, kChunkBytes, kChunkBytes + 1, text.size()}) {
    const os::Fd fd = Sealed(key, "record", text, step);
    EXPECT_EQ(std::filesystem::file_size(Work("sealed")), SealedBytes(text.size(), 6));
    EXPECT_EQ(Unsealed(fd.get(), key), text);
    EXPECT_EQ(SealedReader::Open(fd.get(), key)->record(), "record");
  }
}

TEST_F(SealedFileTest, EmptyAndAWholeChunk) {
  const Key key{};
  for (const std::size_t size : {std::size_t{0}, kChunkBytes, 2 * kChunkBytes}) {
    const os::Fd fd = Sealed(key, "", Long(size), 4096);
    EXPECT_EQ(Unsealed(fd.get(), key), Long(size));
    EXPECT_EQ(std::filesystem::file_size(Work("sealed")) <= SealedBytes(size, 0), true);
  }
}

TEST_F(SealedFileTest, EveryBitCounts) {
  const Key key{7};
  const os::Fd fd = Sealed(key, "record", "the file", 8);
  const std::string whole = Read(Work("sealed"));
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::string bytes = whole;
    bytes[at] = static_cast<char>(bytes[at] ^ 0x10);
    Write(Work("other"), bytes);
    EXPECT_EQ(Unsealed(OpenFile(Work("other")).get(), key).front(), '(') << at;
    Write(Work("other"), whole.substr(0, at));
    EXPECT_EQ(Unsealed(OpenFile(Work("other")).get(), key).front(), '(') << at;
  }
  EXPECT_EQ(Unsealed(fd.get(), Key{8}).front(), '(');
}

TEST_F(SealedFileTest, NoTwoAreAlike) {
  Sealed(Key{}, "record", "the file", 8);
  const std::string first = Read(Work("sealed"));
  Sealed(Key{}, "record", "the file", 8);
  EXPECT_NE(Read(Work("sealed")).substr(48), first.substr(48));
}

TEST(ItemTest, RecordsComeBack) {
  Item item;
  item.origin.path = std::string("/a\0b\xff", 5);
  item.origin.state.inode = ~std::uint64_t{0};
  item.origin.state.modified_ns = -1;
  item.origin.attributes = {{"user.a", std::string("\0", 1)}, {"b", ""}};
  item.detections = {{"e", "n", "s", "o"}};
  item.reason = "r";
  item.aside = ".x";
  const std::string record = EncodeRecord(item);
  Item back;
  ASSERT_TRUE(DecodeRecord(record, back));
  EXPECT_EQ(back.origin.path, item.origin.path);
  EXPECT_EQ(back.origin.state, item.origin.state);
  EXPECT_EQ(back.origin.attributes.size(), 2u);
  EXPECT_EQ(EncodeRecord(back), record);
  for (std::size_t n = 0; n < record.size(); ++n) EXPECT_FALSE(DecodeRecord(record.substr(0, n), back)) << n;
  EXPECT_FALSE(DecodeRecord(record + "x", back));
}

TEST(ZipWriterTest, Crc) {
  EXPECT_EQ(Crc32(0, AsBytes("123456789")), 0xcbf43926u);  // The check value of this CRC.
  EXPECT_EQ(Crc32(Crc32(0, AsBytes("1234")), AsBytes("56789")), 0xcbf43926u);
  EXPECT_EQ(Crc32(0, {}), 0u);
}

}  // namespace
}  // namespace dl::quarantine
