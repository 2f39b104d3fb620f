#include "daylight/formats/pe/pe.h"

#include <algorithm>

#include "daylight/crypto/digest.h"
#include "daylight/formats/pe/internal.h"

namespace dl::pe {

namespace {

// libyara: the end of the section that ends last in the file, with 32-bit
// sums for each section on its own.
Overlay FindOverlay(const Image& image) {
  std::uint64_t end = 0;
  for (const Section& section : image.sections()) {
    const std::uint32_t wrapped_end = section.raw_data_offset + section.raw_data_size;
    if (wrapped_end > end) end = std::uint64_t{section.raw_data_offset} + section.raw_data_size;
  }
  if (end == 0 || end >= image.bytes().size()) return {};
  return {end, image.bytes().size() - end};
}

// A name of the form "/123" is an offset into the COFF string table, which
// follows the symbols ("Microsoft PE Format", 4 and 5.6).
std::optional<std::string_view> FullName(const Image& image, const Section& section) {
  constexpr std::uint64_t kSymbolSize = 18;
  constexpr std::uint64_t kMaxName = 65536;  // Ours; libyara has no bound.
  const Headers& h = image.headers();
  if (h.pointer_to_symbol_table == 0 || section.raw_name[0] != '/') return section.name;
  std::uint64_t index = 0;
  for (std::size_t i = 1; i < section.raw_name.size(); ++i) {
    const char c = section.raw_name[i];
    if (c < '0' || c > '9') break;
    index = index * 10 + static_cast<std::uint64_t>(c - '0');
  }
  const std::uint64_t table = h.pointer_to_symbol_table + h.number_of_symbols * kSymbolSize;
  const std::uint64_t offset = table + index;
  if (offset >= image.bytes().size()) return std::nullopt;
  const std::string_view name = TextAt(image, offset, kMaxName);
  const bool valid = image.Fits(offset, name.size() + 1) && name.size() < kMaxName &&
                     std::all_of(name.begin(), name.end(), [](char c) { return c >= ' ' && c <= '~'; });
  if (!valid) return std::nullopt;
  return name;
}

}  // namespace

std::string_view TextAt(const Image& image, std::uint64_t offset, std::uint64_t max_bytes) {
  if (offset >= image.bytes().size()) return {};
  const Bytes rest = image.bytes().subspan(static_cast<std::size_t>(offset));
  const std::string_view text =
      AsText(rest).substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(max_bytes, rest.size())));
  return text.substr(0, text.find('\0'));
}

bool StartsWithNoCase(std::string_view text, std::string_view lowercase_prefix) {
  if (text.size() < lowercase_prefix.size()) return false;
  return std::equal(lowercase_prefix.begin(), lowercase_prefix.end(), text.begin(), [](char expected, char c) {
    return expected == (c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c);
  });
}

void ParseSectionNames(PeFile& file) {
  for (const Section& section : file.image.sections()) {
    file.section_full_names.push_back(FullName(file.image, section));
  }
}

Result<PeFile> ParsePe(Bytes bytes) {
  PeFile file;
  DL_TRY(file.image, Image::Parse(bytes));
  file.entry_point_offset = file.image.RvaToOffset(file.image.headers().entry_point_rva);
  file.overlay = FindOverlay(file.image);
  ParseSectionNames(file);
  ParseResources(file);
  ParseRichSignature(file);
  ParseDebugDirectory(file);
  file.authenticode = ParseAuthenticode(file.image);
  ParseImports(file);
  ParseDelayedImports(file);
  ParseExports(file);
  return file;
}

Result<Origin> ParseOrigin(Bytes bytes) {
  PeFile file;
  DL_TRY(file.image, Image::Parse(bytes));
  ParseResources(file);
  return Origin{std::move(file.resources.version_strings), ParseAuthenticode(file.image)};
}

// "Microsoft PE Format" names the algorithm of imagehlp's CheckSumMappedFile:
// a ones' complement sum without the field itself, plus the file's size.
std::uint64_t CalculateChecksum(const Image& image) {
  const Bytes bytes = image.bytes();
  const std::uint64_t field = image.headers().optional_header_offset() + 64;
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < bytes.size(); i += 4) {
    if (i == field) continue;  // A field that is not aligned is summed, as YARA does.
    std::uint64_t word = 0;
    for (std::size_t j = 0; j < 4 && i + j < bytes.size(); ++j) {
      word |= std::to_integer<std::uint64_t>(bytes[i + j]) << (8 * j);
    }
    sum += word;
    sum = (sum & 0xffffffff) + (sum >> 32);
  }
  sum = (sum & 0xffff) + (sum >> 16);
  sum += sum >> 16;
  return (sum & 0xffff) + bytes.size();
}

std::string Imphash(std::span<const ImportedLibrary> imports) {
  crypto::Md5 md5;
  std::string text;
  bool first = true;
  for (const ImportedLibrary& library : imports) {
    std::string name(library.name);
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; };
    std::transform(name.begin(), name.end(), name.begin(), lower);
    // Only the first three letters of the extension count: "a.dllx" is "a".
    const std::size_t dot = name.rfind('.');
    if (dot != std::string::npos) {
      const std::string_view extension = std::string_view(name).substr(dot, 4);
      if (extension == ".ocx" || extension == ".sys" || extension == ".dll") name.resize(dot);
    }
    for (const ImportedFunction& function : library.functions) {
      text.assign(first ? "" : ",");
      first = false;
      text += name;
      text += '.';
      const std::string_view function_name = function.name.value_or("");
      std::transform(function_name.begin(), function_name.end(), std::back_inserter(text), lower);
      md5.Update(AsBytes(text));
    }
  }
  return crypto::Hex(md5.Finish());
}

}  // namespace dl::pe
