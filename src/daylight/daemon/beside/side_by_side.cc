#include "daylight/daemon/beside/side_by_side.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <iterator>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "daylight/crypto/digest.h"
#include "daylight/os/open_file.h"

namespace dl::daemon {

namespace {

using Clock = std::chrono::steady_clock;
using report::Verdict;

// So many questions in a row without an answer, and then a pause that grows.
constexpr std::uint32_t kPatientFailures = 3;
constexpr auto kFirstPause = std::chrono::seconds(1);
constexpr auto kLongestPause = std::chrono::seconds(60);
// Between two events that say so.
constexpr auto kTellEvery = std::chrono::minutes(10);
// Events of differences: at once, and then each minute. Another scanner that goes mad must not push
// everything else out of the store.
constexpr double kMostAtOnce = 1000;
constexpr double kEachMinute = 100;
constexpr auto kEndTime = std::chrono::seconds(2);

std::optional<Verdict> OurVerdict(const ScanOutcome& outcome) {
  switch (outcome.kind) {
    case ScanOutcome::Kind::kClean: return Verdict::kClean;
    case ScanOutcome::Kind::kInfected: return Verdict::kDetected;
    case ScanOutcome::Kind::kIncomplete: return Verdict::kIncomplete;
    case ScanOutcome::Kind::kFailed: return Verdict::kFailed;
    case ScanOutcome::Kind::kBusy: break;
  }
  return std::nullopt;
}

std::string_view Official(std::string_view name) {
  constexpr std::string_view kSuffix = ".UNOFFICIAL";
  if (name.ends_with(kSuffix)) name.remove_suffix(kSuffix.size());
  return name;
}

std::size_t Index(Verdict verdict) { return std::min<std::size_t>(static_cast<std::size_t>(verdict), 3); }

}  // namespace

std::optional<OtherScanner> ScannerOf(const SideBySideOptions& options) {
  const int named = !options.clamd.empty() + !options.kav.empty() + !options.command.empty();
  if (named != 1) return std::nullopt;
  if (!options.clamd.empty()) return OtherScanner::Clamd(options.clamd);
  if (!options.kav.empty()) return OtherScanner::Kav(options.kav);
  return OtherScanner::Command(options.command);
}

bool IsInShare(const std::array<std::uint8_t, 32>& sha256, double share) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8; ++i) value = value << 8 | sha256[i];
  // 53 bits, which a double has whole.
  return static_cast<double>(value >> 11) < share * 9007199254740992.0;
}

bool HaveCommonName(const std::vector<std::string>& ours, const std::vector<std::string>& theirs) {
  return std::any_of(ours.begin(), ours.end(), [&](const std::string& our) {
    return std::any_of(theirs.begin(), theirs.end(),
                       [&](const std::string& their) { return Official(our) == Official(their); });
  });
}

struct SideBySide::Item {
  ~Item() { os::ClosePatiently(std::move(fd), whose); }

  os::Fd fd;
  std::string whose;  // By whom a descriptor that does not close counts.
  std::string bytes;
  std::uint64_t size = 0;
  std::int64_t modified_ns = 0;
  bool is_prompt = true;
  bool is_ours = false;
  std::uint64_t kept_bytes = 0;
  Verdict verdict = Verdict::kClean;
  std::vector<std::string> names;
  events::Event event;

  AskedObject Asked() const {
    AskedObject object;
    object.fd = fd.get();
    object.bytes = bytes;
    object.size = size;
    object.is_prompt = is_prompt;
    object.is_ours = is_ours;
    return object;
  }
  // Of what was scanned; only for what makes nobody wait. False: it has changed, or cannot be read.
  bool Digest() {
    if (event.sha256) return true;
    if (!is_prompt) return false;
    crypto::Sha256 sha256;
    std::array<char, 64u << 10> piece;
    const AskedObject object = Asked();
    for (std::uint64_t offset = 0; offset < size;) {
      const std::int64_t n = object.ReadAt(offset, piece);
      if (n <= 0) return false;
      sha256.Update(std::as_bytes(std::span(piece).first(static_cast<std::size_t>(n))));
      offset += static_cast<std::uint64_t>(n);
    }
    const auto value = sha256.Finish();
    auto& out = event.sha256.emplace();
    std::transform(value.begin(), value.end(), out.begin(),
                   [](std::byte b) { return std::to_integer<std::uint8_t>(b); });
    return true;
  }
  // Whether it may be other bytes by now than those that were scanned.
  bool HasChanged() const {
    if (!fd.valid() || modified_ns == 0) return false;
    const auto now = os::LookAtOpen(fd.get());
    return !now || now->size != size || now->modified_ns != modified_ns;
  }
};

