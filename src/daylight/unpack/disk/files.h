// How file systems give their files to a sink.
//
//   Volume volume{disk, size, "partition 2", sink};
//   return GiveRuns(volume, "opt/x", size, [&](std::uint64_t at) { return RunOf(inode, at); });
//
// Functions that answer bool answer false where the sink wants no more.
#pragma once

#include <functional>
#include <string>

#include "daylight/unpack/disk/disk_source.h"
#include "daylight/unpack/unpacker.h"

namespace dl::unpack {

// Folders in folders, and bytes of one folder's list.
inline constexpr std::size_t kMaxFolderDepth = 256;
inline constexpr std::uint64_t kMaxFolderBytes = std::uint64_t{64} << 20;
// Of a file's holes, so much is given as zeros; longer ones are left out, and that is told.
inline constexpr std::uint64_t kMaxHoleBytes = std::uint64_t{64} << 20;

// A file system's place and what takes its files.
struct Volume {
  DiskSource& disk;
  std::uint64_t size = 0;
  std::string prefix;  // Before each path: "partition 2", or empty.
  Sink& sink;

  std::string PathOf(std::string_view path) const {
    if (path.empty()) return prefix;
    return prefix.empty() ? std::string(path) : prefix + "/" + std::string(path);
  }
  // `path` within the volume; empty for the file system itself.
  void Tell(std::string_view path, std::string_view reason, std::string_view detail) const {
    sink.Closed(PathOf(path), reason, detail);
  }
  void Tell(std::string_view path, const Error& error) const;
};

// Where a file's bytes stand from an offset in it on, which is less than its size.
using FindRun = std::function<Result<Run>(std::uint64_t offset)>;

bool GiveRuns(const Volume& volume, const std::string& path, std::uint64_t size, const FindRun& find);

// The whole disk as one child, for what knows its bytes. `is_part`: as ChildInfo has it.
// What is nothing but a hole is passed.
bool GiveDisk(const Volume& volume, const std::string& name, bool is_part);

// A path's next part; what could be taken for two parts is not.
std::string Join(const std::string& folder, std::string_view name);

}  // namespace dl::unpack
