#include "daylight/daemon/content/content_manager.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <system_error>

#include "daylight/crypto/digest.h"
#include "daylight/database/database.h"
#include "daylight/os/io.h"
#include "daylight/os/paths.h"
#include "daylight/report/writer.h"
#include "daylight/sandbox/content.h"
#include "daylight/sandbox/worker_process.h"

namespace dl::daemon {

namespace {

constexpr std::size_t kMaxSources = 100'000;
constexpr std::uint64_t kMaxNoteBytes = 1u << 20;
// What a compiler says, at most: broken rule sets have a lot to say.
constexpr std::size_t kMaxTold = 200;

std::string StampOf(const std::string& path, const struct stat& info) {
  return path + '\0' + std::to_string(info.st_ino) + ' ' + std::to_string(info.st_size) + ' ' +
         std::to_string(info.st_mtim.tv_sec) + '.' + std::to_string(info.st_mtim.tv_nsec) + '\n';
}

// What a file or folder of sources is now, file by file.
void AddStamps(const std::string& path, std::vector<std::string>& stamps, std::int64_t& newest) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) {
    stamps.push_back(path + " is missing\n");
    return;
  }
  if (S_ISREG(info.st_mode)) {
    stamps.push_back(StampOf(path, info));
    newest = std::max<std::int64_t>(newest, info.st_mtim.tv_sec);
    return;
  }
  if (!S_ISDIR(info.st_mode)) return;
  std::error_code error;
  std::filesystem::recursive_directory_iterator it(path, error), end;
  for (; !error && it != end && stamps.size() < kMaxSources; it.increment(error)) {
    if (::stat(it->path().c_str(), &info) != 0 || !S_ISREG(info.st_mode)) continue;
    stamps.push_back(StampOf(it->path().string(), info));
    newest = std::max<std::int64_t>(newest, info.st_mtim.tv_sec);
  }
}

std::string HexDigestOf(const std::string& text) {
  std::array<std::uint8_t, 32> digest{};
  const auto value = crypto::Sha256::Of(AsBytes(text));
  std::memcpy(digest.data(), value.data(), digest.size());
  return report::HexDigest(digest);
}

bool IsThere(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0;
}

// The number of ClamAV's daily database, which clients show: the third field of its
// first line, "ClamAV-VDB:DATE:NUMBER:...". Nothing but digits is taken from it.
std::string DailyNumber(const std::vector<std::string>& folders) {
  for (const std::string& folder : folders) {
    for (const char* name : {"daily.cld", "daily.cvd"}) {
      const auto file = os::OpenRegular(os::Join(folder, name));
      if (!file) continue;
      char head[128] = "";
      const ssize_t n = ::pread(file->get(), head, sizeof(head), 0);
      const std::string_view text(head, n > 0 ? static_cast<std::size_t>(n) : 0);
      if (!text.starts_with("ClamAV-VDB:")) continue;
      const std::size_t date = text.find(':', 11);
      // The date has colons of its own in no version of the format: "30 Nov 2026 08-20 +0000".
      if (date == std::string_view::npos) continue;
      const std::size_t stop = text.find(':', date + 1);
      if (stop == std::string_view::npos || stop - date - 1 > 9) continue;
      const std::string_view number = text.substr(date + 1, stop - date - 1);
      if (!number.empty() && number.find_first_not_of("0123456789") == std::string_view::npos)
        return std::string(number);
    }
  }
  return "";
}

}  // namespace

struct ContentManager::Sources {
  std::vector<std::string> databases;
  std::vector<std::string> rules;
  std::vector<std::string> clamav;
  std::string database_stamp;
  std::string compiled_stamp;  // Of what is to be compiled, and with what; empty: nothing is.
  std::int64_t newest = 0;     // Seconds since 1970.
  std::string stamp() const { return database_stamp + compiled_stamp; }
};

