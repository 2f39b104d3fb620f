#include "daylight/rules/clamav/file_kinds.h"

#include <array>

namespace dl::clamav {
namespace {

constexpr auto kTypes = std::to_array<FileType>({
    {".db", FileKind::kDb, false, ReadOldBodyLine, false, false, "", false},
    {".hdb", FileKind::kHdb, false, ReadDigestLine, false, false, "", false},
    {".hsb", FileKind::kHsb, false, ReadDigestLine, false, false, "", false},
    {".hdu", FileKind::kHdb, true, ReadDigestLine, false, false, "", false},
    {".hsu", FileKind::kHsb, true, ReadDigestLine, false, false, "", false},
    {".fp", FileKind::kFp, false, ReadDigestLine, false, false, "", false},
    {".sfp", FileKind::kSfp, false, ReadDigestLine, false, false, "", false},
    {".mdb", FileKind::kMdb, false, ReadDigestLine, false, false, "", false},
    {".msb", FileKind::kMsb, false, ReadDigestLine, false, false, "", false},
    {".mdu", FileKind::kMdb, true, ReadDigestLine, false, false, "", false},
    {".msu", FileKind::kMsb, true, ReadDigestLine, false, false, "", false},
    {".imp", FileKind::kImp, false, ReadDigestLine, false, false, "", false},
    {".ndb", FileKind::kNdb, false, ReadBodyLine, false, false, "", false},
    {".ndu", FileKind::kNdb, true, ReadBodyLine, false, false, "", false},
    {".sdb", FileKind::kSdb, false, ReadBodyLine, false, false, "", false},
    {".ldb", FileKind::kLdb, false, ReadLogicalLine, false, false, "", false},
    {".ldu", FileKind::kLdb, true, ReadLogicalLine, false, false, "", false},
    {".idb", FileKind::kIdb, false, ReadIconLine, true, false, "", false},
    {".cdb", FileKind::kCdb, false, ReadContainerLine, false, false, "", false},
    {".zmd", FileKind::kZmd, false, ReadArchiveLine, false, false, "", false},
    {".rmd", FileKind::kRmd, false, ReadArchiveLine, false, false, "", false},
    {".pdb", FileKind::kPdb, false, ReadPhishingLine, true, true, "", false},
    {".gdb", FileKind::kGdb, false, ReadPhishingLine, true, true, "", false},
    {".wdb", FileKind::kWdb, false, ReadPhishingLine, true, true, "", false},
    {".cbc", FileKind::kCbc, false, nullptr, true, true, "bytecode is never executed", false},
    {".ftm", FileKind::kFtm, false, ReadFileTypeLine, false, false, "", true},
    {".cfg", FileKind::kCfg, false, nullptr, true, true, "configuration of another engine", false},
    {".cat", FileKind::kCat, false, nullptr, true, true, "", false},
    {".crb", FileKind::kCrb, false, ReadCertificateLine, true, true, "", false},
    {".ioc", FileKind::kIoc, false, nullptr, true, true, "", false},
    {".yar", FileKind::kYara, false, nullptr, true, true, "", false},
    {".yara", FileKind::kYara, false, nullptr, true, true, "", false},
    {".pwdb", FileKind::kPwdb, false, ReadPasswordLine, false, false, "", true},
    {".ign", FileKind::kIgn, false, ReadIgnoreLine, true, false, "", false},
    {".ign2", FileKind::kIgn2, false, ReadIgnoreLine, true, false, "", false},
    {".info", FileKind::kInfo, false, nullptr, true, true, "", false},
});

bool EndsWith(std::string_view name, std::string_view small_suffix) {
  if (name.size() < small_suffix.size()) return false;
  name.remove_prefix(name.size() - small_suffix.size());
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i] >= 'A' && name[i] <= 'Z' ? static_cast<char>(name[i] | 0x20) : name[i];
    if (c != small_suffix[i]) return false;
  }
  return true;
}

}  // namespace

const FileType* FindFileType(std::string_view name) {
  for (const FileType& type : kTypes) {
    if (EndsWith(name, type.suffix)) return &type;
  }
  return nullptr;
}

bool IsContainerName(std::string_view name) {
  return EndsWith(name, ".cvd") || EndsWith(name, ".cld") || EndsWith(name, ".cud");
}

FileKind KindOf(std::string_view file_name) {
  const FileType* const type = FindFileType(file_name);
  return type == nullptr ? FileKind::kUnknown : type->kind;
}

std::string_view KindName(FileKind kind) {
  for (const FileType& type : kTypes) {
    if (type.kind == kind) return type.kind == FileKind::kYara ? "yara" : type.suffix.substr(1);
  }
  return "unknown";
}

}  // namespace dl::clamav
