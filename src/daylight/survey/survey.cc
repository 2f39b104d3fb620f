#include "daylight/survey/survey.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "daylight/crypto/digest.h"
#include "daylight/os/host.h"
#include "daylight/os/io.h"
#include "daylight/os/memfd.h"
#include "daylight/os/mounts.h"
#include "daylight/os/open.h"
#include "daylight/os/open_helper.h"
#include "daylight/os/paths.h"
#include "daylight/survey/machine.h"
#include "daylight/survey/tree.h"

namespace dl::survey {

namespace {

constexpr std::string_view kSystemNames[] = {"packages (dpkg)",   "packages (rpm)",     "packages (apk)",
                                             "packages (pacman)", "packages (flatpak)", "packages (snap)"};

// Counts what comes by, and notes what the target itself is.
void Count(const report::SoftwareFacts& facts, Looked& looked) {
  const auto add = [&](const char* what, std::size_t n) {
    if (n > 0) looked.counts[what] += n;
  };
  for (const report::PackageFact& package : facts.packages) {
    ++looked.counts[std::string(kSystemNames[static_cast<std::size_t>(package.system)])];
  }
  for (const report::ProgramFact& program : facts.programs) {
    ++looked.counts[program.kind == report::ProgramKind::kElf ? "programs (ELF)" : "programs (PE, Mach-O)"];
  }
  for (const report::FileFact& file : facts.files) {
    if (file.place.root != 0 && file.kind == report::FileKind::kRegular) ++looked.counts["files in containers"];
  }
  add("systemd units", facts.units.size());
  add("container images", facts.images.size());
  add("SBOM components", facts.components.size());
  add("processes", facts.processes.size());
  add("kernel modules", facts.modules.size());
  for (const report::OperatingSystemFact& system : facts.operating_systems) {
    if (system.place.root == 0 && looked.operating_system.empty()) looked.operating_system = system.name;
  }
  if (looked.kind != "file") return;
  for (const report::RootFact& root : facts.roots) {
    if (root.parent != 0) continue;
    switch (root.kind) {
      case report::RootKind::kPackage: looked.kind = "package"; break;
      case report::RootKind::kImage: looked.kind = "image"; break;
      case report::RootKind::kDisk: looked.kind = "disk image"; break;
      case report::RootKind::kArchive: looked.kind = "archive"; break;
      case report::RootKind::kSbom: looked.kind = "sbom"; break;
      case report::RootKind::kFolder:
      case report::RootKind::kContainer: break;
    }
  }
  if (looked.kind == "file" && !facts.programs.empty()) looked.kind = "program";
}

}  // namespace

std::string HashFile(int fd, const std::atomic<bool>* stop, std::uint64_t max_bytes) {
  const auto size = os::FileSize(fd);
  if (!size || *size > max_bytes) return {};
  crypto::Sha256 digest;
  std::vector<std::byte> buffer(1u << 20);
  for (std::uint64_t offset = 0; offset < *size;) {
    if (stop != nullptr && stop->load(std::memory_order_relaxed)) return {};
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), *size - offset));
    const ssize_t n = ::pread(fd, buffer.data(), wanted, static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return {};
    if (n == 0) break;  // It shrank.
    digest.Update(Bytes(buffer).first(static_cast<std::size_t>(n)));
    offset += static_cast<std::uint64_t>(n);
  }
  return crypto::Hex(digest.Finish());
}

Looked Survey::Run(const Target& target) {
  Looked looked;
  const Take take = [&](report::SoftwareFacts&& facts) {
    Count(facts, looked);
    take_(std::move(facts));
  };
  Asker asker(options_, take);
  const std::string path = target.kind == TargetKind::kMachine ? "/" : target.path;
  if (path.empty()) {
    looked.failure = "its name is empty";
    return looked;
  }
  // What may not answer is asked by somebody who can be left waiting.
  const os::OpenHow how{.want = os::Want::kAny, .follow = true};
  os::OpenHelper helper({.stop = options_.stop});
  os::Opened opened =
      os::Mounts::Load().any_remote() ? helper.Open(AT_FDCWD, path, how) : os::Open(AT_FDCWD, path.c_str(), how);
  if (opened.error != 0) {
    looked.failure =
        opened.silent ? "the file system does not answer"
                      : os::Describe(Error{ErrorCode::kIo, "cannot open it", static_cast<std::uint64_t>(opened.error)});
    return looked;
  }
  if (S_ISDIR(opened.info.st_mode)) {
    looked.kind = target.kind == TargetKind::kMachine ? "this machine"
                  : target.kind == TargetKind::kRoot  ? "root"
                                                      : "folder";
    if (target.kind == TargetKind::kMachine) {
      looked.host = os::HostName();
    }
    if (target.kind == TargetKind::kMachine && options_.contents) {
      report::SoftwareFacts facts;
      std::uint64_t hidden = 0;
      facts.processes = Processes(hidden);
      if (hidden > 0) {
        facts.unread.push_back({{0, "proc", report::Presence::kPresent},
                                "failed",
                                std::to_string(hidden) + " processes do not let their program be seen"});
      }
      facts.modules = KernelModules();
      take(std::move(facts));
    }
    opened.fd.Close();
    Tree(options_, asker, take, looked).Walk(path);
  } else if (S_ISREG(opened.info.st_mode) && target.kind == TargetKind::kPath) {
    looked.kind = "file";
    // Of what may not answer only a worker waits.
    if (os::KindOf(opened.f_type) != os::FileSystemKind::kRemote) {
      looked.sha256 = HashFile(opened.fd.get(), options_.stop);
    }
    Question question;
    question.path = std::string(os::BaseName(path));
    question.message.files.push_back({question.path, static_cast<std::uint64_t>(opened.info.st_size)});
    question.message.words = options_.words;
    question.message.max_bytes = options_.max_bytes;
    question.message.max_depth = options_.max_depth;
    question.files.push_back(std::move(opened.fd));
    asker.Ask(std::move(question));
  } else {
    looked.failure = S_ISREG(opened.info.st_mode) ? "a root is a folder" : "neither a file nor a folder";
    return looked;
  }
  asker.Finish();
  looked.failure = asker.failure();
  return looked;
}

}  // namespace dl::survey
