#include <algorithm>

#include "daylight/rules/yara/modules/pe/pe_module.h"
#include "daylight/rules/yara/modules/pe/pe_state.h"

namespace dl::yara::pe_module {

namespace {

const pe::PeFile* File(ModuleContext& context) {
  const auto* state = static_cast<const PeState*>(context.state.get());
  return state == nullptr ? nullptr : &state->file;
}

// Rules compare names as C strings: what follows a NUL does not count.
std::string_view UpToNul(std::string_view text) { return text.substr(0, text.find('\0')); }

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

bool EqualNoCase(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return Lower(x) == Lower(y); });
}

Value Found(std::int64_t n) { return Value::Integer(n); }

}  // namespace

Value CalculateChecksum(ModuleContext& context, Args /*args*/) {
  const pe::PeFile* file = File(context);
  if (file == nullptr) return Value::Undefined();
  return Value::Integer(static_cast<std::int64_t>(pe::CalculateChecksum(file->image)));
}

Value Imphash(ModuleContext& context, Args /*args*/) {
  auto* state = static_cast<PeState*>(context.state.get());
  if (state == nullptr) return Value::Undefined();
  if (!state->imphash) state->imphash = pe::Imphash(state->file.imports);
  return Value::String(*state->imphash);
}

Value SectionIndexByName(ModuleContext& context, Args args) {
  const pe::PeFile* file = File(context);
  if (file == nullptr) return Value::Undefined();
  const auto sections = file->image.sections();
  for (std::size_t i = 0; i < sections.size(); ++i) {
    if (UpToNul(sections[i].name) == UpToNul(args[0].string)) return Found(static_cast<std::int64_t>(i));
  }
  return Value::Undefined();
}

Value SectionIndexByOffset(ModuleContext& context, Args args) {
  const pe::PeFile* file = File(context);
  if (file == nullptr) return Value::Undefined();
  const std::int64_t offset = args[0].integer;
  const auto sections = file->image.sections();
  for (std::size_t i = 0; i < sections.size(); ++i) {
    const std::int64_t start = sections[i].raw_data_offset;
    if (offset >= start && offset < start + std::int64_t{sections[i].raw_data_size}) {
      return Found(static_cast<std::int64_t>(i));
    }
  }
  return Value::Undefined();
}

namespace {

// The index of the first export that matches, or nullopt.
template <typename Predicate>
std::optional<std::int64_t> FindExport(const pe::PeFile& file, Predicate matches) {
  const auto& functions = file.exports.functions;
  const auto found = std::find_if(functions.begin(), functions.end(), matches);
  if (found == functions.end()) return std::nullopt;
  return found - functions.begin();
}

std::optional<std::int64_t> FindExportByName(const pe::PeFile& file, std::string_view name) {
  return FindExport(file, [&](const pe::ExportedFunction& f) { return f.name && EqualNoCase(*f.name, name); });
}

std::optional<std::int64_t> FindExportByRegexp(ModuleContext& context, const pe::PeFile& file, RegexpRef regexp) {
  return FindExport(file,
                    [&](const pe::ExportedFunction& f) { return f.name && context.RegexpMatches(regexp, *f.name); });
}

std::optional<std::int64_t> FindExportByOrdinal(const pe::PeFile& file, std::int64_t ordinal) {
  // YARA never finds an ordinal above the number of exports, wherever the
  // ordinals begin.
  if (ordinal == 0 || ordinal > static_cast<std::int64_t>(file.exports.functions.size())) return std::nullopt;
  return FindExport(file, [&](const pe::ExportedFunction& f) { return f.ordinal == ordinal; });
}

Value AsIndex(std::optional<std::int64_t> index) { return index ? Value::Integer(*index) : Value::Undefined(); }
Value AsFlag(std::optional<std::int64_t> index) { return Value::Integer(index ? 1 : 0); }

}  // namespace

Value ExportsName(ModuleContext& context, Args args) {
  const pe::PeFile* file = File(context);
  return file == nullptr ? Value::Undefined() : AsFlag(FindExportByName(*file, args[0].string));
}
Value ExportsRegexp(ModuleContext& context, Args args) {
  const pe::PeFile* file = File(context);
  return file == nullptr ? Value::Undefined() : AsFlag(FindExportByRegexp(context, *file, args[0].regexp));
}
Value ExportsOrdinal(ModuleContext& context, Args args) {
  const pe::PeFile* file = File(context);
  return file == nullptr ? Value::Undefined() : AsFlag(FindExportByOrdinal(*file, args[0].integer));
}
Value ExportsIndexName(ModuleContext& context, Args args) {
  const pe::PeFile* file = File(context);
  return file == nullptr ? Value::Undefined() : AsIndex(FindExportByName(*file, args[0].string));
}
Value ExportsIndexRegexp(ModuleContext& context, Args args) {
  const pe::PeFile* file = File(context);
  return file == nullptr ? Value::Undefined() : AsIndex(FindExportByRegexp(context, *file, args[0].regexp));
}
Value ExportsIndexOrdinal(ModuleContext& context, Args args) {
  const pe::PeFile* file = File(context);
  return file == nullptr ? Value::Undefined() : AsIndex(FindExportByOrdinal(*file, args[0].integer));
}

