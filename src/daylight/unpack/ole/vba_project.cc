#include "daylight/unpack/ole/vba_project.h"

#include <algorithm>
#include <unordered_map>

#include "daylight/unpack/ole/names.h"

namespace dl::unpack {

namespace {

// Of a decompressed `dir`; ten thousand modules need far less.
constexpr std::size_t kMaxDirBytes = 4u << 20;

std::string Folded(std::string_view name) {
  std::string folded(name);
  for (char& c : folded) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
  }
  return folded;
}

class Reading {
 public:
  Reading(const CompoundFile& file, std::uint64_t& budget) : file_(file), budget_(budget) {}

  std::optional<VbaProject> Run(const std::vector<std::size_t>& streams) {
    for (const std::size_t i : streams) {
      const CompoundFile::Entry& entry = file_.entries()[i];
      if (!project_.dir && IsSameName(entry.name, "dir")) project_.dir = i;
      project_.has_marker = project_.has_marker || IsSameName(entry.name, "_VBA_PROJECT");
      by_name_.emplace(Folded(entry.name), i);
    }
    if (!project_.dir && !project_.has_marker && file_.problems().empty()) return std::nullopt;
    if (project_.dir) ReadDir(file_.entries()[*project_.dir]);
    for (const VbaModule& module : project_.facts.modules) Find(module);
    // What is left over is searched.
    for (const std::size_t i : streams) {
      const CompoundFile::Entry& entry = file_.entries()[i];
      if (!by_name_.contains(Folded(entry.name))) continue;
      if (entry.size > VbaProject::kMaxStreamBytes) {
        project_.too_large.push_back(i);
        continue;
      }
      if (!Take(entry.size)) break;
      const auto begin = FindVbaSource(file_.Read(entry, entry.size, scratch_));
      if (begin) project_.sources.push_back({entry.name, VbaModuleType::kUnknown, i, *begin});
    }
    return std::move(project_);
  }

 private:
  bool Take(std::uint64_t bytes) {
    project_.is_stopped = project_.is_stopped || bytes > budget_;
    if (!project_.is_stopped) budget_ -= bytes;
    return !project_.is_stopped;
  }

  void ReadDir(const CompoundFile::Entry& dir) {
    const Bytes packed = file_.Read(dir, kMaxDirBytes, scratch_);
    if (Take(packed.size())) project_.facts = ParseVbaDir(DecompressVba(packed, kMaxDirBytes));
  }

  // Each stream is asked once, however often it is named.
  void Find(const VbaModule& module) {
    auto found = by_name_.find(Folded(module.stream_name));
    // Some documents lie about the stream's name and not about the module's, which is the same in nearly all.
    if (found == by_name_.end()) found = by_name_.find(Folded(module.name));
    if (found == by_name_.end()) {
      project_.without_stream.push_back(module.name);
      return;
    }
    const std::size_t stream = found->second;
    by_name_.erase(found);
    if (file_.entries()[stream].size != 0)
      project_.sources.push_back({module.name, module.type, stream, module.offset});
  }

  const CompoundFile& file_;
  std::uint64_t& budget_;
  VbaProject project_;
  std::unordered_map<std::string, std::size_t> by_name_;
  std::vector<std::byte> scratch_;
};

}  // namespace

std::optional<VbaProject> ReadVbaProject(const CompoundFile& file, const std::vector<std::size_t>& streams,
                                         std::uint64_t& budget_bytes) {
  return Reading(file, budget_bytes).Run(streams);
}

}  // namespace dl::unpack
