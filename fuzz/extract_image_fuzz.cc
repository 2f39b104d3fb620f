// Any bytes as an image and as an archive, with what is in them. Meaning: it ends within its
// budget; paths stay in their root; every fact is of a root that was told before it; the same
// bytes give the same facts.
#include <algorithm>
#include <string>

#include "daylight/base/check.h"
#include "daylight/crypto/digest.h"
#include "daylight/extract/image/archive.h"
#include "daylight/extract/image/image.h"
#include "daylight/extract/image/path.h"
#include "daylight/unpack/all/unpackers.h"

namespace {

using dl::report::FactPlace;

class Told {
 public:
  explicit Told(dl::Bytes bytes)
      : facts_([this](dl::report::SoftwareFacts&& piece, bool) {
          Take(piece);
          return true;
        }) {
    dl::extract::Budget budget({.bytes = 8u << 20, .entries = 10'000, .held_bytes = 4u << 20, .depth = 3});
    reader_ = [&](dl::report::SurveyKind kind, dl::ObjectSource& file, const FactPlace& place, dl::extract::Facts& to) {
      if (kind == dl::report::SurveyKind::kAny) Read(file, place, budget, to);
    };
    dl::MemorySource source(bytes);
    Read(source, {0, "x"}, budget, facts_);
    facts_.Finish();
  }
  const std::string& text() const { return text_; }

 private:
  void Read(dl::ObjectSource& file, const FactPlace& place, dl::extract::Budget& budget, dl::extract::Facts& to) {
    if (dl::extract::IsImage(file) && dl::extract::ReadImage(file, place, reader_, budget, to)) return;
    if (dl::extract::IsArchive(file)) dl::extract::ReadArchive(file, place, reader_, budget, to);
  }
  void See(const FactPlace& place, std::string_view what) {
    DL_CHECK(place.root <= roots_);
    DL_CHECK(dl::extract::CleanPath(place.path) == place.path);
    text_ += std::to_string(place.root) + ":" + place.path + "=" + std::string(what) + "\n";
  }
  void Take(const dl::report::SoftwareFacts& piece) {
    for (const dl::report::RootFact& root : piece.roots) {
      DL_CHECK(root.id == ++roots_ && root.parent < root.id);
      See({root.parent, dl::extract::CleanPath(root.path)}, "root " + root.name);
    }
    for (const dl::report::FileFact& file : piece.files) See(file.place, "file " + file.target);
    for (const dl::report::ProgramFact& program : piece.programs) See(program.place, "program");
    for (const dl::report::UnreadFact& unread : piece.unread) See(unread.place, unread.reason + " " + unread.detail);
  }

  std::uint32_t roots_ = 0;
  std::string text_;
  dl::extract::MemberReader reader_;
  dl::extract::Facts facts_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const bool is_ready = (dl::unpack::Prepare(), dl::crypto::Init());
  DL_CHECK(is_ready);
  const dl::Bytes bytes(reinterpret_cast<const std::byte*>(data), size);
  DL_CHECK(Told(bytes).text() == Told(bytes).text());
  return 0;
}
