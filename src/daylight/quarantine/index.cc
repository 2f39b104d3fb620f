#include "daylight/quarantine/index.h"

#include <fcntl.h>
#include <sqlite3.h>

#include <cerrno>
#include <cstring>

#include "daylight/os/fd.h"

namespace dl::quarantine {

namespace {

constexpr int kVersion = 1;
constexpr int kWaitMs = 30'000;

// `record` has what does not change, `path` and `taken_ns` stand beside it for
// those who look with sqlite3(1).
constexpr char kSchema[] =
    "CREATE TABLE items(id TEXT PRIMARY KEY, state INTEGER NOT NULL, path BLOB NOT NULL, taken_ns INTEGER NOT NULL,"
    " sha256 BLOB NOT NULL, target BLOB NOT NULL, temporary TEXT NOT NULL, placed_device INTEGER NOT NULL,"
    " placed_inode INTEGER NOT NULL, ended_ns INTEGER NOT NULL, record BLOB NOT NULL) STRICT;"
    "CREATE INDEX items_state ON items(state);"
    "PRAGMA user_version = 1;";
constexpr char kColumns[] =
    "id, state, taken_ns, sha256, target, temporary, placed_device, placed_inode, ended_ns, record";

struct Finisher {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Statement = std::unique_ptr<sqlite3_stmt, Finisher>;

tl::unexpected<Error> FailSql(sqlite3* database, int code) {
  const int number = database == nullptr ? 0 : sqlite3_system_errno(database);
  switch (code & 0xff) {
    case SQLITE_FULL: return Fail(ErrorCode::kIo, "no space for the quarantine's index", ENOSPC);
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return Fail(ErrorCode::kBudget, "another process has had the quarantine's index for too long");
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return Fail(ErrorCode::kMalformed, "the quarantine's index is damaged");
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
      if (number != 0) {
        return Fail(ErrorCode::kIo, "cannot read or write the quarantine's index", static_cast<std::uint64_t>(number));
      }
      return Fail(ErrorCode::kUnsupported, "the quarantine's index cannot be read or written");
    case SQLITE_READONLY: return Fail(ErrorCode::kIo, "the quarantine's index cannot be written", EROFS);
    case SQLITE_CONSTRAINT: return Fail(ErrorCode::kMalformed, "there is such an item in the quarantine's index");
    default: return Fail(ErrorCode::kUnsupported, "the quarantine's index cannot be read or written");
  }
}

Result<Statement> Prepare(sqlite3* database, const char* sql) {
  sqlite3_stmt* statement = nullptr;
  if (const int code = sqlite3_prepare_v2(database, sql, -1, &statement, nullptr); code != SQLITE_OK) {
    return FailSql(database, code);
  }
  return Statement(statement);
}

void BindBlob(sqlite3_stmt* statement, int at, std::string_view bytes) {
  sqlite3_bind_blob64(statement, at, bytes.empty() ? "" : bytes.data(), bytes.size(), SQLITE_TRANSIENT);
}

void BindText(sqlite3_stmt* statement, int at, std::string_view text) {
  sqlite3_bind_text64(statement, at, text.empty() ? "" : text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
}

// Inodes may have their highest bit set.
void BindNumber(sqlite3_stmt* statement, int at, std::uint64_t value) {
  sqlite3_bind_int64(statement, at, static_cast<sqlite3_int64>(value));
}

std::string Column(sqlite3_stmt* statement, int at) {
  const void* bytes = sqlite3_column_blob(statement, at);
  const int size = sqlite3_column_bytes(statement, at);
  return bytes == nullptr ? std::string()
                          : std::string(static_cast<const char*>(bytes), static_cast<std::size_t>(size));
}

Result<Item> ReadItem(sqlite3_stmt* row) {
  Item item;
  item.id = Column(row, 0);
  const int state = sqlite3_column_int(row, 1);
  if (state < 0 || state > static_cast<int>(kLastState)) {
    return Fail(ErrorCode::kMalformed, "the quarantine's index is damaged: a state");
  }
  item.state = static_cast<State>(state);
  const std::string digest = Column(row, 3);
  if (digest.size() != item.sha256.size()) {
    return Fail(ErrorCode::kMalformed, "the quarantine's index is damaged: a digest");
  }
  std::memcpy(item.sha256.data(), digest.data(), digest.size());
  item.target = Column(row, 4);
  item.temporary = Column(row, 5);
  item.placed_device = static_cast<std::uint64_t>(sqlite3_column_int64(row, 6));
  item.placed_inode = static_cast<std::uint64_t>(sqlite3_column_int64(row, 7));
  item.ended_ns = sqlite3_column_int64(row, 8);
  DL_TRY_STATUS(DecodeRecord(Column(row, 9), item));
  return item;
}

}  // namespace

void Index::Closer::operator()(sqlite3* database) const { sqlite3_close_v2(database); }

Result<Index> Index::Open(const std::string& path) {
  // SQLite gives its files beside it the permissions of this one.
  // One that is there is not opened here: closing it would end SQLite's own locks on
  // it in this process (fcntl(2)).
  const os::Fd made(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!made.valid() && errno != EEXIST) {
    return Fail(ErrorCode::kIo, "cannot open the quarantine's index", static_cast<std::uint64_t>(errno));
  }
  sqlite3* database = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  Index index;
  index.database_.reset(database);
  if (code != SQLITE_OK) return FailSql(database, code);
  sqlite3_busy_timeout(database, kWaitMs);
  // FULL: a commit is on the disk before the next step is taken.
  DL_TRY_STATUS(index.Run("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF;"));
  DL_TRY_STATUS(index.Run("BEGIN IMMEDIATE"));
  int version = -1;
  {
    DL_TRY(const Statement asked, Prepare(database, "PRAGMA user_version"));
    if (sqlite3_step(asked.get()) == SQLITE_ROW) version = sqlite3_column_int(asked.get(), 0);
  }
  if (version == 0) DL_TRY_STATUS(index.Run(kSchema));
  DL_TRY_STATUS(index.Run("COMMIT"));
  if (version != 0 && version != kVersion) {
    return Fail(ErrorCode::kUnsupported, "the quarantine's index is of another version of Daylight");
  }
  return index;
}

Status Index::Run(const char* sql) const {
  if (const int code = sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr); code != SQLITE_OK) {
    return FailSql(database_.get(), code);
  }
  return {};
}

Status Index::Write(const char* sql, const Item& item) {
  DL_TRY(const Statement statement, Prepare(database_.get(), sql));
  BindText(statement.get(), 1, item.id);
  sqlite3_bind_int(statement.get(), 2, static_cast<int>(item.state));
  BindBlob(statement.get(), 3, item.origin.path);
  sqlite3_bind_int64(statement.get(), 4, item.taken_ns);
  BindBlob(statement.get(), 5, {reinterpret_cast<const char*>(item.sha256.data()), item.sha256.size()});
  BindBlob(statement.get(), 6, item.target);
  BindText(statement.get(), 7, item.temporary);
  BindNumber(statement.get(), 8, item.placed_device);
  BindNumber(statement.get(), 9, item.placed_inode);
  sqlite3_bind_int64(statement.get(), 10, item.ended_ns);
  BindBlob(statement.get(), 11, EncodeRecord(item));
  if (const int code = sqlite3_step(statement.get()); code != SQLITE_DONE) return FailSql(database_.get(), code);
  return {};
}

Status Index::Add(const Item& item) {
  return Write("INSERT INTO items VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)", item);
}

Status Index::Update(const Item& item) {
  return Write(
      "UPDATE items SET state = ?2, path = ?3, taken_ns = ?4, sha256 = ?5, target = ?6, temporary = ?7,"
      " placed_device = ?8, placed_inode = ?9, ended_ns = ?10, record = ?11 WHERE id = ?1",
      item);
}

Status Index::Remove(const std::string& id) {
  DL_TRY(const Statement statement, Prepare(database_.get(), "DELETE FROM items WHERE id = ?1"));
  BindText(statement.get(), 1, id);
  if (const int code = sqlite3_step(statement.get()); code != SQLITE_DONE) return FailSql(database_.get(), code);
  return {};
}

Result<std::vector<Item>> Index::Select(const char* sql, const std::string* id) const {
  DL_TRY(const Statement statement, Prepare(database_.get(), sql));
  if (id != nullptr) BindText(statement.get(), 1, *id);
  std::vector<Item> items;
  for (;;) {
    const int code = sqlite3_step(statement.get());
    if (code == SQLITE_DONE) return items;
    if (code != SQLITE_ROW) return FailSql(database_.get(), code);
    DL_TRY(Item item, ReadItem(statement.get()));
    items.push_back(std::move(item));
  }
}

Result<std::vector<Item>> Index::All() const {
  static const std::string sql = std::string("SELECT ") + kColumns + " FROM items ORDER BY taken_ns, id";
  return Select(sql.c_str(), nullptr);
}

Result<std::vector<Item>> Index::BeingTaken() const {
  static const std::string sql = std::string("SELECT ") + kColumns +
                                 " FROM items WHERE state <= " + std::to_string(static_cast<int>(State::kAside));
  return Select(sql.c_str(), nullptr);
}

Result<std::optional<Item>> Index::Find(const std::string& id) const {
  static const std::string sql = std::string("SELECT ") + kColumns + " FROM items WHERE id = ?1";
  DL_TRY(std::vector<Item> items, Select(sql.c_str(), &id));
  if (items.empty()) return std::optional<Item>();
  return std::optional<Item>(std::move(items.front()));
}

}  // namespace dl::quarantine
