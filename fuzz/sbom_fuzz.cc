// Any bytes are an SBOM or not. Meaning: reading twice, in one piece and as a stream, gives the same; texts are within
// their bound; what is no SBOM has no facts.
#include <algorithm>

#include "daylight/base/check.h"
#include "daylight/extract/sbom/sbom.h"

namespace {

struct Outcome {
  bool is_sbom = false;
  std::vector<dl::report::ComponentFact> components;
  std::size_t unread = 0;
};

Outcome Read(dl::ObjectSource& source) {
  Outcome outcome;
  dl::extract::Facts facts([&](dl::report::SoftwareFacts&& piece, bool) {
    for (auto& fact : piece.components) outcome.components.push_back(std::move(fact));
    outcome.unread += piece.unread.size();
    return true;
  });
  outcome.is_sbom = dl::sbom::ReadSbom(source, {.root = 3, .path = "bom"}, facts);
  facts.Finish();
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const dl::Bytes bytes(reinterpret_cast<const std::byte*>(data), size);
  dl::sbom::IsSbom(bytes);
  dl::MemorySource memory(bytes);
  const Outcome whole = Read(memory);
  DL_CHECK(whole.is_sbom || (whole.components.empty() && whole.unread == 0));
  std::size_t at = 0;
  dl::StreamSource stream(
      [&](std::span<std::byte> out) -> dl::Result<std::size_t> {
        const std::size_t n = std::min<std::size_t>({out.size(), size - at, 13});
        std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), n, out.begin());
        at += n;
        return n;
      },
      {.window_bytes = 4096, .head_bytes = 64, .tail_bytes = 64});
  const Outcome streamed = Read(stream);
  DL_CHECK(streamed.is_sbom == whole.is_sbom && streamed.unread == whole.unread);
  DL_CHECK(streamed.components.size() == whole.components.size());
  for (std::size_t i = 0; i < whole.components.size(); ++i) {
    const dl::report::ComponentFact& fact = whole.components[i];
    DL_CHECK(fact.place.root == 3 && fact.place.path == "bom");
    DL_CHECK(fact.name.size() <= 4096 && fact.purl.size() <= 4096 && fact.licence.size() <= 4096);
    DL_CHECK(fact.cpes.size() <= 64);
    DL_CHECK(fact.name == streamed.components[i].name && fact.within == streamed.components[i].within);
  }
  return 0;
}
