#include "daylight/quarantine/packages.h"

#include <dirent.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string_view>

#include "daylight/crypto/digest.h"
#include "daylight/os/io.h"
#include "daylight/os/paths.h"

namespace dl::quarantine {

namespace {

constexpr std::uint64_t kMaxListBytes = 256u << 20;
constexpr std::size_t kMd5Digits = 32;

std::string_view NextLine(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

// dpkg-divert(1): what any other package calls `original` is at `moved`.
struct Diversion {
  std::string original, moved, package;
};

std::vector<Diversion> ReadDiversions(const std::string& database) {
  std::vector<Diversion> diversions;
  const auto text = os::ReadFile(os::Join(database, "diversions"), kMaxListBytes);
  if (!text) return diversions;
  for (std::string_view rest = *text; !rest.empty();) {
    Diversion& diversion = diversions.emplace_back();
    diversion.original = NextLine(rest);
    diversion.moved = NextLine(rest);
    diversion.package = NextLine(rest);
  }
  return diversions;
}

// The names that packages may have for a path: with /bin and its like being links
// into /usr, some still say /bin.
std::vector<std::string> Aliases(const std::string& path) {
  std::vector<std::string> names{path};
  for (const std::string_view top : {"/bin/", "/sbin/", "/lib/", "/lib32/", "/lib64/", "/libx32/"}) {
    if (path.starts_with("/usr" + std::string(top))) names.push_back(path.substr(4));
  }
  return names;
}

// One name by which packages may know the file: all but `except`, or only `only`.
struct Known {
  std::string path;
  std::string except, only;
};

std::vector<Known> KnownAs(const std::string& database, const std::string& path) {
  const std::vector<std::string> aliases = Aliases(path);
  const auto is_this = [&](const std::string& name) {
    return std::find(aliases.begin(), aliases.end(), name) != aliases.end();
  };
  std::vector<Known> known;
  for (const std::string& name : aliases) known.push_back({name, "", ""});
  for (const Diversion& diversion : ReadDiversions(database)) {
    // ":" is the administrator's, who has no package: then nobody's file is there.
    if (is_this(diversion.original)) {
      for (Known& one : known) {
        if (one.path == diversion.original || is_this(one.path)) one.only = diversion.package;
      }
    }
    if (is_this(diversion.moved)) {
      for (const std::string& name : Aliases(diversion.original)) known.push_back({name, diversion.package, ""});
    }
  }
  return known;
}

bool Speaks(const Known& known, std::string_view package) {
  return package != known.except && (known.only.empty() || package == known.only);
}

bool IsMd5(std::string_view text) {
  return text.size() == kMd5Digits &&
         std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

// deb-md5sums(5): the sum, two spaces, the path without its first slash.
void LookInto(std::string_view text, std::string_view package, const std::vector<Known>& known,
              std::vector<PackageClaim>& claims) {
  for (const Known& one : known) {
    if (!Speaks(one, package)) continue;
    const std::string line_end = "  " + one.path.substr(1) + "\n";
    for (std::size_t at = text.find(line_end); at != text.npos; at = text.find(line_end, at + 1)) {
      if (at < kMd5Digits || (at > kMd5Digits && text[at - kMd5Digits - 1] != '\n')) continue;
      const std::string_view sum = text.substr(at - kMd5Digits, kMd5Digits);
      if (IsMd5(sum)) claims.push_back({std::string(package), std::string(sum)});
    }
  }
}

// Conffiles are in no .md5sums; `status` has " /etc/x SUM" lines of each package.
void LookIntoStatus(std::string_view text, const std::vector<Known>& known, std::vector<PackageClaim>& claims) {
  std::string_view package;
  bool installed = false;
  bool in_conffiles = false;
  while (!text.empty()) {
    const std::string_view line = NextLine(text);
    if (line.starts_with("Package: ")) package = line.substr(9);
    if (line.starts_with("Status: ")) installed = line.ends_with(" installed");
    if (!line.starts_with(' ')) in_conffiles = line == "Conffiles:";
    if (!in_conffiles || !installed || !line.starts_with(" /")) continue;
    for (const Known& one : known) {
      const std::string begin = " " + one.path + " ";
      if (!Speaks(one, package) || !line.starts_with(begin)) continue;
      const std::string_view sum = line.substr(begin.size(), kMd5Digits);
      const std::string_view rest = line.substr(std::min(line.size(), begin.size() + kMd5Digits));
      if (IsMd5(sum) && rest.empty()) claims.push_back({std::string(package), std::string(sum)});
    }
  }
}

std::string Md5Of(int fd) {
  crypto::Md5 md5;
  std::string buffer(1u << 20, '\0');
  for (off_t at = 0;;) {
    const ssize_t n = ::pread(fd, buffer.data(), buffer.size(), at);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return {};
    if (n == 0) return crypto::Hex(md5.Finish());
    md5.Update(AsBytes(std::string_view(buffer).substr(0, static_cast<std::size_t>(n))));
    at += n;
  }
}

}  // namespace

std::vector<PackageClaim> PackageClaims(const std::string& database, const std::string& path) {
  std::vector<PackageClaim> claims;
  // A path with a newline is in none of these lists, and must not look like two lines.
  if (path.empty() || path.front() != '/' || path.find('\n') != path.npos) return claims;
  const std::vector<Known> known = KnownAs(database, path);
  const std::string info = os::Join(database, "info");
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir(info.c_str()), ::closedir);
  if (folder != nullptr) {
    while (const dirent* entry = ::readdir(folder.get())) {
      std::string_view name = entry->d_name;
      constexpr std::string_view kEnd = ".md5sums";
      if (!name.ends_with(kEnd)) continue;
      const auto text = os::ReadFile(os::Join(info, name), kMaxListBytes);
      name.remove_suffix(kEnd.size());
      // "libc6:amd64.md5sums"
      if (text) LookInto(*text, name.substr(0, name.find(':')), known, claims);
    }
  }
  if (const auto text = os::ReadFile(os::Join(database, "status"), kMaxListBytes)) {
    LookIntoStatus(*text, known, claims);
  }
  return claims;
}

std::optional<std::string> PristinePackage(const std::string& database, const std::string& path, int fd) {
  const std::vector<PackageClaim> claims = PackageClaims(database, path);
  if (claims.empty()) return std::nullopt;
  const std::string md5 = Md5Of(fd);
  for (const PackageClaim& claim : claims) {
    if (claim.md5 == md5) return claim.package;
  }
  return std::nullopt;
}

}  // namespace dl::quarantine
