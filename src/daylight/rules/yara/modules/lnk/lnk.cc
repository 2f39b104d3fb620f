// The lnk module: facts of Windows shortcuts, with the names that YARA-X gives
// them. `hotkey` is an addition of ours.
#include "daylight/formats/lnk/lnk.h"

#include <array>

#include "daylight/rules/yara/module.h"

namespace dl::yara {
namespace {

const StructType& ShowCommandType() {
  static const StructType type = [] {
    StructType t;
    t.Constant("NORMAL", 1).Constant("MAXIMIZED", 3).Constant("MIN_NO_ACTIVE", 7);
    return t;
  }();
  return type;
}

const StructType& DriveTypeType() {
  static const StructType type = [] {
    StructType t;
    t.Constant("UNKNOWN", 0).Constant("NO_ROOT_DIR", 1).Constant("REMOVABLE", 2).Constant("FIXED", 3);
    t.Constant("REMOTE", 4).Constant("CDROM", 5).Constant("RAMDISK", 6);
    return t;
  }();
  return type;
}

const StructType& ShellItemTypeType() {
  static const StructType type = [] {
    StructType t;
    t.Constant("CONTROL_PANEL_CPL", 0x00).Constant("CONTROL_PANEL_CATEGORY", 0x01).Constant("ROOT_FOLDER", 0x1f);
    t.Constant("VOLUME", 0x20).Constant("FILE_ENTRY", 0x30).Constant("NETWORK_LOCATION", 0x40);
    t.Constant("COMPRESSED_FOLDER", 0x52).Constant("URI", 0x61).Constant("CONTROL_PANEL", 0x71);
    t.Constant("PRINTERS", 0x72).Constant("COMMON_PLACES_FOLDER", 0x73).Constant("USERS_FILES_FOLDER", 0x74);
    return t;
  }();
  return type;
}

const StructType& TrackerType() {
  static const StructType type = [] {
    StructType t;
    t.Integer("version").String("machine_id").String("droid_volume_id").String("droid_file_id");
    t.String("droid_birth_volume_id").String("droid_birth_file_id");
    return t;
  }();
  return type;
}

const StructType& ShellItemType() {
  static const StructType type = [] {
    StructType t;
    t.Integer("item_type").Integer("item_type_code").String("data").String("cpl_file_path").String("root_folder_id");
    t.String("volume_name").String("volume_id").String("file_entry_name").String("network_location");
    return t;
  }();
  return type;
}

const StructType& LnkType() {
  static const StructType type = [] {
    StructType t;
    // [MS-SHLLINK] 2.1.2, FileAttributesFlags.
    t.Constant("FILE_ATTRIBUTE_READONLY", 0x1).Constant("FILE_ATTRIBUTE_HIDDEN", 0x2);
    t.Constant("FILE_ATTRIBUTE_SYSTEM", 0x4).Constant("RESERVED_1", 0x8);
    t.Constant("FILE_ATTRIBUTE_DIRECTORY", 0x10).Constant("FILE_ATTRIBUTE_ARCHIVE", 0x20);
    t.Constant("RESERVED_2", 0x40).Constant("FILE_ATTRIBUTE_NORMAL", 0x80);
    t.Constant("FILE_ATTRIBUTE_TEMPORARY", 0x100).Constant("FILE_ATTRIBUTE_SPARSE_FILE", 0x200);
    t.Constant("FILE_ATTRIBUTE_REPARSE_POINT", 0x400).Constant("FILE_ATTRIBUTE_COMPRESSED", 0x800);
    t.Constant("FILE_ATTRIBUTE_OFFLINE", 0x1000).Constant("FILE_ATTRIBUTE_NOT_CONTENT_INDEXED", 0x2000);
    t.Constant("FILE_ATTRIBUTE_ENCRYPTED", 0x4000);
    t.Struct("ShowCommand", ShowCommandType()).Struct("DriveType", DriveTypeType());
    t.Struct("ShellItemType", ShellItemTypeType());
    t.Boolean("is_lnk").String("name").Integer("creation_time").Integer("access_time").Integer("write_time");
    t.Integer("file_size").Integer("file_attributes").String("icon_location").Integer("icon_index");
    t.Integer("show_command").Integer("hotkey").Integer("drive_type").Integer("drive_serial_number");
    t.String("volume_label").String("local_base_path").String("common_path_suffix").String("relative_path");
    t.String("working_dir").String("cmd_line_args").Integer("overlay_size").Integer("overlay_offset");
    t.Struct("tracker_data", TrackerType()).StructArray("target_id_list", ShellItemType());
    return t;
  }();
  return type;
}

template <typename T>
void SetInteger(StructValue& to, std::string_view field, const std::optional<T>& value) {
  if (value) to.SetInteger(field, static_cast<std::int64_t>(*value));
}
void SetString(StructValue& to, std::string_view field, const std::optional<std::string>& value) {
  if (value) to.SetString(field, *value);
}

// YARA-X holds these two as enumerations of 32 signed bits: a value beyond is
// undefined there, one that only has no name is not.
void SetEnumeration(StructValue& to, std::string_view field, std::optional<std::uint32_t> value) {
  if (value && *value <= 0x7fffffff) to.SetInteger(field, *value);
}

void SetItem(StructValue& to, const formats::ShellItem& item) {
  if (item.item_class) to.SetInteger("item_type", static_cast<std::int64_t>(*item.item_class));
  to.SetInteger("item_type_code", item.indicator);
  to.SetString("data", item.data);
  SetString(to, "cpl_file_path", item.control_panel_path);
  SetString(to, "root_folder_id", item.root_folder_id);
  SetString(to, "volume_name", item.volume_name);
  SetString(to, "volume_id", item.volume_id);
  SetString(to, "file_entry_name", item.file_name);
  SetString(to, "network_location", item.network_location);
}

void SetFacts(StructValue& root, const formats::LnkFacts& facts) {
  SetString(root, "name", facts.name);
  SetInteger(root, "creation_time", facts.creation_time);
  SetInteger(root, "access_time", facts.access_time);
  SetInteger(root, "write_time", facts.write_time);
  root.SetInteger("file_size", facts.file_size);
  root.SetInteger("file_attributes", facts.file_attributes);
  SetString(root, "icon_location", facts.icon_location);
  root.SetInteger("icon_index", facts.icon_index);
  SetEnumeration(root, "show_command", facts.show_command);
  root.SetInteger("hotkey", facts.hotkey);
  SetEnumeration(root, "drive_type", facts.drive_type);
  SetInteger(root, "drive_serial_number", facts.drive_serial_number);
  SetString(root, "volume_label", facts.volume_label);
  SetString(root, "local_base_path", facts.local_base_path);
  SetString(root, "common_path_suffix", facts.common_path_suffix);
  SetString(root, "relative_path", facts.relative_path);
  SetString(root, "working_dir", facts.working_dir);
  SetString(root, "cmd_line_args", facts.command_line_arguments);
  SetInteger(root, "overlay_size", facts.overlay_size);
  SetInteger(root, "overlay_offset", facts.overlay_offset);
  if (facts.tracker) {
    StructValue& tracker = root.Struct("tracker_data");
    tracker.SetInteger("version", facts.tracker->version);
    tracker.SetString("machine_id", facts.tracker->machine_id);
    tracker.SetString("droid_volume_id", facts.tracker->droid_volume_id);
    tracker.SetString("droid_file_id", facts.tracker->droid_file_id);
    tracker.SetString("droid_birth_volume_id", facts.tracker->birth_droid_volume_id);
    tracker.SetString("droid_birth_file_id", facts.tracker->birth_droid_file_id);
  }
  for (const formats::ShellItem& item : facts.target_id_list) {
    SetItem(root.Array("target_id_list").AppendStruct(), item);
  }
}

void Load(ModuleContext& context, StructValue& root) {
  for (const char* group : {"ShowCommand", "DriveType", "ShellItemType"}) root.Struct(group);
  // Most objects are no shortcuts: that is known from the first bytes, and
  // whatever its size such an object need not be loaded.
  std::array<std::byte, formats::kLnkHeaderBytes> head{};
  const auto got = context.object().ReadAt(0, head);
  if (got && !formats::IsLnk(Bytes(head).first(*got))) {
    root.SetBoolean("is_lnk", false);
    return;
  }
  const auto bytes = context.WholeObject();
  if (!bytes) return;
  const auto facts = formats::ParseLnk(*bytes);
  root.SetBoolean("is_lnk", facts.has_value());
  if (facts) SetFacts(root, *facts);
}

}  // namespace

extern const ModuleInfo module_lnk;
const ModuleInfo module_lnk = {"lnk", &LnkType, &Load};

}  // namespace dl::yara
