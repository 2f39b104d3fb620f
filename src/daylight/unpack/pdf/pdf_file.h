// Where a PDF's objects stand: all of them, whatever the cross-reference table says.
//
//   File file(text, work);
//   file.Scan();
//   for (const Place& place : file.places()) { const Object object = file.Read(place); ... }
//
// Object streams that were decoded are added, with what is in them. Borrows the text.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "daylight/unpack/pdf/pdf_object.h"

namespace dl::unpack::pdf {

// One definition of an object. There may be several of the same number.
struct Place {
  std::int64_t number = -1;  // -1: none stands before it.
  std::int64_t generation = 0;
  std::size_t offset = 0;    // Of what follows "obj", or in the object stream.
  std::int32_t stream = -1;  // The object stream that it is in.
  bool is_nested = false;    // In the bytes of another one's stream.
};

struct Object {
  Value value;
  bool has_stream = false;
  std::string_view stream;    // As it is stored.
  bool is_cut = false;        // The file ends in it.
  bool is_too_large = false;  // Not all of its values are kept.
};

// What a trailer says about it (7.5.5), without references.
struct Encryption {
  Value dictionary;
  std::string id;
};

class File {
 public:
  static constexpr std::size_t kMaxPlaces = 2'000'000;
  static constexpr std::uint64_t kMaxStreamText = std::uint64_t{64} << 20;  // All object streams together.

  File(std::string_view text, Work& work) : text_(text), work_(work) {}

  // Finds all objects and trailers.
  void Scan();
  // In the file's order; those of object streams, in the order they were added, after them.
  const std::vector<Place>& places() const { return places_; }
  // Of the trailers that say the file is encrypted, the last few.
  const std::vector<Encryption>& encryptions() const { return encryptions_; }
  // More objects were there than are kept.
  bool is_too_large() const { return is_too_large_; }
  Object Read(const Place& place) const;
  // Adds what is in an object stream; false when it is no such.
  bool AddObjectStream(std::string text, std::int64_t count, std::int64_t first);
  std::uint64_t stream_text_bytes() const { return stream_text_bytes_; }

  // So that Find() knows what AddObjectStream() added.
  void Index();
  // All definitions of an object, the likeliest first; at most 64.
  std::vector<Place> Find(std::int64_t number) const;
  // What a reference means, through at most a few others; the value itself if it is none.
  Value Resolve(const Value& value) const;

 private:
  void FindPlaces();
  void FindTrailers();
  void KeepEncryption(const Value& trailer);
  // What it holds, with references resolved, as far as `left` values go.
  Value Flatten(const Value& value, int depth, std::size_t& left) const;
  std::string_view StreamAt(std::size_t begin, const Value& dictionary, bool& is_cut) const;

  std::string_view text_;
  Work& work_;
  std::vector<Place> places_;
  std::vector<std::uint32_t> by_number_;  // Indices of places_, up to the last Index().
  std::vector<std::size_t> stream_ends_;  // Of each "endstream".
  std::vector<Encryption> encryptions_;
  bool is_too_large_ = false;
  std::deque<std::string> stream_texts_;
  std::uint64_t stream_text_bytes_ = 0;
};

}  // namespace dl::unpack::pdf
