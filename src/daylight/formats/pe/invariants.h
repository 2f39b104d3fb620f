// What holds for every PeFile, however hostile the file was. Tests and the
// fuzz target call this on everything they parse.
//
//   const auto file = ParsePe(bytes);
//   if (file) CheckInvariants(*file);
#pragma once

#include <algorithm>
#include <functional>

#include "daylight/base/check.h"
#include "daylight/formats/pe/pe.h"

namespace dl::pe {

namespace internal {

inline bool LiesIn(Bytes bytes, std::string_view text) {
  const auto* begin = reinterpret_cast<const char*>(bytes.data());
  const std::less_equal<const char*> at_most;
  return text.empty() || (at_most(begin, text.data()) && at_most(text.data() + text.size(), begin + bytes.size()));
}

inline void CheckLibraries(const PeFile& file, const std::vector<ImportedLibrary>& libraries) {
  const Bytes bytes = file.image.bytes();
  std::size_t functions = 0;
  for (const ImportedLibrary& library : libraries) {
    DL_CHECK(LiesIn(bytes, library.name) && !library.name.empty());
    DL_CHECK(library.name.find('\0') == std::string_view::npos);
    functions += library.functions.size();
    for (const ImportedFunction& function : library.functions) {
      DL_CHECK(function.name.has_value());
      DL_CHECK(function.name->size() <= 512);
      DL_CHECK(function.ordinal.has_value() || LiesIn(bytes, *function.name));
    }
  }
  DL_CHECK(functions <= 16384);
}

inline void CheckResources(const PeFile& file) {
  const Bytes bytes = file.image.bytes();
  DL_CHECK(file.resources.items.size() <= 65536);
  for (const Resource& resource : file.resources.items) {
    DL_CHECK(!resource.offset || *resource.offset < bytes.size());
    DL_CHECK(resource.length > 0 && resource.length <= 0x3fffffff);
    for (const auto& name : {resource.type_name, resource.name, resource.language_name}) {
      DL_CHECK(!name || (name->size() % 2 == 0 && LiesIn(bytes, *name)));
    }
  }
  for (const VersionString& string : file.resources.version_strings) {
    DL_CHECK(string.key.size() <= 63 && string.value.size() <= 255);
  }
}

inline void CheckExports(const PeFile& file) {
  const Bytes bytes = file.image.bytes();
  DL_CHECK(file.exports.functions.size() <= 16384);
  DL_CHECK(!file.exports.dll_name || LiesIn(bytes, *file.exports.dll_name));
  for (const ExportedFunction& function : file.exports.functions) {
    DL_CHECK(!function.offset || *function.offset < bytes.size());
    DL_CHECK(!(function.offset && function.forward_name));
    DL_CHECK(!function.name || (function.name->size() <= 512 && LiesIn(bytes, *function.name)));
    DL_CHECK(!function.forward_name || LiesIn(bytes, *function.forward_name));
  }
}

inline void CheckSignatures(const Authenticode& authenticode) {
  bool any = false;
  for (const Signature& signature : authenticode.signatures) {
    any = any || signature.verified;
    if (!signature.verified) continue;
    DL_CHECK(signature.digest && signature.digest == signature.file_digest);
    DL_CHECK(signature.has_signer && !signature.chain.empty());
  }
  DL_CHECK(authenticode.is_signed == any);
}

}  // namespace internal

inline void CheckInvariants(const PeFile& file) {
  const Image& image = file.image;
  const Bytes bytes = image.bytes();
  DL_CHECK(image.Fits(image.headers().optional_header_offset(), image.headers().is_64bit ? 240 : 224));
  DL_CHECK(image.sections().size() <= std::min<std::size_t>(kMaxSections, image.headers().number_of_sections));
  DL_CHECK(file.section_full_names.size() == image.sections().size());
  DL_CHECK(image.declared_directories().size() <= kDirectoryCount);
  DL_CHECK(!file.entry_point_offset || *file.entry_point_offset < bytes.size());
  DL_CHECK(file.overlay.size == 0 || file.overlay.offset + file.overlay.size == bytes.size());
  for (const Section& section : image.sections()) {
    for (const std::uint64_t rva : {std::uint64_t{section.virtual_address}, std::uint64_t{section.virtual_address} + 1,
                                    std::uint64_t{section.virtual_address} + section.raw_data_size}) {
      const auto offset = image.RvaToOffset(rva);
      DL_CHECK(!offset || *offset < bytes.size());
    }
  }
  if (file.rich_signature) {
    const RichSignature& rich = *file.rich_signature;
    DL_CHECK(rich.offset + rich.raw_data.size() <= image.headers().nt_offset);
    DL_CHECK(rich.clear_data.size() == rich.raw_data.size());
    DL_CHECK(rich.clear_data.starts_with("DanS"));
    DL_CHECK(rich.version_data.value_or("").size() == rich.tools.size() * 4);
  }
  DL_CHECK(!file.pdb_path || internal::LiesIn(bytes, *file.pdb_path));
  internal::CheckLibraries(file, file.imports);
  internal::CheckLibraries(file, file.delayed_imports);
  internal::CheckResources(file);
  internal::CheckExports(file);
  internal::CheckSignatures(file.authenticode);
}

}  // namespace dl::pe
