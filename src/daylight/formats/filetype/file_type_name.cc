#include "daylight/formats/filetype/file_type_name.h"

#include <string_view>

namespace dl::filetype {

namespace {

using namespace std::string_view_literals;

struct Signature {
  std::size_t offset;
  std::string_view bytes;
  std::string_view name;
};

// The first that fits counts, so a longer signature stands before a shorter one
// that begins it. The names are those of the scanners LOKI and THOR, for whose
// rules the variable was invented.
constexpr Signature kSignatures[] = {
    {0, "PK\x03\x04\x14\x00\x06\x00"sv, "Office"},
    {0, "PK\x03\x04\x14\x00\x08\x00"sv, "JAR"},
    {0, "PK\x03\x04"sv, "ZIP"},
    {0, "PK\x05\x06"sv, "PKZIP"},
    {0, "PKSpX"sv, "PKSFX"},
    {0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"sv, "OLE"},
    {0, "MZ"sv, "EXE"},
    {0,
     "\x7f"
     "ELF"sv,
     "ELF"},
    {0, "\xfe\xed\xfa\xce"sv, "MACH-O"},
    {0, "\xfe\xed\xfa\xcf"sv, "MACH-O"},
    {0, "\xce\xfa\xed\xfe"sv, "MACH-O"},
    {0, "\xcf\xfa\xed\xfe"sv, "MACH-O"},
    {0, "\xca\xfe\xba\xbe"sv, "Class"},
    {0, "%PDF"sv, "PDF"},
    {0, "{\\rtf1"sv, "RTF"},
    {0, "\x1f\x8b\x08"sv, "GZIP"},
    {0, "BZh"sv, "BZip2"},
    {0, "7z\xbc\xaf\x27\x1c"sv, "7Zip"},
    {0,
     "\xfd"
     "7zXZ\x00"sv,
     "XZ"},
    {0, "Rar!\x1a\x07"sv, "RAR"},
    {0, "MSCF"sv, "CAB"},
    {0, "\x60\xea"sv, "ARJ"},
    {0, "\x1f\x9d"sv, "TARZ"},
    {0, "\x1f\xa0"sv, "TARZ"},
    {257, "ustar"sv, "TAR"},
    {0, "\xff\xd8\xff"sv, "JPEG"},
    {0, "GIF"sv, "GIF"},
    {0, "\x89PNG\r\n\x1a\n"sv, "PNG"},
    {0, "CWS"sv, "SWF"},
    {0, "ZWS"sv, "SWF"},
    {0, "FWS"sv, "SWF"},
    {0, "L\x00\x00\x00\x01\x14\x02\x00"sv, "LNK"},
    {0, "MDMP"sv, "MDMP"},
    {0, "regf"sv, "Registry Hive"},
    {0, "ElfFil"sv, "EVTX"},
    {0, "0\x00\x00\x00LfLe"sv, "EVT"},
    {0, "\xd4\xc3\xb2\xa1"sv, "WINPCAP"},
    {0, "\xa1\xb2\xc3\xd4"sv, "LIBPCAP"},
    {0, "\xa1\xb2\xcd\x34"sv, "LIBPCAP"},
    {0, "KDM"sv, "VMDK"},
    {0, "COWD"sv, "VMDK"},
    {0, "conectix"sv, "VHD"},
    {0, "FILE"sv, "NTFS MFT"},
    {0, "AES"sv, "AESCrypt"},
    {0, "<?php"sv, "PHP"},
    {0, "<?xm"sv, "XML"},
    {0, "<?XM"sv, "XML"},
    {0, "<%"sv, "JSP"},
    {0, "Function"sv, "VBS"},
    {0, "#!/"sv, "UNIX SCRIPT"},
    {0, "#!"sv, "Script"},
};

}  // namespace

std::string FileTypeName(Bytes head) {
  const std::string_view text = AsText(head);
  for (const Signature& signature : kSignatures) {
    if (text.size() >= signature.offset && text.substr(signature.offset).starts_with(signature.bytes)) {
      return std::string(signature.name);
    }
  }
  return "UNKNOWN";
}

}  // namespace dl::filetype
