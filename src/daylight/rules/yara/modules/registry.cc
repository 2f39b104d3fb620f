
#include "daylight/rules/yara/module.h"

namespace dl::yara {

// Each modules/NAME/ defines `const ModuleInfo module_NAME`.
#ifdef DAYLIGHT_MODULE_pe
extern const ModuleInfo module_pe;
#endif
#ifdef DAYLIGHT_MODULE_elf
extern const ModuleInfo module_elf;
#endif
#ifdef DAYLIGHT_MODULE_macho
extern const ModuleInfo module_macho;
#endif
#ifdef DAYLIGHT_MODULE_dex
extern const ModuleInfo module_dex;
#endif
#ifdef DAYLIGHT_MODULE_dotnet
extern const ModuleInfo module_dotnet;
#endif
#ifdef DAYLIGHT_MODULE_lnk
extern const ModuleInfo module_lnk;
#endif
#ifdef DAYLIGHT_MODULE_olecf
extern const ModuleInfo module_olecf;
#endif
#ifdef DAYLIGHT_MODULE_zip
extern const ModuleInfo module_zip;
#endif
#ifdef DAYLIGHT_MODULE_vba
extern const ModuleInfo module_vba;
#endif
#ifdef DAYLIGHT_MODULE_msi
extern const ModuleInfo module_msi;
#endif
#ifdef DAYLIGHT_MODULE_math
extern const ModuleInfo module_math;
#endif
#ifdef DAYLIGHT_MODULE_hash
extern const ModuleInfo module_hash;
#endif
#ifdef DAYLIGHT_MODULE_string
extern const ModuleInfo module_string;
#endif
#ifdef DAYLIGHT_MODULE_time
extern const ModuleInfo module_time;
#endif
#ifdef DAYLIGHT_MODULE_console
extern const ModuleInfo module_console;
#endif
#ifdef DAYLIGHT_MODULE_magic
extern const ModuleInfo module_magic;
#endif
#ifdef DAYLIGHT_MODULE_cuckoo
extern const ModuleInfo module_cuckoo;
#endif

namespace {
const std::vector<const ModuleInfo*>& Registry() {
  static const std::vector<const ModuleInfo*> modules = {
#ifdef DAYLIGHT_MODULE_pe
      &module_pe,
#endif
#ifdef DAYLIGHT_MODULE_elf
      &module_elf,
#endif
#ifdef DAYLIGHT_MODULE_macho
      &module_macho,
#endif
#ifdef DAYLIGHT_MODULE_dex
      &module_dex,
#endif
#ifdef DAYLIGHT_MODULE_dotnet
      &module_dotnet,
#endif
#ifdef DAYLIGHT_MODULE_lnk
      &module_lnk,
#endif
#ifdef DAYLIGHT_MODULE_olecf
      &module_olecf,
#endif
#ifdef DAYLIGHT_MODULE_zip
      &module_zip,
#endif
#ifdef DAYLIGHT_MODULE_vba
      &module_vba,
#endif
#ifdef DAYLIGHT_MODULE_msi
      &module_msi,
#endif
#ifdef DAYLIGHT_MODULE_math
      &module_math,
#endif
#ifdef DAYLIGHT_MODULE_hash
      &module_hash,
#endif
#ifdef DAYLIGHT_MODULE_string
      &module_string,
#endif
#ifdef DAYLIGHT_MODULE_time
      &module_time,
#endif
#ifdef DAYLIGHT_MODULE_console
      &module_console,
#endif
#ifdef DAYLIGHT_MODULE_magic
      &module_magic,
#endif
#ifdef DAYLIGHT_MODULE_cuckoo
      &module_cuckoo,
#endif
  };
  return modules;
}
}  // namespace

const ModuleInfo* FindModule(std::string_view name) {
  for (const ModuleInfo* module : Registry()) {
    if (module->name == name) return module;
  }
  return nullptr;
}

std::span<const ModuleInfo* const> AllModules() { return Registry(); }

}  // namespace dl::yara
