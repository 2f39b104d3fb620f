#include "daylight/sandbox/clamav_pack.h"

#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>

#include "daylight/crypto/digest.h"
#include "daylight/os/io.h"
#include "daylight/os/memfd.h"
#include "daylight/os/paths.h"

namespace dl::sandbox {

namespace {

constexpr std::size_t kChunkBytes = 1u << 20;
// More than the clock of file times is behind on Linux's own file systems: what
// is written after this has another time than what was there before.
constexpr std::int64_t kClockNs = 20'000'000;

// The version in the header of a .cvd or .cld: "ClamAV-VDB:time:version:...".
std::optional<std::uint32_t> VersionOf(int fd) {
  char head[512];
  const ssize_t n = ::pread(fd, head, sizeof head, 0);
  std::string_view text(head, n > 0 ? static_cast<std::size_t>(n) : 0);
  if (!text.starts_with("ClamAV-VDB:")) return std::nullopt;
  for (int field = 0; field < 2; ++field) {
    const std::size_t colon = text.find(':');
    if (colon == text.npos) return std::nullopt;
    text.remove_prefix(colon + 1);
  }
  std::uint32_t version = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), version);
  if (error != std::errc() || end == text.data() + text.size() || *end != ':') return std::nullopt;
  return version;
}

// Waits until a file that was written a moment ago has a time that is over.
void LetClockPass(const ClamavSource& source) {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  const std::int64_t now_ns = std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
  const bool is_fresh = std::any_of(source.files.begin(), source.files.end(), [&](const ClamavFile& file) {
    // Not mtime, which anybody may have set.
    const std::int64_t age = now_ns - file.stamp.changed_ns;
    return age >= 0 && age < kClockNs;
  });
  if (is_fresh) ::usleep(kClockNs / 1000);
}

class Packer {
 public:
  Packer(bool is_kept, const std::atomic<bool>* stop) : is_kept_(is_kept), stop_(stop), chunk_(kChunkBytes, '\0') {}

  Result<PackedClamav> Pack(const ClamavSource& source) {
    LetClockPass(source);
    if (is_kept_) {
      DL_TRY(packed_.fd, os::CreateMemfd("daylight-clamav"));
    }
    std::vector<os::Fd> open;
    for (const ClamavFile& file : source.files) open.push_back(Open(file));
    const std::string skipped = OlderDaily(source, open);
    for (std::size_t i = 0; i < open.size(); ++i) {
      const ClamavFile& file = source.files[i];
      if (!open[i].valid() || file.path == skipped) continue;
      DL_TRY_STATUS(Add(file, open[i].get()));
    }
    if (is_kept_) DL_TRY_STATUS(os::Seal(packed_.fd.get()));
    const auto digest = sha256_.Finish();
    std::memcpy(packed_.digest.data(), digest.data(), digest.size());
    return std::move(packed_);
  }

 private:
  os::Fd Open(const ClamavFile& file) {
    auto fd = os::OpenRegular(file.path);
    if (fd) return std::move(*fd);
    packed_.errors.push_back(file.path + ": " + os::Describe(fd.error()));
    return {};
  }

  // The one of daily.cvd and daily.cld that does not count.
  std::string OlderDaily(const ClamavSource& source, const std::vector<os::Fd>& open) {
    const auto find = [&](std::string_view name) {
      return static_cast<std::size_t>(
          std::find_if(source.files.begin(), source.files.end(),
                       [&](const ClamavFile& file) { return os::BaseName(file.path) == name; }) -
          source.files.begin());
    };
    const std::size_t cvd = find("daily.cvd");
    const std::size_t cld = find("daily.cld");
    if (cvd == open.size() || cld == open.size() || !open[cvd].valid() || !open[cld].valid()) return {};
    const auto cvd_version = VersionOf(open[cvd].get());
    const auto cld_version = VersionOf(open[cld].get());
    // A header that cannot be read is told when the file itself is read.
    if (!cvd_version || !cld_version) return {};
    const bool cld_counts = *cld_version >= *cvd_version;
    const std::string& skipped = source.files[cld_counts ? cvd : cld].path;
    packed_.notes.push_back(skipped + ": left out, since " + (cld_counts ? "daily.cld" : "daily.cvd") +
                            (*cld_version == *cvd_version ? " has the same version" : " is newer"));
    return skipped;
  }

  bool IsAsStamped(const ClamavFile& file, int fd) const {
    struct stat info {};
    return ::fstat(fd, &info) == 0 && StampOf(info) == file.stamp;
  }

  Status Add(const ClamavFile& file, int fd) {
    packed_.is_changed = packed_.is_changed || !IsAsStamped(file, fd);
    const std::uint64_t begin = packed_.bytes;
    for (;;) {
      if (stop_ != nullptr && stop_->load()) return Fail(ErrorCode::kBudget, "interrupted");
      const ssize_t n = ::read(fd, chunk_.data(), chunk_.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return Fail(ErrorCode::kIo, "cannot read the signature files", static_cast<std::uint64_t>(errno));
      if (n == 0) break;
      const std::string_view part(chunk_.data(), static_cast<std::size_t>(n));
      packed_.bytes += part.size();
      if (packed_.bytes > report::kMaxClamavBytes) {
        return Fail(ErrorCode::kBudget, "more than 2 GiB of signature files");
      }
      sha256_.Update(AsBytes(part));
      if (is_kept_) DL_TRY_STATUS(os::WriteAll(packed_.fd.get(), part));
    }
    // The size behind the bytes, so that no two lists of files have one digest.
    sha256_.Update(AsBytes(std::string(os::BaseName(file.path)) + '\0' + std::to_string(packed_.bytes - begin) + '\0'));
    packed_.is_changed = packed_.is_changed || !IsAsStamped(file, fd);
    packed_.places.push_back({file.path, begin, packed_.bytes - begin});
    return {};
  }

  bool is_kept_;
  const std::atomic<bool>* stop_;
  std::string chunk_;
  crypto::Sha256 sha256_;
  PackedClamav packed_;
};

}  // namespace

Result<PackedClamav> PackClamav(const ClamavSource& source, const std::atomic<bool>* stop) {
  return Packer(true, stop).Pack(source);
}

Result<std::array<std::uint8_t, 32>> DigestClamav(const ClamavSource& source, const std::atomic<bool>* stop) {
  DL_TRY(const PackedClamav packed, Packer(false, stop).Pack(source));
  if (!packed.errors.empty()) return Fail(ErrorCode::kIo, "a file cannot be read");
  return packed.digest;
}

}  // namespace dl::sandbox
