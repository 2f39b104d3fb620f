#include "daylight/sandbox/scan_session.h"

#include "daylight/sandbox/verdict.h"

namespace dl::sandbox {

namespace {

constexpr int kTickMs = 100;

}  // namespace

SessionEnd ScanSession::Run(const Next& next, const Reorder::Print& print) {
  Reorder reorder(options_.reorder, print);
  bool exhausted = false;
  ScanPool pool(
      options_, databases_,
      [&]() -> std::optional<ScanItem> {
        if (exhausted) return std::nullopt;
        std::optional<ScanItem> item = next();
        exhausted = !item;
        return item;
      },
      [&](std::uint64_t sequence, ScanItem&& item, report::ObjectReport&& report) {
        const std::size_t bytes = ReportBytes(report) + item.path.size();
        reorder.Finish(sequence, {std::move(item.path), std::move(report)}, bytes);
      });
  const auto stopped = [&] { return options_.stop != nullptr && options_.stop->load(); };
  auto next_tick = std::chrono::steady_clock::now();
  for (;;) {
    if (!pool.failure().empty() || stopped()) break;
    pool.Feed();
    if (exhausted && !pool.has_work()) break;
    pool.Work(kTickMs);
    if (options_.tick && std::chrono::steady_clock::now() >= next_tick) {
      options_.tick();
      next_tick = std::chrono::steady_clock::now() + std::chrono::milliseconds(kTickMs);
    }
  }
  SessionEnd end;
  end.interrupted = stopped();
  end.failure = pool.failure();
  end.workers_lost = pool.workers_lost();
  end.walls = pool.walls();
  end.profile = pool.TakeProfile();
  end.wait_ns = pool.wait_ns();
  pool.End();
  reorder.Flush();
  if (options_.tick) options_.tick();
  return end;
}

}  // namespace dl::sandbox
