// Scripts that Microsoft's Script Encoder made: .vbe and .jse files, and those in
// pages whose language is VBScript.Encode or JScript.Encode.
//
//   ForEachEncodedScript("#@~^DgAAAA==...==^#~@", [&](const std::string& script) { return true; });
//
// The length that stands in front is not believed: a script ends at its end mark, or,
// where there is none, with the text. After "Breaking the Windows Script Encoder"
// (MrBrownstone).
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace dl::unpack {

// False when `visit` said so.
bool ForEachEncodedScript(std::string_view text, const std::function<bool(const std::string& script)>& visit);

}  // namespace dl::unpack
