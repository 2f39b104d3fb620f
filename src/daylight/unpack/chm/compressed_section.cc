#include "daylight/unpack/chm/compressed_section.h"

#include <algorithm>

#include "daylight/bytes/cursor.h"

namespace dl::unpack {

namespace {

// Besides four times what was given.
constexpr std::uint64_t kMaxPassedOver = 64u << 20;

struct Control {
  std::uint64_t interval = 0;
  unsigned window_bits = 0;
};

// ControlData: "LZXC", a version and, in bytes or in frames, how often it is reset and
// how large its window is.
Result<Control> ReadControl(Bytes bytes) {
  Cursor cursor(bytes);
  DL_TRY_STATUS(cursor.Skip(4));
  DL_TRY(const Bytes magic, cursor.ReadBytes(4));
  DL_TRY(const std::uint32_t version, cursor.ReadU32Le());
  DL_TRY(const std::uint32_t interval, cursor.ReadU32Le());
  DL_TRY(const std::uint32_t window, cursor.ReadU32Le());
  if (AsText(magic) != "LZXC" || (version != 1 && version != 2)) {
    return Fail(ErrorCode::kUnsupported, "compressed in a way that is not known");
  }
  const std::uint64_t unit = version == 2 ? LzxDecoder::kFrameBytes : 1;
  Control control;
  control.interval = interval * unit;
  if (control.interval % LzxDecoder::kFrameBytes != 0) return Fail(ErrorCode::kMalformed, "reset within a frame");
  for (unsigned bits = LzxDecoder::kMinWindowBits; bits <= LzxDecoder::kMaxWindowBits; ++bits) {
    if (window * unit == std::uint64_t{1} << bits) control.window_bits = bits;
  }
  if (control.window_bits == 0) return Fail(ErrorCode::kUnsupported, "a window of a size that is not known");
  return control;
}

}  // namespace

Result<CompressedSection> CompressedSection::Open(const ChmDirectory& directory, const std::string& name,
                                                  std::uint64_t size) {
  const std::string folder = "::DataSpace/Storage/" + name + "/";
  const auto find = [&](const char* what) {
    const ChmDirectory::Entry* entry = directory.Find(folder + what);
    return entry != nullptr ? directory.Plain(*entry) : Bytes{};
  };
  const Bytes content = find("Content");
  const Bytes control_data = find("ControlData");
  if (control_data.empty()) return Fail(ErrorCode::kUnsupported, "compressed in a way that is not known");
  DL_TRY(const Control control, ReadControl(control_data));
  CompressedSection section(content, control.window_bits);
  section.size_ = size;
  section.interval_ = control.interval;
  // The GUID of LZX. The table may be missing, and only damage is the worse for it.
  Cursor table(find("Transform/{7FC28940-9D31-11D0-9B27-00A0C91E9C7C}/InstanceData/ResetTable"));
  static_cast<void>(table.Skip(4));
  const std::uint32_t count = table.ReadU32Le().value_or(0);
  const std::uint32_t entry_size = table.ReadU32Le().value_or(0);
  const std::uint32_t header_size = table.ReadU32Le().value_or(0);
  const std::uint64_t full_size = table.ReadU64Le().value_or(0);
  static_cast<void>(table.Skip(8));
  const std::uint64_t frame_size = table.ReadU64Le().value_or(0);
  section.size_ = std::max(size, full_size);
  if (entry_size == 8 && frame_size == LzxDecoder::kFrameBytes && table.SeekTo(header_size)) {
    section.table_ = *table.ReadRecords(std::min<std::uint64_t>(count, table.remaining() / 8), 8);
  }
  return section;
}

// At a multiple of the interval.
bool CompressedSection::BeginInterval(std::uint64_t begin) {
  const std::uint64_t frame = begin / LzxDecoder::kFrameBytes;
  Bytes compressed = content_;
  if (frame < table_.size() / 8) {
    Cursor table(table_.subspan(static_cast<std::size_t>(frame * 8)));
    const auto from = Cursor(content_).From(table.ReadU64Le().value_or(0));
    if (!from) return false;
    compressed = from->bytes();
  } else if (begin != 0) {
    if (!is_begun_ || has_failed_ || frame_begin_ + frame_.size() != begin) return false;
    compressed = decoder_.rest();
  }
  decoder_.Reset(compressed);
  frame_ = {};
  frame_begin_ = begin;
  is_begun_ = true;
  has_failed_ = false;
  return true;
}

Status CompressedSection::NextFrame() {
  const std::uint64_t begin = frame_begin_ + frame_.size();
  if (has_failed_) return Forward(error_);
  if (interval_ != 0 && begin % interval_ == 0 && !frame_.empty() && !BeginInterval(begin)) {
    return Fail(ErrorCode::kMalformed, "compressed bytes that are not there");
  }
  frame_begin_ = begin;
  const auto next =
      decoder_.Next(static_cast<std::size_t>(std::min<std::uint64_t>(size_ - begin, LzxDecoder::kFrameBytes)));
  frame_ = next ? *next : decoder_.partial();
  has_failed_ = !next;
  if (!next) error_ = next.error();
  return {};
}

Result<Bytes> CompressedSection::From(std::uint64_t offset, std::size_t most) {
  if (offset >= size_) return Fail(ErrorCode::kTruncated, "behind the end of its section");
  const auto interval_of = [&](std::uint64_t place) { return interval_ != 0 ? place / interval_ : 0; };
  const bool is_behind = !is_begun_ || offset < frame_begin_;
  if (is_behind || interval_of(offset) != interval_of(frame_begin_)) {
    // Without the table it is a long way.
    if (!BeginInterval(interval_of(offset) * interval_) && is_behind && !BeginInterval(0)) {
      return Fail(ErrorCode::kMalformed, "compressed bytes that are not there");
    }
  }
  while (offset >= frame_begin_ + frame_.size()) {
    DL_TRY_STATUS(NextFrame());
    if (offset < frame_begin_ + frame_.size()) break;
    passed_over_ += frame_.size();
    if (passed_over_ > kMaxPassedOver && passed_over_ / 4 > given_) {
      return Fail(ErrorCode::kBudget, "too many files in the same compressed bytes");
    }
  }
  const Bytes bytes = frame_.subspan(static_cast<std::size_t>(offset - frame_begin_));
  given_ += std::min(bytes.size(), most);
  return bytes.first(std::min(bytes.size(), most));
}

}  // namespace dl::unpack
