// Any bytes have a type, and any line is a definition or an error. The first
// line of the input is a definition that is added to the table. Meaning: no
// embedded object lies outside, and an archive's magic never changes a type.
#include <cstdint>
#include <string_view>
#include <vector>

#include "daylight/base/check.h"
#include "daylight/formats/filetype/filetype.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace dl::filetype;
  dl::Bytes bytes(reinterpret_cast<const std::byte*>(data), size);
  std::vector<Magic> rows;
  const std::string_view text = dl::AsText(bytes);
  if (const std::size_t line_end = text.find('\n'); line_end != std::string_view::npos) {
    const auto magic = ParseFtmLine(text.substr(0, line_end));
    if (magic) {
      rows.push_back(*magic);
      bytes = bytes.subspan(line_end + 1);
    }
  }
  const auto check = [&](const MagicTable& table) {
    const ClamType type = TypeOf(bytes, table);
    DL_CHECK(rows.size() == 1 || type != ClamType::kZipSfx);
    const RawTypes types = FindTypes(bytes, type, table);
    for (const Embedded& embedded : types.embedded) DL_CHECK(embedded.offset > 0 && embedded.offset < bytes.size());
    DL_CHECK(types.detected == ClamType::kAny || types.detected == types.found);
    (void)PartitionTypeOf(bytes, table);
  };
  check(MagicTable::Default());
  if (!rows.empty()) check(MagicTable(rows));
  return 0;
}
