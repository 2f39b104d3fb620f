// The vba module: projects of Visual Basic in Office's documents, with the
// names that YARA-X gives them. Old documents are compound files; newer ones are
// zips with a compound file for the project ([MS-OVBA]).
#include <algorithm>
#include <array>
#include <utility>

#include "daylight/rules/yara/module.h"
#include "daylight/unpack/ole/code_page.h"
#include "daylight/unpack/ole/vba_project.h"
#include "daylight/unpack/zip/zip_directory.h"

namespace dl::yara {
namespace {

using unpack::CompoundFile;

// Of all streams that are looked into; crossed chains could stand for the whole file many times.
constexpr std::uint64_t kMaxLookedBytes = std::uint64_t{256} << 20;
// Of all sources. A few bytes may stand for 4096, and no document comes near it.
constexpr std::size_t kMaxCodeBytes = std::size_t{16} << 20;
constexpr std::uint64_t kMaxProjectBytes = std::uint64_t{64} << 20;
constexpr std::uint64_t kMaxDirectoryBytes = std::uint64_t{64} << 20;
constexpr std::size_t kMaxProjects = 16;

constexpr std::string_view kZipMagic("PK\x03\x04", 4);
// Where Word, Excel and PowerPoint have it; others are found by their last part.
constexpr std::array<std::string_view, 4> kProjectPaths = {"word/vbaProject.bin", "xl/vbaProject.bin",
                                                           "ppt/vbaProject.bin", "vbaProject.bin"};
constexpr std::string_view kProjectName = "vbaproject.bin";

enum ModuleType : std::int64_t { kStandard = 1, kClass = 2, kUnknown = 3 };

const StructType& ModuleFactsType() {
  static const StructType type = [] {
    StructType t;
    t.String("name").Integer("type").String("code");
    return t;
  }();
  return type;
}

const StructType& ProjectInfoType() {
  static const StructType type = [] {
    StructType t;
    t.String("name").String("version").Array("references", TypeKind::kString).Integer("module_count");
    return t;
  }();
  return type;
}

const StructType& VbaType() {
  static const StructType type = [] {
    StructType t;
    t.Constant("MODULE_TYPE_STANDARD", kStandard).Constant("MODULE_TYPE_CLASS", kClass);
    t.Constant("MODULE_TYPE_UNKNOWN", kUnknown);
    t.Boolean("has_macros").StructArray("modules", ModuleFactsType()).Struct("project_info", ProjectInfoType());
    return t;
  }();
  return type;
}

ModuleType TypeOf(unpack::VbaModuleType type) {
  switch (type) {
    case unpack::VbaModuleType::kStandard: return kStandard;
    case unpack::VbaModuleType::kClass: return kClass;
    case unpack::VbaModuleType::kUnknown: break;
  }
  return kUnknown;
}

class Loading {
 public:
  Loading(ModuleContext& context, StructValue& root)
      : context_(context), root_(root), modules_(root.Array("modules")), info_(root.Struct("project_info")) {
    info_.Array("references");
  }

  void Run() {
    std::array<std::byte, unpack::kCompoundMagic.size()> head{};
    const auto got = context_.object().ReadAt(0, head);
    if (!got) return;
    const std::string_view magic = AsText(Bytes(head).first(*got));
    if (magic == unpack::kCompoundMagic) {
      const auto bytes = context_.WholeObject();
      if (!bytes) return;
      AddProjects(*bytes);
    } else if (magic.starts_with(kZipMagic)) {
      AddProjectsOfZip();
    }
    if (has_macros_ || !is_unread_) root_.SetBoolean("has_macros", has_macros_);
  }

 private:
  // Told once, however often it is met.
  void Unread(std::string_view why) {
    if (!std::exchange(is_unread_, true)) context_.MarkIncomplete(why);
  }

  // --- Zips.

  // Smaller comes first; nothing: it is no project.
  static std::optional<std::size_t> RankOf(std::string_view path) {
    const auto found = std::find(kProjectPaths.begin(), kProjectPaths.end(), path);
    if (found != kProjectPaths.end()) return static_cast<std::size_t>(found - kProjectPaths.begin());
    const std::size_t slash = path.find_last_of("/\\");
    const std::string_view name = slash == std::string_view::npos ? path : path.substr(slash + 1);
    const bool is_same = std::equal(name.begin(), name.end(), kProjectName.begin(), kProjectName.end(),
                                    [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a | 0x20 : a) == b; });
    return is_same ? std::optional(kProjectPaths.size()) : std::nullopt;
  }

