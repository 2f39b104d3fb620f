// The commands, each with the arguments behind its name; they return the exit
// code.
#pragma once

#include <string>
#include <vector>

namespace dl::cli {

using Arguments = std::vector<std::string>;

int ScanCommand(const Arguments& arguments);
int RulesCommand(const Arguments& arguments);
int AuditCommand(const Arguments& arguments);
int EventsCommand(const Arguments& arguments);
int QuarantineCommand(const Arguments& arguments);
int PolicyCommand(const Arguments& arguments);
int InventoryCommand(const Arguments& arguments);
int MigrateCommand(const Arguments& arguments);

int PolicyCheck(const Arguments& arguments);
int PolicyList(const Arguments& arguments);
int PolicyValidate(const Arguments& arguments);
int PolicyVerify(const Arguments& arguments);

int RulesCheck(const Arguments& arguments);
int RulesCompile(const Arguments& arguments);
int RulesList(const Arguments& arguments);
int RulesVerify(const Arguments& arguments);
int RulesExplain(const Arguments& arguments);

}  // namespace dl::cli
