#include "daylight/scan/object_digests.h"

#include <algorithm>

namespace dl::scan {

namespace {

// What stays in the first-level cache while each digest looks at it.
constexpr std::size_t kPieceBytes = 16 * 1024;

}  // namespace

void ObjectDigests::Want(Kind kind) {
  One& one = Of(kind);
  one.is_wanted = true;
  if (!has_passed_ && !one.running) one.running.emplace(kind);
}

bool ObjectDigests::wants_any() const {
  return std::any_of(all_.begin(), all_.end(), [](const One& one) { return one.is_wanted; });
}

void ObjectDigests::Update(Bytes bytes) {
  has_passed_ = true;
  Hash(bytes);
}

void ObjectDigests::Hash(Bytes bytes) {
  if (std::none_of(all_.begin(), all_.end(), [](const One& one) { return one.running.has_value(); })) return;
  while (!bytes.empty()) {
    const Bytes piece = bytes.first(std::min(bytes.size(), kPieceBytes));
    for (One& one : all_) {
      if (one.running) one.running->Update(piece);
    }
    bytes = bytes.subspan(piece.size());
  }
}

void ObjectDigests::FinishRunning() {
  for (One& one : all_) {
    if (one.running) one.value = one.running->Finish();
    one.running.reset();
  }
}

Status ObjectDigests::ReadAgain(ObjectSource& object) {
  DL_TRY_STATUS(object.Rewind());
  for (const Kind kind : crypto::kDigestKinds) {
    if (Of(kind).is_wanted && !Of(kind).value) Of(kind).running.emplace(kind);
  }
  while (true) {
    const auto window = object.NextWindow(0);
    if (!window) {
      for (One& one : all_) one.running.reset();
      return Forward(window.error());
    }
    Hash(window->bytes);
    if (window->last) break;
  }
  FinishRunning();
  return {};
}

Result<Bytes> ObjectDigests::Get(ObjectSource& object, Kind kind) {
  FinishRunning();
  has_passed_ = true;
  One& one = Of(kind);
  if (!one.value) {
    one.is_wanted = true;
    DL_TRY_STATUS(ReadAgain(object));
  }
  return one.value->view();
}

}  // namespace dl::scan
