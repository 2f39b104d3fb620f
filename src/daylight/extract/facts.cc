#include "daylight/extract/facts.h"

#include <algorithm>
#include <utility>

namespace dl::extract {

namespace {

// Well below what one message may have, also where every fact is small.
constexpr std::size_t kPieceFacts = 10'000;
constexpr std::size_t kPieceBytes = 2u << 20;

std::size_t SizeOf(const std::vector<std::string>& texts) {
  std::size_t size = 0;
  for (const std::string& text : texts) size += text.size() + 8;
  return size;
}

}  // namespace

bool Facts::Flush(bool last) {
  pending_count_ = pending_bytes_ = 0;
  if (!hand_(std::exchange(pending_, {}), last)) wanted_ = false;
  return wanted_;
}

bool Facts::Count(std::size_t bytes) {
  if (!wanted_) return false;
  pending_bytes_ += bytes + 64;
  ++count_;
  if (++pending_count_ < kPieceFacts && pending_bytes_ < kPieceBytes) return true;
  if (count_ >= kMaxFacts) {
    pending_.unread.push_back({{}, "max-children", "more was found than can be told"});
    Flush(false);
    return wanted_ = false;
  }
  return Flush(false);
}

std::uint32_t Facts::AddRoot(report::RootFact root) {
  root.id = ++roots_;
  const std::size_t size = root.path.size() + root.name.size();
  pending_.roots.push_back(std::move(root));
  Count(size);
  return roots_;
}

bool Facts::Add(report::FileFact fact) {
  const std::size_t size = fact.place.path.size() + fact.target.size() + fact.layer.size();
  pending_.files.push_back(std::move(fact));
  return Count(size);
}

bool Facts::Add(report::ProgramFact fact) {
  std::size_t size = fact.place.path.size() + fact.company.size() + fact.product.size() + fact.description.size() + 256;
  for (const report::Signer& signer : fact.signers) size += signer.subject.size() + signer.issuer.size() + 256;
  pending_.programs.push_back(std::move(fact));
  return Count(size);
}

bool Facts::Add(report::PackageFact fact) {
  const std::size_t size = fact.place.path.size() + fact.name.size() + fact.version.size() + fact.maintainer.size() +
                           fact.homepage.size() + fact.summary.size() + fact.licence.size() + 256;
  pending_.packages.push_back(std::move(fact));
  return Count(size);
}

bool Facts::Add(report::UnitFact fact) {
  const std::size_t size = fact.place.path.size() + fact.description.size() + SizeOf(fact.programs);
  pending_.units.push_back(std::move(fact));
  return Count(size);
}

bool Facts::Add(report::OperatingSystemFact fact) {
  pending_.operating_systems.push_back(std::move(fact));
  return Count(256);
}

bool Facts::Add(report::ImageFact fact) {
  const std::size_t size = SizeOf(fact.names) + SizeOf(fact.labels) + SizeOf(fact.environment) + SizeOf(fact.command);
  pending_.images.push_back(std::move(fact));
  return Count(size);
}

bool Facts::Add(report::ComponentFact fact) {
  const std::size_t size = fact.name.size() + fact.purl.size() + fact.supplier.size() + fact.publisher.size() +
                           fact.description.size() + fact.copyright.size() + SizeOf(fact.cpes) + 256;
  pending_.components.push_back(std::move(fact));
  return Count(size);
}

bool Facts::Add(report::MentionFact fact) {
  const std::size_t size = fact.place.path.size() + fact.text.size();
  pending_.mentions.push_back(std::move(fact));
  return Count(size);
}

bool Facts::Unread(const report::FactPlace& place, std::string_view reason, std::string_view detail) {
  pending_.unread.push_back({place, std::string(reason), std::string(detail)});
  return Count(place.path.size() + detail.size());
}

bool Facts::Finish() { return Flush(true); }

}  // namespace dl::extract
