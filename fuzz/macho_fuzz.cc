// Any bytes as a Mach-O or universal file: what is there agrees with what is
// counted.
#include <cstdlib>

#include "daylight/formats/macho/macho.h"

namespace {

void Require(bool condition) {
  if (!condition) std::abort();
}

void CheckImage(const dl::macho::Image& image, bool stopped) {
  Require(image.segments.size() <= image.segment_count);
  Require(image.segment_count <= image.command_count);
  for (const auto& segment : image.segments) Require(segment.sections.size() <= segment.section_count);
  Require(image.uuid.empty() || image.uuid.size() == 16);
  if (image.symtab) Require(stopped || image.symtab->symbols.size() <= image.symtab->symbols_count);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const dl::Bytes bytes(reinterpret_cast<const std::byte*>(data), size);
  const auto file = dl::macho::ParseMacho(bytes);
  if (!file) return 0;
  Require(dl::macho::HasMachoMagic(bytes));
  Require(file->image.has_value() != file->fat_magic.has_value());
  Require(file->archs.empty() || file->archs.size() == file->arch_count || file->stopped);
  if (file->image) CheckImage(*file->image, file->stopped.has_value());
  for (const auto& arch : file->archs) {
    Require(arch.within_file || !arch.image);
    if (arch.image) CheckImage(*arch.image, file->stopped.has_value());
  }
  return 0;
}
