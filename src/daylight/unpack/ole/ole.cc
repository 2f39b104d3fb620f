#include "daylight/unpack/ole/ole.h"

#include <zlib.h>

#include <algorithm>
#include <map>

#include "daylight/bytes/utf16.h"
#include "daylight/unpack/ole/compound_file.h"
#include "daylight/unpack/ole/encrypted_package.h"
#include "daylight/unpack/ole/names.h"
#include "daylight/unpack/ole/office.h"
#include "daylight/unpack/ole/outlook.h"
#include "daylight/unpack/ole/package.h"
#include "daylight/unpack/ole/vba_project.h"
#include "daylight/unpack/ole/xlm.h"

namespace dl::unpack {

namespace {

using Entry = CompoundFile::Entry;

// Streams that must lie together to be looked into.
constexpr std::uint64_t kMaxInnerBytes = VbaProject::kMaxStreamBytes;
constexpr std::size_t kHeadBytes = 512;
constexpr std::size_t kMaxNameBytes = 2048;
constexpr std::size_t kMaxInfoBytes = 64u << 10;

class Unpacking {
 public:
  Unpacking(const CompoundFile& file, Sink& sink) : file_(file), sink_(sink) {}

  void Run() {
    for (const std::string_view problem : file_.problems()) sink_.Closed("", kDamaged, problem);
    by_storage_ = file_.StreamsByStorage();
    FindAttachmentNames();
    for (const Entry& entry : file_.entries()) {
      if (!(entry.is_stream ? Give(entry) && LookInto(entry) : sink_.Pass())) return;
    }
    for (const auto& [storage, streams] : by_storage_) {
      if (!GiveSources(streams)) return;
    }
  }

 private:
  // --- Streams as they are.

  bool Give(const Entry& entry) {
    ChildInfo info{entry.path, entry.size};
    // An attachment's bytes under the name it was sent with; once, not under both.
    if (PropertyOf(entry.name) == kAttachedBytes) {
      const auto name = attachment_names_.find(entry.parent);
      if (name != attachment_names_.end()) info.name = Beside(entry, name->second);
    }
    if (PropertyOf(entry.name) == kBodyHtml) info.name = Beside(entry, "body.html");
    CompoundFile::Reader reader(file_, entry);
    Bytes run = reader.NextRun();
    bool goes_on = false;
    if (run.size() == entry.size) {
      goes_on = sink_.Add(info, run);
    } else {
      goes_on = sink_.AddStream(info, [&](std::span<std::byte> out) -> Result<std::size_t> {
        if (run.empty()) run = reader.NextRun();
        const std::size_t n = std::min(run.size(), out.size());
        std::copy_n(run.begin(), n, out.begin());
        run = run.subspan(n);
        return n;
      });
      if (!goes_on) return false;
    }
    if (reader.is_broken() || entry.is_cut) sink_.Closed(info.name, kDamaged, "the stream ends before it should");
    return goes_on;
  }

  // What stands in the same storage as an entry.
  static std::string Beside(const Entry& entry, const std::string& name) {
    const std::size_t folder = entry.path.size() - std::min(entry.path.size(), entry.name.size());
    return entry.path.substr(0, folder) + name;
  }

  // Nothing where it is too large, which has been told.
  std::optional<Bytes> Inner(const Entry& entry) {
    if (entry.size > kMaxInnerBytes) {
      sink_.Closed(entry.path, kTooLarge, "too large a stream to be looked into");
      return std::nullopt;
    }
    return file_.Read(entry, entry.size, scratch_);
  }
  Bytes Head(const Entry& entry) { return file_.Read(entry, kHeadBytes, scratch_); }

  // --- What streams have inside of them, by their names.

