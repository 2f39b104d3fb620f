#include "daylight/policy/loader.h"

#include <algorithm>
#include <array>

#include "daylight/policy/date.h"
#include "daylight/policy/names.h"
#include "daylight/report/escape.h"

namespace dl::policy {

namespace {

constexpr std::size_t kMaxErrors = 200;

bool IsLowerOrDigit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }

// Lower-case letters, digits and single dashes within.
bool IsId(std::string_view text) {
  if (text.empty() || text.size() > 64 || text.front() == '-' || text.back() == '-') return false;
  return std::all_of(text.begin(), text.end(), [](char c) { return IsLowerOrDigit(c) || c == '-'; });
}

// ISO 3166-1 alpha-2, or a part of one: "US-CA".
bool IsJurisdictionId(std::string_view text) {
  if (text.size() < 2 || text.size() > 6 || !IsUpper(text[0]) || !IsUpper(text[1])) return false;
  if (text.size() == 2) return true;
  return text.size() > 3 && text[2] == '-' &&
         std::all_of(text.begin() + 3, text.end(), [](char c) { return IsUpper(c) || (c >= '0' && c <= '9'); });
}

bool IsCountry(std::string_view text) { return text.size() == 2 && IsUpper(text[0]) && IsUpper(text[1]); }

std::size_t LiteralBytes(std::string_view text) {
  // An extension says little: "*.exe" is half of a disk.
  const std::size_t dot = text.rfind('.');
  if (dot != std::string_view::npos && text.size() - dot <= 4) text = text.substr(0, dot);
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return c != '*' && c != '?' && c != ' ' && c != '.'; }));
}

// Folders of every system: as a product's place they would make everything that product.
bool IsEverybodys(std::string_view path) {
  constexpr std::array<std::string_view, 37> kEverybodys{"usr/bin",
                                                         "usr/sbin",
                                                         "usr/lib",
                                                         "usr/lib32",
                                                         "usr/lib64",
                                                         "usr/libexec",
                                                         "usr/share",
                                                         "usr/local",
                                                         "usr/local/bin",
                                                         "usr/local/sbin",
                                                         "usr/local/lib",
                                                         "usr/local/share",
                                                         "usr/local/etc",
                                                         "usr/src",
                                                         "usr/include",
                                                         "var/lib",
                                                         "var/log",
                                                         "var/opt",
                                                         "var/cache",
                                                         "var/spool",
                                                         "var/run",
                                                         "var/tmp",
                                                         "etc/opt",
                                                         "etc/init.d",
                                                         "etc/systemd",
                                                         "etc/default",
                                                         "lib/modules",
                                                         "lib/systemd",
                                                         "run/user",
                                                         "opt/bin",
                                                         "usr/local/opt",
                                                         "Program Files",
                                                         "usr/share/doc",
                                                         "var/www",
                                                         "Library/Application Support",
                                                         "program files",
                                                         "library/application support"};
  return path.find('/') == std::string_view::npos ||
         std::find(kEverybodys.begin(), kEverybodys.end(), path) != kEverybodys.end();
}

// A day, or the last one of a month or year of which no more is recorded: from then on it is certain.
std::optional<Date> LastDay(std::string_view text, bool& exact) {
  exact = text.size() == 10;
  if (exact) return ParseDate(text);
  if (text.size() != 4 && text.size() != 7) return std::nullopt;
  const std::string first = std::string(text) + (text.size() == 4 ? "-12" : "");
  for (const char* const day : {"-31", "-30", "-29", "-28"}) {
    if (const auto date = ParseDate(first + day)) return date;
  }
  return std::nullopt;
}

std::string Quoted(std::string_view text) { return '"' + report::EscapeLine(text) + '"'; }

}  // namespace

std::string PolicyLoader::Where(const config::Section& section, std::string_view key) const {
  return file_ + ":" + std::to_string(section.Line(key));
}

