#include "daylight/formats/elf/telfhash.h"

#include <gtest/gtest.h>

#include "daylight/formats/elf/tlsh.h"

namespace dl::elf {
namespace {

Symbol Function(std::string_view name) {
  Symbol symbol;
  symbol.name = name;
  symbol.type = 2;
  symbol.binding = 1;
  return symbol;
}

TEST(TelfhashTest, HashesTheSortedLowerCaseNames) {
  const std::vector<Symbol> symbols = {Function("setrlimit"),         Function("SSL_read"),    Function("connect"),
                                       Function("inotify_add_watch"), Function("getaddrinfo"), Function("sendfile"),
                                       Function("gethostbyname")};
  const auto hash = Tlsh(AsBytes("connect,gethostbyname,getaddrinfo,inotify_add_watch,sendfile,setrlimit,ssl_read"));
  ASSERT_TRUE(hash);
  EXPECT_NE(Telfhash(symbols), hash);  // "geta" sorts before "geth".
  EXPECT_EQ(Telfhash(symbols),
            Tlsh(AsBytes("connect,getaddrinfo,gethostbyname,inotify_add_watch,sendfile,setrlimit,ssl_read")));
}

TEST(TelfhashTest, LeavesOutWhatSaysNothing) {
  for (const std::string_view name : {"main", "puts", "abort", "malloc_trim", "__libc_start_main", "_init", ".text",
                                      "readdir64", "strlen", "string_of_ours", "memcpy"}) {
    EXPECT_EQ(Telfhash(std::vector<Symbol>{Function(name)}), std::nullopt) << name;
  }
  Symbol symbol = Function("connect");
  EXPECT_TRUE(Telfhash(std::vector<Symbol>{symbol}));
  symbol.visibility = 2;  // STV_HIDDEN
  EXPECT_FALSE(Telfhash(std::vector<Symbol>{symbol}));
  symbol = Function("connect");
  symbol.binding = 2;  // STB_WEAK
  EXPECT_FALSE(Telfhash(std::vector<Symbol>{symbol}));
  symbol = Function("connect");
  symbol.type = 1;  // STT_OBJECT
  EXPECT_FALSE(Telfhash(std::vector<Symbol>{symbol}));
  symbol = Function("connect");
  symbol.name.reset();
  EXPECT_FALSE(Telfhash(std::vector<Symbol>{symbol}));
}

TEST(TelfhashTest, IsEmptyWhereTheNamesAreTooShort) {
  EXPECT_EQ(Telfhash(std::vector<Symbol>{Function("connect")}), "");
}

TEST(TelfhashTest, ImportListHasUndefinedSymbolsOfAnyKind) {
  Symbol defined = Function("defined");
  defined.section_index = 1;
  Symbol weak = Function("__Weak");
  weak.binding = 2;
  const std::vector<Symbol> symbols = {Function("puts"), defined, Function(""), weak, Function("PUTS")};
  EXPECT_EQ(ImportList(symbols), "__weak,puts,puts");
  EXPECT_EQ(ImportList(std::vector<Symbol>{defined}), std::nullopt);
}

}  // namespace
}  // namespace dl::elf
