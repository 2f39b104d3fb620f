#include "daylight/rules/yara/session.h"

#include <algorithm>

namespace dl::yara {

std::optional<std::uint32_t> Session::Import(std::string_view name, std::uint32_t name_space) {
  auto& imported = namespaces[name_space].modules;
  if (const auto known = imported.find(name); known != imported.end()) return known->second;
  const ModuleInfo* module = FindModule(name);
  if (module == nullptr) return std::nullopt;
  auto& modules = compilation.modules;
  const auto at = std::find(modules.begin(), modules.end(), module);
  const auto index = static_cast<std::uint32_t>(at - modules.begin());
  if (at == modules.end()) modules.push_back(module);
  imported.emplace(name, index);
  return index;
}

}  // namespace dl::yara
