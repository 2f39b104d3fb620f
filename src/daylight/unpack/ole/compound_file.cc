#include "daylight/unpack/ole/compound_file.h"

#include <algorithm>

#include "daylight/bytes/cursor.h"
#include "daylight/unpack/ole/names.h"

namespace dl::unpack {

namespace {

// [MS-CFB] 2.1: what is larger is no sector but a mark.
constexpr std::uint32_t kMaxRegular = 0xfffffffa;
constexpr std::uint32_t kEndOfChain = 0xfffffffe;
constexpr std::uint32_t kFree = 0xffffffff;
constexpr std::uint32_t kNoNode = 0xffffffff;
constexpr std::size_t kHeaderDifat = 109;
constexpr std::size_t kNodeBytes = 128;
// 2.2: not one of a file's own choice, and Office takes no other.
constexpr std::uint32_t kMiniCutoff = 4096;
constexpr unsigned kMiniShift = 6;
// Storages nested deeper do not make names longer.
constexpr std::size_t kMaxPathBytes = 256;

enum NodeType : std::uint8_t { kStorage = 1, kStream = 2, kRoot = 5 };

}  // namespace

Result<CompoundFile> CompoundFile::Parse(Bytes file) {
  CompoundFile compound(file);
  DL_TRY_STATUS(compound.ParseHeader());
  return compound;
}

// 2.2: the header.
Status CompoundFile::ParseHeader() {
  Cursor header(file_);
  DL_TRY(const Bytes magic, header.ReadBytes(kCompoundMagic.size()));
  if (AsText(magic) != kCompoundMagic) return Fail(ErrorCode::kMalformed, "not a compound file");
  DL_TRY_STATUS(header.SeekTo(0x1e));
  DL_TRY(shift_, header.ReadU16Le());
  DL_TRY(const std::uint16_t mini_shift, header.ReadU16Le());
  // 512 and 4096 bytes are what Office takes; others are read as they are meant.
  if (shift_ < 7 || shift_ > 20) return Fail(ErrorCode::kMalformed, "sectors of no size there is");
  if (mini_shift != kMiniShift) Problem("mini sectors of another size than 64 bytes");
  DL_TRY_STATUS(header.SeekTo(0x30));
  DL_TRY(const std::uint32_t first_directory, header.ReadU32Le());
  DL_TRY_STATUS(header.SeekTo(0x38));
  DL_TRY(const std::uint32_t cutoff, header.ReadU32Le());
  DL_TRY(const std::uint32_t first_mini_fat, header.ReadU32Le());
  DL_TRY_STATUS(header.SeekTo(0x44));
  DL_TRY(const std::uint32_t first_difat, header.ReadU32Le());
  if (cutoff != kMiniCutoff) Problem("another limit of small streams than 4096 bytes");
  const std::uint64_t sector_bytes = std::uint64_t{1} << shift_;
  const std::uint64_t spans = (file_.size() + sector_bytes - 1) >> shift_;
  // The header has the place of a sector.
  sector_count_ = std::min<std::uint64_t>(spans == 0 ? 0 : spans - 1, kMaxRegular);
  LoadFat(first_difat);
  std::uint32_t mini_stream = kEndOfChain;
  std::uint64_t mini_stream_size = 0;
  if (Has(first_directory)) {
    // 2.6.1: the root's own entry tells where the mini stream is.
    Cursor root(Sector(first_directory));
    if (root.SeekTo(0x74)) {
      mini_stream = root.ReadU32Le().value_or(kEndOfChain);
      mini_stream_size = root.ReadU32Le().value_or(0);
    }
  }
  LoadMini(first_mini_fat, mini_stream, mini_stream_size);
  LoadDirectory(first_directory);
  return {};
}

Bytes CompoundFile::Sector(std::uint32_t sector) const {
  if (!Has(sector)) return {};
  const std::uint64_t offset = (std::uint64_t{sector} + 1) << shift_;
  if (offset >= file_.size()) return {};
  const Bytes rest = file_.subspan(static_cast<std::size_t>(offset));
  return rest.first(std::min(rest.size(), std::size_t{1} << shift_));
}

void CompoundFile::AddNumbers(std::uint32_t sector, std::vector<std::uint32_t>& out) const {
  Cursor numbers(Sector(sector));
  for (std::size_t i = 0; i < (std::size_t{1} << shift_) / 4; ++i) out.push_back(numbers.ReadU32Le().value_or(kFree));
}

void CompoundFile::Problem(std::string_view what) {
  if (std::find(problems_.begin(), problems_.end(), what) == problems_.end()) problems_.push_back(what);
}

// 2.3 and 2.5: where the FAT's own sectors are stands in the header, and goes on in
// a chain of its own. More of them than the file's sectors need are not looked at.
void CompoundFile::LoadFat(std::uint32_t first_difat) {
  const std::size_t per_sector = (std::size_t{1} << shift_) / 4;
  const std::size_t wanted = static_cast<std::size_t>((sector_count_ + per_sector - 1) / per_sector);
  std::vector<std::uint32_t> places;
  Cursor header(file_);
  if (!header.SeekTo(0x4c)) return;
  for (std::size_t i = 0; i < kHeaderDifat; ++i) places.push_back(header.ReadU32Le().value_or(kFree));
  for (std::uint32_t difat = first_difat; places.size() < wanted && difat < kMaxRegular;) {
    if (!Has(difat)) {
      Problem("the table of tables points outside");
      break;
    }
    AddNumbers(difat, places);
    difat = places.back();
    places.pop_back();
  }
  while (!places.empty() && places.back() == kFree) places.pop_back();
  places.resize(std::min(places.size(), wanted));
  fat_.reserve(places.size() * per_sector);
  for (const std::uint32_t place : places) {
    if (!Has(place)) Problem("the allocation table points outside");
    AddNumbers(place, fat_);
  }
}

std::vector<std::uint32_t> CompoundFile::Chain(std::uint32_t first, std::uint64_t most, std::string_view problem) {
  std::vector<std::uint32_t> chain;
  std::vector<bool> seen(static_cast<std::size_t>(sector_count_));
  std::uint32_t sector = first;
  while (chain.size() < most && sector < kMaxRegular) {
    if (!Has(sector) || seen[sector]) {
      Problem(problem);
      break;
    }
    seen[sector] = true;
    chain.push_back(sector);
    sector = sector < fat_.size() ? fat_[sector] : kMaxRegular - 1;
  }
  return chain;
}

// 2.4: streams below the cutoff lie in sectors of 64 bytes, in a stream of their own.
void CompoundFile::LoadMini(std::uint32_t first_mini_fat, std::uint32_t first_mini_stream,
                            std::uint64_t mini_stream_size) {
  const std::uint64_t mini_sectors = (mini_stream_size + (1u << kMiniShift) - 1) >> kMiniShift;
  const std::uint64_t per_sector = (std::uint64_t{1} << shift_) / 4;
  const std::uint64_t wanted = std::min((mini_sectors + per_sector - 1) / per_sector, sector_count_);
  for (const std::uint32_t sector : Chain(first_mini_fat, wanted, "the table of small sectors is damaged")) {
    AddNumbers(sector, mini_fat_);
  }
  const std::uint64_t sector_bytes = std::uint64_t{1} << shift_;
  mini_stream_ = Chain(first_mini_stream, (mini_stream_size + sector_bytes - 1) >> shift_,
                       "the stream of small sectors is damaged");
}

Bytes CompoundFile::NameIn(Bytes record) {
  Cursor fields(record);
  const Bytes name = fields.ReadBytes(64).value_or(Bytes{});
  // Up to the NUL that the length includes.
  std::size_t size = std::min<std::size_t>(fields.ReadU16Le().value_or(0), name.size());
  for (std::size_t i = 0; i + 1 < size; i += 2) {
    if (name[i] == std::byte{0} && name[i + 1] == std::byte{0}) size = i;
  }
  return name.first(size);
}

// 2.6.1: directory entries.
void CompoundFile::LoadDirectory(std::uint32_t first) {
  std::vector<Node> nodes;
  for (const std::uint32_t sector : Chain(first, sector_count_, "the directory is damaged")) {
    Cursor table(Sector(sector));
    for (auto bytes = table.ReadBytes(kNodeBytes); bytes; bytes = table.ReadBytes(kNodeBytes)) {
      if (nodes.size() >= kMaxEntries) {
        Problem("more entries than are read");
        return LinkTree(nodes);
      }
      if (nodes.empty()) root_record_ = *bytes;
      Cursor node(*bytes);
      static_cast<void>(node.SeekTo(0x42));
      const std::uint8_t type = *node.ReadU8();
      static_cast<void>(node.Skip(1));
      Node links{*node.ReadU32Le(), *node.ReadU32Le(), *node.ReadU32Le(), kNoParent};
      static_cast<void>(node.SeekTo(0x74));
      if (type == kStorage || type == kStream) {
        Entry entry;
        entry.name = PrintableName(NameIn(*bytes));
        entry.is_stream = type == kStream;
        entry.first = *node.ReadU32Le();
        entry.size = *node.ReadU64Le();
        // The upper half means nothing where sectors have 512 bytes.
        if (shift_ < 12) entry.size &= 0xffffffff;
        entry.stated_size = entry.size;
        entry.record = *bytes;
        entry.is_cut = entry.size > file_.size();
        entry.size = std::min<std::uint64_t>(entry.size, file_.size());
        links.entry = entries_.size();
        entries_.push_back(std::move(entry));
      }
      nodes.push_back(links);
    }
  }
  if (nodes.empty()) Problem("it has no directory");
  LinkTree(nodes);
}

// 2.6.4: the entries of a storage are a binary tree of siblings.
void CompoundFile::LinkTree(const std::vector<Node>& nodes) {
  std::vector<bool> seen(nodes.size());
  struct Visit {
    std::uint32_t node;
    std::size_t parent;
  };
  std::vector<Visit> open;
  if (!nodes.empty()) {
    seen[0] = true;
    open.push_back({nodes[0].child, kNoParent});
  }
  while (!open.empty()) {
    const Visit visit = open.back();
    open.pop_back();
    if (visit.node == kNoNode) continue;
    if (visit.node >= nodes.size() || seen[visit.node]) {
      Problem("the directory's tree is damaged");
      continue;
    }
    seen[visit.node] = true;
    const Node& node = nodes[visit.node];
    open.push_back({node.left, visit.parent});
    open.push_back({node.right, visit.parent});
    if (node.entry == kNoParent) continue;
    Entry& entry = entries_[node.entry];
    entry.parent = visit.parent;
    entry.is_linked = true;
    if (visit.parent != kNoParent) entry.path = entries_[visit.parent].path + "/";
    if (entry.path.size() <= kMaxPathBytes) {
      entry.path += entry.name;
    } else {
      entry.path.pop_back();
    }
    if (!entry.is_stream) open.push_back({node.child, node.entry});
  }
  for (Entry& entry : entries_) {
    if (entry.path.empty()) entry.path = entry.name;
  }
}

std::map<std::size_t, std::vector<std::size_t>> CompoundFile::StreamsByStorage() const {
  std::map<std::size_t, std::vector<std::size_t>> streams;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (entries_[i].is_stream) streams[entries_[i].parent].push_back(i);
  }
  return streams;
}

