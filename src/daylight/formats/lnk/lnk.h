// Facts of a Windows shortcut (.lnk), as [MS-SHLLINK] 8.0 lays it out:
//   header, target ID list, link info, strings, extra data blocks, overlay.
//
//   const auto lnk = formats::ParseLnk(bytes);
//   if (lnk) Show(lnk->command_line_arguments.value_or(""));
//
// A shortcut that is malformed past its header gives what came before; the
// error that ended it is in LnkFacts::damage. Text is UTF-8 and owned, raw data
// is a view of the input. A pure function: any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "daylight/base/error.h"
#include "daylight/bytes/bytes.h"

namespace dl::formats {

// One item of the target ID list. Microsoft leaves its contents undefined;
// the fields follow libfwsi's "Windows Shell Item format". Only those of the
// item's own class are set.
struct ShellItem {
  enum class Class : std::uint8_t {
    kControlPanelFile = 0x00,
    kControlPanelCategory = 0x01,
    kRootFolder = 0x1f,
    kVolume = 0x20,
    kFileEntry = 0x30,
    kNetworkLocation = 0x40,
    kCompressedFolder = 0x52,
    kUri = 0x61,
    kControlPanel = 0x71,
    kPrinters = 0x72,
    kCommonPlacesFolder = 0x73,
    kUsersFilesFolder = 0x74,
  };
  std::uint8_t indicator = 0;       // The class type indicator as stored.
  std::optional<Class> item_class;  // Absent when the indicator is not known.
  Bytes data;                       // What follows the indicator.
  std::optional<std::string> control_panel_path;
  std::optional<std::string> root_folder_id;
  std::optional<std::string> volume_name;
  std::optional<std::string> volume_id;
  std::optional<std::string> file_name;
  std::optional<std::string> network_location;
};

struct LnkTracker {
  std::uint32_t version = 0;
  std::string machine_id;
  std::string droid_volume_id;
  std::string droid_file_id;
  std::string birth_droid_volume_id;
  std::string birth_droid_file_id;
};

struct LnkFacts {
  // Header. Times are seconds since 1970; absent where before that.
  std::uint32_t flags = 0;
  std::uint32_t file_attributes = 0;
  std::optional<std::uint64_t> creation_time;
  std::optional<std::uint64_t> access_time;
  std::optional<std::uint64_t> write_time;
  std::uint32_t file_size = 0;  // Of the target, modulo 2^32.
  std::uint32_t icon_index = 0;
  std::uint32_t show_command = 0;
  std::uint16_t hotkey = 0;
  std::vector<ShellItem> target_id_list;
  // Link info.
  std::optional<std::uint32_t> drive_type;
  std::optional<std::uint32_t> drive_serial_number;
  std::optional<std::string> volume_label;
  std::optional<std::string> local_base_path;
  std::optional<std::string> common_path_suffix;
  // Strings.
  std::optional<std::string> name;
  std::optional<std::string> relative_path;
  std::optional<std::string> working_dir;
  std::optional<std::string> command_line_arguments;
  std::optional<std::string> icon_location;
  // Extra data: of several trackers the last counts.
  std::optional<LnkTracker> tracker;
  // Bytes after the terminal block; absent when that was not reached.
  std::optional<std::uint64_t> overlay_offset;
  std::optional<std::uint64_t> overlay_size;
  std::optional<Error> damage;
};

inline constexpr std::size_t kLnkHeaderBytes = 0x4c;

// Whether `head`, the first bytes of a file, begins with a shortcut's header
// size and class identifier.
bool IsLnk(Bytes head);

// kMalformed when it is no shortcut, kTruncated when the header is cut.
Result<LnkFacts> ParseLnk(Bytes bytes);

}  // namespace dl::formats