void PolicyLoader::Required(config::Section& section, std::string_view key, std::string& value) {
  section.Text(key, value);
  if (!section.Has(key)) {
    section.Refuse(key, "is missing");
  } else if (value.empty()) {
    section.Refuse(key, "must not be empty");
  }
}

void PolicyLoader::Id(config::Section& section, std::string_view kind, std::string& value) {
  Required(section, "id", value);
  if (value.empty()) return;
  if (kind == "jurisdiction" ? !IsJurisdictionId(value) : !IsId(value)) {
    section.Refuse("id", kind == "jurisdiction" ? "must be a code such as \"US\" or \"US-CA\""
                                                : "must be lower-case letters, digits and dashes, at most 64");
    return;
  }
  const auto [place, is_new] = seen_.emplace(std::string(kind) + " " + value, Where(section, "id"));
  if (!is_new)
    section.Refuse("id", "is there twice: the " + std::string(kind) + " " + value + " is in " + place->second);
}

// Texts of which none is empty.
void PolicyLoader::Names(config::Section& section, std::string_view key, Keys& values, std::string_view what) {
  section.Texts(key, values, what);
  for (const std::string& value : values) {
    if (value.empty()) return section.Refuse(key, "has an empty text");
    if (value.size() > 512) return section.Refuse(key, "has a text of more than 512 bytes");
  }
}

void PolicyLoader::Patterns(config::Section& section, std::string_view key, Keys& values, std::size_t least_literal) {
  Names(section, key, values, "names");
  for (const std::string& value : values) {
    if (LiteralBytes(value) < least_literal) {
      return section.Refuse(key, "would match too much: " + Quoted(value));
    }
    if (value.find_first_of("[\\/") != std::string::npos) {
      return section.Refuse(key, "may have * and ?, but no [, / or backslash: " + Quoted(value));
    }
  }
}

void PolicyLoader::Paths(config::Section& section, std::string_view key, Keys& values, bool anywhere) {
  Names(section, key, values, "paths");
  for (std::string& value : values) {
    if (anywhere ? value.front() == '/' : value.front() != '/') {
      return section.Refuse(key, anywhere ? "must be paths without a slash in front" : "must be absolute paths");
    }
    if (value.find_first_of("*?") != std::string::npos)
      return section.Refuse(key, "has no wildcards: " + Quoted(value));
    if (!anywhere) value.erase(0, 1);
    while (!value.empty() && value.back() == '/') value.pop_back();
    const std::string slashed = "/" + value + "/";
    if (value.empty() || slashed.find("//") != std::string::npos || slashed.find("/./") != std::string::npos ||
        slashed.find("/../") != std::string::npos || IsEverybodys(anywhere ? Lower(value) : value)) {
      return section.Refuse(key, "would match too much, or is no path: " + Quoted(value));
    }
  }
}

void PolicyLoader::Refer(config::Section& section, std::string_view key, Reference::Kind kind, const Keys& ids) {
  for (const std::string& id : ids) references_.push_back({kind, id, Where(section, key), std::string(key)});
}

void PolicyLoader::Terms(config::Document& document) {
  for (config::Section& section : document.Tables("role")) {
    Role role;
    Id(section, "role", role.id);
    Required(section, "name", role.name);
    Names(section, "implies", role.implies, "roles");
    Refer(section, "implies", Reference::Kind::kRole, role.implies);
    set_->roles_.push_back(std::move(role));
  }
  for (config::Section& section : document.Tables("jurisdiction")) {
    Jurisdiction jurisdiction;
    Id(section, "jurisdiction", jurisdiction.id);
    Required(section, "name", jurisdiction.name);
    set_->jurisdictions_.push_back(std::move(jurisdiction));
  }
}

