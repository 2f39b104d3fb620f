#include "daylight/extract/packages/package_archive.h"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>
#include <vector>

#include "daylight/unpack/archive/entry_bytes.h"
#include "daylight/unpack/archive/reader_words.h"
#include "daylight/unpack/unpacker.h"

namespace dl::extract {

namespace {

struct FreeArchive {
  void operator()(::archive* reader) const { ::archive_read_free(reader); }
};

// What an entry without bytes costs: as much as its head in a tar.
constexpr std::uint64_t kEntryCost = 512;

}  // namespace

struct PackageArchive::State {
  StreamSource::Pull pull;
  UnpackBudget* budget;
  std::unique_ptr<::archive, FreeArchive> reader;
  std::optional<unpack::EntryBytes> bytes;
  std::uint64_t charged = 0;
  std::uint64_t given = 0;  // Bytes of entries.
  // Small, as between two of them a filter may unpack a thousand times as much.
  std::array<std::byte, 16u << 10> block;

  // What was unpacked since it was last asked. Of holes in files more is given than was unpacked.
  bool Charge() {
    const la_int64_t unpacked = std::max<la_int64_t>(::archive_filter_bytes(reader.get(), 0), 0);
    const std::uint64_t now = std::max({charged, given, static_cast<std::uint64_t>(unpacked)});
    return budget->Charge(now - std::exchange(charged, now));
  }
};

PackageArchive::PackageArchive(StreamSource::Pull pull, Format format, UnpackBudget& budget)
    : state_(std::make_unique<State>()) {
  state_->pull = std::move(pull);
  state_->budget = &budget;
  state_->reader.reset(::archive_read_new());
  ::archive* reader = state_->reader.get();
  if (reader == nullptr) {
    Fail(unpack::kTooLarge, "no memory to read it");
    return;
  }
  switch (format) {
    case Format::kTar: ::archive_read_support_format_tar(reader); break;
    case Format::kCpio: ::archive_read_support_format_cpio(reader); break;
    case Format::kAr: ::archive_read_support_format_ar(reader); break;
  }
  if (format != Format::kAr) {
    ::archive_read_support_filter_gzip(reader);
    ::archive_read_support_filter_bzip2(reader);
    ::archive_read_support_filter_xz(reader);
    ::archive_read_support_filter_lzma(reader);
    ::archive_read_support_filter_zstd(reader);
  }
  const auto read = [](::archive* self, void* data, const void** block) -> la_ssize_t {
    State& state = *static_cast<State*>(data);
    if (!state.Charge()) return ARCHIVE_FATAL;
    const auto n = state.pull(state.block);
    if (!n) {
      ::archive_set_error(self, EIO, "the container could not be read");
      return ARCHIVE_FATAL;
    }
    *block = state.block.data();
    return static_cast<la_ssize_t>(*n);
  };
  if (::archive_read_open(reader, state_.get(), nullptr, read, nullptr) < ARCHIVE_WARN) {
    Fail();
    return;
  }
  // One compression, and what is read itself. No packager wraps one in another.
  if (::archive_filter_count(reader) > 2) Fail(unpack::kUnsupported, "compressed several times");
}

PackageArchive::~PackageArchive() = default;

bool PackageArchive::is_gzip() const {
  return state_->reader != nullptr && ::archive_filter_code(state_->reader.get(), 0) == ARCHIVE_FILTER_GZIP;
}

void PackageArchive::Fail() {
  const std::string_view message = unpack::ErrorMessageOf(state_->reader.get());
  if (state_->budget->is_spent()) return Fail(unpack::kBudget, "it unpacks to more than is read");
  Fail(unpack::ReasonOf(message), message);
}

void PackageArchive::Fail(std::string_view reason, std::string_view detail) {
  if (has_failed()) return;
  reason_ = reason;
  detail_ = detail;
}

std::optional<PackageEntry> PackageArchive::Next() {
  if (has_failed()) return std::nullopt;
  // Not libarchive's to pass over: it would not stop for any budget in between.
  std::array<std::byte, 16u << 10> rest;
  while (state_->bytes && Pull(rest) != 0) {
  }
  if (has_failed()) return std::nullopt;
  ::archive_entry* entry = nullptr;
  const int result = ::archive_read_next_header(state_->reader.get(), &entry);
  if (result == ARCHIVE_EOF) return std::nullopt;
  if (result < ARCHIVE_WARN || !state_->Charge() || !state_->budget->Charge(kEntryCost)) {
    Fail();
    return std::nullopt;
  }
  state_->bytes.emplace(state_->reader.get(), true);
  PackageEntry out;
  // The bytes as they stand there, where libarchive still has them.
  const auto text = [](const char* value, const char* utf8) {
    return std::string(value != nullptr ? value : utf8 != nullptr ? utf8 : "");
  };
  out.path = PlainPath(text(::archive_entry_pathname(entry), ::archive_entry_pathname_utf8(entry)));
  if (const std::string other = text(::archive_entry_hardlink(entry), ::archive_entry_hardlink_utf8(entry));
      !other.empty()) {
    out.kind = report::FileKind::kLink;
    out.target = PlainPath(other);
  } else {
    switch (::archive_entry_filetype(entry)) {
      case AE_IFREG: break;
      case AE_IFDIR: out.kind = report::FileKind::kFolder; break;
      case AE_IFLNK:
        out.kind = report::FileKind::kLink;
        out.target = text(::archive_entry_symlink(entry), ::archive_entry_symlink_utf8(entry));
        break;
      default: out.kind = report::FileKind::kOther; break;
    }
  }
  if (::archive_entry_size_is_set(entry) != 0) {
    out.size = static_cast<std::uint64_t>(std::max<la_int64_t>(::archive_entry_size(entry), 0));
  }
  return out;
}

std::size_t PackageArchive::Pull(std::span<std::byte> out) {
  if (has_failed() || !state_->bytes) return 0;
  const std::size_t n = state_->bytes->Pull(out);
  state_->given += n;
  if (!state_->Charge()) {
    Fail();
    return 0;
  }
  if (n == 0) {
    if (state_->bytes->has_failed()) Fail();
    state_->bytes.reset();
  }
  return n;
}

std::string PlainPath(std::string_view path) {
  constexpr std::size_t kMaxPath = 4096;
  constexpr std::size_t kMaxParts = 256;
  path = path.substr(0, kMaxPath);
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    path.remove_prefix(slash == path.npos ? path.size() : slash + 1);
    if (part.empty() || part == ".") continue;
    if (part == "..") {
      if (!parts.empty()) parts.pop_back();
    } else if (parts.size() < kMaxParts) {
      parts.push_back(part);
    }
  }
  std::string out;
  for (const std::string_view part : parts) {
    if (!out.empty()) out += '/';
    out += part;
  }
  return out;
}

}  // namespace dl::extract
