#include "daylight/extract/image/archive_reader.h"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>

#include "daylight/unpack/archive/entry_bytes.h"
#include "daylight/unpack/archive/reader_words.h"
#include "daylight/unpack/unpacker.h"

namespace dl::extract {

namespace {

constexpr std::string_view kTooManyBytes = "more bytes are in it than are unpacked";
constexpr std::uint64_t kMaxFailedEntries = 1000;
// As Linux has it; longer names are no names of files.
constexpr std::size_t kMaxNameBytes = 4096;

struct FreeReader {
  void operator()(::archive* reader) const { ::archive_read_free(reader); }
};

std::string TextOf(const char* utf8, const char* raw) {
  const char* text = utf8 != nullptr ? utf8 : raw;
  if (text == nullptr) return {};
  return std::string(text).substr(0, kMaxNameBytes);
}

EntryKind KindOf(::archive_entry* entry) {
  if (::archive_entry_hardlink(entry) != nullptr || ::archive_entry_hardlink_utf8(entry) != nullptr) {
    return EntryKind::kHardLink;
  }
  switch (::archive_entry_filetype(entry)) {
    case AE_IFREG: return EntryKind::kFile;
    case AE_IFDIR: return EntryKind::kFolder;
    case AE_IFLNK: return EntryKind::kLink;
    // Where a format says nothing of it, it is a file.
    case 0: return EntryKind::kFile;
    default: return EntryKind::kOther;
  }
}

}  // namespace

struct ArchiveReader::State {
  StreamSource::Pull pull;
  ObjectSource* source = nullptr;
  std::uint64_t size = 0;
  std::uint64_t position = 0;
  std::uint64_t given = 0;  // To who asked.
  std::uint64_t charged = 0;
  std::unique_ptr<::archive, FreeReader> reader;
  std::optional<unpack::EntryBytes> bytes;  // Of the entry at hand.
  std::array<std::byte, 128u << 10> block;

