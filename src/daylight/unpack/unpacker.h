// An unpacker gives what is inside of a container, child by child.
//
//   if (unpacker.opens(probe)) unpacker.unpack(probe, self, sink);
//
// Adding a format is one folder here, with its test and fuzz target, and one line
// in all/unpackers.cc. Everything an unpacker reads is hostile. It never fails:
// what it cannot read it tells the sink, and what was not told counts as read. It
// writes nothing anywhere, keeps nothing from object to object, and asks the sink
// before each child and each piece of one, so that bombs end there.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "daylight/bytes/object_source.h"

namespace dl::unpack {

// Why something stayed unread, as reports name it (Incomplete::reason).
inline constexpr std::string_view kEncrypted = "encrypted";      // No password that is known opens it.
inline constexpr std::string_view kDamaged = "damaged";          // Truncated, or contradicts its format.
inline constexpr std::string_view kUnsupported = "unsupported";  // A variant that is not decoded.
inline constexpr std::string_view kTooLarge = "max-memory";      // Must be in memory as a whole, and is too large.
inline constexpr std::string_view kBudget = "budget";            // Passwords were left that would take too long.

// Unpackers that need the whole container in memory ask for no larger one.
inline constexpr std::uint64_t kMaxWholeBytes = std::uint64_t{256} << 20;

struct ChildInfo {
  // As the container names it, UTF-8 where that can be told; for reports and
  // rules only, never a path that anything opens. Empty: the sink numbers it.
  std::string name;
  std::optional<std::uint64_t> size;  // In bytes, as the container says; a hint.
  // Bytes of the container as they stand in it: what searches bytes for more has
  // seen them.
  bool is_part = false;
};

// Takes what an unpacker finds. Where a function returns false no more is
// wanted: the unpacker returns at once, and the sink has told why.
class Sink {
 public:
  virtual ~Sink() = default;
  // A child in memory; borrowed until it returns.
  virtual bool Add(const ChildInfo& info, Bytes bytes) = 0;
  // A child that `pull` gives piece by piece, 0 at its end. A child whose rest
  // cannot be read ends there, and Closed() says so.
  virtual bool AddStream(const ChildInfo& info, const StreamSource::Pull& pull) = 0;
  // Whether the child that AddStream() has just taken is wanted once more, as it was
  // too large to be held and must be unpacked as it passes. An unpacker that can,
  // gives it again.
  virtual bool WantsAgain() const { return false; }
  virtual bool AddAgain(const ChildInfo&, const StreamSource::Pull&) { return true; }
  // An entry without bytes (a folder, a link), which takes time all the same.
  virtual bool Pass() = 0;
  // That something stayed unread. `child`: its name; empty for the container.
  virtual void Closed(std::string_view child, std::string_view reason, std::string_view detail) = 0;
  // What to try on what is encrypted, the likeliest first.
  virtual std::span<const std::string> passwords() const = 0;
  // Whether a key may be derived from a password, which takes so many rounds of
  // hashing. False: no more are tried, and the unpacker tells kBudget.
  virtual bool ChargeKey(std::uint64_t) { return true; }
  // A word that may open what comes next, as the container's own text has it.
  virtual void AddPassword(std::string_view) {}
};

// The object, and what of it is looked at to tell which unpackers open it.
struct Probe {
  static constexpr std::size_t kHeadBytes = 64u << 10;
  static constexpr std::size_t kTailBytes = 64u << 10;
  Bytes head;              // The first kHeadBytes, or all there are.
  Bytes tail;              // The last kTailBytes, or all there are; empty where they cannot be had.
  std::uint64_t size = 0;  // In bytes.
  ObjectSource& object;    // For what stands elsewhere.

  // Whether these bytes stand there in the head.
  bool Has(std::size_t offset, std::string_view bytes) const {
    return offset <= head.size() && AsText(head.subspan(offset)).starts_with(bytes);
  }
};

struct Unpacker {
  std::string_view name;
  // By the content alone. More than one may open an object, and all that do read it.
  bool (*opens)(const Probe& probe);
  // `self`: what the container itself is called.
  void (*unpack)(const Probe& probe, const ChildInfo& self, Sink& sink);
};

}  // namespace dl::unpack
