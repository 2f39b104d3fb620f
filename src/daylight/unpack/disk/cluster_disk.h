// What all virtual disks have in common: a disk of clusters, each of which stands
// somewhere in the file, or compressed there, or nowhere.
#pragma once

#include <algorithm>

#include "daylight/unpack/disk/disk_source.h"

namespace dl::unpack {

class ClusterDisk : public DiskSource {
 public:
  std::optional<std::uint64_t> size() const final { return size_; }

  Result<Run> RunAt(std::uint64_t offset) final {
    if (offset >= size_) return Fail(ErrorCode::kTruncated, "past the end of the disk", offset);
    DL_TRY(const Cluster cluster, Find(offset / cluster_bytes_));
    const std::uint64_t within = offset % cluster_bytes_;
    const std::uint64_t size = std::max<std::uint64_t>(cluster.count, 1) * cluster_bytes_ - within;
    return Run{offset, std::min(size, size_ - offset), cluster.kind == Cluster::kHole};
  }

  Result<std::size_t> ReadAt(std::uint64_t offset, std::span<std::byte> out) final {
    if (offset >= size_) return std::size_t{0};
    out = out.first(static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), size_ - offset)));
    std::size_t done = 0;
    while (done < out.size()) {
      const std::uint64_t number = (offset + done) / cluster_bytes_;
      const auto within = static_cast<std::size_t>((offset + done) % cluster_bytes_);
      DL_TRY(const Cluster cluster, Find(number));
      const auto piece = out.subspan(done).first(std::min(out.size() - done, cluster_bytes_ - within));
      DL_TRY(const std::size_t n, ReadCluster(number, cluster, within, piece));
      done += n;
      if (n < piece.size()) break;  // The file ends early.
    }
    return done;
  }

 protected:
  struct Cluster {
    enum Kind { kHole, kPlain, kPacked };
    Kind kind = kHole;
    std::uint64_t at = 0;     // In the file.
    std::uint64_t bytes = 0;  // Packed ones: at most so many.
    std::uint64_t count = 1;  // Holes: so many clusters are, as far as was looked.
  };

  // Both must be set before anything is read; neither is 0.
  explicit ClusterDisk(ObjectSource& file) : file_(file), map_(file) {}
  virtual Result<Cluster> Find(std::uint64_t number) = 0;
  virtual Status Unpack(const Cluster& cluster, std::vector<std::byte>& out) {
    static_cast<void>(cluster);
    static_cast<void>(out);
    return Fail(ErrorCode::kUnsupported, "a compressed cluster");
  }

  ObjectSource& file_;
  CachedReader map_;
  std::uint64_t size_ = 0;
  std::size_t cluster_bytes_ = 0;

 private:
  Result<std::size_t> ReadCluster(std::uint64_t number, const Cluster& cluster, std::size_t within,
                                  std::span<std::byte> out) {
    switch (cluster.kind) {
      case Cluster::kHole: std::fill(out.begin(), out.end(), std::byte{0}); return out.size();
      case Cluster::kPlain: return file_.ReadAt(cluster.at + within, out);
      case Cluster::kPacked: break;
    }
    // A file's bytes and where they stand are read by turns, from different clusters.
    if (slots_.empty()) slots_.resize(std::clamp<std::size_t>(kMaxKeptBytes / cluster_bytes_, 2, 64));
    Slot& slot = slots_[number % slots_.size()];
    if (slot.number != number || slot.bytes.empty()) {
      slot.number = number;
      if (const Status read = Unpack(cluster, slot.bytes); !read) {
        slot.bytes.clear();
        return Forward(read.error());
      }
      slot.bytes.resize(cluster_bytes_);
    }
    std::copy_n(slot.bytes.begin() + static_cast<std::ptrdiff_t>(within), out.size(), out.begin());
    return out.size();
  }

  // Of clusters that were unpacked.
  static constexpr std::size_t kMaxKeptBytes = 4u << 20;
  struct Slot {
    std::uint64_t number = 0;
    std::vector<std::byte> bytes;  // Empty: nothing yet.
  };
  std::vector<Slot> slots_;
};

}  // namespace dl::unpack
