// Groups of alternatives. clamscan knows three kinds: single bytes, texts of one
// length without wildcards (these two may be negated), and anything else, which
// it multiplies out to texts before it reads their digits; so do we.
#include <algorithm>

#include "daylight/rules/clamav/pattern_parser.h"
#include "daylight/rules/clamav/text.h"

namespace dl::clamav::internal {
namespace {

// Are all choices of one length, without wildcards and groups inside? Leading
// empty choices are not counted, as there; they fail when they are decoded.
bool IsFixed(std::string_view text) {
  std::size_t length = 0;
  std::size_t first_length = 0;
  for (const char c : text) {
    if (c == '(' || c == ')' || c == '?') return false;
    if (c != '|') {
      ++length;
      continue;
    }
    if (first_length == 0) {
      first_length = length;
    } else if (length != first_length) {
      return false;
    }
    length = 0;
  }
  return first_length == 0 || length == first_length;
}

Status Decode(std::string_view text, bool nocase, std::vector<MaskedByte>& bytes) {
  if (text.size() % 2 != 0) return Fail(ErrorCode::kMalformed, "a choice has an odd number of digits");
  if (text.size() / 2 > kMaxPartBytes) return Fail(ErrorCode::kMalformed, "a choice is longer than 65535 bytes");
  bytes.resize(text.size() / 2);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (!ParseMaskedByte(text[2 * i], text[2 * i + 1], nocase, bytes[i])) {
      return Fail(ErrorCode::kMalformed, "a choice is not hexadecimal");
    }
  }
  return {};
}

// Multiplies out "aa(bb|cc)|dd": recursive descent over at most 15 groups.
class Expander {
 public:
  Expander(std::string_view text, std::size_t max_choices, std::size_t max_bytes)
      : text_(text), max_choices_(max_choices), max_bytes_(max_bytes) {}

  Result<std::vector<std::string>> Run() {
    DL_TRY(std::vector<std::string> choices, Choices());
    if (at_ != text_.size()) return Fail(ErrorCode::kMalformed, "unexpected closing parenthesis");
    return choices;
  }

 private:
  // Up to the end or the closing parenthesis of the group.
  Result<std::vector<std::string>> Choices() {
    std::vector<std::string> all;
    while (true) {
      bool has_group = false;
      DL_TRY(std::vector<std::string> some, Sequence(has_group));
      if (all.empty()) {
        all = std::move(some);
      } else {
        for (std::string& choice : some) all.push_back(std::move(choice));
      }
      DL_TRY_STATUS(Check(all));
      if (at_ == text_.size() || text_[at_] != '|') return all;
      ++at_;
      // clamscan loses count there, and refuses.
      if (has_group && at_ < text_.size() && text_[at_] == '|') {
        return Fail(ErrorCode::kMalformed, "an empty choice behind one with a group in it");
      }
    }
  }

  Result<std::vector<std::string>> Sequence(bool& has_group) {
    std::vector<std::string> texts(1);
    std::size_t size = 0;  // Of all texts.
    while (at_ < text_.size() && text_[at_] != '|' && text_[at_] != ')') {
      if (text_[at_] != '(') {
        const std::size_t end = std::min(text_.find_first_of("(|)", at_), text_.size());
        size += texts.size() * (end - at_);
        if (size > 2 * max_bytes_) return Fail(ErrorCode::kBudget, "alternatives multiply out to too many bytes");
        for (std::string& text : texts) text += text_.substr(at_, end - at_);
        at_ = end;
        continue;
      }
      has_group = true;
      ++at_;
      DL_TRY(const std::vector<std::string> inner, Choices());
      if (at_ == text_.size() || text_[at_] != ')') {
        return Fail(ErrorCode::kMalformed, "missing closing parenthesis");
      }
      ++at_;
      if (texts.size() * inner.size() > max_choices_) {
        return Fail(ErrorCode::kBudget, "alternatives multiply out to too many choices");
      }
      std::vector<std::string> product;
      product.reserve(texts.size() * inner.size());
      size = 0;
      for (const std::string& left : texts) {
        for (const std::string& right : inner) {
          size += left.size() + right.size();
          if (size > 2 * max_bytes_) return Fail(ErrorCode::kBudget, "alternatives multiply out to too many bytes");
          product.push_back(left + right);
        }
      }
      texts = std::move(product);
    }
    return texts;
  }

  Status Check(const std::vector<std::string>& texts) const {
    if (texts.size() > max_choices_) return Fail(ErrorCode::kBudget, "alternatives multiply out to too many choices");
    return {};
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t max_choices_;
  std::size_t max_bytes_;
};

}  // namespace

Result<Choices> ParseChoices(std::string_view text, bool is_negated, const Modifiers& modifiers,
                             std::size_t& budget_choices, std::size_t& budget_bytes) {
  Choices result;
  result.alternative.is_negated = is_negated;
  auto& choices = result.alternative.choices;
  const auto charge = [&](std::size_t bytes) -> Status {
    if (budget_choices == 0 || bytes > budget_bytes) {
      return Fail(ErrorCode::kBudget, "alternatives with too many choices");
    }
    --budget_choices;
    budget_bytes -= bytes;
    return {};
  };
  if (!modifiers.any() && IsFixed(text)) {
    while (true) {
      const std::size_t bar = text.find('|');
      const std::string_view choice = text.substr(0, bar);
      if (choice.empty()) return Fail(ErrorCode::kMalformed, "an empty choice");
      DL_TRY_STATUS(charge(choice.size() / 2));
      DL_TRY_STATUS(Decode(choice, false, choices.emplace_back()));
      if (bar == std::string_view::npos) break;
      text.remove_prefix(bar + 1);
    }
    result.is_of_bytes = choices.front().size() == 1;
    return result;
  }
  if (is_negated) {
    return Fail(ErrorCode::kMalformed,
                "negated alternatives must be of one length, without wildcards, and without modifiers");
  }
  DL_TRY(const std::vector<std::string> texts, Expander(text, budget_choices, budget_bytes).Run());
  choices.reserve(texts.size());
  for (const std::string& choice : texts) {
    DL_TRY_STATUS(charge(choice.size() / 2));
    DL_TRY_STATUS(Decode(choice, modifiers.nocase, choices.emplace_back()));
  }
  return result;
}

}  // namespace dl::clamav::internal
