#include "daylight/unpack/archive/archive_stream.h"

#include <archive.h>

#include <array>
#include <memory>

#include "daylight/unpack/archive/archive_kind.h"
#include "daylight/unpack/archive/entry_bytes.h"
#include "daylight/unpack/archive/reader_words.h"

namespace dl::unpack {

namespace {

struct Stream {
  const StreamSource::Pull& pull;
  std::array<std::byte, 64u << 10> block;
};

la_ssize_t ReadBlock(::archive* reader, void* self, const void** block) {
  Stream& stream = *static_cast<Stream*>(self);
  const auto n = stream.pull(stream.block);
  if (!n) {
    ::archive_set_error(reader, -1, "the container could not be read");
    return ARCHIVE_FATAL;
  }
  *block = stream.block.data();
  return static_cast<la_ssize_t>(*n);
}

void Close(::archive* reader, std::string_view child, Sink& sink) {
  const std::string_view message = ErrorMessageOf(reader);
  sink.Closed(child, ReasonOf(message), message);
}

}  // namespace

bool IsStreamable(Bytes head) {
  MemorySource source(head);
  for (const FoundArchive& found : FindArchives(Probe{head, {}, head.size(), source})) {
    if (found.offset != 0) continue;
    if (found.kind == ArchiveKind::kTar || found.kind == ArchiveKind::kCpio || found.kind == ArchiveKind::kAr) {
      return true;
    }
  }
  return false;
}

void UnpackArchiveStream(const StreamSource::Pull& pull, Sink& sink) {
  const std::unique_ptr<::archive, int (*)(::archive*)> reader(::archive_read_new(), ::archive_read_free);
  const auto stream = std::make_unique<Stream>(Stream{pull, {}});
  if (reader == nullptr) return sink.Closed("", kTooLarge, "no memory to read it");
  ::archive_read_support_format_tar(reader.get());
  ::archive_read_set_format_option(reader.get(), "tar", "read_concatenated_archives", "1");
  ::archive_read_support_format_cpio(reader.get());
  ::archive_read_support_format_ar(reader.get());
  if (::archive_read_open(reader.get(), stream.get(), nullptr, ReadBlock, nullptr) < ARCHIVE_WARN) {
    return Close(reader.get(), "", sink);
  }
  for (;;) {
    ::archive_entry* entry = nullptr;
    const int result = ::archive_read_next_header(reader.get(), &entry);
    if (result == ARCHIVE_EOF) return;
    if (result < ARCHIVE_WARN) return Close(reader.get(), "", sink);
    if (IsEmptyEntry(entry)) {
      if (!sink.Pass()) return;
      continue;
    }
    const ChildInfo info = InfoOf(entry);
    EntryBytes bytes(reader.get(), true);
    const bool is_wanted =
        sink.AddStream(info, [&](std::span<std::byte> out) -> Result<std::size_t> { return bytes.Pull(out); });
    if (bytes.has_failed()) {
      Close(reader.get(), info.name, sink);
    }
    if (!is_wanted || bytes.has_ended_all()) return;
  }
}

}  // namespace dl::unpack
