// Any bytes are a shortcut's facts or an error. Meaning: the overlay is exactly
// what is left, more bytes at the end only grow it, and text is valid UTF-8.
#include <cstdint>
#include <string>
#include <vector>

#include "daylight/base/check.h"
#include "daylight/formats/lnk/lnk.h"
#include "daylight/formats/lnk/text.h"

namespace {

using dl::formats::LnkFacts;

void CheckText(const std::optional<std::string>& text) {
  if (text) DL_CHECK(dl::formats::ReplaceInvalidUtf8(dl::AsBytes(*text)) == *text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const dl::Bytes bytes(reinterpret_cast<const std::byte*>(data), size);
  const auto facts = dl::formats::ParseLnk(bytes);
  if (!facts) return 0;
  DL_CHECK(dl::formats::IsLnk(bytes));
  for (const auto& text :
       {facts->name, facts->relative_path, facts->working_dir, facts->command_line_arguments, facts->icon_location,
        facts->local_base_path, facts->common_path_suffix, facts->volume_label}) {
    CheckText(text);
  }
  for (const auto& item : facts->target_id_list) {
    for (const auto& text : {item.file_name, item.volume_name, item.network_location, item.control_panel_path}) {
      CheckText(text);
    }
  }
  DL_CHECK(facts->damage.has_value() != facts->overlay_size.has_value());
  if (facts->damage) return 0;
  DL_CHECK(*facts->overlay_size == 0 || *facts->overlay_offset + *facts->overlay_size == size);

  std::vector<std::byte> longer(bytes.begin(), bytes.end());
  longer.push_back(std::byte{0});
  const auto again = dl::formats::ParseLnk(longer);
  DL_CHECK(again && !again->damage && *again->overlay_size == *facts->overlay_size + 1);
  DL_CHECK(again->target_id_list.size() == facts->target_id_list.size());
  DL_CHECK(again->name == facts->name && again->command_line_arguments == facts->command_line_arguments &&
           again->local_base_path == facts->local_base_path && again->volume_label == facts->volume_label);
  return 0;
}
