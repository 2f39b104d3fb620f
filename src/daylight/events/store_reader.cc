#include "daylight/events/store_reader.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "daylight/events/store_schema.h"
#include "daylight/os/io.h"
#include "daylight/os/paths.h"
#include "daylight/report/escape.h"

namespace dl::events {

namespace {

constexpr std::int64_t kPage = 256;
constexpr int kBusyMs = 2000;
// Of a file by anybody: no list is longer.
constexpr std::int64_t kMostEntries = 1024;

std::optional<std::uint64_t> Unsigned(const Statement& row, int column) {
  if (row.IsNull(column)) return std::nullopt;
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, row.Number(column)));
}

std::uint32_t Small(std::int64_t value) {
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(value, 0, UINT32_MAX));
}

constexpr char kColumns[] =
    "seq,id,time_ns,kind,severity,verdict,path,object,sha256,size,protocol,client_address,client_uid,client_pid,"
    "client_exe,action,why,database,schedule,files,bytes,detected,incomplete,failed,from_ns,until_ns,text,cut,"
    "more_detections,more_incomplete";

StoredEvent FromRow(const Statement& row) {
  StoredEvent stored;
  Event& event = stored.event;
  int i = 0;
  stored.seq = row.Number(i++);
  event.id = row.Text(i++);
  event.time_ns = row.Number(i++);
  // A kind that is not known cannot be in our schema.
  event.kind = KindOf(row.Text(i++)).value_or(EventKind::kTrouble);
  event.severity = SeverityOf(row.Text(i++));
  event.verdict = VerdictOf(row.Text(i++));
  event.path = row.Text(i++);
  event.object = row.Text(i++);
  if (const std::string digest = row.Text(i++); digest.size() == 32) {
    event.sha256.emplace();
    std::memcpy(event.sha256->data(), digest.data(), 32);
  }
  event.size = Unsigned(row, i++);
  event.protocol = row.Text(i++);
  event.client.address = row.Text(i++);
  if (!row.IsNull(i)) event.client.uid = Small(row.Number(i));
  ++i;
  if (!row.IsNull(i))
    event.client.pid = static_cast<std::int32_t>(std::clamp<std::int64_t>(row.Number(i), INT32_MIN, INT32_MAX));
  ++i;
  event.client.exe = row.Text(i++);
  event.action = ActionOf(row.Text(i++)).value_or(Action::kNone);
  event.why = row.Text(i++);
  event.database = row.Text(i++);
  event.schedule = row.Text(i++);
  if (!row.IsNull(i)) {
    event.totals =
        ScanTotals{Unsigned(row, i).value_or(0), Unsigned(row, i + 1).value_or(0), Unsigned(row, i + 2).value_or(0),
                   Unsigned(row, i + 3).value_or(0), Unsigned(row, i + 4).value_or(0)};
  }
  i += 5;
  if (!row.IsNull(i)) event.from_ns = row.Number(i);
  ++i;
  if (!row.IsNull(i)) event.until_ns = row.Number(i);
  ++i;
  event.text = row.Text(i++);
  event.cut = row.Text(i++);
  event.more_detections = Small(row.Number(i++));
  event.more_incomplete = Small(row.Number(i++));
  return stored;
}

std::string Conditions(const StoreQuery& query) {
  std::string out = " WHERE seq > ?";
  if (query.since_ns) out += " AND time_ns >= ?";
  if (query.until_ns) out += " AND time_ns <= ?";
  if (!query.path_prefix.empty()) out += " AND substr(CAST(path AS BLOB), 1, ?) = ?";
  if (!query.kinds.empty()) {
    out += " AND kind IN (?";
    for (std::size_t i = 1; i < query.kinds.size(); ++i) out += ",?";
    out += ")";
  }
  return out;
}

// Returns the next index.
int Bind(const StoreQuery& query, std::int64_t after, Statement& statement) {
  int i = 1;
  statement.Number(i++, after);
  if (query.since_ns) statement.Number(i++, *query.since_ns);
  if (query.until_ns) statement.Number(i++, *query.until_ns);
  if (!query.path_prefix.empty()) {
    statement.Number(i++, static_cast<std::int64_t>(query.path_prefix.size()));
    statement.Bytes(i++, query.path_prefix);
  }
  for (const EventKind kind : query.kinds) statement.Text(i++, KindName(kind));
  return i;
}

}  // namespace

struct StoreReader::Connection {
  Database database;

  static int ReadDetails(StoredEvent& stored, Statement& detections, Statement& incomplete, Statement* theirs) {
    for (Statement* statement : {&detections, &incomplete, theirs}) {
      if (statement == nullptr) continue;
      if (statement->code() != SQLITE_OK) return statement->code();
      statement->Reset();
      statement->Number(1, stored.seq);
      statement->Number(2, kMostEntries);
    }
    int code = SQLITE_OK;
    while ((code = detections.Step()) == SQLITE_ROW) {
      stored.event.detections.push_back(
          {detections.Text(0), detections.Text(1), detections.Text(2), detections.Text(3), detections.Text(4)});
    }
    if (code != SQLITE_DONE) return code;
    while ((code = incomplete.Step()) == SQLITE_ROW)
      stored.event.incomplete.push_back({incomplete.Text(0), incomplete.Text(1), incomplete.Text(2)});
    if (code != SQLITE_DONE || theirs == nullptr) return code;
    while ((code = theirs->Step()) == SQLITE_ROW) {
      if (!stored.event.theirs) {
        stored.event.theirs.emplace();
        stored.event.theirs->scanner = theirs->Text(0);
        stored.event.theirs->verdict = VerdictOf(theirs->Text(1)).value_or(report::Verdict::kFailed);
      }
      if (!theirs->IsNull(2)) stored.event.theirs->names.push_back(theirs->Text(2));
    }
    return code;
  }

