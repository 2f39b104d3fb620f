#include "daylight/unpack/ole/ole.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include "daylight/unpack/ole/encrypted_testing.h"
#include "daylight/unpack/ole/vba_testing.h"
#include "daylight/unpack/unpack_testing.h"

namespace dl::unpack {
namespace {

using namespace std::string_literals;

constexpr auto U16 = CompoundWriter::U16;
constexpr auto U32 = CompoundWriter::U32;

const std::string kSource =
    "Attribute VB_Name = \"Module1\"\r\nSub AutoOpen()\r\n  MsgBox \"an inert marker\"\r\nEnd Sub\r\n";

std::string Wide(const std::string& text) {
  std::string out;
  for (const char c : text) out += U16(static_cast<unsigned char>(c));
  return out;
}

Listing Unpacked(const std::string& object) {
  Listing listing;
  EXPECT_TRUE(listing.Run(kOle, object));
  return listing;
}

std::string Content(const Listing& listing, const std::string& name) {
  const auto found = listing.children().find(name);
  return found != listing.children().end() ? found->second : "missing from " + listing.text();
}

CompoundStreams Project(const std::string& dir) {
  return {{u"Macros/VBA/dir", dir},
          {u"Macros/VBA/_VBA_PROJECT", "\xcc\x61"},
          {u"Macros/VBA/Module1", "p-code" + CompressVba(kSource)},
          {u"WordDocument", "text"}};
}

std::string Package(const std::string& name, const std::string& data) {
  const std::string native = U16(2) + name + '\0' + "C:\\folder\\" + name + '\0' + U16(0) + U16(3) + U32(5) +
                             "temp\0"s + U32(static_cast<std::uint32_t>(data.size())) + data;
  return U32(static_cast<std::uint32_t>(native.size())) + native;
}

TEST(OleTest, ModulesOfVisualBasic) {
  const Listing listing = Unpacked(MakeCompound(Project(CompressVba(MakeVbaDir({{"Module1", "Module1", 6}})))));
  EXPECT_EQ(Content(listing, "Macros/VBA/Module1.vba"), kSource);
  EXPECT_EQ(Content(listing, "WordDocument"), "text");
  EXPECT_EQ(listing.closed(), 0u) << listing.text();
}

TEST(OleTest, ModulesWithoutAProperDir) {
  for (const std::string& dir : {"damaged"s, ""s, CompressVba(MakeVbaDir({{"Module1", "Module1", 1}})),
                                 CompressVba(MakeVbaDir({{"Module1", "Module1", 0xffffffff}}))}) {
    EXPECT_EQ(Content(Unpacked(MakeCompound(Project(dir))), "Macros/VBA/Module1.vba"), kSource);
  }
  const Listing other = Unpacked(MakeCompound(Project(CompressVba(MakeVbaDir({{"Other", "gone", 6}})))));
  EXPECT_EQ(Content(other, "Macros/VBA/Module1.vba"), kSource);
  EXPECT_NE(other.text().find("Macros/VBA/Other.vba!damaged"), std::string::npos);
}

TEST(OleTest, ModulesThatCannotBeRead) {
  CompoundStreams streams = Project("damaged");
  streams[2].second = "nothing of the kind";
  EXPECT_NE(Unpacked(MakeCompound(streams)).text().find("Macros/VBA/dir!damaged"), std::string::npos);
  streams = Project(CompressVba(MakeVbaDir({{"Module1", "Module1", 6}})));
  streams[2].second.resize(streams[2].second.size() - 10);
  EXPECT_NE(Unpacked(MakeCompound(streams)).text().find("Module1.vba!damaged"), std::string::npos);
}

TEST(OleTest, StreamsThatAreTooLargeToBeSearchedForModules) {
  CompoundStreams streams = Project("damaged");
  streams[2].second.resize((64u << 20) + 1);
  Listing listing(1000, std::uint64_t{256} << 20);
  EXPECT_TRUE(listing.Run(kOle, MakeCompound(streams)));
  EXPECT_NE(listing.text().find("Macros/VBA/Module1!max-memory"), std::string::npos) << listing.text();
  // Beside no project of macros nothing would have been looked for.
  Listing other(1000, std::uint64_t{256} << 20);
  EXPECT_TRUE(other.Run(kOle, MakeCompound({{u"Data", std::string((64u << 20) + 1, 'd')}})));
  EXPECT_EQ(other.closed(), 0u) << other.text();
}

TEST(OleTest, PasswordsAreTriedWhileThereIsABudget) {
  const EncryptedDocument document = MakeEncrypted(true, "the seventh", std::string(16, 'x'));
  const auto made = [](const EncryptedDocument& of) {
    return MakeCompound({{u"EncryptionInfo", of.info}, {u"EncryptedPackage", of.package}});
  };
  Listing open;
  open.SetPasswords({"1", "2", "3", "4", "5", "6", "the seventh"});
  EXPECT_TRUE(open.Run(kOle, made(document)));
  EXPECT_EQ(Content(open, "EncryptedPackage/document"), std::string(16, 'x'));

  EncryptedDocument costly = document;
  const std::string spins = "spinCount=\"1000\"";
  costly.info.replace(costly.info.find(spins), spins.size(), "spinCount=\"10000000\"");
  Listing closed;
  EXPECT_TRUE(closed.Run(kOle, made(costly)));
  EXPECT_NE(closed.text().find("EncryptedPackage!budget"), std::string::npos) << closed.text();
}

TEST(OleTest, EmbeddedFiles) {
  for (const std::size_t n : {4u, 100'000u}) {
    const std::string data(n, 'd');
    for (const bool is_scattered : {false, true}) {
      const Listing listing = Unpacked(MakeCompound({{u"ObjectPool/_1/\x01Ole10Native", Package("a.exe", data)}},
                                                    {.shift = 9, .is_scattered = is_scattered}));
      EXPECT_EQ(Content(listing, "ObjectPool/_1/a.exe"), data);
      EXPECT_EQ(listing.closed(), 0u);
    }
  }
  const std::string package = Package("a.exe", "data");
  for (std::size_t n = 0; n < package.size(); ++n) {
    const Listing listing = Unpacked(MakeCompound({{u"\x01Ole10Native", package.substr(0, n)}}));
    EXPECT_EQ(listing.closed(), listing.children().contains("a.exe") ? 1u : 0u);
  }
  EXPECT_EQ(Content(Unpacked(MakeCompound({{u"\x01oLE10nATIVE", "\x04\0\0\0data"s}})), "_01_oLE10nATIVE/native"),
            "data");
}

TEST(OleTest, MessagesOfOutlook) {
  const std::string rtf = U32(0) + U32(0) + "LZFu" + U32(0);
  // Eight tokens as they are, a copy from the dictionary ("{\rtf1"), and the end: written is 207 + 8 + 6.
  const std::string tokens = "\x00"s + "12345678" + "\x03"s + "\x00\x04"s + "\x0d\xd0"s;
  const Listing listing =
      Unpacked(MakeCompound({{u"__attach_version1.0_#00000000/__substg1.0_3704001F", Wide("INVOIC~1.ZIP")},
                             {u"__attach_version1.0_#00000000/__substg1.0_3707001F", Wide("invoice.zip")},
                             {u"__attach_version1.0_#00000000/__substg1.0_37010102", "PK"},
                             {u"__attach_version1.0_#00000001/__substg1.0_3704001E", "old.txt"},
                             {u"__attach_version1.0_#00000001/__substg1.0_37010102", "text"},
                             {u"__attach_version1.0_#00000002/__substg1.0_37010102", "unnamed"},
                             {u"__substg1.0_1000001F", Wide("Hello")},
                             {u"__substg1.0_10130102", "<p>Hello"},
                             {u"__substg1.0_10090102", rtf + tokens}}));
  EXPECT_EQ(Content(listing, "__attach_version1.0_#00000000/invoice.zip"), "PK");
  EXPECT_EQ(Content(listing, "__attach_version1.0_#00000001/old.txt"), "text");
  EXPECT_EQ(Content(listing, "__attach_version1.0_#00000002/__substg1.0_37010102"), "unnamed");
  EXPECT_EQ(Content(listing, "body.txt"), "Hello");
  EXPECT_EQ(Content(listing, "body.html"), "<p>Hello");
  EXPECT_EQ(Content(listing, "body.rtf"), "12345678{\\rtf1");
  EXPECT_EQ(listing.closed(), 0u) << listing.text();
  const Listing cut = Unpacked(MakeCompound({{u"__substg1.0_10090102", rtf + tokens.substr(0, 4)}}));
  EXPECT_EQ(Content(cut, "body.rtf"), "123");
  EXPECT_EQ(cut.closed(), 1u);
}

TEST(OleTest, ObjectsOfPowerPoint) {
  const std::string inner = MakeCompound({{u"a", "text"}});
  std::string packed(::compressBound(inner.size()), '\0');
  ::uLongf size = packed.size();
  ASSERT_EQ(::compress(reinterpret_cast<::Bytef*>(packed.data()), &size, reinterpret_cast<const ::Bytef*>(inner.data()),
                       inner.size()),
            Z_OK);
  packed.resize(size);
  const auto record = [](std::uint32_t version, std::uint32_t type, const std::string& data) {
    return U16(version) + U16(type) + U32(static_cast<std::uint32_t>(data.size())) + data;
  };
  const std::string objects =
      record(0, 1000, "atom") + record(0x10, 0x1011, U32(2048) + packed) + record(0x00, 0x1011, inner);
  const std::string document = record(0xf, 1000, objects);
  const Listing listing = Unpacked(MakeCompound({{u"PowerPoint Document", document}}));
  EXPECT_EQ(Content(listing, "PowerPoint Document/object1"), inner);
  EXPECT_EQ(Content(listing, "PowerPoint Document/object2"), inner);
  EXPECT_EQ(listing.closed(), 0u) << listing.text();
  const Listing cut = Unpacked(MakeCompound({{u"PowerPoint Document", document.substr(0, 100)}}));
  EXPECT_EQ(cut.closed(), 2u) << cut.text();
}

TEST(OleTest, WhatIsEncryptedSaysSo) {
  const std::string workbook = U16(0x809) + U16(4) + "bof." + U16(0x2f) + U16(2) + "\1\0"s;
  const std::string word = U16(0xa5ec) + std::string(8, '\0') + U16(0x0100);
  const std::string user = U16(0) + U16(0x0ff6) + U32(20) + U32(20) + U32(0xf3d1c4df);
  const Listing listing = Unpacked(MakeCompound({{u"EncryptedPackage", "x"},
                                                 {u"EncryptionInfo", "x"},
                                                 {u"Workbook", workbook},
                                                 {u"WordDocument", word},
                                                 {u"Current User", user}}));
  for (const char* name : {"EncryptedPackage", "Workbook", "WordDocument", "Current User"}) {
    EXPECT_NE(listing.text().find(name + "!encrypted"s), std::string::npos) << listing.text();
  }
  const Listing open = Unpacked(MakeCompound({{u"Workbook", U16(0x809) + U16(4) + "bof."},
                                              {u"WordDocument", U16(0xa5ec) + std::string(10, '\0')},
                                              {u"Current User", user.substr(0, 12) + U32(0xe391c05f)}}));
  EXPECT_EQ(open.closed(), 0u) << open.text();
}

TEST(OleTest, EncryptedDocumentsAreOpenedWhereThePasswordIsKnown) {
  PrepareOle();
  const std::string content = "a document of forty-eight bytes, all of which...";
  ASSERT_EQ(content.size(), 48u);
  for (const bool is_agile : {true, false}) {
    for (const char* password : {"VelvetSweatshop", "second"}) {
      EncryptedDocument document = MakeEncrypted(is_agile, password, content);
      document.package[0] = 40;  // The rest fills the last block up.
      const CompoundStreams streams = {{u"EncryptedPackage", document.package}, {u"EncryptionInfo", document.info}};
      Listing listing;
      listing.SetPasswords({"first", "second"});
      EXPECT_TRUE(listing.Run(kOle, MakeCompound(streams)));
      EXPECT_EQ(Content(listing, "EncryptedPackage/document"), content.substr(0, 40));
      EXPECT_EQ(listing.closed(), 0u) << listing.text();
    }
  }
  EncryptedDocument document = MakeEncrypted(true, "VelvetSweatshop", content);
  document.package.resize(30);
  EXPECT_NE(Unpacked(MakeCompound({{u"EncryptedPackage", document.package}, {u"EncryptionInfo", document.info}}))
                .text()
                .find("EncryptedPackage/document!damaged"),
            std::string::npos);
}

TEST(OleTest, DamageIsTold) {
  const std::string file = MakeCompound({{u"a", std::string(5000, 'a')}, {u"b", std::string(6000, 'b')}});
  EXPECT_GT(Unpacked(file.substr(0, 3000)).closed(), 0u);
  EXPECT_GT(Unpacked(file.substr(0, 100)).closed(), 0u);
  Listing listing;
  EXPECT_FALSE(listing.Run(kOle, file.substr(0, 7)));
}

TEST(OleTest, EndsWhereNoMoreIsWanted) {
  CompoundStreams streams = Project(CompressVba(MakeVbaDir({{"Module1", "Module1", 6}})));
  for (int i = 0; i < 20; ++i) streams.emplace_back(u"s" + std::u16string(1, static_cast<char16_t>(u'a' + i)), "x");
  const std::string file = MakeCompound(streams);
  for (std::size_t most = 0; most < 25; ++most) {
    Listing listing(most);
    EXPECT_TRUE(listing.Run(kOle, file));
    EXPECT_LE(listing.children().size(), most);
  }
}

TEST(OleTest, TruncatedAtEveryByteAndFlipped) {
  CompoundStreams streams = Project(CompressVba(MakeVbaDir({{"Module1", "Module1", 6}})));
  streams.emplace_back(u"\x01Ole10Native", Package("a.exe", "data"));
  const std::string file = MakeCompound(streams);
  for (std::size_t n = 0; n < file.size(); ++n) {
    Listing cut;
    cut.Run(kOle, file.substr(0, n));
    std::string flipped = file;
    flipped[n] = static_cast<char>(static_cast<unsigned char>(flipped[n]) ^ (1u << (n % 8)));
    Listing other;
    other.Run(kOle, flipped);
    EXPECT_LE(other.bytes(), file.size() * 8);
  }
}

}  // namespace
}  // namespace dl::unpack
