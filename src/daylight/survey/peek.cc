#include "daylight/survey/peek.h"

#include <algorithm>
#include <array>

namespace dl::survey {

namespace {

using namespace std::string_view_literals;

bool Has(std::string_view head, std::size_t offset, std::string_view magic) {
  return head.size() >= offset + magic.size() && head.substr(offset, magic.size()) == magic;
}

struct Magic {
  std::size_t offset;
  std::string_view bytes;
};

// Beginnings of archives, compressed streams and disk images; what has none is met only as a target.
constexpr std::array kContainers = {
    Magic{0, "PK\3\4"sv},
    Magic{0, "\x1f\x8b\x08"sv},
    Magic{0, "BZh"sv},
    Magic{0,
          "\xfd"
          "7zXZ"sv},
    Magic{0, "\x28\xb5\x2f\xfd"sv},
    Magic{0, "7z\xbc\xaf"sv},
    Magic{0, "Rar!"sv},
    Magic{0, "070701"sv},
    Magic{0, "070702"sv},
    Magic{0, "070707"sv},
    Magic{0, "QFI\xfb"sv},
    Magic{0, "KDMV"sv},
    Magic{0, "hsqs"sv},
    Magic{0, "MSCF"sv},
    Magic{0, "conectix"sv},
    Magic{0, "vhdxfile"sv},
    Magic{0, "xar!"sv},
    Magic{0, "\x04\x22\x4d\x18"sv},
    Magic{510, "\x55\xaa"sv},
};

bool IsSbomName(std::string_view name) {
  constexpr std::array kEnds = {".cdx.json"sv, ".cdx.xml"sv,  ".spdx"sv,    ".spdx.json"sv,     "bom.json"sv,
                                "bom.xml"sv,   "sbom.json"sv, "sbom.xml"sv, ".cyclonedx.json"sv};
  return std::any_of(kEnds.begin(), kEnds.end(), [&](std::string_view end) { return name.ends_with(end); });
}

}  // namespace

Peek PeekAt(Bytes bytes, std::string_view name) {
  const std::string_view head = AsText(bytes);
  if (Has(head, 0,
          "\x7f"
          "ELF"sv))
    return Peek::kElf;
  if (Has(head, 0, "MZ"sv)) return Peek::kProgram;
  for (const std::string_view magic :
       {"\xfe\xed\xfa\xce"sv, "\xfe\xed\xfa\xcf"sv, "\xce\xfa\xed\xfe"sv, "\xcf\xfa\xed\xfe"sv}) {
    if (Has(head, 0, magic)) return Peek::kProgram;
  }
  if (Has(head, 0, "!<arch>\ndebian-binary"sv) || Has(head, 0, "\xed\xab\xee\xdb"sv)) return Peek::kPackage;
  if (Has(head, 0, "\x1f\x8b"sv) && name.ends_with(".apk")) return Peek::kPackage;
  if (name.find(".pkg.tar") != std::string_view::npos) return Peek::kPackage;
  if (Has(head, 257, "ustar"sv)) return Peek::kTar;
  if (!head.empty() && IsSbomName(name)) return Peek::kSbom;
  const bool is_container = std::any_of(kContainers.begin(), kContainers.end(),
                                        [&](const Magic& magic) { return Has(head, magic.offset, magic.bytes); });
  return is_container ? Peek::kContainer : Peek::kNothing;
}

}  // namespace dl::survey
