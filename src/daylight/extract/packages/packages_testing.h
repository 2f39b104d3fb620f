// What the tests of readers share.
//
//   const report::SoftwareFacts facts = FactsOf([](Facts& f) { ReadDpkgStatus(source, place, f); });
#pragma once

#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daylight/bytes/object_source.h"
#include "daylight/extract/facts.h"

namespace dl::extract {

template <typename T>
void MoveTo(std::vector<T>& all, std::vector<T>& more) {
  all.insert(all.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

template <typename Read>
report::SoftwareFacts FactsOf(Read read) {
  report::SoftwareFacts all;
  Facts facts([&](report::SoftwareFacts&& piece, bool) {
    MoveTo(all.roots, piece.roots);
    MoveTo(all.files, piece.files);
    MoveTo(all.packages, piece.packages);
    MoveTo(all.units, piece.units);
    MoveTo(all.operating_systems, piece.operating_systems);
    MoveTo(all.mentions, piece.mentions);
    MoveTo(all.unread, piece.unread);
    return true;
  });
  read(facts);
  facts.Finish();
  return all;
}

// As a stream in windows of so many bytes.
inline StreamSource InPieces(std::string_view text, std::size_t piece) {
  return StreamSource(
      [text](std::span<std::byte> out) mutable -> Result<std::size_t> {
        const std::size_t n = std::min(out.size(), text.size());
        std::copy_n(AsBytes(text).begin(), n, out.begin());
        text.remove_prefix(n);
        return n;
      },
      {.window_bytes = piece, .head_bytes = 16, .tail_bytes = 16});
}

// Facts as one text, to compare.
inline std::string TextOf(const report::SoftwareFacts& facts) {
  std::string out;
  for (const auto& p : facts.packages) {
    out += std::to_string(static_cast<int>(p.state)) + "|" + p.name + "|" + p.version + "|" + p.architecture + "|" +
           p.source + "|" + p.maintainer + "|" + p.vendor + "|" + p.homepage + "|" + p.licence + "|" + p.summary + "|" +
           std::to_string(p.installed_at) + "|" + p.distribution + "\n";
  }
  for (const auto& u : facts.units) {
    out += u.name + "|" + u.description;
    for (const std::string& program : u.programs) out += "|" + program;
    out += "\n";
  }
  for (const auto& o : facts.operating_systems) out += o.id + "|" + o.version_id + "|" + o.name + "|" + o.cpe + "\n";
  for (const auto& m : facts.mentions) out += m.word + "|" + std::to_string(m.line) + "|" + m.text + "\n";
  for (const auto& r : facts.roots) out += "root|" + r.path + "|" + r.name + "\n";
  for (const auto& f : facts.files) {
    out += "file|" + f.place.path + "|" + std::to_string(static_cast<int>(f.kind)) + "|" + std::to_string(f.size) +
           "|" + f.target + "\n";
  }
  for (const auto& u : facts.unread) out += "unread|" + u.reason + "|" + u.detail + "\n";
  return out;
}

// A header as rpm's databases have it, of texts and numbers by their tags.
class RpmHeaderMaker {
 public:
  RpmHeaderMaker& Text(std::uint32_t tag, std::string_view text, std::uint32_t type = 6) {
    return Add(tag, type, std::string(text) + '\0');
  }
  RpmHeaderMaker& Number(std::uint32_t tag, std::uint32_t number) {
    data_.resize((data_.size() + 3) / 4 * 4);
    return Add(tag, 4, Big(number));
  }
  std::string Make() const { return Big(count_) + Big(static_cast<std::uint32_t>(data_.size())) + index_ + data_; }
  static std::string Big(std::uint32_t number) {
    std::string out;
    for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(number >> shift);
    return out;
  }
  static std::string Little(std::uint32_t number) {
    std::string out = Big(number);
    return {out.rbegin(), out.rend()};
  }

 private:
  RpmHeaderMaker& Add(std::uint32_t tag, std::uint32_t type, const std::string& bytes) {
    index_ += Big(tag) + Big(type) + Big(static_cast<std::uint32_t>(data_.size())) + Big(1);
    data_ += bytes;
    ++count_;
    return *this;
  }
  std::uint32_t count_ = 0;
  std::string index_;
  std::string data_;
};

}  // namespace dl::extract