  la_ssize_t ReadBlock(::archive* a, const void** out) {
    Result<std::size_t> n = 0;
    if (source == nullptr) {
      n = pull(block);
    } else if (const auto all = source->InMemory()) {
      const Bytes rest = all->subspan(static_cast<std::size_t>(std::min<std::uint64_t>(position, all->size())));
      position += rest.size();
      *out = rest.data();
      return static_cast<la_ssize_t>(rest.size());
    } else {
      n = source->ReadAt(position, block);
    }
    if (!n) {
      ::archive_set_error(a, EIO, "the container could not be read");
      return ARCHIVE_FATAL;
    }
    position += *n;
    *out = block.data();
    return static_cast<la_ssize_t>(*n);
  }
};

ArchiveReader::ArchiveReader(StreamSource::Pull pull, Formats formats, Budget& budget)
    : state_(std::make_unique<State>()), budget_(budget) {
  state_->pull = std::move(pull);
  Open(formats);
}

ArchiveReader::ArchiveReader(ObjectSource& source, Formats formats, Budget& budget)
    : state_(std::make_unique<State>()), budget_(budget) {
  state_->source = &source;
  state_->size = source.size().value_or(0);
  Open(formats);
}

ArchiveReader::~ArchiveReader() = default;

void ArchiveReader::Open(Formats formats) {
  state_->reader.reset(::archive_read_new());
  ::archive* reader = state_->reader.get();
  if (reader == nullptr) {
    problem_ = unpack::kTooLarge;
    detail_ = "no memory to read it";
    return;
  }
  // Not all that libarchive has: some of its filters start programs.
  ::archive_read_support_filter_gzip(reader);
  ::archive_read_support_filter_zstd(reader);
  ::archive_read_support_filter_xz(reader);
  ::archive_read_support_filter_bzip2(reader);
  ::archive_read_support_format_tar(reader);
  ::archive_read_support_format_empty(reader);
  if (formats == Formats::kAll) {
    ::archive_read_support_filter_lzma(reader);
    ::archive_read_support_filter_lzip(reader);
    ::archive_read_support_filter_lz4(reader);
    ::archive_read_support_filter_compress(reader);
    ::archive_read_support_format_cpio(reader);
    ::archive_read_support_format_ar(reader);
    ::archive_read_support_format_iso9660(reader);
    ::archive_read_support_format_zip(reader);
    ::archive_read_support_format_7zip(reader);
    ::archive_read_support_format_cab(reader);
    ::archive_read_support_format_xar(reader);
    ::archive_read_support_format_rar(reader);
    ::archive_read_support_format_rar5(reader);
    ::archive_read_support_format_lha(reader);
    ::archive_read_support_format_raw(reader);
  }
  // Later parts of an initial RAM disk, tars that were appended to each other.
  ::archive_read_set_format_option(reader, "tar", "read_concatenated_archives", "1");
  ::archive_read_set_read_callback(reader, [](::archive* a, void* self, const void** out) -> la_ssize_t {
    return static_cast<State*>(self)->ReadBlock(a, out);
  });
  if (state_->source != nullptr) {
    ::archive_read_set_skip_callback(reader, [](::archive*, void* self, la_int64_t n) -> la_int64_t {
      State& state = *static_cast<State*>(self);
      const std::uint64_t left = state.size - std::min(state.size, state.position);
      const std::uint64_t skipped = std::min(static_cast<std::uint64_t>(std::max<la_int64_t>(n, 0)), left);
      state.position += skipped;
      return static_cast<la_int64_t>(skipped);
    });
    ::archive_read_set_seek_callback(reader, [](::archive*, void* self, la_int64_t offset, int from) -> la_int64_t {
      State& state = *static_cast<State*>(self);
      const auto base = static_cast<la_int64_t>(from == SEEK_SET ? 0 : from == SEEK_CUR ? state.position : state.size);
      la_int64_t to = 0;
      if (__builtin_add_overflow(base, offset, &to)) return ARCHIVE_FATAL;
      state.position = std::min(static_cast<std::uint64_t>(std::max<la_int64_t>(to, 0)), state.size);
      return static_cast<la_int64_t>(state.position);
    });
  }
  ::archive_read_set_callback_data(reader, state_.get());
  if (::archive_read_open1(reader) < ARCHIVE_WARN) return Note();
  // Each layer of compression multiplies what a small file can become, unseen by the budget.
  if (::archive_filter_count(reader) > 2) {
    problem_ = unpack::kUnsupported;
    detail_ = "compressed several times";
  }
}

void ArchiveReader::Note() {
  if (!problem_.empty()) return;
  detail_ = unpack::ErrorMessageOf(state_->reader.get());
  problem_ = unpack::ReasonOf(detail_);
}

bool ArchiveReader::Charge() {
  // What is passed over is read and not given; what a format unpacks itself (zip, 7z), and holes,
  // are given and not read.
  const std::uint64_t now = std::max(position(), state_->given);
  if (now <= state_->charged) return true;
  const std::uint64_t more = now - state_->charged;
  state_->charged = now;
  if (budget_.ChargeBytes(more)) return true;
  problem_ = unpack::kBudget;
  detail_ = kTooManyBytes;
  return false;
}

bool ArchiveReader::is_compressed() const { return ::archive_filter_count(state_->reader.get()) > 1; }

bool ArchiveReader::is_single() const {
  return (::archive_format(state_->reader.get()) & ARCHIVE_FORMAT_BASE_MASK) == ARCHIVE_FORMAT_RAW;
}

bool ArchiveReader::is_disk() const {
  return (::archive_format(state_->reader.get()) & ARCHIVE_FORMAT_BASE_MASK) == ARCHIVE_FORMAT_ISO9660;
}

bool ArchiveReader::is_cpio() const {
  return (::archive_format(state_->reader.get()) & ARCHIVE_FORMAT_BASE_MASK) == ARCHIVE_FORMAT_CPIO;
}

std::uint64_t ArchiveReader::position() const {
  const la_int64_t at = ::archive_filter_bytes(state_->reader.get(), 0);
  return at > 0 ? static_cast<std::uint64_t>(at) : 0;
}

// Libarchive passes over a compressed entry in one go, however large it says it is.
bool ArchiveReader::PassRest() {
  if (!state_->bytes || !is_compressed()) return true;
  std::array<std::byte, 64u << 10> rest;
  while (Read(rest) != 0) {
  }
  return problem_.empty();
}

std::optional<ArchiveEntry> ArchiveReader::Next() {
  ::archive* reader = state_->reader.get();
  while (problem_.empty() && PassRest()) {
    state_->bytes.reset();
    ::archive_entry* entry = nullptr;
    const int result = ::archive_read_next_header(reader, &entry);
    if (result == ARCHIVE_EOF || !Charge()) return std::nullopt;
    if (result == ARCHIVE_FATAL) {
      Note();
      return std::nullopt;
    }
    if (result == ARCHIVE_FAILED || result == ARCHIVE_RETRY) {
      if (++failed_entries_ > kMaxFailedEntries) {
        Note();
        return std::nullopt;
      }
      continue;
    }
    if (!budget_.ChargeEntry()) {
      problem_ = unpack::kBudget;
      detail_ = "more entries are in it than are looked at";
      return std::nullopt;
    }
    ArchiveEntry found;
    found.kind = KindOf(entry);
    found.name = TextOf(::archive_entry_pathname_utf8(entry), ::archive_entry_pathname(entry));
    if (found.kind == EntryKind::kLink) {
      found.target = TextOf(::archive_entry_symlink_utf8(entry), ::archive_entry_symlink(entry));
    } else if (found.kind == EntryKind::kHardLink) {
      found.target = TextOf(::archive_entry_hardlink_utf8(entry), ::archive_entry_hardlink(entry));
    }
    found.size = unpack::InfoOf(entry).size.value_or(0);
    const bool is_xar = (::archive_format(reader) & ARCHIVE_FORMAT_BASE_MASK) == ARCHIVE_FORMAT_XAR;
    state_->bytes.emplace(reader, !is_xar);
    return found;
  }
  return std::nullopt;
}

std::size_t ArchiveReader::Read(std::span<std::byte> out) {
  if (!state_->bytes || !problem_.empty()) return 0;
  const std::size_t n = state_->bytes->Pull(out);
  if (n == 0) {
    if (state_->bytes->has_ended_all()) Note();
    return 0;
  }
  state_->given += n;
  return Charge() ? n : 0;
}

bool ArchiveReader::entry_failed() const { return state_->bytes && state_->bytes->has_failed(); }

}  // namespace dl::extract
