// The target description of logical signatures and passwords:
// "Engine:51-255,Target:1,FileSize:0-1000,Container:CL_TYPE_ZIP".
#include "daylight/rules/clamav/line_reader.h"
#include "daylight/rules/clamav/text.h"

namespace dl::clamav {
namespace {

constexpr std::size_t kMaxAttributes = 10;
constexpr std::size_t kMaxIntermediates = 16;
constexpr std::uint32_t kLevelOfNewAttributes = 51;
constexpr std::uint32_t kTargets = 15;

Result<Range> ParseRange(std::string_view text) {
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos) return Fail(ErrorCode::kMalformed, "attribute: a range without -");
  const std::string_view min = text.substr(0, dash);
  const std::string_view max = text.substr(dash + 1);
  if (!IsNumber(min) || !IsNumber(max))
    return Fail(ErrorCode::kMalformed, "attribute: a range that is not two numbers");
  return Range{AtoiUnsigned(min), AtoiUnsigned(max)};
}

bool IsExecutable(std::uint32_t target) { return target == 1 || target == 6 || target == 9; }

class Reader {
 public:
  explicit Reader(std::string_view& why) : why_(why) {}

  // False: the signature is not for this engine.
  Result<bool> Take(std::string_view name, std::string_view value, bool is_first) {
    if (name == "Target") {
      if (!IsNumber(value)) return Fail(ErrorCode::kMalformed, "attribute Target is not a number");
      attributes_.target = AtoiUnsigned(value);
      has_target_ = true;
      return true;
    }
    if (name == "Engine") {
      if (!is_first) return Fail(ErrorCode::kMalformed, "attribute Engine is not the first one");
      DL_TRY(engine_, ParseRange(value));
      return true;
    }
    needs_level_ = true;
    if (name == "FileSize") return TakeRange(value, attributes_.file_size);
    if (name == "EntryPoint") return TakeRange(value, attributes_.entry_point);
    if (name == "NumberOfSections") return TakeRange(value, attributes_.sections);
    if (name == "IconGroup1") return TakeText(value, attributes_.icon_group_1, has_icon_group_);
    if (name == "IconGroup2") return TakeText(value, attributes_.icon_group_2, has_icon_group_);
    if (name == "Container") return TakeType(value, attributes_.container);
    if (name == "HandlerType") return TakeType(value, attributes_.handler_type);
    if (name == "Intermediates") return TakeIntermediates(value);
    why_ = "attribute that is not known";
    return false;
  }

  Result<std::optional<Attributes>> Finish() {
    if (needs_level_ && (!engine_ || engine_->min < kLevelOfNewAttributes)) {
      return Fail(ErrorCode::kMalformed, "attributes besides Engine and Target need an Engine of at least 51");
    }
    if (engine_ && (engine_->min > kFunctionalityLevel || engine_->max < kFunctionalityLevel)) {
      why_ = kSkippedForLevel;
      return std::optional<Attributes>();
    }
    if (!has_target_) return Fail(ErrorCode::kMalformed, "no attribute Target");
    if (attributes_.target >= kTargets) {
      why_ = "target type that does not exist";
      return std::optional<Attributes>();
    }
    if (has_icon_group_ && attributes_.target != 1) {
      return Fail(ErrorCode::kMalformed, "attributes IconGroup1 and IconGroup2 need target 1");
    }
    if ((attributes_.entry_point || attributes_.sections) && !IsExecutable(attributes_.target)) {
      return Fail(ErrorCode::kMalformed, "attributes EntryPoint and NumberOfSections need target 1, 6 or 9");
    }
    return std::optional<Attributes>(std::move(attributes_));
  }

 private:
  static Result<bool> TakeRange(std::string_view value, std::optional<Range>& range) {
    DL_TRY(range, ParseRange(value));
    return true;
  }
  static Result<bool> TakeText(std::string_view value, std::string_view& text, bool& is_there) {
    text = value;
    is_there = true;
    return true;
  }
  Result<bool> TakeType(std::string_view value, std::string_view& type) {
    if (!IsFileType(value)) {
      why_ = "file type that is not known";
      return false;
    }
    type = value;
    return true;
  }
  Result<bool> TakeIntermediates(std::string_view value) {
    std::array<std::string_view, kMaxIntermediates> types;
    const std::size_t count = Split(value, '>', types);
    attributes_.intermediates.clear();
    for (const std::string_view type : std::span(types).first(count)) {
      if (!IsFileType(type)) {
        why_ = "file type that is not known";
        return false;
      }
      attributes_.intermediates.emplace_back(type);
    }
    return true;
  }

  std::string_view& why_;
  Attributes attributes_;
  std::optional<Range> engine_;
  bool has_target_ = false;
  bool has_icon_group_ = false;
  bool needs_level_ = false;
};

}  // namespace

Result<std::optional<Attributes>> ParseAttributes(std::string_view text, std::string_view& why) {
  // What stands behind the tenth is dropped, as there.
  std::array<std::string_view, kMaxAttributes> fields;
  const std::size_t count = Split(text, ',', fields);
  Reader reader(why);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t colon = fields[i].find(':');
    if (colon == std::string_view::npos) return Fail(ErrorCode::kMalformed, "attribute without :");
    DL_TRY(const bool is_for_us, reader.Take(fields[i].substr(0, colon), fields[i].substr(colon + 1), i == 0));
    if (!is_for_us) return std::optional<Attributes>();
  }
  return reader.Finish();
}

}  // namespace dl::clamav
