// Container images, from what they are kept in: an OCI image layout (a folder or a tar
// of one) and what `docker save` and `podman save` write (old, new, and both at once),
// each possibly compressed.
//
//   if (IsImage(source)) is_read = ReadImage(source, place, reader, budget, facts);
//   if (!is_read) ReadArchive(…);     // archive.h: it only looked like one
//
// Every image in it, also each of several architectures, is a root of its own
// (RootKind::kImage) with an ImageFact, and one FileFact for each path that is there in
// the end: layers are merged as a runtime does (OCI image specification, layer.md).
// What a later layer deletes is told too, as Presence::kDeleted; what it replaces by
// another version only where the older version is a program (ProgramFact) or a package
// database, of which those packages are told that the last version does not have.
// Everything that a path or its bytes make known is read, by `reader`.
//
// The archive is passed over three times (documents; names of all layers; contents),
// layers are streams and never held: memory goes with the number of paths, not bytes.
#pragma once

#include <span>
#include <string>

#include "daylight/bytes/object_source.h"
#include "daylight/extract/budget.h"
#include "daylight/extract/facts.h"
#include "daylight/extract/member_reader.h"

namespace dl::extract {

// Cheap: by the first entry that is a file. An archive that only begins like an image
// is one for this, and none for ReadImage().
bool IsImage(ObjectSource& source);

// False: no manifest is in it, and nothing was told.
// `source` has to be readable from its beginning again and again (no StreamSource).
bool ReadImage(ObjectSource& source, const report::FactPlace& place, const MemberReader& reader, Budget& budget,
               Facts& facts);

// An OCI image layout that is a folder: its files, by their paths in it.
struct NamedFile {
  std::string name;
  ObjectSource* source = nullptr;
};
bool ReadImageFolder(std::span<const NamedFile> files, const report::FactPlace& place, const MemberReader& reader,
                     Budget& budget, Facts& facts);

}  // namespace dl::extract
