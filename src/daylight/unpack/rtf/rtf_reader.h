// RtfReader finds what stands as hex in RTF: embedded objects, pictures, data of
// styles. It reads it as Word does, which forgives nearly everything.
//
//   RtfReader reader(text);
//   while (const auto data = reader.Next()) Look(data->kind, data->bytes);
//
// Borrows the text; what it gives is valid until it is asked for more. Time and
// memory are linear in the text.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "daylight/bytes/bytes.h"

namespace dl::unpack {

enum class RtfKind : std::uint8_t { kNone, kObject, kPicture, kData };

// RTF 1.9.1: "Objects", "Pictures", and what newer versions of Word add.
class RtfReader {
 public:
  struct Data {
    RtfKind kind = RtfKind::kNone;
    std::vector<std::byte> bytes;
    // The same, where a digit that had no second one before an escape or before
    // \bin is forgotten. Versions of Word differ. Empty: it makes no difference.
    std::vector<std::byte> other;
  };

  explicit RtfReader(std::string_view text) : text_(text) { groups_.push_back({}); }

  std::optional<Data> Next();
  // Groups were nested deeper than they are told apart.
  bool is_too_deep() const { return is_too_deep_; }

 private:
  // Where bytes go of two readings that may differ.
  struct Decoder {
    std::vector<std::byte> bytes;
    int nibble = -1;
    void Digit(int value);
    void Raw(Bytes raw);
  };
  struct Collector {
    RtfKind kind = RtfKind::kNone;
    Decoder first;
    Decoder other;
    bool differs = false;
    void Digit(int value);
    // An escape or binary data, which may stand between the two digits of a byte.
    void Interrupt();
    void Raw(Bytes raw);
  };
  struct Group {
    bool begins_collector = false;
    // Its text is not part of what is collected.
    bool is_ignored = true;
  };

  void ControlWord();
  void Begin(RtfKind kind);
  std::optional<Data> Finish();

  std::string_view text_;
  std::size_t at_ = 0;
  bool has_star_ = false;  // "\*" was the last control.
  std::vector<Group> groups_;
  std::size_t beyond_ = 0;  // Groups inside of the deepest one that is kept.
  bool is_too_deep_ = false;
  std::vector<Collector> collectors_;  // One inside of the other.
  std::optional<Data> replaced_;       // By another one in the same group.
};

}  // namespace dl::unpack
