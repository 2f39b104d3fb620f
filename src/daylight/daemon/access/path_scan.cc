#include "daylight/daemon/access/path_scan.h"

#include <utility>

namespace dl::daemon {

namespace {

// Owned by its ticket: who drops that ends the walk and the scan that is under way.
class PathScan : public std::enable_shared_from_this<PathScan> {
 public:
  PathScan(Scanning& scanning, PeerInfo peer, Protocol protocol, Scanning::Done done)
      : scanning_(scanning), peer_(std::move(peer)), protocol_(protocol), done_(std::move(done)) {}

  ScanTicket Begin(Walking& walking, const std::string& path) {
    walk_ = walking.Start(peer_, path, WalkWants{}, [weak = weak_from_this()](std::optional<WalkedFile> file) {
      if (const auto self = weak.lock()) self->OnFile(std::move(file));
    });
    walk_->Next();
    return ScanTicket(std::shared_ptr<bool>(shared_from_this(), &wanted_));
  }

 private:
  void OnFile(std::optional<WalkedFile> file) {
    if (!file) {
      if (!worst_) Fail("there is no file");
      return End();
    }
    if (file->kind != WalkedFile::Kind::kFile) {
      Fail(file->problem.empty() ? "not a regular file" : file->problem);
      return walk_->Next();
    }
    ticket_ = scanning_.Scan(RequestOf(*file, protocol_, peer_), [weak = weak_from_this()](const ScanOutcome& outcome) {
      const auto self = weak.lock();
      if (self == nullptr) return;
      self->Remember(outcome);
      if (outcome.kind == ScanOutcome::Kind::kInfected) return self->End();
      self->walk_->Next();
    });
  }

  void Fail(const std::string& why) {
    ScanOutcome failed;
    failed.kind = ScanOutcome::Kind::kFailed;
    failed.problem = why;
    Remember(failed);
  }
  // The kinds are in the order of what they are worth telling, but for what is found.
  static int Rank(ScanOutcome::Kind kind) {
    return kind == ScanOutcome::Kind::kInfected ? 100 : static_cast<int>(kind);
  }
  void Remember(const ScanOutcome& outcome) {
    if (!worst_ || Rank(outcome.kind) > Rank(worst_->kind)) worst_ = outcome;
  }
  void End() {
    if (const Scanning::Done done = std::exchange(done_, nullptr)) done(*worst_);
  }

  Scanning& scanning_;
  PeerInfo peer_;
  Protocol protocol_;
  Scanning::Done done_;
  bool wanted_ = true;
  std::unique_ptr<Walk> walk_;
  ScanTicket ticket_;
  std::optional<ScanOutcome> worst_;
};

}  // namespace

ScanTicket ScanPath(Walking& walking, Scanning& scanning, const PeerInfo& peer, const std::string& path,
                    Protocol protocol, Scanning::Done done) {
  return std::make_shared<PathScan>(scanning, peer, protocol, std::move(done))->Begin(walking, path);
}

}  // namespace dl::daemon
