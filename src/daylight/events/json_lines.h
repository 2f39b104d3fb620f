// A file of one JSON object a line, to be rotated by others.
//
//   JsonLines lines({.path = "/var/log/daylight/events.jsonl"});
//   lines.Write(line);      // With its newline, by one write().
//   lines.Reopen();         // After logrotate has moved the file.
//
// Opened to append, so several writers do not tear each other's lines. What cannot be
// written is lost and counted; the file is tried again with the next line. Used by one
// thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "daylight/events/format.h"
#include "daylight/os/fd.h"

namespace dl::events {

struct JsonLinesOptions {
  std::string path;
  std::uint32_t mode = 0640;  // Of a file that is made; its folder has to be there.
  Format format = Format::kJson;
};

class JsonLines {
 public:
  explicit JsonLines(JsonLinesOptions options) : options_(std::move(options)) {}

  const JsonLinesOptions& options() const { return options_; }
  // `line`: without its end.
  bool Write(std::string line);
  void Reopen() { file_.Close(); }

  std::uint64_t written() const { return written_; }
  std::uint64_t lost() const { return lost_; }
  // What is wrong now; empty when nothing is.
  const std::string& trouble() const { return trouble_; }

 private:
  bool Open();
  JsonLinesOptions options_;
  os::Fd file_;
  bool torn_ = false;  // The last line has no end.
  std::uint64_t written_ = 0;
  std::uint64_t lost_ = 0;
  std::string trouble_;
};

}  // namespace dl::events
