// Any bytes, as a disk. Meaning: reading it ends within what the sink wants and gives
// the same twice; and inside of a virtual disk it has the same files.
#include <cstdlib>
#include <string>

#include "daylight/unpack/disk/disk.h"
#include "daylight/unpack/disk/disk_testing.h"
#include "daylight/unpack/disk/virtual_disk.h"
#include "daylight/unpack/unpack_testing.h"

namespace {

using dl::unpack::Listing;

constexpr std::size_t kMaxChildren = 64;
constexpr std::uint64_t kMaxBytes = 1u << 20;

// Without what only disks of one kind give: what is no file.
std::map<std::string, std::string> FilesOf(const Listing& listing) {
  std::map<std::string, std::string> files;
  for (const auto& [name, content] : listing.children()) {
    const bool is_partition = name.starts_with("partition ") && name.find('/') == std::string::npos;
    if (!is_partition && name != "disk" && name != "boot code") files.emplace(name, content);
  }
  return files;
}

bool IsVirtual(const std::string& disk) {
  const dl::Bytes bytes = dl::AsBytes(disk);
  dl::MemorySource source(bytes);
  return dl::unpack::IsVirtualDisk({bytes, bytes, bytes.size(), source});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string input(reinterpret_cast<const char*>(data), size);
  Listing once(kMaxChildren, kMaxBytes);
  if (!once.Run(dl::unpack::kDisk, input)) return 0;
  // A piece more than is wanted may be seen before it is refused.
  if (once.children().size() > kMaxChildren || once.bytes() > kMaxBytes + 4096) std::abort();
  Listing again(kMaxChildren, kMaxBytes);
  again.Run(dl::unpack::kDisk, input);
  if (again.text() != once.text() || again.children() != once.children()) std::abort();

  // Virtual disks end with a cluster; so does the raw one.
  std::string disk = input;
  disk.resize((size + 4095) / 4096 * 4096);
  Listing raw(4 * kMaxChildren, kMaxBytes);
  if (disk.size() > 512u << 10 || IsVirtual(disk) || !raw.Run(dl::unpack::kDisk, disk)) return 0;
  for (const auto& make : {dl::unpack::MakeQcow, dl::unpack::MakeVmdk, dl::unpack::MakeVhd, dl::unpack::MakeVdi}) {
    Listing within(4 * kMaxChildren, kMaxBytes);
    within.Run(dl::unpack::kDisk, make(disk));
    // What was stopped may have been stopped elsewhere.
    if (!raw.has_refused() && !within.has_refused() && FilesOf(raw) != FilesOf(within)) std::abort();
  }
  return 0;
}
