// `daylight policy list` and `daylight policy validate`.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <nlohmann/json.hpp>

#include "command_line.h"
#include "commands.h"
#include "daylight/os/io.h"
#include "daylight/policy/date.h"
#include "daylight/policy/policy_set.h"
#include "daylight/report/escape.h"
#include "daylight/report/json_text.h"
#include "messages.h"
#include "policy_sources.h"

namespace dl::cli {

namespace {

std::string Joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

std::string ListText(const policy::PolicySet& set) {
  std::string out = "Instruments\n";
  for (const policy::Instrument& instrument : set.instruments()) {
    out += "  " + instrument.jurisdiction + "  " + instrument.id + "\n      " + instrument.title + "\n      " +
           instrument.citation + "\n      " + std::string(policy::Name(instrument.nature)) + ", as of " +
           policy::Text(instrument.as_of) + (instrument.secondary_source ? ", from a secondary source" : "") +
           (instrument.verified ? "" : ", not verified") + "\n";
    for (const policy::Clause& clause : instrument.clauses) {
      out += "      " + clause.effective_text + (clause.until ? " to " + policy::Text(*clause.until) : "") + "  " +
             clause.what + (clause.binds.empty() ? "" : " [" + Joined(clause.binds) + "]") + "\n";
    }
    out += std::string("      Embedded code: ") +
           (!instrument.embedded   ? "not in the record"
            : *instrument.embedded ? "in scope"
                                   : "not in scope") +
           "\n";
    for (const std::string& exempt : instrument.exempt) out += "      Exempt: " + exempt + "\n";
    if (!instrument.notes.empty()) out += "      Notes: " + instrument.notes + "\n";
  }
  out += "\nProducts\n";
  for (const policy::Product& product : set.products()) {
    const policy::Entity* entity = set.FindEntity(product.entity);
    out += "  " + product.id + "  " + product.name + (entity != nullptr ? " (" + entity->name + ")" : "") +
           (product.verified ? "" : ", not verified") + "\n";
  }
  out += "\nRoles\n";
  for (const policy::Role& role : set.roles()) {
    out += "  " + role.id + "  " + role.name + (role.implies.empty() ? "" : " (also: " + Joined(role.implies) + ")") +
           "\n";
  }
  out += "\nJurisdictions\n";
  for (const policy::Jurisdiction& jurisdiction : set.jurisdictions()) {
    out += "  " + jurisdiction.id + "  " + jurisdiction.name + "\n";
  }
  out += "\nPolicies as of " + policy::Text(set.version().as_of) + ", sha256 " + set.version().digest + "\n";
  return report::EscapeLayout(out);
}

nlohmann::ordered_json JsonOf(const policy::Instrument& instrument) {
  nlohmann::ordered_json clauses = nlohmann::ordered_json::array();
  for (const policy::Clause& clause : instrument.clauses) {
    nlohmann::ordered_json grades = nlohmann::ordered_json::array();
    for (const policy::Grade grade : clause.grades) grades.push_back(policy::Name(grade));
    clauses.push_back({{"id", clause.id},
                       {"effective", policy::Text(clause.effective)},
                       {"until", clause.until ? nlohmann::ordered_json(policy::Text(*clause.until)) : nullptr},
                       {"what", clause.what},
                       {"requires", clause.required},
                       {"binds", clause.binds},
                       {"grades", std::move(grades)}});
  }
  return {{"id", instrument.id},
          {"title", instrument.title},
          {"jurisdiction", instrument.jurisdiction},
          {"citation", instrument.citation},
          {"url", instrument.url},
          {"as_of", policy::Text(instrument.as_of)},
          {"verified", instrument.verified},
          {"source", instrument.secondary_source ? "secondary" : "primary"},
          {"nature", policy::Name(instrument.nature)},
          {"entities", instrument.entities},
          {"clauses", std::move(clauses)},
          {"exempt", instrument.exempt}};
}

std::string ListJson(const policy::PolicySet& set) {
  nlohmann::ordered_json all;
  all["policy"] = {{"as_of", policy::Text(set.version().as_of)}, {"sha256", set.version().digest}};
  for (const policy::Instrument& instrument : set.instruments()) all["instruments"].push_back(JsonOf(instrument));
  for (const policy::Product& product : set.products()) {
    all["products"].push_back(
        {{"id", product.id}, {"name", product.name}, {"entity", product.entity}, {"verified", product.verified}});
  }
  for (const policy::Role& role : set.roles()) {
    all["roles"].push_back({{"id", role.id}, {"name", role.name}, {"implies", role.implies}});
  }
  for (const policy::Jurisdiction& one : set.jurisdictions()) {
    all["jurisdictions"].push_back({{"id", one.id}, {"name", one.name}});
  }
  return all.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace

int PolicyList(const Arguments& arguments) {
  PolicySources sources;
  std::string format = "text";
  std::vector<std::string> none;
  CLI::App app("Lists the instruments with their dates and sources, the products and roles that are known.",
               "daylight policy list");
  sources.AddTo(app);
  AddChoice(app, "--format", format, {"text", "json"}, "text or json");
  if (const auto exit = Parse(app, arguments, {"", "", 0, 0}, none)) return *exit;
  const auto set = sources.Load();
  if (!set) return kExitTrouble;
  return os::WriteAll(STDOUT_FILENO, format == "json" ? ListJson(*set) : ListText(*set)) ? kExitClean : kExitTrouble;
}

int PolicyValidate(const Arguments& arguments) {
  bool alone = false;
  std::vector<std::string> paths;
  CLI::App app(
      "Says what is wrong with policy files: a missing citation, dates that overlap, roles that nobody knows. They may "
      "speak of what came with Daylight. Exit 0, or 2 when something is wrong.",
      "daylight policy validate");
  app.add_flag("--no-default-policies", alone, "they stand alone: what came with Daylight is not read");
  if (const auto exit = Parse(app, arguments, {"PATH...", "TOML files, and folders of them", 1}, paths)) return *exit;
  PolicySources sources(paths, alone);
  const auto set = sources.Load();
  if (!set) {
    if (!alone) Say("they were read together with what came with Daylight; --no-default-policies reads them alone");
    return kExitTrouble;
  }
  const std::string text = "good: " + std::to_string(set->version().instruments) + " instruments, " +
                           std::to_string(set->version().products) + " products (with what they build on)\n";
  return os::WriteAll(STDOUT_FILENO, text) ? kExitClean : kExitTrouble;
}

}  // namespace dl::cli