void PolicyLoader::Products(config::Document& document) {
  for (config::Section& section : document.Tables("entity")) {
    Entity entity;
    Id(section, "entity", entity.id);
    Required(section, "name", entity.name);
    section.Text("country", entity.country);
    if (!entity.country.empty() && !IsCountry(entity.country)) {
      section.Refuse("country", "must be a code such as \"RU\", or empty where it is not recorded");
    }
    section.Flag("verified", entity.verified);
    std::string notes;
    section.Text("notes", notes);
    Names(section, "aliases", entity.aliases, "names");
    Names(section, "signers", entity.signers, "names");
    for (const auto* const list : {&entity.aliases, &entity.signers}) {
      for (const std::string& name : *list) {
        if (CanonicalName(name).size() < 3) {
          section.Refuse(list == &entity.aliases ? "aliases" : "signers", "would match too much: " + Quoted(name));
        }
      }
    }
    Names(section, "successors", entity.successors, "entities");
    Refer(section, "successors", Reference::Kind::kEntity, entity.successors);
    Patterns(section, "domains", entity.domains, 2);
    Patterns(section, "cpe_vendors", entity.cpe_vendors, 3);
    Patterns(section, "purl_namespaces", entity.purl_namespaces, 3);
    Names(section, "unverified", entity.unverified, "names");
    for (const std::string& name : entity.unverified) {
      const auto has = [&](const Keys& names) { return std::find(names.begin(), names.end(), name) != names.end(); };
      if (!has(entity.aliases) && !has(entity.signers) && !has(entity.domains) && !has(entity.cpe_vendors) &&
          !has(entity.purl_namespaces)) {
        section.Refuse("unverified", "names none of the other names: " + Quoted(name));
      }
    }
    Patterns(section, "words", entity.words, 1);
    for (const std::string& word : entity.words) {
      if (word != Lower(word)) section.Refuse("words", "must be lower case: " + Quoted(word));
      if (word.size() < 4 || word.find_first_of("*?") != std::string::npos) {
        section.Refuse("words", "must have four bytes and no wildcards: " + Quoted(word));
      }
    }
    Patterns(section, "except", entity.except, 3);
    Patterns(section, "categories", entity.categories, 1);
    Paths(section, "paths", entity.paths);
    Paths(section, "data_paths", entity.data_paths);
    set_->entities_.push_back(std::move(entity));
  }
  for (config::Section& section : document.Tables("product")) {
    Product product;
    ReadProduct(section, product);
    set_->products_.push_back(std::move(product));
  }
}

void PolicyLoader::ReadProduct(config::Section& section, Product& product) {
  Id(section, "product", product.id);
  Required(section, "name", product.name);
  Required(section, "entity", product.entity);
  Refer(section, "entity", Reference::Kind::kEntity, {product.entity});
  section.Flag("verified", product.verified);
  std::string notes;
  section.Text("notes", notes);
  Patterns(section, "categories", product.categories, 1);
  Patterns(section, "packages", product.packages, 3);
  Patterns(section, "ambiguous_packages", product.ambiguous_packages, 3);
  Paths(section, "paths", product.paths);
  Paths(section, "data_paths", product.data_paths);
  Paths(section, "folders", product.folders, true);
  Patterns(section, "units", product.units, 3);
  Patterns(section, "ambiguous_units", product.ambiguous_units, 3);
  Patterns(section, "images", product.images, 3);
  Paths(section, "volumes", product.volumes);
  Patterns(section, "windows_files", product.windows_files, 3);
  Patterns(section, "modules", product.modules, 3);
  for (config::Section& entry : section.Tables("engine")) {
    EngineMark mark;
    Required(entry, "kind", mark.kind);
    entry.Text("path", mark.path);
    entry.Text("environment", mark.environment);
    entry.Flag("program", mark.program);
    if (mark.path.empty() == mark.environment.empty())
      entry.Refuse("path", "or environment has to be there, one of them");
    const std::string_view name = std::string_view(mark.path).substr(mark.path.rfind('/') + 1);
    // "*.ppl" is enough where the file has to be a program, and another mark beside it.
    const bool is_extension = name.substr(0, 2) == "*." && name.find_first_of("*?[\\", 2) == std::string_view::npos &&
                              name.size() > 3 && mark.program;
    if (!mark.path.empty() &&
        (mark.path.front() == '/' || mark.path.find('[') != std::string::npos ||
         mark.path.find('\\') != std::string::npos || (!is_extension && LiteralBytes(name) < 3))) {
      entry.Refuse("path", "would match too much, or is no end of a path: " + Quoted(mark.path));
    }
    product.engine.push_back(std::move(mark));
  }
}

