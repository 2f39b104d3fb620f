// `include "path"`: asked of the IncludeResolver, never opened here.
#include <fmt/format.h>

#include <algorithm>

#include "daylight/rules/yara/codes.h"
#include "daylight/rules/yara/rule_parser.h"

namespace dl::yara {

bool RuleParser::IncludeDeclaration() {
  const std::uint32_t begin = tokens_.token().begin;
  tokens_.Advance();
  if (!tokens_.Is(Tok::kText)) return tokens_.Unexpected("a path in quotes");
  const std::string path = DecodeText(tokens_.text());
  tokens_.Advance();
  ReadInclude(path, tokens_.SpanFrom(begin));
  return true;
}

void RuleParser::ReadInclude(const std::string& path, const Span& span) {
  if (session_.includes == nullptr) {
    Error(code::kIncludesDisabled, span, "includes are not possible here");
    return;
  }
  if (chain_.links.size() > static_cast<std::size_t>(std::max(session_.options.max_include_depth, 0))) {
    Error(code::kIncludeTooDeep, span, "includes nested too deeply", "",
          fmt::format("at most {} inside one another", session_.options.max_include_depth));
    return;
  }
  if (++session_.include_count > kMaxIncludes) {
    Error(code::kIncludeTooDeep, span, fmt::format("more than {} includes", kMaxIncludes));
    session_.stopped = true;
    return;
  }
  IncludeResolver::Answer answer = session_.includes->Resolve(path, chain_.links.back().identity);
  switch (answer.outcome) {
    case IncludeResolver::Outcome::kFound: break;
    case IncludeResolver::Outcome::kNotFound:
      Error(code::kIncludeNotFound, span, fmt::format("cannot find \"{}\"", Shown(path)), "",
            "a path is relative to the file that has the `include`");
      return;
    case IncludeResolver::Outcome::kNotAllowed:
      // Says nothing of the file, not even whether it is there.
      Error(code::kIncludeNotAllowed, span, fmt::format("\"{}\" may not be included", Shown(path)), "",
            "an include reads only beneath the rule file's folder and folders named with --include-dir");
      return;
    case IncludeResolver::Outcome::kTooLarge:
      Error(code::kTextTooLarge, span, fmt::format("\"{}\" is too large", Shown(path)));
      return;
  }
  const auto& links = chain_.links;
  const auto again = std::find_if(links.begin(), links.end(),
                                  [&](const IncludeChain::Link& link) { return link.identity == answer.identity; });
  if (again != links.end()) {
    std::string cycle;
    for (auto link = again; link != links.end(); ++link) cycle += Shown(link->name) + " -> ";
    Error(code::kIncludeCycle, span, "includes go round in a circle", cycle + Shown(answer.name));
    return;
  }
  session_.text_bytes += answer.text.size();
  if (session_.text_bytes > session_.options.max_text_bytes) {
    Error(code::kTextTooLarge, span,
          fmt::format("more than {} bytes of text with all includes", session_.options.max_text_bytes));
    session_.stopped = true;
    return;
  }
  SourceFile& file = session_.files.emplace_back();
  file.name = Printable(answer.name);
  file.text = std::move(answer.text);
  file.is_include = true;
  chain_.links.push_back({std::move(answer.identity), std::move(answer.name)});
  RuleParser(session_, static_cast<std::uint32_t>(session_.files.size() - 1), name_space_, chain_).File();
  chain_.links.pop_back();
}

}  // namespace dl::yara
