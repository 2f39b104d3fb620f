// UnreadSource is an object whose bytes nobody searches or hashes: its head is
// read, and the rest only when a condition asks for something in it.
//
//   UnreadSource unread(object, head_buffer);
//   DL_TRY(const Bytes head, unread.LoadHead());
//
// Up to kWholeBytes the first look past the head reads the object as a whole, so
// that conditions which look at many places make no system call for each, and
// see the object as it was at one time. Borrows both.
#pragma once

#include <vector>

#include "daylight/bytes/object_source.h"

namespace dl::scan {

class UnreadSource final : public ObjectSource {
 public:
  static constexpr std::size_t kHeadBytes = 4096;
  static constexpr std::uint64_t kWholeBytes = DescriptorSource::Limits().copy_limit_bytes;

  UnreadSource(ObjectSource& object, std::vector<std::byte>& head) : object_(object), head_(head) { head_.clear(); }
  // The first kHeadBytes, or all there are.
  Result<Bytes> LoadHead();

  std::optional<std::uint64_t> size() const override { return object_.size(); }
  Result<Window> NextWindow(std::size_t overlap_bytes) override;
  Status Rewind() override;
  Result<std::size_t> ReadAt(std::uint64_t offset, std::span<std::byte> out) override;
  Result<Bytes> Whole(std::uint64_t limit_bytes) override;

 private:
  ObjectSource& object_;
  std::vector<std::byte>& head_;
  bool past_head_ = false;  // Something past the head was asked for; then the object answers all.
};

}  // namespace dl::scan
