#include "daylight/rules/yara/modules/elf/elf_type.h"

namespace dl::yara {
namespace {

struct NamedValue {
  const char* name;
  std::int64_t value;
};

// YARA 4.5's names, then those that YARA-X adds. Values are the gABI's
// (System V ABI, chapters 4 and 5) and the GNU extensions'.
constexpr NamedValue kConstants[] = {
    {"ET_NONE", 0},
    {"ET_REL", 1},
    {"ET_EXEC", 2},
    {"ET_DYN", 3},
    {"ET_CORE", 4},

    {"EM_NONE", 0},
    {"EM_M32", 1},
    {"EM_SPARC", 2},
    {"EM_386", 3},
    {"EM_68K", 4},
    {"EM_88K", 5},
    {"EM_860", 7},
    {"EM_MIPS", 8},
    {"EM_MIPS_RS3_LE", 10},
    {"EM_PPC", 20},
    {"EM_PPC64", 21},
    {"EM_ARM", 40},
    {"EM_X86_64", 62},
    {"EM_AARCH64", 183},

    {"SHT_NULL", 0},
    {"SHT_PROGBITS", 1},
    {"SHT_SYMTAB", 2},
    {"SHT_STRTAB", 3},
    {"SHT_RELA", 4},
    {"SHT_HASH", 5},
    {"SHT_DYNAMIC", 6},
    {"SHT_NOTE", 7},
    {"SHT_NOBITS", 8},
    {"SHT_REL", 9},
    {"SHT_SHLIB", 10},
    {"SHT_DYNSYM", 11},

    {"SHF_WRITE", 0x1},
    {"SHF_ALLOC", 0x2},
    {"SHF_EXECINSTR", 0x4},

    {"PT_NULL", 0},
    {"PT_LOAD", 1},
    {"PT_DYNAMIC", 2},
    {"PT_INTERP", 3},
    {"PT_NOTE", 4},
    {"PT_SHLIB", 5},
    {"PT_PHDR", 6},
    {"PT_TLS", 7},
    {"PT_GNU_EH_FRAME", 0x6474e550},
    {"PT_GNU_STACK", 0x6474e551},

    {"DT_NULL", 0},
    {"DT_NEEDED", 1},
    {"DT_PLTRELSZ", 2},
    {"DT_PLTGOT", 3},
    {"DT_HASH", 4},
    {"DT_STRTAB", 5},
    {"DT_SYMTAB", 6},
    {"DT_RELA", 7},
    {"DT_RELASZ", 8},
    {"DT_RELAENT", 9},
    {"DT_STRSZ", 10},
    {"DT_SYMENT", 11},
    {"DT_INIT", 12},
    {"DT_FINI", 13},
    {"DT_SONAME", 14},
    {"DT_RPATH", 15},
    {"DT_SYMBOLIC", 16},
    {"DT_REL", 17},
    {"DT_RELSZ", 18},
    {"DT_RELENT", 19},
    {"DT_PLTREL", 20},
    {"DT_DEBUG", 21},
    {"DT_TEXTREL", 22},
    {"DT_JMPREL", 23},
    {"DT_BIND_NOW", 24},
    {"DT_INIT_ARRAY", 25},
    {"DT_FINI_ARRAY", 26},
    {"DT_INIT_ARRAYSZ", 27},
    {"DT_FINI_ARRAYSZ", 28},
    {"DT_RUNPATH", 29},
    {"DT_FLAGS", 30},
    {"DT_ENCODING", 32},

    {"STT_NOTYPE", 0},
    {"STT_OBJECT", 1},
    {"STT_FUNC", 2},
    {"STT_SECTION", 3},
    {"STT_FILE", 4},
    {"STT_COMMON", 5},
    {"STT_TLS", 6},

    {"STB_LOCAL", 0},
    {"STB_GLOBAL", 1},
    {"STB_WEAK", 2},

    {"PF_X", 0x1},
    {"PF_W", 0x2},
    {"PF_R", 0x4},

    // YARA-X.
    {"ET_LOPROC", 0xff00},
    {"ET_HIPROC", 0x00ff},  // Sic: the gABI says 0xffff.
    {"EM_IAMCU", 6},
    {"EM_S370", 9},
    {"SHT_INIT_ARRAY", 14},
    {"SHT_FINI_ARRAY", 15},
    {"PT_GNU_RELRO", 0x6474e552},
    {"PT_GNU_PROPERTY", 0x6474e553},
    {"STV_DEFAULT", 0},
    {"STV_INTERNAL", 1},
    {"STV_HIDDEN", 2},
    {"STV_PROTECTED", 3},
    {"DT_LOOS", 0x6000000d},
    {"DT_HIOS", 0x6ffff000},
    {"DT_VALRNGLO", 0x6ffffd00},
    {"DT_VALRNGHI", 0x6ffffdff},
    {"DT_ADDRRNGLO", 0x6ffffe00},
    {"DT_ADDRRNGHI", 0x6ffffeff},
    {"DT_VERSYM", 0x6ffffff0},
    {"DT_RELACOUNT", 0x6ffffff9},
    {"DT_RELCOUNT", 0x6ffffffa},
    {"DT_FLAGS_1", 0x6ffffffb},
    {"DT_VERDEF", 0x6ffffffc},
    {"DT_VERDEFNUM", 0x6ffffffd},
    {"DT_VERNEED", 0x6ffffffe},
    {"DT_VERNEEDNUM", 0x6fffffff},
    {"DT_LOPROC", 0x70000000},
    {"DT_HIPROC", 0x7fffffff},
};

const StructType& SectionType() {
  static const StructType type = [] {
    StructType t;
    t.Integer("type").Integer("flags").Integer("address").String("name").Integer("size").Integer("offset");
    return t;
  }();
  return type;
}

const StructType& SegmentType() {
  static const StructType type = [] {
    StructType t;
    t.Integer("type").Integer("flags").Integer("offset").Integer("virtual_address").Integer("physical_address");
    t.Integer("file_size").Integer("memory_size").Integer("alignment");
    return t;
  }();
  return type;
}

const StructType& DynamicType() {
  static const StructType type = [] {
    StructType t;
    t.Integer("type").Integer("val");
    return t;
  }();
  return type;
}

const StructType& SymbolType() {
  static const StructType type = [] {
    StructType t;
    t.String("name").Integer("value").Integer("size").Integer("type").Integer("bind").Integer("shndx");
    t.Integer("visibility");  // YARA-X.
    return t;
  }();
  return type;
}

}  // namespace

const StructType& ElfType() {
  static const StructType type = [] {
    StructType t;
    for (const NamedValue& constant : kConstants) t.Constant(constant.name, constant.value);
    t.Integer("type").Integer("machine").Integer("entry_point");
    t.Integer("number_of_sections").Integer("sh_offset").Integer("sh_entry_size");
    t.Integer("number_of_segments").Integer("ph_offset").Integer("ph_entry_size");
    t.StructArray("sections", SectionType());
    t.StructArray("segments", SegmentType());
    t.Integer("dynamic_section_entries").StructArray("dynamic", DynamicType());
    t.Integer("symtab_entries").StructArray("symtab", SymbolType());
    t.Integer("dynsym_entries").StructArray("dynsym", SymbolType());
    t.Function("telfhash", "", TypeKind::kString, &ElfTelfhash);
    t.Function("import_md5", "", TypeKind::kString, &ElfImportMd5);
    return t;
  }();
  return type;
}

}  // namespace dl::yara
