#include "daylight/unpack/archive/archive.h"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <array>
#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <utility>

#include "daylight/unpack/archive/archive_kind.h"
#include "daylight/unpack/archive/embedded.h"
#include "daylight/unpack/archive/entry_bytes.h"
#include "daylight/unpack/archive/rar_headers.h"
#include "daylight/unpack/archive/reader_words.h"
#include "daylight/unpack/archive/zip_layout.h"
#include "daylight/unpack/zip/zip.h"

namespace dl::unpack {

namespace {

struct FreeArchive {
  void operator()(::archive* a) const { ::archive_read_free(a); }
};
using Reader = std::unique_ptr<::archive, FreeArchive>;

// An archive's bytes for libarchive, from where it begins in the object.
class Input {
 public:
  Input(ObjectSource& object, std::uint64_t begin, std::uint64_t size) : object_(object), begin_(begin), size_(size) {}

  void Rewind() { position_ = 0; }
  Status OpenIn(::archive* reader) {
    ::archive_read_set_read_callback(reader, [](::archive* a, void* self, const void** block) -> la_ssize_t {
      return static_cast<Input*>(self)->Read(a, block);
    });
    ::archive_read_set_skip_callback(
        reader, [](::archive*, void* self, la_int64_t n) -> la_int64_t { return static_cast<Input*>(self)->Skip(n); });
    ::archive_read_set_seek_callback(reader, [](::archive*, void* self, la_int64_t offset, int from) -> la_int64_t {
      return static_cast<Input*>(self)->Seek(offset, from);
    });
    ::archive_read_set_callback_data(reader, this);
    if (::archive_read_open1(reader) < ARCHIVE_WARN) return Fail(ErrorCode::kMalformed, "not such an archive");
    return {};
  }

 private:
  la_ssize_t Read(::archive* reader, const void** block) {
    // What is stored in it need not be copied.
    if (const auto all = object_.InMemory(); all && begin_ + size_ <= all->size()) {
      const Bytes rest =
          all->subspan(static_cast<std::size_t>(begin_ + position_), static_cast<std::size_t>(size_ - position_));
      position_ = size_;
      *block = rest.data();
      return static_cast<la_ssize_t>(rest.size());
    }
    const std::uint64_t wanted = std::min<std::uint64_t>(block_.size(), size_ - position_);
    const auto n = object_.ReadAt(begin_ + position_, std::span(block_).first(wanted));
    if (!n) {
      ::archive_set_error(reader, EIO, "the container could not be read");
      return ARCHIVE_FATAL;
    }
    position_ += *n;
    *block = block_.data();
    return static_cast<la_ssize_t>(*n);
  }
  la_int64_t Skip(la_int64_t n) {
    const std::uint64_t skipped = std::min(static_cast<std::uint64_t>(std::max<la_int64_t>(n, 0)), size_ - position_);
    position_ += skipped;
    return static_cast<la_int64_t>(skipped);
  }
  la_int64_t Seek(la_int64_t offset, int from) {
    const auto base = static_cast<la_int64_t>(from == SEEK_SET ? 0 : from == SEEK_CUR ? position_ : size_);
    la_int64_t to = 0;
    if (__builtin_add_overflow(base, offset, &to)) return ARCHIVE_FATAL;
    position_ = std::min(static_cast<std::uint64_t>(std::max<la_int64_t>(to, 0)), size_);
    return static_cast<la_int64_t>(position_);
  }

