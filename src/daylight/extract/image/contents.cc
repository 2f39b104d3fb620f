#include "daylight/extract/image/contents.h"

#include <algorithm>
#include <array>

#include "daylight/extract/image/archive_reader.h"
#include "daylight/extract/program/program.h"
#include "daylight/unpack/archive/archive_kind.h"
#include "daylight/unpack/unpacker.h"

namespace dl::extract {

namespace {

constexpr std::size_t kHeadBytes = unpack::Probe::kHeadBytes;
// Buffers that are larger are given back after use.
constexpr std::size_t kKeptBytes = std::size_t{16} << 20;

bool IsDiskImage(Bytes head) {
  using namespace std::string_view_literals;
  struct Magic {
    std::size_t offset;
    std::string_view bytes;
  };
  static constexpr Magic kMagics[] = {
      {0, "QFI\xfb"sv},               // qcow2
      {0, "hsqs"sv},                  // squashfs
      {0, "KDMV"sv},                  // VMDK
      {0, "vhdxfile"sv},              // VHDX
      {0, "conectix"sv},              // VHD, dynamic
      {0x40, "\x7f\x10\xda\xbe"sv},   // VDI
      {0x400, "\xe2\xe1\xf5\xe0"sv},  // EROFS
      {0x200, "EFI PART"sv},          // GPT
      {0x8001, "CD001"sv},            // ISO 9660
  };
  const std::string_view text = AsText(head);
  if (std::any_of(std::begin(kMagics), std::end(kMagics), [&](const Magic& magic) {
        return magic.offset < text.size() && text.substr(magic.offset).starts_with(magic.bytes);
      })) {
    return true;
  }
  // ext2 to ext4: two bytes are little, a revision of 0 or 1 comes with them.
  return text.size() >= 0x450 && text.substr(0x438, 2) == "\x53\xef"sv && text[0x44c] <= 1 && text[0x44d] == 0;
}

// A compressed file: what it is when it is not. All of it is not there, which does not matter.
bool IsWorthUnpacking(Bytes head) {
  MemorySource source(head);
  Budget budget({.bytes = std::uint64_t{16} << 20, .entries = 2});
  ArchiveReader reader(source, ArchiveReader::Formats::kAll, budget);
  const auto entry = reader.Next();
  if (!entry) return false;
  if (!reader.is_single()) return true;
  std::vector<std::byte> inner(kHeadBytes);
  std::size_t filled = 0;
  while (filled < inner.size()) {
    const std::size_t n = reader.Read(std::span(inner).subspan(filled));
    if (n == 0) break;
    filled += n;
  }
  inner.resize(filled);
  MemorySource none{Bytes()};
  const auto found = unpack::FindArchives({inner, {}, inner.size(), none});
  const bool is_archive = std::any_of(found.begin(), found.end(), [](const unpack::FoundArchive& archive) {
    return archive.is_sure && !unpack::IsCompressed(archive.kind);
  });
  return is_archive || IsProgram(inner) || IsDiskImage(inner);
}

}  // namespace

bool IsNestedContainer(Bytes head) {
  if (head.size() < 16) return false;
  MemorySource source(head);
  for (const unpack::FoundArchive& found : unpack::FindArchives({head, {}, head.size(), source})) {
    if (!found.is_sure) continue;
    if (unpack::IsCompressed(found.kind)) return IsWorthUnpacking(head);
    // Of this kind there are packages and, more often, libraries of object files.
    if (found.kind == unpack::ArchiveKind::kAr) return AsText(head).substr(8).starts_with("debian-binary");
    return true;
  }
  return IsDiskImage(head);
}

std::optional<report::SurveyKind> ContentReader::KindOf(std::string_view path) const {
  constexpr int kMaxFolders = 3;
  auto kind = report::SurveyKindOfPath(path);
  for (int i = 0; !kind && looks_below_ && i < kMaxFolders; ++i) {
    const std::size_t slash = path.find('/');
    if (slash == std::string_view::npos) break;
    path.remove_prefix(slash + 1);
    kind = report::SurveyKindOfPath(path);
  }
  return kind;
}

void ContentReader::Unread(std::span<const ContentPlace> places, std::string_view reason, std::string_view detail) {
  for (const ContentPlace& place : places) {
    if (!place.is_replaced) facts_.Unread(place.place, reason, detail);
  }
}

bool ContentReader::Fill(const Pull& pull, std::size_t limit) {
  constexpr std::size_t kStep = std::size_t{1} << 20;
  while (filled_ < limit) {
    buffer_.GrowTo(std::min(limit, std::max(filled_ * 2, std::min(kStep, limit))));
    const std::size_t n = pull(buffer_.bytes().first(std::min(limit, buffer_.size())).subspan(filled_));
    if (n == 0) return true;
    filled_ += n;
  }
  return false;
}

bool ContentReader::Read(std::span<const ContentPlace> places, std::uint64_t size, const Pull& pull) {
  if (places.empty()) return facts_.wanted();
  filled_ = 0;
  bool is_whole = Fill(pull, kHeadBytes);
  const Bytes head = Bytes(buffer_.bytes()).first(filled_);
  const auto program = ProgramKindOf(head);
  const bool is_known = std::any_of(places.begin(), places.end(),
                                    [this](const ContentPlace& place) { return KindOf(place.place.path).has_value(); });
  const bool is_nested = !program && !is_known && IsNestedContainer(head);
  if (program && program != report::ProgramKind::kPe && !is_known) {
    ReadStreamedProgram(places, *program, pull);
    return facts_.wanted();
  }
  if (!program && !is_known && !is_nested) return facts_.wanted();

  const std::size_t limit = std::min(unpack::kMaxWholeBytes, budget_.room_bytes());
  if (!is_whole && size <= limit) is_whole = Fill(pull, limit);
  // Of just that size: whether more follows has not been seen.
  if (!is_whole && filled_ == limit) {
    std::array<std::byte, 1> more{};
    is_whole = pull(more) == 0;
  }
  if (!is_whole || filled_ > budget_.room_bytes()) {
    for (const ContentPlace& place : places) {
      if (!program) break;
      report::ProgramFact fact;
      fact.place = place.place;
      fact.kind = *program;
      fact.size = size;
      facts_.Add(std::move(fact));
    }
    Unread(places, unpack::kTooLarge, "has to be in memory to be read, and is too large for that");
  } else {
    ReadLoaded(places, program, is_nested, Bytes(buffer_.bytes()).first(filled_));
  }
  if (buffer_.size() > kKeptBytes) buffer_.Clear();
  return facts_.wanted();
}

void ContentReader::ReadStreamedProgram(std::span<const ContentPlace> places, report::ProgramKind kind,
                                        const Pull& pull) {
  std::size_t given = 0;
  const auto from_start = [&](std::span<std::byte> out) -> Result<std::size_t> {
    if (given == filled_) return pull(out);
    const std::size_t n = std::min(out.size(), filled_ - given);
    std::copy_n(buffer_.bytes().begin() + static_cast<std::ptrdiff_t>(given), n, out.begin());
    given += n;
    return n;
  };
  StreamSource source(from_start, {.window_bytes = 256u << 10, .head_bytes = 0, .tail_bytes = 0});
  ReadProgramResult result = DescribeProgram(source, kind, /*hash=*/true);
  for (const ContentPlace& place : places) {
    result.fact.place = place.place;
    if (!facts_.Add(report::ProgramFact(result.fact))) return;
  }
  if (!result.unread_reason.empty()) Unread(places, result.unread_reason, result.unread_detail);
}

void ContentReader::ReadLoaded(std::span<const ContentPlace> places, std::optional<report::ProgramKind> program,
                               bool is_nested, Bytes bytes) {
  if (program) {
    MemorySource source(bytes);
    ReadProgramResult result = DescribeProgram(source, *program, /*hash=*/true);
    for (const ContentPlace& place : places) {
      result.fact.place = place.place;
      if (!facts_.Add(report::ProgramFact(result.fact))) return;
    }
    if (!result.unread_reason.empty()) Unread(places, result.unread_reason, result.unread_detail);
  }
  const Budget::Hold hold(budget_, bytes.size());
  for (const ContentPlace& place : places) {
    if (!facts_.wanted()) return;
    if (const auto kind = KindOf(place.place.path)) {
      ReadAs(*kind, bytes, place);
    } else if (is_nested && !place.is_replaced) {
      MemorySource source(bytes);
      reader_(report::SurveyKind::kAny, source, place.place, facts_);
    }
  }
}

void ContentReader::ReadAs(report::SurveyKind kind, Bytes bytes, const ContentPlace& place) {
  MemorySource source(bytes);
  if (keep_ && keep_(kind, source, place)) return;
  if (!place.is_replaced) reader_(kind, source, place.place, facts_);
}

}  // namespace dl::extract
