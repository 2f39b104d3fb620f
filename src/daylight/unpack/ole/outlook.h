// Outlook's messages ([MS-OXMSG]): each property of a message is a stream, whose
// name says which one and of what type.
//
//   if (PropertyOf(entry.name) == kAttachedBytes) ...
//   std::vector<std::byte> rtf = DecompressRtf(stream, &is_whole);
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "daylight/bytes/bytes.h"

namespace dl::unpack {

// Tags as [MS-OXPROPS] has them: the property, and its type in the lower half.
inline constexpr std::uint32_t kAttachedBytes = 0x37010102;
inline constexpr std::uint32_t kLongFileName = 0x3707001f;
inline constexpr std::uint32_t kFileName = 0x3704001f;
inline constexpr std::uint32_t kDisplayName = 0x3001001f;
inline constexpr std::uint32_t kBody = 0x1000001f;
inline constexpr std::uint32_t kBodyHtml = 0x10130102;
inline constexpr std::uint32_t kBodyHtmlText = 0x1013001f;
inline constexpr std::uint32_t kBodyRtf = 0x10090102;
// Types of text: UTF-16, and in whatever code page the message is.
inline constexpr std::uint32_t kUnicodeType = 0x1f;
inline constexpr std::uint32_t kAnsiType = 0x1e;

// 2.1.3: of a stream "__substg1.0_TTTTTTTT"; 0 where it is none.
std::uint32_t PropertyOf(std::string_view stream_name);

// [MS-OXRTFCP] 2.2: `is_whole` is whether all of it was as it should be. The result
// has at most eight and a half times the bytes of the input, and at most `most`.
std::vector<std::byte> DecompressRtf(Bytes compressed, std::size_t most, bool& is_whole);

}  // namespace dl::unpack