  ObjectSource& object_;
  std::uint64_t begin_;
  std::uint64_t size_;
  std::uint64_t position_ = 0;
  std::array<std::byte, 64u << 10> block_;
};

void Support(::archive* reader, ArchiveKind kind) {
  switch (kind) {
    case ArchiveKind::kZip: ::archive_read_support_format_zip(reader); return;
    case ArchiveKind::kZipEntries: ::archive_read_support_format_zip_streamable(reader); return;
    case ArchiveKind::k7z: ::archive_read_support_format_7zip(reader); return;
    case ArchiveKind::kRar: ::archive_read_support_format_rar(reader); return;
    case ArchiveKind::kRar5: ::archive_read_support_format_rar5(reader); return;
    case ArchiveKind::kCab: ::archive_read_support_format_cab(reader); return;
    case ArchiveKind::kTar:
      ::archive_read_support_format_tar(reader);
      // Archives that were appended to each other.
      ::archive_read_set_format_option(reader, "tar", "read_concatenated_archives", "1");
      return;
    case ArchiveKind::kAr: ::archive_read_support_format_ar(reader); return;
    case ArchiveKind::kCpio: ::archive_read_support_format_cpio(reader); return;
    case ArchiveKind::kLha: ::archive_read_support_format_lha(reader); return;
    case ArchiveKind::kXar: ::archive_read_support_format_xar(reader); return;
    case ArchiveKind::kIso: ::archive_read_support_format_iso9660(reader); return;
    case ArchiveKind::kRpm:
      ::archive_read_support_filter_rpm(reader);
      ::archive_read_support_filter_gzip(reader);
      ::archive_read_support_filter_bzip2(reader);
      ::archive_read_support_filter_xz(reader);
      ::archive_read_support_filter_lzma(reader);
      ::archive_read_support_filter_zstd(reader);
      ::archive_read_support_format_cpio(reader);
      return;
    case ArchiveKind::kGzip: ::archive_read_support_filter_gzip(reader); break;
    case ArchiveKind::kBzip2: ::archive_read_support_filter_bzip2(reader); break;
    case ArchiveKind::kXz: ::archive_read_support_filter_xz(reader); break;
    case ArchiveKind::kLzma: ::archive_read_support_filter_lzma(reader); break;
    case ArchiveKind::kLzip: ::archive_read_support_filter_lzip(reader); break;
    case ArchiveKind::kZstd: ::archive_read_support_filter_zstd(reader); break;
    case ArchiveKind::kLz4: ::archive_read_support_filter_lz4(reader); break;
    case ArchiveKind::kCompress: ::archive_read_support_filter_compress(reader); break;
  }
  ::archive_read_support_format_raw(reader);
  ::archive_read_support_format_empty(reader);
}

// Just this filter, whatever the bytes are. False: it needs input to begin with.
bool SetFilter(::archive* reader, ArchiveKind kind) {
  const int filter = kind == ArchiveKind::kGzip    ? ARCHIVE_FILTER_GZIP
                     : kind == ArchiveKind::kBzip2 ? ARCHIVE_FILTER_BZIP2
                     : kind == ArchiveKind::kXz    ? ARCHIVE_FILTER_XZ
                     : kind == ArchiveKind::kLzma  ? ARCHIVE_FILTER_LZMA
                     : kind == ArchiveKind::kLzip  ? ARCHIVE_FILTER_LZIP
                     : kind == ArchiveKind::kZstd  ? ARCHIVE_FILTER_ZSTD
                     : kind == ArchiveKind::kLz4   ? ARCHIVE_FILTER_LZ4
                                                   : ARCHIVE_FILTER_NONE;
  return filter != ARCHIVE_FILTER_NONE && ::archive_read_append_filter(reader, filter) == ARCHIVE_OK &&
         ::archive_read_support_format_raw(reader) == ARCHIVE_OK;
}

// What the file was called before it was compressed.
std::string NameWithin(const std::string& name) {
  static constexpr std::pair<std::string_view, std::string_view> kEndings[] = {
      {".tgz", ".tar"}, {".tbz2", ".tar"}, {".tbz", ".tar"}, {".txz", ".tar"}, {".tlz", ".tar"}, {".tzst", ".tar"},
      {".taz", ".tar"}, {".svgz", ".svg"}, {".gz", ""},      {".bz2", ""},     {".xz", ""},      {".lzma", ""},
      {".lz", ""},      {".zst", ""},      {".lz4", ""},     {".Z", ""},       {".z", ""},
  };
  for (const auto& [ending, instead] : kEndings) {
    if (name.size() > ending.size() && name.ends_with(ending)) {
      return name.substr(0, name.size() - ending.size()) + std::string(instead);
    }
  }
  return "content";
}

class Unpacking {
 public:
  Unpacking(const FoundArchive& archive, const ChildInfo& self, Sink& sink)
      : archive_(archive), self_(self), sink_(sink), reader_(::archive_read_new()) {}

