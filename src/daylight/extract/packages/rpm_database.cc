#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <utility>

#include "daylight/extract/packages/packages.h"
#include "daylight/extract/packages/rpm_header.h"
#include "daylight/extract/packages/rpm_stores.h"
#include "daylight/unpack/unpacker.h"

namespace dl::extract {

namespace {

std::string_view ReasonOf(const Error& error) {
  return error.code == ErrorCode::kBudget ? unpack::kTooLarge : unpack::kDamaged;
}

}  // namespace

void PrepareRpmDatabase() { ::sqlite3_initialize(); }

void ReadRpmDatabase(ObjectSource& database, ObjectSource* wal, const report::FactPlace& place, Facts& facts) {
  const auto bytes = database.Whole(kMaxRpmDatabaseBytes);
  if (!bytes) {
    facts.Unread(place, ReasonOf(bytes.error()), "the database cannot be had in memory");
    return;
  }
  // An empty file is what rpm leaves that was asked for a database it did not find; with a log, all is in that.
  if (bytes->empty() && (wal == nullptr || wal->size() == 0)) return;
  std::uint64_t damaged = 0;
  std::uint64_t blobs = 0;
  RpmStoreSink sink;
  sink.take = [&](Bytes blob) {
    ++blobs;
    const auto header = RpmHeader::Parse(blob);
    report::PackageFact fact = header ? PackageOf(*header) : report::PackageFact{};
    if (fact.name.empty()) {
      ++damaged;
      return facts.wanted();
    }
    fact.place = place;
    return facts.Add(std::move(fact));
  };
  sink.unread = [&](std::string_view reason, std::string_view detail) { facts.Unread(place, reason, detail); };
  if (IsSqlite(*bytes) || bytes->empty()) {
    Bytes log;
    if (wal != nullptr) {
      if (const auto all = wal->Whole(kMaxRpmDatabaseBytes)) {
        log = *all;
      } else {
        sink.unread(ReasonOf(all.error()), "what was written last (-wal) cannot be had in memory");
      }
    }
    ReadRpmSqlite({bytes->begin(), bytes->end()}, log, sink);
  } else if (IsNdb(*bytes)) {
    ReadRpmNdb(*bytes, sink);
  } else if (IsBerkeleyHash(*bytes)) {
    ReadRpmBerkeley(*bytes, sink);
  } else {
    sink.unread(unpack::kUnsupported, "not a database of rpm that is known");
  }
  if (damaged > 0) {
    sink.unread(unpack::kDamaged, std::to_string(damaged) + " of " + std::to_string(blobs) + " packages");
  }
}

}  // namespace dl::extract
