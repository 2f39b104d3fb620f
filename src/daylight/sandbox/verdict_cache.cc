#include "daylight/sandbox/verdict_cache.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>

#include "daylight/crypto/digest.h"
#include "daylight/os/io.h"
#include "daylight/report/protocol.h"
#include "daylight/sandbox/cache_folder.h"

namespace dl::sandbox {

namespace {

constexpr std::string_view kSuffix = ".verdicts";
constexpr std::string_view kDraftSuffix = ".verdicts-new";
constexpr std::size_t kMaxFiles = 8;  // One for each configuration.
constexpr std::uint32_t kMaxDays = 30;
// Use is written down when it is older than this, which costs a new file.
constexpr std::uint32_t kSeenGrainDays = 7;
constexpr std::time_t kMaxDraftAge = 24 * 3600;
constexpr std::time_t kUseGrain = 3600;
// Kernels set times by a clock that ticks every 1 to 10 ms, file systems keep them
// to a second at the coarsest (ext3): a file that changed so long ago gets another
// time with its next change.
constexpr std::int64_t kMinAgeNs = 2'000'000'000;

tl::unexpected<Error> FailErrno(std::string_view what) {
  return Fail(ErrorCode::kIo, what, static_cast<std::uint64_t>(errno));
}

std::int64_t NowNs() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec * std::int64_t{1'000'000'000} + now.tv_nsec;
}

Digest256 Sha256(Bytes bytes) {
  const auto value = crypto::Sha256::Of(bytes);
  Digest256 digest{};
  std::memcpy(digest.data(), value.data(), digest.size());
  return digest;
}

// Everything but the content and the object that a verdict depends on.
std::string Describe(const VerdictCache::Configuration& configuration) {
  std::string text;
  const auto add = [&](std::string_view value) { text += std::to_string(value.size()) + ":" + std::string(value); };
  const auto add_number = [&](auto value) { add(std::to_string(value)); };
  add(configuration.version);
  add_number(configuration.worker_program.walls);
  // What scans is the worker, whatever its version says.
  const os::Fd worker(::open(configuration.worker_program.path.c_str(), O_PATH | O_CLOEXEC));
  if (const auto program = os::StateOf(worker.get())) {
    for (const std::uint64_t value : {program->device, program->inode, program->size}) add_number(value);
    for (const std::int64_t value : {program->modified_ns, program->changed_ns}) add_number(value);
  }
  report::OpenDatabasesMessage settings{configuration.settings};
  settings.settings.now = 0;
  settings.settings.profile = false;  // Changes no answer.
  add(report::Encode(settings));
  return text;
}

std::string Name(std::string_view description) {
  const Digest256 digest = Sha256(AsBytes(description));
  return crypto::Hex(std::as_bytes(std::span(digest).first(16))) + std::string(kSuffix);
}

// A power cut can leave new bytes of a file under its old times, and device numbers
// are given out anew: nothing outlives the boot.
Result<std::string> BootId() { return os::ReadFile("/proc/sys/kernel/random/boot_id", 256); }

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

// For as long as one process takes to write; without the lock, what another one
// adds at the same moment is lost, no more.
class Lock {
 public:
  explicit Lock(int folder) : fd_(::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    for (int attempt = 0; attempt < 50 && ::flock(fd_.get(), LOCK_EX | LOCK_NB) != 0; ++attempt) ::usleep(100'000);
  }

 private:
  os::Fd fd_;
};

}  // namespace

std::vector<Digest256> UnitDigests(const std::vector<std::shared_ptr<const database::Database>>& databases) {
  std::vector<Digest256> digests;
  for (const auto& database : databases) {
    for (std::uint32_t unit = 0; unit < database->unit_count(); ++unit) {
      crypto::Sha256 sha256;
      for (const database::SectionInfo& section : database->sections()) {
        if (section.unit != unit) continue;
        const std::uint64_t head[] = {static_cast<std::uint64_t>(section.kind), section.size};
        sha256.Update(std::as_bytes(std::span(head)));
        sha256.Update(database->file().subspan(section.offset, section.size));
      }
      const auto value = sha256.Finish();
      std::memcpy(digests.emplace_back().data(), value.data(), value.size());
    }
  }
  if (digests.size() <= VerdictTable::kUnits) return digests;
  return {Sha256(std::as_bytes(std::span(digests)))};
}

VerdictCache::VerdictCache(os::Fd folder, std::vector<Digest256> units) : folder_(std::move(folder)) {
  for (const Digest256& digest : units) units_.push_back({digest, true, false, false, 0});
}

Result<VerdictCache> VerdictCache::Open(os::Fd folder, const Configuration& configuration,
                                        std::vector<Digest256> units) {
  DL_TRY(const std::string boot, BootId());
  const std::string description = Describe(configuration);
  VerdictCache cache(std::move(folder), std::move(units));
  cache.name_ = Name(description);
  cache.configuration_ = Sha256(AsBytes(description + boot));
  cache.today_ = static_cast<std::uint32_t>(NowNs() / 1'000'000'000 / 86400);
  cache.table_ = cache.Load();
  cache.knows_units_ = true;
  for (VerdictUnit& unit : cache.units_) {
    const auto place = cache.table_.FindUnit(unit.digest);
    cache.places_.push_back(place);
    if (place) {
      unit = cache.table_.units()[*place];
      cache.uses_names_ = cache.uses_names_ || unit.uses_names;
    } else {
      cache.knows_units_ = false;
    }
  }
  return cache;
}

void VerdictCache::SetNeeds(const std::vector<report::DatabaseSummary::Unit>& needs) {
  const bool is_joined = units_.size() == 1 && needs.size() > VerdictTable::kUnits;
  // An answer that fits nothing, believed in the worst way.
  const bool is_wrong = !is_joined && needs.size() != units_.size();
  uses_names_ = false;
  for (std::size_t i = 0; i < units_.size(); ++i) {
    const std::size_t first = is_joined ? 0 : i;
    const std::size_t end = is_wrong ? first : is_joined ? needs.size() : i + 1;
    units_[i].uses_names = false;
    units_[i].varies = is_wrong;
    for (std::size_t n = first; n < end; ++n) {
      units_[i].uses_names = units_[i].uses_names || needs[n].uses_names;
      units_[i].varies = units_[i].varies || needs[n].varies;
    }
    uses_names_ = uses_names_ || units_[i].uses_names;
  }
  knows_units_ = true;
  is_new_ = !is_wrong;
}

std::uint64_t VerdictCache::all_units() const { return ~std::uint64_t{0} >> (64 - units_.size()); }

VerdictRecord VerdictCache::Wanted(const os::FileState& state, std::uint64_t file_system,
                                   const report::ObjectNames& names) const {
  VerdictRecord wanted;
  wanted.file_system = file_system;
  wanted.device = state.device;
  wanted.inode = state.inode;
  wanted.size = state.size;
  wanted.modified_ns = state.modified_ns;
  wanted.changed_ns = state.changed_ns;
  wanted.born_ns = state.born_ns;
  if (uses_names_) {
    std::string text;
    for (const std::string* name : {&names.filename, &names.filepath, &names.extension, &names.owner}) {
      text += std::to_string(name->size()) + ":" + *name;
    }
    const Digest256 digest = Sha256(AsBytes(text));
    std::memcpy(wanted.names, digest.data(), sizeof wanted.names);
  }
  return wanted;
}

std::uint64_t VerdictCache::CleanBy(const VerdictRecord& wanted) {
  const VerdictRecord* record = table_.Find(wanted);
  if (record == nullptr || !knows_units_) return 0;
  std::uint64_t clean = 0;
  for (std::size_t i = 0; i < units_.size(); ++i) {
    const bool is_clean = places_[i] && !units_[i].varies && (record->units >> *places_[i] & 1) != 0;
    clean |= std::uint64_t{is_clean} << i;
  }
  if (clean != 0 && record->seen + kSeenGrainDays < today_) {
    kept_.push_back(*record);
    kept_.back().units = clean;
    kept_.back().seen = today_;
  }
  return clean;
}

std::optional<VerdictCandidate> VerdictCache::Begin(const VerdictRecord& wanted, const os::FileState& state,
                                                    os::ReadLease lease) {
  // A time to come may come again.
  if (NowNs() - std::max(state.modified_ns, state.changed_ns) < kMinAgeNs || !lease.held()) return std::nullopt;
  return VerdictCandidate{wanted, state, std::move(lease)};
}

void VerdictCache::Keep(const VerdictRecord& record) {
  kept_.push_back(record);
  kept_.back().units = 0;
  for (std::size_t i = 0; i < units_.size(); ++i) {
    if (!units_[i].varies) kept_.back().units |= std::uint64_t{1} << i;
  }
  kept_.back().seen = today_;
}

VerdictTable VerdictCache::Load() const {
  const os::Fd fd(::openat(folder_.get(), name_.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  struct stat info {};
  if (!fd.valid() || ::fstat(fd.get(), &info) != 0 || !S_ISREG(info.st_mode) || !IsOnlyOurs(info)) return {};
  constexpr std::size_t kMostLines = VerdictTable::kHeadLines + VerdictTable::kMaxRecords;
  std::vector<VerdictRecord> lines(
      std::min(static_cast<std::size_t>(info.st_size) / sizeof(VerdictRecord), kMostLines));
  const auto bytes = std::as_writable_bytes(std::span(lines));
  std::size_t have = 0;
  while (have < bytes.size()) {
    const ssize_t n = ::pread(fd.get(), bytes.data() + have, bytes.size() - have, static_cast<off_t>(have));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    have += static_cast<std::size_t>(n);
  }
  lines.resize(have / sizeof(VerdictRecord));
  if (std::time(nullptr) - info.st_mtime > kUseGrain) ::futimens(fd.get(), nullptr);  // It is in use.
  return VerdictTable::Parse(std::move(lines), configuration_);
}

Status VerdictCache::Save() {
  if (kept_.empty() && !is_new_) return {};
  table_ = VerdictTable();  // Large, and of no more use.
  places_.assign(units_.size(), std::nullopt);
  const Lock lock(folder_.get());
  VerdictTable table = Load();
  std::uint64_t taken = 0;
  for (const VerdictUnit& unit : units_) {
    if (const auto place = table.FindUnit(unit.digest)) taken |= std::uint64_t{1} << *place;
  }
  std::vector<std::uint32_t> places;
  for (VerdictUnit& unit : units_) {
    unit.seen = today_;
    places.push_back(table.AddUnit(unit, taken));
    taken |= std::uint64_t{1} << places.back();
  }
  for (VerdictRecord record : kept_) {
    const std::uint64_t ours = std::exchange(record.units, 0);
    for (std::size_t i = 0; i < places.size(); ++i) record.units |= (ours >> i & 1) << places[i];
    if (record.units != 0) table.Add(record);
  }
  table.RemoveOld(today_ - std::min(today_, kMaxDays));
  DL_TRY_STATUS(Write(table));
  kept_.clear();
  is_new_ = false;
  RemoveOthers();
  return {};
}

// Whole or not at all, for whoever reads it meanwhile. Not synced: it would not
// outlive a power cut anyway.
Status VerdictCache::Write(const VerdictTable& table) const {
  std::uint64_t seed = 0;
  std::uint64_t number = 0;  // A name that no other process has, also in another container.
  if (::getrandom(&seed, sizeof seed, 0) != static_cast<ssize_t>(sizeof seed) ||
      ::getrandom(&number, sizeof number, 0) != static_cast<ssize_t>(sizeof number)) {
    return FailErrno("no random numbers");
  }
  const std::string draft = name_ + "." + std::to_string(number) + std::string(kDraftSuffix);
  const auto written = [&]() -> Status {
    const os::Fd fd(::openat(folder_.get(), draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!fd.valid()) return FailErrno("cannot create the file");
    const std::vector<VerdictRecord> lines = table.Lines(configuration_, seed);
    const auto bytes = std::as_bytes(std::span(lines));
    DL_TRY_STATUS(os::WriteAll(fd.get(), {reinterpret_cast<const char*>(bytes.data()), bytes.size()}));
    if (::renameat(folder_.get(), draft.c_str(), folder_.get(), name_.c_str()) != 0) {
      return FailErrno("cannot name the file");
    }
    return {};
  }();
  if (!written) ::unlinkat(folder_.get(), draft.c_str(), 0);
  return written;
}

void VerdictCache::RemoveOthers() const {
  const int fd = ::openat(folder_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const std::unique_ptr<DIR, CloseFolder> folder(fd < 0 ? nullptr : ::fdopendir(fd));
  if (folder == nullptr) return;
  const std::time_t now = std::time(nullptr);
  std::vector<std::pair<std::time_t, std::string>> others;
  std::vector<std::string> gone;
  while (const dirent* item = ::readdir(folder.get())) {
    const std::string_view name(item->d_name);
    struct stat info {};
    if (name == name_ || ::fstatat(folder_.get(), item->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0) continue;
    if (name.ends_with(kSuffix)) others.emplace_back(info.st_mtime, name);
    if (name.ends_with(kDraftSuffix) && now - info.st_mtime > kMaxDraftAge) gone.emplace_back(name);
  }
  std::sort(others.begin(), others.end(), std::greater<>());
  for (std::size_t i = 0; i < others.size(); ++i) {
    const bool is_old = now - others[i].first > std::time_t{kMaxDays} * 86400;
    if (i + 1 >= kMaxFiles || is_old) gone.push_back(others[i].second);
  }
  for (const std::string& name : gone) ::unlinkat(folder_.get(), name.c_str(), 0);
}

}  // namespace dl::sandbox