  // What the next entry is called, whatever its header says.
  void SetName(const std::string& name) { forced_name_ = name; }
  // False: no more is wanted, of this archive or any other.
  bool Run(ObjectSource& object) {
    if (reader_ != nullptr) {
      Read(object);
    } else {
      sink_.Closed("", kTooLarge, "no memory to read it");
    }
    return is_wanted_;
  }
  // Entries of zip that only zip/ decodes, of which nothing was told.
  std::uint64_t old_entries() const { return old_entries_; }
  // Whether there was any entry, and nothing to complain of.
  bool is_whole() const { return has_entries_ && !has_failed_; }
  // From the archive's beginning on.
  std::uint64_t bytes_read() const {
    const la_int64_t n = ::archive_filter_bytes(reader_.get(), 0);
    return n > 0 ? static_cast<std::uint64_t>(n) : 0;
  }

 private:
  static constexpr int kMaxFailures = 1000;

  std::uint64_t SizeIn(ObjectSource& object) const {
    const std::uint64_t size = object.size().value_or(0);
    const std::uint64_t end = archive_.end != 0 ? std::min(archive_.end, size) : size;
    return end - std::min(end, archive_.offset);
  }

  // False: it is none, or damaged, which was told.
  bool Open(Reader& reader, Input& input) {
    Support(reader.get(), archive_.kind);
    for (const std::string& password : sink_.passwords()) {
      ::archive_read_add_passphrase(reader.get(), password.c_str());
    }
    if (IsCompressed(archive_.kind)) return OpenCompressed(reader, input);
    if (input.OpenIn(reader.get())) return true;
    Refuse();
    return false;
  }

  void Read(ObjectSource& object) {
    Input input(object, archive_.offset, SizeIn(object));
    if (!Open(reader_, input)) return;
    for (;;) {
      ::archive_entry* entry = nullptr;
      const int result = ::archive_read_next_header(reader_.get(), &entry);
      if (result == ARCHIVE_EOF) return;
      ++entries_;
      if (result == ARCHIVE_FATAL) return has_entries_ ? Close("") : Refuse();
      // The rest of it may still be readable.
      if (result == ARCHIVE_FAILED || result == ARCHIVE_RETRY) {
        Close(entry != nullptr ? InfoOf(entry).name : "");
        if (++failures_ > kMaxFailures) return;
        continue;
      }
      has_entries_ = true;
      if (!Take(entry, object)) return;
      // What follows it may be something that is read already.
      if (archive_.kind == ArchiveKind::kZipEntries) return;
    }
  }

  // Libarchive would undo all layers of what was compressed several times at once, and
  // nobody would see those between, or the outer ones of an inner one that is damaged.
  bool OpenCompressed(Reader& reader, Input& input) {
    const bool is_open = input.OpenIn(reader.get()).has_value();
    const int layers = ::archive_filter_count(reader.get()) - 1;
    if (is_open && layers == 1) return true;
    if (is_open && layers < 1) return false;  // It only looked like it.
    Reader one(::archive_read_new());
    input.Rewind();
    if (one != nullptr && SetFilter(one.get(), archive_.kind) && input.OpenIn(one.get())) {
      reader = std::move(one);
      return true;
    }
    if (is_open) {
      sink_.Closed("", kUnsupported, "several layers at once");
    } else {
      Refuse();
    }
    return false;
  }

