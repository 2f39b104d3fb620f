#include "daylight/opener/messages.h"

#include <gtest/gtest.h>

#include <limits>

#include "daylight/opener/packet.h"

namespace dl::opener {
namespace {

// There and back; each shorter one, and one that is longer, is refused.
template <typename T>
T Through(const T& value) {
  const std::string packet = Encode(77, value);
  EXPECT_LE(packet.size(), kMaxPacketBytes);
  const auto header = ParseHeader(packet);
  EXPECT_TRUE(header);
  EXPECT_EQ(header->id, 77U);
  for (std::size_t size = 0; size < std::min<std::size_t>(packet.size(), 2000); ++size) {
    EXPECT_FALSE(ParseHeader(std::string_view(packet).substr(0, size)));
    // With a header that says so.
    if (size < kHeaderBytes) continue;
    EXPECT_FALSE(Decode<T>(*header, std::string_view(packet).substr(0, size))) << size;
  }
  EXPECT_FALSE(ParseHeader(packet + "x"));
  EXPECT_FALSE(Decode<T>(*header, packet + "x"));
  auto back = Decode<T>(*header, packet);
  EXPECT_TRUE(back);
  return back.value_or(T{});
}

TEST(MessagesTest, EveryFieldComesBack) {
  WalkRequest request;
  request.uid = 1000;
  request.gid = 100;
  request.groups = {4, 24, 4294967294};
  request.path = "/srv/\xff";
  request.exclude = {"*.tmp", ""};
  request.exclude_masks = {"/a//*", "*.log"};
  request.only_masks = {"/b/**"};
  request.recursive = false;
  request.follow = request.one_file_system = request.idle = true;
  request.limit = std::numeric_limits<std::uint64_t>::max();
  const WalkRequest back = Through(request);
  EXPECT_EQ(back.uid, request.uid);
  EXPECT_EQ(back.gid, request.gid);
  EXPECT_EQ(back.groups, request.groups);
  EXPECT_EQ(back.path, request.path);
  EXPECT_EQ(back.exclude, request.exclude);
  EXPECT_EQ(back.exclude_masks, request.exclude_masks);
  EXPECT_EQ(back.only_masks, request.only_masks);
  EXPECT_FALSE(back.recursive);
  EXPECT_TRUE(back.follow && back.one_file_system && back.idle);
  EXPECT_EQ(back.limit, request.limit);

  WalkFile file{"/a", true, "because", 1ULL << 60, -5, 12};
  const WalkFile file_back = Through(file);
  EXPECT_EQ(file_back.path, "/a");
  EXPECT_EQ(file_back.reason, "because");
  EXPECT_EQ(file_back.size, 1ULL << 60);
  EXPECT_EQ(file_back.modified_ns, -5);
  EXPECT_EQ(file_back.owner, 12U);

  AccessEvent event{AccessKind::kWritten, true, true, 5, 6, "/p", "/bin/sh"};
  const AccessEvent event_back = Through(event);
  EXPECT_EQ(event_back.kind, AccessKind::kWritten);
  EXPECT_TRUE(event_back.path_is_foreign && event_back.deleted);
  EXPECT_EQ(event_back.program, "/bin/sh");

  EXPECT_EQ(Through(Verdict{false, true, 9}).generation, 9U);
  EXPECT_EQ(Through(WalkStarted{false, "no"}).reason, "no");
  EXPECT_EQ(Through(WalkEnd{1, 2, 3, true}).skipped, 3U);
  TakeRequest take{"/p", {{"yara", "Rule", "local", "a//b"}}, "why", "r", true, os::FileState{}, {}};
  take.expected->inode = 12;
  take.expected->mode = 0100644;
  take.sha256.emplace().fill(7);
  const TakeRequest take_back = Through(take);
  EXPECT_EQ(take_back.requester, "r");
  EXPECT_EQ(take_back.detections, take.detections);
  EXPECT_EQ(take_back.expected, take.expected);
  EXPECT_EQ(take_back.sha256, take.sha256);
  EXPECT_FALSE(Through(TakeRequest{}).expected);
  EXPECT_EQ(Through(Taken{TakeOutcome::kRefused, "i", "w"}).outcome, TakeOutcome::kRefused);
  EXPECT_EQ(Through(Hello{1, true, false, 5000, 3, false}).wait_ms, 5000U);
  EXPECT_FALSE(Through(Hello{1, true, false, 5000, 3, false}).allow_on_timeout);
  Notice notice;
  notice.kind = kLastNotice;
  notice.count = 12;
  notice.from_s = -1;
  notice.until_s = 1'700'000'000;
  EXPECT_EQ(Through(notice).count, 12U);
  EXPECT_EQ(Through(notice).from_s, -1);
  EXPECT_EQ(Through(notice).until_s, 1'700'000'000);
  Through(Generation{});
  Through(GenerationDone{});
}

TEST(MessagesTest, TheLargestOfEachIsOnePacket) {
  WalkRequest request;
  request.path = std::string(kMaxPathBytes, 'p');
  request.groups.resize(kMaxGroups);
  request.exclude.assign(kMaxExcludes, std::string(kMaxExcludeBytes, 'e'));
  request.exclude_masks.assign(kMaxMasks, std::string(kMaxMaskBytesTogether / kMaxMasks / 2, 'm'));
  request.only_masks = request.exclude_masks;
  EXPECT_EQ(Through(request).exclude.size(), kMaxExcludes);
  EXPECT_EQ(Through(WalkFile{std::string(kMaxPathBytes + 1, 'p'), true, std::string(kMaxTextBytes + 1, 'r'), 0, 0, 0})
                .path.size(),
            kMaxPathBytes);
  const std::string text(kMaxTextBytes, 't');
  TakeRequest take{std::string(kMaxPathBytes, 'p'), {}, text, text, true, os::FileState{}, {}};
  take.detections.assign(kMaxDetections, {text, text, text, text});
  take.sha256.emplace();
  EXPECT_EQ(Through(take).detections.size(), kMaxDetections);
  Through(AccessEvent{AccessKind::kOpen, false, false, 0, 0, std::string(kMaxPathBytes, 'p'), text});
}

TEST(MessagesTest, WhatDoesNotFitIsRefused) {
  const std::string packet = Encode(1, Verdict{true, true, 1});
  const auto header = ParseHeader(packet);
  ASSERT_TRUE(header);
  EXPECT_FALSE(Decode<Taken>(*header, packet));  // Another kind.
  std::string flag = packet;
  flag[kHeaderBytes] = 2;
  EXPECT_FALSE(Decode<Verdict>(*header, flag));
  std::string magic = packet;
  magic[0] = 'X';
  EXPECT_FALSE(ParseHeader(magic));
  std::string access = Encode(1, AccessEvent{});
  access[kHeaderBytes] = 3;  // No such kind.
  EXPECT_FALSE(Decode<AccessEvent>(*ParseHeader(access), access));
  // More elements than there are bytes for, and more than are allowed.
  for (const char high : {'\x00', '\x7f', '\xff'}) {
    std::string request = Encode(1, WalkRequest{});
    request[kHeaderBytes + 8] = '\xff';
    request[kHeaderBytes + 11] = high;
    EXPECT_FALSE(Decode<WalkRequest>(*ParseHeader(request), request));
  }
}

}  // namespace
}  // namespace dl::opener
