// The `dex` module: libyara 4.5's facts about Dalvik executables.
#include <array>

#include "daylight/formats/dex/dex.h"
#include "daylight/rules/yara/modules/dex/dex_type.h"

namespace dl::yara {
namespace {

// libyara works with C strings here: what follows a NUL does not count.
std::string_view CString(std::string_view text) { return text.substr(0, text.find('\0')); }

void SetHeader(const dex::Header& h, StructValue& fact) {
  fact.SetString("magic", h.magic);
  fact.SetInteger("checksum", h.checksum);
  fact.SetString("signature", h.signature);
  fact.SetInteger("file_size", h.file_size);
  fact.SetInteger("header_size", h.header_size);
  fact.SetInteger("endian_tag", h.endian_tag);
  fact.SetInteger("link_size", h.link_size);
  fact.SetInteger("link_offset", h.link_offset);
  fact.SetInteger("map_offset", h.map_offset);
  fact.SetInteger("string_ids_size", h.string_ids_size);
  fact.SetInteger("string_ids_offset", h.string_ids_offset);
  fact.SetInteger("type_ids_size", h.type_ids_size);
  fact.SetInteger("type_ids_offset", h.type_ids_offset);
  fact.SetInteger("proto_ids_size", h.proto_ids_size);
  fact.SetInteger("proto_ids_offset", h.proto_ids_offset);
  fact.SetInteger("field_ids_size", h.field_ids_size);
  fact.SetInteger("field_ids_offset", h.field_ids_offset);
  fact.SetInteger("method_ids_size", h.method_ids_size);
  fact.SetInteger("method_ids_offset", h.method_ids_offset);
  fact.SetInteger("class_defs_size", h.class_defs_size);
  fact.SetInteger("class_defs_offset", h.class_defs_offset);
  fact.SetInteger("data_size", h.data_size);
  fact.SetInteger("data_offset", h.data_offset);
}

void SetTables(const dex::DexFile& file, StructValue& root) {
  // Strings that cannot be read leave holes.
  for (std::size_t i = 0; i < file.strings.size(); ++i) {
    if (!file.strings[i]) continue;
    ArrayValue& array = root.Array("string_ids");
    while (array.size() < i) array.AppendUndefined();
    StructValue& fact = array.AppendStruct();
    fact.SetInteger("offset", file.strings[i]->offset);
    fact.SetInteger("size", file.strings[i]->size);
    fact.SetString("value", file.strings[i]->value);
  }
  for (const std::uint32_t descriptor : file.types) {
    root.Array("type_ids").AppendStruct().SetInteger("descriptor_idx", descriptor);
  }
  for (const dex::ProtoId& proto : file.protos) {
    StructValue& fact = root.Array("proto_ids").AppendStruct();
    fact.SetInteger("shorty_idx", proto.shorty_index);
    fact.SetInteger("return_type_idx", proto.return_type_index);
    fact.SetInteger("parameters_offset", proto.parameters_offset);
  }
  for (const dex::MemberId& id : file.field_ids) {
    StructValue& fact = root.Array("field_ids").AppendStruct();
    fact.SetInteger("class_idx", id.class_index);
    fact.SetInteger("type_idx", id.type_or_proto_index);
    fact.SetInteger("name_idx", id.name_index);
  }
  for (const dex::MemberId& id : file.method_ids) {
    StructValue& fact = root.Array("method_ids").AppendStruct();
    fact.SetInteger("class_idx", id.class_index);
    fact.SetInteger("proto_idx", id.type_or_proto_index);
    fact.SetInteger("name_idx", id.name_index);
  }
  if (file.map_size) root.Struct("map_list").SetInteger("size", *file.map_size);
  for (const dex::MapItem& item : file.map) {
    StructValue& fact = root.Struct("map_list").Array("map_item").AppendStruct();
    fact.SetInteger("type", item.type);
    fact.SetInteger("unused", item.unused);
    fact.SetInteger("size", item.size);
    fact.SetInteger("offset", item.offset);
  }
}

void SetClasses(const dex::DexFile& file, StructValue& root) {
  for (const dex::ClassDef& def : file.classes) {
    StructValue& fact = root.Array("class_defs").AppendStruct();
    fact.SetInteger("class_idx", def.class_index);
    fact.SetInteger("access_flags", def.access_flags);
    fact.SetInteger("super_class_idx", def.super_class_index);
    fact.SetInteger("interfaces_offset", def.interfaces_offset);
    fact.SetInteger("source_file_idx", def.source_file_index);
    fact.SetInteger("annotations_offset", def.annotations_offset);
    fact.SetInteger("class_data_offset", def.class_data_offset);
    fact.SetInteger("static_values_offset", def.static_values_offset);
  }
  for (const dex::ClassData& data : file.class_data) {
    StructValue& fact = root.Array("class_data_item").AppendStruct();
    fact.SetInteger("static_fields_size", data.static_fields);
    fact.SetInteger("instance_fields_size", data.instance_fields);
    fact.SetInteger("direct_methods_size", data.direct_methods);
    fact.SetInteger("virtual_methods_size", data.virtual_methods);
  }
}

void SetField(const dex::Field& field, StructValue& fact) {
  if (field.class_name) fact.SetString("class_name", *field.class_name);
  if (field.name) fact.SetString("name", *field.name);
  if (field.type) fact.SetString("proto", *field.type);
  fact.SetInteger("static", field.is_static ? 1 : 0);
  fact.SetInteger("instance", field.is_static ? 0 : 1);
  fact.SetInteger("field_idx_diff", field.index_difference);
  fact.SetInteger("access_flags", field.access_flags);
}

void SetMethod(const dex::Method& method, StructValue& fact) {
  if (method.class_name) fact.SetString("class_name", *method.class_name);
  if (method.name) fact.SetString("name", *method.name);
  if (method.shorty) fact.SetString("proto", *method.shorty);
  fact.SetInteger("direct", method.is_direct ? 1 : 0);
  fact.SetInteger("virtual", method.is_direct ? 0 : 1);
  fact.SetInteger("method_idx_diff", method.index_difference);
  fact.SetInteger("access_flags", method.access_flags);
  fact.SetInteger("code_off", method.code_offset);
  if (!method.code) return;
  StructValue& code = fact.Struct("code_item");
  code.SetInteger("registers_size", method.code->registers);
  code.SetInteger("ins_size", method.code->ins);
  code.SetInteger("outs_size", method.code->outs);
  code.SetInteger("tries_size", method.code->tries);
  code.SetInteger("debug_info_off", method.code->debug_info_offset);
  code.SetInteger("insns_size", method.code->instructions_size);
  if (method.code->instructions) code.SetString("insns", *method.code->instructions);
}

void SetMembers(const dex::DexFile& file, StructValue& root) {
  for (const dex::Field& field : file.fields) SetField(field, root.Array("field").AppendStruct());
  if (file.broken_field) SetField(*file.broken_field, root.Array("field").AppendStruct());
  for (const dex::Method& method : file.methods) SetMethod(method, root.Array("method").AppendStruct());
  if (file.broken_method) SetMethod(*file.broken_method, root.Array("method").AppendStruct());
  if (!file.complete) return;
  root.SetInteger("number_of_fields", static_cast<std::int64_t>(file.fields.size()));
  root.SetInteger("number_of_methods", static_cast<std::int64_t>(file.methods.size()));
}

void LoadDex(ModuleContext& context, StructValue& root) {
  for (const char* version : {"035", "036", "037", "038", "039"}) {
    root.SetString(std::string("DEX_FILE_MAGIC_") + version, std::string("dex\n") + version);
  }
  // A foreign object of any size costs one look at its first bytes.
  std::array<std::byte, 8> head{};
  const auto head_size = context.object().ReadAt(0, head);
  if (!head_size || !dex::HasDexMagic(Bytes(head).first(*head_size))) return;
  const auto bytes = context.WholeObject();
  if (!bytes) return;
  const auto file = dex::ParseDex(*bytes);
  if (!file) return;
  if (file->stopped) context.MarkIncomplete(file->stopped->what);
  SetHeader(file->header, root.Struct("header"));
  SetTables(*file, root);
  SetClasses(*file, root);
  SetMembers(*file, root);
}

// Whether a string of a method is what an argument asks for.
bool Matches(ModuleContext& context, const Value& argument, std::string_view text) {
  if (argument.kind == TypeKind::kRegexp) return context.RegexpMatches(argument.regexp, CString(text));
  return CString(argument.string) == CString(text);
}

// 1 when one of the counted methods is of such a class and has such a name.
// Like libyara, a method of an unknown class is of any.
Value AnyMethod(ModuleContext& context, const Value* class_argument, const Value* name_argument) {
  const Value count = context.root().Get("number_of_methods");
  if (!count.defined()) return Value::Undefined();
  const Value methods = context.root().Get("method");
  for (std::int64_t i = 0; i < count.integer; ++i) {
    const StructValue& method = *methods.array->at(i).structure;
    const Value class_name = method.Get("class_name");
    const Value name = method.Get("name");
    if (class_argument != nullptr) {
      const bool matches = class_name.defined() && Matches(context, *class_argument, class_name.string);
      if (name_argument == nullptr) {
        if (matches) return Value::Integer(1);
        continue;
      }
      if (class_name.defined() && !matches) continue;
    }
    if (name.defined() && Matches(context, *name_argument, name.string)) return Value::Integer(1);
  }
  return Value::Integer(0);
}

}  // namespace

Value DexHasMethodString(ModuleContext& context, std::span<const Value> args) {
  return AnyMethod(context, nullptr, &args[0]);
}
Value DexHasMethodRegexp(ModuleContext& context, std::span<const Value> args) {
  return AnyMethod(context, nullptr, &args[0]);
}
Value DexHasClassAndMethodString(ModuleContext& context, std::span<const Value> args) {
  return AnyMethod(context, &args[0], &args[1]);
}
Value DexHasClassAndMethodRegexp(ModuleContext& context, std::span<const Value> args) {
  return AnyMethod(context, &args[0], &args[1]);
}
Value DexHasClassString(ModuleContext& context, std::span<const Value> args) {
  return AnyMethod(context, &args[0], nullptr);
}
Value DexHasClassRegexp(ModuleContext& context, std::span<const Value> args) {
  return AnyMethod(context, &args[0], nullptr);
}

extern const ModuleInfo module_dex;
const ModuleInfo module_dex = {"dex", &DexType, &LoadDex};

}  // namespace dl::yara
