// `daylight quarantine`: what was moved out of the way, and back.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <ctime>

#include "command_line.h"
#include "commands.h"
#include "daylight/os/io.h"
#include "daylight/os/lease.h"
#include "daylight/os/passwd.h"
#include "daylight/os/paths.h"
#include "daylight/quarantine/quarantine.h"
#include "daylight/report/escape.h"
#include "daylight/report/json_text.h"
#include "daylight/report/writer.h"
#include "messages.h"
#include "values.h"

namespace dl::cli {

namespace {

using quarantine::Item;
using quarantine::Quarantine;
using quarantine::State;

constexpr char kDefaultFolder[] = "/var/lib/daylight/quarantine";
constexpr int kExitLeft = 1;
constexpr std::int64_t kSecond = 1'000'000'000;

constexpr char kHelp[] =
    "Usage: daylight quarantine COMMAND [OPTIONS]\n"
    "\n"
    "Commands:\n"
    "  list              what is in quarantine\n"
    "  show ID           everything that is known of one item\n"
    "  restore ID        put a file back\n"
    "  delete ID...      remove items for good\n"
    "  export ID         the file itself, or a ZIP of it for analysts\n"
    "  add FILE          move a file into quarantine by hand\n"
    "  recover           finish what was interrupted\n"
    "\n"
    "Each has its own --help. An ID may be shortened to four letters or more.\n";

bool Print(const std::string& text) { return os::WriteAll(STDOUT_FILENO, text).has_value(); }

std::string LocalTime(std::int64_t ns) {
  const std::time_t seconds = ns / kSecond;
  std::tm parts{};
  if (::localtime_r(&seconds, &parts) == nullptr) return "?";
  char text[64];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%d %H:%M", &parts)};
}

std::string IsoTime(std::int64_t ns) {
  std::int64_t seconds = ns / kSecond;
  std::int64_t rest = ns % kSecond;
  if (rest < 0) rest += kSecond, --seconds;
  const std::time_t time = seconds;
  std::tm parts{};
  if (::gmtime_r(&time, &parts) == nullptr) return "";
  char text[64];
  const std::string out(text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts));
  std::snprintf(text, sizeof text, ".%09lldZ", static_cast<long long>(rest));
  return out + text;
}

struct Common {
  std::string folder = kDefaultFolder;
  std::string format = "text";
};

void AddFolder(CLI::App& app, Common& common) {
  app.add_option("--folder", common.folder, "the quarantine's folder")->type_name("DIR")->capture_default_str();
}

void AddFormat(CLI::App& app, Common& common) {
  AddChoice(app, "--format", common.format, {"text", "json"}, "text or json");
}

// Null with everything said.
std::unique_ptr<Quarantine> OpenFolder(const Common& common, bool make = false) {
  quarantine::Options options;
  options.make_folder = make;
  if (const auto programs = os::ProgramFolder()) quarantine::AddOwnParts(options, *programs);
  auto opened = Quarantine::Open(common.folder, std::move(options));
  if (opened) return std::move(*opened);
  std::string why(opened.error().what);
  if (opened.error().code == ErrorCode::kIo) why += ": " + os::Describe(opened.error());
  Say(common.folder + ": " + why);
  return nullptr;
}

// For what changes something: interrupted work is finished first.
std::unique_ptr<Quarantine> OpenAndRecover(const Common& common, bool make = false, bool* trouble = nullptr) {
  auto opened = OpenFolder(common, make);
  if (opened == nullptr) return nullptr;
  for (const quarantine::Recovered& one : opened->Recover()) {
    const std::string text = "recovered " + one.id + ": " + one.text;
    if (one.done) {
      Say(text);
    } else {
      Warn(text);
      if (trouble != nullptr) *trouble = true;
    }
  }
  return opened;
}

std::optional<Item> FindItem(const Quarantine& in, const std::string& id) {
  auto item = in.Find(id);
  if (item) return std::move(*item);
  Say(id + ": " + std::string(item.error().what));
  return std::nullopt;
}

// "Eicar_Test (yara)", with the number of others behind it.
std::string DetectionText(const Item& item) {
  if (item.detections.empty()) return item.reason.empty() ? "-" : report::EscapeLine(item.reason);
  std::string text = report::EscapeLine(item.detections.front().name);
  if (item.detections.size() > 1) text += " +" + std::to_string(item.detections.size() - 1);
  return text;
}

std::string ListText(const std::vector<Item>& items) {
  std::vector<std::array<std::string, 6>> rows{{"ID", "TAKEN", "SIZE", "STATE", "DETECTION", "PATH"}};
  for (const Item& item : items) {
    rows.push_back({item.id, LocalTime(item.taken_ns), SizeText(item.origin.state.size),
                    std::string(StateName(item.state)), DetectionText(item), report::EscapeLine(item.origin.path)});
  }
  std::array<std::size_t, 5> widths{};
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < widths.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string out;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < widths.size(); ++i) {
      const std::string blank(widths[i] - row[i].size(), ' ');
      out += (i == 2 ? blank + row[i] : row[i] + blank) + "  ";  // Sizes stand to the right.
    }
    out += row.back() + "\n";
  }
  return out;
}

