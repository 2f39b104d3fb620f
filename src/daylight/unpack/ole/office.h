// What Office's binary documents keep in their streams: whether they are encrypted,
// and what PowerPoint embeds in its one stream.
//
//   if (IsWorkbookEncrypted(workbook)) sink.Closed(...);
//   PowerPointObjects objects(document);
//   while (const auto object = objects.Next()) ...
//
// Borrows the bytes.
#pragma once

#include <optional>

#include "daylight/bytes/cursor.h"

namespace dl::unpack {

// [MS-XLS] 2.4.117: a FilePass record among the first ones. The first bytes do.
bool IsWorkbookEncrypted(Bytes workbook);

// [MS-DOC] 2.5.2: FibBase.fEncrypted, by obfuscation or in earnest.
bool IsWordDocumentEncrypted(Bytes document);

// [MS-PPT] 2.3.2: CurrentUserAtom.headerToken.
bool IsPresentationEncrypted(Bytes current_user);

// [MS-PPT] 2.10.34 to 2.10.37: embedded objects, controls and VBA projects, each a
// compound file.
class PowerPointObjects {
 public:
  struct Object {
    Bytes bytes;
    bool is_compressed = false;  // By zlib.
  };
  explicit PowerPointObjects(Bytes document) : records_(document) {}

  std::optional<Object> Next();
  // A record was longer than what it lies in.
  bool is_broken() const { return is_broken_; }

 private:
  Cursor records_;
  bool is_broken_ = false;
};

}  // namespace dl::unpack
