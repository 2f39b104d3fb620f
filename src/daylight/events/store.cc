#include "daylight/events/store.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "daylight/events/store_schema.h"
#include "daylight/os/fd.h"

namespace dl::events {

namespace {

constexpr std::chrono::milliseconds kFirstPause{500};
constexpr std::chrono::milliseconds kLongestPause{60'000};
// Another writer (`daylight quarantine`) is done within this, or we try later.
constexpr int kBusyMs = 100;
constexpr std::int64_t kPruneRows = 2000;  // At a time.

constexpr char kInsert[] =
    "INSERT INTO events(id,time_ns,kind,severity,verdict,path,object,sha256,size,protocol,client_address,client_uid,"
    "client_pid,client_exe,action,why,database,schedule,files,bytes,detected,incomplete,failed,from_ns,until_ns,text,"
    "cut,more_detections,more_incomplete) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)";
constexpr char kInsertDetection[] =
    "INSERT INTO detections(seq,n,engine,name,source,licence,object) VALUES(?,?,?,?,?,?,?)";
constexpr char kInsertIncomplete[] = "INSERT INTO incomplete(seq,n,object,reason,detail) VALUES(?,?,?,?,?)";
constexpr char kInsertTheirs[] = "INSERT INTO theirs(seq,n,scanner,verdict,name) VALUES(?,?,?,?,?)";

// Roughly what an event holds in memory.
std::size_t Weight(const Event& event) {
  std::size_t sum = sizeof(Event) + event.path.size() + event.object.size() + event.why.size() + event.text.size() +
                    event.client.exe.size();
  for (const EventDetection& detection : event.detections)
    sum += sizeof detection + detection.name.size() + detection.source.size() + detection.licence.size() +
           detection.object.size();
  for (const report::Incomplete& incomplete : event.incomplete)
    sum += sizeof incomplete + incomplete.object.size() + incomplete.detail.size();
  if (event.theirs) {
    for (const std::string& name : event.theirs->names) sum += sizeof name + name.size();
  }
  return sum;
}

std::int64_t SecondsNow() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::int64_t Clamped(std::uint64_t value) {
  return static_cast<std::int64_t>(std::min<std::uint64_t>(value, INT64_MAX));
}

}  // namespace

struct Store::Connection {
  Database database;
  dev_t device = 0;
  ino_t inode = 0;

  bool IsStillThere(const std::string& path) const {
    struct stat info {};
    return ::stat(path.c_str(), &info) == 0 && info.st_dev == device && info.st_ino == inode;
  }

  int Insert(const Event& event, Statement& insert, Statement& detections, Statement& incomplete, Statement& theirs) {
    insert.Reset();
    int i = 0;
    const auto text = [&](std::string_view value) { insert.Text(++i, value); };
    const auto number = [&](bool there, std::int64_t value) {
      ++i;
      if (there) insert.Number(i, value);
    };
    text(event.id);
    number(true, event.time_ns);
    text(KindName(event.kind));
    text(SeverityName(event.effective_severity()));
    text(event.verdict ? report::VerdictName(*event.verdict) : std::string_view());
    text(event.path);
    text(event.object);
    ++i;
    if (event.sha256) insert.Bytes(i, std::string(event.sha256->begin(), event.sha256->end()));
    number(event.size.has_value(), Clamped(event.size.value_or(0)));
    text(event.protocol);
    text(event.client.address);
    number(event.client.uid.has_value(), event.client.uid.value_or(0));
    number(event.client.pid.has_value(), event.client.pid.value_or(0));
    text(event.client.exe);
    text(ActionName(event.action));
    text(event.why);
    text(event.database);
    text(event.schedule);
    const ScanTotals totals = event.totals.value_or(ScanTotals{});
    for (const std::uint64_t count : {totals.files, totals.bytes, totals.detected, totals.incomplete, totals.failed})
      number(event.totals.has_value(), Clamped(count));
    number(event.from_ns.has_value(), event.from_ns.value_or(0));
    number(event.until_ns.has_value(), event.until_ns.value_or(0));
    text(event.text);
    text(event.cut);
    number(true, event.more_detections);
    number(true, event.more_incomplete);
    if (const int code = insert.Step(); code != SQLITE_DONE) return code;
    const std::int64_t seq = ::sqlite3_last_insert_rowid(database.get());
    std::int64_t n = 0;
    for (const EventDetection& detection : event.detections) {
      detections.Reset();
      detections.Number(1, seq);
      detections.Number(2, n++);
      detections.Text(3, detection.engine);
      detections.Text(4, detection.name);
      detections.Text(5, detection.source);
      detections.Text(6, detection.licence);
      detections.Text(7, detection.object);
      if (const int code = detections.Step(); code != SQLITE_DONE) return code;
    }
    n = 0;
    for (const report::Incomplete& part : event.incomplete) {
      incomplete.Reset();
      incomplete.Number(1, seq);
      incomplete.Number(2, n++);
      incomplete.Text(3, part.object);
      incomplete.Text(4, part.reason);
      incomplete.Text(5, part.detail);
      if (const int code = incomplete.Step(); code != SQLITE_DONE) return code;
    }
    if (!event.theirs) return SQLITE_OK;
    const std::size_t rows = std::max<std::size_t>(1, event.theirs->names.size());
    for (std::size_t row = 0; row < rows; ++row) {
      theirs.Reset();
      theirs.Number(1, seq);
      theirs.Number(2, static_cast<std::int64_t>(row));
      theirs.Text(3, event.theirs->scanner);
      theirs.Text(4, report::VerdictName(event.theirs->verdict));
      theirs.Text(5, row < event.theirs->names.size() ? event.theirs->names[row] : std::string());
      if (const int code = theirs.Step(); code != SQLITE_DONE) return code;
    }
    return SQLITE_OK;
  }

