// Handing out what is in quarantine, as it is or in a ZIP.
#include "daylight/crypto/digest.h"
#include "daylight/os/io.h"
#include "daylight/quarantine/parts.h"
#include "daylight/quarantine/zip_writer.h"

namespace dl::quarantine {

Quarantine::Done<void> ExportItem(Context& context, const std::string& id, int to, bool zip) {
  const auto held = HoldKept(context, id);
  if (!held) return Trouble(held.error().text);
  const Key& key = context.store.key();
  const int blob = held->blob.get();
  // Once through all of it before the first byte is given out.
  std::uint32_t crc = 0;
  std::uint64_t size = 0;
  crypto::Sha256 digest;
  const auto looked = ReadSealed(blob, key, [&](Bytes part) {
    crc = Crc32(crc, part);
    size += part.size();
    digest.Update(part);
    return Status();
  });
  if (!looked) return Trouble(looked.error());
  const auto value = digest.Finish();
  if (std::memcmp(value.data(), held->item.sha256.data(), value.size()) != 0) {
    return Trouble("the sealed file has another digest than the item");
  }
  // The name in the archive is ours: a stranger's could be anything.
  ZipWriter archive(to, crypto::Hex(value), size, crc, "infected");
  auto written = zip ? archive.Begin() : Status();
  if (written) {
    written =
        ReadSealed(blob, key, [&](Bytes part) { return zip ? archive.Write(part) : os::WriteAll(to, AsText(part)); });
  }
  if (written && zip) written = archive.End();
  if (!written) return Trouble(written.error());
  return {};
}

}  // namespace dl::quarantine
