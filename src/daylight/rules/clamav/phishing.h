// Phishing is the content of ClamAV's .pdb, .wdb and .gdb files, and the check
// of links against it.
//
//   Phishing phishing;
//   for (std::string_view line : set.lines(FileKind::kPdb)) Warn(phishing.Add(FileKind::kPdb, line));
//   if (IsReadAsMail(type, raw_types)) verdict = FindPhishing(object, phishing);
//
// .pdb lines say whose links are checked: R:target:shown by an expression over
// both, H:host by the host that is shown. .wdb lines say what is allowed: X and
// Y by an expression, M by hosts. .gdb lines are digests of bad URLs.
// As in clamscan 1.4, only links in mails are checked, and what is found is
// told only of an object in which nothing else is (Heuristics.* names count as
// potentially unwanted). Not known here, as clamscan 1.4.6 never tells them:
// the names for numeric addresses and user names, which it compares with a dot
// that belongs to something else. Those are told as SpoofedDomain.
//
// After the last Add() it is immutable: share it between any number of threads.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "daylight/base/error.h"
#include "daylight/bytes/bytes.h"
#include "daylight/formats/filetype/filetype.h"
#include "daylight/formats/html/html.h"
#include "daylight/rules/clamav/signature.h"

namespace dl::clamav {

// What a link leads to and what is shown for it, both without their tags.
struct CheckedLink {
  enum class Kind : std::uint8_t {
    kAnchor,
    kImage,
    kOther,  // A title, a form, a frame.
  } kind = Kind::kAnchor;
  std::string target;
  std::string shown;
};
std::vector<CheckedLink> LinksToCheck(const html::Links& links);

struct PhishingVerdict {
  // Each once, in the order of the links: the first is clamscan's without
  // --allmatch.
  std::vector<std::string> names;
  // Not all links were checked: the mail or the work has a bound.
  bool is_limited = false;
};

// One list of lines: all of .pdb and .gdb, or all of .wdb.
class LinkList {
 public:
  Status AddExpression(std::string_view text);
  Status AddHost(std::string_view text);
  bool empty() const { return entries_.empty(); }

  // What is looked up: "target:shown/" or "host/".
  struct Lookup {
    std::string text;
    // For H lines on hosts: what was shown before spaces were removed, and where
    // the host begins in what it became.
    bool has_shown = false;
    std::string_view shown;
    std::size_t host_start = 0;
  };
  struct Match {
    bool is_found = false;
    // That many bytes of the text matched a host that a space stands before.
    std::size_t host_bytes = 0;
  };
  Match Find(const Lookup& lookup, std::uint64_t& work) const;

 private:
  struct Entry {
    bool is_host = false;
    std::size_t host_bytes = 0;
    std::vector<std::byte> program;
  };
  struct Ending {
    std::string text;  // Backwards.
    std::uint32_t entry = 0;
  };
  Match TryHost(const Entry& entry, const Lookup& lookup) const;

  std::vector<Entry> entries_;
  // By the first two bytes.
  std::map<std::uint16_t, std::vector<Ending>> endings_;
};

class Phishing {
 public:
  // Takes a line as it stands in a file of this kind. Lines for other
  // functionality levels are taken and have no effect. An error says why
  // clamscan would not load it, or which bound of ours it exceeds.
  Status Add(FileKind kind, std::string_view line);
  bool empty() const { return listed_.empty() && digests_.empty(); }
  PhishingVerdict Check(const std::vector<CheckedLink>& links) const;

 private:
  friend class LinkCheck;
  Status AddDigest(char flag, std::string_view text);

  LinkList listed_;
  LinkList allowed_;
  std::map<std::array<std::byte, 32>, char> digests_;
};

// Whether clamscan reads an object as mail: its type is that, or patterns in it
// say so (filetype::FindTypes()), which MHTML's do, too.
bool IsReadAsMail(filetype::ClamType type, const filetype::RawTypes& raw);
// The names that clamscan tells of the links of a mail.
PhishingVerdict FindPhishing(Bytes mail, const Phishing& phishing);

}  // namespace dl::clamav
