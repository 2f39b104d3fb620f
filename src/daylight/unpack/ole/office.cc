#include "daylight/unpack/ole/office.h"

namespace dl::unpack {

bool IsWorkbookEncrypted(Bytes workbook) {
  constexpr std::uint16_t kFilePass = 0x2f;
  Cursor records(workbook);
  // 2.1.7.20.3: at most WriteProtect stands between the first record and this one.
  for (int i = 0; i < 4; ++i) {
    const auto id = records.ReadU16Le();
    const auto size = records.ReadU16Le();
    if (!id || !size) return false;
    if (*id == kFilePass) return true;
    if (!records.Skip(*size)) return false;
  }
  return false;
}

bool IsWordDocumentEncrypted(Bytes document) {
  constexpr std::uint16_t kWord97 = 0xa5ec;
  constexpr std::uint16_t kWord6 = 0xa5dc;
  constexpr std::uint16_t kEncryptedFlag = 0x0100;
  Cursor fib(document);
  const std::uint16_t ident = fib.ReadU16Le().value_or(0);
  if (ident != kWord97 && ident != kWord6) return false;
  return fib.SeekTo(0x0a) && (fib.ReadU16Le().value_or(0) & kEncryptedFlag) != 0;
}

bool IsPresentationEncrypted(Bytes current_user) {
  constexpr std::uint16_t kCurrentUserAtom = 0x0ff6;
  constexpr std::uint32_t kEncryptedToken = 0xf3d1c4df;
  Cursor atom(current_user);
  if (!atom.Skip(2) || atom.ReadU16Le().value_or(0) != kCurrentUserAtom) return false;
  return atom.Skip(8) && atom.ReadU32Le().value_or(0) == kEncryptedToken;
}

std::optional<PowerPointObjects::Object> PowerPointObjects::Next() {
  constexpr std::uint16_t kExternalOleObject = 0x1011;
  constexpr unsigned kContainer = 0xf;
  while (records_.remaining() >= 8) {
    const std::uint16_t version = *records_.ReadU16Le();
    const std::uint16_t type = *records_.ReadU16Le();
    const std::uint32_t size = *records_.ReadU32Le();
    // Containers are gone through, not over.
    if ((version & 0xf) == kContainer) continue;
    const bool is_cut = size > records_.remaining();
    const Bytes data = *records_.ReadBytes(is_cut ? records_.remaining() : size);
    is_broken_ = is_broken_ || is_cut;
    if (type != kExternalOleObject) continue;
    // Of what is compressed the size comes first.
    const bool is_compressed = version >> 4 == 1;
    if (!is_compressed) return Object{data, false};
    if (data.size() > 4) return Object{data.subspan(4), true};
  }
  return std::nullopt;
}

}  // namespace dl::unpack
