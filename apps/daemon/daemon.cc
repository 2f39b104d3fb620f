#include "daemon.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <system_error>
#include <thread>
#include <utility>

#include "account.h"
#include "daylight/daemon/access/on_access.h"
#include "daylight/daemon/access/opener_link.h"
#include "daylight/daemon/access/scheduler.h"
#include "daylight/daemon/access/walks.h"
#include "daylight/daemon/beside/side_by_side.h"
#include "daylight/daemon/content/content_manager.h"
#include "daylight/daemon/net/event_loop.h"
#include "daylight/daemon/net/server.h"
#include "daylight/daemon/service/scan_service.h"
#include "daylight/os/io.h"
#include "daylight/os/notify.h"
#include "daylight/os/paths.h"
#include "daylight/sandbox/ask.h"
#include "daylight/sandbox/process_memory.h"
#include "event_keeper.h"
#include "log.h"
#include "sessions.h"
#include "sockets.h"
#include "startup.h"

namespace dl::daemon {

namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr int kGood = 0;
constexpr int kTrouble = 2;
constexpr auto kTick = milliseconds(100);
// Between two reloads that clients ask for.
constexpr auto kReloadPause = std::chrono::seconds(2);
// For the work in hand, once told to stop.
constexpr auto kStopLimit = std::chrono::seconds(60);
// What one object may keep those behind it waiting for: clients are people.
constexpr auto kSlow = milliseconds(100);
constexpr std::uint32_t kMaxBatch = 8;

std::string TimeText(std::int64_t seconds) {
  const std::time_t time = seconds;
  std::tm tm{};
  ::localtime_r(&time, &tm);
  char text[64] = "";
  std::strftime(text, sizeof(text), "%a %b %e %H:%M:%S %Y", &tm);
  return text;
}

// A number that grows with the content, for those who compare it: ClamAV's own where
// there is one, else the day the content is of.
std::string ContentNumber(const Content& content) {
  if (!content.daily.empty()) return content.daily;
  const std::time_t time = content.modified;
  std::tm tm{};
  ::gmtime_r(&time, &tm);
  char text[16] = "";
  std::strftime(text, sizeof(text), "%Y%m%d", &tm);
  return text;
}

}  // namespace

struct Daemon::Impl {
  explicit Impl(DaemonSettings given) : settings(std::move(given)), config(settings.config) {}

  // Of starting, in order. False: it cannot start; said.
  bool Prepare();
  void MakeService();
  void MakeAccess();
  void OnSignals();
  void ListenAll();

  void LoadContent();
  void Loaded(dl::daemon::Loaded loaded);
  void Learn();
  // What a worker says of the content.
  struct Lesson {
    std::uint64_t generation = 0;  // Of the opener's, and
    std::uint64_t load = 0;        // the content that it is about.
    ScanService::Dependence dependence{true, true};
    std::optional<std::uint64_t> entries;  // Rules and signatures.
  };
  void Learned(const Lesson& lesson);
  void Ready();
  void Reload();
  void ApplyConfig();
  void ScheduleWork();
  void Tick();
  void BeginStop(const char* why);
  void FinishStop();
  void Observe(const ScanRequest& request, const ScanOutcome& outcome);
  void OnNotice(const opener::Notice& notice);
  void ConfigureBeside();
  void TakeBeside();
  void Write(events::Event event);
  void WriteOwn(events::EventKind kind, std::string text);
  void Report(const std::string& problem) {
    Log(Level::kWarning, problem);
    WriteOwn(events::EventKind::kTrouble, problem);
  }

  std::string ClamdVersion() const;
  std::string ClamdStats();
  Gauges MakeGauges() const;
  ApiHealth MakeHealth() const;
  std::string IsTag() const;

  DaemonSettings settings;
  DaemonConfig config;
  Programs programs;
  std::vector<BoundSocket> bound;
  OpenerChild opener_child;
  os::Notifier notifier;