  // False: no more is wanted, or can be had.
  bool Take(::archive_entry* entry, ObjectSource& object) {
    if (IsEmptyEntry(entry) && !IsCompressed(archive_.kind)) return is_wanted_ = sink_.Pass();
    ChildInfo info = InfoOf(entry);
    if (IsCompressed(archive_.kind)) info.name = NameWithin(self_.name);
    if (!forced_name_.empty()) info.name = std::exchange(forced_name_, "");
    EntryBytes bytes(reader_.get(), archive_.kind != ArchiveKind::kXar);
    // A wrong password passes zip's own check (one byte, APPNOTE 6.1.6) once in 256 times; only the checksum tells that
    // what was given is noise.
    const bool is_encrypted = ::archive_entry_is_data_encrypted(entry) != 0;
    const auto tell_noise = [&] {
      if (is_encrypted && bytes.is_doubtful()) CloseNoise(info.name);
    };
    if (IsStored(archive_.kind) && info.size) {
      if (const auto all = bytes.AtOnce(*info.size)) {
        tell_noise();
        return is_wanted_ = sink_.Add(info, *all);
      }
    }
    bool is_told = false;
    is_wanted_ = sink_.AddStream(info, [&](std::span<std::byte> out) -> Result<std::size_t> {
      const std::size_t n = bytes.Pull(out);
      // The last bytes may have been there, but not what they should be.
      if (n == 0 && !std::exchange(is_told, true)) {
        if (bytes.has_failed()) {
          Close(info.name);
        } else {
          tell_noise();
        }
      }
      return n;
    });
    if (is_wanted_ && sink_.WantsAgain()) GiveAgain(object, info);
    return is_wanted_ && !bytes.has_ended_all();
  }

  // The entry at hand once more, with a reader of its own.
  void GiveAgain(ObjectSource& object, const ChildInfo& info) {
    Reader reader(::archive_read_new());
    if (reader == nullptr) return;
    Input input(object, archive_.offset, SizeIn(object));
    ::archive_entry* entry = nullptr;
    if (!Open(reader, input)) return;
    for (std::uint64_t i = 0; i < entries_; ++i) {
      if (::archive_read_next_header(reader.get(), &entry) < ARCHIVE_FAILED) return;
    }
    EntryBytes bytes(reader.get(), archive_.kind != ArchiveKind::kXar);
    is_wanted_ = sink_.AddAgain(info, [&](std::span<std::byte> out) -> Result<std::size_t> { return bytes.Pull(out); });
  }

  void Close(std::string_view child) {
    has_failed_ = true;
    const std::string_view message = ErrorMessageOf(reader_.get());
    // By the directory, zip/ gives these.
    if (archive_.kind == ArchiveKind::kZip && (message.starts_with("Unsupported ZIP compression method (6:") ||
                                               message.starts_with("Unsupported ZIP compression method (9:"))) {
      ++old_entries_;
      return;
    }
    sink_.Closed(child, ReasonOf(message), message);
  }
  void CloseNoise(std::string_view child) {
    has_failed_ = true;
    sink_.Closed(child, kEncrypted, "no password that is known opens it");
  }
  // It cannot be read at all: where its bytes may mean something else, it is none.
  void Refuse() {
    if (archive_.is_sure) Close("");
  }

