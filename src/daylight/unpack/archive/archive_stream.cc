#include "daylight/unpack/archive/archive_stream.h"

#include <archive.h>
#include <archive_entry.h>

#include <array>
#include <memory>
#include <string>

#include "daylight/unpack/archive/archive_kind.h"
#include "daylight/unpack/archive/entry_bytes.h"

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

std::string_view Message(::archive* reader) {
  const char* text = ::archive_error_string(reader);
  return text != nullptr ? std::string_view(text) : std::string_view("cannot be read");
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
    return sink.Closed("", kDamaged, Message(reader.get()));
  }
  for (;;) {
    ::archive_entry* entry = nullptr;
    const int result = ::archive_read_next_header(reader.get(), &entry);
    if (result == ARCHIVE_EOF) return;
    if (result < ARCHIVE_WARN) return sink.Closed("", kDamaged, Message(reader.get()));
    if (::archive_entry_filetype(entry) != AE_IFREG && ::archive_entry_size(entry) <= 0) {
      if (!sink.Pass()) return;
      continue;
    }
    const char* name = ::archive_entry_pathname_utf8(entry);
    if (name == nullptr) name = ::archive_entry_pathname(entry);
    ChildInfo info;
    info.name = name != nullptr ? name : "";
    if (::archive_entry_size_is_set(entry) != 0 && ::archive_entry_size(entry) >= 0) {
      info.size = static_cast<std::uint64_t>(::archive_entry_size(entry));
    }
    EntryBytes bytes(reader.get(), true);
    const bool is_wanted =
        sink.AddStream(info, [&](std::span<std::byte> out) -> Result<std::size_t> { return bytes.Pull(out); });
    if (bytes.has_failed()) {
      sink.Closed(info.name, kDamaged, Message(reader.get()));
    }
    if (!is_wanted || bytes.has_ended_all()) return;
  }
}

}  // namespace dl::unpack
