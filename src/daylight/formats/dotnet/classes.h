// The classes of a .NET file with base types, generic parameters and methods:
// ECMA-335 II.22.37 (TypeDef), II.22.26 (MethodDef), II.22.33 (Param).
#pragma once

#include <vector>

#include "daylight/formats/dotnet/dotnet.h"
#include "daylight/formats/dotnet/types.h"

namespace dl::formats {

// To be called when all tables could be laid out.
std::vector<DotnetClass> ReadClasses(const Metadata& metadata, DotnetBudget& budget);

}  // namespace dl::formats