void PathField(report::JsonText& json, const std::string& name, const std::string& path) {
  json.Field(name, path);
  if (!report::IsUtf8(path)) json.Field(name + "_b64", report::Base64(path));
}

void WriteItem(report::JsonText& json, const Item& item) {
  const quarantine::Origin& origin = item.origin;
  json.BeginObject();
  json.Field("id", item.id);
  json.Field("state", quarantine::StateName(item.state));
  PathField(json, "path", origin.path);
  json.Field("size", origin.state.size);
  if (item.state != State::kCopying) json.Field("sha256", report::HexDigest(item.sha256));
  json.Field("taken", IsoTime(item.taken_ns));
  json.Field("reason", item.reason);
  json.Field("requester", item.requester);
  json.Key("detections");
  json.BeginArray();
  for (const quarantine::Detection& found : item.detections) {
    json.BeginObject();
    json.Field("engine", found.engine);
    json.Field("name", found.name);
    json.Field("source", found.source);
    json.Field("object", found.object);
    json.EndObject();
  }
  json.EndArray();
  json.Field("owner", std::uint64_t{origin.state.owner});
  json.Field("group", std::uint64_t{origin.group});
  json.Field("mode", std::uint64_t{origin.state.mode & 07777u});
  json.Field("links", origin.links);
  json.Field("device", origin.state.device);
  json.Field("inode", origin.state.inode);
  json.Field("accessed", IsoTime(origin.accessed_ns));
  json.Field("modified", IsoTime(origin.state.modified_ns));
  json.Field("changed", IsoTime(origin.state.changed_ns));
  if (origin.state.born_ns != 0) json.Field("born", IsoTime(origin.state.born_ns));
  json.Field("flags", std::uint64_t{origin.flags});
  json.Key("attributes");
  json.BeginArray();
  for (const quarantine::ExtendedAttribute& attribute : origin.attributes) {
    json.BeginObject();
    json.Field("name", attribute.name);
    json.Field("value_b64", report::Base64(attribute.value));
    json.EndObject();
  }
  json.EndArray();
  if (!item.target.empty()) PathField(json, "restored_to", item.target);
  if (item.ended_ns != 0) json.Field("ended", IsoTime(item.ended_ns));
  json.EndObject();
}

int List(const Arguments& command_line) {
  std::vector<std::string> none;
  Common common;
  bool all = false;
  CLI::App app("Lists what is in quarantine.", "daylight quarantine list");
  AddFolder(app, common);
  AddFormat(app, common);
  app.add_flag("--all", all, "what was restored or deleted, too");
  if (const auto exit = Parse(app, command_line, {"", "", 0, 0}, none)) return *exit;
  if (::access(common.folder.c_str(), F_OK) != 0 && errno == ENOENT) {
    if (common.format == "json" && !Print("{\"items\":[]}\n")) return kExitTrouble;
    Say("nothing was ever put into " + common.folder);
    return kExitClean;
  }
  const auto in = OpenFolder(common);
  if (in == nullptr) return kExitTrouble;
  auto items = in->List();
  if (!items) {
    Say(items.error().what);
    return kExitTrouble;
  }
  if (!all) {
    std::erase_if(*items,
                  [](const Item& item) { return item.state == State::kRestored || item.state == State::kDeleted; });
  }
  if (common.format == "json") {
    std::string out;
    report::JsonText json(out);
    json.BeginObject();
    json.Key("items");
    json.BeginArray();
    for (const Item& item : *items) WriteItem(json, item);
    json.EndArray();
    json.EndObject();
    return Print(out + "\n") ? kExitClean : kExitTrouble;
  }
  if (!items->empty() && !Print(ListText(*items))) return kExitTrouble;
  if (std::any_of(items->begin(), items->end(), [](const Item& item) { return IsUnfinished(item.state); })) {
    Say("some items are under way, or were interrupted: see daylight quarantine recover");
  }
  return kExitClean;
}

