#include "daylight/daemon/clamd/clamd_session.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "daylight/os/io.h"
#include "daylight/os/open_file.h"
#include "daylight/report/escape.h"

namespace dl::daemon {

enum class ClamdSession::Command : std::uint8_t {
  kScan,
  kContScan,
  kMultiScan,
  kAllMatchScan,
  kPing,
  kVersion,
  kCommands,
  kReload,
  kShutdown,
  kStats,
  kStream,
  kFildes,
  kIdSession,
  kEnd,
  kDetStats,
};

struct ClamdSession::Known {
  std::string_view name;
  Command command;
  bool has_path;
  bool old_style;   // Also without `z` or `n`.
  bool in_session;  // Also between IDSESSION and END.
};

namespace {

// A command with its path: as much as clamd takes, and PATH_MAX besides.
constexpr std::size_t kMaxCommandBytes = 8192;
constexpr std::string_view kCommandNames =
    "SCAN QUIT RELOAD PING CONTSCAN VERSIONCOMMANDS VERSION END SHUTDOWN MULTISCAN FILDES STATS IDSESSION INSTREAM "
    "DETSTATSCLEAR DETSTATS ALLMATCHSCAN";
// What is answered without a pause.
constexpr int kMaxCommandsAtOnce = 64;
// How many files of one path are scanned side by side.
constexpr std::size_t kPathsSideBySide = 16;

// Descriptions are shared with the client: its file offset is not ours to move, and
// it may hold it for writing. So what is small is copied, and of the rest we take an
// own one, for reading. Where calls could be made to wait, the client's has to do.
bool TakeFile(os::Fd& fd, const os::OpenFile& file, ScanRequest& request) {
  request.is_prompt = file.is_prompt;
  request.size = file.size;
  request.modified_ns = file.modified_ns;
  if (file.is_prompt && file.size <= kSmallStreamBytes) {
    // A byte more than there should be shows that it has grown.
    std::string bytes(static_cast<std::size_t>(file.size) + 1, '\0');
    const ssize_t n = ::pread(fd.get(), bytes.data(), bytes.size(), 0);
    if (n >= 0 && static_cast<std::uint64_t>(n) == file.size) {
      bytes.resize(static_cast<std::size_t>(n));
      request.bytes = std::move(bytes);
      request.modified_ns = 0;
      return true;
    }
  }
  request.is_shared = true;
  if (file.is_prompt) {
    os::Fd own(::open(("/proc/self/fd/" + std::to_string(fd.get())).c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (own.valid()) {
      fd = std::move(own);
      request.is_shared = false;
    } else if (!file.is_read_only) {
      return false;
    }
  } else if (!file.is_read_only) {
    return false;
  }
  request.fd = std::move(fd);
  return true;
}

}  // namespace

ClamdSession::ClamdSession(Connection& connection, Scanning& scanning, Walking& walking, const ClamdOptions& options)
    : connection_(connection), scanning_(scanning), walking_(walking), options_(options) {}

ClamdSession::~ClamdSession() { os::ClosePatiently(std::move(descriptor_), connection_.peer().limit_key); }

Waiting ClamdSession::waiting() const {
  if (state_ == State::kStream || state_ == State::kDescriptor) return Waiting::kForBytes;
  if (in_flight() > 0) return Waiting::kForUs;
  return has_begun_ ? Waiting::kForBytes : Waiting::kForCommand;
}

std::string ClamdSession::Line(std::uint32_t id, char end, std::string_view text) const {
  std::string line = id != 0 ? std::to_string(id) + ": " : "";
  line += text;
  line += end;
  return line;
}

void ClamdSession::Reply(std::uint32_t id, char end, std::string_view text) { connection_.Send(Line(id, end, text)); }

void ClamdSession::ReplyAndClose(std::string_view text) {
  Reply(in_session_ ? id_ : 0, end_, text);
  ending_ = true;
  state_ = State::kEnded;
  Finished();
}

// Closes when there is nothing more to say.
void ClamdSession::Finished() {
  if (in_flight() > 0) return;
  if (ending_) connection_.Close();
}

std::size_t ClamdSession::OnBytes(std::string_view bytes) {
  std::size_t taken = 0;
  int commands = 0;
  while (taken < bytes.size()) {
    // Others have their turn, and what was answered may have to be read first.
    if (state_ == State::kCommand && ++commands > kMaxCommandsAtOnce) {
      connection_.Resume();
      break;
    }
    const std::string_view rest = bytes.substr(taken);
    std::size_t n = 0;
    switch (state_) {
      case State::kCommand: n = TakeCommand(rest); break;
      case State::kStream: n = TakeStream(rest); break;
      case State::kDescriptor: n = TakeDescriptor(rest); break;
      case State::kEnded: return bytes.size();  // Whatever else it says.
    }
    if (n == 0) break;
    taken += n;
  }
  // A descriptor belongs to the byte behind FILDES, which may come along with it.
  const bool is_misplaced = descriptor_.valid() && taken == bytes.size() && state_ != State::kEnded;
  if (is_misplaced) {
    Reply(0, end_, "PROTOCOL ERROR: ancillary data sent without FILDES. ERROR");
    ReplyAndClose("Error processing command. ERROR");
  }
  return taken;
}

std::size_t ClamdSession::TakeCommand(std::string_view bytes) {
  if (in_flight() >= options_.max_in_flight) return 0;  // GoOn() and the like resume.
  has_begun_ = true;
  if (in_session_ && bytes.front() != 'z' && bytes.front() != 'n') {
    ++id_;
    Reply(id_, end_, "Only nCMDS\\n and zCMDS\\0 are accepted inside IDSESSION. ERROR");
    ReplyAndClose("Error processing command. ERROR");
    return bytes.size();
  }
  if (bytes.front() != 'z' && bytes.front() != 'n') {
    // Without a mark of its end, a packet is a command.
    end_ = '\n';
    const std::size_t line = std::min(bytes.find('\n'), bytes.size());
    if (line > kMaxCommandBytes) {
      ReplyAndClose("UNKNOWN COMMAND");
      return bytes.size();
    }
    has_begun_ = false;
    Execute(bytes.substr(0, line), true);
    return std::min(line + 1, bytes.size());
  }
  end_ = bytes.front() == 'z' ? '\0' : '\n';
  const std::size_t stop = bytes.find(end_);
  if (stop > kMaxCommandBytes && bytes.size() > kMaxCommandBytes) {
    ReplyAndClose("Command too long. ERROR");
    return bytes.size();
  }
  if (stop == std::string_view::npos) return 0;
  has_begun_ = false;
  Execute(bytes.substr(1, stop - 1), false);
  return stop + 1;
}

void ClamdSession::Execute(std::string_view text, bool old_style) {
  static constexpr Known kKnown[] = {
      {"SCAN", Command::kScan, true, true, true},
      {"CONTSCAN", Command::kContScan, true, true, false},
      {"MULTISCAN", Command::kMultiScan, true, true, false},
      {"ALLMATCHSCAN", Command::kAllMatchScan, true, false, true},
      {"PING", Command::kPing, false, true, true},
      {"VERSION", Command::kVersion, false, true, true},
      {"VERSIONCOMMANDS", Command::kCommands, false, false, true},
      {"RELOAD", Command::kReload, false, true, false},
      {"SHUTDOWN", Command::kShutdown, false, true, false},
      {"STATS", Command::kStats, false, false, true},
      {"INSTREAM", Command::kStream, false, false, true},
      {"FILDES", Command::kFildes, false, true, true},
      {"IDSESSION", Command::kIdSession, false, false, false},
      {"END", Command::kEnd, false, false, true},
      {"DETSTATS", Command::kDetStats, false, true, false},
      {"DETSTATSCLEAR", Command::kDetStats, false, true, false},
  };
  // Scripts end lines as they like.
  while (!text.empty() && (text.back() == '\r' || text.back() == '\n')) text.remove_suffix(1);
  if (in_session_) ++id_;
  const Known* known = nullptr;
  std::string_view path;
  for (const Known& candidate : kKnown) {
    if (!text.starts_with(candidate.name) || (old_style && !candidate.old_style)) continue;
    const std::string_view rest = text.substr(candidate.name.size());
    if (candidate.has_path ? rest.empty() || rest.front() != ' ' : !rest.empty()) continue;
    known = &candidate;
    path = candidate.has_path ? rest.substr(1) : std::string_view();
  }
  if (in_session_ && (known == nullptr || !known->in_session)) {
    return ReplyAndClose("Command invalid inside IDSESSION. ERROR");
  }
  if (known == nullptr || (known->command == Command::kEnd && !in_session_)) return ReplyAndClose("UNKNOWN COMMAND");
  const auto answer = [this](std::string_view line) {
    if (!in_session_) return ReplyAndClose(line);
    Reply(id_, end_, line);
  };
  switch (known->command) {
    case Command::kScan:
    case Command::kContScan:
    case Command::kMultiScan:
    case Command::kAllMatchScan: return StartPaths(*known, std::string(path));
    case Command::kPing: return answer("PONG");
    case Command::kVersion: return answer(options_.version());
    case Command::kCommands: return answer(options_.version() + "| COMMANDS: " + std::string(kCommandNames));
    case Command::kStats: return answer(options_.stats() + "END");
    case Command::kReload:
      if (!options_.allow_reload) return ReplyAndClose("RELOAD is not allowed. ERROR");
      options_.reload();
      return ReplyAndClose("RELOADING");
    case Command::kShutdown:
      if (!options_.allow_shutdown || !connection_.peer().is_local) {
        return ReplyAndClose("SHUTDOWN is not allowed. ERROR");
      }
      ending_ = true;
      state_ = State::kEnded;
      options_.shutdown();
      return Finished();
    case Command::kStream:
      state_ = State::kStream;
      stream_ = scanning_.spool().Begin(options_.max_stream_bytes);
      chunk_left_ = 0;
      return;
    case Command::kFildes: state_ = State::kDescriptor; return;
    case Command::kIdSession: in_session_ = true; return;
    case Command::kEnd:
    case Command::kDetStats:
      ending_ = true;
      state_ = State::kEnded;
      return Finished();
  }
}

std::size_t ClamdSession::TakeStream(std::string_view bytes) {
  if (chunk_left_ > 0) {
    const std::string_view part =
        bytes.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), chunk_left_)));
    switch (stream_.Append(part)) {
      case SpooledStream::Outcome::kTaken: chunk_left_ -= part.size(); return part.size();
      case SpooledStream::Outcome::kTooLarge: ReplyAndClose("INSTREAM size limit exceeded. ERROR"); break;
      case SpooledStream::Outcome::kNoRoom:
        ReplyAndClose("INSTREAM: too much is waiting, try again later. ERROR");
        break;
      case SpooledStream::Outcome::kFailed: ReplyAndClose("INSTREAM: Error writing to temporary file. ERROR"); break;
    }
    return bytes.size();
  }
  if (bytes.size() < 4) return 0;
  const auto byte = [&](std::size_t i) { return static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[i])); };
  chunk_left_ = byte(0) << 24 | byte(1) << 16 | byte(2) << 8 | byte(3);
  if (chunk_left_ > options_.max_stream_bytes - stream_.size()) {
    // Known before a byte of it is taken.
    stream_ = SpooledStream();
    ReplyAndClose("INSTREAM size limit exceeded. ERROR");
    return bytes.size();
  }
  if (chunk_left_ > 0) return 4;
  state_ = in_session_ ? State::kCommand : State::kEnded;
  ending_ = ending_ || !in_session_;
  ScanRequest request;
  if (const Status taken = daemon::TakeStream(stream_, request); !taken) {
    Reply(in_session_ ? id_ : 0, end_, "INSTREAM: " + os::Describe(taken.error()) + " ERROR");
    Finished();
  } else {
    request.names.object = request.names.filename = request.names.filepath = "stream";
    Submit(std::move(request), "stream");
  }
  return 4;
}

