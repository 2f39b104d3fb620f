#include "daylight/policy/identify.h"

#include <algorithm>
#include <array>

#include "daylight/os/glob.h"
#include "daylight/policy/names.h"

namespace dl::policy {

namespace {

constexpr std::size_t kMaxNameBytes = 512;
constexpr std::size_t kMaxTextBytes = 64 * 1024;

bool HasWildcard(std::string_view text) { return text.find_first_of("*?") != std::string_view::npos; }

// SPDX: "Organization: Kaspersky Lab (info@kaspersky.com)".
std::string_view WithoutSpdxForm(std::string_view text) {
  for (const std::string_view prefix : {"Organization:", "Person:", "Tool:"}) {
    if (text.substr(0, prefix.size()) != prefix) continue;
    text.remove_prefix(prefix.size());
    if (const std::size_t mail = text.rfind('('); mail != std::string_view::npos) text = text.substr(0, mail);
    break;
  }
  return text;
}

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string PercentDecoded(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? HexValue(text[i + 1]) : -1;
    const int low = high >= 0 ? HexValue(text[i + 2]) : -1;
    if (low >= 0) {
      decoded += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      decoded += text[i];
    }
  }
  return decoded;
}

}  // namespace

Purl ParsePurl(std::string_view text) {
  Purl purl;
  if (text.size() > 4096 || Lower(text.substr(0, 4)) != "pkg:") return purl;
  text.remove_prefix(4);
  while (!text.empty() && text.front() == '/') text.remove_prefix(1);
  text = text.substr(0, text.find_first_of("?#"));
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return purl;
  purl.type = Lower(text.substr(0, slash));
  text.remove_prefix(slash + 1);
  // The version begins at the last @, which in a name and namespace is escaped: a leading one is npm's scope, written
  // out of form.
  if (const std::size_t at = text.rfind('@'); at != std::string_view::npos && at > 0) text = text.substr(0, at);
  while (!text.empty() && text.back() == '/') text.remove_suffix(1);
  const std::size_t last = text.rfind('/');
  purl.name = PercentDecoded(last == std::string_view::npos ? text : text.substr(last + 1));
  if (last != std::string_view::npos) purl.name_space = PercentDecoded(text.substr(0, last));
  return purl;
}

void Identifier::NameTable::Add(std::string_view name, NameHit hit) {
  if (HasWildcard(name)) {
    globs.emplace_back(Lower(name), hit);
  } else {
    exact[Lower(name)].push_back(hit);
  }
}

std::vector<NameHit> Identifier::NameTable::Find(std::string_view name) const {
  if (name.empty() || name.size() > kMaxNameBytes) return {};
  const std::string lower = Lower(name);
  if (const auto found = exact.find(lower); found != exact.end()) return found->second;
  std::vector<NameHit> hits;
  for (const auto& [glob, hit] : globs) {
    if (os::GlobMatches(glob, lower)) hits.push_back(hit);
  }
  return hits;
}

Identifier::Identifier(const PolicySet& set) : set_(set) {
  std::unordered_map<std::string, std::uint32_t> places;
  for (std::uint32_t i = 0; i < set.entities().size(); ++i) {
    const Entity& entity = set.entities()[i];
    places.emplace(entity.id, i);
    for (const std::string& alias : entity.aliases) vendors_.emplace(CanonicalName(alias), i);
    for (const std::string& signer : entity.signers) signers_.emplace(PlainName(signer), i);
    for (const std::string& vendor : entity.cpe_vendors) cpe_vendors_.emplace(Lower(vendor), i);
    for (const std::string& name : entity.purl_namespaces) purl_namespaces_.emplace(Lower(name), i);
    for (const std::string& domain : entity.domains) domains_.emplace_back(Lower(domain), i);
    for (const std::string& word : entity.words) {
      entity_words_.emplace_back(word, i);
      words_.push_back(word);
    }
  }
  std::sort(words_.begin(), words_.end());
  words_.erase(std::unique(words_.begin(), words_.end()), words_.end());
  any_of_.resize(set.entities().size(), kNobody);
  for (std::uint32_t i = 0; i < set.products().size(); ++i) {
    const Product& product = set.products()[i];
    const std::uint32_t entity = places.at(product.entity);
    entity_of_.push_back(entity);
    if (product.any) any_of_[entity] = i;
    for (const std::string& name : product.packages) packages_.Add(name, {i, false, 0});
    for (const std::string& name : product.ambiguous_packages) packages_.Add(name, {i, true, 0});
    for (const std::string& name : product.units) units_.Add(name, {i, false, 0});
    for (const std::string& name : product.ambiguous_units) units_.Add(name, {i, true, 0});
    for (const std::string& name : product.images) images_.Add(name, {i, false, 0});
    for (const std::string& name : product.modules) modules_.Add(name, {i, false, 0});
    for (const std::string& name : product.volumes) volumes_.Add(name, {i, false, 0});
    for (std::uint32_t mark = 0; mark < product.engine.size(); ++mark) {
      if (!product.engine[mark].environment.empty())
        environment_.Add(product.engine[mark].environment, {i, false, mark});
    }
  }
  AddPaths();
}

void Identifier::AddPaths() {
  using Kind = PathRule::Kind;
  for (std::uint32_t i = 0; i < set_.products().size(); ++i) {
    const Product& product = set_.products()[i];
    const auto add = [&](Kind kind, const std::vector<std::string>& texts) {
      for (const std::string& text : texts) paths_.Add({kind, i, 0, text, 0});
    };
    add(Kind::kPrograms, product.paths);
    add(Kind::kData, product.data_paths);
    add(Kind::kFolder, product.folders);
    add(Kind::kFile, product.windows_files);
    for (std::uint32_t mark = 0; mark < product.engine.size(); ++mark) {
      if (!product.engine[mark].path.empty()) paths_.Add({Kind::kEngine, i, mark, product.engine[mark].path, 0});
    }
    if (product.any) add(Kind::kWord, set_.entities()[entity_of_[i]].words);
  }
  paths_.Build();
}