void PolicyLoader::Instruments(config::Document& document) {
  for (config::Section& section : document.Tables("instrument")) {
    Instrument instrument;
    ReadInstrument(section, instrument);
    set_->instruments_.push_back(std::move(instrument));
  }
}

void PolicyLoader::ReadInstrument(config::Section& section, Instrument& instrument) {
  Id(section, "instrument", instrument.id);
  Required(section, "title", instrument.title);
  Required(section, "jurisdiction", instrument.jurisdiction);
  Refer(section, "jurisdiction", Reference::Kind::kJurisdiction, {instrument.jurisdiction});
  Required(section, "citation", instrument.citation);
  section.Text("url", instrument.url);
  if (!instrument.url.empty() && instrument.url.rfind("https://", 0) != 0) {
    section.Refuse("url", "must begin with https://, or be empty");
  }
  std::string as_of;
  section.DateText("as_of", as_of);
  if (!section.Has("as_of")) {
    section.Refuse("as_of", "is missing");
  } else if (const auto date = ParseDate(as_of)) {
    instrument.as_of = *date;
  } else {
    section.Refuse("as_of", "must be a date such as 2027-01-31");
  }
  section.Flag("verified", instrument.verified);
  if (!section.Has("verified")) section.Refuse("verified", "is missing");
  std::size_t source = 0;
  section.Choice("source", {"primary", "secondary"}, source);
  instrument.secondary_source = source == 1;
  std::size_t nature = 0;
  section.Choice("nature", {"ban_of_sale", "ban_of_use", "ban_of_procurement", "advice", "reported"}, nature);
  if (!section.Has("nature")) section.Refuse("nature", "is missing");
  instrument.nature = static_cast<Nature>(nature);
  std::size_t basis = 0;
  section.Choice("match_basis", {"entity", "origin", "product"}, basis);
  if (!section.Has("match_basis")) section.Refuse("match_basis", "is missing");
  instrument.basis = static_cast<MatchBasis>(basis);
  Names(section, "entities", instrument.entities, "entities");
  Refer(section, "entities", Reference::Kind::kEntity, instrument.entities);
  Names(section, "products", instrument.products, "products");
  Refer(section, "products", Reference::Kind::kProduct, instrument.products);
  Names(section, "origins", instrument.origins, "countries");
  for (const std::string& origin : instrument.origins) {
    if (!IsCountry(origin)) section.Refuse("origins", "must be codes such as \"RU\": " + Quoted(origin));
  }
  constexpr std::array<std::string_view, 3> kLists{"entities", "origins", "products"};
  const std::array<const Keys*, 3> lists{&instrument.entities, &instrument.origins, &instrument.products};
  for (std::size_t i = 0; i < kLists.size(); ++i) {
    if (i == basis && lists.at(i)->empty()) {
      section.Refuse(kLists.at(i), "must name at least one: that is what match_basis goes by");
    } else if (i != basis && !lists.at(i)->empty()) {
      section.Refuse(kLists.at(i), "is not what match_basis goes by");
    }
  }
  Patterns(section, "categories", instrument.categories, 1);
  config::Section scope = section.Table("scope");
  for (const auto& [key, value] :
       {std::pair{"branded", &instrument.branded}, std::pair{"embedded", &instrument.embedded},
        std::pair{"service", &instrument.service}}) {
    bool flag = false;
    scope.Flag(key, flag);
    if (scope.Has(key)) *value = flag;
  }
  Names(section, "exemptions", instrument.exempt, "texts");
  section.Text("notes", instrument.notes);
  std::vector<config::Section> clauses = section.Tables("clause");
  if (clauses.empty() && !section.Has("clause")) section.Refuse("clause", "is missing: there must be at least one");
  for (config::Section& clause : clauses) ReadClause(clause, instrument);
}

