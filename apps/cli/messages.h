// What is said to the user on standard error: one line each, begun with
// "daylight: ", whatever strangers put into file names.
#pragma once

#include <string_view>

namespace dl::cli {

// Exit codes of every command.
inline constexpr int kExitClean = 0;
inline constexpr int kExitDetected = 1;
inline constexpr int kExitTrouble = 2;

// daylight: MESSAGE
void Say(std::string_view message);
// daylight: warning: MESSAGE
void Warn(std::string_view message);
// Several lines that were laid out elsewhere (diagnostics), escaped but for
// their newlines.
void Show(std::string_view layout);

// To be called before a message is written, so that a progress line can make
// room; may be null.
void SetBeforeMessage(void (*function)());

}  // namespace dl::cli
