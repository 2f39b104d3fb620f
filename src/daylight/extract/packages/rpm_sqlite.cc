// rpm's rpmdb.sqlite: the table Packages(hnum, blob). SQLite reads it from memory; it is asked one
// question, may look at one table, and its schema runs nothing.
#include <sqlite3.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "daylight/extract/packages/rpm_header.h"
#include "daylight/extract/packages/rpm_stores.h"
#include "daylight/unpack/unpacker.h"

namespace dl::extract {

namespace {

constexpr std::string_view kMagic("SQLite format 3\0", 16);
constexpr std::uint64_t kMaxWithLogBytes = std::uint64_t{768} << 20;
constexpr std::size_t kWriteVersionAt = 18;
constexpr std::size_t kReadVersionAt = 19;

struct CloseDatabase {
  void operator()(::sqlite3* database) const { ::sqlite3_close_v2(database); }
};
struct FinalizeStatement {
  void operator()(::sqlite3_stmt* statement) const { ::sqlite3_finalize(statement); }
};
using Database = std::unique_ptr<::sqlite3, CloseDatabase>;
using Statement = std::unique_ptr<::sqlite3_stmt, FinalizeStatement>;

// SQLite's only bound on time that depends on no clock: so many thousand steps of its machine. A row
// of Packages takes fewer than ten.
struct Steps {
  static constexpr int kPerCall = 1000;
  std::uint64_t calls_left = 100'000;
};
int CountSteps(void* self) {
  Steps& steps = *static_cast<Steps*>(self);
  if (steps.calls_left == 0) return 1;
  --steps.calls_left;
  return 0;
}

// Reading these two tables, and nothing else: no functions, views, pragmas, recursion.
int Authorize(void*, int action, const char* name, const char*, const char* database, const char* trigger_or_view) {
  if (trigger_or_view != nullptr) return SQLITE_DENY;
  if (action == SQLITE_SELECT) return SQLITE_OK;
  if (action != SQLITE_READ || name == nullptr || database == nullptr) return SQLITE_DENY;
  if (std::strcmp(database, "main") != 0) return SQLITE_DENY;
  return ::sqlite3_stricmp(name, "Packages") == 0 || ::sqlite3_stricmp(name, "sqlite_master") == 0 ? SQLITE_OK
                                                                                                   : SQLITE_DENY;
}

void Restrict(::sqlite3* database) {
  for (const auto& [what, on] :
       {std::pair{SQLITE_DBCONFIG_DEFENSIVE, 1}, std::pair{SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
        std::pair{SQLITE_DBCONFIG_ENABLE_TRIGGER, 0}, std::pair{SQLITE_DBCONFIG_ENABLE_VIEW, 0},
        std::pair{SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0}, std::pair{SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER, 0}}) {
    ::sqlite3_db_config(database, what, on, nullptr);
  }
  // A header is never longer, and the schema is 3 KiB of SQL.
  constexpr int kMaxValueBytes = 300 << 20;
  for (const auto& [what, limit] :
       {std::pair{SQLITE_LIMIT_LENGTH, kMaxValueBytes}, std::pair{SQLITE_LIMIT_SQL_LENGTH, 64 << 10},
        std::pair{SQLITE_LIMIT_COLUMN, 100}, std::pair{SQLITE_LIMIT_EXPR_DEPTH, 20},
        std::pair{SQLITE_LIMIT_COMPOUND_SELECT, 2}, std::pair{SQLITE_LIMIT_VDBE_OP, 25'000},
        std::pair{SQLITE_LIMIT_FUNCTION_ARG, 8}, std::pair{SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 16},
        std::pair{SQLITE_LIMIT_VARIABLE_NUMBER, 10}, std::pair{SQLITE_LIMIT_TRIGGER_DEPTH, 1},
        std::pair{SQLITE_LIMIT_WORKER_THREADS, 0}}) {
    ::sqlite3_limit(database, what, limit);
  }
}

Statement Prepare(::sqlite3* database, const char* sql) {
  ::sqlite3_stmt* statement = nullptr;
  if (::sqlite3_prepare_v2(database, sql, -1, &statement, nullptr) != SQLITE_OK) return nullptr;
  return Statement(statement);
}

// Whether Packages is a table with a tree of its own, and nothing that SQL makes up.
bool HasPlainTable(::sqlite3* database) {
  const Statement query = Prepare(database, "SELECT type, rootpage, name FROM main.sqlite_master");
  if (query == nullptr) return false;
  while (::sqlite3_step(query.get()) == SQLITE_ROW) {
    const auto text = [&](int column) {
      const auto* value = reinterpret_cast<const char*>(::sqlite3_column_text(query.get(), column));
      return value == nullptr ? "" : value;
    };
    if (::sqlite3_stricmp(text(2), "Packages") != 0) continue;
    return std::strcmp(text(0), "table") == 0 && ::sqlite3_column_int64(query.get(), 1) > 0;
  }
  return false;
}

// `file_bytes`: no two rows of a whole database share pages, so all of them together are not longer.
void ReadRows(::sqlite3* database, std::uint64_t file_bytes, const RpmStoreSink& sink) {
  if (!HasPlainTable(database)) {
    const int code = ::sqlite3_errcode(database);
    return sink.unread(unpack::kDamaged, code == SQLITE_OK || code == SQLITE_DONE || code == SQLITE_ROW
                                             ? "a database without the table of packages"
                                             : ::sqlite3_errmsg(database));
  }
  const Statement rows = Prepare(database, "SELECT blob FROM main.Packages");
  if (rows == nullptr) return sink.unread(unpack::kDamaged, ::sqlite3_errmsg(database));
  for (;;) {
    const int result = ::sqlite3_step(rows.get());
    if (result == SQLITE_DONE) return;
    if (result == SQLITE_INTERRUPT) return sink.unread(unpack::kBudget, "the database takes too long to read");
    if (result != SQLITE_ROW) return sink.unread(unpack::kDamaged, ::sqlite3_errmsg(database));
    const void* blob = ::sqlite3_column_blob(rows.get(), 0);
    const int size = ::sqlite3_column_bytes(rows.get(), 0);
    const auto bytes = static_cast<std::size_t>(std::max(size, 0));
    if (bytes > file_bytes) return sink.unread(unpack::kDamaged, "rows that share their pages");
    file_bytes -= bytes;
    if (!sink.take(blob == nullptr ? Bytes() : Bytes(static_cast<const std::byte*>(blob), bytes))) return;
  }
}

}  // namespace

bool IsSqlite(Bytes head) { return AsText(head).starts_with(kMagic); }

void ReadRpmSqlite(std::vector<std::byte> file, Bytes wal, const RpmStoreSink& sink) {
  // What was written last may be all there is of the database's first page, too.
  if (const std::string_view problem = ApplyWal(file, wal, kMaxWithLogBytes); !problem.empty()) {
    sink.unread(unpack::kDamaged, problem);
  }
  if (file.size() <= kReadVersionAt || !IsSqlite(file))
    return sink.unread(unpack::kDamaged, "a database without a head");
  // No log any more: otherwise SQLite would ask the file system for it.
  file[kWriteVersionAt] = file[kReadVersionAt] = std::byte{1};
  // Declared before the database, which reads it until it is closed.
  Steps steps;
  ::sqlite3* opened = nullptr;
  // Memory only: a database of this name is never looked for, and no other can be attached.
  const int result = ::sqlite3_open_v2(
      ":memory:", &opened,
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_MEMORY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE,
      nullptr);
  const Database database(opened);
  if (result != SQLITE_OK) return sink.unread(unpack::kTooLarge, "no memory to read it");
  Restrict(opened);
  // What SQLite would write to a temporary file it keeps in memory.
  ::sqlite3_exec(opened, "PRAGMA temp_store=MEMORY; PRAGMA cell_size_check=ON; PRAGMA mmap_size=0", nullptr, nullptr,
                 nullptr);
  auto* bytes = reinterpret_cast<unsigned char*>(file.data());
  const auto size = static_cast<::sqlite3_int64>(file.size());
  if (::sqlite3_deserialize(opened, "main", bytes, size, size, SQLITE_DESERIALIZE_READONLY) != SQLITE_OK) {
    return sink.unread(unpack::kDamaged, ::sqlite3_errmsg(opened));
  }
  ::sqlite3_limit(opened, SQLITE_LIMIT_ATTACHED, 0);
  ::sqlite3_set_authorizer(opened, Authorize, nullptr);
  ::sqlite3_progress_handler(opened, Steps::kPerCall, CountSteps, &steps);
  ReadRows(opened, file.size(), sink);
}

}  // namespace dl::extract
