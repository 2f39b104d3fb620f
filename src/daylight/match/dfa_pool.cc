#include "daylight/match/dfa_pool.h"

namespace dl::match {

namespace {

// Runs of a program that are simulated before it is worth an automaton.
constexpr std::uint32_t kRunsBefore = 32;
// Automata that were dropped before they saved so many steps are not made again for the same object.
constexpr std::uint64_t kMinStepsBetweenDrops = 1u << 22;

}  // namespace

void DfaPool::SetText(bool is_new_object) {
  ++text_;
  if (is_new_object) ++object_;
}

DfaPool::Entry& DfaPool::EntryOf(std::uint64_t key) {
  Recent& recent = recent_[(key * 0x9e3779b97f4a7c15) >> 56];
  if (recent.entry == nullptr || recent.key != key) recent = {key, &entries_[key]};
  return *recent.entry;
}

void DfaPool::CountBytes(Entry& entry) {
  entry.growth = entry.dfa->growth();
  const std::size_t bytes = entry.dfa->memory_bytes();
  bytes_ += bytes - entry.bytes;
  entry.bytes = bytes;
}

void DfaPool::DropAll() {
  for (auto& [key, entry] : entries_) {
    entry.dfa.reset();
    entry.bytes = 0;
  }
  bytes_ = 0;
  if (steps_since_drop_ < kMinStepsBetweenDrops) resting_object_ = object_;
  steps_since_drop_ = 0;
}

LazyDfa* DfaPool::Find(std::uint32_t name, std::span<const std::uint32_t> words, LazyDfa::Direction direction) {
  const bool is_backward = direction == LazyDfa::Direction::kBackward;
  Entry& entry = EntryOf(std::uint64_t{name} << 1 | (is_backward ? 1 : 0));
  // Only the automaton that ran last can have grown.
  if (last_ != nullptr && last_->dfa != nullptr && last_->growth != last_->dfa->growth()) {
    CountBytes(*last_);
    if (bytes_ > kMaxBytes - LazyDfa::kMaxBytes) DropAll();
  }
  last_ = &entry;
  if (resting_object_ == object_) return nullptr;
  if (entry.dfa == nullptr) {
    if (++entry.runs <= kRunsBefore) return nullptr;
    entry.runs = 0;
    const ProgramView program(words, is_backward);
    if (!LazyDfa::Suits(program)) return nullptr;
    entry.dfa = std::make_unique<LazyDfa>(program, direction, steps_);
    CountBytes(entry);
  }
  if (entry.text != text_) {
    entry.dfa->ForgetRuns();
    if (entry.object != object_) entry.dfa->Forgive();
    entry.text = text_;
    entry.object = object_;
  }
  return entry.dfa.get();
}

std::size_t DfaPool::memory_bytes() const {
  std::size_t bytes = 0;
  for (const auto& [key, entry] : entries_) {
    if (entry.dfa != nullptr) bytes += entry.dfa->memory_bytes();
  }
  return bytes;
}

}  // namespace dl::match
