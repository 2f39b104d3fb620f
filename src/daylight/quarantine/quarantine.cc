#include "daylight/quarantine/quarantine.h"

#include <unistd.h>

#include <cerrno>
#include <chrono>

#include "daylight/crypto/digest.h"
#include "daylight/os/io.h"
#include "daylight/os/paths.h"
#include "daylight/quarantine/parts.h"

namespace dl::quarantine {

namespace {

constexpr std::size_t kLeastIdLetters = 4;

}  // namespace

std::int64_t NowNs() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::string Words(const Error& error) {
  std::string text(error.what);
  if (error.code == ErrorCode::kIo && error.offset != 0) text += ": " + os::Describe(error);
  return text;
}

tl::unexpected<Quarantine::Problem> Trouble(std::string text) {
  return tl::unexpected<Quarantine::Problem>(Quarantine::Problem{std::move(text)});
}
tl::unexpected<Quarantine::Problem> Trouble(const Error& error) { return Trouble(Words(error)); }

void AddOwnParts(Options& options, const std::string& program_folder) {
  for (const char* program : {"daylight", "daylightd", "daylight-worker", "daylight-opener"}) {
    options.own_files.push_back(os::Join(program_folder, program));
  }
  for (const char* folder : {"/etc/daylight", "/usr/lib/daylight", "/usr/share/daylight", "/var/lib/daylight",
                             "/var/cache/daylight", "/run/daylight"}) {
    options.own_folders.emplace_back(folder);
  }
}

Result<std::array<std::uint8_t, 32>> DigestOfSealed(int blob, const Key& key) {
  crypto::Sha256 digest;
  DL_TRY_STATUS(ReadSealed(blob, key, [&](Bytes part) {
    digest.Update(part);
    return Status();
  }));
  std::array<std::uint8_t, 32> sha256;
  const auto value = digest.Finish();
  std::memcpy(sha256.data(), value.data(), sha256.size());
  return sha256;
}

Result<std::array<std::uint8_t, 32>> DigestOfFile(int fd) {
  crypto::Sha256 digest;
  std::string buffer(1u << 20, '\0');
  for (off_t at = 0;;) {
    const ssize_t n = ::pread(fd, buffer.data(), buffer.size(), at);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return Fail(ErrorCode::kIo, "cannot read the file", static_cast<std::uint64_t>(errno));
    if (n == 0) break;
    digest.Update(AsBytes(std::string_view(buffer).substr(0, static_cast<std::size_t>(n))));
    at += n;
  }
  std::array<std::uint8_t, 32> sha256;
  const auto value = digest.Finish();
  std::memcpy(sha256.data(), value.data(), sha256.size());
  return sha256;
}

Quarantine::Done<Held> HoldKept(Context& context, const std::string& id) {
  auto blob = context.store.Lock(id, Store::Want::kComplete);
  if (!blob) return Trouble(blob.error());
  // Read under the lock: what was known before may be over.
  auto item = context.index.Find(id);
  if (!item) return Trouble(item.error());
  if (!*item) return Trouble("there is no item " + id);
  if ((*item)->state != State::kKept) return Trouble("item " + id + " is " + std::string(StateName((*item)->state)));
  if (!*blob) return Trouble("the file of item " + id + " is missing from the quarantine");
  return Held{std::move(**item), std::move(**blob)};
}

Status RemoveBlob(Context& context, const Item& item) {
  DL_TRY_STATUS(context.store.Remove(item.id));
  context.At(Step::kBlobRemoved);
  return {};
}

Quarantine::Done<void> DeleteItem(Context& context, const std::string& id) {
  auto held = HoldKept(context, id);
  if (!held) {
    // One that lost its file can only be forgotten.
    const auto item = context.index.Find(id);
    const auto blob = context.store.Lock(id, Store::Want::kAny);
    if (!item || !*item || (*item)->state != State::kKept || !blob || *blob) return Trouble(held.error().text);
    held = Held{std::move(**item), os::Fd()};
  }
  held->item.state = State::kDeleted;
  held->item.ended_ns = NowNs();
  if (const auto noted = context.index.Update(held->item); !noted) return Trouble(noted.error());
  context.At(Step::kDeletedNoted);
  if (const auto removed = RemoveBlob(context, held->item); !removed) return Trouble(removed.error());
  return {};
}

Result<std::unique_ptr<Quarantine>> Quarantine::Open(const std::string& folder, Options options) {
  crypto::Init();
  DL_TRY(Store store, Store::Open(folder, options.make_folder));
  Index index;
  {
    // SQLite does not wait for who has it change the kind of journal.
    DL_TRY(const os::Fd lock, store.LockAll());
    DL_TRY(index, Index::Open(store.index_path()));
  }
  auto parts = std::make_unique<Parts>(Parts{{std::move(store), std::move(index), std::move(options)}});
  return std::unique_ptr<Quarantine>(new Quarantine(std::move(parts)));
}

Quarantine::Quarantine(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Quarantine::~Quarantine() = default;

TakeOutcome Quarantine::Take(const Request& request) { return TakeFile(parts_->context, request); }

Result<std::vector<Item>> Quarantine::List() const { return parts_->context.index.All(); }

Result<Item> Quarantine::Find(const std::string& id) const {
  if (id.size() < kLeastIdLetters) return Fail(ErrorCode::kUnsupported, "an item's id has at least four letters");
  DL_TRY(std::vector<Item> items, List());
  std::erase_if(items, [&](const Item& item) { return !item.id.starts_with(id); });
  if (items.empty()) return Fail(ErrorCode::kUnsupported, "there is no such item");
  if (items.size() > 1) return Fail(ErrorCode::kUnsupported, "more than one item's id begins so");
  return std::move(items.front());
}

Quarantine::Done<RestoreOutcome> Quarantine::Restore(const RestoreRequest& request) {
  return RestoreItem(parts_->context, request);
}
Quarantine::Done<void> Quarantine::Delete(const std::string& id) { return DeleteItem(parts_->context, id); }
Result<std::size_t> Quarantine::Forget(std::int64_t ended_before_ns) {
  Context& context = parts_->context;
  DL_TRY(const std::vector<Item> items, List());
  std::size_t forgotten = 0;
  for (const Item& item : items) {
    if ((item.state != State::kRestored && item.state != State::kDeleted) || item.ended_ns > ended_before_ns) continue;
    // As long as its file is there, the entry says that it may go.
    DL_TRY(const std::optional<os::Fd> blob, context.store.Lock(item.id, Store::Want::kAny));
    if (blob) continue;
    DL_TRY_STATUS(context.index.Remove(item.id));
    ++forgotten;
  }
  return forgotten;
}
Quarantine::Done<void> Quarantine::Export(const std::string& id, int to, bool zip) {
  return ExportItem(parts_->context, id, to, zip);
}
std::vector<Recovered> Quarantine::Recover() { return RecoverAll(parts_->context); }

}  // namespace dl::quarantine