// What stays when the configuration changes.
struct SideBySide::Shared {
  std::mutex mutex;
  std::condition_variable ended;
  std::size_t threads = 0;
  Counts counts;
  std::deque<News> news;
  double tokens = kMostAtOnce;
  Clock::time_point filled = Clock::now();
  Clock::time_point tell_after{};

  bool MayWrite() {
    const auto now = Clock::now();
    const double minutes = std::chrono::duration<double>(now - filled).count() / 60;
    tokens = std::min(kMostAtOnce, tokens + minutes * kEachMinute);
    filled = now;
    if (tokens < 1) return false;
    tokens -= 1;
    return true;
  }
};

// One configuration's; its threads keep it.
struct SideBySide::State {
  State(const SideBySideOptions& given, OtherScanner other, std::shared_ptr<Shared> with)
      : options(given), scanner(std::move(other)), shared(std::move(with)), stop(::eventfd(0, EFD_CLOEXEC)) {}

  void Start(const std::shared_ptr<State>& self);
  void Run();
  void Compare(Item& item);
  void Decide(Item& item, const OtherAnswer& answer);
  void Missed(const std::string& problem);

  const SideBySideOptions options;
  const OtherScanner scanner;
  const std::shared_ptr<Shared> shared;
  const os::Fd stop;  // Readable once it is over.
  // By the mutex of `shared`:
  std::condition_variable changed;
  std::deque<std::unique_ptr<Item>> queue;
  std::uint64_t kept_bytes = 0;  // Of what waits and what is asked about.
  std::size_t threads = 0;
  bool over = false;
  std::uint32_t failures = 0;  // Without an answer in between.
  bool is_away = false;
  std::chrono::seconds pause{0};
  Clock::time_point not_before{};
};

void SideBySide::State::Start(const std::shared_ptr<State>& self) {
  // Signals are for the thread that waits for them.
  sigset_t all;
  sigset_t old;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &old);
  const std::lock_guard lock(shared->mutex);
  try {
    for (std::uint32_t i = 0; stop.valid() && i < options.parallel; ++i) {
      std::thread([self] { self->Run(); }).detach();
      ++threads;
      ++shared->threads;
    }
  } catch (const std::system_error&) {
    // As many as there may be; with none, all is dropped.
  }
  ::pthread_sigmask(SIG_SETMASK, &old, nullptr);
}

void SideBySide::State::Run() {
  std::unique_lock held(shared->mutex);
  for (;;) {
    changed.wait(held, [&] { return over || !queue.empty(); });
    if (over) break;
    std::unique_ptr<Item> item = std::move(queue.front());
    queue.pop_front();
    const std::uint64_t kept = item->kept_bytes;
    if (Clock::now() < not_before) {
      ++shared->counts.dropped;
    } else {
      held.unlock();
      Compare(*item);
      held.lock();
    }
    held.unlock();
    item.reset();  // Closing may ask somebody; not under the lock.
    held.lock();
    kept_bytes -= kept;
  }
  --shared->threads;
  shared->ended.notify_all();
}

void SideBySide::State::Compare(Item& item) {
  const auto leave_out = [&] {
    const std::lock_guard lock(shared->mutex);
    ++shared->counts.left_out;
  };
  if (options.share < 1 && (!item.Digest() || !IsInShare(*item.event.sha256, options.share))) return leave_out();
  {
    const std::lock_guard lock(shared->mutex);
    if (over) return;
    ++shared->counts.asked;
  }
  const OtherAnswer answer = scanner.Ask(item.Asked(), Patience(stop.get(), Clock::now() + options.timeout));
  // Of bytes that nobody can change it is the digest, else as near as one comes to it.
  const bool is_good = answer.kind == OtherAnswer::Kind::kVerdict;
  if (answer.kind == OtherAnswer::Kind::kUnfit || (is_good && item.HasChanged())) return leave_out();
  if (is_good && answer.verdict != item.verdict) item.Digest();
  const std::lock_guard lock(shared->mutex);
  if (over) return;
  if (!is_good) return Missed(answer.problem);
  failures = 0;
  pause = std::chrono::seconds(0);
  if (std::exchange(is_away, false)) {
    News news;
    news.kind = News::Kind::kGood;
    news.text = std::string(scanner.name()) + " answers again";
    shared->news.push_back(std::move(news));
  }
  Decide(item, answer);
}

