// Facts of a .NET file (ECMA-335): version, streams, heaps, assembly, references,
// resources, and its classes with their methods.
//
//   const auto facts = formats::ParseDotnet(bytes);
//   if (facts && facts->is_dotnet) Show(facts->module_name.value_or(""));
//
// The facts are those of YARA 4.5, limits included: tables of more than 15,000
// rows end the walk, and what would follow is absent. A list is absent when its
// table is. Views point into the input, which must outlive the facts. A pure
// function: any thread. Time and memory are bounded whatever the metadata says
// (DotnetBudget).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daylight/base/error.h"
#include "daylight/bytes/bytes.h"

namespace dl::formats {

struct DotnetStream {
  std::string_view name;
  std::uint64_t offset = 0;
  std::uint32_t size = 0;
};

struct DotnetVersion {
  std::uint16_t major = 0, minor = 0, build = 0, revision = 0;
};

struct DotnetAssembly {
  DotnetVersion version;
  std::optional<std::string_view> name;
  std::optional<std::string_view> culture;
};

struct DotnetAssemblyRef {
  DotnetVersion version;
  std::optional<Bytes> public_key_or_token;
  std::optional<std::string_view> name;
};

struct DotnetResource {
  std::optional<std::string_view> name;
  // Of the contents; absent for a resource of another file.
  std::optional<std::uint64_t> offset;
  std::optional<std::uint32_t> length;
};

struct DotnetParameter {
  std::optional<std::string> name;
  std::string type;
};

struct DotnetMethod {
  std::string_view name;
  std::string_view visibility;  // As in C#: "private protected".
  bool is_static = false, is_final = false, is_virtual = false, is_abstract = false;
  std::optional<std::string> return_type;  // Absent for constructors.
  std::vector<std::string_view> generic_parameters;
  std::optional<std::vector<DotnetParameter>> parameters;
};

struct DotnetClass {
  std::string_view name;
  std::optional<std::string> name_space;
  std::optional<std::string> full_name;
  std::string_view visibility;
  bool is_interface = false, is_abstract = false, is_sealed = false;
  std::vector<std::string_view> generic_parameters;
  std::vector<std::string> base_types;
  std::optional<std::vector<DotnetMethod>> methods;
};

struct DotnetFacts {
  bool is_dotnet = false;
  std::optional<std::string_view> version;
  std::optional<std::string_view> module_name;
  std::vector<DotnetStream> streams;
  std::optional<std::vector<std::string>> guids;  // At most 16.
  std::optional<std::vector<DotnetResource>> resources;
  std::optional<std::vector<DotnetClass>> classes;
  std::optional<DotnetAssembly> assembly;
  std::optional<std::vector<DotnetAssemblyRef>> assembly_refs;
  std::optional<std::vector<std::string_view>> module_refs;
  std::optional<std::vector<Bytes>> user_strings;  // UTF-16.
  std::optional<std::vector<Bytes>> constants;     // UTF-16.
  std::optional<std::vector<std::uint64_t>> field_offsets;
  std::optional<std::string_view> typelib;
  // The budget ran out, and some facts are missing.
  bool incomplete = false;
};

// An error when the input is no PE file; is_dotnet is false when it is one
// without .NET metadata.
Result<DotnetFacts> ParseDotnet(Bytes bytes);

}  // namespace dl::formats