std::string ShowText(const Item& item) {
  const quarantine::Origin& origin = item.origin;
  const os::OwnerNames owners = os::OwnerNames::Load("/etc/passwd");
  std::string out;
  const auto line = [&](std::string_view name, const std::string& value) {
    out += std::string(name) + ":" + std::string(12 - std::min<std::size_t>(12, name.size()), ' ') +
           report::EscapeLine(value) + "\n";
  };
  char mode[8];
  std::snprintf(mode, sizeof mode, "%04o", origin.state.mode & 07777u);
  line("id", item.id);
  line("state", std::string(quarantine::StateName(item.state)));
  line("path", origin.path);
  line("size", std::to_string(origin.state.size));
  if (item.state != State::kCopying) line("sha256", report::HexDigest(item.sha256));
  line("taken", IsoTime(item.taken_ns));
  line("reason", item.reason);
  line("requester", item.requester);
  for (const quarantine::Detection& found : item.detections) {
    line("detection", found.name + " (" + found.engine + (found.source.empty() ? "" : ", " + found.source) + ")" +
                          (found.object.empty() ? "" : " in " + found.object));
  }
  line("owner", owners.Name(origin.state.owner) + " (" + std::to_string(origin.state.owner) + "), group " +
                    std::to_string(origin.group));
  line("mode", mode);
  line("links", std::to_string(origin.links) +
                    (origin.links > 1
                         ? " (other names of inode " + std::to_string(origin.state.inode) + " were left where they are)"
                         : ""));
  line("accessed", IsoTime(origin.accessed_ns));
  line("modified", IsoTime(origin.state.modified_ns));
  line("changed", IsoTime(origin.state.changed_ns));
  if (origin.state.born_ns != 0) line("born", IsoTime(origin.state.born_ns));
  for (const quarantine::ExtendedAttribute& attribute : origin.attributes) {
    line("attribute", attribute.name + " (" + std::to_string(attribute.value.size()) + " bytes)");
  }
  if (!item.target.empty()) line("restored to", item.target);
  if (item.ended_ns != 0) line("ended", IsoTime(item.ended_ns));
  return out;
}

int Show(const Arguments& command_line) {
  std::vector<std::string> ids;
  Common common;
  CLI::App app("Shows everything that is known of one item.", "daylight quarantine show");
  AddFolder(app, common);
  AddFormat(app, common);
  if (const auto exit = Parse(app, command_line, {"ID", "", 1, 1}, ids)) return *exit;
  const auto in = OpenFolder(common);
  if (in == nullptr) return kExitTrouble;
  const auto item = FindItem(*in, ids.front());
  if (!item) return kExitTrouble;
  if (common.format == "text") return Print(ShowText(*item)) ? kExitClean : kExitTrouble;
  std::string out;
  report::JsonText json(out);
  WriteItem(json, *item);
  return Print(out + "\n") ? kExitClean : kExitTrouble;
}

int Restore(const Arguments& command_line) {
  std::vector<std::string> ids;
  Common common;
  quarantine::RestoreRequest request;
  CLI::App app(
      "Puts a file back to where it was, with its owner, mode, times and attributes. Its folder must be there, and "
      "nothing with its name.",
      "daylight quarantine restore");
  AddFolder(app, common);
  app.add_option("--to", request.target, "put it there instead")->type_name("PATH");
  app.add_flag("--overwrite", request.overwrite, "take the place of what has the name now");
  if (const auto exit = Parse(app, command_line, {"ID", "", 1, 1}, ids)) return *exit;
  const auto in = OpenAndRecover(common);
  if (in == nullptr) return kExitTrouble;
  const auto item = FindItem(*in, ids.front());
  const auto here = os::WorkingFolder();
  if (!item || !here) return kExitTrouble;
  request.id = item->id;
  if (!request.target.empty()) request.target = os::Absolute(request.target, *here);
  const auto done = in->Restore(request);
  if (!done) {
    Say(done.error().text);
    return kExitTrouble;
  }
  for (const std::string& lost : done->not_set) Warn(done->path + ": could not be given back: " + lost);
  return Print("restored " + item->id + " to " + report::EscapeLine(done->path) + "\n") ? kExitClean : kExitTrouble;
}