  EventLoop loop;
  EventKeeper keeper;
  SideBySide beside;
  std::unique_ptr<ScanService> service;
  std::unique_ptr<OpenerLink> link;
  std::unique_ptr<Walks> walks;
  std::unique_ptr<OnAccess> on_access;
  std::unique_ptr<Scheduler> scheduler;
  std::unique_ptr<ContentManager> manager;
  std::unique_ptr<Sessions> sessions;
  std::unique_ptr<Server> server;
  std::unique_ptr<EventLoop::Handle> pool_watch;
  std::unique_ptr<EventLoop::Handle> tick;

  bool learning = false;
  bool learn_again = false;
  std::uint64_t loads = 0;  // Of content that was put in place.
  std::optional<std::uint64_t> entries;
  std::thread learner;  // Asks a worker what the content's verdicts depend on.
  std::int64_t started = std::time(nullptr);
  std::int64_t loaded_at = 0;         // The content; seconds since 1970.
  std::uint32_t settings_number = 0;  // Of the configuration that counts.
  bool is_ready = false;
  bool work_posted = false;
  bool reload_asked = false;  // By a client, who may ask often.
  Clock::time_point next_reload;
  bool stopping = false;
  Clock::time_point stop_by;
  Clock::time_point next_second;
  Clock::time_point next_check;
  Clock::time_point next_watchdog;
  Clock::time_point told_busy;
  Clock::time_point told_access_busy;
  Clock::time_point next_memory;
  std::uint64_t worker_bytes = 0;  // As of a moment ago.
  int exit_code = kGood;
};

void Daemon::Impl::Write(events::Event event) {
  if (service != nullptr && service->content() != nullptr) event.database = service->content()->version;
  keeper.Write(event);
}

void Daemon::Impl::WriteOwn(events::EventKind kind, std::string text) {
  events::Event event;
  event.kind = kind;
  event.text = std::move(text);
  Write(std::move(event));
}

void Daemon::Impl::Observe(const ScanRequest& request, const ScanOutcome& outcome) {
  if (outcome.kind == ScanOutcome::Kind::kClean && outcome.allowed_by.empty()) return;
  if (outcome.kind == ScanOutcome::Kind::kBusy) {
    if (request.protocol == Protocol::kOnAccess) return;  // Below, with what was decided.
    // Once in a while: there may be thousands.
    if (Clock::now() < told_busy) return;
    told_busy = Clock::now() + std::chrono::seconds(10);
    return WriteOwn(events::EventKind::kQueueFull, outcome.problem);
  }
  events::Event event = EventOfOutcome(request, outcome);
  Log(Level::kInfo,
      std::string(ProtocolName(request.protocol)) + ": " + request.peer.name + ": " + events::Headline(event));
  // What is done about it is only known when the opener has been told.
  if (request.protocol == Protocol::kOnAccess) return;
  Write(std::move(event));
}

void Daemon::Impl::MakeService() {
  ServiceOptions options;
  options.scan.worker_program = programs.worker;
  options.scan.workers = config.workers != 0 ? config.workers : std::max(1u, std::thread::hardware_concurrency());
  options.scan.isolate_objects = config.isolate_objects;
  options.scan.max_objects_per_worker = config.max_objects_per_worker;
  options.scan.max_worker_bytes = config.max_worker_bytes;
  options.scan.max_batch_objects = kMaxBatch;
  options.scan.slow = kSlow;
  options.scan.settings.budget = config.budget;
  options.scan.settings.pua = config.pua;
  options.scan.settings.passwords = config.passwords;
  options.scan.tells_time = true;
  options.max_queue = config.max_queue;
  options.queue_timeout = config.queue_timeout;
  options.allowed = AllowList(config.allowed);
  options.incomplete = config.incomplete;
  options.spool = config.spool;
  service = std::make_unique<ScanService>(
      std::move(options), [this] { ScheduleWork(); },
      [this](const ScanRequest& request, const ScanOutcome& outcome) { Observe(request, outcome); });
  service->SetAfter([this](ScanRequest&& request, const ScanOutcome& outcome) {
    if (beside.is_on() && !stopping)
      beside.Offer(std::move(request), outcome, [&] { return EventOfOutcome(request, outcome); });
  });
  pool_watch = loop.OnReadable(service->poll_fd(), [this] { service->Work(); });
}

