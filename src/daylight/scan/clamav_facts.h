// What ClamAV signatures may ask of one object, derived from its bytes when
// first asked.
#pragma once

#include <optional>
#include <vector>

#include "daylight/formats/filetype/clam_type.h"
#include "daylight/formats/pe/icons.h"
#include "daylight/rules/clamav/evaluator.h"
#include "daylight/rules/clamav/signature_set.h"

namespace dl::scan {

// The icon signatures of a unit, parsed.
class IconSignatures {
 public:
  explicit IconSignatures(const clamav::SignatureSet& set);
  // Those of both groups ("" or "*": any group).
  std::vector<const pe::IconSignature*> InGroups(std::string_view group_1, std::string_view group_2) const;

 private:
  std::vector<pe::IconSignature> signatures_;
};

class ClamavFacts final : public clamav::ObjectFacts {
 public:
  // Borrows both.
  ClamavFacts(Bytes bytes, std::uint32_t target, const IconSignatures& icons)
      : bytes_(bytes), target_(target), icons_(icons) {}
  const clamav::Executable& executable() override;
  std::optional<std::array<std::uint8_t, 8>> image_hash() override;
  bool HasIcon(const std::string& group_1, const std::string& group_2) override;

 private:
  Bytes bytes_;
  std::uint32_t target_;
  const IconSignatures& icons_;
  std::optional<clamav::Executable> executable_;
  std::optional<std::vector<pe::IconMetrics>> program_icons_;
};

}  // namespace dl::scan
