// The macro sheets (Excel 4, XLM) of a workbook as text, line by line.
//
//   XlmMacros macros(workbook);
//   if (macros.has_sheets()) {
//     for (std::string line = macros.Next(); !line.empty(); line = macros.Next()) ...
//   }
//
//   ' Macro1: macro sheet, very hidden
//   ' Auto_Open =Macro1!$A$1
//   Macro1!A1 =EXEC("calc"&".exe")
//   ' Macro1!A1 folded =EXEC("calc.exe")
//   ' Macro1!A2 is "what it was calculated to be"
//
// After [MS-XLS]: sheets (2.4.28), defined names (2.4.150) and formulas (2.4.127). All
// substreams that begin as macro sheets are read, whatever the list of sheets says, and
// those that it says are macro sheets, wherever they begin. Numbers in cells are left
// out. Borrows the stream.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "daylight/unpack/ole/xlm_formula.h"

namespace dl::unpack {

class XlmMacros {
 public:
  // `workbook`: the stream "Workbook" of a document that is not encrypted.
  explicit XlmMacros(Bytes workbook);

  bool has_sheets() const { return has_sheets_; }
  // Written by Excel 5 or 95, whose formulas are stored in another way.
  bool is_of_excel5() const { return is_of_excel5_; }
  // A record is longer than the stream, or more sheets begin within others than are read.
  bool is_damaged() const { return is_damaged_; }

  // The next lines; empty at the end.
  std::string Next();

 private:
  struct Sheet {
    std::uint32_t begin = 0;  // Where in the stream.
    unsigned visibility = 0;
    bool is_macro = false;
  };
  struct Record {
    std::uint16_t id = 0;
    Bytes data;
    std::uint64_t offset = 0;
  };

  bool ReadRecord(Record& record);
  void Collect(const Record& record);
  void CollectSheet(Cursor data);
  void CollectName(Cursor data);
  std::string Begin(const Record& record);
  std::string TextOf(const Record& record);
  std::string NameText(Cursor data);
  std::string CellText(Cursor data, std::size_t skipped);
  std::string AreaText(Cursor data, std::size_t skipped) const;
  std::string StringText(Cursor data) const;
  bool GoToNextStray();

  Bytes stream_;
  Cursor records_;
  XlmNames names_;
  std::vector<Sheet> sheets_;
  std::map<std::uint32_t, std::size_t> by_begin_;  // Indices in sheets_.
  std::set<std::uint32_t> strays_;                 // Where macro sheets begin that no record begins at.
  std::uint64_t stray_ = 0;                        // The one at hand.
  std::uint64_t stray_bytes_ = 0;
  bool has_sheets_ = false;
  bool is_of_excel5_ = false;
  bool is_damaged_ = false;

  // While it is printed.
  bool is_in_macros_ = false;
  bool is_in_stray_ = false;
  std::uint64_t nested_ = 0;  // Substreams within the sheet, charts for example.
  std::size_t printed_names_ = 0;
  std::string sheet_;
  std::string cell_;  // Of the formula before.
};

}  // namespace dl::unpack
