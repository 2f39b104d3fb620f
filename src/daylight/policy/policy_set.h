// PolicySet holds what laws say and how products are recognised: the files of
// content/policies and a user's own, checked as a whole.
//
//   policy::LoadedPolicies loaded = policy::LoadPolicies({"/usr/share/daylight/policies"});
//   if (!loaded.set) ...                    // loaded.errors: "laws/us.toml:7: ..."
//   policy::Judge judge(*loaded.set, question);
//
// Two things that know nothing of each other: products say how they are recognised and
// whose they are; instruments name entities, products or origins, and what follows. The
// format is in docs/policy.md. A set does not change: any number of threads.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daylight/policy/assessment.h"

namespace dl::policy {

inline constexpr std::uint32_t kPolicySchema = 1;

struct Role {
  std::string id;  // "federal-agency"
  std::string name;
  std::vector<std::string> implies;  // Whoever is this is those too.
};

struct Jurisdiction {
  std::string id;  // "US"
  std::string name;
};

// A vendor.
struct Entity {
  std::string id;  // "kaspersky"
  std::string name;
  std::string country;  // "RU"; empty: not recorded.
  bool verified = false;
  std::vector<std::string> aliases;     // As vendors are written: "AO Kaspersky Lab".
  std::vector<std::string> successors;  // Entities to which what is said of this one applies too.
  std::vector<std::string> signers;
  std::vector<std::string> domains;  // Of e-mail addresses: "kaspersky.com".
  std::vector<std::string> cpe_vendors;
  std::vector<std::string> purl_namespaces;
  std::vector<std::string> unverified;  // Those of all these names that nobody has verified.
  std::vector<std::string> words;       // Lower case; texts are searched for them.
  std::vector<std::string> except;      // Packages of that name are not the vendor's product: "open-vm-tools*".
  std::vector<std::string> categories;
  // Paths of whatever product.
  std::vector<std::string> paths;
  std::vector<std::string> data_paths;
};

// An artefact of an engine that others build in.
struct EngineMark {
  std::string kind;         // Two marks of one kind are one mark.
  std::string path;         // The end of a path; its last part may have wildcards: "*.ppl", "bases/u1313g.xml".
  std::string environment;  // Or a variable of an image.
  bool program = false;     // Only a file that is a program.
};

struct Product {
  std::string id;
  std::string name;
  std::string entity;
  bool verified = false;
  bool any = false;  // Stands for all of its entity's products that are not described.
  std::vector<std::string> categories;
  std::vector<std::string> packages;
  std::vector<std::string> ambiguous_packages;  // Others use the name as well: count with another sign only.
  std::vector<std::string> paths;               // Folders and files with its programs, from the root.
  std::vector<std::string> data_paths;          // Those without.
  std::vector<std::string> folders;             // The same as `paths` on Windows and macOS, whatever the case.
  std::vector<std::string> units;
  std::vector<std::string> ambiguous_units;
  std::vector<std::string> images;
  std::vector<std::string> volumes;
  std::vector<std::string> windows_files;  // Names; may have wildcards.
  std::vector<std::string> modules;        // Of the kernel.
  std::vector<EngineMark> engine;
};

enum class MatchBasis : std::uint8_t { kEntity, kOrigin, kProduct };

struct Clause {
  std::string id;
  Date effective;
  std::string effective_text;  // As recorded: "2024-07-20", "2017-12", "2015".
  bool exact = true;           // Of the day; else `effective` is the last day of that month or year.
  std::optional<Date> until;
  std::string what;
  std::string required;
  std::vector<std::string> binds;  // Empty: not recorded.
  std::vector<Grade> grades;       // That it reaches.
};

struct Instrument {
  std::string id;
  std::string title;
  std::string jurisdiction;
  std::string citation;
  std::string url;
  Date as_of;
  bool verified = false;
  bool secondary_source = false;
  Nature nature = Nature::kReported;
  MatchBasis basis = MatchBasis::kEntity;
  std::vector<std::string> entities;
  std::vector<std::string> products;
  std::vector<std::string> origins;
  std::vector<std::string> categories;  // Only products of these; empty: all.
  std::optional<bool> branded;          // Nothing: the record does not say.
  std::optional<bool> embedded;
  std::optional<bool> service;
  std::vector<Clause> clauses;
  std::vector<std::string> exempt;
  std::string notes;
};

class PolicySet {
 public:
  const std::vector<Role>& roles() const { return roles_; }
  const std::vector<Jurisdiction>& jurisdictions() const { return jurisdictions_; }
  const std::vector<Entity>& entities() const { return entities_; }
  // After those of the files one for each entity, with its identifier, for what is the vendor's and
  // nothing more is known of.
  const std::vector<Product>& products() const { return products_; }
  const std::vector<Instrument>& instruments() const { return instruments_; }
  const PolicyVersion& version() const { return version_; }

  const Entity* FindEntity(std::string_view id) const;
  const Product* FindProduct(std::string_view id) const;
  bool HasRole(std::string_view id) const { return covers_.find(id) != covers_.end(); }
  bool HasJurisdiction(std::string_view id) const;
  // Whether who is `role` is one of `binds`, by itself or by what it implies.
  bool IsBound(std::string_view role, const std::vector<std::string>& binds) const;
  // Whether the instrument speaks of the product.
  bool Concerns(const Instrument& instrument, const Product& product) const;

 private:
  friend class PolicyLoader;
  std::vector<Role> roles_;
  std::vector<Jurisdiction> jurisdictions_;
  std::vector<Entity> entities_;
  std::vector<Product> products_;
  std::vector<Instrument> instruments_;
  std::map<std::string, std::vector<std::string>, std::less<>> covers_;  // Role: itself and all it implies.
  PolicyVersion version_;
};

struct LoadedPolicies {
  std::unique_ptr<const PolicySet> set;  // Null when there are errors.
  std::vector<std::string> errors;       // "instruments/us.toml:7: ..."; for people, escaped.
};

// Files, and folders with all *.toml below them. Their digest, in PolicyVersion, is that of
// `sha256sum` over their names within those folders, sorted, and their digests; where they lie
// does not matter:  find . -name '*.toml' -printf '%P\n' | LC_ALL=C sort | xargs sha256sum | sha256sum
LoadedPolicies LoadPolicies(const std::vector<std::string>& paths);

}  // namespace dl::policy