void ClamdSession::OnDescriptor(os::Fd fd) {
  if (descriptor_.valid()) return os::ClosePatiently(std::move(fd), connection_.peer().limit_key);
  descriptor_ = std::move(fd);  // More than one: the first.
}

std::size_t ClamdSession::TakeDescriptor(std::string_view) {
  state_ = in_session_ ? State::kCommand : State::kEnded;
  ending_ = ending_ || !in_session_;
  if (!descriptor_.valid()) {
    ReplyAndClose("No file descriptor received. ERROR");
    return 1;
  }
  ScanDescriptor(std::exchange(descriptor_, os::Fd()));
  return 1;
}

void ClamdSession::ScanDescriptor(os::Fd fd) {
  const std::string label = "fd[" + std::to_string(fd.get()) + "]";
  const auto refuse = [&](const std::string& why) {
    os::ClosePatiently(std::move(fd), connection_.peer().limit_key);
    Reply(in_session_ ? id_ : 0, end_, label + ": " + why + " ERROR");
    Finished();
  };
  const auto file = os::LookAtOpen(fd.get());
  if (!file || !file->is_regular) return refuse("Not a regular file");
  ScanRequest request;
  if (!TakeFile(fd, *file, request)) return refuse("Cannot be read, and is open for writing");
  request.names.object = request.names.filename = request.names.filepath = "stream";
  Submit(std::move(request), label);
}

