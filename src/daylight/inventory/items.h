// What the writers of documents have in common: every place, operating system, package and component as one item, in
// the same order each time. Only for the files of this folder.
//
//   ForEachItem(contents, [&](const Item& item) { … return true; });
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daylight/inventory/inventory.h"

namespace dl::inventory {

struct Item {
  std::size_t number = 0;  // From 0, without gaps.
  std::size_t parent = 0;  // Of a target: itself.
  std::size_t place = 0;   // Index into Contents::places.
  std::string id;          // Of no other item in the document.
  std::string_view type;   // As CycloneDX 1.5 has them.
  std::string name;        // Never empty.
  std::string version;
  std::string group;
  std::string supplier;
  std::string maintainer;  // "Name <mail>"
  std::string publisher;
  std::string author;
  std::string purl;
  std::vector<std::string> cpes;
  std::string licence;
  std::string description;
  std::string copyright;
  std::string homepage;
  std::string digest;                                                // SHA-256, hexadecimal; may be empty.
  std::vector<std::pair<std::string_view, std::string>> properties;  // "daylight:…"
};

// Returns false when `take` did.
bool ForEachItem(const Contents& contents, const std::function<bool(const Item&)>& take);

// "2026-11-30T17:00:00Z"
std::string TimeText(std::int64_t seconds);

// A UUID of the contents: RFC 9562, version 8, made of a SHA-256 of all that is written, without the time.
std::string ContentUuid(const Contents& contents, const WriteOptions& options);

// A web address that can stand in a document as it is, else empty.
std::string WebAddress(std::string_view text);
bool IsCpe(std::string_view text);

std::string_view SystemName(report::PackageSystem system);
std::string_view StateName(report::PackageState state);

// The only operating system of a place, or null.
const report::OperatingSystemFact* OnlySystem(const Place& place);

}  // namespace dl::inventory
