// Document reads a configuration in TOML, key by key, and says of whatever is wrong
// in which line it stands.
//
//   config::Document document(text);
//   config::Section clamd = document.Table("clamd");
//   clamd.Size("max_stream", options.max_stream_bytes);
//   for (config::Section& entry : document.Tables("allow")) entry.Text("who", who);
//   document.Finish();
//   for (const std::string& error : document.errors()) ...      // "line 7: ..."
//
// A key that nobody has asked for is an error, so a mistyped one is not passed over
// in silence. A value of the wrong kind leaves the variable as it was. One thread; a
// Section may not outlive its Document.
#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daylight/base/error.h"

namespace dl::config {

class Document;

// One table. What is not there leaves the variable as it was.
class Section {
 public:
  bool exists() const;
  bool Has(std::string_view key) const;
  void Flag(std::string_view key, bool& value);
  void Number(std::string_view key, std::uint32_t& value, std::uint32_t least, std::uint32_t most);
  // From 0 to 1, both included; 1 may be written without a point.
  void Fraction(std::string_view key, double& value);
  // Bytes: a number, or a text such as "100 MiB" (KiB, MiB, GiB, TiB; kB, MB, GB, TB by thousands).
  void Size(std::string_view key, std::uint64_t& value);
  // A text such as "30s": ms, s, m, h, d.
  void Duration(std::string_view key, std::chrono::milliseconds& value, std::chrono::milliseconds least,
                std::chrono::milliseconds most);
  void Text(std::string_view key, std::string& value);
  // An absolute path; "" where `may_be_empty`.
  void Path(std::string_view key, std::string& value, bool may_be_empty = false);
  void Paths(std::string_view key, std::vector<std::string>& values);
  void Texts(std::string_view key, std::vector<std::string>& values, std::string_view what);
  // Each from 0 to 4294967294.
  void Numbers(std::string_view key, std::vector<std::uint32_t>& values, std::string_view what);
  // One of `names`; gives its place.
  void Choice(std::string_view key, std::initializer_list<std::string_view> names, std::size_t& place);
  // Access bits as a text: "0660".
  void Mode(std::string_view key, std::uint32_t& value);
  // A time of the calendar: a TOML date or date and time, with an offset or else local; seconds since 1970.
  void Date(std::string_view key, std::int64_t& value);
  // A day: a TOML date as a text, "2027-01-31", or a text as it is.
  void DateText(std::string_view key, std::string& value);
  // Sections below: [name.key].
  Section Table(std::string_view key);
  // An array of tables below: [[name.key]].
  std::vector<Section> Tables(std::string_view key);
  // Where it stands, from 1; of a key that is not there: where the table does.
  std::size_t Line(std::string_view key = {}) const;
  // Says `why` of a key that is there, or of the table when it is not.
  void Refuse(std::string_view key, const std::string& why);
  // What was not asked for in this table is an error: for whoever reads only some of a
  // document, whose other tables are somebody else's. Document::Finish does it for all.
  void Finish();

 private:
  friend class Document;
  struct State;
  explicit Section(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::shared_ptr<State> state_;
};

class Document {
 public:
  explicit Document(std::string_view text);
  ~Document();
  Document(const Document&) = delete;
  Document& operator=(const Document&) = delete;

  // What stands in front of all tables, and all tables.
  Section Root();
  Section Table(std::string_view name);
  // An array of tables: [[name]].
  std::vector<Section> Tables(std::string_view name);
  // That other tables of this name are somebody else's to read.
  void Pass(std::string_view name);
  // To be called last: whatever was not asked for is an error.
  void Finish();
  const std::vector<std::string>& errors() const;

  struct Impl;

 private:
  std::unique_ptr<Impl> impl_;
};

// kBudget when it is larger than any configuration is.
Result<std::string> ReadConfiguration(const std::string& path);

}  // namespace dl::config
