// The type of an object in ClamAV's terms, and the target type that follows.
//
//   const ClamType type = TypeFromName("CL_TYPE_MSEXE").value_or(ClamType::kAny);
//   if (TargetOf(type) == kTargetPe) MatchPeSignatures(object);
//
// The names stand in .ftm files and in the Container, Intermediates and
// HandlerType fields of logical signatures. Numbers are clamscan 1.4's own:
// they are ordered, because of two recognised types the higher one counts.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace dl::filetype {

enum class ClamType : std::uint16_t {
  kAny = 0,
  kTextAscii = 500,
  kTextUtf8,
  kTextUtf16Le,
  kTextUtf16Be,
  kBinaryData,
  kError,
  kMsExe,
  kElf,
  kMacho,
  kMachoUnibin,
  kPosixTar,
  kOldTar,
  kCpioOld,
  kCpioOdc,
  kCpioNewc,
  kCpioCrc,
  kGz,
  kZip,
  kBz,
  kRar,
  kArj,
  kMsSzdd,
  kMsOle2,
  kMsCab,
  kMsChm,
  kSis,
  kScrEnc,
  kGraphics,
  kGif,
  kPng,
  kJpeg,
  kTiff,
  kRiff,
  kBinHex,
  kTnef,
  kCryptFf,
  kPdf,
  kUuEncoded,
  kScript,
  kHtmlUtf16,
  kRtf,
  k7z,
  kSwf,
  kJava,
  kXar,
  kXz,
  kOoxmlWord,
  kOoxmlPpt,
  kOoxmlXl,
  kInternal,
  kHwp3,
  kOoxmlHwp,
  kPs,
  kEgg,
  kOneNote,
  kPythonCompiled,
  kLhaLzh,
  kPartAny,
  kPartHfsPlus,
  kMbr,
  kHtml,
  kMail,
  kSfx,
  kZipSfx,
  kRarSfx,
  k7zSfx,
  kCabSfx,
  kArjSfx,
  kEggSfx,
  kNulSft,
  kAutoIt,
  kIshieldMsi,
  kIso9660,
  kDmg,
  kGpt,
  kApm,
  kXdp,
  kXmlWord,
  kXmlXl,
  kXmlHwp,
  kHwpOle2,
  kMhtml,
  kLnk,
  kUdf,
  kAlz,
  kOther,
  kIgnored,
};

// "CL_TYPE_MSEXE"; empty for kError and kOther, which have no name.
std::string_view TypeName(ClamType type);
// Exact, case-sensitive.
std::optional<ClamType> TypeFromName(std::string_view name);

// Target types of signatures. Generic signatures (0) apply to everything.
enum Target : std::uint8_t {
  kTargetGeneric = 0,
  kTargetPe = 1,
  kTargetOle2 = 2,
  kTargetHtml = 3,
  kTargetMail = 4,
  kTargetGraphics = 5,
  kTargetElf = 6,
  kTargetAscii = 7,
  kTargetUnused = 8,
  kTargetMacho = 9,
  kTargetPdf = 10,
  kTargetFlash = 11,
  kTargetJava = 12,
  kTargetInternal = 13,
  kTargetOther = 14,
};
inline constexpr std::uint8_t kTargetCount = 15;

// The target whose signatures apply, besides the generic ones, when bytes are
// scanned as `type`; kTargetGeneric when there are none.
//
// kTextAscii gives kTargetAscii, but only normalised text is ever scanned so;
// raw text is scanned as kAny (formats/views says what is scanned as what).
// kOther (target 14) is what the raw bytes of kBinaryData are scanned as once
// more; files of a known type never are.
Target TargetOf(ClamType type);

// kTextAscii to kBinaryData: "the magic said nothing".
inline bool IsTextOrData(ClamType type) { return type >= ClamType::kTextAscii && type <= ClamType::kBinaryData; }

}  // namespace dl::filetype
