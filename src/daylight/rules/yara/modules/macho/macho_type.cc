#include "daylight/rules/yara/modules/macho/macho_type.h"

namespace dl::yara {
namespace {

struct NamedValue {
  const char* name;
  std::int64_t value;
};

// YARA 4.5's names, with the values of Apple's <mach-o/loader.h>,
// <mach-o/fat.h> and <mach/machine.h>.
constexpr NamedValue kConstants[] = {
    {"MH_MAGIC", 0xfeedface},
    {"MH_CIGAM", 0xcefaedfe},
    {"MH_MAGIC_64", 0xfeedfacf},
    {"MH_CIGAM_64", 0xcffaedfe},

    {"FAT_MAGIC", 0xcafebabe},
    {"FAT_CIGAM", 0xbebafeca},
    {"FAT_MAGIC_64", 0xcafebabf},
    {"FAT_CIGAM_64", 0xbfbafeca},

    {"CPU_ARCH_ABI64", 0x01000000},
    {"CPU_SUBTYPE_LIB64", 0x80000000},

    {"CPU_TYPE_MC680X0", 0x00000006},
    {"CPU_TYPE_X86", 0x00000007},
    {"CPU_TYPE_I386", 0x00000007},
    {"CPU_TYPE_X86_64", 0x01000007},
    {"CPU_TYPE_MIPS", 0x00000008},
    {"CPU_TYPE_MC98000", 0x0000000a},
    {"CPU_TYPE_ARM", 0x0000000c},
    {"CPU_TYPE_ARM64", 0x0100000c},
    {"CPU_TYPE_MC88000", 0x0000000d},
    {"CPU_TYPE_SPARC", 0x0000000e},
    {"CPU_TYPE_POWERPC", 0x00000012},
    {"CPU_TYPE_POWERPC64", 0x01000012},

    {"CPU_SUBTYPE_INTEL_MODEL_ALL", 0x00},
    {"CPU_SUBTYPE_386", 0x03},
    {"CPU_SUBTYPE_I386_ALL", 0x03},
    {"CPU_SUBTYPE_X86_64_ALL", 0x03},
    {"CPU_SUBTYPE_486", 0x04},
    {"CPU_SUBTYPE_486SX", 0x84},
    {"CPU_SUBTYPE_586", 0x05},
    {"CPU_SUBTYPE_PENT", 0x05},
    {"CPU_SUBTYPE_PENTPRO", 0x16},
    {"CPU_SUBTYPE_PENTII_M3", 0x36},
    {"CPU_SUBTYPE_PENTII_M5", 0x56},
    {"CPU_SUBTYPE_CELERON", 0x67},
    {"CPU_SUBTYPE_CELERON_MOBILE", 0x77},
    {"CPU_SUBTYPE_PENTIUM_3", 0x08},
    {"CPU_SUBTYPE_PENTIUM_3_M", 0x18},
    {"CPU_SUBTYPE_PENTIUM_3_XEON", 0x28},
    {"CPU_SUBTYPE_PENTIUM_M", 0x09},
    {"CPU_SUBTYPE_PENTIUM_4", 0x0a},
    {"CPU_SUBTYPE_PENTIUM_4_M", 0x1a},
    {"CPU_SUBTYPE_ITANIUM", 0x0b},
    {"CPU_SUBTYPE_ITANIUM_2", 0x1b},
    {"CPU_SUBTYPE_XEON", 0x0c},
    {"CPU_SUBTYPE_XEON_MP", 0x1c},
    {"CPU_SUBTYPE_ARM_ALL", 0x00},
    {"CPU_SUBTYPE_ARM_V4T", 0x05},
    {"CPU_SUBTYPE_ARM_V6", 0x06},
    {"CPU_SUBTYPE_ARM_V5", 0x07},
    {"CPU_SUBTYPE_ARM_V5TEJ", 0x07},
    {"CPU_SUBTYPE_ARM_XSCALE", 0x08},
    {"CPU_SUBTYPE_ARM_V7", 0x09},
    {"CPU_SUBTYPE_ARM_V7F", 0x0a},
    {"CPU_SUBTYPE_ARM_V7S", 0x0b},
    {"CPU_SUBTYPE_ARM_V7K", 0x0c},
    {"CPU_SUBTYPE_ARM_V6M", 0x0e},
    {"CPU_SUBTYPE_ARM_V7M", 0x0f},
    {"CPU_SUBTYPE_ARM_V7EM", 0x10},
    {"CPU_SUBTYPE_ARM64_ALL", 0x00},
    {"CPU_SUBTYPE_SPARC_ALL", 0x00},
    {"CPU_SUBTYPE_POWERPC_ALL", 0x00},
    {"CPU_SUBTYPE_MC980000_ALL", 0x00},
    {"CPU_SUBTYPE_POWERPC_601", 0x01},
    {"CPU_SUBTYPE_MC98601", 0x01},
    {"CPU_SUBTYPE_POWERPC_602", 0x02},
    {"CPU_SUBTYPE_POWERPC_603", 0x03},
    {"CPU_SUBTYPE_POWERPC_603e", 0x04},
    {"CPU_SUBTYPE_POWERPC_603ev", 0x05},
    {"CPU_SUBTYPE_POWERPC_604", 0x06},
    {"CPU_SUBTYPE_POWERPC_604e", 0x07},
    {"CPU_SUBTYPE_POWERPC_620", 0x08},
    {"CPU_SUBTYPE_POWERPC_750", 0x09},
    {"CPU_SUBTYPE_POWERPC_7400", 0x0a},
    {"CPU_SUBTYPE_POWERPC_7450", 0x0b},
    {"CPU_SUBTYPE_POWERPC_970", 0x64},

    {"MH_OBJECT", 0x01},
    {"MH_EXECUTE", 0x02},
    {"MH_FVMLIB", 0x03},
    {"MH_CORE", 0x04},
    {"MH_PRELOAD", 0x05},
    {"MH_DYLIB", 0x06},
    {"MH_DYLINKER", 0x07},
    {"MH_BUNDLE", 0x08},
    {"MH_DYLIB_STUB", 0x09},
    {"MH_DSYM", 0x0a},
    {"MH_KEXT_BUNDLE", 0x0b},

    {"MH_NOUNDEFS", 0x00000001},
    {"MH_INCRLINK", 0x00000002},
    {"MH_DYLDLINK", 0x00000004},
    {"MH_BINDATLOAD", 0x00000008},
    {"MH_PREBOUND", 0x00000010},
    {"MH_SPLIT_SEGS", 0x00000020},
    {"MH_LAZY_INIT", 0x00000040},
    {"MH_TWOLEVEL", 0x00000080},
    {"MH_FORCE_FLAT", 0x00000100},
    {"MH_NOMULTIDEFS", 0x00000200},
    {"MH_NOFIXPREBINDING", 0x00000400},
    {"MH_PREBINDABLE", 0x00000800},
    {"MH_ALLMODSBOUND", 0x00001000},
    {"MH_SUBSECTIONS_VIA_SYMBOLS", 0x00002000},
    {"MH_CANONICAL", 0x00004000},
    {"MH_WEAK_DEFINES", 0x00008000},
    {"MH_BINDS_TO_WEAK", 0x00010000},
    {"MH_ALLOW_STACK_EXECUTION", 0x00020000},
    {"MH_ROOT_SAFE", 0x00040000},
    {"MH_SETUID_SAFE", 0x00080000},
    {"MH_NO_REEXPORTED_DYLIBS", 0x00100000},
    {"MH_PIE", 0x00200000},
    {"MH_DEAD_STRIPPABLE_DYLIB", 0x00400000},
    {"MH_HAS_TLV_DESCRIPTORS", 0x00800000},
    {"MH_NO_HEAP_EXECUTION", 0x01000000},
    {"MH_APP_EXTENSION_SAFE", 0x02000000},

    {"SG_HIGHVM", 0x00000001},
    {"SG_FVMLIB", 0x00000002},
    {"SG_NORELOC", 0x00000004},
    {"SG_PROTECTED_VERSION_1", 0x00000008},

    {"SECTION_TYPE", 0x000000ff},
    {"SECTION_ATTRIBUTES", 0xffffff00},

    {"S_REGULAR", 0x00},
    {"S_ZEROFILL", 0x01},
    {"S_CSTRING_LITERALS", 0x02},
    {"S_4BYTE_LITERALS", 0x03},
    {"S_8BYTE_LITERALS", 0x04},
    {"S_LITERAL_POINTERS", 0x05},
    {"S_NON_LAZY_SYMBOL_POINTERS", 0x06},
    {"S_LAZY_SYMBOL_POINTERS", 0x07},
    {"S_SYMBOL_STUBS", 0x08},
    {"S_MOD_INIT_FUNC_POINTERS", 0x09},
    {"S_MOD_TERM_FUNC_POINTERS", 0x0a},
    {"S_COALESCED", 0x0b},
    {"S_GB_ZEROFILL", 0x0c},
    {"S_INTERPOSING", 0x0d},
    {"S_16BYTE_LITERALS", 0x0e},
    {"S_DTRACE_DOF", 0x0f},
    {"S_LAZY_DYLIB_SYMBOL_POINTERS", 0x10},
    {"S_THREAD_LOCAL_REGULAR", 0x11},
    {"S_THREAD_LOCAL_ZEROFILL", 0x12},
    {"S_THREAD_LOCAL_VARIABLES", 0x13},
    {"S_THREAD_LOCAL_VARIABLE_POINTERS", 0x14},
    {"S_THREAD_LOCAL_INIT_FUNCTION_POINTERS", 0x15},

    {"S_ATTR_PURE_INSTRUCTIONS", 0x80000000},
    {"S_ATTR_NO_TOC", 0x40000000},
    {"S_ATTR_STRIP_STATIC_SYMS", 0x20000000},
    {"S_ATTR_NO_DEAD_STRIP", 0x10000000},
    {"S_ATTR_LIVE_SUPPORT", 0x08000000},
    {"S_ATTR_SELF_MODIFYING_CODE", 0x04000000},
    {"S_ATTR_DEBUG", 0x02000000},
    {"S_ATTR_SOME_INSTRUCTIONS", 0x00000400},
    {"S_ATTR_EXT_RELOC", 0x00000200},
    {"S_ATTR_LOC_RELOC", 0x00000100},

    // YARA-X.
    {"MACOSX", 0x24},
    {"IPHONEOS", 0x25},
    {"TVOS", 0x2f},
    {"WATCHOS", 0x30},
};

const StructType& SectionType() {
  static const StructType type = [] {
    StructType t;
    t.String("sectname").String("segname").Integer("addr").Integer("size").Integer("offset").Integer("align");
    t.Integer("reloff").Integer("nreloc").Integer("flags");
    t.Integer("reserved1").Integer("reserved2").Integer("reserved3");
    return t;
  }();
  return type;
}

const StructType& SegmentType() {
  static const StructType type = [] {
    StructType t;
    t.String("segname").Integer("vmaddr").Integer("vmsize").Integer("fileoff").Integer("fsize");
    t.Integer("maxprot").Integer("initprot").Integer("nsects").Integer("flags");
    t.StructArray("sections", SectionType());
    return t;
  }();
  return type;
}

const StructType& FatArchType() {
  static const StructType type = [] {
    StructType t;
    t.Integer("cputype").Integer("cpusubtype").Integer("offset").Integer("size").Integer("align");
    t.Integer("reserved");  // YARA-X.
    return t;
  }();
  return type;
}

const StructType& DylibType() {
  static const StructType type = [] {
    StructType t;
    t.String("name").Integer("timestamp").String("compatibility_version").String("current_version");
    return t;
  }();
  return type;
}

const StructType& NlistType() {
  static const StructType type = [] {
    StructType t;
    t.Integer("n_strx").Integer("n_type").Integer("n_sect").Integer("n_desc").Integer("n_value");
    return t;
  }();
  return type;
}

const StructType& SymtabType() {
  static const StructType type = [] {
    StructType t;
    t.Integer("symoff").Integer("nsyms").Integer("stroff").Integer("strsize");
    t.Array("entries", TypeKind::kString).StructArray("nlists", NlistType());
    return t;
  }();
  return type;
}

const StructType& DysymtabType() {
  static const StructType type = [] {
    StructType t;
    for (const char* name : {"ilocalsym", "nlocalsym", "iextdefsym", "nextdefsym", "iundefsym", "nundefsym", "tocoff",
                             "ntoc", "modtaboff", "nmodtab", "extrefsymoff", "nextrefsyms", "indirectsymoff",
                             "nindirectsyms", "extreloff", "nextrel", "locreloff", "nlocrel"}) {
      t.Integer(name);
    }
    return t;
  }();
  return type;
}

const StructType& DyldInfoType() {
  static const StructType type = [] {
    StructType t;
    t.Integer("rebase_off").Integer("rebase_size").Integer("bind_off").Integer("bind_size");
    t.Integer("weak_bind_off").Integer("weak_bind_size").Integer("lazy_bind_off").Integer("lazy_bind_size");
    t.Integer("export_off").Integer("export_size");
    return t;
  }();
  return type;
}

const StructType& LinkeditDataType() {
  static const StructType type = [] {
    StructType t;
    t.Integer("dataoff").Integer("datasize");
    return t;
  }();
  return type;
}

const StructType& CertificateType() {
  static const StructType type = [] {
    StructType t;
    t.String("issuer").String("subject").Boolean("is_self_signed");
    return t;
  }();
  return type;
}

const StructType& BuildToolType() {
  static const StructType type = [] {
    StructType t;
    t.Integer("tool").String("version");
    return t;
  }();
  return type;
}

const StructType& BuildVersionType() {
  static const StructType type = [] {
    StructType t;
    t.Integer("platform").String("minos").String("sdk").Integer("ntools").StructArray("tools", BuildToolType());
    return t;
  }();
  return type;
}

const StructType& MinVersionType() {
  static const StructType type = [] {
    StructType t;
    t.Integer("device").String("version").String("sdk");
    return t;
  }();
  return type;
}

// What a thin file has at the root and a universal one in each file[i].
void AddFileFields(StructType& t) {
  t.Integer("magic").Integer("cputype").Integer("cpusubtype").Integer("filetype");
  t.Integer("ncmds").Integer("sizeofcmds").Integer("flags").Integer("reserved");
  t.Integer("number_of_segments").StructArray("segments", SegmentType());
  t.Integer("entry_point").Integer("stack_size");
  // YARA-X.
  t.String("dynamic_linker").String("source_version").String("uuid");
  t.StructArray("dylibs", DylibType()).Array("rpaths", TypeKind::kString);
  t.Struct("symtab", SymtabType()).Struct("dysymtab", DysymtabType()).Struct("dyld_info", DyldInfoType());
  t.Struct("code_signature_data", LinkeditDataType()).StructArray("certificates", CertificateType());
  t.Array("entitlements", TypeKind::kString);
  t.Struct("build_version", BuildVersionType()).Struct("min_version", MinVersionType());
  t.Array("exports", TypeKind::kString).Array("imports", TypeKind::kString);
  t.Array("linker_options", TypeKind::kString);
}

const StructType& FileType() {
  static const StructType type = [] {
    StructType t;
    AddFileFields(t);
    return t;
  }();
  return type;
}

}  // namespace

const StructType& MachoType() {
  static const StructType type = [] {
    StructType t;
    for (const NamedValue& constant : kConstants) t.Constant(constant.name, constant.value);
    AddFileFields(t);
    t.Integer("fat_magic").Integer("nfat_arch").StructArray("fat_arch", FatArchType());
    t.StructArray("file", FileType());

    t.Function("file_index_for_arch", "i", TypeKind::kInteger, &MachoFileIndexForType);
    t.Function("file_index_for_arch", "ii", TypeKind::kInteger, &MachoFileIndexForSubtype);
    t.Function("entry_point_for_arch", "i", TypeKind::kInteger, &MachoEntryPointForType);
    t.Function("entry_point_for_arch", "ii", TypeKind::kInteger, &MachoEntryPointForSubtype);
    // YARA-X.
    t.Function("has_dylib", "s", TypeKind::kBoolean, &MachoHasDylib);
    t.Function("has_rpath", "s", TypeKind::kBoolean, &MachoHasRpath);
    t.Function("has_entitlement", "s", TypeKind::kBoolean, &MachoHasEntitlement);
    t.Function("has_import", "s", TypeKind::kBoolean, &MachoHasImport);
    t.Function("has_export", "s", TypeKind::kBoolean, &MachoHasExport);
    t.Function("dylib_hash", "", TypeKind::kString, &MachoDylibHash);
    t.Function("entitlement_hash", "", TypeKind::kString, &MachoEntitlementHash);
    t.Function("import_hash", "", TypeKind::kString, &MachoImportHash);
    t.Function("export_hash", "", TypeKind::kString, &MachoExportHash);
    t.Function("sym_hash", "", TypeKind::kString, &MachoSymHash);
    return t;
  }();
  return type;
}

}  // namespace dl::yara
