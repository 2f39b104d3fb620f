// The archives that package files are made of, entry by entry as they pass, by libarchive: tar,
// cpio and ar, compressed or not. Whatever it unpacks is charged to one budget.
//
//   PackageArchive archive(pull, PackageArchive::Format::kTar, budget);
//   while (const auto entry = archive.Next()) … archive.Pull(out) …
//   if (archive.has_failed()) facts.Unread(place, archive.reason(), archive.detail());
//
// Borrows the budget. An archive in an archive: give one's Pull() to another.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "daylight/bytes/object_source.h"
#include "daylight/report/software.h"

namespace dl::extract {

// Bytes that may still be unpacked.
class UnpackBudget {
 public:
  explicit UnpackBudget(std::uint64_t bytes) : left_(bytes) {}
  // False: they are more than were left, now and from then on.
  bool Charge(std::uint64_t bytes) {
    is_spent_ = is_spent_ || bytes > left_;
    if (!is_spent_) left_ -= bytes;
    return !is_spent_;
  }
  bool is_spent() const { return is_spent_; }
  std::uint64_t left() const { return is_spent_ ? 0 : left_; }

 private:
  std::uint64_t left_;
  bool is_spent_ = false;
};

struct PackageEntry {
  std::string path;  // Without a slash at its beginning, "." and ".." resolved.
  report::FileKind kind = report::FileKind::kRegular;
  std::uint64_t size = 0;
  std::string target;  // Of a link, as it stands there; of a second name of a file, that file's path.
};

// "./usr/../opt/a/" → "opt/a"
std::string PlainPath(std::string_view path);

class PackageArchive {
 public:
  enum class Format : std::uint8_t {
    kTar,   // Compressed or not.
    kCpio,  // The same.
    kAr,
  };
  PackageArchive(StreamSource::Pull pull, Format format, UnpackBudget& budget);
  ~PackageArchive();
  PackageArchive(const PackageArchive&) = delete;
  PackageArchive& operator=(const PackageArchive&) = delete;

  // Nothing: at its end, or it has failed.
  std::optional<PackageEntry> Next();
  // Bytes of the entry that came last; 0 at its end, or it has failed.
  std::size_t Pull(std::span<std::byte> out);
  bool has_failed() const { return !reason_.empty(); }
  // As unpackers have it; "" while nothing has failed.
  std::string_view reason() const { return reason_; }
  const std::string& detail() const { return detail_; }
  // Whether its bytes are compressed by gzip; known from the first entry on.
  bool is_gzip() const;

 private:
  struct State;
  void Fail();
  void Fail(std::string_view reason, std::string_view detail);

  std::unique_ptr<State> state_;
  std::string_view reason_;
  std::string detail_;
};

}  // namespace dl::extract
