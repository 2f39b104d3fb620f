#include "daylight/rules/clamav/inventory.h"

#include "daylight/bytes/cursor.h"

namespace dl::clamav {

namespace {

// One text a line: kind of line, then fields, separated by a unit separator.
constexpr char kSeparator = '\x1f';
constexpr char kEnd = '\x1e';

std::string_view TakeUntil(std::string_view& text, char end) {
  const std::size_t at = std::min(text.find(end), text.size());
  const std::string_view head = text.substr(0, at);
  text.remove_prefix(std::min(at + 1, text.size()));
  return head;
}

std::uint64_t ToNumber(std::string_view text) {
  std::uint64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9' || value > (std::uint64_t{1} << 60)) return 0;
    value = value * 10 + static_cast<unsigned>(c - '0');
  }
  return value;
}

}  // namespace

std::vector<std::byte> EncodeInventory(const Inventory& inventory) {
  std::string text;
  const auto put = [&](std::initializer_list<std::string_view> fields) {
    for (const std::string_view field : fields) {
      for (const char c : field) text += c == kSeparator || c == kEnd ? ' ' : c;
      text += kSeparator;
    }
    text += kEnd;
  };
  put({"source", inventory.source_name, inventory.licence, inventory.path});
  for (const auto& one : inventory.loaded) put({"loaded", one.kind, std::to_string(one.count)});
  for (const auto& one : inventory.skipped) put({"skipped", one.kind, one.reason, std::to_string(one.count)});
  const Bytes bytes = AsBytes(text);
  return {bytes.begin(), bytes.end()};
}

Result<Inventory> DecodeInventory(Bytes bytes) {
  Inventory inventory;
  std::string_view text = AsText(bytes);
  while (!text.empty()) {
    std::string_view line = TakeUntil(text, kEnd);
    const std::string_view what = TakeUntil(line, kSeparator);
    if (what == "source") {
      inventory.source_name = TakeUntil(line, kSeparator);
      inventory.licence = TakeUntil(line, kSeparator);
      inventory.path = TakeUntil(line, kSeparator);
    } else if (what == "loaded") {
      const std::string kind(TakeUntil(line, kSeparator));
      inventory.loaded.push_back({kind, ToNumber(TakeUntil(line, kSeparator))});
    } else if (what == "skipped") {
      const std::string kind(TakeUntil(line, kSeparator));
      const std::string reason(TakeUntil(line, kSeparator));
      inventory.skipped.push_back({kind, reason, ToNumber(TakeUntil(line, kSeparator))});
    } else {
      return Fail(ErrorCode::kMalformed, "an inventory that cannot be read");
    }
  }
  return inventory;
}

}  // namespace dl::clamav
