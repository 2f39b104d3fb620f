// What is in disks, for comparison with the tools that make them.
//
//   disk_list FILE...   prints "FILE<tab>CRC32<tab>SIZE<tab>PATH" for each file in it,
//                       and "FILE<tab>-<tab>0<tab>PATH: REASON" for what stayed closed
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <iostream>

#include "daylight/unpack/disk/disk.h"

namespace {

class Lister final : public dl::unpack::Sink {
 public:
  explicit Lister(std::string file) : file_(std::move(file)) {}

  bool Add(const dl::unpack::ChildInfo& info, dl::Bytes bytes) override {
    Print(info.name, ::crc32_z(0, reinterpret_cast<const ::Bytef*>(bytes.data()), bytes.size()), bytes.size());
    return true;
  }
  bool AddStream(const dl::unpack::ChildInfo& info, const dl::StreamSource::Pull& pull) override {
    std::vector<std::byte> piece(1u << 20);
    std::uint64_t size = 0;
    uLong crc = 0;
    for (;;) {
      const auto n = pull(piece);
      if (!n || *n == 0) break;
      crc = ::crc32_z(crc, reinterpret_cast<const ::Bytef*>(piece.data()), *n);
      size += *n;
    }
    Print(info.name, crc, size);
    return true;
  }
  bool Pass() override { return true; }
  void Closed(std::string_view child, std::string_view reason, std::string_view detail) override {
    std::cout << file_ << "\t-\t0\t" << child << ": " << reason << ", " << detail << '\n';
  }
  std::span<const std::string> passwords() const override { return {}; }

 private:
  void Print(const std::string& name, uLong crc, std::uint64_t size) {
    std::cout << file_ << '\t' << crc << '\t' << size << '\t' << name << '\n';
  }

  std::string file_;
};

bool List(const char* path) {
  const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
  struct stat info {};
  if (fd < 0 || ::fstat(fd, &info) != 0) return false;
  const auto size = static_cast<std::uint64_t>(info.st_size);
  dl::GrowingBuffer scratch(std::uint64_t{1} << 30);
  dl::DescriptorSource object(fd, size, scratch, {});
  std::vector<std::byte> head(std::min<std::uint64_t>(size, dl::unpack::Probe::kHeadBytes));
  std::vector<std::byte> tail(std::min<std::uint64_t>(size, dl::unpack::Probe::kTailBytes));
  const bool is_read = object.ReadAt(0, head) && object.ReadAt(size - tail.size(), tail);
  const dl::unpack::Probe probe{head, tail, size, object};
  Lister lister(path);
  if (is_read && dl::unpack::kDisk.opens(probe)) {
    dl::unpack::kDisk.unpack(probe, {path, size}, lister);
  } else {
    std::cout << path << "\t-\t0\t: not opened\n";
  }
  ::close(fd);
  return is_read;
}

}  // namespace

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    if (!List(argv[i])) return 1;
  }
  return 0;
}