struct ContentManager::Compilation {
  pid_t pid = -1;
  Sources sources;
  Ready ready;
  os::Fd pidfd;
  os::Fd words;  // What it says.
  std::string said;
  std::size_t told = 0;
  std::string last;
  std::unique_ptr<EventLoop::Handle> ended;
  std::unique_ptr<EventLoop::Handle> says;
  ~Compilation() {
    ended.reset();
    says.reset();
    if (pid <= 0) return;
    ::kill(pid, SIGKILL);
    while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
};

ContentManager::ContentManager(EventLoop& loop, ContentOptions options) : loop_(loop), options_(std::move(options)) {}
ContentManager::~ContentManager() = default;

void ContentManager::Configure(ContentConfig content) { options_.content = std::move(content); }

std::string ContentManager::Path(const char* name) const { return os::Join(options_.folder, name); }

ContentManager::Sources ContentManager::Find() const {
  const ContentConfig& config = options_.content;
  Sources sources;
  sources.databases = config.databases;
  sources.rules = config.rules;
  sources.clamav = config.clamav;
  if (config.built_in) {
    for (std::string& path : sandbox::DefaultContent()) sources.databases.push_back(std::move(path));
    const std::string clamav = sandbox::DefaultClamavFolder();
    if (config.clamav.empty() && IsThere(clamav)) {
      std::vector<std::string> stamps;
      std::int64_t newest = 0;
      AddStamps(clamav, stamps, newest);
      if (!stamps.empty()) sources.clamav.push_back(clamav);
    }
  }
  std::vector<std::string> stamps;
  for (const std::string& path : sources.databases) AddStamps(path, stamps, sources.newest);
  for (const std::string& stamp : stamps) sources.database_stamp += stamp;
  stamps.clear();
  for (const std::string& path : sources.rules) AddStamps(path, stamps, sources.newest);
  for (const std::string& path : sources.clamav) AddStamps(path, stamps, sources.newest);
  if (sources.rules.empty() && sources.clamav.empty()) return sources;
  // Folders are listed in no order.
  std::sort(stamps.begin(), stamps.end());
  for (const std::string& stamp : stamps) sources.compiled_stamp += stamp;
  // And by whom: another program may compile it otherwise.
  std::int64_t unused = 0;
  stamps.clear();
  AddStamps(options_.compiler, stamps, unused);
  if (const auto worker = sandbox::FindWorkerProgram()) AddStamps(worker->path, stamps, unused);
  for (const std::string& stamp : stamps) sources.compiled_stamp += stamp;
  sources.compiled_stamp +=
      options_.version + (config.skip_invalid ? " skip" : "") + (config.allow_unsigned_clamav ? " unsigned" : "");
  return sources;
}

bool ContentManager::HasChanged() const { return Find().stamp() != loaded_stamp_; }

Loaded ContentManager::Open(const Sources& sources) const {
  Loaded loaded;
  const auto add = [&](const std::string& path) {
    auto fd = os::OpenRegular(path);
    if (!fd) {
      loaded.lacks_some = true;
      loaded.problem += (loaded.problem.empty() ? "" : "; ") + path + ": " + os::Describe(fd.error());
      return;
    }
    // Only the header and the table of sections: what is in it, the worker reads.
    if (const auto database = database::Database::Open(fd->get()); !database) {
      loaded.lacks_some = true;
      loaded.problem += (loaded.problem.empty() ? "" : "; ") + path + ": " + os::Describe(database.error());
      return;
    }
    loaded.content.files.push_back(std::move(*fd));
  };
  for (const std::string& path : sources.databases) add(path);
  if (!sources.compiled_stamp.empty() && IsThere(Path("compiled.dldb"))) add(Path("compiled.dldb"));
  if (loaded.content.files.empty() && loaded.problem.empty()) loaded.problem = "there is no content to scan with";
  loaded.content.version = HexDigestOf(sources.stamp()).substr(0, 16);
  loaded.content.modified = sources.newest;
  loaded.content.daily = DailyNumber(sources.clamav);
  return loaded;
}

void ContentManager::Load(bool old_will_do, Ready ready) {
  compilation_.reset();
  const Sources sources = Find();
  loaded_stamp_ = sources.stamp();
  if (sources.compiled_stamp.empty()) return ready(Open(sources));
  const auto note = os::ReadFile(Path("compiled.from"), kMaxNoteBytes);
  const bool is_there = IsThere(Path("compiled.dldb"));
  if (is_there && note && *note == HexDigestOf(sources.compiled_stamp)) return ready(Open(sources));
  if (is_there && old_will_do) {
    Loaded old = Open(sources);
    old.is_old = true;
    // Of other bytes than it says otherwise.
    old.content.version = note ? "old-" + note->substr(0, 12) : "old";
    if (!old.content.files.empty()) ready(std::move(old));
  }
  Compile(sources, std::move(ready));
}

void ContentManager::Compile(const Sources& sources, Ready ready) {
  const auto fail = [&](const std::string& why) {
    Loaded loaded = Open(sources);
    loaded.problem = why;
    ready(std::move(loaded));
  };
  if (::mkdir(options_.folder.c_str(), 0700) != 0 && errno != EEXIST) {
    return fail(options_.folder + ": " + std::strerror(errno));
  }
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail(std::strerror(errno));
  os::Fd ours(ends[0]);
  const os::Fd theirs(ends[1]);
  ::fcntl(ours.get(), F_SETFL, O_NONBLOCK);
  std::vector<std::string> arguments = {options_.compiler, "rules", "compile"};
  const auto add = [&](const char* option, const std::string& value) {
    arguments.emplace_back(option);
    arguments.push_back(value);
  };
  for (const std::string& path : sources.rules) add("--rules", path);
  for (const std::string& path : sources.clamav) add("--clamav", path);
  if (options_.content.skip_invalid) arguments.emplace_back("--skip-invalid");
  if (options_.content.allow_unsigned_clamav) arguments.emplace_back("--allow-unsigned-clamav");
  add("-o", Path("compiled.new"));
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, theirs.get(), 1);
  ::posix_spawn_file_actions_adddup2(&actions, theirs.get(), 2);
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  // Ours block and ignore some signals.
  sigset_t none, all;
  ::sigemptyset(&none);
  ::sigfillset(&all);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setsigdefault(&attributes, &all);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  auto compilation = std::make_unique<Compilation>();
  const int error =
      ::posix_spawn(&compilation->pid, options_.compiler.c_str(), &actions, &attributes, argv.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::posix_spawnattr_destroy(&attributes);
  if (error != 0) {
    compilation->pid = -1;
    return fail(options_.compiler + ": " + std::strerror(error));
  }
  // Clients go first.
  ::setpriority(PRIO_PROCESS, static_cast<id_t>(compilation->pid), 10);
  compilation->pidfd = os::Fd(static_cast<int>(::syscall(SYS_pidfd_open, compilation->pid, 0)));
  if (!compilation->pidfd.valid()) return fail("cannot watch the compiler");
  compilation->sources = sources;
  compilation->ready = std::move(ready);
  compilation->words = std::move(ours);
  compilation_ = std::move(compilation);
  Compilation& running = *compilation_;
  const auto listen = [this, &running] {
    char buffer[4096];
    for (;;) {
      const ssize_t n = ::read(running.words.get(), buffer, sizeof(buffer));
      if (n <= 0) {
        if (n == 0 || errno != EAGAIN) running.says.reset();
        return;
      }
      running.said.append(buffer, static_cast<std::size_t>(n));
      for (std::size_t stop; (stop = running.said.find('\n')) != std::string::npos;) {
        running.last = running.said.substr(0, stop);
        running.said.erase(0, stop + 1);
        if (options_.tell && ++running.told <= kMaxTold) options_.tell("compiler: " + running.last);
      }
      if (running.said.size() > 64 * sizeof(buffer)) running.said.clear();
    }
  };
  running.says = loop_.OnReadable(running.words.get(), listen);
  running.ended = loop_.OnReadable(running.pidfd.get(), [this, &running, listen] {
    listen();
    int status = 0;
    if (::waitpid(running.pid, &status, WNOHANG) != running.pid) return;
    running.pid = -1;
    Compiled(status);
  });
}

void ContentManager::Compiled(int status) {
  const std::unique_ptr<Compilation> done = std::move(compilation_);
  std::string problem;
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    problem = "the content does not compile (" + sandbox::DescribeEnd(status) + ")";
    if (!done->last.empty()) problem += ": " + done->last;
    ::unlink(Path("compiled.new").c_str());
  } else {
    // The note last: with an old one, the file is only compiled once more than need be.
    ::unlink(Path("compiled.from").c_str());
    if (::rename(Path("compiled.new").c_str(), Path("compiled.dldb").c_str()) != 0) problem = std::strerror(errno);
    auto note = os::CreateFile(Path("compiled.from"));
    if (note) static_cast<void>(os::WriteAll(note->get(), HexDigestOf(done->sources.compiled_stamp)));
  }
  Loaded loaded = Open(done->sources);
  if (!problem.empty()) {
    // What is there was compiled from something older.
    loaded.problem = problem;
    loaded.lacks_some = true;
    loaded.content.version = "old";
  }
  done->ready(std::move(loaded));
}

}  // namespace dl::daemon
