// ContentReader reads one file of an image or archive, where it passes, and tells what
// is in it: as a known file by its path, as a program, as a container.
//
//   ContentReader contents(reader, budget, facts);
//   contents.Read({{place, "usr/bin/x"}}, size, [&](auto out) { return archive.Read(out); });
//
// The bytes are read once, whatever number of places has them: layers are shared by
// images, and a file can have several names. At most unpack::kMaxWholeBytes are held.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "daylight/bytes/growing_buffer.h"
#include "daylight/extract/budget.h"
#include "daylight/extract/facts.h"
#include "daylight/extract/member_reader.h"

namespace dl::extract {

// Where bytes are, and as what they count there.
struct ContentPlace {
  report::FactPlace place;
  // Another version of the file came later: all that is of interest in this one is a program.
  // What a package database of it says goes to `older`.
  bool is_replaced = false;
};

class ContentReader {
 public:
  using Pull = std::function<std::size_t(std::span<std::byte>)>;
  // Takes what a known file says whose facts are not to be told yet. False: tell them.
  using Keep = std::function<bool(report::SurveyKind kind, ObjectSource& file, const ContentPlace& place)>;

  ContentReader(const MemberReader& reader, Budget& budget, Facts& facts)
      : reader_(reader), budget_(budget), facts_(facts) {}
  void SetKeep(Keep keep) { keep_ = std::move(keep); }
  // The system may lie in a folder of the archive, "rootfs/var/lib/dpkg/status".
  void LookBelowFolders() { looks_below_ = true; }

  // `size`: as the container says, a hint. False: no more facts are wanted.
  bool Read(std::span<const ContentPlace> places, std::uint64_t size, const Pull& pull);

 private:
  // Fills the buffer up to so many bytes. False: more follow.
  bool Fill(const Pull& pull, std::size_t limit);
  void ReadStreamedProgram(std::span<const ContentPlace> places, report::ProgramKind kind, const Pull& pull);
  void ReadLoaded(std::span<const ContentPlace> places, std::optional<report::ProgramKind> program, bool is_nested,
                  Bytes bytes);
  void Unread(std::span<const ContentPlace> places, std::string_view reason, std::string_view detail);
  void ReadAs(report::SurveyKind kind, Bytes bytes, const ContentPlace& place);

  const MemberReader& reader_;
  Budget& budget_;
  Facts& facts_;
  std::optional<report::SurveyKind> KindOf(std::string_view path) const;

  Keep keep_;
  bool looks_below_ = false;
  GrowingBuffer buffer_;
  std::size_t filled_ = 0;
};

// Whether a file that begins so is opened within another container: archives, disk images,
// and single compressed files that are one of these or a program. Not what pages of manuals
// and libraries of object files are.
bool IsNestedContainer(Bytes head);

}  // namespace dl::extract
