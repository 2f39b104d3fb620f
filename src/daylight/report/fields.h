// Fields: each value's members, named once, for writing and for reading.
// Private to protocol.cc and fields.cc.
#pragma once

#include "daylight/report/field_io.h"
#include "daylight/report/protocol.h"

namespace dl::report {

// The limits of single fields, in bytes or elements.
inline constexpr std::uint32_t kMaxNameBytes = 64 * 1024;   // Rules, strings, sources, namespaces.
inline constexpr std::uint32_t kMaxPathBytes = 8u << 20;    // Deep trees have paths past PATH_MAX.
inline constexpr std::uint32_t kMaxTextBytes = 1u << 20;    // Diagnostics, metas, log lines.
inline constexpr std::uint32_t kMaxDataBytes = 128u << 20;  // A matched string's bytes, module data.
inline constexpr std::uint32_t kMaxListItems = 4u << 20;
inline constexpr std::uint32_t kMaxShortListItems = 64 * 1024;
#define DL_FIELDS(Type)                              \
  Status Fields(FieldWriter& io, const Type& value); \
  Status Fields(FieldReader& io, Type& value)
DL_FIELDS(ObjectReport);
DL_FIELDS(DatabaseSummary);
DL_FIELDS(ExplainAnswer);
DL_FIELDS(Profile);
DL_FIELDS(CompileMessage);
DL_FIELDS(CompileClamavMessage);
DL_FIELDS(CompileAnswerMessage);
DL_FIELDS(ExternalValue);
DL_FIELDS(ScanSettings);
DL_FIELDS(ScanObject);
#undef DL_FIELDS

}  // namespace dl::report
