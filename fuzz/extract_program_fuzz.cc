// Any bytes as a program. Meaning: what is one by its first bytes gives just one fact, with the
// hash of all bytes; a signature that is called intact has a signer whose certificate is known.
#include "daylight/base/check.h"
#include "daylight/crypto/digest.h"
#include "daylight/extract/program/program.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const bool is_ready = dl::crypto::Init();
  DL_CHECK(is_ready);
  const dl::Bytes bytes(reinterpret_cast<const std::byte*>(data), size);
  std::size_t programs = 0;
  std::size_t unread = 0;
  dl::extract::Facts facts([&](dl::report::SoftwareFacts&& piece, bool) {
    programs += piece.programs.size();
    unread += piece.unread.size();
    for (const dl::report::ProgramFact& fact : piece.programs) {
      DL_CHECK(fact.size == size && fact.sha256.has_value());
      DL_CHECK(dl::AsText(std::as_bytes(std::span(*fact.sha256))) == dl::AsText(dl::crypto::Sha256::Of(bytes)));
      DL_CHECK(fact.kind == dl::report::ProgramKind::kPe || fact.signers.empty());
      for (const dl::report::Signer& signer : fact.signers) DL_CHECK(signer.thumbprint.size() == 40);
    }
    return true;
  });
  dl::MemorySource source(bytes);
  dl::extract::ReadProgram(source, {0, "x"}, /*hash=*/true, facts);
  facts.Finish();
  DL_CHECK(unread == 0);
  DL_CHECK(programs == (dl::extract::IsProgram(bytes) ? 1u : 0u));
  return 0;
}
