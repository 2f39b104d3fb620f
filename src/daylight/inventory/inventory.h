// Inventory is what is installed on the targets that somebody asked about: collected from facts, written as CycloneDX
// 1.5, SPDX 2.3 or text.
//
//   Inventory inventory;
//   inventory.BeginTarget("this machine", TargetKind::kMachine);
//   inventory.Add(facts);                                   // as often as there are pieces
//   WriteCycloneDx(inventory.Finish(), {.program = "daylight", .version = "0.8.0", .at = now}, sink);
//
// Facts of one target come between its BeginTarget and the next. Two runs over the same software give the same document
// but for its time: everything is sorted, identifiers are derived from the content. Used by one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "daylight/report/software.h"

namespace dl::inventory {

enum class TargetKind : std::uint8_t { kMachine, kFolder, kImage, kPackage, kDisk, kSbom, kFile };

// A root of a target with what is in it; the first of each target is the target itself.
struct Place {
  std::string name;    // As the user named the target, or "srv/app.tar//var/lib/x.deb" below it.
  std::string title;   // As it calls itself.
  std::string digest;  // "sha256:…"
  TargetKind kind = TargetKind::kFile;
  std::size_t parent = 0;  // Index into Contents::places; of a target: its own.
  std::vector<report::OperatingSystemFact> systems;
  std::vector<report::ImageFact> images;
  std::vector<report::PackageFact> packages;
  std::vector<report::ComponentFact> components;  // Of SBOMs, as they stand there.
};

// Targets in the order in which they were named, each followed by what is in it.
struct Contents {
  std::vector<Place> places;
  std::uint64_t unread = 0;  // What could not be read: then this is not the whole of it.
};

class Inventory {
 public:
  void BeginTarget(std::string name, TargetKind kind);
  // Before any BeginTarget(): ignored. A fact of an unknown root is the target's.
  void Add(const report::SoftwareFacts& facts);
  void Add(report::SoftwareFacts&& facts);
  // Sorted, what was told twice once. The object is empty after that.
  Contents Finish();

 private:
  std::size_t PlaceOf(std::uint32_t root) const;

  Contents contents_;
  std::size_t target_ = 0;            // Where the current target's places begin.
  std::vector<std::size_t> by_root_;  // Places of the current target by their roots' numbers.
};

// Takes text in pieces; returns false when it wants no more.
using Sink = std::function<bool(std::string_view piece)>;

struct WriteOptions {
  std::string_view program = "daylight";
  std::string_view version;
  std::int64_t at = 0;  // Seconds since 1970, for "created".
};

// Each returns false when the sink did.
bool WriteCycloneDx(const Contents& contents, const WriteOptions& options, const Sink& sink);
bool WriteSpdx(const Contents& contents, const WriteOptions& options, const Sink& sink);
// A line a package, in columns. What is no longer installed, too, with the state that dpkg gives it.
bool WriteText(const Contents& contents, const Sink& sink);

// Those that are there: installed, broken, or what a package file would install; not deleted from an image.
bool IsThere(const report::PackageFact& package);

}  // namespace dl::inventory
