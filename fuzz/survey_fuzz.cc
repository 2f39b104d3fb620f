// A question about any bytes, answered as the worker does it: what reads programs, packages, images,
// documents, archives and disks, and each what it finds in the other. Meaning: facts are of roots
// that were told before them; paths stay in their root; there is one last piece, at the end;
// pieces fit into messages and are read back as they were; the same bytes give the same facts.
//
// The first byte: 1 lists files, 2 opens archives, 4 looks for words, 8 asks for each kind but kAny by
// the high half.
#include <algorithm>
#include <string>
#include <vector>

#include "daylight/base/check.h"
#include "daylight/crypto/digest.h"
#include "daylight/extract/all/survey.h"
#include "daylight/report/frame.h"
#include "daylight/unpack/all/unpackers.h"

namespace {

using dl::report::FactPlace;
using dl::report::SoftwareFacts;
using dl::report::SurveyKind;

constexpr std::uint64_t kMaxBytes = 8u << 20;

class Told {
 public:
  Told(const dl::report::SurveyMessage& question, dl::Bytes bytes) {
    dl::extract::Facts facts([this](SoftwareFacts&& piece, bool last) {
      DL_CHECK(!has_ended_);
      has_ended_ = last;
      Take(std::move(piece), last);
      return true;
    });
    dl::MemorySource source(bytes);
    dl::ObjectSource* const files[] = {&source};
    dl::extract::Answer(question, files, facts);
    DL_CHECK(!has_ended_);
    facts.Finish();
    DL_CHECK(has_ended_);
  }
  const std::string& text() const { return text_; }

 private:
  template <class Items>
  void SeeAll(const Items& items) {
    for (const auto& item : items) {
      DL_CHECK(item.place.root <= roots_);
      const std::string& path = item.place.path;
      DL_CHECK(!path.starts_with('/') && path != ".." && !path.starts_with("../") && path.find("/../") == path.npos &&
               !path.ends_with("/.."));
    }
    count_ += items.size();
  }
  void Take(SoftwareFacts&& piece, bool last) {
    for (const dl::report::RootFact& root : piece.roots) {
      DL_CHECK(root.id == ++roots_ && root.parent < root.id);
    }
    count_ += piece.roots.size();
    SeeAll(piece.files);
    SeeAll(piece.programs);
    SeeAll(piece.packages);
    SeeAll(piece.units);
    SeeAll(piece.operating_systems);
    SeeAll(piece.images);
    SeeAll(piece.components);
    SeeAll(piece.mentions);
    SeeAll(piece.unread);
    // These only the trusted side tells.
    DL_CHECK(piece.processes.empty() && piece.modules.empty());
    // Every fact costs bytes of input, or of what was unpacked from it.
    DL_CHECK(count_ <= kMaxBytes);
    const std::string encoded = dl::report::Encode(dl::report::SurveyFactsMessage{std::move(piece), last});
    DL_CHECK(encoded.size() <= dl::report::MaxFrameLength(dl::report::MessageType::kSurveyFacts));
    const auto again = dl::report::Decode<dl::report::SurveyFactsMessage>(dl::AsBytes(encoded));
    DL_CHECK(again.has_value());
    text_ += encoded;
  }

  bool has_ended_ = false;
  std::uint32_t roots_ = 0;
  std::uint64_t count_ = 0;
  std::string text_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const bool is_ready = (dl::unpack::Prepare(), dl::extract::Prepare(), dl::crypto::Init());
  DL_CHECK(is_ready);
  if (size == 0) return 0;
  const unsigned how = data[0];
  dl::report::SurveyMessage question;
  if ((how & 8) != 0) question.kind = static_cast<SurveyKind>((how >> 4) % 10);
  question.files.push_back({"some/file", size - 1});
  question.open_archives = (how & 2) != 0;
  if ((how & 4) != 0) question.words = {"kaspersky", "ab"};
  question.max_bytes = kMaxBytes;
  question.max_depth = 4;
  const dl::Bytes bytes(reinterpret_cast<const std::byte*>(data + 1), size - 1);
  DL_CHECK(Told(question, bytes).text() == Told(question, bytes).text());
  return 0;
}
