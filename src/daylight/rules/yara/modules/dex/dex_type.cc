#include "daylight/rules/yara/modules/dex/dex_type.h"

namespace dl::yara {
namespace {

struct NamedValue {
  const char* name;
  std::int64_t value;
};

// Values of the Dalvik Executable format's specification.
constexpr NamedValue kConstants[] = {
    {"ENDIAN_CONSTANT", 0x12345678},
    {"REVERSE_ENDIAN_CONSTANT", 0x78563412},
    {"NO_INDEX", 0xffffffff},

    {"ACC_PUBLIC", 0x1},
    {"ACC_PRIVATE", 0x2},
    {"ACC_PROTECTED", 0x4},
    {"ACC_STATIC", 0x8},
    {"ACC_FINAL", 0x10},
    {"ACC_SYNCHRONIZED", 0x20},
    {"ACC_VOLATILE", 0x40},
    {"ACC_BRIDGE", 0x40},
    {"ACC_TRANSIENT", 0x80},
    {"ACC_VARARGS", 0x80},
    {"ACC_NATIVE", 0x100},
    {"ACC_INTERFACE", 0x200},
    {"ACC_ABSTRACT", 0x400},
    {"ACC_STRICT", 0x800},
    {"ACC_SYNTHETIC", 0x1000},
    {"ACC_ANNOTATION", 0x2000},
    {"ACC_ENUM", 0x4000},
    {"ACC_CONSTRUCTOR", 0x10000},
    {"ACC_DECLARED_SYNCHRONIZED", 0x20000},

    {"TYPE_HEADER_ITEM", 0x0000},
    {"TYPE_STRING_ID_ITEM", 0x0001},
    {"TYPE_TYPE_ID_ITEM", 0x0002},
    {"TYPE_PROTO_ID_ITEM", 0x0003},
    {"TYPE_FIELD_ID_ITEM", 0x0004},
    {"TYPE_METHOD_ID_ITEM", 0x0005},
    {"TYPE_CLASS_DEF_ITEM", 0x0006},
    {"TYPE_CALL_SITE_ID_ITEM", 0x0007},
    {"TYPE_METHOD_HANDLE_ITEM", 0x0008},
    {"TYPE_MAP_LIST", 0x1000},
    {"TYPE_TYPE_LIST", 0x1001},
    {"TYPE_ANNOTATION_SET_REF_LIST", 0x1002},
    {"TYPE_ANNOTATION_SET_ITEM", 0x1003},
    {"TYPE_CLASS_DATA_ITEM", 0x2000},
    {"TYPE_CODE_ITEM", 0x2001},
    {"TYPE_STRING_DATA_ITEM", 0x2002},
    {"TYPE_DEBUG_INFO_ITEM", 0x2003},
    {"TYPE_ANNOTATION_ITEM", 0x2004},
    {"TYPE_ENCODED_ARRAY_ITEM", 0x2005},
    {"TYPE_ANNOTATIONS_DIRECTORY_ITEM", 0x2006},
};

StructType IntegersOnly(std::initializer_list<const char*> names) {
  StructType t;
  for (const char* name : names) t.Integer(name);
  return t;
}

const StructType& HeaderType() {
  static const StructType type = [] {
    StructType t;
    t.String("magic").Integer("checksum").String("signature").Integer("file_size").Integer("header_size");
    t.Integer("endian_tag").Integer("link_size").Integer("link_offset").Integer("map_offset");
    t.Integer("string_ids_size").Integer("string_ids_offset").Integer("type_ids_size").Integer("type_ids_offset");
    t.Integer("proto_ids_size").Integer("proto_ids_offset").Integer("field_ids_size").Integer("field_ids_offset");
    t.Integer("method_ids_size").Integer("method_ids_offset").Integer("class_defs_size").Integer("class_defs_offset");
    t.Integer("data_size").Integer("data_offset");
    return t;
  }();
  return type;
}

const StructType& StringIdType() {
  static const StructType type = [] {
    StructType t;
    t.Integer("offset").Integer("size").String("value");
    return t;
  }();
  return type;
}

const StructType& TypeIdType() {
  static const StructType type = IntegersOnly({"descriptor_idx"});
  return type;
}

const StructType& ProtoIdType() {
  static const StructType type = IntegersOnly({"shorty_idx", "return_type_idx", "parameters_offset"});
  return type;
}

const StructType& FieldIdType() {
  static const StructType type = IntegersOnly({"class_idx", "type_idx", "name_idx"});
  return type;
}

const StructType& MethodIdType() {
  static const StructType type = IntegersOnly({"class_idx", "proto_idx", "name_idx"});
  return type;
}

const StructType& ClassDefType() {
  static const StructType type =
      IntegersOnly({"class_idx", "access_flags", "super_class_idx", "interfaces_offset", "source_file_idx",
                    "annotations_offset", "class_data_offset", "static_values_offset"});
  return type;
}

const StructType& ClassDataType() {
  static const StructType type =
      IntegersOnly({"static_fields_size", "instance_fields_size", "direct_methods_size", "virtual_methods_size"});
  return type;
}

const StructType& MapItemType() {
  static const StructType type = IntegersOnly({"type", "unused", "size", "offset"});
  return type;
}

const StructType& MapListType() {
  static const StructType type = [] {
    StructType t;
    t.Integer("size").StructArray("map_item", MapItemType());
    return t;
  }();
  return type;
}

const StructType& FieldItemType() {
  static const StructType type = [] {
    StructType t;
    t.String("class_name").String("name").String("proto");
    // libyara sets these two without declaring them; declared, they are usable.
    t.Integer("static").Integer("instance");
    t.Integer("field_idx_diff").Integer("access_flags");
    return t;
  }();
  return type;
}

const StructType& NoFieldsType() {
  static const StructType type;
  return type;
}

const StructType& CodeItemType() {
  static const StructType type = [] {
    StructType t;
    t.Integer("registers_size").Integer("ins_size").Integer("outs_size").Integer("tries_size");
    t.Integer("debug_info_off").Integer("insns_size").String("insns");
    // Declared by YARA and never defined.
    t.Integer("padding").Struct("tries", NoFieldsType()).StructArray("handlers", NoFieldsType());
    return t;
  }();
  return type;
}

const StructType& MethodItemType() {
  static const StructType type = [] {
    StructType t;
    t.String("class_name").String("name").String("proto").Integer("direct").Integer("virtual");
    t.Integer("method_idx_diff").Integer("access_flags").Integer("code_off");
    t.Struct("code_item", CodeItemType());
    return t;
  }();
  return type;
}

}  // namespace

const StructType& DexType() {
  static const StructType type = [] {
    StructType t;
    // Strings cannot be constants of a StructType; they are set at load.
    t.String("DEX_FILE_MAGIC_035").String("DEX_FILE_MAGIC_036").String("DEX_FILE_MAGIC_037");
    t.String("DEX_FILE_MAGIC_038").String("DEX_FILE_MAGIC_039");
    for (const NamedValue& constant : kConstants) t.Constant(constant.name, constant.value);
    t.Struct("header", HeaderType());
    t.StructArray("string_ids", StringIdType()).StructArray("type_ids", TypeIdType());
    t.StructArray("proto_ids", ProtoIdType()).StructArray("field_ids", FieldIdType());
    t.StructArray("method_ids", MethodIdType()).StructArray("class_defs", ClassDefType());
    t.StructArray("class_data_item", ClassDataType()).Struct("map_list", MapListType());
    t.Integer("number_of_fields").StructArray("field", FieldItemType());
    t.Integer("number_of_methods").StructArray("method", MethodItemType());
    t.Function("has_method", "s", TypeKind::kInteger, &DexHasMethodString);
    t.Function("has_method", "ss", TypeKind::kInteger, &DexHasClassAndMethodString);
    t.Function("has_method", "r", TypeKind::kInteger, &DexHasMethodRegexp);
    t.Function("has_method", "rr", TypeKind::kInteger, &DexHasClassAndMethodRegexp);
    t.Function("has_class", "s", TypeKind::kInteger, &DexHasClassString);
    t.Function("has_class", "r", TypeKind::kInteger, &DexHasClassRegexp);
    return t;
  }();
  return type;
}

}  // namespace dl::yara
