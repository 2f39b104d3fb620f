// IcapSession answers ICAP (RFC 3507): proxies and mail systems hand over what passes
// through them, and are told to let it pass or are given a page instead.
//
//   IcapOptions options;
//   options.istag = [&] { return database_digest; };
//   IcapSession session(connection, scanning, options);
//
// docs/protocols/icap.md says what is spoken. Nothing is passed on before it was read
// whole, but what is larger than `max_body_bytes` where the administrator wants that.
// Borrows all three; one thread.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daylight/daemon/icap/icap_request.h"
#include "daylight/daemon/net/session.h"
#include "daylight/daemon/service/scanning.h"
#include "daylight/daemon/text/chunk_reader.h"
#include "daylight/daemon/text/multipart.h"

namespace dl::daemon {

struct IcapOptions {
  // Names of the one scanner: paths of icap://host/NAME. "*": any.
  std::vector<std::string> services = {"avscan", "srv_clamav", "srv_clamav_req", "squidclamav", "virus_scan"};
  bool offers_reqmod = true;
  bool offers_respmod = true;
  // A preview saves nothing, as all of an object must be read; but some clients ask for
  // an answer without the object (204) only in one. nullopt: none is asked for.
  std::optional<std::uint32_t> preview_bytes = 1024;
  bool allow_204 = true;  // Where a client offers it, outside previews too.
  std::uint32_t max_connections = 100;
  std::uint32_t options_ttl_seconds = 600;
  std::uint64_t max_body_bytes = std::uint64_t{1} << 30;
  bool too_large_blocks = true;  // Else it passes, unread.
  // A part of an object (HTTP 206), or one in an encoding that no scanner of ours opens
  // (`br`): told as not fully read, so that the setting for such objects decides.
  bool partial_is_unread = true;
  std::string service_text = "Daylight";       // In Service:.
  std::function<std::string()> istag;          // Changes whenever verdicts may change.
  std::string block_page;                      // HTML with {name}, {reason}, {url}; empty: one of ours.
  std::size_t max_section_bytes = 160u << 10;  // The encapsulated heads, together.
};

class IcapSession : public Session {
 public:
  IcapSession(Connection& connection, Scanning& scanning, const IcapOptions& options);

  std::size_t OnBytes(std::string_view bytes) override;
  void OnSendReady() override;
  void OnEnd() override;
  void OnTimeout() override;
  Waiting waiting() const override;

 private:
  enum class State : std::uint8_t {
    kHead,       // Of the next request.
    kSections,   // The heads that it encapsulates.
    kBody,       // Kept until it is whole.
    kDiscard,    // The answer was given already; what is left of the body is passed over.
    kScanning,   // Until the outcome comes.
    kReturning,  // The object goes back as it came.
    kRelaying,   // It is too large to be read, and passes through.
    kClosed,
  };
  // What one request is about; the next one begins afresh.
  struct Exchange {
    IcapRequest request;
    std::string sections;
    ChunkReader chunks;
    bool in_preview = false;
    bool is_answered = false;
    SpooledStream stream;
    os::Fd object;  // While it may have to be sent back.
    std::uint64_t size = 0;
    std::uint64_t sent = 0;
    SpoolShare share;
    std::string rest;  // kRelaying: the piece that was too much.
    ScanTicket ticket;
    std::string url;
    std::string pass_lines;  // What is to be said if it passes.
    // The files of an uploaded form are scanned besides the form.
    struct File {
      SpooledObject object;
      std::string name;
    };
    std::optional<MultipartReader> form;
    SpooledStream file;  // The one at hand.
    bool is_in_file = false;
    bool form_has_ended = false;
    bool is_file_unread = false;
    std::deque<File> files;
  };

  bool Step(std::string_view& bytes);
  bool TakeHead(std::string_view& bytes);
  bool TakeSections(std::string_view& bytes);
  bool TakeBody(std::string_view& bytes);
  bool OnData(std::string_view data);
  void BeginForm();
  void TakeForm(std::string_view data);
  bool OnBodyEnd();

  bool CheckSections();
  void BeginScan();
  void ScanNextFile();
  void Scan(ScanRequest request);
  void OnOutcome(const ScanOutcome& outcome);
  void OnTooLarge(std::string_view data);
  std::vector<report::Incomplete> Unread() const;

  void Options();
  std::string Methods() const;
  void Block(const ScanOutcome& outcome, std::string_view reason);
  void Pass(std::string_view lines);
  void BeginReturn(std::string_view lines);
  void SendPiece();
  // An answer without an object. What is left of the body is passed over where that
  // can be found out, else the connection ends.
  void Refuse(int status);
  bool CanAnswer204() const;
  // The head of an answer; `lines` with their ends.
  std::string HeadOf(int status, std::string_view lines) const;
  void Answered();
  void Finish();
  void Close();

  Connection& connection_;
  Scanning& scanning_;
  const IcapOptions& options_;
  State state_ = State::kHead;
  Exchange exchange_;
  bool is_mid_head_ = false;
  bool has_ended_ = false;            // The peer will send no more.
  bool may_have_second_end_ = false;  // See TakeHead().
  bool is_sending_ = false;           // kRelaying: a piece is not yet sent.
};

}  // namespace dl::daemon
