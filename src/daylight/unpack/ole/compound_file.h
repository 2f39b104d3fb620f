// CompoundFile reads the files within a file that Office's binary documents,
// installers and Outlook's messages are ([MS-CFB]).
//
//   DL_TRY(const CompoundFile file, CompoundFile::Parse(bytes));
//   for (const auto& entry : file.entries()) {
//     CompoundFile::Reader reader(file, entry);
//     for (Bytes run = reader.NextRun(); !run.empty(); run = reader.NextRun()) ...
//   }
//
// Borrows the bytes. Chains and trees that loop, cross or point outside end where
// they do, and problems() says so; time and memory are linear in the file.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "daylight/base/error.h"
#include "daylight/bytes/bytes.h"

namespace dl::unpack {

inline constexpr std::string_view kCompoundMagic = "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";

class CompoundFile {
 public:
  static constexpr std::size_t kMaxEntries = 1u << 18;
  static constexpr std::size_t kNoParent = ~std::size_t{0};

  struct Entry {
    std::string path;                // Printable, without the root's own name.
    std::string name;                // Its last part.
    std::size_t parent = kNoParent;  // Index of its storage in entries().
    std::uint64_t size = 0;          // In bytes, as the directory says; at most the file's.
    std::uint64_t stated_size = 0;   // The same, whatever the file has.
    std::uint32_t first = 0;         // Its first sector.
    bool is_stream = false;          // Otherwise a storage.
    bool is_linked = false;          // The tree leads to it.
    bool is_cut = false;             // The directory says more than the whole file has.
    Bytes record;                    // What the directory has of it (2.6.1): 128 bytes of the file.
  };

  // kMalformed or kTruncated where not even the header is one.
  static Result<CompoundFile> Parse(Bytes file);

  // The name in a directory's record, UTF-16 without what follows a NUL.
  static Bytes NameIn(Bytes record);

  // In the directory's order; entries that hang in no storage, too.
  const std::vector<Entry>& entries() const { return entries_; }
  // The first record of the directory, which is the root's own; empty where there is no directory.
  Bytes root_record() const { return root_record_; }
  // The streams of each storage, both by their places in entries().
  std::map<std::size_t, std::vector<std::size_t>> StreamsByStorage() const;
  // What contradicts the format in the tables themselves, each once.
  const std::vector<std::string_view>& problems() const { return problems_; }

  // The bytes of a stream, in the runs that lie together in the file.
  class Reader {
   public:
    Reader(const CompoundFile& file, const Entry& entry);
    // Empty: the end, or what is_broken() says.
    Bytes NextRun();
    // The chain ended, or left the file, before the stream did.
    bool is_broken() const { return is_broken_; }

   private:
    const CompoundFile& file_;
    bool is_mini_;
    std::uint32_t sector_;
    std::uint64_t left_;
    bool is_broken_ = false;
  };

  // All of a stream, or its first `most` bytes, or what is there: in the file
  // itself where it lies together, otherwise copied to `scratch`.
  Bytes Read(const Entry& entry, std::uint64_t most, std::vector<std::byte>& scratch) const;

 private:
  struct Node {
    std::uint32_t left, right, child;
    std::size_t entry;  // kNoParent: none.
  };

  explicit CompoundFile(Bytes file) : file_(file) {}
  Status ParseHeader();
  void LoadFat(std::uint32_t first_difat);
  void LoadDirectory(std::uint32_t first);
  void LoadMini(std::uint32_t first_mini_fat, std::uint32_t first_mini_stream, std::uint64_t mini_stream_size);
  void LinkTree(const std::vector<Node>& nodes);

  // The sectors of a chain, each once, and at most so many.
  std::vector<std::uint32_t> Chain(std::uint32_t first, std::uint64_t most, std::string_view problem);
  bool Has(std::uint32_t sector) const { return sector < sector_count_; }
  // What of a sector is in the file; the last one may be shorter.
  Bytes Sector(std::uint32_t sector) const;
  void AddNumbers(std::uint32_t sector, std::vector<std::uint32_t>& out) const;
  void Problem(std::string_view what);

  Bytes file_;
  unsigned shift_ = 9;  // Sectors have 1 << shift_ bytes.
  std::uint64_t sector_count_ = 0;
  std::vector<std::uint32_t> fat_;
  std::vector<std::uint32_t> mini_fat_;
  std::vector<std::uint32_t> mini_stream_;  // The sectors it lies in.
  std::vector<Entry> entries_;
  Bytes root_record_;
  std::vector<std::string_view> problems_;
};

}  // namespace dl::unpack