void ClamdSession::Submit(ScanRequest request, std::string label) {
  request.peer = connection_.peer();
  const auto job = jobs_.emplace(jobs_.end(), Job{in_session_ ? id_ : 0, end_, std::move(label), {}});
  job->ticket = scanning_.Scan(std::move(request), [this, job](const ScanOutcome& outcome) {
    connection_.Send(Lines(job->id, job->end, job->label, outcome, false));
    jobs_.erase(job);
    Finished();
    connection_.Resume();
  });
}

std::string ClamdSession::Lines(std::uint32_t id, char end, const std::string& label, const ScanOutcome& outcome,
                                bool all_matches) const {
  switch (outcome.kind) {
    case ScanOutcome::Kind::kInfected:
    case ScanOutcome::Kind::kIncomplete: {
      if (!outcome.blocks) break;
      if (outcome.names.empty()) return Line(id, end, label + ": nothing is known of it ERROR");
      std::string lines;
      for (std::size_t i = 0; i < outcome.names.size() && (all_matches || i == 0); ++i) {
        const bool official = i < outcome.official.size() && outcome.official[i];
        lines += Line(id, end,
                      label + ": " + report::EscapeLine(outcome.names[i]) +
                          (official || !options_.unofficial_suffix ? "" : ".UNOFFICIAL") + " FOUND");
      }
      return lines;
    }
    case ScanOutcome::Kind::kFailed:
    case ScanOutcome::Kind::kBusy: return Line(id, end, label + ": " + report::EscapeLine(outcome.problem) + " ERROR");
    case ScanOutcome::Kind::kClean: break;
  }
  return Line(id, end, label + ": OK");
}

