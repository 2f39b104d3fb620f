#include "daylight/extract/sbom/json_events.h"

#include <cstddef>
#include <iterator>
#include <nlohmann/json.hpp>

namespace dl::sbom {

namespace {

// Where the reading is. The library copies iterators; they share this.
struct Position {
  TextFeed& feed;
  const char* at = nullptr;
  const char* end = nullptr;
  std::size_t left = kMaxTokenBytes;  // Until the next text or number.
  bool too_long = false;
  bool unreadable = false;

  bool Refill() {
    if (too_long || unreadable) return false;
    const auto piece = feed.Next();
    if (!piece) {
      unreadable = true;
      return false;
    }
    at = piece->data();
    end = at + piece->size();
    return at != end;
  }
};

struct Iterator {
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  Position* position = nullptr;

  reference operator*() const { return *position->at; }
  Iterator& operator++() {
    ++position->at;
    if (--position->left == 0) {
      position->too_long = true;
      position->at = position->end = nullptr;
    }
    return *this;
  }
  // Only ever compared with the end.
  bool operator!=(const Iterator&) const { return position->at != position->end || position->Refill(); }
  bool operator==(const Iterator& other) const { return !(*this != other); }
};

class Handler final : public nlohmann::json_sax<nlohmann::json> {
 public:
  Handler(Position& position, JsonEvents& events) : position_(position), events_(events) {}
  bool null() override { return Other(); }
  bool boolean(bool) override { return Other(); }
  bool number_integer(number_integer_t) override { return Token(events_.Other()); }
  bool number_unsigned(number_unsigned_t) override { return Token(events_.Other()); }
  bool number_float(number_float_t, const string_t&) override { return Token(events_.Other()); }
  bool binary(binary_t&) override { return Other(); }
  bool string(string_t& text) override { return Token(events_.String(text)); }
  bool key(string_t& text) override { return Token(events_.Key(text)); }
  bool start_object(std::size_t) override { return Deeper() && events_.BeginObject(); }
  bool start_array(std::size_t) override { return Deeper() && events_.BeginArray(); }
  bool end_object() override { return Ended(); }
  bool end_array() override { return Ended(); }
  bool parse_error(std::size_t, const std::string&, const nlohmann::json::exception&) override {
    damaged_ = true;
    return false;
  }
  bool damaged() const { return damaged_; }
  bool too_deep() const { return depth_ > kMaxDepth; }

 private:
  // The library keeps all characters from one text or number to the next.
  bool Token(bool go_on) {
    position_.left = kMaxTokenBytes;
    return go_on;
  }
  bool Other() { return events_.Other(); }
  bool Deeper() { return ++depth_ <= kMaxDepth; }
  bool Ended() {
    --depth_;
    return events_.End();
  }

  Position& position_;
  JsonEvents& events_;
  std::size_t depth_ = 0;
  bool damaged_ = false;
};

}  // namespace

JsonOutcome ReadJson(TextFeed& feed, JsonEvents& events) {
  if (!feed.Restart()) return JsonOutcome::kUnreadable;
  Position position{feed};
  Handler handler(position, events);
  bool read = false;
  try {
    read = nlohmann::json::sax_parse(Iterator{&position}, Iterator{&position}, &handler);
  } catch (const nlohmann::json::exception&) {
    return JsonOutcome::kDamaged;
  }
  if (read) return JsonOutcome::kRead;
  if (position.too_long) return JsonOutcome::kTooLong;
  if (position.unreadable) return JsonOutcome::kUnreadable;
  if (handler.too_deep()) return JsonOutcome::kTooDeep;
  return handler.damaged() ? JsonOutcome::kDamaged : JsonOutcome::kStopped;
}

}  // namespace dl::sbom
