// The tables of the store, and SQLite behind a thin cloth. For store.cc and
// store_reader.cc only.
//
// Schema 1. Texts that strangers chose are TEXT where they are UTF-8 without NUL, else
// BLOB, so that `sqlite3` shows them and no byte is lost.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace dl::events {

inline constexpr int kSchemaVersion = 1;
inline constexpr int kApplicationId = 0x444c4556;  // "DLEV", so file(1) and we know it.

inline constexpr char kSchema[] =
    "CREATE TABLE IF NOT EXISTS events("
    "seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, time_ns INTEGER NOT NULL, kind TEXT NOT NULL,"
    "severity TEXT NOT NULL, verdict TEXT, path, object, sha256 BLOB, size INTEGER, protocol, client_address,"
    "client_uid INTEGER, client_pid INTEGER, client_exe, action TEXT NOT NULL, why, database, schedule,"
    "files INTEGER, bytes INTEGER, detected INTEGER, incomplete INTEGER, failed INTEGER,"
    "from_ns INTEGER, until_ns INTEGER, text, cut TEXT, more_detections INTEGER NOT NULL DEFAULT 0,"
    "more_incomplete INTEGER NOT NULL DEFAULT 0);"
    "CREATE INDEX IF NOT EXISTS events_by_time ON events(time_ns);"
    "CREATE INDEX IF NOT EXISTS events_by_kind ON events(kind, seq);"
    "CREATE TABLE IF NOT EXISTS detections("
    "seq INTEGER NOT NULL, n INTEGER NOT NULL, engine, name, source, licence, object,"
    "PRIMARY KEY(seq, n)) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS incomplete("
    "seq INTEGER NOT NULL, n INTEGER NOT NULL, object, reason, detail,"
    "PRIMARY KEY(seq, n)) WITHOUT ROWID;"
    // Of differences: what the other scanner says. One row at least, whose name may be missing. It came later, within
    // schema 1: whoever does not know it loses nothing else.
    "CREATE TABLE IF NOT EXISTS theirs("
    "seq INTEGER NOT NULL, n INTEGER NOT NULL, scanner, verdict TEXT, name,"
    "PRIMARY KEY(seq, n)) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS state(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;";

class Database {
 public:
  Database() = default;
  ~Database() { Close(); }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // SQLITE_OPEN_* flags. SQLITE_OK or SQLite's code.
  int Open(const std::string& name, int flags);
  void Close();
  int Run(const char* sql);
  // The first column of the first row.
  std::optional<std::int64_t> Number(const char* sql);
  std::string Message(int code) const;
  sqlite3* get() const { return handle_; }

 private:
  sqlite3* handle_ = nullptr;
};

class Statement {
 public:
  Statement(const Database& database, std::string_view sql);
  ~Statement() { ::sqlite3_finalize(handle_); }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  int code() const { return code_; }  // Of preparing it.
  void Number(int index, std::int64_t value) { ::sqlite3_bind_int64(handle_, index, value); }
  void Text(int index, std::string_view bytes);   // Empty is NULL.
  void Bytes(int index, std::string_view bytes);  // Always a BLOB.
  // SQLITE_ROW, SQLITE_DONE or an error.
  int Step() { return handle_ == nullptr ? code_ : ::sqlite3_step(handle_); }
  void Reset() {
    ::sqlite3_reset(handle_);
    ::sqlite3_clear_bindings(handle_);
  }

  bool IsNull(int column) const { return ::sqlite3_column_type(handle_, column) == SQLITE_NULL; }
  std::int64_t Number(int column) const { return ::sqlite3_column_int64(handle_, column); }
  std::string Text(int column) const;

 private:
  sqlite3_stmt* handle_ = nullptr;
  int code_ = SQLITE_OK;
};

}  // namespace dl::events