// Not while it would be asked by itself: a socket that systemd has made is in no configuration.
void Daemon::Impl::ConfigureBeside() {
  SideBySideOptions options = config.side_by_side;
  for (const BoundSocket& one : bound) {
    if (options.is_on() && (one.where == options.clamd || one.where == options.kav)) {
      Report("side by side: " + one.where + " is this daemon's own");
      options = SideBySideOptions();
    }
  }
  if (beside.is_on()) Log(Level::kInfo, beside.Summary());
  beside.Configure(options);
}

void Daemon::Impl::TakeBeside() {
  for (SideBySide::News& news : beside.TakeNews()) {
    switch (news.kind) {
      case SideBySide::News::Kind::kDifference:
        Log(Level::kInfo, news.event.protocol + ": " + events::Headline(news.event));
        Write(std::move(news.event));
        break;
      case SideBySide::News::Kind::kTrouble: Report("side by side: " + news.text); break;
      case SideBySide::News::Kind::kGood: Log(Level::kInfo, "side by side: " + news.text); break;
    }
  }
}

void Daemon::Impl::ScheduleWork() {
  if (std::exchange(work_posted, true)) return;
  loop.Post([this] {
    work_posted = false;
    service->Work();
  });
}

void Daemon::Impl::MakeAccess() {
  OpenerLinkOptions options;
  if (opener_child.socket.valid()) {
    options.connected = std::move(opener_child.socket);
  } else {
    options.socket_path = config.opener_socket;
  }
  options.on_connected = [this](const opener::Hello& hello) {
    Log(Level::kInfo,
        hello.on_access ? "the opener is there; files are scanned as they are opened" : "the opener is there");
    on_access->SetAllowOnTimeout(hello.allow_on_timeout);
    Learn();
  };
  options.on_lost = [this](const std::string& why) {
    on_access->Forget();
    Report("the opener: " + why + "; nothing is watched, and paths of other users are refused");
  };
  options.on_access = [this](std::uint64_t id, const opener::AccessEvent& event, os::Fd file) {
    on_access->Handle(id, event, std::move(file));
  };
  options.on_notice = [this](const opener::Notice& notice) { OnNotice(notice); };
  link = std::make_unique<OpenerLink>(loop, std::move(options));
  std::optional<TcpUser> tcp_user;
  if (!config.clamd.tcp_path_user.empty()) {
    const auto found = FindUser(config.clamd.tcp_path_user);
    if (found && found->uid != 0) {
      tcp_user = TcpUser{found->uid, found->gid};
    } else if (!config.clamd.tcp.empty()) {
      Log(Level::kWarning, "clamd: tcp_path_user: no user " + config.clamd.tcp_path_user +
                               " without root's rights; paths by TCP are refused");
    }
  }
  walks = std::make_unique<Walks>(loop, link.get(), tcp_user);
  on_access = std::make_unique<OnAccess>(*service, *link);
  on_access->OnDone([this](const opener::AccessEvent& access, const ScanOutcome& outcome, bool allowed) {
    if (outcome.kind == ScanOutcome::Kind::kClean && outcome.allowed_by.empty()) return;
    ScanRequest request;
    request.path = access.path;
    request.protocol = Protocol::kOnAccess;
    request.peer.is_local = true;
    request.peer.uid = access.uid;
    request.peer.pid = static_cast<pid_t>(access.pid);
    events::Event event = EventOfOutcome(request, outcome);
    event.client.exe = access.program;
    const bool waits = access.kind != opener::AccessKind::kWritten;
    if (outcome.kind == ScanOutcome::Kind::kBusy) {
      // Once in a while, as above.
      if (Clock::now() < told_access_busy) return;
      told_access_busy = Clock::now() + std::chrono::seconds(10);
      event.kind = events::EventKind::kQueueFull;
      event.verdict.reset();
      event.text = outcome.problem;
    }
    event.action = !waits ? events::Action::kNone : allowed ? events::Action::kAllowed : events::Action::kBlocked;
    Write(std::move(event));
  });
  const auto taken = [this](const std::string& path, const ScanOutcome& outcome, const opener::Taken& how) {
    events::Event event = events::EventOf(path, outcome.report);
    const bool good = how.outcome == opener::TakeOutcome::kTaken;
    event.kind = good ? events::EventKind::kQuarantined : events::EventKind::kTrouble;
    event.action = good ? events::Action::kQuarantined : events::Action::kNone;
    event.why = good ? "quarantine " + how.id : "";
    event.text = good ? "moved into quarantine as " + how.id : "not moved into quarantine: " + how.reason;
    Log(good ? Level::kInfo : Level::kWarning, path + ": " + event.text);
    Write(std::move(event));
  };
  on_access->OnTaken(taken);
  Scheduler::Reports reports;
  reports.event = [this](events::Event event) {
    Log(Level::kInfo, "schedule " + event.schedule + ": " + events::Headline(event));
    Write(std::move(event));
  };
  reports.quarantine = [this](const std::string& path, const ScanOutcome& outcome, int file,
                              const std::optional<os::FileState>& state) {
    on_access->Quarantine(path, outcome, file, state, "schedule");
  };
  scheduler = std::make_unique<Scheduler>(*service, *walks, std::move(reports));
}

