#include "daylight/inventory/licences.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace dl::inventory {

namespace {

constexpr std::size_t kMaxBytes = 1000;

// Sorted.
constexpr auto kLicences = std::to_array<std::string_view>({
    "0BSD",
    "AFL-2.1",
    "AFL-3.0",
    "AGPL-3.0",
    "AGPL-3.0-only",
    "AGPL-3.0-or-later",
    "Apache-1.1",
    "Apache-2.0",
    "Artistic-1.0",
    "Artistic-1.0-Perl",
    "Artistic-2.0",
    "BSD-1-Clause",
    "BSD-2-Clause",
    "BSD-2-Clause-Patent",
    "BSD-3-Clause",
    "BSD-3-Clause-LBNL",
    "BSD-4-Clause",
    "BSD-4-Clause-UC",
    "BSD-Source-Code",
    "BSL-1.0",
    "BlueOak-1.0.0",
    "CC-BY-3.0",
    "CC-BY-4.0",
    "CC-BY-SA-3.0",
    "CC-BY-SA-4.0",
    "CC0-1.0",
    "CDDL-1.0",
    "CDDL-1.1",
    "CPL-1.0",
    "ECL-2.0",
    "EFL-2.0",
    "EPL-1.0",
    "EPL-2.0",
    "EUPL-1.1",
    "EUPL-1.2",
    "FSFAP",
    "FSFUL",
    "FSFULLR",
    "FTL",
    "GFDL-1.1-or-later",
    "GFDL-1.2-or-later",
    "GFDL-1.3-no-invariants-or-later",
    "GFDL-1.3-only",
    "GFDL-1.3-or-later",
    "GPL-1.0-only",
    "GPL-1.0-or-later",
    "GPL-2.0",
    "GPL-2.0-only",
    "GPL-2.0-or-later",
    "GPL-3.0",
    "GPL-3.0-only",
    "GPL-3.0-or-later",
    "HPND",
    "HPND-sell-variant",
    "ICU",
    "IJG",
    "ISC",
    "JSON",
    "LGPL-2.0",
    "LGPL-2.0-only",
    "LGPL-2.0-or-later",
    "LGPL-2.1",
    "LGPL-2.1-only",
    "LGPL-2.1-or-later",
    "LGPL-3.0",
    "LGPL-3.0-only",
    "LGPL-3.0-or-later",
    "LPPL-1.3c",
    "Libpng",
    "MIT",
    "MIT-0",
    "MIT-CMU",
    "MPL-1.1",
    "MPL-2.0",
    "MS-PL",
    "NCSA",
    "NTP",
    "OFL-1.1",
    "OLDAP-2.8",
    "OpenSSL",
    "PHP-3.01",
    "PSF-2.0",
    "PostgreSQL",
    "Python-2.0",
    "Python-2.0.1",
    "Ruby",
    "SISSL",
    "SSH-OpenSSH",
    "SunPro",
    "TCL",
    "UPL-1.0",
    "Unicode-3.0",
    "Unicode-DFS-2016",
    "Unlicense",
    "Vim",
    "W3C",
    "WTFPL",
    "X11",
    "ZPL-2.1",
    "Zlib",
    "bzip2-1.0.6",
    "curl",
    "libpng-2.0",
    "libtiff",
    "zlib-acknowledgement",
});
constexpr auto kExceptions = std::to_array<std::string_view>({
    "Autoconf-exception-2.0",
    "Autoconf-exception-3.0",
    "Bison-exception-2.2",
    "Classpath-exception-2.0",
    "Font-exception-2.0",
    "GCC-exception-2.0",
    "GCC-exception-3.1",
    "LLVM-exception",
    "Libtool-exception",
    "Linux-syscall-note",
    "OCaml-LGPL-linking-exception",
    "Qt-LGPL-exception-1.1",
    "openvpn-openssl-exception",
});
static_assert(std::is_sorted(kLicences.begin(), kLicences.end()));
static_assert(std::is_sorted(kExceptions.begin(), kExceptions.end()));

// The expression as words and brackets.
class Tokens {
 public:
  explicit Tokens(std::string_view text) : rest_(text) { Next(); }
  std::string_view token() const { return token_; }
  void Next() {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(' '), rest_.size()));
    std::size_t size = std::min(rest_.find_first_of(" ()"), rest_.size());
    if (size == 0 && !rest_.empty()) size = 1;  // A bracket.
    token_ = rest_.substr(0, size);
    rest_.remove_prefix(size);
  }

 private:
  std::string_view rest_;
  std::string_view token_;
};

bool IsLicence(std::string_view id) {
  if (id.ends_with('+')) id.remove_suffix(1);
  return std::binary_search(kLicences.begin(), kLicences.end(), id);
}

}  // namespace

bool IsLicenceExpression(std::string_view text) {
  if (text.empty() || text.size() > kMaxBytes) return false;
  Tokens tokens(text);
  std::size_t open = 0;
  while (true) {
    for (; tokens.token() == "("; tokens.Next()) ++open;
    if (!IsLicence(tokens.token())) return false;
    tokens.Next();
    if (tokens.token() == "WITH") {
      tokens.Next();
      if (!std::binary_search(kExceptions.begin(), kExceptions.end(), tokens.token())) return false;
      tokens.Next();
    }
    for (; tokens.token() == ")"; tokens.Next()) {
      if (open == 0) return false;
      --open;
    }
    if (tokens.token().empty()) return open == 0;
    if (tokens.token() != "AND" && tokens.token() != "OR") return false;
    tokens.Next();
  }
}

}  // namespace dl::inventory
