// The math module: statistics over a range of the object or over a string.
//
// Rules compare these results with literals, so each is computed with the
// operations, the precision and the order that YARA uses. Two of its habits
// are kept on purpose: the functions over strings other than entropy see bytes
// from 0x80 on as negative numbers (C's signed char), and min and max compare
// as unsigned numbers. A result that is not a number is undefined.
#include <array>
#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <utility>

#include "daylight/rules/yara/module.h"
#include "daylight/rules/yara/modules/range.h"

namespace dl::yara {
namespace {

constexpr double kPi = 3.141592653589793;

Value Number(double value) { return std::isnan(value) ? Value::Undefined() : Value::Float(value); }

struct Distribution {
  std::array<std::uint64_t, 256> count{};
  std::uint64_t total = 0;

  void Add(Bytes bytes) {
    total += bytes.size();
    // Equal neighbours would wait for each other's counter; four sets of
    // counters make that four times rarer. Not worth clearing for a short text.
    if (bytes.size() >= 4096) {
      std::array<std::array<std::uint32_t, 256>, 4> lanes{};
      std::size_t i = 0;
      for (; i + 4 <= bytes.size(); i += 4) {
        for (std::size_t lane = 0; lane < 4; ++lane) ++lanes[lane][std::to_integer<std::size_t>(bytes[i + lane])];
      }
      for (std::size_t value = 0; value < 256; ++value) {
        for (const auto& lane : lanes) count[value] += lane[value];
      }
      bytes = bytes.subspan(i);
    }
    for (const std::byte b : bytes) ++count[std::to_integer<std::size_t>(b)];
  }
};

// Rule sets ask for the same few ranges over and over, mostly (0, filesize);
// counting is a pass over the object, so the last few answers are kept.
class DistributionCache {
 public:
  using Key = std::pair<std::int64_t, std::int64_t>;
  const Distribution* Find(Key key) const {
    for (const Entry& entry : entries_) {
      if (entry.key == key) return &entry.distribution;
    }
    return nullptr;
  }
  const Distribution& Put(Key key, const Distribution& distribution) {
    if (entries_.size() < kEntries) return entries_.emplace_back(Entry{key, distribution}).distribution;
    Entry& entry = entries_[next_++ % kEntries];
    entry = {key, distribution};
    return entry.distribution;
  }

 private:
  static constexpr std::size_t kEntries = 16;
  struct Entry {
    Key key;
    Distribution distribution;
  };
  std::vector<Entry> entries_;
  std::size_t next_ = 0;
};

// Null where the range is undefined. The key (-1, -1) is the whole object,
// which unlike a range may be empty.
const Distribution* Counted(ModuleContext& context, std::int64_t offset, std::int64_t length, bool whole = false) {
  if (!whole && (offset < 0 || length < 0)) return nullptr;
  if (!context.state) context.state = std::make_shared<DistributionCache>();
  auto& cache = *static_cast<DistributionCache*>(context.state.get());
  const DistributionCache::Key key = whole ? std::pair<std::int64_t, std::int64_t>{-1, -1} : std::pair{offset, length};
  if (const Distribution* known = cache.Find(key)) return known;
  Distribution distribution;
  const auto add = [&distribution](Bytes block) { distribution.Add(block); };
  if (!(whole ? ReadAll(context, add) : ReadRange(context, offset, length, add))) return nullptr;
  return &cache.Put(key, distribution);
}

double Entropy(const Distribution& distribution) {
  double entropy = 0.0;
  for (const std::uint64_t count : distribution.count) {
    if (count == 0) continue;
    const double share = static_cast<double>(count) / static_cast<double>(distribution.total);
    entropy -= share * std::log2(share);
  }
  return entropy;
}

Value EntropyOfRange(ModuleContext& context, std::span<const Value> args) {
  const Distribution* counted = Counted(context, args[0].integer, args[1].integer);
  return counted ? Number(Entropy(*counted)) : Value::Undefined();
}

Value EntropyOfString(ModuleContext&, std::span<const Value> args) {
  Distribution distribution;
  distribution.Add(AsBytes(args[0].string));
  return Number(Entropy(distribution));
}

Value DeviationOfRange(ModuleContext& context, std::span<const Value> args) {
  const Distribution* counted = Counted(context, args[0].integer, args[1].integer);
  if (!counted) return Value::Undefined();
  const double mean = args[2].real;
  double sum = 0.0;
  for (std::size_t i = 0; i < 256; ++i) {
    sum += std::fabs(static_cast<double>(i) - mean) * static_cast<double>(counted->count[i]);
  }
  return Number(sum / static_cast<double>(counted->total));
}

double Signed(char c) { return static_cast<double>(static_cast<signed char>(c)); }

Value DeviationOfString(ModuleContext&, std::span<const Value> args) {
  double sum = 0.0;
  for (const char c : args[0].string) sum += std::fabs(Signed(c) - args[1].real);
  return Number(sum / static_cast<double>(args[0].string.size()));
}

Value MeanOfRange(ModuleContext& context, std::span<const Value> args) {
  const Distribution* counted = Counted(context, args[0].integer, args[1].integer);
  if (!counted) return Value::Undefined();
  double sum = 0.0;
  for (std::size_t i = 0; i < 256; ++i) sum += static_cast<double>(i) * static_cast<double>(counted->count[i]);
  return Number(sum / static_cast<double>(counted->total));
}

Value MeanOfString(ModuleContext&, std::span<const Value> args) {
  double sum = 0.0;
  for (const char c : args[0].string) sum += Signed(c);
  return Number(sum / static_cast<double>(args[0].string.size()));
}

// How far each byte depends on the one before it; the last one's neighbour is
// the first (Knuth, TAOCP 2, 3.3.2.K).
class SerialCorrelation {
 public:
  void Add(double value) {
    if (total_ == 0) first_ = value;
    products_ += last_ * value;
    sum_ += value;
    squares_ += value * value;
    last_ = value;
    ++total_;
  }
  double Finish() const {
    const auto n = static_cast<double>(total_);
    const double products = products_ + last_ * first_;
    const double sum_squared = sum_ * sum_;
    const double divisor = n * squares_ - sum_squared;
    return divisor == 0 ? -100000.0 : (n * products - sum_squared) / divisor;
  }

