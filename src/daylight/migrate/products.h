// The mapping of each product. Not for others: see migration.h.
#pragma once

#include "daylight/migrate/draft.h"

namespace dl::migrate {

// `file`: its number in `sources`, whose settings are settled in `draft`.
void MapKaspersky(const std::vector<Source>& sources, std::size_t file, Draft& draft);
void MapClamd(const std::vector<Source>& sources, std::size_t file, Draft& draft);
void MapFreshclam(const std::vector<Source>& sources, std::size_t file, Draft& draft);
// All of maldet's files at once: its lists belong to what its configuration plans.
void MapMaldet(const std::vector<Source>& sources, const std::vector<FileLine>& files, Draft& draft);

// Whether an option is one that the mapping has an answer for; for tests against manual pages.
bool KnowsClamdOption(std::string_view key);
bool KnowsFreshclamOption(std::string_view key);
bool KnowsMaldetVariable(std::string_view key);

// When a task of kesl-control runs, as [[schedule]] `when` has it.
struct When {
  std::string calendar;  // Empty: not by the calendar, `why` says why.
  std::string why;       // What differs, when there is a calendar.
};
When WhenOf(std::string_view rule_type, std::string_view start_time);

}  // namespace dl::migrate
