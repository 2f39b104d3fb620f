#include "daylight/unpack/disk/files.h"

#include <algorithm>

namespace dl::unpack {

namespace {

// So many pieces of a map may be gone through between two bytes: those that lead
// round in circles have no end.
constexpr std::size_t kMaxIdleRuns = 1'000'000;

// What gives a file's bytes, run by run.
class RunReader {
 public:
  RunReader(DiskSource& disk, std::uint64_t size, const FindRun& find) : disk_(disk), size_(size), find_(find) {}

  bool has_shortened_holes() const { return has_shortened_holes_; }

  Result<std::size_t> Read(std::span<std::byte> out) {
    if (out.empty()) return std::size_t{0};
    for (std::size_t i = 0; at_ < size_; ++i) {
      if (i == kMaxIdleRuns) return Fail(ErrorCode::kMalformed, "a map of blocks without end");
      if (run_.size == 0) {
        DL_TRY(run_, find_(at_));
        if (run_.size == 0) return Fail(ErrorCode::kMalformed, "an empty run of blocks");
        run_.size = std::min(run_.size, size_ - at_);
      }
      if (run_.is_hole && holes_ == kMaxHoleBytes) {
        has_shortened_holes_ = true;
        Advance(run_.size);
        continue;
      }
      const std::uint64_t most = run_.is_hole ? std::min(run_.size, kMaxHoleBytes - holes_) : run_.size;
      const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), most));
      std::size_t n = wanted;
      if (run_.is_hole) {
        std::fill_n(out.begin(), n, std::byte{0});
        holes_ += n;
      } else {
        DL_TRY(n, disk_.ReadAt(run_.begin, out.first(wanted)));
        if (n == 0) return Fail(ErrorCode::kTruncated, "it ends before its size");
      }
      Advance(n);
      return n;
    }
    return std::size_t{0};
  }

 private:
  void Advance(std::uint64_t n) {
    at_ += n;
    run_.begin += n;
    run_.size -= n;
  }

  DiskSource& disk_;
  std::uint64_t size_;
  const FindRun& find_;
  std::uint64_t at_ = 0;
  Run run_;
  std::uint64_t holes_ = 0;
  bool has_shortened_holes_ = false;
};

}  // namespace

void Volume::Tell(std::string_view path, const Error& error) const {
  Tell(path, error.code == ErrorCode::kUnsupported ? kUnsupported : kDamaged, error.what);
}

bool GiveRuns(const Volume& volume, const std::string& path, std::uint64_t size, const FindRun& find) {
  RunReader reader(volume.disk, size, find);
  bool has_ended = false;
  const auto pull = [&](std::span<std::byte> out) -> Result<std::size_t> {
    if (has_ended) return std::size_t{0};
    const auto n = reader.Read(out);
    if (n && *n != 0) return *n;
    has_ended = true;
    if (!n) volume.Tell(path, n.error());
    if (reader.has_shortened_holes()) {
      volume.Tell(path, kUnsupported, "a sparse file, which is scanned without the most of its holes");
    }
    return std::size_t{0};
  };
  // A size that nothing stands behind asks for no memory.
  return volume.sink.AddStream({volume.PathOf(path), std::min(size, volume.size)}, pull);
}

bool GiveDisk(const Volume& volume, const std::string& name, bool is_part) {
  const FindRun find = [&](std::uint64_t offset) { return volume.disk.RunAt(offset); };
  std::uint64_t begin = 0;
  for (std::size_t i = 0; begin < volume.size && i < kMaxIdleRuns; ++i) {
    const auto run = find(begin);
    if (!run || !run->is_hole) break;
    begin += run->size;
  }
  if (begin >= volume.size) return volume.sink.Pass();
  RunReader reader(volume.disk, volume.size, find);
  const auto pull = [&](std::span<std::byte> out) -> Result<std::size_t> {
    const auto n = reader.Read(out);
    if (!n) volume.sink.Closed(name, kDamaged, n.error().what);
    return n ? *n : 0;
  };
  return volume.sink.AddStream({name, volume.size, is_part}, pull);
}

std::string Join(const std::string& folder, std::string_view name) {
  std::string out = folder.empty() ? std::string() : folder + "/";
  const std::size_t begin = out.size();
  out += name;
  // No file system has such a name, but anything can stand in its bytes.
  std::replace(out.begin() + static_cast<std::ptrdiff_t>(begin), out.end(), '/', '_');
  std::replace(out.begin() + static_cast<std::ptrdiff_t>(begin), out.end(), '\0', '_');
  return out;
}

}  // namespace dl::unpack
