// ReportFile is what a command has to say at its end, in a file or on standard output. The
// file is there whole or not at all, and that it can be written shows before the work begins.
//
//   auto file = ReportFile::Open(output);       // Before.
//   file->Write(text);                          // May be called again and again.
//   if (const Status done = file->Commit(); !done) Say(file->name() + ": " + os::Describe(done.error()));
#pragma once

#include <string>
#include <string_view>

#include "daylight/base/error.h"
#include "daylight/os/fd.h"

namespace dl::cli {

class ReportFile {
 public:
  // `path`: empty for standard output. A link leads to what is replaced; what is no regular file (a pipe, a device), or
  // lies in a folder in which nothing can be made, is written into.
  static Result<ReportFile> Open(const std::string& path);
  ReportFile(ReportFile&& other) noexcept { *this = std::move(other); }
  ReportFile& operator=(ReportFile&& other) noexcept;
  ~ReportFile() { Remove(); }

  // For messages.
  const std::string& name() const { return name_; }
  bool terminal() const { return terminal_; }
  // False after an error, which Commit() tells.
  bool Write(std::string_view text);
  // All that was written reaches the disk, and does not have its name before Commit(). May be left out.
  Status Finish();
  Status Commit();
  // The same, but never over a file that is there: kIo with EEXIST.
  Status CommitNew();

 private:
  ReportFile() = default;
  void Flush();
  void Remove();

  std::string name_;
  std::string path_;       // What is replaced; empty when it is written into.
  std::string temporary_;  // What is renamed to it.
  os::Fd file_;
  int fd_ = -1;
  bool terminal_ = false;
  bool cut_ = false;  // What was in it before, at the first write.
  std::string text_;
  Status status_;
};

}  // namespace dl::cli
