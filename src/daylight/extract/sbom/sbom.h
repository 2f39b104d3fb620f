// Software bills of materials: CycloneDX 1.2 to 1.7 as JSON and XML, SPDX 2.2 and 2.3 as JSON and as tags with
// values. What they name becomes component facts.
//
//   if (sbom::IsSbom(head)) sbom::ReadSbom(file, {.root = id, .path = path}, facts);
//
// JSON and tags are read as a stream, as often as it takes, so memory does not grow with the file; XML is held in
// memory, and refused (unread, "max-memory") where that would be too much. SPDX as RDF or YAML, and SPDX 3, are said
// to be unsupported.
//
// Used by one thread; nothing is kept.
#pragma once

#include "daylight/bytes/object_source.h"
#include "daylight/extract/facts.h"

namespace dl::sbom {

// Of a head of so many bytes IsSbom can tell all that it ever can.
inline constexpr std::size_t kHeadBytes = 64u << 10;

// Whether what begins like that is worth a call of ReadSbom. In JSON keys may stand in any order, so that this also
// says yes to what only looks like one; ReadSbom decides.
bool IsSbom(Bytes head);

// Adds what it says. Returns false, with nothing added, when it turns out to be something else: what that means is for
// those to say who know why it was thought to be one. What is damaged gives the components before the damage, and is
// told as unread.
bool ReadSbom(ObjectSource& source, const report::FactPlace& place, extract::Facts& facts);

}  // namespace dl::sbom