CompoundFile::Reader::Reader(const CompoundFile& file, const Entry& entry)
    : file_(file), is_mini_(entry.size < kMiniCutoff), sector_(entry.first), left_(entry.size) {}

Bytes CompoundFile::Reader::NextRun() {
  const unsigned shift = is_mini_ ? kMiniShift : file_.shift_;
  const std::vector<std::uint32_t>& table = is_mini_ ? file_.mini_fat_ : file_.fat_;
  // Where a sector stands in the file; past its end where there is none.
  const auto offset_of = [&](std::uint32_t sector) -> std::uint64_t {
    if (!is_mini_) return file_.Has(sector) ? (std::uint64_t{sector} + 1) << shift : file_.file_.size();
    const std::uint64_t at = std::uint64_t{sector} << kMiniShift;
    const std::uint64_t index = at >> file_.shift_;
    if (index >= file_.mini_stream_.size()) return file_.file_.size();
    return ((std::uint64_t{file_.mini_stream_[static_cast<std::size_t>(index)]} + 1) << file_.shift_) +
           (at & ((std::uint64_t{1} << file_.shift_) - 1));
  };
  if (left_ == 0 || is_broken_) return {};
  const std::uint64_t begin = offset_of(sector_);
  std::uint64_t end = begin;
  while (left_ > 0 && end < file_.file_.size() && offset_of(sector_) == end) {
    const std::uint64_t n = std::min({std::uint64_t{1} << shift, left_, file_.file_.size() - end});
    is_broken_ = n < std::min(std::uint64_t{1} << shift, left_);
    end += n;
    left_ -= n;
    sector_ = sector_ < table.size() ? table[sector_] : kEndOfChain;
  }
  if (begin == end) {
    is_broken_ = true;
    return {};
  }
  return file_.file_.subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin));
}

Bytes CompoundFile::Read(const Entry& entry, std::uint64_t most, std::vector<std::byte>& scratch) const {
  Reader reader(*this, entry);
  const std::uint64_t wanted = std::min(entry.size, most);
  const Bytes first = reader.NextRun();
  if (first.size() >= wanted) return first.first(static_cast<std::size_t>(wanted));
  scratch.assign(first.begin(), first.end());
  for (Bytes run = reader.NextRun(); !run.empty() && scratch.size() < wanted; run = reader.NextRun()) {
    const std::size_t n = std::min<std::size_t>(run.size(), static_cast<std::size_t>(wanted) - scratch.size());
    scratch.insert(scratch.end(), run.begin(), run.begin() + static_cast<std::ptrdiff_t>(n));
  }
  return scratch;
}

}  // namespace dl::unpack
