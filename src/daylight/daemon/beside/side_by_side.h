// SideBySide asks another scanner about what Daylight has answered already, and says where
// the two differ: for the weeks in which one takes the other's place.
//
//   SideBySide beside;
//   beside.Configure(options);
//   beside.Offer(std::move(request), outcome, [&] { return EventOfOutcome(…); });  // After the client has its answer.
//   for (SideBySide::News& news : beside.TakeNews()) …    // A few times a second.
//
// Nothing of this reaches a client. What is offered waits in a bounded queue, and what does not
// fit is dropped and counted; threads of its own ask, within a time. After some questions without an
// answer none are asked for a while. Its functions are one thread's, and none of them waits, but the
// destructor for as long as a command takes to be killed.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "daylight/daemon/beside/other_scanner.h"
#include "daylight/daemon/service/scanning.h"
#include "daylight/events/event.h"

namespace dl::daemon {

struct SideBySideOptions {
  // One of these; none: nobody is asked.
  std::string clamd;  // The path of a Unix socket, or an address with a port.
  std::string kav;
  std::vector<std::string> command;
  double share = 1;  // Of all objects, by their digest: the same ones each time.
  std::chrono::milliseconds timeout{30'000};
  std::uint32_t parallel = 2;
  std::uint32_t max_queue = 256;
  std::uint64_t max_size = 100u << 20;     // Of one object.
  std::uint64_t max_waiting = 256u << 20;  // Bytes that are kept for this alone.
  std::vector<std::string> protocols;      // Empty: all.
  bool names = false;                      // Other names for what both detect are a difference.
  bool operator==(const SideBySideOptions&) const = default;

  bool is_on() const { return !clamd.empty() || !kav.empty() || !command.empty(); }
};
// Nothing when it is off, or makes no sense.
std::optional<OtherScanner> ScannerOf(const SideBySideOptions& options);
// Whether an object with this digest is in the share that is asked about.
bool IsInShare(const std::array<std::uint8_t, 32>& sha256, double share);
// Whether these say the same of one object, in whatever order; `.UNOFFICIAL` does not count.
bool HaveCommonName(const std::vector<std::string>& ours, const std::vector<std::string>& theirs);

class SideBySide {
 public:
  struct Counts {
    std::uint64_t asked = 0;
    std::uint64_t agreed = 0;
    std::uint64_t differed = 0;
    std::uint64_t failed = 0;     // No answer.
    std::uint64_t dropped = 0;    // No room, or no answer lately.
    std::uint64_t left_out = 0;   // Not in the share, too large, changed meanwhile, not to be handed over.
    std::uint64_t unwritten = 0;  // Differences that came too fast to be kept as events.
    std::array<std::array<std::uint64_t, 4>, 4> verdicts{};  // Ours, theirs; by report::Verdict.
  };
  struct News {
    enum class Kind : std::uint8_t { kDifference, kTrouble, kGood };
    Kind kind = Kind::kDifference;
    events::Event event;  // kDifference
    std::string text;     // kTrouble, kGood: of the scanner.
  };

  SideBySide();
  ~SideBySide();
  SideBySide(const SideBySide&) = delete;
  SideBySide& operator=(const SideBySide&) = delete;

  // What waits when the options change is dropped.
  void Configure(const SideBySideOptions& options);
  bool is_on() const { return state_ != nullptr; }
  // `event`: called here, when there is room, for what an event says of our own outcome.
  void Offer(ScanRequest&& request, const ScanOutcome& outcome, const std::function<events::Event()>& event);
  std::vector<News> TakeNews();
  std::size_t waiting() const;
  Counts counts() const;
  // One line: "side by side with clamd: 12 asked, 11 agreed, …".
  std::string Summary() const;
  // Behind Metrics::ToPrometheus(); empty when it is off.
  std::string ToPrometheus() const;

 private:
  struct State;
  struct Item;
  struct Shared;
  static void Retire(State& state);
  SideBySideOptions options_;
  std::shared_ptr<Shared> shared_;  // Also the threads', which may outlive us.
  std::shared_ptr<State> state_;
};

}  // namespace dl::daemon