void PolicyLoader::ReadClause(config::Section& section, Instrument& instrument) {
  Clause clause;
  Required(section, "id", clause.id);
  if (!clause.id.empty() && !IsId(clause.id)) {
    section.Refuse("id", "must be lower-case letters, digits and dashes, at most 64");
  }
  section.DateText("effective", clause.effective_text);
  bool dated = false;
  if (!section.Has("effective")) {
    section.Refuse("effective", "is missing");
  } else if (const auto date = LastDay(clause.effective_text, clause.exact)) {
    clause.effective = *date;
    dated = true;
  } else {
    section.Refuse("effective",
                   "must be a date such as 2027-01-31, or \"2027-01\" or \"2027\" where no more is recorded");
  }
  if (section.Has("until")) {
    std::string until;
    section.DateText("until", until);
    clause.until = ParseDate(until);
    if (!clause.until) {
      section.Refuse("until", "must be a date such as 2027-01-31");
    } else if (dated && *clause.until < clause.effective) {
      section.Refuse("until", "is before effective");
    }
  }
  Required(section, "what", clause.what);
  section.Text("requires", clause.required);
  if (!section.Has("binds")) section.Refuse("binds", "is missing: [] where the record does not say");
  Names(section, "binds", clause.binds, "roles");
  Refer(section, "binds", Reference::Kind::kRole, clause.binds);
  const bool embedded = instrument.embedded.value_or(false);
  if (section.Has("grades")) {
    Keys grades;
    section.Texts("grades", grades, "grades");
    for (const std::string& name : grades) {
      std::optional<Grade> grade;
      for (const Grade one : {Grade::kRemnant, Grade::kEmbedded, Grade::kInstalled, Grade::kRunning}) {
        if (name == Name(one)) grade = one;
      }
      if (!grade) {
        section.Refuse("grades",
                       "must be of \"running\", \"installed\", \"embedded\", \"remnant\", not " + Quoted(name));
      } else if (*grade == Grade::kEmbedded && !embedded) {
        section.Refuse("grades", "has \"embedded\", which the instrument's scope does not");
      } else {
        clause.grades.push_back(*grade);
      }
    }
  } else {
    clause.grades = {Grade::kRunning, Grade::kInstalled};
    if (embedded) clause.grades.push_back(Grade::kEmbedded);
  }
  // Clauses of one identifier follow each other: they are one clause as it was changed.
  for (const Clause& other : instrument.clauses) {
    if (!dated || other.id != clause.id) continue;
    const bool before = other.until && *other.until < clause.effective;
    const bool after = clause.until && *clause.until < other.effective;
    if (!before && !after) section.Refuse("effective", "overlaps with another clause " + clause.id);
  }
  instrument.clauses.push_back(std::move(clause));
}

void PolicyLoader::Add(std::string_view file, std::string_view text) {
  file_ = report::EscapeLine(file);
  config::Document document(text);
  const auto keep = [&] {
    for (const std::string& error : document.errors()) {
      if (errors_.size() >= kMaxErrors) return;
      // "line 7: what" becomes "file:7: what".
      errors_.push_back(file_ + ":" + (error.rfind("line ", 0) == 0 ? error.substr(5) : error));
    }
  };
  if (!document.errors().empty()) return keep();  // Not TOML.
  config::Section root = document.Root();
  std::uint32_t schema = 0;
  if (!root.Has("schema")) {
    root.Refuse("schema", "is missing: schema = 1");
    return keep();
  }
  root.Number("schema", schema, 1, 0xffffffff);
  if (schema > kPolicySchema) {
    root.Refuse("schema", "is " + std::to_string(schema) + ", which is later than this program knows (" +
                              std::to_string(kPolicySchema) + ")");
    return keep();
  }
  const bool has_products = root.Has("entity") || root.Has("product");
  const bool has_terms = root.Has("role") || root.Has("jurisdiction");
  if ((root.Has("instrument") ? 1 : 0) + (has_products ? 1 : 0) + (has_terms ? 1 : 0) > 1) {
    root.Refuse(root.Has("instrument") ? "instrument"
                : root.Has("entity")   ? "entity"
                                       : "product",
                "stands beside tables of another kind: instruments, entities with products, and roles with "
                "jurisdictions each have files of their own");
    return keep();
  }
  if (root.Has("instrument")) {
    Instruments(document);
  } else if (has_products) {
    Products(document);
  } else if (has_terms) {
    Terms(document);
  } else {
    root.Refuse("instrument", "is missing, and so are entity, product, role and jurisdiction: there is nothing in it");
  }
  document.Finish();
  keep();
}