void Daemon::Impl::OnNotice(const opener::Notice& notice) {
  std::optional<events::Event> event = EventOfNotice(notice);
  if (!event) return Log(Level::kInfo, "on access: " + notice.text);
  Log(Level::kWarning, "on access: " + events::Headline(*event) + (event->why.empty() ? "" : " (" + event->why + ")"));
  Write(std::move(*event));
}

// What verdicts depend on besides bytes, with the content that there is: asked of a
// worker, in a thread that does nothing else, as it takes its time.
void Daemon::Impl::Learn() {
  if (service->content() == nullptr) return;
  // Whatever was kept by the opener counts no more, and nothing is kept until this is known.
  on_access->SetCacheable(link->NextGeneration(), false);
  if (std::exchange(learning, true)) {
    learn_again = true;
    return;
  }
  Lesson lesson;
  lesson.generation = link->generation();
  lesson.load = loads;
  auto files = std::make_shared<std::vector<os::Fd>>();
  for (const os::Fd& file : service->content()->files) {
    files->emplace_back(::fcntl(file.get(), F_DUPFD_CLOEXEC, 0));
  }
  const auto learn = [this, lesson, files, program = programs.worker]() mutable {
    sandbox::Question question;
    question.worker_program = program;
    for (const os::Fd& file : *files) question.databases.push_back(file.get());
    if (const auto answer = sandbox::Summarize(question); answer.value) {
      lesson.dependence = {};
      lesson.entries = 0;
      for (const auto& unit : answer.value->units) {
        lesson.dependence.names = lesson.dependence.names || unit.uses_names;
        lesson.dependence.varies = lesson.dependence.varies || unit.varies;
      }
      for (const auto& source : answer.value->sources) *lesson.entries += source.rules;
      for (const auto& source : answer.value->signature_sources) {
        for (const auto& count : source.loaded) *lesson.entries += count.count;
      }
    }
    loop.Post([this, lesson] { Learned(lesson); });
  };
  const bool is_whole = std::all_of(files->begin(), files->end(), [](const os::Fd& file) { return file.valid(); });
  try {
    if (is_whole) {
      learner = std::thread(learn);
      return;
    }
  } catch (const std::system_error&) {
    // As many threads or processes as there may be.
  }
  // Out of descriptors or threads: then nothing is kept.
  learning = false;
  Log(Level::kWarning, "what verdicts depend on cannot be asked now, so none is kept until the next reload");
}

