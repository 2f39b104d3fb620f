// Facts collects what extractors find and hands it on in pieces, so that an image with a
// million files takes no more memory than one with ten.
//
//   Facts facts([&](report::SoftwareFacts&& piece, bool last) { … return true; });
//   facts.Add(report::PackageFact{…});
//   facts.Finish();
//
// Adding returns false when no more is wanted (the asker is gone, or there are too many): then
// an extractor returns. Used by one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "daylight/report/software.h"

namespace dl::extract {

class Facts {
 public:
  using Hand = std::function<bool(report::SoftwareFacts&& piece, bool last)>;
  // Of all kinds together, in one answer: what is more ends it, and is told as unread.
  static constexpr std::uint64_t kMaxFacts = 20'000'000;
  explicit Facts(Hand hand) : hand_(std::move(hand)) {}

  // A new root; gives its number.
  std::uint32_t AddRoot(report::RootFact root);
  bool Add(report::FileFact fact);
  bool Add(report::ProgramFact fact);
  bool Add(report::PackageFact fact);
  bool Add(report::UnitFact fact);
  bool Add(report::OperatingSystemFact fact);
  bool Add(report::ImageFact fact);
  bool Add(report::ComponentFact fact);
  bool Add(report::MentionFact fact);
  // That something could not be read. `reason`: as unpackers have them (unpack/unpacker.h).
  bool Unread(const report::FactPlace& place, std::string_view reason, std::string_view detail);
  bool wanted() const { return wanted_; }
  // Hands on the last piece.
  bool Finish();

 private:
  bool Count(std::size_t bytes);
  bool Flush(bool last);

  Hand hand_;
  report::SoftwareFacts pending_;
  std::uint32_t roots_ = 0;
  std::uint64_t count_ = 0;
  std::size_t pending_count_ = 0;
  std::size_t pending_bytes_ = 0;
  bool wanted_ = true;
};

}  // namespace dl::extract