  // All or nothing.
  int InsertAll(const std::deque<Event>& events) {
    if (const int code = database.Run("BEGIN IMMEDIATE"); code != SQLITE_OK) return code;
    int code = SQLITE_OK;
    {
      Statement insert(database, kInsert);
      Statement detections(database, kInsertDetection);
      Statement incomplete(database, kInsertIncomplete);
      Statement theirs(database, kInsertTheirs);
      for (const Statement* statement : {&insert, &detections, &incomplete, &theirs}) {
        if (code == SQLITE_OK) code = statement->code();
      }
      for (auto event = events.begin(); event != events.end() && code == SQLITE_OK; ++event)
        code = Insert(*event, insert, detections, incomplete, theirs);
    }
    if (code == SQLITE_OK) code = database.Run("COMMIT");
    // SQLite has rolled back by itself after some errors (a full disk); then this says so, and nothing else.
    if (code != SQLITE_OK) database.Run("ROLLBACK");
    return code;
  }
};

Store::Store(StoreOptions options) : options_(std::move(options)) {}
Store::~Store() = default;
Store::Store(Store&&) noexcept = default;
Store& Store::operator=(Store&&) noexcept = default;

void Store::Add(Event event) {
  waiting_bytes_ += Weight(event);
  waiting_.push_back(std::move(event));
  GiveUpOldest();
}

void Store::GiveUpOldest() {
  while (!waiting_.empty() && (waiting_.size() > options_.max_waiting || waiting_bytes_ > options_.max_waiting_bytes)) {
    waiting_bytes_ -= Weight(waiting_.front());
    waiting_.pop_front();
    ++lost_;
  }
}

bool Store::Fail(std::string what) {
  trouble_ = std::move(what);
  pause_ = std::min(kLongestPause, pause_.count() == 0 ? kFirstPause : pause_ * 2);
  return false;
}

bool Store::Open() {
  // Made by us, so that it has our mode whatever the umask; SQLite gives its log the same.
  {
    const os::Fd fd(::open(options_.path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (fd.valid()) {
      static_cast<void>(::fchmod(fd.get(), options_.mode));
    } else if (errno != EEXIST) {
      return Fail(std::string("cannot make it: ") + std::strerror(errno));
    }
  }
  // SQLite opens devices and FIFOs as well, and could wait for ever.
  struct stat info {};
  if (::stat(options_.path.c_str(), &info) != 0) return Fail(std::string("cannot stat it: ") + std::strerror(errno));
  if (!S_ISREG(info.st_mode)) return Fail("it is not a regular file");
  auto connection = std::make_unique<Connection>();
  connection->device = info.st_dev;
  connection->inode = info.st_ino;
  Database& database = connection->database;
  const auto fail = [&](int code) { return Fail(database.Message(code)); };
  if (const int code = database.Open(options_.path, SQLITE_OPEN_READWRITE); code != SQLITE_OK) return fail(code);
  ::sqlite3_busy_timeout(database.get(), kBusyMs);
  // Before anything is written to it: what a newer Daylight made, or another program, stays as it is.
  const auto version = database.Number("PRAGMA user_version");
  if (!version) return fail(::sqlite3_extended_errcode(database.get()));
  const auto application = database.Number("PRAGMA application_id");
  const auto tables = database.Number("SELECT count(*) FROM sqlite_schema");
  if (!application || !tables) return fail(::sqlite3_extended_errcode(database.get()));
  if (*tables > 0 && *application != kApplicationId) return Fail("it is a database of another program");
  if (*version > kSchemaVersion) {
    return Fail("it was written by a newer Daylight (schema " + std::to_string(*version) + ", this one knows " +
                std::to_string(kSchemaVersion) + "): it stays untouched, and events are not kept there");
  }
  const auto mode = [&] {
    Statement statement(database, "PRAGMA journal_mode=WAL");
    return statement.Step() == SQLITE_ROW ? statement.Text(0) : std::string();
  }();
  if (!mode.empty() && mode != "wal") return Fail("it is on a file system that cannot hold it (no shared memory)");
  if (mode.empty()) return fail(::sqlite3_extended_errcode(database.get()));
  // The log is cut back after it was once large.
  if (const int code = database.Run("PRAGMA synchronous=NORMAL; PRAGMA journal_size_limit=4194304;");
      code != SQLITE_OK) {
    return fail(code);
  }
  // Also where a table is missing that came later.
  if (*version < kSchemaVersion || !database.Number("SELECT 1 FROM sqlite_schema WHERE name='theirs'")) {
    const std::string make = "BEGIN IMMEDIATE;" + std::string(kSchema) +
                             "PRAGMA application_id=" + std::to_string(kApplicationId) +
                             "; PRAGMA user_version=" + std::to_string(kSchemaVersion) + "; COMMIT;";
    if (const int code = database.Run(make.c_str()); code != SQLITE_OK) {
      const bool failed = fail(code);
      database.Run("ROLLBACK");
      return failed;
    }
  }
  connection_ = std::move(connection);
  if (!was_open_) ReadPrevious();
  was_open_ = true;
  return true;
}

void Store::ReadPrevious() {
  Database& database = connection_->database;
  const auto alive = database.Number("SELECT value FROM state WHERE name='alive_ns'");
  if (!alive) return;
  // An event may be newer than the last note.
  const auto event = database.Number("SELECT time_ns FROM events ORDER BY seq DESC LIMIT 1");
  const auto clean = database.Number("SELECT value FROM state WHERE name='clean'");
  previous_ = PreviousRun{std::max(*alive, event.value_or(0)), clean.value_or(0) != 0};
}

void Store::NoteAlive(std::int64_t now_ns, bool ends) {
  if (connection_ == nullptr) return;
  Statement note(connection_->database,
                 "INSERT OR REPLACE INTO state(name, value) VALUES('alive_ns', ?), ('clean', ?)");
  note.Number(1, now_ns);
  note.Number(2, ends ? 1 : 0);
  static_cast<void>(note.Step());
}

bool Store::Flush(Clock::time_point now) {
  if (now < not_before_) return waiting_.empty();
  const bool done = TryFlush();
  if (!done) not_before_ = now + pause_;
  return done;
}

bool Store::FlushNow() { return TryFlush(); }

void Store::Reopen() {
  connection_.reset();
  not_before_ = {};
}

bool Store::TryFlush() {
  // A file that somebody took away would still be written to, and nobody would read it.
  if (connection_ != nullptr && !waiting_.empty() && !connection_->IsStillThere(options_.path)) connection_.reset();
  if (connection_ == nullptr && !Open()) return false;
  const bool wrote = !waiting_.empty();
  if (wrote) {
    if (const int code = connection_->InsertAll(waiting_); code != SQLITE_OK) {
      Fail(connection_->database.Message(code));
      // Someone else is at it: the connection is good. After anything else begin anew, as
      // the file may have been replaced.
      if ((code & 0xff) != SQLITE_BUSY && (code & 0xff) != SQLITE_FULL) connection_.reset();
      return false;
    }
    written_ += waiting_.size();
    waiting_.clear();
    waiting_bytes_ = 0;
  }
  trouble_.clear();
  pause_ = std::chrono::milliseconds{0};
  not_before_ = {};
  if (wrote || ++idle_ % 64 == 0) Prune();
  return true;
}

void Store::Prune() {
  Database& database = connection_->database;
  const auto first = database.Number("SELECT min(seq) FROM events");
  const auto last = database.Number("SELECT max(seq) FROM events");
  if (!first || !last) return;
  // Everything below goes. Numbers are given out in order, so their difference bounds the rows
  // (from above: taking away by age leaves holes).
  std::int64_t below = *last - Clamped(options_.max_rows) + 1;
  const auto pages = database.Number("PRAGMA page_count");
  const auto free_pages = database.Number("PRAGMA freelist_count");
  const auto page_bytes = database.Number("PRAGMA page_size");
  if (pages && free_pages && page_bytes && (*pages - *free_pages) * *page_bytes > Clamped(options_.max_bytes))
    below = std::max(below, *first + std::max<std::int64_t>(1, (*last - *first + 1) / 16));
  below = std::min(below, *first + kPruneRows);
  const std::int64_t cutoff = options_.max_age_s > 0 ? (SecondsNow() - options_.max_age_s) * 1'000'000'000 : INT64_MIN;
  const auto oldest = database.Number("SELECT min(time_ns) FROM events");
  if (below <= *first && (!oldest || *oldest >= cutoff)) return;
  // A failure costs nothing: it is tried again.
  if (database.Run("BEGIN IMMEDIATE") != SQLITE_OK) return;
  int code = SQLITE_DONE;
  // What has details goes last, as it says which.
  for (const char* table : {"detections", "incomplete", "theirs", "events"}) {
    const std::string from = "DELETE FROM " + std::string(table);
    Statement first_ones(database, from + " WHERE seq < ?");
    first_ones.Number(1, below);
    if (code == SQLITE_DONE) code = first_ones.Step();
    Statement old_ones(database,
                       from + " WHERE seq IN (SELECT seq FROM events WHERE time_ns < ? ORDER BY time_ns, seq LIMIT ?)");
    old_ones.Number(1, cutoff);
    old_ones.Number(2, kPruneRows);
    if (code == SQLITE_DONE) code = old_ones.Step();
  }
  if (code != SQLITE_DONE || database.Run("COMMIT") != SQLITE_OK) database.Run("ROLLBACK");
}

}  // namespace dl::events