void Daemon::Impl::Learned(const Lesson& lesson) {
  if (learner.joinable()) learner.join();
  learning = false;
  if (std::exchange(learn_again, false)) return Learn();
  if (lesson.load == loads) {
    service->SetDependence(lesson.dependence);
    entries = lesson.entries;
  }
  const bool cacheable = !lesson.dependence.names && !lesson.dependence.varies;
  on_access->SetCacheable(lesson.generation, cacheable);
  if (link->connected() && !cacheable) {
    Log(Level::kInfo, "on access: the content has rules about names or times, so no verdict is kept");
  }
}

void Daemon::Impl::LoadContent() {
  manager->Load(service->content() == nullptr, [this](dl::daemon::Loaded loaded) { Loaded(std::move(loaded)); });
  if (manager->compiling()) Log(Level::kInfo, "compiling the content");
}

void Daemon::Impl::Loaded(dl::daemon::Loaded loaded) {
  if (!loaded.problem.empty()) {
    if (loaded.content.files.empty() && !is_ready) {
      Log(Level::kError, loaded.problem);
      exit_code = kTrouble;
      return loop.Stop();
    }
    Report(loaded.problem);
  }
  if (loaded.content.files.empty()) return;
  // A file that is half written, say: what is in place finds more. It is looked at again when it changes.
  if (is_ready && loaded.lacks_some) return Report("the content stays as it is");
  service->Use(std::move(loaded.content), [this](const std::string& problem) {
    if (!problem.empty()) {
      if (!is_ready) {
        Log(Level::kError, problem);
        exit_code = kTrouble;
        return loop.Stop();
      }
      return Report("the new content is not used: " + problem);
    }
    loaded_at = std::time(nullptr);
    ++loads;
    entries.reset();
    Learn();
    if (!is_ready) return Ready();
    // Who hears of it may rely on it: not before the opener has forgotten what was clean.
    link->WhenCounting([this, version = service->content()->version] {
      Log(Level::kInfo, "reloaded: content " + version);
      WriteOwn(events::EventKind::kReloaded, "content " + version);
    });
  });
}

void Daemon::Impl::Ready() {
  is_ready = true;
  ListenAll();
  std::string where;
  for (const BoundSocket& one : bound) where += (where.empty() ? "" : ", ") + one.name + " on " + one.where;
  const report::WallSet missing = programs.worker.walls & ~service->walls().held;
  if (missing != 0) {
    Report("fewer walls than usual around what reads hostile bytes; missing: " + report::WallNames(missing));
  }
  Log(Level::kInfo, "ready: " + (where.empty() ? "no client is listened to" : where));
  WriteOwn(events::EventKind::kStarted, "Daylight " DAYLIGHT_VERSION);
  notifier.Tell("READY=1");
  if (settings.ready) settings.ready();
  for (const std::string& problem : scheduler->Configure(config.schedules, std::time(nullptr))) Report(problem);
}

std::string Daemon::Impl::ClamdVersion() const {
  const Content* content = service->content();
  if (content == nullptr) return "ClamAV 1.4.6";
  return "ClamAV 1.4.6/" + ContentNumber(*content) + "/" + TimeText(content->modified);
}

std::string Daemon::Impl::ClamdStats() {
  const std::uint64_t workers = service->workers();
  const std::uint64_t busy = std::min<std::uint64_t>(workers, service->in_flight());
  // Some files of /proc for each worker: not for each who asks.
  if (Clock::now() >= next_memory) {
    next_memory = Clock::now() + std::chrono::seconds(1);
    worker_bytes = 0;
    for (const pid_t pid : service->worker_pids()) worker_bytes += sandbox::PrivateBytes(pid).value_or(0);
  }
  const std::string megabytes = std::to_string(worker_bytes >> 20) + ".000M";
  return "POOLS: 1\n\nSTATE: VALID PRIMARY\nTHREADS: live " + std::to_string(workers) + "  idle " +
         std::to_string(workers - busy) + " max " + std::to_string(workers) +
         " idle-timeout 30\nQUEUE: " + std::to_string(service->queued()) +
         " items\n\nMEMSTATS: heap N/A mmap N/A used N/A free N/A releasable N/A pools 1 pools_used " + megabytes +
         " pools_total " + megabytes + "\n";
}

