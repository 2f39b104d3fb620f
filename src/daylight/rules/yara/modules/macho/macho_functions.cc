#include <algorithm>
#include <string>

#include "daylight/crypto/digest.h"
#include "daylight/rules/yara/modules/macho/macho_type.h"

namespace dl::yara {
namespace {

std::size_t SizeOf(const Value& array) { return array.defined() ? array.array->size() : 0; }

// A field of element `index` of an array of structs; undefined past its end.
Value FieldOf(const Value& array, std::size_t index, std::string_view field) {
  if (index >= SizeOf(array)) return Value::Undefined();
  const Value element = array.array->at(static_cast<std::int64_t>(index));
  return element.defined() ? element.structure->Get(field) : Value::Undefined();
}

bool Equals(const Value& value, std::int64_t integer) { return value.defined() && value.integer == integer; }

// The first architecture of `array` that is what the arguments ask for.
std::optional<std::size_t> FindArch(const StructValue& root, std::string_view array_name, std::span<const Value> args) {
  const Value array = root.Get(array_name);
  for (std::size_t i = 0; i < SizeOf(array); ++i) {
    if (!Equals(FieldOf(array, i, "cputype"), args[0].integer)) continue;
    if (args.size() > 1 && !Equals(FieldOf(array, i, "cpusubtype"), args[1].integer)) continue;
    return i;
  }
  return std::nullopt;
}

Value FileIndex(ModuleContext& context, std::span<const Value> args) {
  const auto index = FindArch(context.root(), "file", args);
  return index ? Value::Integer(static_cast<std::int64_t>(*index)) : Value::Undefined();
}

// Of the whole file, where an image's entry point counts from the image. With
// one argument libyara adds its mark of the undefined here and gets a number;
// we say undefined, as it does with two.
Value EntryPoint(ModuleContext& context, std::span<const Value> args) {
  const StructValue& root = context.root();
  const auto index = FindArch(root, "fat_arch", args);
  if (!index) return Value::Undefined();
  const Value entry_point = FieldOf(root.Get("file"), *index, "entry_point");
  const Value offset = FieldOf(root.Get("fat_arch"), *index, "offset");
  if (!entry_point.defined() || !offset.defined()) return Value::Undefined();
  return Value::Integer(static_cast<std::int64_t>(static_cast<std::uint64_t>(entry_point.integer) +
                                                  static_cast<std::uint64_t>(offset.integer)));
}

char LowerCase(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool EqualIgnoringCase(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return LowerCase(x) == LowerCase(y); });
}

// The strings that a function is about, of the file or of one of its images.
using StringsOf = std::vector<std::string_view> (*)(const StructValue& image);

std::vector<std::string_view> Strings(const Value& array) {
  std::vector<std::string_view> strings;
  for (std::size_t i = 0; i < SizeOf(array); ++i) {
    strings.push_back(array.array->at(static_cast<std::int64_t>(i)).string);
  }
  return strings;
}

std::vector<std::string_view> Rpaths(const StructValue& image) { return Strings(image.Get("rpaths")); }
std::vector<std::string_view> Entitlements(const StructValue& image) { return Strings(image.Get("entitlements")); }
std::vector<std::string_view> Imports(const StructValue& image) { return Strings(image.Get("imports")); }
std::vector<std::string_view> Exports(const StructValue& image) { return Strings(image.Get("exports")); }
std::vector<std::string_view> SymbolNames(const StructValue& image) {
  const Value symtab = image.Get("symtab");
  return symtab.defined() ? Strings(symtab.structure->Get("entries")) : std::vector<std::string_view>();
}
std::vector<std::string_view> Dylibs(const StructValue& image) {
  std::vector<std::string_view> names;
  const Value dylibs = image.Get("dylibs");
  for (std::size_t i = 0; i < SizeOf(dylibs); ++i) names.push_back(FieldOf(dylibs, i, "name").string);
  return names;
}

Value Has(ModuleContext& context, std::span<const Value> args, StringsOf strings_of) {
  const auto holds = [&](const StructValue& image) {
    const auto strings = strings_of(image);
    return std::any_of(strings.begin(), strings.end(),
                       [&](std::string_view text) { return EqualIgnoringCase(text, args[0].string); });
  };
  if (holds(context.root())) return Value::Boolean(true);
  const Value files = context.root().Get("file");
  for (std::size_t i = 0; i < SizeOf(files); ++i) {
    const Value file = files.array->at(static_cast<std::int64_t>(i));
    if (file.defined() && holds(*file.structure)) return Value::Boolean(true);
  }
  return Value::Boolean(false);
}

std::string Normalized(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n\v\f";
  const std::size_t begin = std::min(text.find_first_not_of(kBlanks), text.size());
  text = text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), &LowerCase);
  return lower;
}

// The MD5 of the strings, each once, sorted, with commas between. Those of a
// universal file are its first image's.
Value HashOf(ModuleContext& context, StringsOf strings_of) {
  auto strings = strings_of(context.root());
  const Value files = context.root().Get("file");
  for (std::size_t i = 0; strings.empty() && i < SizeOf(files); ++i) {
    const Value file = files.array->at(static_cast<std::int64_t>(i));
    if (!file.defined()) continue;
    strings = strings_of(*file.structure);
    break;
  }
  if (strings.empty()) return Value::Undefined();
  std::vector<std::string> names;
  names.reserve(strings.size());
  for (const std::string_view text : strings) names.push_back(Normalized(text));
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  std::string list;
  for (const std::string& name : names) {
    if (&name != &names.front()) list += ',';
    list += name;
  }
  return Value::String(context.arena().Copy(crypto::Hex(crypto::Md5::Of(AsBytes(list)))));
}

}  // namespace

Value MachoFileIndexForType(ModuleContext& context, std::span<const Value> args) { return FileIndex(context, args); }
Value MachoFileIndexForSubtype(ModuleContext& context, std::span<const Value> args) { return FileIndex(context, args); }
Value MachoEntryPointForType(ModuleContext& context, std::span<const Value> args) { return EntryPoint(context, args); }
Value MachoEntryPointForSubtype(ModuleContext& context, std::span<const Value> args) {
  return EntryPoint(context, args);
}
Value MachoHasDylib(ModuleContext& context, std::span<const Value> args) { return Has(context, args, &Dylibs); }
Value MachoHasRpath(ModuleContext& context, std::span<const Value> args) { return Has(context, args, &Rpaths); }
Value MachoHasEntitlement(ModuleContext& context, std::span<const Value> args) {
  return Has(context, args, &Entitlements);
}
Value MachoHasImport(ModuleContext& context, std::span<const Value> args) { return Has(context, args, &Imports); }
Value MachoHasExport(ModuleContext& context, std::span<const Value> args) { return Has(context, args, &Exports); }
Value MachoDylibHash(ModuleContext& context, std::span<const Value>) { return HashOf(context, &Dylibs); }
Value MachoEntitlementHash(ModuleContext& context, std::span<const Value>) { return HashOf(context, &Entitlements); }
Value MachoImportHash(ModuleContext& context, std::span<const Value>) { return HashOf(context, &Imports); }
Value MachoExportHash(ModuleContext& context, std::span<const Value>) { return HashOf(context, &Exports); }
Value MachoSymHash(ModuleContext& context, std::span<const Value>) { return HashOf(context, &SymbolNames); }

}  // namespace dl::yara
