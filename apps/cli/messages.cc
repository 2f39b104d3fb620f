#include "messages.h"

#include <unistd.h>

#include <string>

#include "daylight/os/io.h"
#include "daylight/report/escape.h"

namespace dl::cli {

namespace {

void (*before_message)() = nullptr;

void Write(const std::string& text) {
  if (before_message != nullptr) before_message();
  // Nothing to be done when nobody listens.
  static_cast<void>(os::WriteAll(STDERR_FILENO, text));
}

}  // namespace

void SetBeforeMessage(void (*function)()) { before_message = function; }

void Say(std::string_view message) { Write("daylight: " + report::EscapeLine(message) + "\n"); }

void Warn(std::string_view message) { Write("daylight: warning: " + report::EscapeLine(message) + "\n"); }

void Show(std::string_view layout) {
  std::string text = report::EscapeLayout(layout);
  if (!text.empty() && text.back() != '\n') text += '\n';
  Write(text);
}

}  // namespace dl::cli