std::uint32_t Identifier::VendorNamed(std::string_view text) const {
  if (text.empty() || text.size() > kMaxNameBytes) return kNobody;
  const auto found = vendors_.find(CanonicalName(WithoutSpdxForm(text)));
  return found == vendors_.end() ? kNobody : found->second;
}

std::uint32_t Identifier::VendorOfContact(std::string_view contact, std::uint32_t& domain) const {
  domain = kNobody;
  if (contact.empty() || contact.size() > kMaxNameBytes) return kNobody;
  const Contact parsed = ParseContact(contact);
  for (const auto& [suffix, entity] : domains_) {
    if (IsWithinDomain(parsed.domain, suffix)) domain = entity;
  }
  return VendorNamed(parsed.name);
}

std::uint32_t Identifier::VendorOfSigner(const report::Signer& signer) const {
  for (const std::string* const name : {&signer.common_name, &signer.organization}) {
    if (name->empty() || name->size() > kMaxNameBytes) continue;
    if (const auto found = signers_.find(PlainName(*name)); found != signers_.end()) return found->second;
  }
  return kNobody;
}

Identifier::Cpe Identifier::VendorOfCpe(std::string_view cpe) const {
  if (cpe.size() > 2048) return {};
  const std::string lower = Lower(cpe);
  std::string_view rest = lower;
  if (rest.substr(0, 8) == "cpe:2.3:") {
    rest.remove_prefix(8);
  } else if (rest.substr(0, 5) == "cpe:/") {
    rest.remove_prefix(5);
  } else {
    return {};
  }
  // NISTIR 7695, 6.1 and 6.2: part, vendor, product, parted by colons that have no backslash in front.
  std::array<std::string, 3> fields;
  for (std::size_t i = 0, field = 0; i < rest.size() && field < fields.size(); ++i) {
    if (rest[i] == '\\' && i + 1 < rest.size()) {
      fields.at(field) += rest[++i];
    } else if (rest[i] == ':') {
      ++field;
    } else {
      fields.at(field) += rest[i];
    }
  }
  const auto found = cpe_vendors_.find(fields[1]);
  return {found == cpe_vendors_.end() ? kNobody : found->second, fields[1], fields[2]};
}

bool Identifier::IsUnverified(std::uint32_t entity, std::string_view name) const {
  const std::vector<std::string>& unverified = set_.entities()[entity].unverified;
  return std::any_of(unverified.begin(), unverified.end(),
                     [&](const std::string& one) { return Lower(one) == Lower(name); });
}

std::uint32_t Identifier::VendorInFront(std::string_view name) const {
  if (name.size() > kMaxNameBytes) return kNobody;
  const std::string lower = Lower(name);
  for (const auto& [word, entity] : entity_words_) {
    if (lower.compare(0, word.size(), word) == 0 && HasWord(lower.substr(0, word.size() + 1), word)) return entity;
  }
  return kNobody;
}

std::uint32_t Identifier::VendorOfPurl(std::string_view name_space) const {
  if (name_space.empty() || name_space.size() > kMaxNameBytes) return kNobody;
  const auto found = purl_namespaces_.find(Lower(name_space));
  return found == purl_namespaces_.end() ? kNobody : found->second;
}

std::vector<std::uint32_t> Identifier::VendorsInText(std::string_view text) const {
  std::vector<std::uint32_t> entities;
  if (text.empty()) return entities;
  const std::string lower = Lower(text.substr(0, kMaxTextBytes));
  for (const auto& [word, entity] : entity_words_) {
    if ((entities.empty() || entities.back() != entity) && HasWord(lower, word)) entities.push_back(entity);
  }
  return entities;
}

std::vector<std::uint32_t> Identifier::VendorsOfWord(std::string_view word) const {
  std::vector<std::uint32_t> entities;
  for (const auto& [known, entity] : entity_words_) {
    if (known == word) entities.push_back(entity);
  }
  return entities;
}

bool Identifier::IsExcepted(std::uint32_t entity, std::string_view package) const {
  if (package.size() > kMaxNameBytes) return false;
  const std::string lower = Lower(package);
  const std::vector<std::string>& except = set_.entities()[entity].except;
  return std::any_of(except.begin(), except.end(),
                     [&](const std::string& glob) { return os::GlobMatches(Lower(glob), lower); });
}

std::vector<NameHit> Identifier::UnitNamed(std::string_view name) const {
  for (const std::string_view suffix : {".service", ".socket", ".timer", ".path", ".mount", ".target"}) {
    if (name.size() > suffix.size() && name.substr(name.size() - suffix.size()) == suffix) {
      name.remove_suffix(suffix.size());
      break;
    }
  }
  return units_.Find(name);
}

std::vector<NameHit> Identifier::ImageNamed(std::string_view name) const {
  name = name.substr(0, name.find('@'));
  name = name.substr(name.rfind('/') + 1);
  return images_.Find(name.substr(0, name.find(':')));
}

std::vector<NameHit> Identifier::VolumeNamed(std::string_view path) const {
  while (!path.empty() && path.front() == '/') path.remove_prefix(1);
  while (!path.empty() && path.back() == '/') path.remove_suffix(1);
  return volumes_.Find(path);
}

std::vector<NameHit> Identifier::EnvironmentNamed(std::string_view assignment) const {
  return environment_.Find(assignment.substr(0, assignment.find('=')));
}

}  // namespace dl::policy
