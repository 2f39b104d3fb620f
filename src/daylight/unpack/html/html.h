// Markup: HTML, SVG, XML and Office's documents in one XML file.
//
//   scripts.js      What runs: each script element, on… attribute and javascript: address.
//   data N.png      Each data: address, decoded (RFC 2397), its ending by its media type.
//   document N.html A frame's document that stands in an attribute.
//   editdata.mso    Elements of base64 (w:binData, pkg:binaryData), under the names they have.
//   encoded N       Runs of encoded bytes in its text and attributes; those in scripts are
//                   found when scripts.js is opened, so that what smuggles a file is read.
//
// Entities that a document declares are never expanded.
#pragma once

#include "daylight/unpack/unpacker.h"

namespace dl::unpack {

extern const Unpacker kHtml;

}  // namespace dl::unpack