  bool LookInto(const Entry& entry) {
    const auto is = [&](std::string_view name) { return IsSameName(entry.name, name); };
    if (is("_01_Ole10Native")) return GivePackage(entry);
    if (is("PowerPoint Document")) return GivePowerPointObjects(entry);
    if (is("Workbook") || is("Book")) {
      const bool is_encrypted = IsWorkbookEncrypted(Head(entry));
      return Check(entry, is_encrypted) && (is_encrypted || GiveMacroSheets(entry));
    }
    if (is("WordDocument")) return Check(entry, IsWordDocumentEncrypted(Head(entry)));
    if (is("Current User")) return Check(entry, IsPresentationEncrypted(Head(entry)));
    // [MS-OFFCRYPTO] 2.3.4: the whole of a newer document; and 2.2: by rights management.
    if (is("EncryptedPackage")) return Decrypt(entry);
    if (is("_09_DRMContent")) return Check(entry, entry.size > 0);
    return GiveText(entry);
  }

  bool Check(const Entry& entry, bool is_encrypted) {
    if (is_encrypted) sink_.Closed(entry.path, kEncrypted, "encrypted with a password or key");
    return true;
  }

  // The document that it is, where a password that is known opens it.
  bool Decrypt(const Entry& entry) {
    const auto& streams = by_storage_[entry.parent];
    const auto found = std::find_if(streams.begin(), streams.end(), [&](std::size_t i) {
      return IsSameName(file_.entries()[i].name, "EncryptionInfo");
    });
    if (found == streams.end() || has_decrypted_) return Check(entry, entry.size > 0);
    // Each try takes its time, so one document of a file has them.
    has_decrypted_ = true;
    const auto info = ParseEncryptionInfo(file_.Read(file_.entries()[*found], kMaxInfoBytes, scratch_));
    if (!info) {
      const bool is_costly = info.error().code == ErrorCode::kBudget;
      sink_.Closed(entry.path, is_costly ? kBudget : kEncrypted, info.error().what);
      return true;
    }
    std::vector<std::string_view> passwords = {kExcelPassword};
    passwords.insert(passwords.end(), sink_.passwords().begin(), sink_.passwords().end());
    std::optional<std::vector<std::byte>> key;
    for (std::size_t i = 0; !key && i < passwords.size(); ++i) {
      if (!sink_.ChargeKey(info->spin_count)) {
        sink_.Closed(entry.path, kBudget, "trying more passwords would take too long");
        return true;
      }
      key = KeyOfPackage(*info, passwords[i]);
    }
    if (!key) return Check(entry, true);
    const auto stream = Inner(entry);
    if (!stream) return true;
    Cursor package(*stream);
    const auto size = package.ReadU64Le();
    if (!size) {
      sink_.Closed(entry.path, kDamaged, "the encrypted document is cut off");
      return true;
    }
    const std::string name = entry.path + "/document";
    std::uint64_t left = *size;
    std::uint32_t number = 0;
    std::vector<std::byte> buffer;
    Bytes piece;
    const bool goes_on = sink_.AddStream({name, std::nullopt}, [&](std::span<std::byte> out) -> Result<std::size_t> {
      if (piece.empty() && left > 0 && !package.AtEnd()) {
        const Bytes next = *package.ReadBytes(std::min(package.remaining(), kPieceBytes));
        // The last one is of whole blocks, and may be cut.
        buffer.assign(next.begin(), next.begin() + static_cast<std::ptrdiff_t>(next.size() / 16 * 16));
        if (!DecryptPackage(*info, *key, number++, buffer)) buffer.clear();
        piece = Bytes(buffer).first(static_cast<std::size_t>(std::min<std::uint64_t>(left, buffer.size())));
        left -= piece.size();
      }
      const std::size_t n = std::min(piece.size(), out.size());
      std::copy_n(piece.begin(), n, out.begin());
      piece = piece.subspan(n);
      return n;
    });
    if (goes_on && left > 0) sink_.Closed(name, kDamaged, "the encrypted document is cut off");
    return goes_on;
  }

