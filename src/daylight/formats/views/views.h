// Which bytes clamscan 1.4 matches which signatures on, for one object.
//
//   const Views views = ViewsOf(object, TypeOf(object, table), table);
//   for (const View& view : views.views) {
//     Match(view.raw ? object : AsBytes(view.bytes), view.target, view.generic);
//   }
//
// A view is one buffer and the signatures that are matched on it: those of one
// target type (see TargetOf) and, where `generic` says so, those of target 0.
// In order, so the first detection is clamscan's first:
//
// | type of the object | views |
// |---|---|
// | up to 5 bytes; CL_TYPE_IGNORED | none |
// | CL_TYPE_HTML | nocomment, notags, javascript as HTML (3), javascript once more as ASCII (7); never the raw bytes |
// | CL_TYPE_HTML_UTF16 | the same of the text folded to ASCII; then raw, generic only |
// | CL_TYPE_SCRIPT | normalised text as ASCII (7); then raw, generic only |
// | CL_TYPE_TEXT_ASCII | raw, generic only; when type patterns found HTML in it, the HTML forms, else normalised text
// as ASCII (7); when they found mail, or the object is a part of a mail, raw as mail (4) | | CL_TYPE_TEXT_UTF8,
// _UTF16LE, _UTF16BE | raw, generic only; normalised text as ASCII (7); as part of a mail, raw as mail (4) | |
// CL_TYPE_BINARY_DATA | raw, generic only; raw as "other" (14) | | CL_TYPE_GIF | raw as graphics (5); when type
// patterns found HTML in it, the HTML forms | | all others | raw as the type's target |
//
// Generic signatures are matched on every one of these buffers, so one that is
// bound to upper case matches only where raw bytes are looked at.
//
// Offsets and sizes. Every view is a file of its own: offset 0, EOF and
// FileSize are the view's. One exception: for normalised text FileSize is that
// of the object (View::file_size), unless the database has a signature of
// target 7 with an offset relative to the end or an entry point; then clamscan
// works otherwise and FileSize is the view's size.
//
// Limits (all inclusive): HTML above 40 MiB has no forms (and then nothing of
// it is scanned), above 8 MiB no notags; text above 20 MiB is not normalised.
// The 100 MiB and 400 MiB of --max-filesize and --max-scansize are the
// caller's.
//
// What a mail holds, and the "data:" URLs of HTML (Views::messages), are
// objects of their own; those are messages of type CL_TYPE_MAIL inside an
// object of this one's type.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "daylight/bytes/bytes.h"
#include "daylight/formats/filetype/filetype.h"

namespace dl::views {

struct View {
  bool raw = true;  // The object's own bytes; else `bytes`.
  std::string bytes;
  filetype::ClamType type = filetype::ClamType::kAny;  // What it is scanned as.
  filetype::Target target = filetype::kTargetGeneric;  // Of `type`; kTargetGeneric for none.
  // Whether generic signatures are matched too; false only where they have
  // been matched on the same bytes before.
  bool generic = true;
  std::uint64_t file_size = 0;  // What FileSize compares.
  std::string_view name;        // "raw", "nocomment", "notags", "javascript", "text".
};

struct Views {
  std::vector<View> views;
  filetype::RawTypes raw;             // What type patterns found in the raw bytes.
  std::vector<std::string> messages;  // Mail messages made of "data:" URLs.
  // False when a limit of ours, not of clamscan's, cut a form short.
  bool complete = true;
};

// `type` is TypeOf(object, table). `in_mail` says that the object came out of a
// mail. Cost: linear; text of up to the limits is held in memory, normalised.
Views ViewsOf(Bytes object, filetype::ClamType type, const filetype::MagicTable& table, bool in_mail = false);

}  // namespace dl::views
