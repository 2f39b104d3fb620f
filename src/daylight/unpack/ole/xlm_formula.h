// Excel's formulas as they are stored, made text again.
//
//   ReadXlmFormula(rgce, rgcb, names).text     // "EXEC(\"calc\"&CHAR(46)&\"exe\")"
//   ReadXlmFormula(rgce, rgcb, names).folded   // "EXEC(\"calc.exe\")"
//
// After [MS-XLS] 2.5.198: tokens (Ptg) in the order in which a machine with a stack runs
// them. What is no token, and all behind it, is printed in hexadecimal digits; what
// the stack lacks as "?", and what is left over on it behind the formula. Time and text
// are linear in the tokens, but for the names that they stand for.
#pragma once

#include <string>
#include <vector>

#include "daylight/bytes/cursor.h"

namespace dl::unpack {

// What formulas refer to by number.
struct XlmNames {
  struct Book {
    bool is_this = false;            // Otherwise another file, or what add-ins have.
    std::vector<std::string> names;  // That it exports.
  };
  struct Sheets {
    std::size_t book = 0;
    int first = 0;  // Of the sheets; negative: none of them.
    int last = 0;
  };
  std::vector<std::string> sheets;
  std::vector<std::string> defined;  // Names of cells and formulas.
  std::vector<Book> books;
  std::vector<Sheets> externs;
};

struct XlmFormula {
  std::string text;
  // With texts that are put together out of constants as one; empty where there are none.
  std::string folded;
};

// `tokens`: rgce; `more`: rgcb, what arrays have behind them.
XlmFormula ReadXlmFormula(Bytes tokens, Bytes more, const XlmNames& names);

// "A1" for 0, 0.
std::string XlmCellName(std::uint32_t row, std::uint32_t column);
// Quoted where a formula would need that.
std::string XlmSheetName(const std::string& name);
// `count` characters behind their flags ([MS-XLS] 2.5.268 and others), as UTF-8.
Result<std::string> ReadXlmCharacters(Cursor& cursor, std::size_t count);

}  // namespace dl::unpack
