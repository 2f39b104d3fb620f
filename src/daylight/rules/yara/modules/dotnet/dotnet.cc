// The dotnet module: facts of .NET files under the names of YARA 4.5.
#include "daylight/formats/dotnet/dotnet.h"

#include <array>

#include "daylight/rules/yara/module.h"

namespace dl::yara {
namespace {

const StructType& StreamType() {
  static const StructType type = [] {
    StructType t;
    t.String("name").Integer("offset").Integer("size");
    return t;
  }();
  return type;
}

const StructType& ResourceType() {
  static const StructType type = [] {
    StructType t;
    t.Integer("offset").Integer("length").String("name");
    return t;
  }();
  return type;
}

const StructType& ParameterType() {
  static const StructType type = [] {
    StructType t;
    t.String("name").String("type");
    return t;
  }();
  return type;
}

const StructType& MethodType() {
  static const StructType type = [] {
    StructType t;
    t.Array("generic_parameters", TypeKind::kString).Integer("number_of_generic_parameters");
    t.StructArray("parameters", ParameterType()).Integer("number_of_parameters").String("return_type");
    t.Integer("abstract").Integer("final").Integer("virtual").Integer("static").String("visibility").String("name");
    return t;
  }();
  return type;
}

const StructType& ClassType() {
  static const StructType type = [] {
    StructType t;
    t.String("fullname").String("name").String("namespace").String("visibility").String("type");
    t.Integer("abstract").Integer("sealed").Integer("number_of_generic_parameters");
    t.Array("generic_parameters", TypeKind::kString).Integer("number_of_base_types");
    t.Array("base_types", TypeKind::kString).Integer("number_of_methods").StructArray("methods", MethodType());
    return t;
  }();
  return type;
}

const StructType& VersionType() {
  static const StructType type = [] {
    StructType t;
    t.Integer("major").Integer("minor").Integer("build_number").Integer("revision_number");
    return t;
  }();
  return type;
}

const StructType& AssemblyRefType() {
  static const StructType type = [] {
    StructType t;
    t.Struct("version", VersionType()).String("public_key_or_token").String("name");
    return t;
  }();
  return type;
}

const StructType& AssemblyType() {
  static const StructType type = [] {
    StructType t;
    t.Struct("version", VersionType()).String("name").String("culture");
    return t;
  }();
  return type;
}

const StructType& DotnetType() {
  static const StructType type = [] {
    StructType t;
    t.Integer("is_dotnet").String("version").String("module_name");
    t.StructArray("streams", StreamType()).Integer("number_of_streams");
    t.Array("guids", TypeKind::kString).Integer("number_of_guids");
    t.StructArray("resources", ResourceType()).Integer("number_of_resources");
    t.StructArray("classes", ClassType()).Integer("number_of_classes");
    t.StructArray("assembly_refs", AssemblyRefType()).Integer("number_of_assembly_refs");
    t.Struct("assembly", AssemblyType());
    t.Array("modulerefs", TypeKind::kString).Integer("number_of_modulerefs");
    t.Array("user_strings", TypeKind::kString).Integer("number_of_user_strings");
    t.String("typelib");
    t.Array("constants", TypeKind::kString).Integer("number_of_constants");
    t.Array("field_offsets", TypeKind::kInteger).Integer("number_of_field_offsets");
    return t;
  }();
  return type;
}

template <typename Text>
void SetString(StructValue& to, std::string_view field, const std::optional<Text>& value) {
  if (value) to.SetString(field, *value);
}
void SetCount(StructValue& to, std::string_view field, std::size_t count) {
  to.SetInteger(field, static_cast<std::int64_t>(count));
}

// A list and its count, when the file has it; an empty list otherwise.
template <typename List, typename Add>
void SetList(StructValue& root, std::string_view field, std::string_view count_field, const std::optional<List>& list,
             Add&& add) {
  ArrayValue& array = root.Array(field);
  if (!list) return;
  for (const auto& item : *list) add(array, item);
  SetCount(root, count_field, list->size());
}

void SetTexts(StructValue& to, std::string_view field, std::string_view count_field, const auto& texts) {
  ArrayValue& array = to.Array(field);
  for (const auto& text : texts) array.AppendString(text);
  SetCount(to, count_field, texts.size());
}

void SetVersion(StructValue& to, const formats::DotnetVersion& version) {
  to.SetInteger("major", version.major);
  to.SetInteger("minor", version.minor);
  to.SetInteger("build_number", version.build);
  to.SetInteger("revision_number", version.revision);
}

void SetMethod(StructValue& to, const formats::DotnetMethod& method) {
  to.SetString("name", method.name);
  to.SetString("visibility", method.visibility);
  to.SetInteger("static", method.is_static ? 1 : 0);
  to.SetInteger("virtual", method.is_virtual ? 1 : 0);
  to.SetInteger("final", method.is_final ? 1 : 0);
  to.SetInteger("abstract", method.is_abstract ? 1 : 0);
  SetString(to, "return_type", method.return_type);
  SetTexts(to, "generic_parameters", "number_of_generic_parameters", method.generic_parameters);
  SetList(to, "parameters", "number_of_parameters", method.parameters,
          [](ArrayValue& array, const formats::DotnetParameter& parameter) {
            StructValue& item = array.AppendStruct();
            SetString(item, "name", parameter.name);
            item.SetString("type", parameter.type);
          });
}

void SetClass(StructValue& to, const formats::DotnetClass& type) {
  SetString(to, "fullname", type.full_name);
  to.SetString("name", type.name);
  SetString(to, "namespace", type.name_space);
  to.SetString("visibility", type.visibility);
  to.SetString("type", type.is_interface ? std::string_view("interface") : std::string_view("class"));
  to.SetInteger("abstract", type.is_abstract ? 1 : 0);
  to.SetInteger("sealed", type.is_sealed ? 1 : 0);
  SetTexts(to, "generic_parameters", "number_of_generic_parameters", type.generic_parameters);
  SetTexts(to, "base_types", "number_of_base_types", type.base_types);
  SetList(to, "methods", "number_of_methods", type.methods,
          [](ArrayValue& array, const formats::DotnetMethod& method) { SetMethod(array.AppendStruct(), method); });
}

void SetAssembly(StructValue& to, const formats::DotnetAssembly& assembly) {
  SetVersion(to.Struct("version"), assembly.version);
  SetString(to, "name", assembly.name);
  SetString(to, "culture", assembly.culture);
}

void SetFacts(StructValue& root, const formats::DotnetFacts& facts) {
  SetString(root, "version", facts.version);
  SetString(root, "module_name", facts.module_name);
  for (const formats::DotnetStream& stream : facts.streams) {
    StructValue& item = root.Array("streams").AppendStruct();
    item.SetString("name", stream.name);
    SetCount(item, "offset", stream.offset);
    item.SetInteger("size", stream.size);
  }
  SetCount(root, "number_of_streams", facts.streams.size());
  const auto add_text = [](ArrayValue& array, std::string_view text) { array.AppendString(text); };
  const auto add_bytes = [](ArrayValue& array, Bytes bytes) { array.AppendString(AsText(bytes)); };
  SetList(root, "guids", "number_of_guids", facts.guids, add_text);
  SetList(root, "modulerefs", "number_of_modulerefs", facts.module_refs, add_text);
  SetList(root, "user_strings", "number_of_user_strings", facts.user_strings, add_bytes);
  SetList(root, "constants", "number_of_constants", facts.constants, add_bytes);
  SetList(root, "field_offsets", "number_of_field_offsets", facts.field_offsets,
          [](ArrayValue& array, std::uint64_t offset) { array.AppendInteger(static_cast<std::int64_t>(offset)); });
  SetList(root, "resources", "number_of_resources", facts.resources,
          [](ArrayValue& array, const formats::DotnetResource& resource) {
            StructValue& item = array.AppendStruct();
            if (resource.offset) SetCount(item, "offset", *resource.offset);
            if (resource.length) item.SetInteger("length", *resource.length);
            SetString(item, "name", resource.name);
          });
  SetList(root, "assembly_refs", "number_of_assembly_refs", facts.assembly_refs,
          [](ArrayValue& array, const formats::DotnetAssemblyRef& ref) {
            StructValue& item = array.AppendStruct();
            SetVersion(item.Struct("version"), ref.version);
            SetString(item, "public_key_or_token", ref.public_key_or_token);
            SetString(item, "name", ref.name);
          });
  SetList(root, "classes", "number_of_classes", facts.classes,
          [](ArrayValue& array, const formats::DotnetClass& type) { SetClass(array.AppendStruct(), type); });
  if (facts.assembly) SetAssembly(root.Struct("assembly"), *facts.assembly);
  SetString(root, "typelib", facts.typelib);
}

void Load(ModuleContext& context, StructValue& root) {
  for (const char* list : {"streams", "guids", "resources", "classes", "assembly_refs", "modulerefs", "user_strings",
                           "constants", "field_offsets"}) {
    root.Array(list);
  }
  root.Struct("assembly").Struct("version");
  // Two bytes tell most objects apart, whatever their size.
  std::array<std::byte, 2> magic{};
  const auto got = context.object().ReadAt(0, magic);
  if (got && (*got < 2 || AsText(magic) != "MZ")) return;
  const auto bytes = context.WholeObject();
  if (!bytes) return;
  // In YARA every field is undefined for what is no PE file, is_dotnet too.
  const auto facts = formats::ParseDotnet(*bytes);
  if (!facts) return;
  root.SetInteger("is_dotnet", facts->is_dotnet ? 1 : 0);
  if (facts->is_dotnet) SetFacts(root, *facts);
  if (facts->incomplete) context.MarkIncomplete("metadata past the limits");
}

}  // namespace

extern const ModuleInfo module_dotnet;
const ModuleInfo module_dotnet = {"dotnet", &DotnetType, &Load};

}  // namespace dl::yara
