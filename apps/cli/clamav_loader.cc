#include "clamav_loader.h"

#include <unistd.h>

#include <algorithm>

#include "daylight/os/io.h"
#include "daylight/os/paths.h"
#include "daylight/report/protocol.h"
#include "daylight/sandbox/clamav_pack.h"
#include "daylight/sandbox/clamav_source.h"
#include "daylight/sandbox/content.h"
#include "daylight/sandbox/database_cache.h"
#include "messages.h"
#include "signals.h"

namespace dl::cli {

namespace {

// Malformed lines may come in thousands.
constexpr std::size_t kMaxShown = 24;

class Loader {
 public:
  Loader(const ContentOptions& options, bool is_default, const sandbox::WorkerProgram& worker_program,
         LoadedContent& content)
      : is_default_(is_default), worker_program_(worker_program), content_(content), use_cache_(options.use_cache) {
    clamav_.allow_unsigned = options.allow_unsigned_clamav;
    clamav_.skip_invalid = options.skip_invalid || is_default;
    clamav_.stop = &StopFlag();
  }

  bool Load(const std::string& path) {
    const sandbox::FoundClamav found = sandbox::FindClamav(path);
    if (is_default_ && found.is_missing) return true;
    for (const std::string& warning : found.warnings) Warn(warning);
    if (!found.problem.empty()) return Tolerate(found.problem);
    if (FromCache(found.source)) return true;
    return Compile(found.source);
  }

 private:
  // A problem that may be one by itself.
  bool Tolerate(const std::string& problem) {
    if (!clamav_.skip_invalid) {
      Say(problem);
      return false;
    }
    Skipped(problem);
    return true;
  }
  // Also told when what was compiled without it comes out of the cache.
  void Skipped(const std::string& problem) {
    notes_.push_back("skipped: " + problem);
    Warn(notes_.back());
  }

  bool FromCache(const sandbox::ClamavSource& source) {
    if (!use_cache_) return false;
    auto cache = sandbox::DatabaseCache::Open(folder_);
    if (!cache) {
      Warn((folder_.empty() ? "" : folder_ + ": ") + os::Describe(cache.error()) +
           "; the compiled ClamAV signatures are not kept");
      return false;
    }
    cache_ = std::move(*cache);
    key_ = sandbox::ClamavKey(worker_program_, source, clamav_, DAYLIGHT_VERSION);
    std::string problem;
    auto entry = cache_->Find(key_, problem);
    if (!problem.empty()) Warn(os::Join(folder_, key_ + ".dldb") + ": not used: " + problem);
    if (!entry) return false;
    for (const std::string& note : entry->notes) Warn(note);
    content_.cached.push_back({folder_, key_, content_.files.size()});
    content_.databases.push_back(std::move(entry->database));
    content_.files.push_back(std::move(entry->fd));
    return true;
  }

  bool Compile(const sandbox::ClamavSource& source) {
    if (::isatty(STDERR_FILENO) == 1) {
      Say(source.path + ": compiling the ClamAV signatures" + (cache_ ? ", which are kept for the next time" : ""));
    }
    const auto packed = sandbox::PackClamav(source, clamav_.stop);
    if (!packed) return Tolerate(source.path + ": " + os::Describe(packed.error()));
    for (const std::string& note : packed->notes) Warn(note);
    bool good = true;
    for (const std::string& error : packed->errors) good = Tolerate(error) && good;
    if (!good) return false;
    sandbox::CompiledSource compiled = sandbox::CompileClamav(worker_program_, source, *packed, clamav_);
    good = ShowDiagnostics(compiled);
    if (!compiled.failure.empty()) return Tolerate(source.path + ": cannot compile: " + compiled.failure);
    if (!good) return false;
    if (!compiled.file.valid()) return Tolerate(source.path + ": no file in it can be used");
    // What could not be read may be readable the next time, with the same stamps.
    if (cache_ && !packed->is_changed && packed->errors.empty()) Keep(compiled.file.get());
    content_.signatures += compiled.signatures;
    content_.databases.push_back(std::move(compiled.database));
    content_.files.push_back(std::move(compiled.file));
    return true;
  }

  // False when there are errors that are not to be passed over.
  bool ShowDiagnostics(const sandbox::CompiledSource& compiled) {
    std::size_t shown = 0;
    std::size_t hidden = 0;
    bool good = true;
    for (const report::DiagnosticLine& line : compiled.diagnostics) {
      if (line.is_error && clamav_.skip_invalid) {
        Skipped(line.file + ": " + line.message);
      } else if (line.is_error) {
        good = false;
        Show(line.text);
      } else if (shown < kMaxShown) {
        ++shown;
        Show(line.text);
      } else {
        ++hidden;
      }
    }
    if (hidden > 0) Warn(std::to_string(hidden) + " more warnings; `daylight rules check --clamav` lists them");
    return good;
  }

  void Keep(int database) {
    if (const Status kept = cache_->Keep(key_, database, notes_); !kept) {
      Warn(folder_ + ": the compiled ClamAV signatures are not kept: " + os::Describe(kept.error()));
    }
  }

  bool is_default_;
  const sandbox::WorkerProgram& worker_program_;
  LoadedContent& content_;
  bool use_cache_;
  sandbox::ClamavOptions clamav_;
  std::vector<std::string> notes_;
  std::string folder_;
  std::optional<sandbox::DatabaseCache> cache_;
  std::string key_;
};

// Read, not mapped: a page that the disk cannot give back would end this process.
bool IsSound(int fd) {
  if (::lseek(fd, 0, SEEK_SET) != 0) return false;
  const auto text = os::ReadAll(fd, report::kMaxDatabaseBytes);
  if (!text) return false;
  const auto database = database::Database::FromBytes(AsBytes(*text));
  return database && (*database)->VerifyAll().has_value();
}

}  // namespace

void DropDamagedEntries(const LoadedContent& content) {
  for (const LoadedContent::Cached& cached : content.cached) {
    if (IsSound(content.files[cached.index].get())) continue;
    auto cache = sandbox::DatabaseCache::OpenIn(cached.folder);
    if (!cache) continue;
    cache->Remove(cached.key);
    Warn(os::Join(cached.folder, cached.key + ".dldb") +
         ": damaged and removed; the signatures are compiled again the next time");
  }
}

bool AddClamav(const std::string& path, const ContentOptions& options, const sandbox::WorkerProgram& worker_program,
               LoadedContent& content) {
  return Loader(options, false, worker_program, content).Load(path);
}

void AddDefaultClamav(const ContentOptions& options, const sandbox::WorkerProgram& worker_program,
                      LoadedContent& content) {
  const std::string folder = sandbox::DefaultClamavFolder();
  // Named by the user too: once is enough.
  if (std::find(options.clamav.begin(), options.clamav.end(), folder) != options.clamav.end()) return;
  Loader(options, true, worker_program, content).Load(folder);
}

}  // namespace dl::cli