  void AddProjectsOfZip() {
    ObjectSource& object = context_.object();
    const auto size = object.size();
    if (!size) return Unread("the object's end is not known");
    std::vector<std::byte> tail(static_cast<std::size_t>(std::min<std::uint64_t>(*size, unpack::Probe::kTailBytes)));
    const auto got = object.ReadAt(*size - tail.size(), tail);
    if (!got || *got != tail.size()) {
      is_unread_ = true;
      return;
    }
    const auto directory = unpack::FindZipDirectory({{}, tail, *size, object});
    if (!directory) return;
    if (directory->size > kMaxDirectoryBytes) return Unread("the directory is too large");
    std::vector<std::byte> bytes(static_cast<std::size_t>(directory->size));
    const auto n = object.ReadAt(directory->begin, bytes);
    if (!n) {
      is_unread_ = true;
      return;
    }
    std::array<std::vector<unpack::ZipEntry>, kProjectPaths.size() + 1> found;
    std::size_t count = 0;
    Cursor records(Bytes(bytes).first(*n));
    for (auto entry = unpack::ReadZipEntry(records); entry; entry = unpack::ReadZipEntry(records)) {
      const auto rank = RankOf(entry->name);
      if (!rank) continue;
      if (count++ == kMaxProjects) {
        Unread("more projects than are read");
        break;
      }
      found[*rank].push_back(*std::move(entry));
    }
    for (const auto& entries : found) {
      for (const unpack::ZipEntry& entry : entries) AddProjectOfZip(object, *directory, entry);
    }
  }

  void AddProjectOfZip(ObjectSource& object, const unpack::ZipDirectory& directory, const unpack::ZipEntry& entry) {
    const auto content = unpack::ReadZipContent(object, directory, entry, kMaxProjectBytes);
    if (content) return AddProjects(*content);
    // What is damaged has no facts; what is not read, for any other reason, may have some.
    if (content.error().code == ErrorCode::kUnsupported || content.error().code == ErrorCode::kBudget) {
      Unread(content.error().what);
    }
  }

  // --- Compound files.

  void AddProjects(Bytes bytes) {
    const auto file = CompoundFile::Parse(bytes);
    if (!file) return;
    for (const auto& [storage, streams] : file->StreamsByStorage()) {
      const auto project = unpack::ReadVbaProject(*file, streams, look_budget_);
      if (!project) continue;
      if (project->is_stopped || !project->too_large.empty()) Unread("more streams than are looked into");
      AddProject(*file, *project);
    }
  }

  void AddProject(const CompoundFile& file, const unpack::VbaProject& project) {
    const unpack::VbaDir& facts = project.facts;
    const bool has_dir = !facts.modules.empty() || (facts.name && facts.module_count);
    if (!has_dir && project.sources.empty()) return;
    has_macros_ = true;
    if (has_dir && !has_info_) {
      has_info_ = true;
      if (facts.name) info_.SetString("name", *facts.name);
      if (facts.version) {
        info_.SetString("version", std::to_string(facts.version->major) + "." + std::to_string(facts.version->minor));
      }
      for (const std::string& reference : facts.references) info_.Array("references").AppendString(reference);
      if (facts.module_count) info_.SetInteger("module_count", *facts.module_count);
    }
    for (const unpack::VbaSource& source : project.sources) {
      StructValue& module = modules_.AppendStruct();
      module.SetString("name", source.name);
      module.SetInteger("type", TypeOf(source.type));
      SetCode(file.entries()[source.stream], file, source.offset, facts.code_page, module);
    }
  }

  void SetCode(const CompoundFile::Entry& entry, const CompoundFile& file, std::uint64_t offset,
               std::uint16_t code_page, StructValue& module) {
    if (entry.size > look_budget_ || entry.size > unpack::VbaProject::kMaxStreamBytes) {
      return Unread("more streams than are looked into");
    }
    look_budget_ -= entry.size;
    const Bytes stream = file.Read(entry, entry.size, scratch_);
    const std::size_t begin = unpack::VbaSourceBegin(stream, offset);
    if (begin == stream.size()) return;
    std::vector<std::byte> code = unpack::DecompressVba(stream.subspan(begin), code_budget_ + 1);
    if (code.size() > code_budget_) {
      code_budget_ = 0;
      return Unread("more sources than are kept");
    }
    code_budget_ -= code.size();
    // Chunks that are not compressed are filled up.
    while (!code.empty() && code.back() == std::byte{0}) code.pop_back();
    if (!code.empty()) module.SetString("code", unpack::CodePageText(code, code_page));
  }

  ModuleContext& context_;
  StructValue& root_;
  ArrayValue& modules_;
  StructValue& info_;
  bool has_macros_ = false;
  bool has_info_ = false;
  bool is_unread_ = false;
  std::uint64_t look_budget_ = kMaxLookedBytes;
  std::size_t code_budget_ = kMaxCodeBytes;
  std::vector<std::byte> scratch_;
};

void Load(ModuleContext& context, StructValue& root) { Loading(context, root).Run(); }

}  // namespace

extern const ModuleInfo module_vba;
const ModuleInfo module_vba = {"vba", &VbaType, &Load};

}  // namespace dl::yara
