// Archives and disk images that hold files of a system, or just files: what
// `docker export` writes, appliances, installation media.
//
//   if (IsArchive(source)) ReadArchive(source, place, reader, budget, facts);
//
// The archive becomes a root (kArchive; kDisk for disk and file system images), each
// entry a FileFact in it; programs, known files (SurveyKindOfPath) and containers among
// them are read, by `reader`. A single compressed file is read as what is in it.
#pragma once

#include <string>

#include "daylight/bytes/object_source.h"
#include "daylight/extract/budget.h"
#include "daylight/extract/facts.h"
#include "daylight/extract/member_reader.h"

namespace dl::extract {

// Whether ReadArchive() has something to open. Looks at the beginning and the end.
bool IsArchive(ObjectSource& source);

// `source` has to be readable again from its beginning. What it cannot open it tells.
void ReadArchive(ObjectSource& source, const report::FactPlace& place, const MemberReader& reader, Budget& budget,
                 Facts& facts);

}  // namespace dl::extract
