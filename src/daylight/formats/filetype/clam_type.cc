#include "daylight/formats/filetype/clam_type.h"

#include <array>

namespace dl::filetype {
namespace {

struct Entry {
  ClamType type;
  std::string_view name;
};

constexpr Entry kNames[] = {
    {ClamType::kAny, "CL_TYPE_ANY"},
    {ClamType::kTextAscii, "CL_TYPE_TEXT_ASCII"},
    {ClamType::kTextUtf8, "CL_TYPE_TEXT_UTF8"},
    {ClamType::kTextUtf16Le, "CL_TYPE_TEXT_UTF16LE"},
    {ClamType::kTextUtf16Be, "CL_TYPE_TEXT_UTF16BE"},
    {ClamType::kBinaryData, "CL_TYPE_BINARY_DATA"},
    {ClamType::kMsExe, "CL_TYPE_MSEXE"},
    {ClamType::kElf, "CL_TYPE_ELF"},
    {ClamType::kMacho, "CL_TYPE_MACHO"},
    {ClamType::kMachoUnibin, "CL_TYPE_MACHO_UNIBIN"},
    {ClamType::kPosixTar, "CL_TYPE_POSIX_TAR"},
    {ClamType::kOldTar, "CL_TYPE_OLD_TAR"},
    {ClamType::kCpioOld, "CL_TYPE_CPIO_OLD"},
    {ClamType::kCpioOdc, "CL_TYPE_CPIO_ODC"},
    {ClamType::kCpioNewc, "CL_TYPE_CPIO_NEWC"},
    {ClamType::kCpioCrc, "CL_TYPE_CPIO_CRC"},
    {ClamType::kGz, "CL_TYPE_GZ"},
    {ClamType::kZip, "CL_TYPE_ZIP"},
    {ClamType::kBz, "CL_TYPE_BZ"},
    {ClamType::kRar, "CL_TYPE_RAR"},
    {ClamType::kArj, "CL_TYPE_ARJ"},
    {ClamType::kMsSzdd, "CL_TYPE_MSSZDD"},
    {ClamType::kMsOle2, "CL_TYPE_MSOLE2"},
    {ClamType::kMsCab, "CL_TYPE_MSCAB"},
    {ClamType::kMsChm, "CL_TYPE_MSCHM"},
    {ClamType::kSis, "CL_TYPE_SIS"},
    {ClamType::kScrEnc, "CL_TYPE_SCRENC"},
    {ClamType::kGraphics, "CL_TYPE_GRAPHICS"},
    {ClamType::kGif, "CL_TYPE_GIF"},
    {ClamType::kPng, "CL_TYPE_PNG"},
    {ClamType::kJpeg, "CL_TYPE_JPEG"},
    {ClamType::kTiff, "CL_TYPE_TIFF"},
    {ClamType::kRiff, "CL_TYPE_RIFF"},
    {ClamType::kBinHex, "CL_TYPE_BINHEX"},
    {ClamType::kTnef, "CL_TYPE_TNEF"},
    {ClamType::kCryptFf, "CL_TYPE_CRYPTFF"},
    {ClamType::kPdf, "CL_TYPE_PDF"},
    {ClamType::kUuEncoded, "CL_TYPE_UUENCODED"},
    {ClamType::kScript, "CL_TYPE_SCRIPT"},
    {ClamType::kHtmlUtf16, "CL_TYPE_HTML_UTF16"},
    {ClamType::kRtf, "CL_TYPE_RTF"},
    {ClamType::k7z, "CL_TYPE_7Z"},
    {ClamType::kSwf, "CL_TYPE_SWF"},
    {ClamType::kJava, "CL_TYPE_JAVA"},
    {ClamType::kXar, "CL_TYPE_XAR"},
    {ClamType::kXz, "CL_TYPE_XZ"},
    {ClamType::kOoxmlWord, "CL_TYPE_OOXML_WORD"},
    {ClamType::kOoxmlPpt, "CL_TYPE_OOXML_PPT"},
    {ClamType::kOoxmlXl, "CL_TYPE_OOXML_XL"},
    {ClamType::kInternal, "CL_TYPE_INTERNAL"},
    {ClamType::kHwp3, "CL_TYPE_HWP3"},
    {ClamType::kOoxmlHwp, "CL_TYPE_OOXML_HWP"},
    {ClamType::kPs, "CL_TYPE_PS"},
    {ClamType::kEgg, "CL_TYPE_EGG"},
    {ClamType::kOneNote, "CL_TYPE_ONENOTE"},
    {ClamType::kPythonCompiled, "CL_TYPE_PYTHON_COMPILED"},
    {ClamType::kLhaLzh, "CL_TYPE_LHA_LZH"},
    {ClamType::kPartAny, "CL_TYPE_PART_ANY"},
    {ClamType::kPartHfsPlus, "CL_TYPE_PART_HFSPLUS"},
    {ClamType::kMbr, "CL_TYPE_MBR"},
    {ClamType::kHtml, "CL_TYPE_HTML"},
    {ClamType::kMail, "CL_TYPE_MAIL"},
    {ClamType::kSfx, "CL_TYPE_SFX"},
    {ClamType::kZipSfx, "CL_TYPE_ZIPSFX"},
    {ClamType::kRarSfx, "CL_TYPE_RARSFX"},
    {ClamType::k7zSfx, "CL_TYPE_7ZSFX"},
    {ClamType::kCabSfx, "CL_TYPE_CABSFX"},
    {ClamType::kArjSfx, "CL_TYPE_ARJSFX"},
    {ClamType::kEggSfx, "CL_TYPE_EGGSFX"},
    {ClamType::kNulSft, "CL_TYPE_NULSFT"},
    {ClamType::kAutoIt, "CL_TYPE_AUTOIT"},
    {ClamType::kIshieldMsi, "CL_TYPE_ISHIELD_MSI"},
    {ClamType::kIso9660, "CL_TYPE_ISO9660"},
    {ClamType::kDmg, "CL_TYPE_DMG"},
    {ClamType::kGpt, "CL_TYPE_GPT"},
    {ClamType::kApm, "CL_TYPE_APM"},
    {ClamType::kXdp, "CL_TYPE_XDP"},
    {ClamType::kXmlWord, "CL_TYPE_XML_WORD"},
    {ClamType::kXmlXl, "CL_TYPE_XML_XL"},
    {ClamType::kXmlHwp, "CL_TYPE_XML_HWP"},
    {ClamType::kHwpOle2, "CL_TYPE_HWPOLE2"},
    {ClamType::kMhtml, "CL_TYPE_MHTML"},
    {ClamType::kLnk, "CL_TYPE_LNK"},
    {ClamType::kUdf, "CL_TYPE_UDF"},
    {ClamType::kAlz, "CL_TYPE_ALZ"},
    {ClamType::kIgnored, "CL_TYPE_IGNORED"},
};

}  // namespace

std::string_view TypeName(ClamType type) {
  for (const Entry& entry : kNames) {
    if (entry.type == type) return entry.name;
  }
  return {};
}

std::optional<ClamType> TypeFromName(std::string_view name) {
  for (const Entry& entry : kNames) {
    if (entry.name == name) return entry.type;
  }
  return std::nullopt;
}

Target TargetOf(ClamType type) {
  switch (type) {
    case ClamType::kMsExe: return kTargetPe;
    case ClamType::kMsOle2: return kTargetOle2;
    case ClamType::kHtml: return kTargetHtml;
    case ClamType::kMail: return kTargetMail;
    case ClamType::kGraphics:
    case ClamType::kGif:
    case ClamType::kPng:
    case ClamType::kJpeg:
    case ClamType::kTiff: return kTargetGraphics;
    case ClamType::kElf: return kTargetElf;
    case ClamType::kTextAscii: return kTargetAscii;
    case ClamType::kMacho:
    case ClamType::kMachoUnibin: return kTargetMacho;
    case ClamType::kPdf: return kTargetPdf;
    case ClamType::kSwf: return kTargetFlash;
    case ClamType::kJava: return kTargetJava;
    case ClamType::kInternal: return kTargetInternal;
    case ClamType::kOther: return kTargetOther;
    default: return kTargetGeneric;
  }
}

}  // namespace dl::filetype
