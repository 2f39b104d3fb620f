#include "daylight/unpack/unread/unread.h"

namespace dl::unpack {

namespace {

using namespace std::string_view_literals;

struct Magic {
  std::size_t offset;
  std::string_view bytes;
  std::string_view detail;
};

// Only what is long enough to be no chance.
constexpr Magic kMagics[] = {
    {0, "MSWIM\0\0\0"sv, "WIM archives are not opened"},
    {0, "WLPWM\0\0\0"sv, "WIM archives are not opened"},
    {7, "**ACE**"sv, "ACE archives are not opened"},
    {0, "ALZ\x01"sv, "ALZ archives are not opened"},
    {0, "EGGA\x00\x01"sv, "EGG archives are not opened"},
    {0, "StuffIt (c)1997-"sv, "StuffIt archives are not opened"},
    {0, "7kSt\xa0\x31\x83\xd3\x8c\xb2\x28\xb0\xd3zPQ"sv, "ZPAQ archives are not opened"},
    {0, "ArC\x01"sv, "FreeArc archives are not opened"},
};

const Magic* Find(const Probe& probe) {
  for (const Magic& magic : kMagics) {
    if (probe.Has(magic.offset, magic.bytes)) return &magic;
  }
  // The creator's mark behind it is fixed.
  static constexpr Magic kOldStuffIt = {0, "SIT!", "StuffIt archives are not opened"};
  return probe.Has(0, kOldStuffIt.bytes) && probe.Has(10, "rLau") ? &kOldStuffIt : nullptr;
}

bool Opens(const Probe& probe) { return Find(probe) != nullptr; }

void UnpackUnread(const Probe& probe, const ChildInfo& /*self*/, Sink& sink) {
  if (const Magic* magic = Find(probe)) sink.Closed("", kUnsupported, magic->detail);
}

}  // namespace

const Unpacker kUnread = {"unread", Opens, UnpackUnread};

}  // namespace dl::unpack
