// The three ways in which rpm keeps its headers in a file. Each gives them one by one, and
// tells what it cannot read. For ReadRpmDatabase().
#pragma once

#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "daylight/bytes/bytes.h"

namespace dl::extract {

struct RpmStoreSink {
  // A header's bytes, borrowed until it returns. False: no more is wanted.
  std::function<bool(Bytes blob)> take;
  // `reason`: as unpackers have them.
  std::function<void(std::string_view reason, std::string_view detail)> unread;
};

bool IsSqlite(Bytes head);
bool IsNdb(Bytes head);
bool IsBerkeleyHash(Bytes head);

// The whole file each. `file` is SQLite's to change.
void ReadRpmSqlite(std::vector<std::byte> file, Bytes wal, const RpmStoreSink& sink);
void ReadRpmNdb(Bytes file, const RpmStoreSink& sink);
void ReadRpmBerkeley(Bytes file, const RpmStoreSink& sink);

// What a -wal file has that is committed, put where it belongs in the database; "" when it could
// be read, or what is wrong with it. Frames behind the last commit are none, as SQLite sees it
// (sqlite.org/fileformat2.html#walformat).
std::string_view ApplyWal(std::vector<std::byte>& file, Bytes wal, std::uint64_t limit_bytes);

}  // namespace dl::extract