Gauges Daemon::Impl::MakeGauges() const {
  Gauges gauges;
  gauges.queued = service->queued();
  gauges.in_flight = service->in_flight();
  gauges.workers = service->workers();
  gauges.workers_lost = service->workers_lost();
  gauges.connections = server->connections();
  gauges.spool = service->spool().use();
  if (const Content* content = service->content()) {
    gauges.database_age_seconds =
        static_cast<std::uint64_t>(std::max<std::int64_t>(0, std::time(nullptr) - content->modified));
  }
  gauges.started = static_cast<std::uint64_t>(started);
  return gauges;
}

// Of the content and of what decides what it means: 32 characters at most (RFC 3507, 4.7).
std::string Daemon::Impl::IsTag() const {
  const Content* content = service->content();
  return "DL-" + std::to_string(settings_number) + "-" + (content != nullptr ? content->version.substr(0, 20) : "none");
}

ApiHealth Daemon::Impl::MakeHealth() const {
  ApiHealth health;
  health.is_ready = is_ready && service->problem().empty() && !stopping;
  health.version = DAYLIGHT_VERSION;
  if (const Content* content = service->content()) {
    ApiHealth::Database database;
    database.name = content->version;
    database.version = ContentNumber(*content);
    database.loaded_at = loaded_at;
    database.entries = entries;
    health.databases.push_back(std::move(database));
  }
  return health;
}

void Daemon::Impl::ListenAll() {
  for (BoundSocket& one : bound) {
    server->Listen(std::move(one.socket), one.protocol, sessions->Factory(one.name, one.is_guarded()));
  }
}

void Daemon::Impl::ApplyConfig() {
  sessions->Configure(config);
  ++settings_number;
  service->Configure(AllowList(config.allowed), config.incomplete);
  server->Configure(config.clients);
  ConfigureBeside();
  OnAccessChoices choices;
  choices.quarantine = config.quarantine_on_access;
  choices.allow_on_failure = !config.incomplete.Blocks(Protocol::kOnAccess);
  on_access->Configure(choices);
  manager->Configure(config.content);
}

// The configuration anew, and the content. Sockets, users and workers stay as they are.
void Daemon::Impl::Reload() {
  notifier.Tell("RELOADING=1");
  DaemonConfig anew;
  if (settings.reread && settings.reread(anew)) {
    config = std::move(anew);
    MakeFolders(config, std::nullopt);
    ApplyConfig();
    keeper.Open(config);
    for (const std::string& problem : scheduler->Configure(config.schedules, std::time(nullptr))) Report(problem);
  } else {
    Report("the configuration is not reloaded");
  }
  keeper.Reopen();
  LoadContent();
  notifier.Tell("READY=1");
}

void Daemon::Impl::BeginStop(const char* why) {
  if (std::exchange(stopping, true)) return;
  Log(Level::kInfo, std::string("ending: ") + why);
  notifier.Tell("STOPPING=1");
  stop_by = Clock::now() + kStopLimit;
  server->StopListening();
  server->Drain();
  scheduler->Stop();
  if (!is_ready) FinishStop();
}

void Daemon::Impl::FinishStop() {
  TakeBeside();
  if (beside.is_on()) Log(Level::kInfo, beside.Summary());
  WriteOwn(events::EventKind::kStopped, "");
  keeper.Flush();
  loop.Stop();
}

void Daemon::Impl::OnSignals() {
  for (const int signal : {SIGTERM, SIGINT}) {
    loop.OnSignal(signal, [this, signal] { BeginStop(signal == SIGTERM ? "SIGTERM" : "SIGINT"); });
  }
  loop.OnSignal(SIGHUP, [this] { Reload(); });
  loop.OnSignal(SIGUSR1, [this] { scheduler->Pause(true); });
  loop.OnSignal(SIGUSR2, [this] { scheduler->Pause(false); });
}

