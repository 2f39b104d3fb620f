// ClamavUnit scans objects with the ClamAV signatures of one database unit: the
// search for triggers, then the signatures that they make candidates, digests,
// and the forms of an object that some signatures are matched on instead.
//
//   unit.Begin(head, is_whole, containers);
//   for each window: search.Feed(window);      // A match::JointSearch.
//   unit.Finish(source, names, digests, report);
//
// Scratch memory is kept from object to object; one thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "daylight/formats/filetype/filetype.h"
#include "daylight/match/matcher.h"
#include "daylight/report/jobs.h"
#include "daylight/rules/clamav/evaluator.h"
#include "daylight/rules/clamav/phishing.h"
#include "daylight/rules/clamav/signature_set.h"
#include "daylight/scan/clamav_facts.h"
#include "daylight/scan/object_digests.h"
#include "daylight/scan/unit_scanner.h"

namespace dl::scan {

class ClamavUnit {
 public:
  ClamavUnit(std::shared_ptr<const clamav::SignatureSet> set, const ScanContext& context);
  ~ClamavUnit();

  // Which digests an object of this size (unknown: any) must have.
  void WantDigests(std::optional<std::uint64_t> size, ObjectDigests& digests) const;
  // `head`: the object's first bytes, all of them if `is_whole`. `containers`: the
  // types of what it lies in, the innermost first; borrowed until Finish().
  void Begin(Bytes head, bool is_whole, const std::vector<std::string>& containers);
  match::MatchState& search() { return matches_; }
  void Finish(ObjectSource& object, const report::ObjectNames& names, ObjectDigests& digests,
              report::ObjectReport& report);

  const clamav::SignatureSet& set() const { return *set_; }

 private:
  // In which order clamscan finds things.
  struct Found {
    std::uint32_t phase = 0;
    std::uint64_t at = 0;
    std::uint32_t name = 0;
    auto operator<=>(const Found&) const = default;  // By phase, then place.
  };
  struct Handler;
  struct ObjectScan;  // What one object's Finish() works with.

  void SetGroups(std::uint32_t target, bool generic);
  void CollectCandidates(std::uint32_t target, bool generic);
  void EvaluateCandidates(ObjectScan& scan, const clamav::View& view, std::uint32_t phase);
  void EvaluateOne(ObjectScan& scan, clamav::Evaluator& evaluator, std::uint32_t signature, std::uint32_t phase);
  // Searches and evaluates bytes that are in memory.
  void ScanView(ObjectScan& scan, const clamav::View& view, bool generic, std::uint32_t phase);
  void ScanWhole(ObjectScan& scan, Bytes bytes);
  void ScanViews(ObjectScan& scan, Bytes bytes, filetype::ClamType type, std::uint32_t& phase);
  void FindFileDigests(ObjectScan& scan);
  void FindProgramDigests(ObjectScan& scan, Bytes bytes);
  // Of a section, or of the text of the imports.
  void FindBytesDigests(ObjectScan& scan, clamav::DigestSignature::Of of, Bytes bytes);
  void AddDigest(ObjectScan& scan, clamav::DigestSignature::Of of, clamav::DigestKind kind, Bytes digest,
                 std::uint64_t size, std::uint32_t phase);
  bool IsAllowed(ObjectScan& scan);
  // Names of what is wrong with a mail's links.
  std::vector<std::string> FindPhishing(ObjectScan& scan, Bytes mail);
  bool HasDigests(clamav::DigestSignature::Of of) const;

  std::shared_ptr<const clamav::SignatureSet> set_;
  const ScanContext& context_;
  std::unique_ptr<filetype::MagicTable> own_magic_;  // Of .ftm files; absent: the built-in one.
  IconSignatures icons_;
  bool knows_links_ = false;                    // There are signatures of links.
  std::unique_ptr<clamav::Phishing> phishing_;  // Loaded for the first mail.
  match::MatchState matches_;
  match::BitSet live_groups_;
  match::BitSet live_patterns_;
  std::vector<std::uint32_t> candidates_;
  filetype::ClamType type_ = filetype::ClamType::kAny;
  bool is_tiny_ = false;
  const std::vector<std::string>* containers_ = nullptr;
};

}  // namespace dl::scan
