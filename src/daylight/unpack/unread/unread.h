// Archives that others open and Daylight does not yet: they are told, so that nobody
// takes them for read. WIM, ACE, ALZ, EGG, StuffIt, ZPAQ, FreeArc.
#pragma once

#include "daylight/unpack/unpacker.h"

namespace dl::unpack {

extern const Unpacker kUnread;

}  // namespace dl::unpack
