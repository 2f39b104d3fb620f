#include "daylight/rules/yara/parser.h"

#include <fmt/format.h>

#include <limits>

#include "daylight/rules/yara/codes.h"
#include "daylight/rules/yara/rule_parser.h"
#include "daylight/rules/yara/session.h"

namespace dl::yara {

class Parser::Impl {
 public:
  Impl(ParserOptions options, IncludeResolver* includes) : session(std::move(options), includes) {
    for (const External& external : session.options.externals) {
      const auto index = static_cast<std::uint32_t>(session.compilation.externals.size());
      if (!session.externals.emplace(external.name, index).second) {
        session.diagnostics.GlobalError(code::kDuplicateExternal,
                                        fmt::format("external variable \"{}\" is defined twice", Shown(external.name)));
        continue;
      }
      session.compilation.externals.push_back(external);
    }
  }
  Session session;
};

Parser::Parser(ParserOptions options, IncludeResolver* includes)
    : impl_(std::make_unique<Impl>(std::move(options), includes)) {}
Parser::~Parser() = default;

void Parser::AddFile(std::string_view name, std::string_view text, std::string_view namespace_name,
                     std::string_view identity) {
  Session& session = impl_->session;
  const auto name_space = static_cast<std::uint32_t>(session.namespaces.size());
  session.namespaces.emplace_back();
  session.compilation.namespaces.emplace_back(namespace_name);
  if (session.stopped || session.diagnostics.full()) return;

  SourceFile& file = session.files.emplace_back();
  file.name = Printable(name);
  const auto index = static_cast<std::uint32_t>(session.files.size() - 1);
  session.text_bytes += text.size();
  if (session.text_bytes > session.options.max_text_bytes || text.size() >= std::numeric_limits<std::uint32_t>::max()) {
    session.diagnostics.Error(
        code::kTextTooLarge, {index, 0, 0},
        fmt::format("more than {} bytes of text in all files together", session.options.max_text_bytes));
    session.stopped = true;
    return;
  }
  file.text = text;
  IncludeChain chain;
  chain.links.push_back({std::string(identity.empty() ? name : identity), std::string(name)});
  RuleParser(session, index, name_space, chain).File();
}

Compilation Parser::Finish() {
  Session& session = impl_->session;
  Compilation& compilation = session.compilation;
  compilation.files.reserve(session.files.size());
  for (SourceFile& file : session.files) compilation.files.push_back(std::move(file));
  session.files.clear();
  return std::move(compilation);
}

const std::vector<Diagnostic>& Parser::diagnostics() const { return impl_->session.diagnostics.list(); }
bool Parser::has_errors() const { return impl_->session.diagnostics.error_count() > 0; }

}  // namespace dl::yara