 private:
  double first_ = 0, last_ = 0, products_ = 0, sum_ = 0, squares_ = 0;
  std::uint64_t total_ = 0;
};

Value SerialCorrelationOfRange(ModuleContext& context, std::span<const Value> args) {
  SerialCorrelation correlation;
  const bool defined = ReadRange(context, args[0].integer, args[1].integer, [&](Bytes block) {
    for (const std::byte b : block) correlation.Add(std::to_integer<unsigned>(b));
  });
  return defined ? Number(correlation.Finish()) : Value::Undefined();
}

Value SerialCorrelationOfString(ModuleContext&, std::span<const Value> args) {
  SerialCorrelation correlation;
  for (const char c : args[0].string) correlation.Add(Signed(c));
  return Number(correlation.Finish());
}

// Six bytes are a point in a square; the share of points within the circle
// gives pi, and the result is how far off that is.
class MonteCarloPi {
 public:
  void Add(double value) {
    (index_ < 3 ? x_ : y_) = (index_ < 3 ? x_ : y_) * 256.0 + value;
    if (++index_ < 6) return;
    ++points_;
    if (x_ * x_ + y_ * y_ <= kRadiusSquared) ++inside_;
    index_ = 0;
    x_ = y_ = 0;
  }
  double Finish() const {
    if (points_ == 0) return std::numeric_limits<double>::quiet_NaN();
    const double pi = 4.0 * (static_cast<double>(inside_) / static_cast<double>(points_));
    return std::fabs((pi - kPi) / kPi);
  }