namespace {

using Libraries = std::vector<pe::ImportedLibrary>;

constexpr std::int64_t kStandard = 1;
constexpr std::int64_t kDelayed = 2;

// Functions of the libraries that match which match themselves.
template <typename LibraryMatches, typename FunctionMatches>
std::int64_t CountImports(const Libraries& libraries, LibraryMatches library_matches,
                          FunctionMatches function_matches) {
  std::int64_t count = 0;
  for (const pe::ImportedLibrary& library : libraries) {
    if (!library_matches(library.name)) continue;
    count += std::count_if(library.functions.begin(), library.functions.end(), function_matches);
  }
  return count;
}

// The same over the tables that `flags` selects.
template <typename LibraryMatches, typename FunctionMatches>
std::int64_t CountSelected(const pe::PeFile& file, std::int64_t flags, LibraryMatches library_matches,
                           FunctionMatches function_matches) {
  std::int64_t count = 0;
  if ((flags & kStandard) != 0) count += CountImports(file.imports, library_matches, function_matches);
  if ((flags & kDelayed) != 0) count += CountImports(file.delayed_imports, library_matches, function_matches);
  return count;
}

auto NamedLibrary(std::string_view wanted) {
  return [wanted = UpToNul(wanted)](std::string_view name) { return EqualNoCase(name, wanted); };
}

Value SelectByName(ModuleContext& context, std::int64_t flags, std::string_view library, std::string_view function) {
  const pe::PeFile* file = File(context);
  if (file == nullptr) return Value::Undefined();
  const std::int64_t count = CountSelected(
      *file, flags, NamedLibrary(library),
      [name = UpToNul(function)](const pe::ImportedFunction& f) { return f.name && EqualNoCase(*f.name, name); });
  return Found(count > 0 ? 1 : 0);
}

Value SelectByOrdinal(ModuleContext& context, std::int64_t flags, std::string_view library, std::int64_t ordinal) {
  const pe::PeFile* file = File(context);
  if (file == nullptr) return Value::Undefined();
  const std::int64_t count = CountSelected(*file, flags, NamedLibrary(library), [&](const pe::ImportedFunction& f) {
    return f.ordinal && *f.ordinal == ordinal;
  });
  return Found(count > 0 ? 1 : 0);
}

Value SelectByLibrary(ModuleContext& context, std::int64_t flags, std::string_view library) {
  const pe::PeFile* file = File(context);
  if (file == nullptr) return Value::Undefined();
  return Found(CountSelected(*file, flags, NamedLibrary(library), [](const pe::ImportedFunction&) { return true; }));
}

Value SelectByRegexp(ModuleContext& context, std::int64_t flags, RegexpRef library, RegexpRef function) {
  const pe::PeFile* file = File(context);
  if (file == nullptr) return Value::Undefined();
  return Found(CountSelected(
      *file, flags, [&](std::string_view name) { return context.RegexpMatches(library, name); },
      [&](const pe::ImportedFunction& f) { return f.name && context.RegexpMatches(function, *f.name); }));
}

// The address slot of the first function that matches.
template <typename FunctionMatches>
Value FindRva(const Libraries& libraries, std::string_view library_name, FunctionMatches matches) {
  for (const pe::ImportedLibrary& library : libraries) {
    if (!EqualNoCase(library.name, library_name)) continue;
    for (const pe::ImportedFunction& function : library.functions) {
      if (!matches(function)) continue;
      return function.rva == 0 ? Value::Undefined() : Value::Integer(static_cast<std::int64_t>(function.rva));
    }
  }
  return Value::Undefined();
}

Value FindRvaByName(const Libraries& libraries, Args args) {
  return FindRva(libraries, args[0].string,
                 [&](const pe::ImportedFunction& f) { return f.name && EqualNoCase(*f.name, args[1].string); });
}

Value FindRvaByOrdinal(const Libraries& libraries, Args args) {
  return FindRva(libraries, args[0].string,
                 [&](const pe::ImportedFunction& f) { return f.ordinal && *f.ordinal == args[1].integer; });
}

}  // namespace

Value ImportsName(ModuleContext& context, Args args) {
  return SelectByName(context, kStandard, args[0].string, args[1].string);
}
Value ImportsOrdinal(ModuleContext& context, Args args) {
  return SelectByOrdinal(context, kStandard, args[0].string, args[1].integer);
}
Value ImportsDll(ModuleContext& context, Args args) { return SelectByLibrary(context, kStandard, args[0].string); }
Value ImportsRegexp(ModuleContext& context, Args args) {
  return SelectByRegexp(context, kStandard, args[0].regexp, args[1].regexp);
}
Value ImportsFlagsName(ModuleContext& context, Args args) {
  return SelectByName(context, args[0].integer, args[1].string, args[2].string);
}
Value ImportsFlagsOrdinal(ModuleContext& context, Args args) {
  return SelectByOrdinal(context, args[0].integer, args[1].string, args[2].integer);
}
Value ImportsFlagsDll(ModuleContext& context, Args args) {
  return SelectByLibrary(context, args[0].integer, args[1].string);
}
Value ImportsFlagsRegexp(ModuleContext& context, Args args) {
  return SelectByRegexp(context, args[0].integer, args[1].regexp, args[2].regexp);
}

