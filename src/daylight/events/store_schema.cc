#include "daylight/events/store_schema.h"

#include "daylight/report/escape.h"

namespace dl::events {

int Database::Open(const std::string& name, int flags) {
  // One thread uses it, so it needs no mutexes of SQLite's.
  const int code = ::sqlite3_open_v2(name.c_str(), &handle_, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  if (code != SQLITE_OK) return code;
  ::sqlite3_extended_result_codes(handle_, 1);
  // The file may be somebody else's (`daylight events --db`): its schema is not to be
  // trusted with functions, its cells are checked, and nothing in it is longer than this.
  ::sqlite3_db_config(handle_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  ::sqlite3_db_config(handle_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  ::sqlite3_db_config(handle_, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
  ::sqlite3_db_config(handle_, SQLITE_DBCONFIG_ENABLE_VIEW, 0, nullptr);
  ::sqlite3_limit(handle_, SQLITE_LIMIT_LENGTH, 1 << 20);
  ::sqlite3_limit(handle_, SQLITE_LIMIT_ATTACHED, 0);
  ::sqlite3_exec(handle_, "PRAGMA cell_size_check=ON", nullptr, nullptr, nullptr);
  return SQLITE_OK;
}

void Database::Close() {
  ::sqlite3_close(handle_);
  handle_ = nullptr;
}

int Database::Run(const char* sql) { return ::sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr); }

std::optional<std::int64_t> Database::Number(const char* sql) {
  Statement statement(*this, sql);
  if (statement.Step() != SQLITE_ROW || statement.IsNull(0)) return std::nullopt;
  return statement.Number(0);
}

std::string Database::Message(int code) const {
  std::string out = ::sqlite3_errstr(code);
  if (handle_ == nullptr) return out;
  const std::string detail = ::sqlite3_errmsg(handle_);
  if (detail != "not an error" && detail != out) out += " (" + detail + ")";
  return out;
}

Statement::Statement(const Database& database, std::string_view sql) {
  code_ = ::sqlite3_prepare_v3(database.get(), sql.data(), static_cast<int>(sql.size()), 0, &handle_, nullptr);
}

void Statement::Text(int index, std::string_view bytes) {
  if (bytes.empty()) {
    ::sqlite3_bind_null(handle_, index);
  } else if (bytes.find('\0') == bytes.npos && report::IsUtf8(bytes)) {
    ::sqlite3_bind_text(handle_, index, bytes.data(), static_cast<int>(bytes.size()), SQLITE_TRANSIENT);
  } else {
    Bytes(index, bytes);
  }
}

void Statement::Bytes(int index, std::string_view bytes) {
  ::sqlite3_bind_blob(handle_, index, bytes.data(), static_cast<int>(bytes.size()), SQLITE_TRANSIENT);
}

std::string Statement::Text(int column) const {
  // For TEXT as for BLOB: the bytes as they are.
  const void* bytes = ::sqlite3_column_blob(handle_, column);
  const int size = ::sqlite3_column_bytes(handle_, column);
  if (bytes == nullptr || size <= 0) return {};
  return {static_cast<const char*>(bytes), static_cast<std::size_t>(size)};
}

}  // namespace dl::events