// There are few roles and jurisdictions: those that there are may be what was meant.
std::string PolicyLoader::Known(Reference::Kind kind) const {
  std::string list;
  const auto add = [&](const auto& all) {
    for (const auto& one : all) {
      if (list.size() < 1000) list += (list.empty() ? "; known are: " : ", ") + one.id;
    }
  };
  if (kind == Reference::Kind::kRole) add(set_->roles_);
  if (kind == Reference::Kind::kJurisdiction) add(set_->jurisdictions_);
  return list;
}

void PolicyLoader::CheckReferences() {
  // An entity stands for its products that are not described, under its own name.
  for (const Product& product : set_->products_) {
    const auto place = seen_.find("entity " + product.id);
    if (place != seen_.end() && errors_.size() < kMaxErrors) {
      errors_.push_back(seen_["product " + product.id] + ": id is there twice: the entity " + product.id + " is in " +
                        place->second);
    }
  }
  constexpr std::array<std::string_view, 4> kKinds{"role", "jurisdiction", "entity", "product"};
  for (const Reference& reference : references_) {
    const std::string kind(kKinds.at(static_cast<std::size_t>(reference.kind)));
    if (reference.id.empty() || seen_.count(kind + " " + reference.id) != 0 || errors_.size() >= kMaxErrors) continue;
    errors_.push_back(reference.where + ": " + reference.key + ": there is no " + kind + " " + Quoted(reference.id) +
                      Known(reference.kind));
  }
}

// Roles with all that they imply, however far.
void PolicyLoader::CheckImplied() {
  std::map<std::string, const Role*, std::less<>> roles;
  for (const Role& role : set_->roles_) roles.emplace(role.id, &role);
  for (const Role& role : set_->roles_) {
    std::vector<std::string> covered{role.id};
    for (std::size_t i = 0; i < covered.size(); ++i) {
      const auto found = roles.find(covered[i]);
      if (found == roles.end()) continue;
      for (const std::string& implied : found->second->implies) {
        if (std::find(covered.begin(), covered.end(), implied) == covered.end()) covered.push_back(implied);
      }
    }
    set_->covers_.emplace(role.id, std::move(covered));
  }
}

std::unique_ptr<const PolicySet> PolicyLoader::Finish() {
  CheckReferences();
  CheckImplied();
  if (!errors_.empty()) return nullptr;
  PolicyVersion& version = set_->version_;
  version.instruments = static_cast<std::uint32_t>(set_->instruments_.size());
  version.products = static_cast<std::uint32_t>(set_->products_.size());
  bool first = true;
  for (const Instrument& instrument : set_->instruments_) {
    if (first || version.as_of < instrument.as_of) version.as_of = instrument.as_of;
    first = false;
  }
  for (const Entity& entity : set_->entities_) {
    Product any;
    any.id = entity.id;
    any.name = entity.name + ", product not known";
    any.entity = entity.id;
    any.verified = entity.verified;
    any.any = true;
    any.categories = entity.categories;
    any.paths = entity.paths;
    any.data_paths = entity.data_paths;
    set_->products_.push_back(std::move(any));
  }
  return std::move(set_);
}

}  // namespace dl::policy
