#include "daylight/unpack/chm/chm.h"

#include <algorithm>
#include <limits>

#include "daylight/unpack/chm/compressed_section.h"
#include "daylight/unpack/chm/directory.h"

namespace dl::unpack {

namespace {

using namespace std::string_view_literals;

using Entry = ChmDirectory::Entry;

std::string NameOf(const Entry& entry) {
  return std::string(entry.name.starts_with('/') ? entry.name.substr(1) : entry.name);
}

std::uint64_t EndOf(const Entry& entry) {
  return entry.offset + std::min(entry.size, std::numeric_limits<std::uint64_t>::max() - entry.offset);
}

// What the format has for itself; it stands uncompressed in the file, so that it is scanned there.
bool IsOfFormat(const Entry& entry) { return entry.section == 0 && entry.name.starts_with("::DataSpace/"); }

bool GivePlain(const ChmDirectory& directory, const Entry& entry, Sink& sink) {
  const Bytes bytes = directory.Plain(entry);
  if (!sink.Add({NameOf(entry), bytes.size(), true}, bytes)) return false;
  if (bytes.size() < entry.size) sink.Closed(NameOf(entry), kDamaged, "the file ends before it should");
  return true;
}

bool GiveCompressed(CompressedSection& section, const Entry& entry, Sink& sink) {
  const std::string name = NameOf(entry);
  std::uint64_t done = 0;
  Error error;
  bool is_broken = false;
  const bool goes_on = sink.AddStream({name, entry.size}, [&](std::span<std::byte> out) -> Result<std::size_t> {
    if (is_broken || done == entry.size) return std::size_t{0};
    const auto most = static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), entry.size - done));
    const auto bytes = section.From(entry.offset + done, most);
    if (!bytes) {
      is_broken = true;
      error = bytes.error();
      return std::size_t{0};
    }
    std::copy(bytes->begin(), bytes->end(), out.begin());
    done += bytes->size();
    return bytes->size();
  });
  if (is_broken) sink.Closed(name, error.code == ErrorCode::kBudget ? kTooLarge : kDamaged, error.what);
  return goes_on;
}

// Entries of one section, in the order of their offsets.
bool GiveSection(const ChmDirectory& directory, std::span<const Entry> entries, Sink& sink) {
  const std::uint64_t number = entries.front().section;
  if (number == 0) {
    return std::all_of(entries.begin(), entries.end(), [&](const Entry& entry) {
      return IsOfFormat(entry) || (entry.size == 0 ? sink.Pass() : GivePlain(directory, entry, sink));
    });
  }
  const bool is_known = number < directory.sections().size();
  std::uint64_t size = 0;
  for (const Entry& entry : entries) size = std::max(size, EndOf(entry));
  auto section = is_known ? CompressedSection::Open(directory, directory.sections()[number], size)
                          : Result<CompressedSection>(Fail(ErrorCode::kMalformed, "in a section that there is not"));
  for (const Entry& entry : entries) {
    if (entry.size == 0 || !section) {
      if (!sink.Pass()) return false;
      if (entry.size == 0) continue;
      const bool is_unsupported = section.error().code == ErrorCode::kUnsupported;
      sink.Closed(NameOf(entry), is_unsupported ? kUnsupported : kDamaged, section.error().what);
    } else if (!GiveCompressed(*section, entry, sink)) {
      return false;
    }
  }
  return true;
}

bool Opens(const Probe& probe) {
  // Versions are small numbers; text that begins so is none.
  return probe.Has(0, "ITSF"sv) && probe.Has(5, "\0\0\0"sv);
}

void UnpackChm(const Probe& probe, const ChildInfo&, Sink& sink) {
  const auto whole = probe.object.Whole(kMaxWholeBytes);
  if (!whole) {
    const bool is_large = whole.error().code == ErrorCode::kBudget || whole.error().code == ErrorCode::kUnsupported;
    return sink.Closed("", is_large ? kTooLarge : kDamaged, whole.error().what);
  }
  const auto directory = ChmDirectory::Parse(*whole);
  if (!directory) {
    const bool is_unsupported = directory.error().code == ErrorCode::kUnsupported;
    return sink.Closed("", is_unsupported ? kUnsupported : kDamaged, directory.error().what);
  }
  if (directory->is_damaged()) sink.Closed("", kDamaged, "its directory contradicts itself or is cut off");
  if (directory->is_too_large()) sink.Closed("", kTooLarge, "a directory of too many entries");
  std::vector<Entry> entries = directory->entries();
  std::stable_sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return a.section != b.section ? a.section < b.section : a.offset < b.offset;
  });
  for (std::size_t begin = 0; begin < entries.size();) {
    std::size_t end = begin;
    while (end < entries.size() && entries[end].section == entries[begin].section) ++end;
    if (!GiveSection(*directory, std::span(entries).subspan(begin, end - begin), sink)) return;
    begin = end;
  }
}

}  // namespace

const Unpacker kChm = {"chm", Opens, UnpackChm};

}  // namespace dl::unpack
