#include "daylight/unpack/pdf/pdf_file.h"

#include <algorithm>
#include <numeric>

namespace dl::unpack::pdf {

namespace {

// So much white space is looked across.
constexpr std::size_t kMaxGap = 64;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Reads "12 0" backwards, from before "obj" at `end`.
bool ReadNumbersBefore(std::string_view text, std::size_t end, Place& place) {
  std::size_t at = end;
  const auto skip = [&] {
    const std::size_t begin = at;
    while (at > 0 && begin - at < kMaxGap && IsSpace(text[at - 1])) --at;
    return at != begin;
  };
  const auto read = [&](std::int64_t& number) {
    const std::size_t last = at;
    while (at > 0 && last - at < 12 && IsDigit(text[at - 1])) --at;
    number = 0;
    for (std::size_t i = at; i < last; ++i) number = number * 10 + (text[i] - '0');
    return at != last;
  };
  skip();
  return read(place.generation) && skip() && read(place.number);
}

}  // namespace

void File::Scan() {
  constexpr std::string_view kEnd = "endstream";
  for (std::size_t at = text_.find(kEnd); at != std::string_view::npos; at = text_.find(kEnd, at + kEnd.size())) {
    if (stream_ends_.size() < 2 * kMaxPlaces) stream_ends_.push_back(at);
  }
  FindPlaces();
  Index();
  FindTrailers();
}

void File::FindPlaces() {
  for (std::size_t at = text_.find("obj"); at != std::string_view::npos; at = text_.find("obj", at + 3)) {
    if (at >= 3 && text_.substr(at - 3, 3) == "end") continue;
    Place place;
    place.offset = at + 3;
    if (place.offset < text_.size() && IsRegular(text_[place.offset])) continue;
    if (!ReadNumbersBefore(text_, at, place)) {
      // A comment between them, perhaps. A dictionary must follow, then.
      std::size_t next = place.offset;
      while (next < text_.size() && next - place.offset < kMaxGap && IsSpace(text_[next])) ++next;
      if (text_.substr(next, 2) != "<<") continue;
      place.number = -1;
      place.generation = 0;
    }
    if (places_.size() >= kMaxPlaces) {
      is_too_large_ = true;
      break;
    }
    places_.push_back(place);
  }
  Index();
  // Which lie in another one's stream, by its length if that is right.
  std::size_t end = 0;
  for (Place& place : places_) {
    place.is_nested = place.offset < end;
    if (place.is_nested) continue;
    const Object object = Read(place);
    if (!object.has_stream) continue;
    end = static_cast<std::size_t>(object.stream.data() - text_.data()) + object.stream.size();
    if (const Value* type = object.value.Find("Type"); type != nullptr && type->IsName("XRef")) {
      KeepEncryption(object.value);
    }
  }
}

void File::FindTrailers() {
  for (std::size_t at = text_.find("trailer"); at != std::string_view::npos; at = text_.find("trailer", at + 7)) {
    Parser parser(text_, at + 7, work_);
    KeepEncryption(parser.ReadValue());
  }
}

void File::KeepEncryption(const Value& trailer) {
  constexpr std::size_t kMaxKept = 16;
  const Value* stated = trailer.Find("Encrypt");
  if (stated == nullptr || stated->Is(Value::Kind::kNull)) return;
  Encryption encryption;
  std::size_t left = 1000;
  encryption.dictionary = Flatten(*stated, 4, left);
  if (const Value* ids = trailer.Find("ID"); ids != nullptr) {
    const Value resolved = Flatten(*ids, 2, left);
    if (!resolved.items.empty()) encryption.id = resolved.items.front().text;
  }
  if (encryptions_.size() == kMaxKept) encryptions_.erase(encryptions_.begin());
  encryptions_.push_back(std::move(encryption));
}

Value File::Flatten(const Value& value, int depth, std::size_t& left) const {
  constexpr std::size_t kMaxBytes = 4096;
  const Value resolved = Resolve(value);
  Value flat;
  flat.kind = resolved.kind;
  flat.number = resolved.number;
  flat.text = resolved.text.substr(0, kMaxBytes);
  for (std::size_t i = 0; depth > 0 && i < resolved.items.size() && left > 0; ++i) {
    --left;
    flat.items.push_back(Flatten(resolved.items[i], depth - 1, left));
  }
  if (flat.Is(Value::Kind::kDictionary) && flat.items.size() % 2 != 0) flat.items.emplace_back();
  return flat;
}

Object File::Read(const Place& place) const {
  Object object;
  if (work_.is_exhausted()) {
    object.is_too_large = true;
    return object;
  }
  const std::string_view text =
      place.stream < 0 ? text_ : std::string_view(stream_texts_[static_cast<std::size_t>(place.stream)]);
  Parser parser(text, place.offset, work_);
  object.value = parser.ReadValue();
  object.is_too_large = parser.is_too_large();
  parser.SkipSpace();
  const std::size_t at = parser.position();
  object.is_cut = parser.is_damaged() && at >= text.size();
  if (place.stream >= 0 || !object.value.Is(Value::Kind::kDictionary)) return object;
  if (text.substr(at, 6) != "stream") return object;
  object.has_stream = true;
  object.stream = StreamAt(at + 6, object.value, object.is_cut);
  return object;
}

std::string_view File::StreamAt(std::size_t begin, const Value& dictionary, bool& is_cut) const {
  std::size_t at = begin;
  while (at < text_.size() && at - begin < kMaxGap && (text_[at] == ' ' || text_[at] == '\t')) ++at;
  if (at < text_.size() && (text_[at] == '\r' || text_[at] == '\n')) {
    const bool is_return = text_[at] == '\r';
    begin = at + 1;
    if (is_return && begin < text_.size() && text_[begin] == '\n') ++begin;
  }
  begin = std::min(begin, text_.size());
  const Value* stated = dictionary.Find("Length");
  const Value length = stated != nullptr ? Resolve(*stated) : Value{};
  if (length.Is(Value::Kind::kNumber) && length.number >= 0 &&
      static_cast<std::uint64_t>(length.number) <= text_.size() - begin) {
    const auto size = static_cast<std::size_t>(length.number);
    std::size_t end = begin + size;
    while (end < text_.size() && end - begin - size < 4 && IsSpace(text_[end])) ++end;
    const std::string_view rest = text_.substr(end, 9);
    if (rest == "endstream" || rest.starts_with("endobj")) return text_.substr(begin, size);
  }
  const auto found = std::lower_bound(stream_ends_.begin(), stream_ends_.end(), begin);
  is_cut = found == stream_ends_.end();
  std::size_t end = is_cut ? text_.size() : *found;
  if (!is_cut && end > begin && text_[end - 1] == '\n') --end;
  if (!is_cut && end > begin && text_[end - 1] == '\r') --end;
  return text_.substr(begin, end - begin);
}

// 7.5.7.
bool File::AddObjectStream(std::string text, std::int64_t count, std::int64_t first) {
  if (count < 0 || first < 0 || static_cast<std::uint64_t>(first) > text.size()) return false;
  stream_text_bytes_ += text.size();
  const auto index = static_cast<std::int32_t>(stream_texts_.size());
  const std::string& kept = stream_texts_.emplace_back(std::move(text));
  Parser header(std::string_view(kept).substr(0, static_cast<std::size_t>(first)), 0, work_);
  for (std::int64_t i = 0; i < count; ++i) {
    const Value number = header.ReadValue();
    const Value offset = header.ReadValue();
    if (header.is_damaged() || !number.Is(Value::Kind::kNumber) || !offset.Is(Value::Kind::kNumber)) return false;
    Place place;
    place.number = number.number;
    place.stream = index;
    if (offset.number < 0 ||
        static_cast<std::uint64_t>(offset.number) > kept.size() - static_cast<std::size_t>(first)) {
      return false;
    }
    if (places_.size() >= kMaxPlaces) {
      is_too_large_ = true;
      return true;
    }
    place.offset = static_cast<std::size_t>(first + offset.number);
    places_.push_back(place);
  }
  return true;
}

void File::Index() {
  by_number_.resize(places_.size());
  std::iota(by_number_.begin(), by_number_.end(), 0u);
  // What is nested may belong to another file altogether; of the others the last holds.
  std::sort(by_number_.begin(), by_number_.end(), [&](std::uint32_t a, std::uint32_t b) {
    if (places_[a].number != places_[b].number) return places_[a].number < places_[b].number;
    if (places_[a].is_nested != places_[b].is_nested) return places_[b].is_nested;
    return a > b;
  });
}

std::vector<Place> File::Find(std::int64_t number) const {
  constexpr std::size_t kMaxFound = 64;
  std::vector<Place> found;
  auto at = std::lower_bound(by_number_.begin(), by_number_.end(), number,
                             [&](std::uint32_t index, std::int64_t wanted) { return places_[index].number < wanted; });
  for (; at != by_number_.end() && places_[*at].number == number && found.size() < kMaxFound; ++at) {
    found.push_back(places_[*at]);
  }
  return found;
}

Value File::Resolve(const Value& value) const {
  Value at = value;
  for (int i = 0; i < 8 && at.Is(Value::Kind::kReference); ++i) {
    const std::vector<Place> found = Find(at.number);
    if (found.empty() || work_.is_exhausted()) return {};
    const Place& place = found.front();
    const std::string_view text =
        place.stream < 0 ? text_ : std::string_view(stream_texts_[static_cast<std::size_t>(place.stream)]);
    Parser parser(text, place.offset, work_);
    at = parser.ReadValue();
  }
  return at.Is(Value::Kind::kReference) ? Value{} : at;
}

}  // namespace dl::unpack::pdf
