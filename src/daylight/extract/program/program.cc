#include "daylight/extract/program/program.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "daylight/bytes/cursor.h"
#include "daylight/crypto/digest.h"
#include "daylight/formats/pe/pe.h"
#include "daylight/unpack/unpacker.h"

namespace dl::extract {

namespace {

// More than any file has; each nested signature may be another one's.
constexpr std::size_t kMaxSigners = 16;

std::uint32_t U32Be(Bytes bytes, std::size_t offset) {
  const auto window = Cursor(bytes).From(offset);
  if (!window) return 0;
  Cursor cursor = *window;
  return cursor.ReadU32Be().value_or(0);
}

void AddSigner(const pe::Signature& signature, report::ProgramFact& fact) {
  if (!signature.has_signer || fact.signers.size() >= kMaxSigners) return;
  // The chain begins with the signer's certificate. Others that the signature carries along
  // signed nothing.
  if (signature.chain.empty()) return;
  const pe::Certificate& leaf = signature.chain.front();
  fact.signers.push_back({.common_name = leaf.common_name,
                          .organization = leaf.organization,
                          .subject = leaf.subject,
                          .thumbprint = leaf.thumbprint,
                          .issuer = leaf.issuer,
                          .verified = signature.verified});
}

void DescribePe(Bytes bytes, report::ProgramFact& fact) {
  const auto origin = pe::ParseOrigin(bytes);
  // An old "MZ" program has nothing of it.
  if (!origin) return;
  for (const pe::Signature& signature : origin->authenticode.signatures) AddSigner(signature, fact);
  const auto first = [&](std::string_view key, std::string& to) {
    for (const pe::VersionString& string : origin->version_strings) {
      if (string.key == key && !string.text.empty()) {
        to = string.text;
        return;
      }
    }
  };
  first("CompanyName", fact.company);
  first("ProductName", fact.product);
  first("FileDescription", fact.description);
  first("ProductVersion", fact.version);
  first("FileVersion", fact.version);
  first("OriginalFilename", fact.original_name);
  first("LegalCopyright", fact.copyright);
}

// Reads it to its end: a stream knows its size only there.
Status HashAll(ObjectSource& source, report::ProgramFact& fact) {
  DL_TRY_STATUS(source.Rewind());
  crypto::Sha256 sha256;
  std::uint64_t size = 0;
  for (;;) {
    DL_TRY(const Window window, source.NextWindow(0));
    sha256.Update(window.bytes);
    size += window.bytes.size();
    if (window.last) break;
  }
  const crypto::Sha256::Value value = sha256.Finish();
  auto& to = fact.sha256.emplace();
  std::memcpy(to.data(), value.data(), to.size());
  fact.size = size;
  return {};
}

}  // namespace

std::optional<report::ProgramKind> ProgramKindOf(Bytes head) {
  const std::string_view text = AsText(head);
  if (text.starts_with("\x7f"
                       "ELF"))
    return report::ProgramKind::kElf;
  if (text.starts_with("MZ")) return report::ProgramKind::kPe;
  switch (U32Be(head, 0)) {
    // mach-o/loader.h: MH_MAGIC, MH_MAGIC_64 in both byte orders.
    case 0xfeedface:
    case 0xfeedfacf:
    case 0xcefaedfe:
    case 0xcffaedfe: return report::ProgramKind::kMachO;
    // mach-o/fat.h: FAT_MAGIC, FAT_MAGIC_64. Java classes begin so too, but have their version
    // where this has how many programs it holds: Java's first version was 45.
    case 0xcafebabe:
    case 0xcafebabf:
      if (const std::uint32_t count = U32Be(head, 4); count > 0 && count < 40) return report::ProgramKind::kMachO;
      return std::nullopt;
    default: return std::nullopt;
  }
}

ReadProgramResult DescribeProgram(ObjectSource& source, report::ProgramKind kind, bool hash) {
  ReadProgramResult result;
  result.fact.kind = kind;
  result.fact.size = source.size().value_or(0);
  if (kind == report::ProgramKind::kPe) {
    const auto whole = source.Whole(unpack::kMaxWholeBytes);
    if (whole) {
      result.fact.size = whole->size();
      DescribePe(*whole, result.fact);
    } else if (whole.error().code == ErrorCode::kBudget || whole.error().code == ErrorCode::kUnsupported) {
      result.unread_reason = unpack::kTooLarge;
      result.unread_detail = "signatures and version information of so large a program";
    } else {
      result.unread_reason = unpack::kDamaged;
      result.unread_detail = "the file could not be read";
      return result;
    }
  }
  if (hash && !HashAll(source, result.fact) && result.unread_reason.empty()) {
    result.unread_reason = unpack::kDamaged;
    result.unread_detail = "the file could not be read to its end";
  }
  return result;
}

void ReadProgram(ObjectSource& source, const report::FactPlace& place, bool hash, Facts& facts) {
  std::array<std::byte, kProgramHeadBytes> head{};
  const auto n = source.ReadAt(0, head);
  if (!n) {
    facts.Unread(place, unpack::kDamaged, n.error().what);
    return;
  }
  const auto kind = ProgramKindOf(Bytes(head).first(*n));
  if (!kind) return;
  ReadProgramResult result = DescribeProgram(source, *kind, hash);
  result.fact.place = place;
  if (!facts.Add(std::move(result.fact))) return;
  if (!result.unread_reason.empty()) facts.Unread(place, result.unread_reason, result.unread_detail);
}

}  // namespace dl::extract
