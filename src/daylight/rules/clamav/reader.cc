#include "daylight/rules/clamav/reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "daylight/rules/clamav/cvd.h"
#include "daylight/rules/clamav/file_kinds.h"

namespace dl::clamav {
namespace {

// One line in ten, and at least as many as would not be typing errors.
constexpr std::uint64_t kTolerableShare = 10;
constexpr std::uint64_t kTolerableLines = 10;
// A file of nothing but rubbish is not described line by line.
constexpr std::uint64_t kMaxWarnings = 100;

class LineLoop {
 public:
  LineLoop(std::string_view name, const FileType& type, const ReadSettings& settings, Sink& sink)
      : name_(name), type_(type), context_{type.kind, type.is_pua, sink}, sink_(sink) {
    if (!type.skipped.empty()) {
      skipped_ = type.skipped;
    } else if (type.is_pua && !settings.pua) {
      skipped_ = "potentially unwanted applications are not asked for";
    }
    max_line_ = type.kind == FileKind::kLdb ? kMaxLogicalLineBytes : kMaxLineBytes;
  }

  FileOutcome Run(std::string_view text) {
    while (!text.empty()) {
      const void* const end = std::memchr(text.data(), '\n', text.size());
      const std::size_t length =
          end == nullptr ? text.size() : static_cast<std::size_t>(static_cast<const char*>(end) - text.data());
      ++number_;
      Take(text.substr(0, length));
      text.remove_prefix(end == nullptr ? length : length + 1);
    }
    if (number_ == 0 && !type_.may_be_empty) outcome_.error = "the file is empty";
    if (type_.must_hold_something && taken_ == 0) outcome_.error = "the file defines nothing";
    if (outcome_.malformed >= kTolerableLines && outcome_.malformed * kTolerableShare > outcome_.lines) {
      outcome_.error = fmt::format("{} of {} lines are malformed", outcome_.malformed, outcome_.lines);
    }
    if (warnings_ > kMaxWarnings) {
      sink_.Warn(name_, 0, fmt::format("{} more warnings are not shown", warnings_ - kMaxWarnings));
    }
    return std::move(outcome_);
  }

 private:
  void Take(std::string_view line) {
    if (line.starts_with('#')) return;
    const bool is_too_long = line.size() > max_line_;
    // To clamscan a line is a C string.
    if (const void* const nul = std::memchr(line.data(), '\0', line.size())) {
      line = line.substr(0, static_cast<std::size_t>(static_cast<const char*>(nul) - line.data()));
    }
    while (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) {
      if (!type_.may_have_empty_lines && skipped_.empty()) Warn("empty line");
      return;
    }
    ++outcome_.lines;
    if (!skipped_.empty()) {
      sink_.Skip(type_.kind, skipped_);
      return;
    }
    const Verdict verdict =
        is_too_long ? Verdict::Malformed("line longer than clamscan reads") : type_.read_line(context_, line);
    switch (verdict.outcome) {
      case Verdict::kTaken: ++taken_; break;
      case Verdict::kSkipped: sink_.Skip(type_.kind, verdict.what); break;
      case Verdict::kMalformed:
        ++outcome_.malformed;
        sink_.Skip(type_.kind, "malformed");
        if (verdict.subsignature < 0) {
          Warn(verdict.what);
        } else {
          Warn(fmt::format("subsignature {}: {}", verdict.subsignature, verdict.what));
        }
        break;
    }
  }

  void Warn(std::string_view what) {
    if (++warnings_ <= kMaxWarnings) sink_.Warn(name_, number_, what);
  }

  std::string_view name_;
  const FileType& type_;
  LineContext context_;
  Sink& sink_;
  std::string_view skipped_;
  std::size_t max_line_ = 0;
  std::uint32_t number_ = 0;
  std::uint64_t taken_ = 0;
  std::uint64_t warnings_ = 0;
  FileOutcome outcome_;
};

FileOutcome OneSignature() {
  FileOutcome outcome;
  outcome.lines = 1;
  return outcome;
}

}  // namespace

FileOutcome ReadPlainFile(std::string_view name, std::string_view shown, Bytes file, const ReadSettings& settings,
                          Sink& sink) {
  const FileType* const type = FindFileType(name);
  if (type == nullptr) {
    sink.Skip(FileKind::kUnknown,
              name.ends_with(".sign") ? "detached signatures are not used" : "not a kind of file that ClamAV reads");
    return {};
  }
  switch (type->kind) {
    case FileKind::kInfo: sink.Skip(FileKind::kInfo, "has a meaning only inside of .cvd, .cld and .cud"); return {};
    case FileKind::kCbc: sink.Skip(type->kind, type->skipped); return OneSignature();
    case FileKind::kYara: sink.AddYara(shown, AsText(file)); return OneSignature();
    case FileKind::kCat: {
      FileOutcome outcome = OneSignature();
      if (const Status status = sink.AddLine(type->kind, AsText(file)); !status) {
        outcome.malformed = 1;
        sink.Warn(shown, 0, status.error().what);
      }
      return outcome;
    }
    case FileKind::kIoc: return ReadOpenIoc(name, shown, file, LineContext{type->kind, false, sink});
    default: return LineLoop(shown, *type, settings, sink).Run(AsText(file));
  }
}

FileOutcome ReadFile(std::string_view name, Bytes file, const ReadSettings& settings, Sink& sink) {
  if (IsContainerName(name)) {
    return ReadContainer(name, file, settings, settings.keys != nullptr ? *settings.keys : PublishedKeys(), sink);
  }
  return ReadPlainFile(name, name, file, settings, sink);
}

}  // namespace dl::clamav
