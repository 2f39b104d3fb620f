// "PE Format", "The .idata Section", and the text that import hashes are made
// of: "library.function,library.function", in lower case.
#include <algorithm>

#include "daylight/formats/exe/internal.h"
#include "daylight/formats/pe/ordinals.h"

namespace dl::exe {

namespace {

using internal::DataDirectory;
using internal::MissingSections;
using internal::PeHeader;
using internal::ReadAt;

constexpr std::uint32_t kImportDirectory = 1;
constexpr std::uint32_t kDescriptorSize = 20;
constexpr std::uint32_t kByOrdinal = 0x80000000;
constexpr std::uint64_t kMaxNameBytes = 256;

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

bool IsNameCharacter(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '.';
}

// A library's name without its ending, when that is one of three; the ending
// begins at the first dot and may go on ("a.dll.bak" is "a" too).
std::string_view WithoutEnding(std::string_view library) {
  const std::size_t dot = library.find('.');
  if (dot == std::string_view::npos) return library;
  std::string ending(library.substr(dot, 4));
  std::transform(ending.begin(), ending.end(), ending.begin(), Lower);
  return ending == ".ocx" || ending == ".sys" || ending == ".dll" ? library.substr(0, dot) : library;
}

class ImportReader {
 public:
  ImportReader(Bytes bytes, const PeHeader& pe) : bytes_(bytes), pe_(pe) {}

  std::optional<std::string> Read() {
    const DataDirectory& directory = pe_.directories[kImportDirectory];
    if (directory.rva == 0 || directory.size == 0) return std::nullopt;
    const auto offset = FileOffset(pe_.info, directory.rva, bytes_.size());
    if (!offset) return std::nullopt;
    auto table = ReadAt(bytes_, *offset, directory.size);
    if (!table) return std::nullopt;
    for (unsigned i = 0; i < kMaxImportedLibraries && table->remaining() > kDescriptorSize; ++i) {
      const auto lookup_table = table->ReadU32Le();
      const bool skipped = table->Skip(8).has_value();  // Time, forwarder chain.
      const auto name = table->ReadU32Le();
      const auto address_table = table->ReadU32Le();
      if (!lookup_table || !skipped || !name || !address_table) return std::nullopt;
      if (*name == 0) break;
      const auto name_offset = FileOffset(pe_.info, *name, bytes_.size());
      if (!name_offset) return std::nullopt;
      const auto library = TextAt(*name_offset, *name_offset);
      if (!library || !ReadFunctions(*library, *lookup_table, *address_table)) return std::nullopt;
    }
    return std::move(text_);
  }

 private:
  // The text at `offset`, up to a NUL. ClamAV reads as many bytes as are between
  // `from` and the file's end, 256 at most, and there is no text unless all of
  // them can be had.
  std::optional<std::string_view> TextAt(std::uint64_t offset, std::uint64_t from) const {
    const auto window = ReadAt(bytes_, offset, std::min<std::uint64_t>(kMaxNameBytes, bytes_.size() - from));
    if (!window) return std::nullopt;
    const std::string_view text = AsText(window->bytes());
    return text.substr(0, text.find('\0'));
  }

  bool ReadFunctions(std::string_view library, std::uint32_t lookup_table, std::uint32_t address_table) {
    std::optional<std::uint32_t> thunks;
    if (lookup_table != 0) thunks = FileOffset(pe_.info, lookup_table, bytes_.size());
    if (!thunks || *thunks == 0) thunks = FileOffset(pe_.info, address_table, bytes_.size());
    if (!thunks) return false;
    const std::string_view library_name = WithoutEnding(library);
    // The table ends at a zero or at the file's end; it may leave its section.
    for (std::uint32_t at = *thunks;; at += 4) {
      auto cursor = ReadAt(bytes_, at, 4);
      if (!cursor) return true;
      const auto thunk = cursor->ReadU32Le();
      if (!thunk || *thunk == 0) return true;
      if (functions_left_-- == 0) return false;
      if (!ReadFunction(library, library_name, *thunk)) return false;
    }
  }

  bool ReadFunction(std::string_view library, std::string_view library_name, std::uint32_t thunk) {
    if ((thunk & kByOrdinal) != 0) {
      const auto ordinal = static_cast<std::uint16_t>(thunk & 0xffff);
      const auto name = pe::KnownOrdinalName(library, ordinal);
      return Append(library_name, name ? std::string(*name) : "ord" + std::to_string(ordinal));
    }
    // What is nowhere in the file is looked for at its beginning.
    const std::uint32_t offset = FileOffset(pe_.info, thunk, bytes_.size()).value_or(0);
    const auto name = TextAt(std::uint64_t{offset} + 2, offset);  // Behind the hint.
    return !name || Append(library_name, *name);
  }

  bool Append(std::string_view library_name, std::string_view function) {
    if (!std::all_of(function.begin(), function.end(), IsNameCharacter)) return false;
    if (text_.size() + library_name.size() + function.size() + 2 > kMaxImportTextBytes) return false;
    if (!text_.empty()) text_ += ',';
    std::transform(library_name.begin(), library_name.end(), std::back_inserter(text_), Lower);
    text_ += '.';
    std::transform(function.begin(), function.end(), std::back_inserter(text_), Lower);
    return true;
  }

  Bytes bytes_;
  const PeHeader& pe_;
  std::string text_;
  std::uint32_t functions_left_ = kMaxImportedFunctions;
};

}  // namespace

std::optional<std::string> ImportText(Bytes pe_bytes) {
  const auto pe = internal::ParsePeHeader(pe_bytes, MissingSections::kRemove);
  if (!pe || pe->is_64_bit) return std::nullopt;
  return ImportReader(pe_bytes, *pe).Read();
}

}  // namespace dl::exe
