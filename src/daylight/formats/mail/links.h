// The links of an HTML text, with what is shown for each.
//
//   for (const Link& link : FindLinks(html)) Compare(link.target, link.shown);
//
// What counts as a link, how tags are read that are not well-formed, and that
// everything is cut at 1,024 bytes, is what clamscan 1.4 does when it looks for
// phishing. Linear in the text; keeps nothing.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace dl::mail {

inline constexpr std::size_t kMaxLinkBytes = 1024;

enum class LinkKind : std::uint8_t {
  kAnchor,       // <a href>: what stands between <a> and </a> is shown.
  kAnchorTitle,  // <a href title>: the title is shown.
  kFormField,    // A link or picture within <form action>: the action is the target.
  kImage,        // <img src> within <a>: the <a>'s href is the target.
  kOther,        // <img dynsrc>, <iframe src>, <area href> within <a>, likewise.
};

struct Link {
  LinkKind kind = LinkKind::kAnchor;
  std::string target;
  std::string shown;
};

std::vector<Link> FindLinks(std::string_view html);

}  // namespace dl::mail
