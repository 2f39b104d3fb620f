// What the readers of the several formats share; only for the files of this folder.
#pragma once

#include <string>
#include <string_view>

#include "daylight/extract/facts.h"
#include "daylight/extract/sbom/json_events.h"
#include "daylight/extract/sbom/text_feed.h"

namespace dl::sbom {

// Of one text of a component; longer ones are cut between two characters.
inline constexpr std::size_t kMaxTextBytes = 4096;
inline constexpr std::size_t kMaxCpes = 64;

// Cuts, and takes the white space around it away.
std::string Trimmed(std::string_view text);
void AddCpe(std::string_view cpe, report::ComponentFact& component);
// Several licences (or authors) as one text: "MIT, Zlib".
void AddToList(std::string_view text, std::string& list);
bool IsNamed(const report::ComponentFact& component);

// Says as an unread fact how reading ended, where it did not end well.
void TellOutcome(JsonOutcome outcome, const report::FactPlace& place, extract::Facts& facts);

void ReadCycloneDxJson(TextFeed& feed, const report::FactPlace& place, extract::Facts& facts);
// False: not CycloneDX (nothing was added).
bool ReadCycloneDxXml(TextFeed& feed, const report::FactPlace& place, extract::Facts& facts);
void ReadSpdxJson(TextFeed& feed, const report::FactPlace& place, extract::Facts& facts);
void ReadSpdxTags(TextFeed& feed, const report::FactPlace& place, extract::Facts& facts);

}  // namespace dl::sbom