void Daemon::Impl::Tick() {
  const auto now = Clock::now();
  service->Work();
  if (stopping) {
    server->Drain();
    if ((server->connections() == 0 && service->idle()) || now >= stop_by) return FinishStop();
  }
  keeper.Tick(now);
  if (beside.is_on()) TakeBeside();
  if (reload_asked && is_ready && !stopping && !service->is_loading() && !manager->compiling() && now >= next_reload) {
    reload_asked = false;
    next_reload = now + kReloadPause;
    Reload();
  }
  if (notifier.watchdog_ms() > 0 && now >= next_watchdog) {
    notifier.Tell("WATCHDOG=1");
    next_watchdog = now + milliseconds(notifier.watchdog_ms());
  }
  if (now < next_second) return;
  next_second = now + std::chrono::seconds(1);
  keeper.Flush();
  if (!stopping && is_ready) scheduler->Tick(std::time(nullptr));
  pid_t& opener = opener_child.pid;
  if (opener > 0 && ::waitpid(opener, nullptr, WNOHANG) == opener) opener = -1;
  if (config.content.self_check.count() == 0 || now < next_check) return;
  const bool is_first = next_check == Clock::time_point();
  next_check = now + config.content.self_check;
  if (!is_first && !stopping && is_ready && !manager->compiling() && manager->HasChanged()) LoadContent();
}

bool Daemon::Impl::Prepare() {
  RaiseDescriptorLimit();
  if (!FindPrograms(programs)) return false;
  std::optional<Account> account;  // Whom to become.
  if (::geteuid() == 0 && !config.user.empty()) account = FindUser(config.user);
  notifier = os::Notifier::FromEnvironment();
  MakeFolders(config, account);
  if (!BindSockets(config, std::move(settings.passed), account, bound)) return false;
  if (!StartOpener(config, programs.opener, settings.config_path, opener_child)) return false;
  if (!DropRights(config, account)) return false;
  MakeFolders(config, std::nullopt);  // Those that are made with our own rights.
  keeper.Open(config);
  MakeService();
  server = std::make_unique<Server>(loop, config.clients, service->metrics());
  MakeAccess();
  ContentOptions options;
  options.content = config.content;
  options.compiler = programs.compiler;
  options.folder = os::Join(config.state_folder, "content");
  options.version = DAYLIGHT_VERSION;
  options.tell = [](const std::string& text) { Log(Level::kInfo, text); };
  manager = std::make_unique<ContentManager>(loop, std::move(options));
  SessionHooks session_hooks;
  session_hooks.clamd_version = [this] { return ClamdVersion(); };
  session_hooks.clamd_stats = [this] { return ClamdStats(); };
  session_hooks.istag = [this] { return IsTag(); };
  session_hooks.health = [this] { return MakeHealth(); };
  session_hooks.metrics = [this] { return service->metrics().ToPrometheus(MakeGauges()) + beside.ToPrometheus(); };
  session_hooks.reload = [this] { reload_asked = true; };
  session_hooks.shutdown = [this] { loop.Post([this] { BeginStop("SHUTDOWN"); }); };
  sessions = std::make_unique<Sessions>(*service, *walks, std::move(session_hooks));
  ApplyConfig();
  OnSignals();
  tick = loop.Every(kTick, [this] { Tick(); });
  return true;
}

Daemon::Daemon(DaemonSettings settings) : impl_(std::make_unique<Impl>(std::move(settings))) {}

Daemon::~Daemon() {
  if (impl_->learner.joinable()) impl_->learner.join();
}

int Daemon::Run() {
  if (!impl_->Prepare()) return kTrouble;
  impl_->LoadContent();
  impl_->loop.Run();
  return impl_->exit_code;
}

}  // namespace dl::daemon
