#include "daylight/rules/yara/modules/msi/msi_digest.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <vector>

#include "daylight/bytes/utf16.h"
#include "daylight/crypto/digest.h"
#include "daylight/unpack/ole/names.h"

namespace dl::yara::msi_module {

namespace {

using unpack::CompoundFile;

constexpr std::string_view kSignature =
    "\x05"
    "DigitalSignature";
constexpr std::string_view kExtendedSignature =
    "\x05"
    "MsiDigitalSignatureEx";

bool IsStreamOfRoot(const CompoundFile::Entry& entry, std::string_view name) {
  return entry.is_stream && entry.is_linked && entry.parent == CompoundFile::kNoParent &&
         unpack::IsSameName(Utf8FromUtf16(CompoundFile::NameIn(entry.record), /*is_big_endian=*/false), name);
}

// [MS-CFB] 2.6.1: where a record has what is digested.
struct Span {
  std::size_t offset;
  std::size_t size;
};
constexpr Span kClass{0x50, 16};
constexpr Span kStateBits{0x60, 4};
constexpr Span kTimes{0x64, 16};
constexpr Span kSize{0x78, 4};

class Digest {
 public:
  explicit Digest(const EVP_MD* method) : context_(EVP_MD_CTX_new(), &EVP_MD_CTX_free) {
    is_good_ = context_ != nullptr && EVP_DigestInit_ex(context_.get(), method, nullptr) == 1;
  }
  void Update(Bytes bytes) { is_good_ = is_good_ && EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1; }
  std::optional<std::vector<std::byte>> Finish() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> value;
    unsigned int size = 0;
    if (!is_good_ || EVP_DigestFinal_ex(context_.get(), value.data(), &size) != 1) return std::nullopt;
    const Bytes bytes = std::as_bytes(std::span(value)).first(size);
    return std::vector<std::byte>(bytes.begin(), bytes.end());
  }

 private:
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
  bool is_good_ = false;
};

class Tree {
 public:
  explicit Tree(const CompoundFile& file) : file_(file) {
    for (std::size_t i = 0; i < file.entries().size(); ++i) {
      const CompoundFile::Entry& entry = file.entries()[i];
      if (!entry.is_linked) continue;
      if (IsSignature(entry)) continue;
      if (IsStreamOfRoot(entry, kExtendedSignature)) {
        is_extended_ = true;
        continue;
      }
      children_[entry.parent].push_back(i);
    }
    for (auto& [storage, children] : children_) {
      std::sort(children.begin(), children.end(), [&](std::size_t a, std::size_t b) { return NameOf(a) < NameOf(b); });
    }
  }

  bool is_extended() const { return is_extended_; }

  // What the directory says of everything.
  void DigestRecords(Digest& digest) const {
    const auto add = [&](Bytes record, const Span& span) { digest.Update(record.subspan(span.offset, span.size)); };
    add(file_.root_record(), kClass);
    add(file_.root_record(), kStateBits);
    Walk(
        [&](const CompoundFile::Entry& entry) {
          digest.Update(CompoundFile::NameIn(entry.record));
          add(entry.record, entry.is_stream ? kSize : kClass);
          add(entry.record, kStateBits);
          add(entry.record, kTimes);
          return true;
        },
        [](Bytes) {});
  }

  // What is in the streams.
  bool DigestContents(Digest& digest, std::uint64_t most_bytes) const {
    return Walk(
        [&](const CompoundFile::Entry& entry) {
          if (!entry.is_stream) return true;
          if (entry.is_cut || entry.size > most_bytes) return false;
          most_bytes -= entry.size;
          CompoundFile::Reader reader(file_, entry);
          for (Bytes run = reader.NextRun(); !run.empty(); run = reader.NextRun()) digest.Update(run);
          return !reader.is_broken();
        },
        [&](Bytes record) { digest.Update(record.subspan(kClass.offset, kClass.size)); });
  }

 private:
  // UTF-16, byte by byte.
  std::string_view NameOf(std::size_t i) const { return AsText(CompoundFile::NameIn(file_.entries()[i].record)); }

  // `enter` sees all entries, a storage before what is in it; `leave` sees the records of storages after that, the
  // root's at the end. Ends where `enter` says false. Storages may nest as deep as there are any.
  template <typename Enter, typename Leave>
  bool Walk(const Enter& enter, const Leave& leave) const {
    struct Open {
      std::size_t storage;
      std::size_t next;
    };
    std::vector<Open> open{{CompoundFile::kNoParent, 0}};
    while (!open.empty()) {
      const std::size_t storage = open.back().storage;
      const auto children = children_.find(storage);
      if (children == children_.end() || open.back().next == children->second.size()) {
        leave(storage == CompoundFile::kNoParent ? file_.root_record() : file_.entries()[storage].record);
        open.pop_back();
        continue;
      }
      const std::size_t child = children->second[open.back().next++];
      const CompoundFile::Entry& entry = file_.entries()[child];
      if (!enter(entry)) return false;
      if (!entry.is_stream) open.push_back({child, 0});
    }
    return true;
  }

  const CompoundFile& file_;
  std::map<std::size_t, std::vector<std::size_t>> children_;  // Of each storage, sorted by name.
  bool is_extended_ = false;
};

}  // namespace

bool IsSignature(const CompoundFile::Entry& entry) { return IsStreamOfRoot(entry, kSignature); }

std::optional<std::string> MsiDigest(const CompoundFile& file, std::uint64_t most_bytes, const std::string& algorithm) {
  const EVP_MD* method = EVP_get_digestbyname(algorithm.c_str());
  if (method == nullptr || file.root_record().empty()) return std::nullopt;
  const Tree tree(file);
  Digest digest(method);
  if (tree.is_extended()) {
    Digest records(method);
    tree.DigestRecords(records);
    const auto value = records.Finish();
    if (!value) return std::nullopt;
    digest.Update(*value);
  }
  if (!tree.DigestContents(digest, most_bytes)) return std::nullopt;
  const auto value = digest.Finish();
  return value ? std::optional(crypto::Hex(*value)) : std::nullopt;
}

}  // namespace dl::yara::msi_module