  bool GiveMacroSheets(const Entry& entry) {
    // Whether there are any is told by its beginning, where it is too large.
    XlmMacros macros(file_.Read(entry, kMaxInnerBytes, scratch_));
    if (!macros.has_sheets()) return true;
    const std::string name = entry.path + "/macros.txt";
    if (macros.is_of_excel5()) {
      sink_.Closed(name, kUnsupported, "macro sheets of Excel 5 or 95");
      return true;
    }
    std::string lines;
    std::size_t done = 0;
    const bool goes_on = sink_.AddStream({name, std::nullopt}, [&](std::span<std::byte> out) -> Result<std::size_t> {
      if (done == lines.size()) {
        lines = macros.Next();
        done = 0;
      }
      const Bytes rest = AsBytes(lines).subspan(done);
      const std::size_t n = std::min(rest.size(), out.size());
      std::copy_n(rest.begin(), n, out.begin());
      done += n;
      return n;
    });
    if (!goes_on) return false;
    if (entry.size > kMaxInnerBytes) {
      sink_.Closed(name, kTooLarge, "too large a workbook to be read to its end");
    } else if (macros.is_damaged()) {
      sink_.Closed(name, kDamaged, "the workbook's records contradict each other");
    }
    return true;
  }

  bool GivePackage(const Entry& entry) {
    const auto stream = Inner(entry);
    if (!stream || stream->size() <= 4) return true;
    const Bytes native = stream->subspan(4);
    const auto package = ParsePackage(native);
    if (!package) return sink_.Add({entry.path + "/native", native.size()}, native);
    const std::string name = Beside(entry, package->name.empty() ? "package" : package->name);
    if (!sink_.Add({name, package->data.size()}, package->data)) return false;
    if (package->is_cut) sink_.Closed(name, kDamaged, "the embedded file ends before it should");
    return true;
  }

  bool GivePowerPointObjects(const Entry& entry) {
    const auto stream = Inner(entry);
    if (!stream) return true;
    PowerPointObjects objects(*stream);
    int number = 0;
    while (const auto object = objects.Next()) {
      const std::string name = entry.path + "/object" + std::to_string(++number);
      if (!(object->is_compressed ? Inflate(name, object->bytes)
                                  : sink_.Add({name, object->bytes.size()}, object->bytes))) {
        return false;
      }
    }
    if (objects.is_broken()) sink_.Closed(entry.path, kDamaged, "a record is longer than the stream");
    return true;
  }

  bool Inflate(const std::string& name, Bytes compressed) {
    ::z_stream zlib{};
    if (::inflateInit(&zlib) != Z_OK) {
      sink_.Closed(name, kTooLarge, "no memory to decompress it");
      return true;
    }
    zlib.next_in = const_cast<::Bytef*>(reinterpret_cast<const ::Bytef*>(compressed.data()));
    // At most kMaxInnerBytes.
    zlib.avail_in = static_cast<::uInt>(compressed.size());
    int result = Z_OK;
    const bool goes_on = sink_.AddStream({name, std::nullopt}, [&](std::span<std::byte> out) -> Result<std::size_t> {
      zlib.next_out = reinterpret_cast<::Bytef*>(out.data());
      const std::size_t room = std::min<std::size_t>(out.size(), 1u << 20);
      zlib.avail_out = static_cast<::uInt>(room);
      while (result == Z_OK && zlib.avail_out == room) result = ::inflate(&zlib, Z_NO_FLUSH);
      return room - zlib.avail_out;
    });
    ::inflateEnd(&zlib);
    if (goes_on && result != Z_STREAM_END) sink_.Closed(name, kDamaged, "it cannot be decompressed to its end");
    return goes_on;
  }

  // --- Outlook.

  void FindAttachmentNames() {
    // The long name is the one it is saved under; the last of these that there is stays.
    for (const std::uint32_t property : {kDisplayName, kFileName, kLongFileName}) {
      for (const Entry& entry : file_.entries()) {
        const std::uint32_t tag = PropertyOf(entry.name);
        if (!entry.is_stream || tag == 0 || tag >> 16 != property >> 16 || entry.parent == CompoundFile::kNoParent) {
          continue;
        }
        const Bytes text = file_.Read(entry, kMaxNameBytes, scratch_);
        std::string name;
        if ((tag & 0xffff) == kUnicodeType) name = PrintableName(text);
        if ((tag & 0xffff) == kAnsiType) name = AsText(text);
        if (!name.empty()) attachment_names_[entry.parent] = name;
      }
    }
  }

