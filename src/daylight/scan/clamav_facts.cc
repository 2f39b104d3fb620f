#include "daylight/scan/clamav_facts.h"

#include <algorithm>

#include "daylight/formats/exe/exe.h"
#include "daylight/formats/image/image.h"

namespace dl::scan {

IconSignatures::IconSignatures(const clamav::SignatureSet& set) {
  for (const std::string_view line : set.lines(clamav::FileKind::kIdb)) {
    if (auto signature = pe::ParseIdbLine(line)) signatures_.push_back(std::move(*signature));
  }
}

std::vector<const pe::IconSignature*> IconSignatures::InGroups(std::string_view group_1,
                                                               std::string_view group_2) const {
  const auto wanted = [](std::string_view group) {
    return group.empty() ? std::nullopt : std::optional<std::string_view>(group);
  };
  std::vector<const pe::IconSignature*> found;
  for (const pe::IconSignature& signature : signatures_) {
    if (pe::IsInIconGroup(signature.group1, wanted(group_1)) && pe::IsInIconGroup(signature.group2, wanted(group_2))) {
      found.push_back(&signature);
    }
  }
  return found;
}

const clamav::Executable& ClamavFacts::executable() {
  if (executable_) return *executable_;
  executable_.emplace();
  const auto parse = [&]() -> std::optional<Result<exe::Info>> {
    switch (target_) {
      case filetype::kTargetPe: return exe::ParsePe(bytes_);
      case filetype::kTargetElf: return exe::ParseElf(bytes_);
      case filetype::kTargetMacho: return exe::ParseMachO(bytes_);
      default: return std::nullopt;
    }
  };
  const auto info = parse();
  if (!info) return *executable_;
  if (!*info) {
    executable_->state = clamav::Executable::State::kBroken;
    return *executable_;
  }
  executable_->state = clamav::Executable::State::kParsed;
  executable_->entry_point = (*info)->entry_point;
  for (const exe::Section& section : (*info)->sections)
    executable_->sections.push_back({section.raw, section.raw_size});
  executable_->version_offsets = (*info)->version_offsets;
  return *executable_;
}

// An image's hash as signatures write it, its first byte the highest.
std::optional<std::array<std::uint8_t, 8>> ClamavFacts::image_hash() {
  if (!image::IsHashed(bytes_)) return std::nullopt;
  const auto hash = image::FuzzyHash(bytes_);
  if (!hash) return std::nullopt;
  std::array<std::uint8_t, 8> out{};
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::uint8_t>(*hash >> (56 - 8 * i));
  return out;
}

bool ClamavFacts::HasIcon(const std::string& group_1, const std::string& group_2) {
  if (target_ != filetype::kTargetPe) return false;
  const auto signatures = icons_.InGroups(group_1, group_2);
  if (signatures.empty()) return false;
  if (!program_icons_) {
    program_icons_.emplace();
    if (const auto program = pe::Image::Parse(bytes_)) {
      if (auto found = pe::PeIcons(*program)) program_icons_ = std::move(*found);
    }
  }
  return std::any_of(signatures.begin(), signatures.end(),
                     [&](const pe::IconSignature* one) { return pe::AnyIconMatches(*program_icons_, *one); });
}

}  // namespace dl::scan