// "30d", "12h", "90m": in seconds.
std::optional<std::int64_t> ParseAge(const std::string& text) {
  const std::string_view units = "smhdw";
  constexpr std::int64_t kLengths[] = {1, 60, 3600, 86400, 7 * 86400};
  if (text.size() < 2 || text.size() > 8 || text.find_first_not_of("0123456789") != text.size() - 1) {
    return std::nullopt;
  }
  const std::size_t unit = units.find(text.back());
  if (unit == units.npos) return std::nullopt;
  return std::strtoll(text.c_str(), nullptr, 10) * kLengths[unit];
}

int Delete(const Arguments& command_line) {
  std::vector<std::string> ids;
  Common common;
  std::string older_than;
  CLI::App app("Removes items from quarantine for good. It does not ask.", "daylight quarantine delete");
  AddFolder(app, common);
  app.add_option("--older-than", older_than,
                 "all that were taken longer ago than this (12h, 30d, 8w), and the entries of those that were restored "
                 "or deleted before that")
      ->type_name("TIME");
  if (const auto exit = Parse(app, command_line, {"[ID...]", "", 0}, ids)) return *exit;
  const auto age = ParseAge(older_than);
  if (!older_than.empty() && !age) {
    Say("--older-than takes a number and one of s, m, h, d, w, not " + older_than);
    return kExitTrouble;
  }
  if (ids.empty() == older_than.empty()) {
    Say("name items, or --older-than TIME (see daylight quarantine delete --help)");
    return kExitTrouble;
  }
  const auto in = OpenAndRecover(common);
  if (in == nullptr) return kExitTrouble;
  std::vector<Item> chosen;
  int code = kExitClean;
  for (const std::string& id : ids) {
    if (auto item = FindItem(*in, id)) {
      chosen.push_back(std::move(*item));
    } else {
      code = kExitTrouble;
    }
  }
  std::int64_t before = 0;
  if (age) {
    before = std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
                 .count() -
             *age * kSecond;
    auto items = in->List();
    if (!items) {
      Say(items.error().what);
      return kExitTrouble;
    }
    for (Item& item : *items) {
      if (item.state == State::kKept && item.taken_ns <= before) chosen.push_back(std::move(item));
    }
  }
  for (const Item& item : chosen) {
    const auto done = in->Delete(item.id);
    if (!done) {
      Say(done.error().text);
      code = kExitTrouble;
    } else if (!Print("deleted " + item.id + ", which was " + report::EscapeLine(item.origin.path) + "\n")) {
      return kExitTrouble;
    }
  }
  if (age) {
    const auto forgotten = in->Forget(before);
    if (!forgotten) {
      Say(forgotten.error().what);
      return kExitTrouble;
    }
    if (*forgotten != 0 &&
        !Print("forgot " + std::to_string(*forgotten) + " that were restored or deleted before that\n")) {
      return kExitTrouble;
    }
  }
  return code;
}

int Export(const Arguments& command_line) {
  std::vector<std::string> ids;
  Common common;
  std::string output;
  bool zip = false;
  CLI::App app(
      "Hands out a file that is in quarantine, which stays there. Nothing is written of an item that is damaged.",
      "daylight quarantine export");
  AddFolder(app, common);
  app.add_option("-o,--output", output, "to this file, which must not be there yet (default: standard output)")
      ->type_name("FILE");
  app.add_flag("--zip", zip, "in a ZIP archive with the password \"infected\"");
  if (const auto exit = Parse(app, command_line, {"ID", "", 1, 1}, ids)) return *exit;
  if (output.empty() && ::isatty(STDOUT_FILENO) == 1) {
    Say("it is not written to a terminal: use -o FILE");
    return kExitTrouble;
  }
  const auto in = OpenAndRecover(common);
  if (in == nullptr) return kExitTrouble;
  const auto item = FindItem(*in, ids.front());
  if (!item) return kExitTrouble;
  os::Fd file;
  if (!output.empty()) {
    file = os::Fd(::open(output.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, 0600));
    if (!file.valid()) {
      Say(output + ": " + std::strerror(errno));
      return kExitTrouble;
    }
  }
  const auto done = in->Export(item->id, file.valid() ? file.get() : STDOUT_FILENO, zip);
  if (!done) {
    if (file.valid()) ::unlink(output.c_str());
    Say(done.error().text);
    return kExitTrouble;
  }
  if (output.empty()) return kExitClean;
  return Print("exported " + item->id + " to " + report::EscapeLine(output) + "\n") ? kExitClean : kExitTrouble;
}