 private:
  static constexpr double kRadiusSquared = 16777215.0 * 16777215.0;
  double x_ = 0, y_ = 0;
  unsigned index_ = 0;
  std::uint64_t points_ = 0, inside_ = 0;
};

Value MonteCarloPiOfRange(ModuleContext& context, std::span<const Value> args) {
  MonteCarloPi pi;
  const bool defined = ReadRange(context, args[0].integer, args[1].integer, [&](Bytes block) {
    for (const std::byte b : block) pi.Add(std::to_integer<unsigned>(b));
  });
  return defined ? Number(pi.Finish()) : Value::Undefined();
}

Value MonteCarloPiOfString(ModuleContext&, std::span<const Value> args) {
  MonteCarloPi pi;
  // YARA widens the signed byte to an unsigned int, so 0x80 is 2^32 - 128.
  for (const char c : args[0].string) pi.Add(static_cast<std::uint32_t>(static_cast<signed char>(c)));
  return Number(pi.Finish());
}

Value InRange(ModuleContext&, std::span<const Value> args) {
  return Value::Integer(args[1].real <= args[0].real && args[0].real <= args[2].real ? 1 : 0);
}
Value InRangeOfIntegers(ModuleContext&, std::span<const Value> args) {
  return Value::Integer(args[1].integer <= args[0].integer && args[0].integer <= args[2].integer ? 1 : 0);
}

Value Min(ModuleContext&, std::span<const Value> args) {
  const auto a = static_cast<std::uint64_t>(args[0].integer), b = static_cast<std::uint64_t>(args[1].integer);
  return Value::Integer(static_cast<std::int64_t>(std::min(a, b)));
}
Value Max(ModuleContext&, std::span<const Value> args) {
  const auto a = static_cast<std::uint64_t>(args[0].integer), b = static_cast<std::uint64_t>(args[1].integer);
  return Value::Integer(static_cast<std::int64_t>(std::max(a, b)));
}
Value ToNumber(ModuleContext&, std::span<const Value> args) { return Value::Integer(args[0].boolean ? 1 : 0); }
Value Abs(ModuleContext&, std::span<const Value> args) {
  // Unsigned, so that the least integer is its own absolute value, as there.
  const auto bits = static_cast<std::uint64_t>(args[0].integer);
  return Value::Integer(static_cast<std::int64_t>(args[0].integer < 0 ? 0 - bits : bits));
}

Value Count(const Distribution* counted, std::int64_t byte) {
  if (!counted) return Value::Undefined();
  return Value::Integer(static_cast<std::int64_t>(counted->count[static_cast<std::size_t>(byte)]));
}
Value Percentage(const Distribution* counted, std::int64_t byte) {
  if (!counted) return Value::Undefined();
  // Single precision, as there: 2/3 is 0.66666669.
  const auto count = static_cast<float>(counted->count[static_cast<std::size_t>(byte)]);
  return Number(static_cast<double>(count / static_cast<float>(counted->total)));
}
Value Mode(const Distribution* counted) {
  if (!counted) return Value::Undefined();
  std::size_t most = 0;
  for (std::size_t i = 0; i < 256; ++i) {
    if (counted->count[i] > counted->count[most]) most = i;
  }
  return Value::Integer(static_cast<std::int64_t>(most));
}
bool IsByte(const Value& value) { return value.integer >= 0 && value.integer <= 255; }

Value CountInRange(ModuleContext& context, std::span<const Value> args) {
  if (!IsByte(args[0])) return Value::Undefined();
  return Count(Counted(context, args[1].integer, args[2].integer), args[0].integer);
}
Value CountInObject(ModuleContext& context, std::span<const Value> args) {
  if (!IsByte(args[0])) return Value::Undefined();
  return Count(Counted(context, 0, 0, true), args[0].integer);
}
Value PercentageInRange(ModuleContext& context, std::span<const Value> args) {
  if (!IsByte(args[0])) return Value::Undefined();
  return Percentage(Counted(context, args[1].integer, args[2].integer), args[0].integer);
}
Value PercentageInObject(ModuleContext& context, std::span<const Value> args) {
  if (!IsByte(args[0])) return Value::Undefined();
  return Percentage(Counted(context, 0, 0, true), args[0].integer);
}
Value ModeOfRange(ModuleContext& context, std::span<const Value> args) {
  return Mode(Counted(context, args[0].integer, args[1].integer));
}
Value ModeOfObject(ModuleContext& context, std::span<const Value>) { return Mode(Counted(context, 0, 0, true)); }

// Octal and hexadecimal digits are those of the two's complement.
Value ToStringWithBase(ModuleContext& context, std::span<const Value> args) {
  const std::int64_t base = args[1].integer;
  if (base == 10) return Value::String(context.arena().Copy(std::to_string(args[0].integer)));
  if (base != 8 && base != 16) return Value::Undefined();
  std::string digits;
  auto rest = static_cast<std::uint64_t>(args[0].integer);
  const auto radix = static_cast<std::uint64_t>(base);
  do {
    digits.insert(digits.begin(), "0123456789abcdef"[rest % radix]);
    rest /= radix;
  } while (rest != 0);
  return Value::String(context.arena().Copy(digits));
}
Value ToString(ModuleContext& context, std::span<const Value> args) {
  return Value::String(context.arena().Copy(std::to_string(args[0].integer)));
}

const StructType& MathType() {
  static const StructType type = [] {
    constexpr TypeKind kInteger = TypeKind::kInteger, kFloat = TypeKind::kFloat, kString = TypeKind::kString;
    StructType t;
    t.FloatConstant("MEAN_BYTES", 127.5);
    t.Function("in_range", "fff", kInteger, &InRange);
    t.Function("in_range", "iii", kInteger, &InRangeOfIntegers);  // YARA-X.
    t.Function("deviation", "iif", kFloat, &DeviationOfRange);
    t.Function("deviation", "sf", kFloat, &DeviationOfString);
    t.Function("mean", "ii", kFloat, &MeanOfRange);
    t.Function("mean", "s", kFloat, &MeanOfString);
    t.Function("serial_correlation", "ii", kFloat, &SerialCorrelationOfRange);
    t.Function("serial_correlation", "s", kFloat, &SerialCorrelationOfString);
    t.Function("monte_carlo_pi", "ii", kFloat, &MonteCarloPiOfRange);
    t.Function("monte_carlo_pi", "s", kFloat, &MonteCarloPiOfString);
    t.Function("entropy", "ii", kFloat, &EntropyOfRange);
    t.Function("entropy", "s", kFloat, &EntropyOfString);
    t.Function("min", "ii", kInteger, &Min);
    t.Function("max", "ii", kInteger, &Max);
    t.Function("to_number", "b", kInteger, &ToNumber);
    t.Function("abs", "i", kInteger, &Abs);
    t.Function("count", "iii", kInteger, &CountInRange);
    t.Function("count", "i", kInteger, &CountInObject);
    t.Function("percentage", "iii", kFloat, &PercentageInRange);
    t.Function("percentage", "i", kFloat, &PercentageInObject);
    t.Function("mode", "ii", kInteger, &ModeOfRange);
    t.Function("mode", "", kInteger, &ModeOfObject);
    t.Function("to_string", "i", kString, &ToString);
    t.Function("to_string", "ii", kString, &ToStringWithBase);
    return t;
  }();
  return type;
}

void Load(ModuleContext&, StructValue&) {}

}  // namespace

extern const ModuleInfo module_math;
const ModuleInfo module_math = {"math", &MathType, &Load};

}  // namespace dl::yara
