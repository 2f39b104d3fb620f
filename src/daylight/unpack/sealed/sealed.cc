#include "daylight/unpack/sealed/sealed.h"

#include <algorithm>
#include <array>
#include <vector>

#include "daylight/unpack/program/pe_layout.h"

namespace dl::unpack {

namespace {

using namespace std::string_view_literals;

struct Mark {
  std::size_t offset;
  std::string_view bytes;
  std::string_view what;
};

constexpr Mark kMarks[] = {
    {7, "**ACE**"sv, "an ACE archive"},
    {20, "\xdc\xa7\xc4\xfd"sv, "a zoo archive"},
    {0, "ALZ\x01"sv, "an ALZ archive"},
    {0, "EGGA\x00\x01"sv, "an EGG archive"},
    {0, "MSWIM\0\0\0"sv, "a Windows image"},
    {0, "LRZI"sv, "an lrzip file"},
    {10, "rLau"sv, "a StuffIt archive"},  // Behind "SIT!" and two numbers.
    {0, "StuffIt (c)1997-"sv, "a StuffIt archive"},
    {0, "WLPWM\0\0\0"sv, "a Windows image"},
    {0, "7kSt\xa0\x31\x83\xd3\x8c\xb2\x28\xb0\xd3zPQ"sv, "a ZPAQ archive"},
    {0, "ArC\x01"sv, "a FreeArc archive"},
    {0, "ITOLITLS\x01\0\0\0"sv, "a compiled help file of Help 2"},
    {4, "\x12\x3a\x00\x10"sv, "a Symbian installation file"},
    {0, "\x7a\x1a\x20\x10"sv, "a Symbian installation file"},
    {0, "vhdxfile"sv, "a VHDX disk image"},
    {0, "COWD"sv, "a disk image of ESX"},
};

// Of sections of a PE file.
constexpr std::pair<std::string_view, std::string_view> kSections[] = {
    {"UPX0", "packed by UPX"},
    {"UPX1", "packed by UPX"},
    {".aspack", "packed by ASPack"},
    {"MEW", "packed by MEW"},
    {".petite", "packed by Petite"},
    {".WWP32", "packed by WWPack"},
    {"yC", "packed by yC"},
    {".nsp0", "packed by NsPack"},
    {".nsp1", "packed by NsPack"},
    {".MPRESS1", "packed by MPRESS"},
    {"PEC2", "packed by PECompact"},
    {".vmp0", "protected by VMProtect"},
    {".themida", "protected by Themida"},
    {"pec1", "packed by PECompact"},
    {".enigma1", "protected by Enigma"},
};

// Code at the entry point.
constexpr std::pair<std::string_view, std::string_view> kEntries[] = {
    {"\xeb\x01\x68\x60\xe8\x00\x00\x00\x00\x8b\x1c\x24\x83\xc3\x12"sv, "protected by PESpin"},
    {"\x0b\x01LoadLibraryA"sv, "packed by Upack"},
};

// What an installer has behind its program.
constexpr std::pair<std::string_view, std::string_view> kBehind[] = {
    {"\xef\xbe\xad\xdeNullsoftInst"sv, "an NSIS installer"},
    {"\xa3\x48\x4b\xbe\x98\x6c\x4a\xa9\x99\x4c\x53\x0a\x86\xd6\x48\x7d"sv, "a compiled AutoIt script"},
    {"ISSetupStream"sv, "an InstallShield installer"},
    {"InstallShield\0"sv, "an InstallShield installer"},
    {"\0Disk1\\"sv, "an InstallShield installer"},
    {"rDlPtS"sv, "an Inno Setup installer"},
    {"zlb\x1a"sv, "an Inno Setup installer"},
    {"idska32\x1a"sv, "an Inno Setup installer"},
    {"WiseMain"sv, "a Wise installer"},
};

std::string_view SealOfProgram(const Probe& probe) {
  const auto program = ReadPeLayout(probe.head);
  if (!program) return {};
  for (const PeLayout::Section& section : program->sections) {
    for (const auto& [name, what] : kSections) {
      if (section.name == name) return what;
    }
  }
  std::array<std::byte, 32> code;
  const auto n = probe.object.ReadAt(program->entry_offset(), code);
  for (const auto& [bytes, what] : kEntries) {
    if (n && AsText(Bytes(code).first(*n)).starts_with(bytes)) return what;
  }
  const std::uint64_t end = program->end();
  if (end == 0 || end >= probe.size) return {};
  std::vector<std::byte> behind(4096);
  const auto m = probe.object.ReadAt(end, behind);
  if (!m) return {};
  const std::string_view text = AsText(Bytes(behind).first(*m));
  for (const auto& [bytes, what] : kBehind) {
    if (text.find(bytes) != std::string_view::npos) return what;
  }
  return {};
}

bool Opens(const Probe& probe) { return !SealOf(probe).empty(); }

void Unpack(const Probe& probe, const ChildInfo&, Sink& sink) {
  sink.Closed("", kUnsupported, std::string(SealOf(probe)) + ", which is not opened yet");
}

}  // namespace

std::string_view SealOf(const Probe& probe) {
  for (const Mark& mark : kMarks) {
    if (probe.Has(mark.offset, mark.bytes) && (mark.offset != 10 || probe.Has(0, "SIT!"))) return mark.what;
  }
  // An Apple disk image has its header at its end.
  if (probe.tail.size() >= 512 && AsText(probe.tail.last(512)).starts_with("koly")) return "an Apple disk image";
  return SealOfProgram(probe);
}

const Unpacker kSealed = {"sealed", Opens, Unpack};

}  // namespace dl::unpack
