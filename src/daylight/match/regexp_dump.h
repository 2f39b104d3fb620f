// Trees as text, for tests: `cat(a, rep{0,1,lazy}(b))`. A class is shown by
// its byte, by "[n]" with the number of its bytes, or "." for all.
#pragma once

#include <string>

#include "daylight/match/regexp_ast.h"

namespace dl::match {

inline std::string Dump(const RegexpNode& node) {
  const auto list = [&](const std::string& name) {
    std::string out = name + "(";
    for (std::size_t i = 0; i < node.children.size(); ++i) out += (i == 0 ? "" : ", ") + Dump(node.children[i]);
    return out + ")";
  };
  switch (node.kind) {
    case RegexpKind::kEmpty: return "empty";
    case RegexpKind::kClass: {
      const int count = node.set.Count();
      if (count == 256) return ".";
      if (count != 1) return "[" + std::to_string(count) + "]";
      int byte = 0;
      while (!node.set.Contains(static_cast<std::uint8_t>(byte))) ++byte;
      constexpr char kHex[] = "0123456789abcdef";
      if (byte > 0x20 && byte < 0x7f) return std::string(1, static_cast<char>(byte));
      return std::string("\\x") + kHex[byte >> 4] + kHex[byte & 15];
    }
    case RegexpKind::kConcat: return list("cat");
    case RegexpKind::kAlternate: return list("alt");
    case RegexpKind::kRepeat:
      return list("rep{" + std::to_string(node.min) + "," +
                  (node.max == kUnbounded ? std::string() : std::to_string(node.max)) + (node.greedy ? "" : ",lazy") +
                  (node.is_jump ? ",jump" : "") + "}");
    case RegexpKind::kWordBoundary: return "\\b";
    case RegexpKind::kNotWordBoundary: return "\\B";
    case RegexpKind::kStart: return "^";
    case RegexpKind::kEnd: return "$";
    case RegexpKind::kLineStart: return "(?m)^";
    case RegexpKind::kLineEnd: return "(?m)$";
    case RegexpKind::kWordStart: return "\\b{start}";
    case RegexpKind::kWordEnd: return "\\b{end}";
    case RegexpKind::kWordStartHalf: return "\\b{start-half}";
    case RegexpKind::kWordEndHalf: return "\\b{end-half}";
  }
  return "?";
}

}  // namespace dl::match
