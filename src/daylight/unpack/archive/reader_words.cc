#include "daylight/unpack/archive/reader_words.h"

#include <archive.h>
#include <archive_entry.h>

namespace dl::unpack {

std::string_view ErrorMessageOf(::archive* reader) {
  const char* text = ::archive_error_string(reader);
  return text != nullptr ? std::string_view(text) : std::string_view("cannot be read");
}

// libarchive tells kinds of errors by their words only.
std::string_view ReasonOf(std::string_view message) {
  const auto has = [&](std::string_view word) { return message.find(word) != std::string_view::npos; };
  if (has("assphrase") || has("ncrypt") || has("Crypto") || has("password")) return kEncrypted;
  if (has("nexpected codec") || has("nsupported") || has("not supported") || has("not yet") || has("unavailable"))
    return kUnsupported;
  if (has("allocate memory") || has("memory")) return kTooLarge;
  return kDamaged;
}

ChildInfo InfoOf(::archive_entry* entry) {
  ChildInfo info;
  const char* name = ::archive_entry_pathname_utf8(entry);
  if (name == nullptr) name = ::archive_entry_pathname(entry);
  if (name != nullptr) info.name = name;
  if (::archive_entry_size_is_set(entry) != 0 && ::archive_entry_size(entry) >= 0) {
    info.size = static_cast<std::uint64_t>(::archive_entry_size(entry));
  }
  return info;
}

bool IsEmptyEntry(::archive_entry* entry) {
  return ::archive_entry_filetype(entry) != AE_IFREG && ::archive_entry_size(entry) <= 0;
}

}  // namespace dl::unpack
