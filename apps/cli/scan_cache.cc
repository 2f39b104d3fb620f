#include "scan_cache.h"

#include "daylight/os/io.h"
#include "daylight/sandbox/ask.h"
#include "daylight/sandbox/cache_folder.h"
#include "messages.h"
#include "signals.h"

namespace dl::cli {

namespace {

// Of a worker, which has seen nothing but the content.
bool AskNeeds(const sandbox::VerdictCache::Configuration& configuration, const LoadedContent& content,
              sandbox::VerdictCache& cache) {
  sandbox::Question question;
  question.worker_program = configuration.worker_program;
  question.databases = content.descriptors();
  question.settings = configuration.settings;
  question.stop = &StopFlag();
  const auto summary = sandbox::Summarize(question);
  if (summary.value) cache.SetNeeds(summary.value->units);
  return summary.value.has_value();
}

}  // namespace

std::unique_ptr<ScanCache> ScanCache::Open(const sandbox::VerdictCache::Configuration& configuration,
                                           const LoadedContent& content) {
  std::string folder;
  auto opened = sandbox::OpenCacheFolder(folder);
  if (!opened) {
    Warn((folder.empty() ? "" : folder + ": ") + os::Describe(opened.error()) + "; no verdict is kept");
    return nullptr;
  }
  auto cache = sandbox::VerdictCache::Open(std::move(*opened), configuration, sandbox::UnitDigests(content.databases));
  if (!cache) {
    Warn(os::Describe(cache.error()) + "; no verdict is kept");
    return nullptr;
  }
  // What is wrong with the content, the scan will say.
  if (!cache->knows_units() && !AskNeeds(configuration, content, *cache)) return nullptr;
  os::GiveWayToWriters();
  return std::unique_ptr<ScanCache>(new ScanCache(std::move(*cache), content, std::move(folder)));
}

ScanCache::ScanCache(sandbox::VerdictCache cache, const LoadedContent& content, std::string folder)
    : cache_(std::move(cache)), content_(content), folder_(std::move(folder)), content_states_(ContentStates()) {}

std::vector<std::optional<os::FileState>> ScanCache::ContentStates() const {
  std::vector<std::optional<os::FileState>> states;
  for (const os::Fd& file : content_.files) states.push_back(os::StateOf(file.get()));
  return states;
}

bool ScanCache::IsKnown(const os::FoundFile& file, const report::ObjectNames& names) {
  const auto file_system = disks_.Find(file.state.device, file.at);
  if (!file_system) return false;
  return cache_.CleanBy(cache_.Wanted(file.state, *file_system, names)) == cache_.all_units();
}

void ScanCache::Begin(sandbox::ScanItem& item) {
  const int fd = item.fd.get();
  if (fd < 0 || item.report) return;
  // The lease first: what is seen under it stays.
  os::ReadLease lease = os::ReadLease::Take(fd);
  const auto state = os::StateOf(fd);
  const auto file_system = state ? disks_.Find(state->device, fd) : std::nullopt;
  if (!file_system || !state->is_regular()) return;
  const sandbox::VerdictRecord wanted = cache_.Wanted(*state, *file_system, item.names);
  item.skip_units = cache_.CleanBy(wanted);
  // Became clean by all while it was walked to.
  if (item.skip_units == cache_.all_units()) item.skip_units = 0;
  item.candidate = sandbox::VerdictCache::Begin(wanted, *state, std::move(lease));
}

void ScanCache::End() {
  if (ContentStates() != content_states_) {
    Warn("the content changed while it was used; no verdict is kept");
    return;
  }
  if (const Status saved = cache_.Save(); !saved)
    Warn(folder_ + ": no verdict is kept: " + os::Describe(saved.error()));
}

}  // namespace dl::cli
