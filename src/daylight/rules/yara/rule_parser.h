// RuleParser reads the declarations of one file: imports, includes, rules.
//
//   RuleParser(session, file, name_space, chain).File();
//
// After an error in a rule it goes on with the next declaration. Rules without
// errors are appended to the Compilation.
#pragma once

#include <string>
#include <vector>

#include "daylight/rules/yara/session.h"
#include "daylight/rules/yara/token_stream.h"

namespace dl::yara {

// The files that lead to the one being read, outermost first.
struct IncludeChain {
  struct Link {
    std::string identity;
    std::string name;
  };
  std::vector<Link> links;
};

class RuleParser {
 public:
  RuleParser(Session& session, std::uint32_t file, std::uint32_t name_space, IncludeChain& chain);
  void File();

 private:
  bool Declaration();
  bool ImportDeclaration();
  bool IncludeDeclaration();
  void ReadInclude(const std::string& path, const Span& span);
  bool RuleDeclaration();
  bool RuleModifiers(Rule& rule);
  bool RuleName(Rule& rule);
  bool Tags(Rule& rule);
  bool Metas(Rule& rule);
  bool Meta(Rule& rule);
  bool Strings(Rule& rule);
  bool Condition(Rule& rule);
  // strings.cc
  bool String(Rule& rule);
  bool StringValue(StringDefinition& string);
  bool Modifiers(StringDefinition& string);
  bool XorRange(StringDefinition& string);
  bool Base64Alphabet(StringDefinition& string, bool& given);
  void CheckModifiers(StringDefinition& string);
  void ParsePattern(StringDefinition& string);

  void CheckDuplicateStrings(const Rule& rule);
  void CheckUnreferenced(const Rule& rule);
  // Enters the rule's name; the rule itself only when it has no errors.
  void Finish(Rule&& rule, bool failed);
  void Error(const char* code, const Span& span, std::string message, std::string label = "", std::string hint = "");

  Session& session_;
  TokenStream tokens_;
  std::uint32_t name_space_;
  IncludeChain& chain_;
  bool failed_ = false;  // The rule being read has an error.
  bool name_taken_ = false;
};

}  // namespace dl::yara
