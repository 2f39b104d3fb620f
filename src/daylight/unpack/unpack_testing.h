// A sink that lists what an unpacker gives it, for tests.
//
//   Listing listing;
//   listing.Run(kArchive, bytes, "a.zip");
//   EXPECT_EQ(listing.text(), "a.txt=4 x.bin!encrypted ");
#pragma once

#include <algorithm>
#include <map>
#include <string>

#include "daylight/unpack/number_testing.h"
#include "daylight/unpack/unpacker.h"

namespace dl::unpack {

class Listing final : public Sink {
 public:
  // Children past `max_children` and bytes past `max_bytes` are not wanted.
  explicit Listing(std::size_t max_children = 1000, std::uint64_t max_bytes = std::uint64_t{64} << 20)
      : max_children_(max_children), max_bytes_(max_bytes) {}

  // Whether the unpacker opens it.
  bool Run(const Unpacker& unpacker, std::string_view object, const std::string& name = "object") {
    const Bytes bytes = AsBytes(object);
    MemorySource source(bytes);
    const Probe probe{bytes.first(std::min(bytes.size(), Probe::kHeadBytes)),
                      bytes.last(std::min(bytes.size(), Probe::kTailBytes)), bytes.size(), source};
    if (!unpacker.opens(probe)) return false;
    unpacker.unpack(probe, {name, bytes.size()}, *this);
    return true;
  }

  bool Add(const ChildInfo& info, Bytes bytes) override {
    if (!Count() || bytes.size() > max_bytes_ - bytes_) return Refuse();
    bytes_ += bytes.size();
    Keep(info.name, std::string(AsText(bytes)));
    return true;
  }
  bool AddStream(const ChildInfo& info, const StreamSource::Pull& pull) override {
    if (!Count()) return false;
    std::string content;
    std::string piece(4096, '\0');
    for (;;) {
      const auto n = pull(std::as_writable_bytes(std::span(piece)));
      if (!n || *n == 0) break;
      content.append(piece, 0, *n);
      bytes_ += *n;
      if (bytes_ > max_bytes_) return Refuse();
    }
    Keep(info.name, std::move(content));
    return true;
  }
  bool Pass() override { return Count(); }
  void Closed(std::string_view child, std::string_view reason, std::string_view) override {
    text_ += std::string(child) + "!" + std::string(reason) + " ";
    ++closed_;
  }
  std::span<const std::string> passwords() const override { return passwords_; }
  void AddPassword(std::string_view word) override { passwords_.emplace_back(word); }

  // Children as "name=size", and what stayed closed as "name!reason".
  const std::string& text() const { return text_; }
  // By name, the last of each.
  const std::map<std::string, std::string>& children() const { return children_; }
  std::size_t closed() const { return closed_; }
  // Whether there was more than is wanted.
  bool has_refused() const { return has_refused_; }
  std::uint64_t bytes() const { return bytes_; }
  void SetPasswords(std::vector<std::string> passwords) { passwords_ = std::move(passwords); }

 private:
  bool Count() { return ++count_ <= max_children_ || Refuse(); }
  bool Refuse() {
    has_refused_ = true;
    return false;
  }
  void Keep(const std::string& name, std::string content) {
    text_ += name + "=" + std::to_string(content.size()) + " ";
    children_[name] = std::move(content);
  }

  std::size_t max_children_;
  std::uint64_t max_bytes_;
  std::size_t count_ = 0;
  bool has_refused_ = false;
  std::uint64_t bytes_ = 0;
  std::size_t closed_ = 0;
  std::string text_;
  std::map<std::string, std::string> children_;
  std::vector<std::string> passwords_;
};

}  // namespace dl::unpack
