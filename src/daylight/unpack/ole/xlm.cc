#include "daylight/unpack/ole/xlm.h"

#include <algorithm>

namespace dl::unpack {

namespace {

// [MS-XLS] 2.3.
constexpr std::uint16_t kFormula = 0x0006;
constexpr std::uint16_t kEof = 0x000a;
constexpr std::uint16_t kExternSheet = 0x0017;
constexpr std::uint16_t kLbl = 0x0018;
constexpr std::uint16_t kExternName = 0x0023;
constexpr std::uint16_t kBoundSheet = 0x0085;
constexpr std::uint16_t kRString = 0x00d6;
constexpr std::uint16_t kSupBook = 0x01ae;
constexpr std::uint16_t kLabel = 0x0204;
constexpr std::uint16_t kString = 0x0207;
constexpr std::uint16_t kArray = 0x0221;
constexpr std::uint16_t kSharedFormula = 0x04bc;
constexpr std::uint16_t kBof = 0x0809;

constexpr std::uint16_t kExcel97 = 0x0600;
constexpr std::uint16_t kMacroSheet = 0x0040;
// So many times the stream is read again for sheets that begin within its records.
constexpr std::uint64_t kMaxStrayTimes = 4;

// 2.5.114.
constexpr std::string_view kBuiltIn[] = {"Consolidate_Area", "Auto_Open",      "Auto_Close",    "Extract",
                                         "Database",         "Criteria",       "Print_Area",    "Print_Titles",
                                         "Recorder",         "Data_Form",      "Auto_Activate", "Auto_Deactivate",
                                         "Sheet_Title",      "_FilterDatabase"};
constexpr std::string_view kVisibilities[] = {"visible", "hidden", "very hidden"};

// In one line.
std::string OneLine(std::string text) {
  for (char& c : text) c = static_cast<unsigned char>(c) < 0x20 ? '_' : c;
  return text;
}

// At most what there is.
Bytes TakeTokens(Cursor& data, std::size_t size) { return *data.ReadBytes(std::min(size, data.remaining())); }

std::string Lines(const std::string& place, const XlmFormula& formula) {
  std::string lines = place + " =" + formula.text + "\n";
  if (!formula.folded.empty()) lines += "' " + place + " folded =" + formula.folded + "\n";
  return lines;
}

}  // namespace

XlmMacros::XlmMacros(Bytes workbook) : stream_(workbook), records_(workbook) {
  Record record;
  bool is_first = true;
  while (ReadRecord(record)) {
    if (is_first) is_of_excel5_ = record.id == kBof && Cursor(record.data).ReadU16Le().value_or(0) < kExcel97;
    is_first = false;
    Collect(record);
  }
  for (const Sheet& sheet : sheets_) {
    if (sheet.is_macro) strays_.insert(sheet.begin);
  }
  has_sheets_ = has_sheets_ || !strays_.empty();
  records_ = Cursor(stream_);
}

bool XlmMacros::ReadRecord(Record& record) {
  record.offset = records_.position();
  const auto id = records_.ReadU16Le();
  const auto size = records_.ReadU16Le();
  if (!id || !size) return false;
  record.id = *id;
  is_damaged_ = is_damaged_ || *size > records_.remaining();
  record.data = TakeTokens(records_, *size);
  return true;
}

void XlmMacros::Collect(const Record& record) {
  Cursor data(record.data);
  if (record.id == kBof) {
    has_sheets_ = has_sheets_ || (data.Skip(2) && data.ReadU16Le().value_or(0) == kMacroSheet);
  } else if (record.id == kBoundSheet) {
    CollectSheet(data);
  } else if (record.id == kLbl) {
    CollectName(data);
  } else if (record.id == kSupBook) {
    // 2.4.271: of the workbook itself no name follows.
    names_.books.push_back({data.Skip(2) && data.ReadU16Le().value_or(0) == 0x0401, {}});
  } else if (record.id == kExternName && !names_.books.empty()) {
    static_cast<void>(data.Skip(6));
    const std::uint8_t count = data.ReadU8().value_or(0);
    const auto name = ReadXlmCharacters(data, count);
    names_.books.back().names.push_back(name ? OneLine(*name) : "");
  } else if (record.id == kExternSheet) {
    static_cast<void>(data.Skip(2));
    while (data.remaining() >= 6) {
      const std::size_t book = *data.ReadU16Le();
      const auto first = static_cast<std::int16_t>(*data.ReadU16Le());
      names_.externs.push_back({book, first, static_cast<std::int16_t>(*data.ReadU16Le())});
    }
  }
}

// 2.4.28.
void XlmMacros::CollectSheet(Cursor data) {
  Sheet sheet;
  sheet.begin = data.ReadU32Le().value_or(0);
  sheet.visibility = data.ReadU8().value_or(0) & 3u;
  sheet.is_macro = data.ReadU8().value_or(0) == 1;
  const std::uint8_t count = data.ReadU8().value_or(0);
  const auto name = is_of_excel5_ ? Result<std::string>(std::string()) : ReadXlmCharacters(data, count);
  by_begin_.emplace(sheet.begin, sheets_.size());
  sheets_.push_back(sheet);
  names_.sheets.push_back(name ? *name : "");
}

// 2.4.150.
void XlmMacros::CollectName(Cursor data) {
  const std::uint16_t flags = data.ReadU16Le().value_or(0);
  static_cast<void>(data.Skip(1));
  const std::uint8_t count = data.ReadU8().value_or(0);
  static_cast<void>(data.SeekTo(14));
  auto name = ReadXlmCharacters(data, count);
  if (name && (flags & 0x20) != 0 && !name->empty() &&
      static_cast<unsigned char>(name->front()) < std::size(kBuiltIn)) {
    name = std::string(kBuiltIn[static_cast<unsigned char>(name->front())]) + name->substr(1);
  }
  names_.defined.push_back(name ? OneLine(*name) : "");
}

std::string XlmMacros::Next() {
  Record record;
  do {
    while (ReadRecord(record)) {
      std::string text = TextOf(record);
      if (is_in_stray_) {
        stray_bytes_ += 4 + record.data.size();
        // It ends there, however it goes on.
        if (!is_in_macros_) records_ = Cursor();
      }
      if (!text.empty()) return text;
    }
  } while (GoToNextStray());
  return {};
}

// What the list of sheets says begins in the middle of a record.
bool XlmMacros::GoToNextStray() {
  is_in_macros_ = false;
  is_in_stray_ = true;
  if (strays_.empty()) return false;
  if (stray_bytes_ > kMaxStrayTimes * stream_.size()) {
    is_damaged_ = true;
    return false;
  }
  stray_ = *strays_.begin();
  strays_.erase(strays_.begin());
  stray_bytes_ += 4;
  records_ = Cursor(stream_);
  // Those behind it are past the end, too.
  if (!records_.SeekTo(stray_)) {
    is_damaged_ = true;
    return false;
  }
  return true;
}

// A sheet begins, or something within one.
std::string XlmMacros::Begin(const Record& record) {
  const auto number = by_begin_.find(static_cast<std::uint32_t>(record.offset));
  Cursor data(record.data);
  const bool says_so = data.Skip(2) && data.ReadU16Le().value_or(0) == kMacroSheet;
  const bool is_listed =
      is_in_stray_ ? stray_ == record.offset : strays_.erase(static_cast<std::uint32_t>(record.offset)) != 0;
  if (!says_so && !is_listed) {
    nested_ += is_in_macros_ ? 1 : 0;
    return {};
  }
  is_in_macros_ = true;
  nested_ = 0;
  std::string visibility = "not listed";
  sheet_.clear();
  if (number != by_begin_.end()) {
    const unsigned state = sheets_[number->second].visibility;
    sheet_ = XlmSheetName(names_.sheets[number->second]);
    visibility = state < std::size(kVisibilities) ? kVisibilities[state] : "visible";
  }
  return "' " + sheet_ + ": macro sheet, " + visibility + "\n";
}

std::string XlmMacros::TextOf(const Record& record) {
  const Cursor data(record.data);
  if (record.id == kBof) return Begin(record);
  if (record.id == kLbl && !is_in_stray_) return NameText(data);
  if (!is_in_macros_) return {};
  switch (record.id) {
    case kEof:
      is_in_macros_ = nested_ > 0;
      nested_ -= nested_ > 0 ? 1 : 0;
      return {};
    case kFormula: return CellText(data, 16);
    case kSharedFormula: return AreaText(data, 2);
    case kArray: return AreaText(data, 6);
    case kString: return StringText(data);
    case kLabel:
    case kRString: {
      Cursor cell(record.data);
      const auto row = cell.ReadU16Le();
      const auto column = cell.ReadU16Le();
      if (!row || !column || !cell.Skip(2)) return {};
      cell_ = sheet_ + "!" + XlmCellName(*row, *column);
      return StringText(cell);
    }
    default: return {};
  }
}

std::string XlmMacros::NameText(Cursor data) {
  const std::uint16_t flags = data.ReadU16Le().value_or(0);
  static_cast<void>(data.Skip(1));
  const std::uint8_t count = data.ReadU8().value_or(0);
  const std::uint16_t size = data.ReadU16Le().value_or(0);
  if (!data.SeekTo(14) || !ReadXlmCharacters(data, count)) return {};
  const Bytes tokens = TakeTokens(data, size);
  const Bytes more = data.bytes().subspan(data.position());
  const std::string& name = printed_names_ < names_.defined.size() ? names_.defined[printed_names_] : sheet_;
  ++printed_names_;
  return Lines("' " + name + ((flags & 0x01) != 0 ? " (hidden)" : ""), ReadXlmFormula(tokens, more, names_));
}

std::string XlmMacros::CellText(Cursor data, std::size_t skipped) {
  const auto row = data.ReadU16Le();
  const auto column = data.ReadU16Le();
  if (!row || !column || !data.Skip(skipped)) return {};
  const std::uint16_t size = data.ReadU16Le().value_or(0);
  const Bytes tokens = TakeTokens(data, size);
  cell_ = sheet_ + "!" + XlmCellName(*row, *column);
  return Lines(cell_, ReadXlmFormula(tokens, data.bytes().subspan(data.position()), names_));
}

std::string XlmMacros::AreaText(Cursor data, std::size_t skipped) const {
  const auto row = data.ReadU16Le();
  const auto last_row = data.ReadU16Le();
  const auto column = data.ReadU8();
  const auto last_column = data.ReadU8();
  if (!row || !last_row || !column || !last_column || !data.Skip(skipped)) return {};
  const std::uint16_t size = data.ReadU16Le().value_or(0);
  const Bytes tokens = TakeTokens(data, size);
  return Lines(sheet_ + "!" + XlmCellName(*row, *column) + ":" + XlmCellName(*last_row, *last_column),
               ReadXlmFormula(tokens, data.bytes().subspan(data.position()), names_));
}

// What the formula before gave when it was saved, or what a cell says.
std::string XlmMacros::StringText(Cursor data) const {
  const std::uint16_t count = data.ReadU16Le().value_or(0);
  const auto text = ReadXlmCharacters(data, count);
  return text ? "' " + cell_ + " is \"" + OneLine(*text) + "\"\n" : "";
}

}  // namespace dl::unpack
