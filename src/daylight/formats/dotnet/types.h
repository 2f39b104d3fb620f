// TypeNames writes types of .NET metadata as C# and YARA write them: classes of
// the type tables by their full name, and signatures (ECMA-335 II.23.2).
//
//   TypeNames names(metadata, budget);
//   Cursor signature(blob);
//   const auto type = names.OfSignature(signature, {class_parameters, method_parameters});
//
// Hostile metadata can make a small signature stand for gigabytes of text; all
// work and text is charged to the budget, and a name that it cannot pay for is
// absent. Borrows both. One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "daylight/formats/dotnet/metadata.h"

namespace dl::formats {

// What the facts of one file may cost.
class DotnetBudget {
 public:
  static constexpr std::size_t kTextBytes = 64u << 20;  // Text of all facts and of the names they are made of.
  static constexpr std::size_t kSteps = 4u << 20;       // Types looked at.
  static constexpr std::size_t kMethods = 100'000;      // A type can claim any range of methods.

  bool TakeText(std::size_t bytes) { return Take(text_left_, bytes); }
  bool TakeStep() { return Take(steps_left_, 1); }
  bool TakeMethod() { return Take(methods_left_, 1); }
  bool exhausted() const { return exhausted_; }

 private:
  bool Take(std::size_t& left, std::size_t amount) {
    if (amount > left) {
      exhausted_ = true;
      return false;
    }
    left -= amount;
    return true;
  }
  std::size_t text_left_ = kTextBytes;
  std::size_t steps_left_ = kSteps;
  std::size_t methods_left_ = kMethods;
  bool exhausted_ = false;
};

// Names of generic parameters in scope, by number.
struct GenericScope {
  std::span<const std::string_view> of_class;
  std::span<const std::string_view> of_method;
};

// "namespace.name", without the count after a backtick that generic types have.
std::optional<std::string> JoinName(std::optional<std::string_view> name, std::optional<std::string_view> name_space);

class TypeNames {
 public:
  TypeNames(const Metadata& metadata, DotnetBudget& budget);

  // The type that a TypeDefOrRef coded index points to.
  std::optional<std::string> OfCodedIndex(std::uint32_t coded, GenericScope scope) { return OfIndex(coded, scope, 0); }
  // The type that begins at the cursor, which moves past it.
  std::optional<std::string> OfSignature(Cursor& cursor, GenericScope scope) { return OfType(cursor, scope, 0); }
  // Full name of the type around a nested one (row of TypeDef).
  std::optional<std::string> Enclosing(std::uint32_t nested_row) { return EnclosingAt(nested_row, 1); }

 private:
  std::optional<std::string> OfIndex(std::uint32_t coded, GenericScope scope, unsigned depth);
  std::optional<std::string> OfType(Cursor& cursor, GenericScope scope, unsigned depth);
  std::optional<std::string> OfArray(Cursor& cursor, GenericScope scope, unsigned depth);
  std::optional<std::string> OfList(Cursor& cursor, GenericScope scope, unsigned depth, std::uint32_t count,
                                    std::string_view separator);
  std::optional<std::string> EnclosingAt(std::uint32_t nested_row, unsigned depth);
  std::optional<std::string> Paid(std::optional<std::string> name);

  const Metadata& metadata_;
  DotnetBudget& budget_;
  std::unordered_map<std::uint32_t, std::uint32_t> enclosing_;  // NestedClass: first row of each.
};

// II.23.1.15: whether these flags of a TypeDef say that it is nested.
bool IsNestedType(std::uint32_t flags);

}  // namespace dl::formats
