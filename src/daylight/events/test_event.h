// For tests: an event with something in every field.
#pragma once

#include "daylight/events/event.h"

namespace dl::events {

inline Event FullEvent() {
  Event event;
  event.time_ns = 1'796'045'405'123'456'789;  // 2026-11-30T13:30:05.123456789Z
  event.id = "019ad4f0-9c43-71f9-8a00-0123456789ab";
  event.kind = EventKind::kDetection;
  event.verdict = report::Verdict::kDetected;
  event.path = "/srv/in/invoice \"1\" [new].zip";
  event.object = "invoice.zip//a.docm";
  event.sha256.emplace();
  event.sha256->fill(0x5a);
  event.size = 48211;
  event.detections = {{"clamav", "Win.Test.Marker-1", "clamav", "GPL-2.0", "invoice.zip//a.docm"},
                      {"yara", "Macro_Dropper", "local", "", "invoice.zip"}};
  event.incomplete = {{"invoice.zip//c.7z", "encrypted", "AES"}};
  event.protocol = "icap";
  event.client = {"192.0.2.7:50312", 1000, 4711, "/usr/sbin/squid"};
  event.action = Action::kBlocked;
  event.why = "policy: block";
  event.database = "2026-11-30/1";
  event.text = "seen twice";
  return event;
}

}  // namespace dl::events
