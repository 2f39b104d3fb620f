#include "daylight/unpack/ole/xlm.h"

#include <gtest/gtest.h>

#include <bit>

#include "daylight/unpack/ole/compound_testing.h"
#include "daylight/unpack/ole/ole.h"
#include "daylight/unpack/ole/xlm_functions.h"
#include "daylight/unpack/unpack_testing.h"

namespace dl::unpack {
namespace {

using namespace std::string_literals;

constexpr auto U16 = CompoundWriter::U16;
constexpr auto U32 = CompoundWriter::U32;

std::string U8(unsigned n) { return std::string(1, static_cast<char>(n)); }
std::string F64(double value) {
  const auto bits = std::bit_cast<std::uint64_t>(value);
  return U32(static_cast<std::uint32_t>(bits)) + U32(static_cast<std::uint32_t>(bits >> 32));
}

std::string Record(std::uint32_t id, const std::string& data) {
  return U16(id) + U16(static_cast<std::uint32_t>(data.size())) + data;
}
std::string Str(const std::string& text) { return "\x17" + U8(static_cast<unsigned>(text.size())) + U8(0) + text; }
std::string Int(unsigned n) { return "\x1e" + U16(n); }
std::string Call(unsigned arguments, unsigned number) { return "\x42" + U8(arguments) + U16(number); }
std::string Ref(unsigned row, unsigned column) { return "\x44" + U16(row) + U16(column); }

std::string Cell(unsigned row, unsigned column, const std::string& tokens, const std::string& more = "") {
  return Record(6, U16(row) + U16(column) + U16(15) + F64(0) + U16(0) + U32(0) +
                       U16(static_cast<std::uint32_t>(tokens.size())) + tokens + more);
}
std::string Name(unsigned flags, const std::string& name, const std::string& tokens) {
  return Record(0x18, U16(flags) + U8(0) + U8(static_cast<unsigned>(name.size())) +
                          U16(static_cast<std::uint32_t>(tokens.size())) + U16(0) + U16(0) + U32(0) + U8(0) + name +
                          tokens);
}
std::string Bof(unsigned kind, unsigned version = 0x600) {
  return Record(0x809, U16(version) + U16(kind) + U16(0) + U16(0) + U32(0) + U32(0));
}
const std::string kEof = Record(10, "");

// A workbook with one worksheet and one macro sheet of these records.
std::string Workbook(const std::string& names, const std::string& macros, unsigned type = 1, unsigned kind = 0x40) {
  const auto globals = [&](std::size_t sheet, std::size_t macro) {
    const auto bound = [](std::size_t at, unsigned state, unsigned dt, const std::string& name) {
      return Record(0x85, U32(static_cast<std::uint32_t>(at)) + U8(state) + U8(dt) +
                              U8(static_cast<unsigned>(name.size())) + U8(0) + name);
    };
    return Bof(5) + bound(sheet, 0, 0, "Sheet1") + bound(macro, 2, type, "Macro 1") + names + kEof;
  };
  const std::string sheet = Bof(0x10) + Cell(0, 0, Int(1)) + kEof;
  const std::size_t begin = globals(0, 0).size();
  return globals(begin, begin + sheet.size()) + sheet + Bof(kind) + macros + kEof;
}

std::string All(const std::string& workbook) {
  XlmMacros macros(AsBytes(workbook));
  std::string out;
  for (std::string line = macros.Next(); !line.empty(); line = macros.Next()) out += line;
  return out;
}

std::string Formula(const std::string& tokens, const std::string& more = "", const XlmNames& names = {}) {
  return ReadXlmFormula(AsBytes(tokens), AsBytes(more), names).text;
}
std::string Folded(const std::string& tokens) { return ReadXlmFormula(AsBytes(tokens), {}, {}).folded; }

TEST(XlmTest, Functions) {
  EXPECT_EQ(XlmFunctionOf(0).name, "COUNT");
  EXPECT_EQ(XlmFunctionOf(0x6e).name, "EXEC");
  EXPECT_EQ(XlmFunctionOf(0x6f).name, "CHAR");
  EXPECT_EQ(XlmFunctionOf(0x6f).arguments, 1u);
  EXPECT_EQ(XlmFunctionOf(0x95).name, "REGISTER");
  EXPECT_EQ(XlmFunctionOf(0x96).name, "CALL");
  EXPECT_EQ(XlmFunctionOf(0xca).name, "");
  EXPECT_EQ(XlmFunctionOf(0xe1).name, "END.IF");
  EXPECT_EQ(XlmFunctionOf(0x17b).name, "RTD");
  EXPECT_EQ(XlmFunctionOf(0x17c).name, "");
  EXPECT_EQ(XlmFunctionOf(0x8000).name, "BEEP");
  EXPECT_EQ(XlmFunctionOf(0x8060).name, "FORMULA");
  EXPECT_EQ(XlmFunctionOf(0x8076).name, "ALERT");
  EXPECT_EQ(XlmFunctionOf(0x8328).name, "HIDEALL.INKANNOTS");
  EXPECT_EQ(XlmFunctionOf(0xffff).name, "");
}

TEST(XlmTest, Formulas) {
  EXPECT_EQ(Formula(Str("calc.exe") + Call(1, 0x6e)), "EXEC(\"calc.exe\")");
  EXPECT_EQ(Formula(Int(104) + "\x41" + U16(0x6f) + Int(105) + "\x41" + U16(0x6f) + "\x08"), "CHAR(104)&CHAR(105)");
  EXPECT_EQ(Formula(Int(1) + Int(2) + "\x03\x15" + Int(3) + "\x05\x13"), "-(1+2)*3");
  EXPECT_EQ(Formula(Ref(0, 0xc000) + Ref(9, 27) + "\x0b\x14"), "A1=$AB$10%");
  EXPECT_EQ(Formula("\x1f" + F64(-1.5) + "\x1d\x01\x1c\x2a\x16" + Call(4, 4)), "SUM(-1.5,TRUE,#N/A,)");
  EXPECT_EQ(Formula("\x25" + U16(0) + U16(4) + U16(0xc001) + U16(0xc002) + "\x19\x10" + U16(0)), "SUM(B1:C5)");
  EXPECT_EQ(Formula("\x4c" + U16(0xffff) + U16(0xc002)), "R[-1]C[2]");
  EXPECT_EQ(Formula("\x01" + U16(2) + U16(3)), "<formula of D3>");
  EXPECT_EQ(Formula(Str("say \"it\"\n") + Call(1, 0x8076)), "ALERT(\"say \"\"it\"\"\"&CHAR(10)&\"\")");
  EXPECT_EQ(Formula("\x17\x02\x01" + "\xe4\0h\0"s), "\"\xc3\xa4h\"");
  EXPECT_EQ(Formula(Call(0, 0x8fff)), "<function 8fff>()");
  // A choice has its jumps, which are no tokens.
  EXPECT_EQ(Formula(Int(1) + "\x19\x04" + U16(1) + "\1\2\3\4" + Int(7) + Call(2, 100)), "CHOOSE(1,7)");
}

TEST(XlmTest, ConstantsAreFolded) {
  const auto character = [](unsigned code) { return Int(code) + "\x41" + U16(0x6f); };
  EXPECT_EQ(Folded(Str("ca") + Str("lc") + "\x08" + character('.') + "\x08" + Str("exe") + "\x08" + Call(1, 0x6e)),
            "EXEC(\"calc.exe\")");
  EXPECT_EQ(Folded(Str("a") + Str("b") + Str("c") + "\x08\x15\x08" + Int(12) + "\x08"), "\"abc12\"");
  EXPECT_EQ(Folded(Str("a") + Str("b") + "\x08" + Ref(0, 0xc000) + "\x08" + Str("c") + "\x08"), "\"ab\"&A1&\"c\"");
  EXPECT_EQ(Folded(character(0xe4)), "\"\xc3\xa4\"");
  for (const std::string& none : {Str("a"), Int(1), Int(1) + Int(2) + "\x03", character(256), "\x08"s,
                                  Ref(0, 0) + "\x41" + U16(0x6f), Str("x") + "\x41" + U16(0x6f)}) {
    EXPECT_EQ(Folded(none), "");
  }
  // The right one is copied each time, up to a bound.
  std::string deep;
  for (int i = 0; i < 10'000; ++i) deep += Str("a");
  EXPECT_LT(Folded(deep + std::string(9999, '\x08')).size(), 70'000u);
  std::string flat = Str("a");
  for (int i = 0; i < 10'000; ++i) flat += Str("a") + "\x08";
  EXPECT_EQ(Folded(flat).size(), 10'003u);
}

TEST(XlmTest, ArraysAndAreasInMemory) {
  const std::string array =
      U8(1) + U16(1) + "\1" + F64(1) + "\2" + U16(2) + U8(0) + "ab" + "\4\1\0\0\0\0\0\0\0"s + "\x10\x07\0\0\0\0\0\0\0"s;
  EXPECT_EQ(Formula("\x60" + std::string(7, '\0') + Int(2) + "\x03", array), "{1,\"ab\";TRUE,#DIV/0!}+2");
  EXPECT_EQ(Formula("\x60" + std::string(7, '\0'), array.substr(0, 13)), "{1,?}");
  const std::string memory = "\x26" + U32(0) + U16(10) + Ref(0, 0) + Ref(1, 0) + "\x10";
  EXPECT_EQ(Formula(memory + "\x60" + std::string(7, '\0'), U16(1) + std::string(8, '\0') + array),
            "$A$1,$A$2 ; {1,\"ab\";TRUE,#DIV/0!}");
}

TEST(XlmTest, NothingIsDropped) {
  EXPECT_EQ(Formula(Int(1) + "\x1a\x02\x03"), "1 ; <1a0203>");
  EXPECT_EQ(Formula("\x05"), "?*?");
  EXPECT_EQ(Formula(Int(1) + Int(2)), "1 ; 2");
  EXPECT_EQ(Formula("\x18\x0a" + U32(0x04030201)), "<180a01020304>");
  EXPECT_EQ(Formula("\x17\x05\x00"s + "abc"), "<170500616263>");
  EXPECT_EQ(Formula("\xff"), "<ff>");
}

TEST(XlmTest, NamesByNumber) {
  XlmNames names;
  names.sheets = {"First", "It's 2"};
  names.defined = {"payload"};
  names.books = {{true, {}}, {false, {"AddIn"}}};
  names.externs = {{0, 1, 1}, {0, 0, 1}, {1, -2, -2}};
  EXPECT_EQ(Formula("\x43" + U32(1), "", names), "payload");
  EXPECT_EQ(Formula("\x43" + U32(2), "", names), "<name 2>");
  EXPECT_EQ(Formula("\x5a" + U16(0) + U16(0) + U16(0xc000), "", names), "'It''s 2'!A1");
  EXPECT_EQ(Formula("\x3b" + U16(1) + U16(0) + U16(1) + U16(0) + U16(0), "", names), "First:'It''s 2'!$A$1:$A$2");
  EXPECT_EQ(Formula("\x5a" + U16(7) + U16(0) + U16(0), "", names), "<sheet 7>!$A$1");
  EXPECT_EQ(Formula("\x39" + U16(2) + U32(1) + Int(5) + Call(2, 0xff), "", names), "AddIn(5)");
  EXPECT_EQ(Formula("\x39" + U16(0) + U32(1) + Call(1, 0xff), "", names), "payload()");
}

TEST(XlmTest, SheetsAsText) {
  const std::string names = Record(0x1ae, U16(2) + U16(0x0401)) + Record(0x17, U16(1) + U16(0) + U16(1) + U16(1)) +
                            Name(0x21, "\x01", "\x3a" + U16(0) + U16(0) + U16(0));
  const std::string macros = Cell(0, 0, Str("calc.exe") + Call(1, 0x6e)) + Record(0x207, U16(4) + U8(0) + "done") +
                             Record(0x4bc, U16(1) + U16(2) + "\x03\x04" + U16(0) + U16(3) + Int(9)) +
                             Record(0x204, U16(5) + U16(1) + U16(0) + U16(2) + U8(0) + "hi") + Bof(0x20) + kEof +
                             Cell(7, 0, Call(0, 0x36));
  const std::string text =
      "' Auto_Open (hidden) ='Macro 1'!$A$1\n"
      "' 'Macro 1': macro sheet, very hidden\n"
      "'Macro 1'!A1 =EXEC(\"calc.exe\")\n"
      "' 'Macro 1'!A1 is \"done\"\n"
      "'Macro 1'!D2:E3 =9\n"
      "' 'Macro 1'!B6 is \"hi\"\n"
      "'Macro 1'!A8 =HALT()\n";
  EXPECT_EQ(All(Workbook(names, macros)), text);
  // The list, or the sheet, says something else.
  EXPECT_EQ(All(Workbook(names, macros, 0)), text);
  EXPECT_EQ(All(Workbook(names, macros, 1, 0x10)), text);
  XlmMacros none(AsBytes(Workbook(names, macros, 0, 0x10)));
  EXPECT_FALSE(none.has_sheets());
}

TEST(XlmTest, SheetsThatBeginWithinOtherRecords) {
  const std::string sheet = Bof(0x10) + Cell(0, 0, Call(0, 0x36)) + kEof;
  const std::string begin = Bof(5);
  const auto bound = [](std::size_t at) {
    return Record(0x85, U32(static_cast<std::uint32_t>(at)) + U8(0) + U8(1) + U8(1) + U8(0) + "M");
  };
  const std::size_t at = begin.size() + bound(0).size() + 4;
  const std::string workbook = begin + bound(at) + Record(0x1000, sheet) + kEof + Bof(0x10) + kEof;
  EXPECT_EQ(All(workbook), "' M: macro sheet, visible\nM!A1 =HALT()\n");
  // So many that the stream would be read again and again.
  std::string many = begin;
  for (std::size_t i = 0; i < 2000; ++i) many += bound(30'003 + 4 * i);
  while (many.size() < 45'000) many += Record(0x1000, std::string(8000, '\0'));
  XlmMacros macros(AsBytes(many));
  while (!macros.Next().empty()) {
  }
  EXPECT_TRUE(macros.is_damaged());
}

TEST(XlmTest, InCompoundFiles) {
  const std::string workbook = Workbook("", Cell(0, 0, Call(0, 0x36)));
  Listing listing;
  ASSERT_TRUE(listing.Run(kOle, MakeCompound({{u"Workbook", workbook}})));
  EXPECT_EQ(listing.children().at("Workbook/macros.txt"),
            "' 'Macro 1': macro sheet, very hidden\n'Macro 1'!A1 =HALT()\n");
  EXPECT_EQ(listing.closed(), 0u) << listing.text();

  Listing plain;
  plain.Run(kOle, MakeCompound({{u"Workbook", Workbook("", Cell(0, 0, Int(1)), 0, 0x10)}}));
  EXPECT_EQ(plain.children().size(), 1u);

  std::string old = workbook;
  old[5] = '\x05';
  Listing excel5;
  excel5.Run(kOle, MakeCompound({{u"Book", old}}));
  EXPECT_NE(excel5.text().find("Book/macros.txt!unsupported"), std::string::npos) << excel5.text();

  Listing encrypted;
  encrypted.Run(kOle, MakeCompound({{u"Workbook", Bof(5) + Record(0x2f, "key") + workbook}}));
  EXPECT_EQ(encrypted.children().size(), 1u) << encrypted.text();

  Listing cut;
  cut.Run(kOle, MakeCompound({{u"Workbook", workbook.substr(0, workbook.size() - 6)}}));
  EXPECT_NE(cut.text().find("Workbook/macros.txt!damaged"), std::string::npos) << cut.text();
}

TEST(XlmTest, TruncatedAtEveryByteAndFlipped) {
  const std::string names = Record(0x1ae, U16(2) + U16(0x0401)) + Record(0x17, U16(1) + U16(0) + U16(1) + U16(1)) +
                            Record(0x23, U16(0) + U32(0) + U8(2) + U8(0) + "ab") + Name(0x20, "\x01", Ref(0, 0));
  const std::string workbook =
      Workbook(names, Cell(0, 0, Str("x") + "\x39" + U16(0) + U32(1) + Call(2, 0xff)) + Cell(1, 1, "\x60", "array"));
  for (std::size_t n = 0; n < workbook.size(); ++n) {
    All(workbook.substr(0, n));
    for (unsigned bit = 0; bit < 8; ++bit) {
      std::string flipped = workbook;
      flipped[n] = static_cast<char>(static_cast<unsigned char>(flipped[n]) ^ (1u << bit));
      EXPECT_LT(All(flipped).size(), 100'000u);
    }
  }
}

TEST(XlmTest, DeepFormulasTakeLinearTime) {
  // One in the other, and one after the other: texts would be copied for each.
  std::string right(20'000, '\x15');
  EXPECT_EQ(Formula(Int(1) + right).size(), 40'001u);
  std::string sums;
  for (int i = 0; i < 20'000; ++i) sums += Int(1);
  EXPECT_EQ(Formula(sums + std::string(19'999, '\x03')).size(), 39'999u);
}

}  // namespace
}  // namespace dl::unpack