  int ReadPage(const StoreQuery& query, std::int64_t after, std::vector<StoredEvent>& page) {
    page.clear();
    Statement rows(database,
                   "SELECT " + std::string(kColumns) + " FROM events" + Conditions(query) + " ORDER BY seq LIMIT ?");
    if (rows.code() != SQLITE_OK) return rows.code();
    Statement detections(database,
                         "SELECT engine,name,source,licence,object FROM detections WHERE seq=? ORDER BY n LIMIT ?");
    Statement incomplete(database, "SELECT object,reason,detail FROM incomplete WHERE seq=? ORDER BY n LIMIT ?");
    // A daemon from before there was this table has not made it.
    std::optional<Statement> theirs;
    if (database.Number("SELECT 1 FROM sqlite_schema WHERE name='theirs'"))
      theirs.emplace(database, "SELECT scanner,verdict,name FROM theirs WHERE seq=? ORDER BY n LIMIT ?");
    rows.Number(Bind(query, after, rows), kPage);
    int code = SQLITE_OK;
    while ((code = rows.Step()) == SQLITE_ROW) {
      page.push_back(FromRow(rows));
      if (const int details = ReadDetails(page.back(), detections, incomplete, theirs ? &*theirs : nullptr);
          details != SQLITE_DONE)
        return details;
    }
    return code;
  }
};

StoreReader::StoreReader(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}
StoreReader::~StoreReader() = default;
StoreReader::StoreReader(StoreReader&&) noexcept = default;
StoreReader& StoreReader::operator=(StoreReader&&) noexcept = default;

Result<StoreReader> StoreReader::Open(const std::string& path, std::string& trouble) {
  if (const auto file = os::OpenRegular(path); !file) {
    trouble = os::Describe(file.error());
    return Forward(file.error());
  }
  auto connection = std::make_unique<Connection>();
  Database& database = connection->database;
  const auto fail = [&](int code) {
    trouble = database.Message(code);
    return Fail(ErrorCode::kIo, "cannot read the store of events");
  };
  int code = database.Open(path, SQLITE_OPEN_READONLY);
  std::optional<std::int64_t> version;
  if (code == SQLITE_OK) {
    ::sqlite3_busy_timeout(database.get(), kBusyMs);
    version = database.Number("PRAGMA user_version");
    if (!version) code = ::sqlite3_extended_errcode(database.get());
  }
  // SQLite makes a log's index even to read, which it cannot in somebody else's folder. When
  // nobody has the file open, all is in the file itself, and nothing changes it.
  bool snapshot = false;
  if (((code & 0xff) == SQLITE_CANTOPEN || (code & 0xff) == SQLITE_READONLY) && !os::OpenRegular(path + "-wal")) {
    snapshot = true;
    database.Close();
    DL_TRY(const std::string folder, os::WorkingFolder());
    code = database.Open(report::FileUri(os::Absolute(path, folder)) + "?immutable=1",
                         SQLITE_OPEN_READONLY | SQLITE_OPEN_URI);
    if (code == SQLITE_OK && !(version = database.Number("PRAGMA user_version")))
      code = ::sqlite3_extended_errcode(database.get());
  }
  if (code != SQLITE_OK) return fail(code);
  const auto application = database.Number("PRAGMA application_id");
  if (!application || *application != kApplicationId) {
    trouble = "it is not a store of Daylight's events";
    return Fail(ErrorCode::kMalformed, "not a store of events");
  }
  if (*version != kSchemaVersion) {
    trouble = "it was written by a newer Daylight (schema " + std::to_string(*version) + ", this one knows " +
              std::to_string(kSchemaVersion) + ")";
    return Fail(ErrorCode::kUnsupported, "the store of events has a newer schema");
  }
  StoreReader reader(std::move(connection));
  reader.snapshot_ = snapshot;
  return reader;
}

Status StoreReader::Read(const StoreQuery& query, const std::function<bool(const StoredEvent&)>& take) {
  std::vector<StoredEvent> page;
  std::int64_t after = query.after_seq;
  for (;;) {
    const int code = connection_->ReadPage(query, after, page);
    // What was read is good, whatever came behind it.
    for (const StoredEvent& stored : page) {
      after = stored.seq;
      if (!take(stored)) return {};
    }
    if (code != SQLITE_DONE) {
      trouble_ = connection_->database.Message(code);
      return Fail(ErrorCode::kIo, "cannot read the store of events");
    }
    if (static_cast<std::int64_t>(page.size()) < kPage) return {};
  }
}

Result<std::int64_t> StoreReader::StartOfLast(const StoreQuery& query, std::uint64_t n) {
  Statement row(connection_->database,
                "SELECT seq FROM events" + Conditions(query) + " ORDER BY seq DESC LIMIT 1 OFFSET ?");
  if (row.code() == SQLITE_OK)
    row.Number(Bind(query, query.after_seq, row), static_cast<std::int64_t>(std::min<std::uint64_t>(n, INT64_MAX)));
  const int code = row.Step();
  if (code == SQLITE_ROW) return row.Number(0);
  if (code == SQLITE_DONE) return query.after_seq;  // Fewer than that.
  trouble_ = connection_->database.Message(code);
  return Fail(ErrorCode::kIo, "cannot read the store of events");
}

}  // namespace dl::events