Value ImportRvaName(ModuleContext& context, Args args) {
  const pe::PeFile* file = File(context);
  return file == nullptr ? Value::Undefined() : FindRvaByName(file->imports, args);
}
Value ImportRvaOrdinal(ModuleContext& context, Args args) {
  const pe::PeFile* file = File(context);
  return file == nullptr ? Value::Undefined() : FindRvaByOrdinal(file->imports, args);
}
Value DelayedImportRvaName(ModuleContext& context, Args args) {
  const pe::PeFile* file = File(context);
  return file == nullptr ? Value::Undefined() : FindRvaByName(file->delayed_imports, args);
}
Value DelayedImportRvaOrdinal(ModuleContext& context, Args args) {
  const pe::PeFile* file = File(context);
  return file == nullptr ? Value::Undefined() : FindRvaByOrdinal(file->delayed_imports, args);
}

namespace {

// Whether the low bits of any resource's language are `wanted`. LANGID: ten
// bits of primary language, but YARA compares eight; locale: all sixteen.
Value HasLanguage(ModuleContext& context, std::uint32_t mask, std::int64_t wanted) {
  const pe::PeFile* file = File(context);
  if (file == nullptr) return Value::Undefined();
  const auto& items = file->resources.items;
  return Found(std::any_of(items.begin(), items.end(), [&](const pe::Resource& resource) {
    return !resource.language_name && resource.language != -1 &&
           (static_cast<std::uint32_t>(resource.language) & mask) == wanted;
  }));
}

Value CountTools(ModuleContext& context, std::optional<std::int64_t> version, std::optional<std::int64_t> id) {
  const pe::PeFile* file = File(context);
  if (file == nullptr || !file->rich_signature || !file->rich_signature->version_data) return Value::Undefined();
  std::int64_t count = 0;
  for (const pe::RichSignature::Tool& tool : file->rich_signature->tools) {
    if (version && *version != tool.version) continue;
    if (id && *id != tool.id) continue;
    count += tool.times;
  }
  return Value::Integer(count);
}

}  // namespace

Value Locale(ModuleContext& context, Args args) { return HasLanguage(context, 0xffff, args[0].integer); }
Value Language(ModuleContext& context, Args args) { return HasLanguage(context, 0xff, args[0].integer); }

Value IsDll(ModuleContext& context, Args /*args*/) {
  constexpr std::int64_t kFileDll = 0x2000;
  const pe::PeFile* file = File(context);
  if (file == nullptr) return Value::Undefined();
  return Value::Integer(file->image.headers().characteristics & kFileDll);
}
Value Is32Bit(ModuleContext& context, Args /*args*/) {
  const pe::PeFile* file = File(context);
  return file == nullptr ? Value::Undefined() : Value::Integer(file->image.headers().is_64bit ? 0 : 1);
}
Value Is64Bit(ModuleContext& context, Args /*args*/) {
  const pe::PeFile* file = File(context);
  return file == nullptr ? Value::Undefined() : Value::Integer(file->image.headers().is_64bit ? 1 : 0);
}

Value RvaToOffset(ModuleContext& context, Args args) {
  const pe::PeFile* file = File(context);
  if (file == nullptr) return Value::Undefined();
  const auto offset = file->image.RvaToOffset(static_cast<std::uint64_t>(args[0].integer));
  return offset ? Value::Integer(static_cast<std::int64_t>(*offset)) : Value::Undefined();
}

Value RichVersion(ModuleContext& context, Args args) { return CountTools(context, args[0].integer, std::nullopt); }
Value RichVersionToolid(ModuleContext& context, Args args) {
  return CountTools(context, args[0].integer, args[1].integer);
}
Value RichToolid(ModuleContext& context, Args args) { return CountTools(context, std::nullopt, args[0].integer); }
Value RichToolidVersion(ModuleContext& context, Args args) {
  return CountTools(context, args[1].integer, args[0].integer);
}

Value ValidOn(ModuleContext& context, Args args) {
  if (context.self == nullptr) return Value::Undefined();
  const Value not_before = context.self->Get("not_before");
  const Value not_after = context.self->Get("not_after");
  if (!not_before.defined() || !not_after.defined()) return Value::Undefined();
  return Found(args[0].integer >= not_before.integer && args[0].integer <= not_after.integer ? 1 : 0);
}

}  // namespace dl::yara::pe_module
