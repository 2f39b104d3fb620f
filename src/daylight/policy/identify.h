// Identifier says whose a name is: a policy's products and vendors, compiled for being
// asked a million times. It grades nothing; TargetFindings does.
//
//   const Identifier identifier(set);
//   identifier.VendorNamed("AO Kaspersky Lab")   // The place of Kaspersky in set.entities()
//   identifier.PackageNamed("kics")              // {{place of the product, ambiguous}}
//
// Products and entities are given by their place in the set, kNobody for none. Keeps a
// reference to the set. Does not change: any number of threads.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "daylight/policy/path_index.h"
#include "daylight/policy/policy_set.h"
#include "daylight/report/software.h"

namespace dl::policy {

inline constexpr std::uint32_t kNobody = 0xffffffff;

struct NameHit {
  std::uint32_t product = kNobody;
  bool ambiguous = false;
  std::uint32_t mark = 0;  // Of an engine.
};

class Identifier {
 public:
  explicit Identifier(const PolicySet& set);

  const PolicySet& set() const { return set_; }
  const PathIndex& paths() const { return paths_; }
  const Product& product(std::uint32_t place) const { return set_.products()[place]; }
  std::uint32_t entity_of(std::uint32_t product) const { return entity_of_[product]; }
  // The product that stands for all of an entity's that are not described.
  std::uint32_t any_of(std::uint32_t entity) const { return any_of_[entity]; }

  // By an alias: "Kaspersky Lab, Inc.", also as SPDX writes it: "Organization: Kaspersky Lab (mail@…)".
  std::uint32_t VendorNamed(std::string_view text) const;
  // By the name in front of an address; `domain` is that of the address alone.
  std::uint32_t VendorOfContact(std::string_view contact, std::uint32_t& domain) const;
  std::uint32_t VendorOfSigner(const report::Signer& signer) const;
  // "cpe:2.3:a:kaspersky:…", "cpe:/a:kaspersky:…".
  struct Cpe {
    std::uint32_t entity = kNobody;
    std::string vendor;
    std::string product;
  };
  Cpe VendorOfCpe(std::string_view cpe) const;
  std::uint32_t VendorOfPurl(std::string_view name_space) const;
  // Whether that name of the vendor, as it stands in the policy, is one that nobody has verified.
  bool IsUnverified(std::uint32_t entity, std::string_view name) const;
  // A name that begins with a word of the vendor's: "kaspersky-sdk".
  std::uint32_t VendorInFront(std::string_view name) const;
  // Entities one of whose words is in the text.
  std::vector<std::uint32_t> VendorsInText(std::string_view text) const;
  std::vector<std::uint32_t> VendorsOfWord(std::string_view word) const;
  // A package of another's that has the vendor's name: open-vm-tools.
  bool IsExcepted(std::uint32_t entity, std::string_view package) const;

  std::vector<NameHit> PackageNamed(std::string_view name) const { return packages_.Find(name); }
  std::vector<NameHit> UnitNamed(std::string_view name) const;   // "kesl.service"
  std::vector<NameHit> ImageNamed(std::string_view name) const;  // "registry.example/app:1.2"
  std::vector<NameHit> ModuleNamed(std::string_view name) const { return modules_.Find(name); }
  std::vector<NameHit> VolumeNamed(std::string_view path) const;
  std::vector<NameHit> EnvironmentNamed(std::string_view assignment) const;  // "KEY=value"
  const std::vector<std::string>& words() const { return words_; }

 private:
  struct NameTable {
    std::unordered_map<std::string, std::vector<NameHit>> exact;
    std::vector<std::pair<std::string, NameHit>> globs;
    void Add(std::string_view name, NameHit hit);
    std::vector<NameHit> Find(std::string_view name) const;
  };
  using EntityTable = std::unordered_map<std::string, std::uint32_t>;
  void AddPaths();

  const PolicySet& set_;
  PathIndex paths_;
  std::vector<std::uint32_t> entity_of_;
  std::vector<std::uint32_t> any_of_;
  EntityTable vendors_;
  EntityTable signers_;
  EntityTable cpe_vendors_;
  EntityTable purl_namespaces_;
  std::vector<std::pair<std::string, std::uint32_t>> domains_;
  std::vector<std::pair<std::string, std::uint32_t>> entity_words_;
  std::vector<std::string> words_;
  NameTable packages_;
  NameTable units_;
  NameTable images_;
  NameTable modules_;
  NameTable volumes_;
  NameTable environment_;
};

// "pkg:deb/debian/kesl@1?arch=amd64"
struct Purl {
  std::string type;  // Lower case; empty when it is none.
  std::string name_space;
  std::string name;
  // Of no ecosystem whose names anyone may take.
  bool is_generic() const { return type.empty() || type == "generic"; }
  bool is_image() const { return type == "docker" || type == "oci"; }
  // Of a distribution's packages: what is listed is installed, not built in.
  bool is_distribution() const { return type == "deb" || type == "rpm" || type == "apk" || type == "alpm"; }
};
Purl ParsePurl(std::string_view text);

}  // namespace dl::policy
