// Archives made in memory, for tests.
//
//   const std::string zip = MakeArchive(ARCHIVE_FORMAT_ZIP, {{"a.txt", "text"}});
//   const std::string gz = Compress(ARCHIVE_FILTER_GZIP, "text");
#pragma once

#include <archive.h>
#include <archive_entry.h>

#include <string>
#include <utility>
#include <vector>

#include "daylight/base/check.h"

namespace dl::unpack {

using Entries = std::vector<std::pair<std::string, std::string>>;

namespace archive_testing {

inline la_ssize_t Append(::archive*, void* out, const void* bytes, std::size_t n) {
  static_cast<std::string*>(out)->append(static_cast<const char*>(bytes), n);
  return static_cast<la_ssize_t>(n);
}

}  // namespace archive_testing

// `options`: as libarchive takes them, such as "zip:compression=store".
inline std::string MakeArchive(int format, const Entries& entries, const std::string& options = "",
                               const std::string& password = "") {
  std::string out;
  ::archive* writer = ::archive_write_new();
  DL_CHECK(::archive_write_set_format(writer, format) == ARCHIVE_OK);
  DL_CHECK(::archive_write_set_bytes_per_block(writer, 0) == ARCHIVE_OK);
  if (!options.empty()) DL_CHECK(::archive_write_set_options(writer, options.c_str()) == ARCHIVE_OK);
  if (!password.empty()) DL_CHECK(::archive_write_set_passphrase(writer, password.c_str()) == ARCHIVE_OK);
  DL_CHECK(::archive_write_open(writer, &out, nullptr, archive_testing::Append, nullptr) == ARCHIVE_OK);
  for (const auto& [name, bytes] : entries) {
    ::archive_entry* entry = ::archive_entry_new();
    ::archive_entry_set_pathname(entry, name.c_str());
    ::archive_entry_set_filetype(entry, name.ends_with("/") ? AE_IFDIR : AE_IFREG);
    ::archive_entry_set_perm(entry, 0644);
    ::archive_entry_set_mtime(entry, 1'000'000'000, 0);
    ::archive_entry_set_size(entry, static_cast<la_int64_t>(bytes.size()));
    DL_CHECK(::archive_write_header(writer, entry) == ARCHIVE_OK);
    DL_CHECK(::archive_write_data(writer, bytes.data(), bytes.size()) == static_cast<la_ssize_t>(bytes.size()));
    ::archive_entry_free(entry);
  }
  DL_CHECK(::archive_write_close(writer) == ARCHIVE_OK);
  ::archive_write_free(writer);
  return out;
}

inline std::string Compress(int filter, const std::string& bytes) {
  std::string out;
  ::archive* writer = ::archive_write_new();
  DL_CHECK(::archive_write_add_filter(writer, filter) == ARCHIVE_OK);
  DL_CHECK(::archive_write_set_format_raw(writer) == ARCHIVE_OK);
  DL_CHECK(::archive_write_set_bytes_per_block(writer, 0) == ARCHIVE_OK);
  DL_CHECK(::archive_write_open(writer, &out, nullptr, archive_testing::Append, nullptr) == ARCHIVE_OK);
  ::archive_entry* entry = ::archive_entry_new();
  ::archive_entry_set_filetype(entry, AE_IFREG);
  DL_CHECK(::archive_write_header(writer, entry) == ARCHIVE_OK);
  DL_CHECK(::archive_write_data(writer, bytes.data(), bytes.size()) == static_cast<la_ssize_t>(bytes.size()));
  ::archive_entry_free(entry);
  DL_CHECK(::archive_write_close(writer) == ARCHIVE_OK);
  ::archive_write_free(writer);
  return out;
}

}  // namespace dl::unpack