void SideBySide::State::Decide(Item& item, const OtherAnswer& answer) {
  Counts& counts = shared->counts;
  ++counts.verdicts[Index(item.verdict)][Index(answer.verdict)];
  const bool other_names = options.names && answer.verdict == Verdict::kDetected && !answer.names.empty() &&
                           !HaveCommonName(item.names, answer.names);
  if (answer.verdict == item.verdict && !other_names) {
    ++counts.agreed;
    return;
  }
  ++counts.differed;
  if (!shared->MayWrite()) {
    ++counts.unwritten;
    return;
  }
  News news;
  news.event = std::move(item.event);
  news.event.kind = events::EventKind::kDifference;
  news.event.verdict = item.verdict;
  news.event.theirs = events::OtherVerdict{scanner.name(), answer.verdict, answer.names};
  if (!answer.problem.empty()) {
    if (!news.event.text.empty()) news.event.text += "; ";
    news.event.text += std::string(scanner.name()) + ": " + answer.problem;
  }
  shared->news.push_back(std::move(news));
}

// Under the lock.
void SideBySide::State::Missed(const std::string& problem) {
  ++shared->counts.failed;
  if (++failures >= kPatientFailures) {
    pause = std::min<std::chrono::seconds>(kLongestPause, pause.count() == 0 ? kFirstPause : pause * 2);
    not_before = Clock::now() + pause;
    is_away = true;
  }
  if (Clock::now() < shared->tell_after) return;
  shared->tell_after = Clock::now() + kTellEvery;
  News news;
  news.kind = News::Kind::kTrouble;
  news.text = std::string(scanner.name()) + " does not answer: " + problem;
  shared->news.push_back(std::move(news));
}

SideBySide::SideBySide() : shared_(std::make_shared<Shared>()) {}

SideBySide::~SideBySide() {
  if (state_) Retire(*state_);
  // A command that still runs is killed by the thread that runs it.
  std::unique_lock held(shared_->mutex);
  shared_->ended.wait_for(held, kEndTime, [&] { return shared_->threads == 0; });
}

void SideBySide::Retire(State& state) {
  std::deque<std::unique_ptr<Item>> waiting;
  {
    const std::lock_guard lock(state.shared->mutex);
    state.over = true;
    state.shared->counts.dropped += state.queue.size();
    waiting.swap(state.queue);
    state.changed.notify_all();
  }
  static_cast<void>(::eventfd_write(state.stop.get(), 1));
}

void SideBySide::Configure(const SideBySideOptions& options) {
  if (options == options_) return;
  if (state_) Retire(*state_);
  state_.reset();
  options_ = options;
  std::optional<OtherScanner> scanner = ScannerOf(options);
  if (!scanner) return;
  state_ = std::make_shared<State>(options, std::move(*scanner), shared_);
  state_->Start(state_);
}

void SideBySide::Offer(ScanRequest&& request, const ScanOutcome& outcome, const std::function<events::Event()>& event) {
  if (!state_) return;
  const auto ours = OurVerdict(outcome);
  if (!ours) return;  // We have not even tried.
  const auto& protocols = options_.protocols;
  const char* const protocol = ProtocolName(request.protocol);
  if (!protocols.empty() && std::find(protocols.begin(), protocols.end(), protocol) == protocols.end()) return;
  // What comes from the other scanner itself: it would be asked for ever.
  const pid_t pid = request.peer.is_local ? request.peer.pid : 0;
  if (pid > 0 && (pid == ::getpid() || IsAskedCommand(pid) || IsAskedCommand(request.peer.session))) return;
  const std::lock_guard lock(shared_->mutex);
  Counts& counts = shared_->counts;
  if ((!request.fd.valid() && request.bytes.size() != request.size) || request.size > options_.max_size) {
    ++counts.left_out;
    return;
  }
  if (outcome.report.sha256 && !IsInShare(*outcome.report.sha256, options_.share)) {
    ++counts.left_out;
    return;
  }
  if (state_->threads == 0 || state_->queue.size() >= options_.max_queue || Clock::now() < state_->not_before) {
    ++counts.dropped;
    return;
  }
  auto item = std::make_unique<Item>();
  struct statx info {};
  if (request.fd.valid()) {
    // Asks nobody, as os::LookAtOpen().
    constexpr int kAskNobody = AT_EMPTY_PATH | AT_STATX_DONT_SYNC;
    if (::statx(request.fd.get(), "", kAskNobody, STATX_NLINK | STATX_UID, &info) != 0) return;
    // What has no name takes room for us alone, once the client has gone.
    const bool is_nameless = info.stx_nlink == 0;
    item->is_ours = is_nameless && info.stx_uid == ::geteuid();
    if (is_nameless) item->kept_bytes = request.size;
  } else {
    item->kept_bytes = request.bytes.size();
  }
  if (item->kept_bytes > options_.max_waiting || state_->kept_bytes > options_.max_waiting - item->kept_bytes) {
    ++counts.dropped;
    return;
  }
  item->fd = std::move(request.fd);
  item->whose = request.peer.limit_key;
  item->bytes = std::move(request.bytes);
  item->size = request.size;
  item->modified_ns = request.modified_ns;
  item->is_prompt = request.is_prompt;
  item->verdict = *ours;
  const std::size_t named = std::min<std::size_t>(outcome.names.size(), events::EventLimits{}.entries);
  item->names.assign(outcome.names.begin(), outcome.names.begin() + static_cast<std::ptrdiff_t>(named));
  item->event = event();
  if (!item->event.size) item->event.size = item->size;
  state_->kept_bytes += item->kept_bytes;
  state_->queue.push_back(std::move(item));
  state_->changed.notify_one();
}

