// GenerateCode writes a checked Compilation as the sections of one database
// unit: rules, conditions, gates and, through match::MatcherBuilder, patterns.
//
//   database::Writer writer;
//   DL_TRY_STATUS(GenerateCode(compilation, {.source_name = "local"}, writer, /*unit=*/0));
#pragma once

#include <string>

#include "daylight/database/database.h"
#include "daylight/rules/yara/ast.h"

namespace dl::yara {

struct CodegenOptions {
  std::string source_name;
  std::string source_licence;
  Dialect dialect = Dialect::kYara;
  // Of the prefilter (match::MatcherBuilder).
  std::uint32_t stride = 2;
};

Status GenerateCode(const Compilation& compilation, const CodegenOptions& options, database::Writer& writer,
                    std::uint32_t unit);

// A number that changes whenever the fields of a module's schema do.
std::uint64_t SchemaFingerprint(const StructType& type);

}  // namespace dl::yara
