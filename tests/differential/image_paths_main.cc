// Prints what is there in the end in the images of a file or an OCI layout that is a folder,
// for comparing with what a runtime unpacks: "d path", "f path sha256-of-program", "l path target",
// NUL after each. What stayed unread goes to standard error, and makes it end with 1.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <deque>
#include <filesystem>
#include <map>
#include <string>

#include "daylight/crypto/digest.h"
#include "daylight/extract/image/archive.h"
#include "daylight/extract/image/image.h"
#include "daylight/unpack/all/unpackers.h"

namespace {

using dl::extract::Facts;

struct OpenFile {
  explicit OpenFile(const std::string& path) : fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    struct stat status {};
    ::fstat(fd, &status);
    source.emplace(fd, static_cast<std::uint64_t>(status.st_size), buffer, dl::DescriptorSource::Limits{});
  }
  ~OpenFile() { ::close(fd); }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  int fd;
  dl::GrowingBuffer buffer;
  std::optional<dl::DescriptorSource> source;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  dl::unpack::Prepare();
  dl::crypto::Init();
  std::map<std::string, std::string> lines;
  std::map<std::string, std::string> hashes;
  bool is_whole = true;
  Facts facts([&](dl::report::SoftwareFacts&& piece, bool) {
    for (const auto& file : piece.files) {
      if (file.place.presence != dl::report::Presence::kPresent || file.place.root != 1) continue;
      const bool is_folder = file.kind == dl::report::FileKind::kFolder;
      const bool is_link = file.kind == dl::report::FileKind::kLink;
      lines[file.place.path] = std::string(is_folder ? "d " : is_link ? "l " : "f ") + file.place.path;
      if (is_link) lines[file.place.path] += " " + file.target;
    }
    for (const auto& program : piece.programs) {
      if (program.place.presence != dl::report::Presence::kPresent || program.place.root != 1) continue;
      hashes[program.place.path] = dl::crypto::Hex(std::as_bytes(std::span(*program.sha256)));
    }
    for (const auto& unread : piece.unread) {
      std::fprintf(stderr, "%s: %s: %s\n", unread.place.path.c_str(), unread.reason.c_str(), unread.detail.c_str());
      is_whole = false;
    }
    return true;
  });
  dl::extract::Budget budget;
  const dl::extract::MemberReader reader = [](auto, dl::ObjectSource&, const auto&, Facts&) {};
  bool is_image = false;
  if (std::filesystem::is_directory(argv[1])) {
    std::deque<OpenFile> files;
    std::vector<dl::extract::NamedFile> named;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(argv[1])) {
      if (!entry.is_regular_file()) continue;
      files.emplace_back(entry.path().string());
      named.push_back({std::filesystem::relative(entry.path(), argv[1]).string(), &*files.back().source});
    }
    is_image = dl::extract::ReadImageFolder(named, {0, ""}, reader, budget, facts);
  } else {
    OpenFile file(argv[1]);
    is_image =
        dl::extract::IsImage(*file.source) && dl::extract::ReadImage(*file.source, {0, "image"}, reader, budget, facts);
    if (!is_image && dl::extract::IsArchive(*file.source)) {
      dl::extract::ReadArchive(*file.source, {0, "archive"}, reader, budget, facts);
    }
  }
  facts.Finish();
  for (const auto& [path, line] : lines) {
    const std::string whole = line + (hashes.count(path) != 0 ? " " + hashes[path] : "");
    std::fwrite(whole.c_str(), 1, whole.size() + 1, stdout);
  }
  return is_whole ? 0 : 1;
}