void ClamdSession::StartPaths(const Known& known, std::string path) {
  PathJob& job = path_jobs_.emplace_back();
  job.id = in_session_ ? id_ : 0;
  job.end = end_;
  job.path = path;
  job.all_matches = known.command == Command::kAllMatchScan;
  job.stop_at_first = known.command == Command::kScan || job.all_matches;
  job.max_in_flight = job.stop_at_first ? 1 : kPathsSideBySide;
  if (!in_session_) {
    ending_ = true;
    state_ = State::kEnded;
  }
  WalkWants wants;
  wants.exclude = options_.exclude;
  wants.exclude_masks = options_.exclude_masks;
  job.walk = walking_.Start(connection_.peer(), path, wants,
                            [this, &job](std::optional<WalkedFile> file) { OnFile(job, std::move(file)); });
  GoOn(job);
}

// Asks for the next file, or ends the job. `job` may be gone afterwards.
void ClamdSession::GoOn(PathJob& job) {
  const bool done = GiveOut(job);
  if (!done && !job.exhausted) {
    if (job.asked || job.files.size() >= job.max_in_flight) return;
    job.asked = true;
    return job.walk->Next();
  }
  if (!done && !job.files.empty()) return;
  if (!job.answered) Reply(job.id, job.end, job.path + ": OK");
  path_jobs_.remove_if([&](const PathJob& other) { return &other == &job; });
  Finished();
  connection_.Resume();
}

// What is answered, in order. True when no more is wanted.
bool ClamdSession::GiveOut(PathJob& job) {
  while (!job.files.empty() && job.files.front().reply) {
    const PathJob::File file = std::move(job.files.front());
    job.files.pop_front();
    if (!file.reply->empty()) connection_.Send(*file.reply);
    job.answered = job.answered || (!file.reply->empty() && !file.silent);
    if (file.found && job.stop_at_first) return true;
  }
  return false;
}

void ClamdSession::OnFile(PathJob& job, std::optional<WalkedFile> walked) {
  job.asked = false;
  if (!walked) {
    job.exhausted = true;
    return GoOn(job);
  }
  PathJob::File& file = job.files.emplace_back();
  file.label = walked->path;
  const auto refuse = [&](const std::string& why) { file.reply = Line(job.id, job.end, file.label + ": " + why); };
  switch (walked->kind) {
    case WalkedFile::Kind::kMissing: refuse("File path check failure: " + walked->problem + ". ERROR"); break;
    case WalkedFile::Kind::kDenied: refuse("Access denied. ERROR"); break;
    case WalkedFile::Kind::kFailed: refuse(walked->problem + ". ERROR"); break;
    case WalkedFile::Kind::kUnsupported:
      // Only of what was named itself: in folders they are passed over.
      if (walked->path == job.path) {
        refuse("Not supported file type ERROR");
        file.silent = true;
      } else {
        file.reply = "";
      }
      break;
    case WalkedFile::Kind::kFile: {
      ScanRequest request = RequestOf(*walked, Protocol::kClamd, connection_.peer());
      const auto place = std::prev(job.files.end());
      file.ticket = scanning_.Scan(std::move(request), [this, &job, place](const ScanOutcome& outcome) {
        place->found = outcome.kind == ScanOutcome::Kind::kInfected ||
                       (outcome.kind == ScanOutcome::Kind::kIncomplete && outcome.blocks);
        const bool quiet =
            !place->found && outcome.kind != ScanOutcome::Kind::kFailed && outcome.kind != ScanOutcome::Kind::kBusy;
        place->reply = quiet ? "" : Lines(job.id, job.end, place->label, outcome, job.all_matches);
        GoOn(job);
      });
      break;
    }
  }
  GoOn(job);
}

void ClamdSession::OnEnd() {
  // A stream that was cut says nothing, as with clamd.
  state_ = State::kEnded;
  ending_ = true;
  Finished();
}

void ClamdSession::OnTimeout() { Reply(in_session_ ? id_ : 0, end_, "COMMAND READ TIMED OUT"); }

void ClamdSession::OnRefused() { Reply(0, end_, "Too many connections, try again later. ERROR"); }

}  // namespace dl::daemon
