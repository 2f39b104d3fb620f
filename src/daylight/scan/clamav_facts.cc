#include "daylight/scan/clamav_facts.h"

#include "daylight/formats/exe/exe.h"

namespace dl::scan {

IconSignatures::IconSignatures(const clamav::SignatureSet&) {}
bool IconSignatures::Match(Bytes, const std::string&, const std::string&) const { return false; }

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

std::optional<std::array<std::uint8_t, 8>> ClamavFacts::image_hash() { return std::nullopt; }

bool ClamavFacts::HasIcon(const std::string& group_1, const std::string& group_2) {
  return target_ == filetype::kTargetPe && icons_.Match(bytes_, group_1, group_2);
}

}  // namespace dl::scan
