// `daylight policy verify`: is this report as it was signed.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "command_line.h"
#include "commands.h"
#include "daylight/os/io.h"
#include "daylight/policy/statement.h"
#include "messages.h"

namespace dl::cli {

namespace {

constexpr std::uint64_t kMaxReportBytes = std::uint64_t{1} << 30;

// Nothing with everything said.
std::optional<std::string> Read(const std::string& path, std::uint64_t limit) {
  auto text = os::ReadFile(path, limit);
  if (text) return std::move(*text);
  Say(path + ": " + os::Describe(text.error()));
  return std::nullopt;
}

}  // namespace

int PolicyVerify(const Arguments& arguments) {
  std::string key_path;
  std::string signature_path;
  std::vector<std::string> paths;
  CLI::App app(
      "Says whether a report of `policy check --sign` is as it was signed. Exit 0 when it is, 1 when it is not, 2 when "
      "that cannot be told. The same with OpenSSL: openssl pkeyutl -verify -pubin -inkey KEY -rawin -in FILE -sigfile "
      "FILE.sig",
      "daylight policy verify");
  app.add_option("--key", key_path, "the public key (PEM, Ed25519)")->type_name("KEY")->required();
  app.add_option("--signature", signature_path, "default: FILE.sig")->type_name("FILE");
  if (const auto exit = Parse(app, arguments, {"FILE", "the report", 1, 1}, paths)) return *exit;
  if (signature_path.empty()) signature_path = paths.front() + ".sig";
  const auto report = Read(paths.front(), kMaxReportBytes);
  if (!report) return kExitTrouble;
  const auto key = policy::LoadVerifyingKey(key_path);
  if (!key) {
    Say("--key: " + key_path + ": " + os::Describe(key.error()));
    return kExitTrouble;
  }
  const auto signature = policy::ReadSignature(signature_path);
  if (!signature) {
    Say(signature_path + ": " + os::Describe(signature.error()));
    return kExitTrouble;
  }
  const bool good = policy::Verify(*report, *signature, *key);
  const std::string text = good ? "good: it is as it was signed by the owner of this key\n"
                                : "BAD: it was changed, or signed with another key\n";
  if (!os::WriteAll(STDOUT_FILENO, text)) return kExitTrouble;
  return good ? kExitClean : kExitDetected;
}

}  // namespace dl::cli