  bool GiveText(const Entry& entry) {
    const std::uint32_t tag = PropertyOf(entry.name);
    if (tag == kBody || tag == kBodyHtmlText) {
      const auto text = Inner(entry);
      if (!text) return true;
      const std::string utf8 = Utf8FromUtf16(*text, /*is_big_endian=*/false);
      return sink_.Add({Beside(entry, tag == kBody ? "body.txt" : "body.html"), utf8.size()}, AsBytes(utf8));
    }
    if (tag == kBodyRtf) {
      const auto compressed = Inner(entry);
      if (!compressed || compressed->empty()) return true;
      bool is_whole = false;
      const std::vector<std::byte> rtf = DecompressRtf(*compressed, kMaxInnerBytes, is_whole);
      if (!sink_.Add({Beside(entry, "body.rtf"), rtf.size()}, rtf)) return false;
      if (!is_whole) sink_.Closed(Beside(entry, "body.rtf"), kDamaged, "it cannot be decompressed to its end");
    }
    return true;
  }

  // --- Visual Basic.

  // Of one storage.
  bool GiveSources(const std::vector<std::size_t>& streams) {
    // What all streams have was counted when they were given.
    std::uint64_t budget = ~std::uint64_t{0};
    const auto project = ReadVbaProject(file_, streams, budget);
    if (!project) return true;
    for (const std::string& module : project->without_stream) {
      sink_.Closed(Beside(file_.entries()[*project->dir], module + ".vba"), kDamaged, "a module without its stream");
    }
    for (const std::size_t stream : project->too_large) {
      sink_.Closed(file_.entries()[stream].path, kTooLarge,
                   "too large a stream to be searched for the source of macros");
    }
    for (const VbaSource& source : project->sources) {
      if (!GiveSource(file_.entries()[source.stream], source.name, source.offset)) return false;
    }
    if (project->sources.empty() && project->facts.modules.empty() && project->dir && project->has_marker) {
      sink_.Closed(file_.entries()[*project->dir].path, kDamaged, "a project of macros whose modules cannot be told");
    }
    return true;
  }

  bool GiveSource(const Entry& entry, const std::string& module_name, std::uint64_t offset) {
    const auto stream = Inner(entry);
    if (!stream) return true;
    const std::string name = Beside(entry, module_name + ".vba");
    VbaDecompressor source(stream->subspan(VbaSourceBegin(*stream, offset)));
    Bytes chunk;
    bool has_ended = false;
    bool is_damaged = false;
    const bool goes_on = sink_.AddStream({name, std::nullopt}, [&](std::span<std::byte> out) -> Result<std::size_t> {
      if (chunk.empty() && !has_ended) {
        const auto next = source.NextChunk();
        is_damaged = !next;
        chunk = next ? *next : source.partial();
        has_ended = is_damaged || chunk.empty();
      }
      const std::size_t n = std::min(chunk.size(), out.size());
      std::copy_n(chunk.begin(), n, out.begin());
      chunk = chunk.subspan(n);
      return n;
    });
    if (goes_on && is_damaged) sink_.Closed(name, kDamaged, "the module's source cannot be decompressed to its end");
    return goes_on;
  }

  const CompoundFile& file_;
  Sink& sink_;
  std::map<std::size_t, std::vector<std::size_t>> by_storage_;  // The streams of each.
  std::map<std::size_t, std::string> attachment_names_;         // By their storages.
  std::vector<std::byte> scratch_;
  bool has_decrypted_ = false;
};

bool Opens(const Probe& probe) { return probe.Has(0, kCompoundMagic); }

void Unpack(const Probe& probe, const ChildInfo&, Sink& sink) {
  const auto whole = probe.object.Whole(kMaxWholeBytes);
  if (!whole) {
    const bool is_large = whole.error().code == ErrorCode::kBudget || whole.error().code == ErrorCode::kUnsupported;
    return sink.Closed("", is_large ? kTooLarge : kDamaged, whole.error().what);
  }
  const auto file = CompoundFile::Parse(*whole);
  if (!file) return sink.Closed("", kDamaged, file.error().what);
  Unpacking(*file, sink).Run();
}

}  // namespace

const Unpacker kOle = {"ole", Opens, Unpack};

void PrepareOle() { PrepareEncryptedPackage(); }

}  // namespace dl::unpack
