// Messages (RFC 5322, MIME: RFC 2045 to 2049) and mailboxes, as mail programs read
// them.
//
// A mailbox (mbox) gives its messages, numbered. A message gives its parts, decoded,
// under the names of the files they are: body.txt and body.html where they have none.
// A message within a message is a child, and so read in its turn. Words of the text
// that may be passwords are told before any part is given.
//
// Broken mail is read as widely as some mail program reads it. Multiparts: what
// follows the last delimiter, or the end of the outer multipart, belongs to the part
// before; where the boundary that the header names delimits nothing, lines that begin
// with it do, and if there are none, the first line that looks like a delimiter. Fields
// that stand there twice are read both ways. Not told as damage: a multipart without
// its end and base64 with gaps, of which all that is there has been read.
//
// A message in UTF-16 with its mark, as some programs save one, is read in UTF-8.
//
// GMime is not used. It converts names with iconv, from character sets that the mail
// names, and iconv loads a module of code for each: behind a worker's walls that ends
// the worker. It also gives each multipart one reading only, copies every body into
// its own streams, and reads neither mailboxes with broken separators, yEnc, BinHex
// nor TNEF. This reader borrows what is not encoded, finds delimiters line by line
// once for each level (at most kMaxDepth), and keeps nothing.
#pragma once

#include <string_view>

#include "daylight/unpack/unpacker.h"

namespace dl::unpack {

extern const Unpacker kMail;
extern const Unpacker kMbox;

namespace mail {

// Multiparts in multiparts; and messages in messages that nothing but their type
// shows to be some.
inline constexpr int kMaxDepth = 50;
inline constexpr int kMaxPasswords = 20;

// Gives what is in a message. False: no more is wanted.
bool GiveParts(std::string_view message, Sink& sink, int depth = 0);
// Gives a message as a child; if its content does not show that it is one, and so
// nobody else would read it, what is in it, too.
bool GiveMessage(const ChildInfo& info, std::string_view message, Sink& sink, int depth = 0);

}  // namespace mail
}  // namespace dl::unpack
