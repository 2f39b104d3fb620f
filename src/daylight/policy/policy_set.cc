#include "daylight/policy/policy_set.h"

#include <algorithm>
#include <filesystem>
#include <tuple>

#include "daylight/bytes/bytes.h"
#include "daylight/config/document.h"
#include "daylight/crypto/digest.h"
#include "daylight/os/io.h"
#include "daylight/os/paths.h"
#include "daylight/policy/loader.h"
#include "daylight/report/escape.h"

namespace dl::policy {

namespace {

constexpr std::size_t kMaxFiles = 10'000;
constexpr int kMaxDepth = 8;

struct PolicyFile {
  std::string name;   // Within the folder that was given.
  std::string shown;  // For people.
  std::string text;
  std::string digest;
};

bool Holds(const std::vector<std::string>& list, std::string_view value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

Bytes BytesOf(std::string_view text) { return std::as_bytes(std::span(text.data(), text.size())); }

void Find(const std::string& path, std::vector<PolicyFile>& files, std::vector<std::string>& errors) {
  namespace fs = std::filesystem;
  std::error_code error;
  if (!fs::is_directory(path, error)) {
    files.push_back({std::string(os::BaseName(path)), path, {}, {}});
    return;
  }
  fs::recursive_directory_iterator entry(path, error);
  for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    if (entry.depth() >= kMaxDepth) entry.disable_recursion_pending();
    const std::string found = entry->path().string();
    if (os::Extension(found) != ".toml") continue;
    if (files.size() >= kMaxFiles) {
      errors.push_back(report::EscapeLine(path) + ": more than " + std::to_string(kMaxFiles) + " policy files");
      return;
    }
    std::string name = found.substr(path.size());
    name.erase(0, name.find_first_not_of('/'));
    files.push_back({std::move(name), found, {}, {}});
  }
  if (error) errors.push_back(report::EscapeLine(path) + ": " + error.message());
}

}  // namespace

const Entity* PolicySet::FindEntity(std::string_view id) const {
  const auto found = std::find_if(entities_.begin(), entities_.end(), [&](const Entity& one) { return one.id == id; });
  return found == entities_.end() ? nullptr : &*found;
}

const Product* PolicySet::FindProduct(std::string_view id) const {
  const auto found = std::find_if(products_.begin(), products_.end(), [&](const Product& one) { return one.id == id; });
  return found == products_.end() ? nullptr : &*found;
}

bool PolicySet::HasJurisdiction(std::string_view id) const {
  return std::any_of(jurisdictions_.begin(), jurisdictions_.end(), [&](const auto& one) { return one.id == id; });
}

bool PolicySet::IsBound(std::string_view role, const std::vector<std::string>& binds) const {
  const auto covers = covers_.find(role);
  if (covers == covers_.end()) return false;
  return std::any_of(covers->second.begin(), covers->second.end(), [&](const auto& id) { return Holds(binds, id); });
}

bool PolicySet::Concerns(const Instrument& instrument, const Product& product) const {
  if (!instrument.categories.empty() &&
      std::none_of(instrument.categories.begin(), instrument.categories.end(),
                   [&](const std::string& category) { return Holds(product.categories, category); })) {
    return false;
  }
  const Entity* const entity = FindEntity(product.entity);
  if (entity == nullptr) return false;
  if (instrument.basis == MatchBasis::kProduct) return Holds(instrument.products, product.id);
  if (instrument.basis == MatchBasis::kOrigin) return Holds(instrument.origins, entity->country);
  // Entities and whoever came after them, however often.
  std::vector<std::string> named = instrument.entities;
  for (std::size_t i = 0; i < named.size(); ++i) {
    if (named[i] == product.entity) return true;
    const Entity* const one = FindEntity(named[i]);
    if (one == nullptr) continue;
    for (const std::string& successor : one->successors) {
      if (!Holds(named, successor)) named.push_back(successor);
    }
  }
  return false;
}

LoadedPolicies LoadPolicies(const std::vector<std::string>& paths) {
  LoadedPolicies loaded;
  std::vector<PolicyFile> files;
  for (const std::string& path : paths) Find(path, files, loaded.errors);
  for (PolicyFile& file : files) {
    Result<std::string> text = config::ReadConfiguration(file.shown);
    if (!text) {
      loaded.errors.push_back(report::EscapeLine(file.shown) + ": " + os::Describe(text.error()));
      continue;
    }
    file.text = std::move(*text);
    file.digest = crypto::Hex(crypto::Sha256::Of(BytesOf(file.text)));
  }
  if (files.empty() && loaded.errors.empty()) loaded.errors.push_back("there are no policy files");
  std::sort(files.begin(), files.end(), [](const PolicyFile& a, const PolicyFile& b) {
    return std::tie(a.name, a.digest, a.shown) < std::tie(b.name, b.digest, b.shown);
  });
  PolicyLoader loader;
  std::string list;
  for (const PolicyFile& file : files) {
    if (file.digest.empty()) continue;
    list += file.digest + "  " + file.name + "\n";
    loader.version().files.push_back(file.name);
    loader.Add(file.shown, file.text);
  }
  loader.version().digest = crypto::Hex(crypto::Sha256::Of(BytesOf(list)));
  loaded.set = loader.Finish();
  loaded.errors.insert(loaded.errors.end(), loader.errors().begin(), loader.errors().end());
  if (!loaded.errors.empty()) loaded.set = nullptr;
  return loaded;
}

}  // namespace dl::policy
