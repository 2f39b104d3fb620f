// Partition tables: those of PCs with extended partitions (MBR), and GPT.
//
//   const auto table = ReadPartitions(disk, head);
//   for (const Partition& partition : table.partitions) ...
//
// After the UEFI Specification 2.10, 5.2 and 5.3.
#pragma once

#include <string>
#include <vector>

#include "daylight/unpack/disk/disk_source.h"

namespace dl::unpack {

struct Partition {
  unsigned number = 0;      // As Linux numbers it.
  std::string name;         // Of GPT, UTF-8; empty for none.
  std::uint64_t begin = 0;  // In bytes.
  std::uint64_t size = 0;
};

struct PartitionTable {
  std::vector<Partition> partitions;  // None: there is no table.
  std::string_view problem;           // What is wrong with it; a string literal.
};

// `head`: the disk's first 512 bytes at least, or all there are. Anything may end
// with 55 AA: entries must be possible, too.
bool HasPartitionTable(Bytes head, std::uint64_t size);

PartitionTable ReadPartitions(ObjectSource& disk, std::uint64_t size);

}  // namespace dl::unpack
