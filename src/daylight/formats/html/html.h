// HTML as ClamAV's signatures and its phishing check see it.
//
//   const dl::html::Forms forms = dl::html::Normalise(bytes);
//   forms.nocomment  // what clamscan calls nocomment.html, and so on
//   for (const dl::html::Link& link : dl::html::FindLinks(bytes).links) Check(link.url, link.displayed);
//
// Both read the bytes once, in pieces of up to 8,191 that end at white space
// where there is any, as clamscan does: that is why white space at the
// beginning of a piece is lost. NULs are skipped, so UTF-16 of ASCII text works
// too. Time and memory are linear in the input; no state is shared.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daylight/bytes/bytes.h"

namespace dl::html {

// clamscan's default limits: longer HTML is not normalised
// (--max-htmlnormalize), or has no form without tags (--max-htmlnotags).
inline constexpr std::size_t kMaxNormalisedBytes = 40 * 1024 * 1024;
inline constexpr std::size_t kMaxNoTagsBytes = 8 * 1024 * 1024;

struct Forms {
  // Without comments, in lower case, white space folded, entities and encoded
  // scripts decoded.
  std::string nocomment;
  // The text alone, with the targets of links and images.
  std::string notags;
  // All scripts, normalised; empty when there is none.
  std::string javascript;
  // Each "data:" URL of a tag (RFC 2397) as a small mail message, which clamscan
  // scans as one.
  std::vector<std::string> data;
  // False when a limit of the script normaliser, or of the arguments of one tag,
  // was reached.
  bool complete = true;
};

Forms Normalise(Bytes html);

// One tag argument of interest to the phishing check, in order.
struct Link {
  // "href", "href_title" (of <a>; displayed is the real target), "form" (a link
  // or image inside a form: displayed is the form's action), "src", "dynsrc"
  // (<img>), "iframe", "area".
  std::string_view kind;
  std::string url;
  // What the user sees of an "href"; the target of the <a> around an image;
  // nothing when there is none of these.
  std::optional<std::string> displayed;
};

struct Links {
  std::vector<Link> links;
  std::vector<std::string> form_actions;
  bool complete = true;  // False when there were too many of something.
};

inline constexpr std::size_t kMaxLinks = 10000;

Links FindLinks(Bytes html);

}  // namespace dl::html
