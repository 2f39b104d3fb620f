// PolicyLoader reads policy files one by one, then holds them against each other. Used
// by LoadPolicies() alone.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "daylight/config/document.h"
#include "daylight/policy/policy_set.h"

namespace dl::policy {

class PolicyLoader {
 public:
  // `file` is how errors name it.
  void Add(std::string_view file, std::string_view text);
  // Null when anything was wrong.
  std::unique_ptr<const PolicySet> Finish();
  std::vector<std::string>& errors() { return errors_; }
  PolicyVersion& version() { return set_->version_; }

 private:
  // Something that one file says of another's.
  struct Reference {
    enum class Kind : std::uint8_t { kRole, kJurisdiction, kEntity, kProduct };
    Kind kind;
    std::string id;
    std::string where;  // "us.toml:7"
    std::string key;
  };
  using Keys = std::vector<std::string>;

  void Terms(config::Document& document);
  void Products(config::Document& document);
  void Instruments(config::Document& document);
  void ReadProduct(config::Section& section, Product& product);
  void ReadInstrument(config::Section& section, Instrument& instrument);
  void ReadClause(config::Section& section, Instrument& instrument);
  void Required(config::Section& section, std::string_view key, std::string& value);
  void Id(config::Section& section, std::string_view kind, std::string& value);
  void Names(config::Section& section, std::string_view key, Keys& values, std::string_view what);
  void Patterns(config::Section& section, std::string_view key, Keys& values, std::size_t least_literal);
  void Paths(config::Section& section, std::string_view key, Keys& values, bool anywhere = false);
  void Refer(config::Section& section, std::string_view key, Reference::Kind kind, const Keys& ids);
  std::string Where(const config::Section& section, std::string_view key = {}) const;
  std::string Known(Reference::Kind kind) const;
  void CheckReferences();
  void CheckImplied();

  std::unique_ptr<PolicySet> set_ = std::make_unique<PolicySet>();
  std::vector<std::string> errors_;
  std::string file_;
  std::vector<Reference> references_;
  std::map<std::string, std::string> seen_;  // "role federal-agency": where.
};

}  // namespace dl::policy
