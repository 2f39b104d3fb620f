// FileState is what tells one state of a file from another without opening it.
//
//   const std::optional<os::FileState> state = os::StateOf(folder, "name");
//   if (state && *state == before) ...   // As it was, as far as times tell.
//
// A change of content or of anything here moves the change time, which no program
// can set. docs/verdict-cache.md says on which file systems that holds.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>

namespace dl::os {

struct FileState {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t size = 0;        // In bytes.
  std::int64_t modified_ns = 0;  // Since 1970.
  std::int64_t changed_ns = 0;
  std::int64_t born_ns = 0;  // 0 where the file system does not keep it.
  std::uint32_t owner = 0;   // User number.
  std::uint32_t mode = 0;    // See stat().
  bool operator==(const FileState&) const = default;
  bool is_regular() const;
};

// Of a name in an open folder, which is not followed when it is a link. Asks no
// server and no daemon for what is not known yet. Nothing for any error.
std::optional<FileState> StateOf(int folder, const char* name);
// Of what is open; a descriptor of O_PATH will do.
std::optional<FileState> StateOf(int fd);

}  // namespace dl::os