std::vector<SideBySide::News> SideBySide::TakeNews() {
  const std::lock_guard lock(shared_->mutex);
  std::vector<News> news(std::make_move_iterator(shared_->news.begin()), std::make_move_iterator(shared_->news.end()));
  shared_->news.clear();
  return news;
}

std::size_t SideBySide::waiting() const {
  if (!state_) return 0;
  const std::lock_guard lock(shared_->mutex);
  return state_->queue.size();
}

SideBySide::Counts SideBySide::counts() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->counts;
}

std::string SideBySide::Summary() const {
  const Counts now = counts();
  std::string text = fmt::format(
      "side by side with {}: {} asked, {} agreed, {} differed, {} without an answer, {} dropped",
      state_ ? state_->scanner.name() : "nobody", now.asked, now.agreed, now.differed, now.failed, now.dropped);
  if (now.left_out > 0) text += fmt::format(", {} left out", now.left_out);
  if (now.unwritten > 0) text += fmt::format(", {} differences not kept as events", now.unwritten);
  return text;
}

std::string SideBySide::ToPrometheus() const {
  if (!state_) return {};
  const Counts now = counts();
  std::string out;
  const auto put = std::back_inserter(out);
  const auto one = [&](const char* name, const char* type, const char* help, std::uint64_t value) {
    fmt::format_to(put, "# HELP daylight_side_by_side_{0} {1}\n# TYPE daylight_side_by_side_{0} {2}\n", name, help,
                   type);
    fmt::format_to(put, "daylight_side_by_side_{} {}\n", name, value);
  };
  one("asked_total", "counter", "Objects that the other scanner was asked about.", now.asked);
  one("agreed_total", "counter", "Where both say the same.", now.agreed);
  one("differed_total", "counter", "Where they do not.", now.differed);
  one("failed_total", "counter", "Questions without an answer.", now.failed);
  one("dropped_total", "counter", "Not asked: no room, or no answer lately.", now.dropped);
  one("left_out_total", "counter", "Not asked, or not counted: by the share, too large, changed meanwhile.",
      now.left_out);
  one("unwritten_total", "counter", "Differences that came too fast to be kept as events.", now.unwritten);
  one("queue_length", "gauge", "Objects that wait to be asked about.", waiting());
  out +=
      "# HELP daylight_side_by_side_verdicts_total Answers by both verdicts.\n"
      "# TYPE daylight_side_by_side_verdicts_total counter\n";
  constexpr Verdict kVerdicts[] = {Verdict::kClean, Verdict::kDetected, Verdict::kIncomplete, Verdict::kFailed};
  for (const Verdict ours : kVerdicts) {
    for (const Verdict theirs : kVerdicts) {
      fmt::format_to(put, "daylight_side_by_side_verdicts_total{{ours=\"{}\",theirs=\"{}\"}} {}\n",
                     report::VerdictName(ours), report::VerdictName(theirs), now.verdicts[Index(ours)][Index(theirs)]);
    }
  }
  return out;
}

}  // namespace dl::daemon
