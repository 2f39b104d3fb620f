// Small disks, made by hand for tests: what each format needs, and nothing more.
//
//   std::string disk = MakeMbr({{1, 0x83, MakeExt()}});
#pragma once

#include <zlib.h>

#include <string>
#include <vector>

#include "daylight/unpack/number_testing.h"

namespace dl::unpack {

inline void Put(std::string& disk, std::size_t at, std::uint64_t value, unsigned bytes) {
  disk.replace(at, bytes, LittleEndian(value, bytes));
}
inline void PutBig(std::string& disk, std::size_t at, std::uint64_t value, unsigned bytes) {
  for (unsigned i = 0; i < bytes; ++i) disk[at + i] = static_cast<char>(value >> (8 * (bytes - 1 - i)) & 0xff);
}
inline void PutText(std::string& disk, std::size_t at, const std::string& text) { disk.replace(at, text.size(), text); }

inline constexpr std::size_t kSectorBytes = 512;

// Of the first sector: entry `index` (0 to 3), in sectors.
inline void PutMbrEntry(std::string& disk, std::size_t at, unsigned index, unsigned type, std::uint64_t begin,
                        std::uint64_t count) {
  const std::size_t entry = at + 446 + 16 * index;
  Put(disk, entry + 4, type, 1);
  Put(disk, entry + 8, begin, 4);
  Put(disk, entry + 12, count, 4);
  Put(disk, at + 510, 0xaa55, 2);
}

// Two primary partitions, and two logical ones in an extended one. All parts are padded to sectors.
inline std::string MakeMbr(const std::vector<std::string>& parts) {
  std::string disk(kSectorBytes, '\0');
  const auto append = [&](const std::string& part) {
    const std::size_t begin = disk.size() / kSectorBytes;
    disk += part;
    disk.resize((disk.size() + kSectorBytes - 1) / kSectorBytes * kSectorBytes);
    return std::pair(begin, disk.size() / kSectorBytes - begin);
  };
  for (unsigned i = 0; i < 2 && i < parts.size(); ++i) {
    const auto [begin, count] = append(parts[i]);
    PutMbrEntry(disk, 0, i, 0x83, begin, count);
  }
  const std::size_t extended = disk.size() / kSectorBytes;
  std::size_t table = 0;
  for (std::size_t i = 2; i < parts.size(); ++i) {
    const auto [here, one] = append(std::string(kSectorBytes, '\0'));
    const auto [begin, count] = append(parts[i]);
    PutMbrEntry(disk, here * kSectorBytes, 0, 0x83, begin - here, count);
    if (table != 0) PutMbrEntry(disk, table * kSectorBytes, 1, 5, here - extended, count + one);
    table = here;
  }
  if (parts.size() > 2) PutMbrEntry(disk, 0, 2, 5, extended, disk.size() / kSectorBytes - extended);
  return disk;
}

inline std::uint32_t SumOf(const std::string& bytes) {
  return static_cast<std::uint32_t>(::crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

// One partition a part, named "part 1" and so on; and the second table at the end.
inline std::string MakeGpt(const std::vector<std::string>& parts) {
  constexpr std::size_t kEntries = 4;
  std::string disk(3 * kSectorBytes, '\0');
  std::string entries(kEntries * 128, '\0');
  for (std::size_t i = 0; i < parts.size() && i < kEntries; ++i) {
    const std::size_t begin = disk.size() / kSectorBytes;
    disk += parts[i];
    disk.resize((disk.size() + kSectorBytes - 1) / kSectorBytes * kSectorBytes);
    PutText(entries, 128 * i, "a kind of 16 b..");
    Put(entries, 128 * i + 32, begin, 8);
    Put(entries, 128 * i + 40, disk.size() / kSectorBytes - 1, 8);
    const std::string name = "part " + std::to_string(i + 1);
    for (std::size_t c = 0; c < name.size(); ++c) entries[128 * i + 56 + 2 * c] = name[c];
  }
  disk.resize(disk.size() + 2 * kSectorBytes);
  const std::size_t last = disk.size() / kSectorBytes - 1;
  for (const auto& [header, table] : {std::pair<std::size_t, std::size_t>{1, 2}, {last, last - 1}}) {
    PutText(disk, table * kSectorBytes, entries);
    std::string fields(92, '\0');
    PutText(fields, 0, "EFI PART");
    Put(fields, 8, 0x10000, 4);
    Put(fields, 12, 92, 4);
    Put(fields, 72, table, 8);
    Put(fields, 80, kEntries, 4);
    Put(fields, 84, 128, 4);
    Put(fields, 88, SumOf(entries), 4);
    Put(fields, 16, SumOf(fields), 4);
    PutText(disk, header * kSectorBytes, fields);
  }
  PutMbrEntry(disk, 0, 0, 0xee, 1, last);
  return disk;
}

inline std::string ExtEntry(std::uint32_t inode, const std::string& name, std::size_t length = 0) {
  std::string out = LittleEndian(inode, 4) + LittleEndian(0, 2) + LittleEndian(name.size(), 1) + '\0' + name;
  out.resize((out.size() + 3) / 4 * 4);
  if (length != 0) out.resize(length);
  Put(out, 4, out.size(), 2);
  return out;
}

// ext4 of 24 blocks of 1 KiB; inodes of 128 bytes from block 5 on. Inode 11: a file of two blocks and a hole
// between, by the map; 12: a folder that leads to the root, too; 13: by extents; 14: 4 bytes.
inline constexpr std::size_t kExtBlock = 1024;
inline std::size_t ExtInode(std::size_t number) { return 5 * kExtBlock + (number - 1) * 128; }

inline std::string MakeExt() {
  std::string disk(24 * kExtBlock, '\0');
  const std::size_t super = kExtBlock;
  Put(disk, super, 16, 4);
  Put(disk, super + 4, 24, 4);
  Put(disk, super + 20, 1, 4);
  Put(disk, super + 32, 8192, 4);
  Put(disk, super + 40, 16, 4);
  Put(disk, super + 56, 0xef53, 2);
  Put(disk, super + 76, 1, 4);
  Put(disk, super + 88, 128, 2);
  Put(disk, super + 96, 0x42, 4);
  Put(disk, 2 * kExtBlock + 8, 5, 4);
  const auto inode = [&](std::size_t number, unsigned mode, std::uint64_t size, std::uint32_t flags,
                         const std::string& map) {
    Put(disk, ExtInode(number), mode, 2);
    Put(disk, ExtInode(number) + 4, size, 4);
    Put(disk, ExtInode(number) + 32, flags, 4);
    PutText(disk, ExtInode(number) + 40, map);
  };
  const auto extent = [](std::uint32_t at, unsigned count, std::uint32_t block) {
    return LittleEndian(at, 4) + LittleEndian(count, 2) + LittleEndian(0, 2) + LittleEndian(block, 4);
  };
  inode(2, 0x41ed, kExtBlock, 0, LittleEndian(7, 4));
  inode(11, 0x81a4, 2 * kExtBlock + 4, 0, LittleEndian(9, 4) + LittleEndian(0, 4) + LittleEndian(10, 4));
  inode(12, 0x41ed, kExtBlock, 0, LittleEndian(8, 4));
  inode(13, 0x81a4, 5 * kExtBlock, 0x80000,
        LittleEndian(0xf30a, 2) + LittleEndian(2, 2) + LittleEndian(4, 2) + LittleEndian(0, 6) + extent(0, 2, 11) +
            extent(4, 1, 13));
  inode(14, 0x81a4, 4, 0, LittleEndian(14, 4));
  inode(15, 0xa1ff, 4, 0, "link");
  PutText(disk, 7 * kExtBlock,
          ExtEntry(2, ".") + ExtEntry(2, "..") + ExtEntry(11, "two") + ExtEntry(12, "in") + ExtEntry(15, "link") +
              ExtEntry(14, "four", kExtBlock - 60));
  PutText(disk, 8 * kExtBlock,
          ExtEntry(12, ".") + ExtEntry(2, "..") + ExtEntry(13, "ext") + ExtEntry(2, "loop") +
              ExtEntry(0, "", kExtBlock - 48));
  PutText(disk, 9 * kExtBlock, "first");
  PutText(disk, 10 * kExtBlock, "last");
  PutText(disk, 11 * kExtBlock, "extent one");
  PutText(disk, 13 * kExtBlock, "extent two");
  PutText(disk, 14 * kExtBlock, "four");
  return disk;
}
inline constexpr std::string_view kExtFiles = "two=2052 in/ext=5120 four=4 ";

// FAT12 of 40 sectors, a cluster each: table at 1, root at 2 (16 entries), clusters from 3 on.
inline std::size_t FatCluster(std::size_t number) { return (3 + number - 2) * kSectorBytes; }

inline std::string FatEntry(const std::string& name, unsigned traits, unsigned cluster, std::uint32_t size) {
  std::string out = name;
  out.resize(32);
  Put(out, 11, traits, 1);
  Put(out, 26, cluster, 2);
  Put(out, 28, size, 4);
  return out;
}

inline std::string MakeFat() {
  std::string disk(40 * kSectorBytes, '\0');
  PutText(disk, 0, "\xeb\x3c\x90MAKEFAT ");
  Put(disk, 11, kSectorBytes, 2);
  Put(disk, 13, 1, 1);
  Put(disk, 14, 1, 2);
  Put(disk, 16, 1, 1);
  Put(disk, 17, 16, 2);
  Put(disk, 19, 40, 2);
  Put(disk, 21, 0xf8, 1);
  Put(disk, 22, 1, 2);
  Put(disk, 510, 0xaa55, 2);
  const auto link = [&](unsigned cluster, unsigned next) {
    const std::size_t at = kSectorBytes + cluster * 3 / 2;
    unsigned pair =
        static_cast<unsigned char>(disk[at]) | static_cast<unsigned>(static_cast<unsigned char>(disk[at + 1])) << 8;
    pair = cluster % 2 != 0 ? (pair & 0xf) | next << 4 : (pair & 0xf000) | next;
    Put(disk, at, pair, 2);
  };
  link(2, 5);  // A file of three clusters: 2, 5, 6.
  link(5, 6);
  link(6, 0xfff);
  link(3, 0xfff);  // A folder.
  link(4, 0xfff);  // A file of 4 bytes.
  // "long-name" before its short one.
  std::string piece(32, '\xff');
  piece[0] = 0x41;
  piece[11] = 0x0f;
  piece[12] = 0;
  unsigned sum = 0;
  for (const char c : std::string("LONG-N~1   ")) {
    sum = (((sum & 1) << 7) + (sum >> 1) + static_cast<unsigned char>(c)) & 0xff;
  }
  piece[13] = static_cast<char>(sum);
  Put(piece, 26, 0, 2);
  const std::string name("l\0o\0n\0g\0-\0n\0a\0m\0e\0\0\0", 20);
  PutText(piece, 1, name.substr(0, 10));
  PutText(piece, 14, name.substr(10));
  PutText(disk, 2 * kSectorBytes,
          FatEntry("A LABEL    ", 0x08, 0, 0) + piece + FatEntry("LONG-N~1   ", 0, 2, 1100) +
              FatEntry("\xe5ONE    TXT", 0, 4, 4) + FatEntry("IN         ", 0x10, 3, 0));
  PutText(disk, FatCluster(3),
          FatEntry(".          ", 0x10, 3, 0) + FatEntry("..         ", 0x10, 0, 0) + FatEntry("FOUR    TXT", 0, 4, 4) +
              FatEntry("LOOP       ", 0x10, 3, 0));
  PutText(disk, FatCluster(2), "first");
  PutText(disk, FatCluster(5), "second");
  PutText(disk, FatCluster(6), "third");
  PutText(disk, FatCluster(4), "four");
  return disk;
}
inline constexpr std::string_view kFatFiles = "long-name=1100 IN/FOUR.TXT=4 ";

// squashfs 4.0 of blocks of 4 KiB, nothing compressed: "file" of a block, a hole and an end in a fragment; "in/small"
// in a fragment alone.
inline std::string MakeSquashfs() {
  const std::string data(4096, 'd');
  const std::string fragment = "the end small";
  const auto metadata = [](const std::string& bytes) { return LittleEndian(0x8000 | bytes.size(), 2) + bytes; };
  const auto header = [](unsigned type) { return LittleEndian(type, 2) + LittleEndian(0, 14); };
  std::string disk(96, '\0');
  const std::size_t data_at = disk.size();
  disk += data;
  const std::size_t fragment_at = disk.size();
  disk += fragment;
  // Inodes: file, small, folder "in", root.
  std::string inodes = header(2) + LittleEndian(data_at, 4) + LittleEndian(0, 4) + LittleEndian(0, 4) +
                       LittleEndian(2 * 4096 + 7, 4) + LittleEndian(4096 | 1u << 24, 4) + LittleEndian(0, 4);
  const std::size_t small = inodes.size();
  inodes += header(9) + LittleEndian(0, 8) + LittleEndian(5, 8) + LittleEndian(0, 12) + LittleEndian(0, 4) +
            LittleEndian(8, 4) + LittleEndian(0xffffffff, 4);
  const auto entry = [](std::size_t offset, unsigned type, const std::string& name) {
    return LittleEndian(offset, 2) + LittleEndian(0, 2) + LittleEndian(type, 2) + LittleEndian(name.size() - 1, 2) +
           name;
  };
  const auto run = [](unsigned count) { return LittleEndian(count - 1, 4) + LittleEndian(0, 4) + LittleEndian(0, 4); };
  const std::size_t folder = inodes.size();
  const std::size_t root = folder + 32;
  const std::string in_list = run(2) + entry(small, 2, "small") + entry(root, 1, "loop");
  const std::string root_list = run(2) + entry(0, 2, "file") + entry(folder, 1, "in");
  const auto folder_inode = [&](std::size_t at, std::size_t bytes) {
    return header(1) + LittleEndian(0, 4) + LittleEndian(2, 4) + LittleEndian(bytes + 3, 2) + LittleEndian(at, 2) +
           LittleEndian(0, 4);
  };
  inodes += folder_inode(0, in_list.size()) + folder_inode(in_list.size(), root_list.size());
  const std::size_t inodes_at = disk.size();
  disk += metadata(inodes);
  const std::size_t folders_at = disk.size();
  disk += metadata(in_list + root_list);
  const std::size_t fragments = disk.size();
  disk += metadata(LittleEndian(fragment_at, 8) + LittleEndian(fragment.size() | 1u << 24, 4) + LittleEndian(0, 4));
  const std::size_t fragments_at = disk.size();
  disk += LittleEndian(fragments, 8);
  PutText(disk, 0, "hsqs");
  Put(disk, 4, 4, 4);
  Put(disk, 12, 4096, 4);
  Put(disk, 16, 1, 4);
  Put(disk, 20, 1, 2);
  Put(disk, 22, 12, 2);
  Put(disk, 28, 4, 2);
  Put(disk, 32, root, 8);
  Put(disk, 40, disk.size(), 8);
  Put(disk, 64, inodes_at, 8);
  Put(disk, 72, folders_at, 8);
  Put(disk, 80, fragments_at, 8);
  return disk;
}
inline constexpr std::string_view kSquashfsFiles = "file=8199 in/small=5 ";

// QCOW2 version 3 with clusters of 512 bytes around a disk of at most 64 KiB; clusters of zeros are left out.
inline std::string MakeQcow(std::string disk) {
  constexpr std::size_t kPerTable = 64;
  disk.resize((disk.size() + 511) / 512 * 512);
  const std::size_t clusters = disk.size() / 512;
  const std::size_t tables = (clusters + kPerTable - 1) / kPerTable;
  const std::size_t l1_at = 512;
  std::string file(l1_at + (8 * tables + 511) / 512 * 512, '\0');
  PutText(file, 0, "QFI\xfb");
  PutBig(file, 4, 3, 4);
  PutBig(file, 20, 9, 4);
  PutBig(file, 24, disk.size(), 8);
  PutBig(file, 36, tables, 4);
  PutBig(file, 40, l1_at, 8);
  PutBig(file, 100, 104, 4);
  for (std::size_t table = 0; table < tables; ++table) {
    const std::size_t l2_at = file.size();
    file.resize(file.size() + 512);
    PutBig(file, l1_at + 8 * table, l2_at | std::uint64_t{1} << 63, 8);
    for (std::size_t i = 0; i < kPerTable && table * kPerTable + i < clusters; ++i) {
      const std::string cluster = disk.substr((table * kPerTable + i) * 512, 512);
      if (cluster.find_first_not_of('\0') == std::string::npos) continue;
      PutBig(file, l2_at + 8 * i, file.size() | std::uint64_t{1} << 63, 8);
      file += cluster;
    }
  }
  return file;
}

// A sparse VMDK of grains of 8 sectors.
inline std::string MakeVmdk(std::string disk) {
  disk.resize((disk.size() + 4095) / 4096 * 4096);
  const std::size_t grains = disk.size() / 4096;
  std::string file(3 * 512, '\0');  // The header, the directory, the table of 128 grains.
  PutText(file, 0, "KDMV");
  Put(file, 4, 1, 4);
  Put(file, 12, disk.size() / 512, 8);
  Put(file, 20, 8, 8);
  Put(file, 44, 128, 4);
  Put(file, 56, 1, 8);
  Put(file, 512, 2, 4);
  for (std::size_t i = 0; i < grains; ++i) {
    const std::string grain = disk.substr(i * 4096, 4096);
    if (grain.find_first_not_of('\0') == std::string::npos) continue;
    Put(file, 1024 + 4 * i, file.size() / 512, 4);
    file += grain;
  }
  return file;
}

// A dynamic VHD of blocks of 4 KiB.
inline std::string MakeVhd(std::string disk) {
  disk.resize((disk.size() + 4095) / 4096 * 4096);
  std::string footer(512, '\0');
  PutText(footer, 0, "conectix");
  PutBig(footer, 16, 512, 8);
  PutBig(footer, 48, disk.size(), 8);
  PutBig(footer, 60, 3, 4);
  std::string header(1024, '\0');
  PutText(header, 0, "cxsparse");
  PutBig(header, 16, 1536, 8);
  PutBig(header, 28, disk.size() / 4096, 4);
  PutBig(header, 32, 4096, 4);
  std::string file = footer + header + std::string(512, '\xff');
  for (std::size_t i = 0; i < disk.size() / 4096; ++i) {
    const std::string block = disk.substr(i * 4096, 4096);
    if (block.find_first_not_of('\0') == std::string::npos) continue;
    PutBig(file, 1536 + 4 * i, file.size() / 512, 4);
    file += std::string(512, '\xff') + block;
  }
  return file + footer;
}

// A dynamic VDI of blocks of 4 KiB.
inline std::string MakeVdi(std::string disk) {
  disk.resize((disk.size() + 4095) / 4096 * 4096);
  const std::size_t blocks = disk.size() / 4096;
  std::string file(1024, '\0');
  PutText(file, 0, "<<< a virtual disk >>>\n");
  Put(file, 64, 0xbeda107f, 4);
  Put(file, 68, 0x10001, 4);
  Put(file, 76, 1, 4);
  Put(file, 340, 512, 4);
  Put(file, 344, 1024, 4);
  Put(file, 368, disk.size(), 8);
  Put(file, 376, 4096, 4);
  Put(file, 384, blocks, 4);
  std::size_t next = 0;
  for (std::size_t i = 0; i < blocks; ++i) {
    const std::string block = disk.substr(i * 4096, 4096);
    const bool is_hole = block.find_first_not_of('\0') == std::string::npos;
    Put(file, 512 + 4 * i, is_hole ? 0xffffffff : next++, 4);
    if (!is_hole) file += block;
  }
  return file;
}

}  // namespace dl::unpack