  const FoundArchive& archive_;
  const ChildInfo& self_;
  Sink& sink_;
  Reader reader_;
  int failures_ = 0;
  std::uint64_t entries_ = 0;  // Headers that were read.
  std::uint64_t old_entries_ = 0;
  bool has_entries_ = false;
  bool has_failed_ = false;
  bool is_wanted_ = true;
  std::string forced_name_;
};

// Entry by entry from their own headers, without a directory. False: no more is wanted.
bool ReadZipEntries(ObjectSource& object, const ZipGap& gap, const ChildInfo& self, Sink& sink) {
  // Each that fails may have read on to the gap's end.
  constexpr int kMaxFailures = 64;
  // What libarchive looks ahead to see where an entry ends.
  constexpr std::uint64_t kAhead = 64;
  int failures = 0;
  std::uint64_t begin = gap.begin;
  for (auto at = NextLocalHeader(object, begin, gap.end); at; at = NextLocalHeader(object, begin, gap.end)) {
    const FoundArchive entry = {ArchiveKind::kZipEntries, *at, false, gap.end + kAhead};
    Unpacking reading(entry, self, sink);
    reading.SetName(gap.name);
    if (!reading.Run(object)) return false;
    if (!gap.name.empty()) return true;
    begin = *at + (reading.is_whole() ? std::max<std::uint64_t>(reading.bytes_read(), 4) : 4);
    if (!reading.is_whole() && ++failures == kMaxFailures) {
      sink.Closed("", kUnsupported, "more remains of zip entries than is looked at");
      return true;
    }
  }
  return true;
}

// By the directory. False: no more is wanted.
bool ReadZip(const Probe& probe, const FoundArchive& archive, const ChildInfo& self, Sink& sink) {
  Unpacking reading(archive, self, sink);
  if (!reading.Run(probe.object)) return false;
  if (reading.old_entries() == 0) return true;
  const OldEntries old = UnpackOldZipEntries(probe, sink);
  if (old.is_wanted && old.taken < reading.old_entries()) {
    sink.Closed("", kUnsupported, "entries are packed by a method that is not decoded");
  }
  return old.is_wanted;
}

bool UnpackFound(const Probe& probe, FoundArchive archive, const ChildInfo& self, Sink& sink) {
  if (archive.kind == ArchiveKind::kRar || archive.kind == ArchiveKind::kRar5) {
    const auto notes = ReadRarHeaders(probe.object, archive.offset);
    if (notes) {
      for (const std::string& name : notes->encrypted) sink.Closed(name, kEncrypted, "encrypted by RAR");
      for (const std::string& name : notes->split) sink.Closed(name, kUnsupported, "continues in another volume");
      if (notes->is_closed) {
        sink.Closed("", kEncrypted, "its names are encrypted too");
        return true;
      }
    }
  }
  if (archive.kind == ArchiveKind::kZipEntries) {
    return ReadZipEntries(probe.object, {archive.offset, probe.size, ""}, self, sink);
  }
  if (archive.kind != ArchiveKind::kZip) return Unpacking(archive, self, sink).Run(probe.object);

  const auto layout = ReadZipLayout(probe);
  if (!layout) {
    if (IsLaterZipVolume(probe)) sink.Closed("", kUnsupported, "begins in another volume");
    return ReadZip(probe, archive, self, sink);
  }
  archive.is_sure = true;
  archive.end = layout->end;
  if (!ReadZip(probe, archive, self, sink)) return false;
  for (const ZipGap& gap : layout->gaps) {
    if (!ReadZipEntries(probe.object, gap, self, sink)) return false;
    if (!gap.name.empty()) continue;
    for (const FoundArchive& other : FindEmbedded(probe.object, gap.begin, gap.end, /*with_zip=*/false)) {
      if (!UnpackFound(probe, other, self, sink)) return false;
    }
  }
  return true;
}

bool Opens(const Probe& probe) {
  const std::vector<FoundArchive> found = FindArchives(probe);
  return !found.empty() || !FindWithin(probe, found).empty();
}

void UnpackArchives(const Probe& probe, const ChildInfo& self, Sink& sink) {
  const std::vector<FoundArchive> found = FindArchives(probe);
  for (const FoundArchive& archive : found) {
    if (!UnpackFound(probe, archive, self, sink)) return;
  }
  // What it is a part of has been searched.
  if (self.is_part) return;
  const std::vector<FoundArchive> within = FindWithin(probe, found);
  for (const FoundArchive& archive : within) {
    if (!UnpackFound(probe, archive, self, sink)) return;
  }
  if (within.size() == kMaxEmbedded) sink.Closed("", kUnsupported, "more archives are within than are opened");
}

}  // namespace

const Unpacker kArchive = {"archive", Opens, UnpackArchives};

void PrepareArchive() {
  // Times of day and names would otherwise be asked of files behind the walls.
  ::setenv("TZ", "UTC0", 1);
  ::tzset();
  ::setlocale(LC_CTYPE, "C.UTF-8");
  const Reader reader(::archive_read_new());
  if (reader != nullptr) ::archive_read_support_format_all(reader.get());
}

}  // namespace dl::unpack