int Add(const Arguments& command_line) {
  std::vector<std::string> files;
  Common common;
  quarantine::Request request;
  CLI::App app(
      "Moves files into quarantine by hand. Exit 0 when all of them were, 1 when one was left where it is, 2 when "
      "something went wrong.",
      "daylight quarantine add");
  AddFolder(app, common);
  app.add_option("--reason", request.reason, "why, for whoever looks later")->type_name("TEXT");
  app.add_flag("--insist", request.insist, "files that are as an installed package has them, too");
  app.add_flag("--clear-flags", request.clear_flags, "immutable and append-only files, too (chattr)");
  if (const auto exit = Parse(app, command_line, {"FILE...", "", 1}, files)) return *exit;
  os::GiveWayToWriters();
  const auto in = OpenAndRecover(common, true);
  const auto here = os::WorkingFolder();
  if (in == nullptr || !here) return kExitTrouble;
  request.requester = os::OwnerNames::Load("/etc/passwd").Name(::getuid());
  if (request.reason.empty()) request.reason = "by hand";
  int code = kExitClean;
  for (const std::string& name : files) {
    // Of the last name no link is followed, and a FIFO is not waited for.
    const os::Fd file(::open(name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
    if (!file.valid()) {
      Say(name + ": " + (errno == ELOOP ? "it is a symbolic link" : std::strerror(errno)));
      code = kExitTrouble;
      continue;
    }
    request.fd = file.get();
    request.path = os::Absolute(name, *here);
    const quarantine::TakeOutcome taken = in->Take(request);
    for (const std::string& warning : taken.warnings) Warn(taken.path + ": " + warning);
    using Kind = quarantine::TakeOutcome::Kind;
    if (taken.kind != Kind::kTaken) {
      Say(taken.path + ": left where it is: " + taken.detail);
      const bool refused =
          taken.kind == Kind::kPackageFile || taken.kind == Kind::kOwnFile || taken.kind == Kind::kHeld;
      code = std::max(code, refused ? kExitLeft : kExitTrouble);
      continue;
    }
    if (taken.links_left != 0) {
      Warn(taken.path + ": the file has " + std::to_string(taken.links_left) +
           " more names, which were left where they are: look for inode " + std::to_string(taken.inode));
    }
    if (taken.still_open.value_or(false)) Warn(taken.path + ": a process has it open and can go on with it");
    if (!Print("quarantined " + taken.id + ", which was " + report::EscapeLine(taken.path) + "\n")) return kExitTrouble;
  }
  return code;
}

int RecoverNow(const Arguments& command_line) {
  std::vector<std::string> none;
  Common common;
  CLI::App app(
      "Finishes or rolls back what was interrupted, so that each file is in one place. The other commands that change "
      "something do so first, too.",
      "daylight quarantine recover");
  AddFolder(app, common);
  if (const auto exit = Parse(app, command_line, {"", "", 0, 0}, none)) return *exit;
  bool trouble = false;
  return OpenAndRecover(common, false, &trouble) != nullptr && !trouble ? kExitClean : kExitTrouble;
}

}  // namespace

int QuarantineCommand(const Arguments& arguments) {
  const Arguments rest(arguments.empty() ? arguments.end() : arguments.begin() + 1, arguments.end());
  const std::string command = arguments.empty() ? "" : arguments.front();
  if (command == "list") return List(rest);
  if (command == "show") return Show(rest);
  if (command == "restore") return Restore(rest);
  if (command == "delete") return Delete(rest);
  if (command == "export") return Export(rest);
  if (command == "add") return Add(rest);
  if (command == "recover") return RecoverNow(rest);
  if (command == "help" && !rest.empty()) return QuarantineCommand({rest.front(), "--help"});
  if (command == "--help" || command == "-h" || command == "help") return Print(kHelp) ? kExitClean : kExitTrouble;
  if (command.empty()) {
    static_cast<void>(os::WriteAll(STDERR_FILENO, kHelp));
  } else {
    Say("there is no command quarantine " + command + " (see daylight quarantine --help)");
  }
  return kExitTrouble;
}

}  // namespace dl::cli
