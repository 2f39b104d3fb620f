// Stands in for the daemon in tests of events: writes them to the sinks it is told, and
// says when what comes next in a calendar.
//
//   events_tool write [--db FILE] [--file FORMAT:PATH] [--syslog FORMAT:TARGET] [--count N] [--hex]
//   events_tool calendar BASE N < expressions
//
// `write` prints each event's id once it was written. With --hex each line of standard
// input is the bytes of a name, which the event has wherever strangers choose.
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <string>

#include "daylight/events/calendar.h"
#include "daylight/events/event_log.h"

namespace {

using namespace dl::events;

std::string FromHex(const std::string& hex) {
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    out += static_cast<char>(std::strtoul(hex.substr(i, 2).c_str(), nullptr, 16));
  return out;
}

Event Named(const std::string& name) {
  Event event;
  event.verdict = dl::report::Verdict::kDetected;
  event.path = "/" + name;
  event.object = name;
  event.why = event.text = name;
  event.client.exe = "/" + name;
  event.client.pid = 7;
  event.protocol = "on-access";
  event.action = Action::kBlocked;
  event.detections = {{"yara", name, "local", name, name}};
  event.incomplete = {{name, "encrypted", name}};
  return event;
}

int Write(int argc, char** argv) {
  EventLogOptions options;
  options.source = {"testhost", "0.0.0"};
  options.tell = [](const std::string& text) { std::cerr << text << std::endl; };
  std::uint64_t count = 1;
  bool hex = false;
  for (int i = 2; i < argc; ++i) {
    const std::string option = argv[i];
    if (option == "--hex") {
      hex = true;
      continue;
    }
    if (++i >= argc) return 2;
    const std::string value = argv[i];
    const std::size_t colon = value.find(':');
    if (option == "--db") {
      options.store.emplace();
      options.store->path = value;
    } else if (option == "--count") {
      count = std::stoull(value);
    } else if (option == "--file") {
      options.files.push_back({.path = value.substr(colon + 1), .format = *FormatOf(value.substr(0, colon))});
    } else if (option == "--syslog") {
      SyslogOptions syslog;
      syslog.format = *FormatOf(value.substr(0, colon));
      syslog.target = value.substr(colon + 1);
      options.syslog.push_back(syslog);
    }
  }
  auto log = EventLog::Open(std::move(options));
  if (!log) {
    std::cerr << log.error().what << std::endl;
    return 2;
  }
  const auto write = [&](const Event& event) { std::cout << log->Write(event) << std::endl; };
  if (hex) {
    for (std::string line; std::getline(std::cin, line);) write(Named(FromHex(line)));
  } else {
    for (std::uint64_t i = 0; i < count; ++i) write(Named("file-" + std::to_string(i)));
  }
  // What waits for a slow reader gets a while.
  for (int round = 0; round < 2000; ++round) {
    log->Flush();
    bool waits = false;
    for (const SinkState& state : log->states()) waits |= state.waiting > 0;
    if (!waits) break;
    ::usleep(1000);
  }
  for (const SinkState& state : log->states())
    std::cerr << state.name << " written " << state.written << " lost " << state.lost << std::endl;
  return 0;
}

int NextOnes(int argc, char** argv) {
  if (argc != 4) return 2;
  for (std::string line; std::getline(std::cin, line);) {
    const auto calendar = Calendar::Parse(line);
    if (!calendar) {
      std::cout << "invalid" << std::endl;
      continue;
    }
    std::int64_t at = std::stoll(argv[2]);
    for (int i = std::stoi(argv[3]); i > 0; --i) {
      const auto next = calendar->Next(at);
      if (!next) break;
      at = *next;
      std::cout << at << ' ';
    }
    std::cout << std::endl;
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string command = argc > 1 ? argv[1] : "";
  if (command == "write") return Write(argc, argv);
  if (command == "calendar") return NextOnes(argc, argv);
  return 2;
}
