// Packets between the opener, its client and its children: one message is one
// packet of a SOCK_SEQPACKET socket, with at most one descriptor beside it.
//
//   DL_TRY(const bool sent, opener::SendPacket(socket, bytes, file.get()));
//   DL_TRY(opener::Packet packet, opener::ReceivePacket(socket, buffer));
//
// The kernel keeps packets whole, so there is nothing to reassemble and nobody
// can leave half a message behind. Nothing here waits on a non-blocking socket.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "daylight/base/error.h"
#include "daylight/os/fd.h"

namespace dl::opener {

inline constexpr std::size_t kMaxPacketBytes = 128 * 1024;

struct PacketPair {
  os::Fd ours;  // Non-blocking.
  os::Fd theirs;
};
// Both close on exec; `theirs` blocks.
Result<PacketPair> CreatePacketPair();

// False when the socket is full. `fd`: -1 for none; stays the caller's.
Result<bool> SendPacket(int socket, std::string_view bytes, int fd);

struct Packet {
  std::string_view bytes;  // In the caller's buffer.
  os::Fd fd;               // Invalid when none came.
  bool ended = false;      // The other side is gone.
  bool none = false;       // Nothing there now.
};
// `buffer`: at least kMaxPacketBytes. kMalformed for a packet that is longer than
// that, or that brought more than one descriptor (all of them are closed).
Result<Packet> ReceivePacket(int socket, std::span<char> buffer);

}  // namespace dl::opener
