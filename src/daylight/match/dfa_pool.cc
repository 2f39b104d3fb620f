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

void DfaPool::CollectSteps() {
  const std::uint64_t steps = last_->dfa->TakeSteps();
  steps_ += steps;
  steps_since_drop_ += steps;
}

void DfaPool::Leave() {
  if (last_ == nullptr || last_->dfa == nullptr) return;
  CollectSteps();
  const std::size_t bytes = last_->dfa->memory_bytes();
  bytes_ += bytes - last_->bytes;
  last_->bytes = bytes;
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

LazyDfa* DfaPool::Find(std::uint32_t name, const ProgramView& program, LazyDfa::Direction direction) {
  const std::uint64_t key = std::uint64_t{name} << 1 | (direction == LazyDfa::Direction::kBackward ? 1 : 0);
  if (key != last_key_ || last_ == nullptr) {
    Leave();
    if (bytes_ > kMaxBytes - LazyDfa::kMaxBytes) DropAll();
    last_ = &entries_[key];
    last_key_ = key;
  }
  Entry& entry = *last_;
  if (resting_object_ == object_) return nullptr;
  if (entry.dfa == nullptr) {
    if (++entry.runs <= kRunsBefore || !LazyDfa::Suits(program)) return nullptr;
    entry.dfa = std::make_unique<LazyDfa>(program, direction);
  }
  if (entry.text != text_) {
    entry.dfa->ForgetRuns();
    if (entry.object != object_) entry.dfa->Forgive();
    entry.text = text_;
    entry.object = object_;
  }
  return entry.dfa.get();
}

std::uint64_t DfaPool::TakeSteps() {
  if (last_ != nullptr && last_->dfa != nullptr) CollectSteps();
  return std::exchange(steps_, 0);
}

std::size_t DfaPool::memory_bytes() const {
  std::size_t bytes = 0;
  for (const auto& [key, entry] : entries_) {
    if (entry.dfa != nullptr) bytes += entry.dfa->memory_bytes();
  }
  return bytes;
}

}  // namespace dl::match
