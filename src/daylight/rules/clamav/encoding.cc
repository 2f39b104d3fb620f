#include "daylight/rules/clamav/encoding.h"

#include <algorithm>

namespace dl::clamav {

namespace {

enum SignatureFlags : std::uint8_t {
  kPua = 1,
  kPlain = 2,
  kHasFileSize = 4,
  kHasEntryPoint = 8,
  kHasSections = 16,
  kHasContext = 32,  // Container, intermediates, icon groups, handler type.
};

enum TokenTag : std::uint64_t { kExactRun, kMaskedRun, kAlternativeToken, kMarkerToken };

constexpr std::size_t kMaxTokens = 1u << 16;

class Writer {
 public:
  explicit Writer(std::vector<std::byte>& out) : out_(out) {}
  void U8(std::uint8_t value) { out_.push_back(std::byte{value}); }
  void Number(std::uint64_t value) {
    while (value >= 0x80) {
      U8(static_cast<std::uint8_t>(value | 0x80));
      value >>= 7;
    }
    U8(static_cast<std::uint8_t>(value));
  }
  // Small negative numbers stay short.
  void Signed(std::int64_t value) {
    Number(static_cast<std::uint64_t>(value) << 1 ^ static_cast<std::uint64_t>(value >> 63));
  }
  void Raw(Bytes bytes) { out_.insert(out_.end(), bytes.begin(), bytes.end()); }
  void Text(std::string_view text) {
    Number(text.size());
    Raw(AsBytes(text));
  }

 private:
  std::vector<std::byte>& out_;
};

Result<std::uint32_t> ReadNumber(Cursor& cursor) {
  DL_TRY(const std::uint64_t value, cursor.ReadUleb128());
  if (value > 0xffffffff) return Fail(ErrorCode::kMalformed, "a number of a signature is too large");
  return static_cast<std::uint32_t>(value);
}

Result<std::int64_t> ReadSigned(Cursor& cursor) {
  DL_TRY(const std::uint64_t value, cursor.ReadUleb128());
  return static_cast<std::int64_t>(value >> 1 ^ (~(value & 1) + 1));
}

// Of things that take at least a byte each.
Result<std::uint32_t> ReadCount(Cursor& cursor) {
  DL_TRY(const std::uint32_t count, ReadNumber(cursor));
  if (count > cursor.remaining()) return Fail(ErrorCode::kTruncated, "a signature is cut off");
  return count;
}

Result<std::string> ReadText(Cursor& cursor) {
  DL_TRY(const std::uint32_t size, ReadCount(cursor));
  DL_TRY(const Bytes bytes, cursor.ReadBytes(size));
  return std::string(AsText(bytes));
}

void PutRange(Writer& writer, const Range& range) {
  writer.Number(range.min);
  writer.Number(range.max);
}
Result<Range> ReadRange(Cursor& cursor) {
  Range range;
  DL_TRY(range.min, ReadNumber(cursor));
  DL_TRY(range.max, ReadNumber(cursor));
  return range;
}

void PutOffset(Writer& writer, const Offset& offset) {
  writer.U8(static_cast<std::uint8_t>(offset.kind));
  if (offset.kind == OffsetKind::kAny) return;
  writer.Number(offset.value);
  writer.Number(offset.section);
  writer.Number(offset.max_shift);
}
Result<Offset> ReadOffset(Cursor& cursor) {
  Offset offset;
  DL_TRY(const std::uint8_t kind, cursor.ReadU8());
  if (kind > static_cast<std::uint8_t>(OffsetKind::kNever)) return Fail(ErrorCode::kMalformed, "no such offset");
  offset.kind = static_cast<OffsetKind>(kind);
  if (offset.kind == OffsetKind::kAny) return offset;
  DL_TRY(offset.value, ReadNumber(cursor));
  DL_TRY(offset.section, ReadNumber(cursor));
  DL_TRY(offset.max_shift, ReadNumber(cursor));
  return offset;
}

void PutMasked(Writer& writer, std::span<const MaskedByte> bytes) {
  for (const MaskedByte byte : bytes) {
    writer.U8(byte.value);
    writer.U8(byte.mask);
  }
}
Result<std::vector<MaskedByte>> ReadMasked(Cursor& cursor, std::size_t count) {
  DL_TRY(const Bytes bytes, cursor.ReadRecords(count, 2));
  std::vector<MaskedByte> out(count);
  for (std::size_t i = 0; i < count; ++i) {
    out[i] = {std::to_integer<std::uint8_t>(bytes[2 * i]), std::to_integer<std::uint8_t>(bytes[2 * i + 1])};
  }
  return out;
}

void PutAlternative(Writer& writer, const Alternative& alternative) {
  writer.U8(alternative.is_negated ? 1 : 0);
  for (const auto& choice : alternative.choices) {
    writer.Number(choice.size());
    PutMasked(writer, choice);
  }
}

void PutTokens(Writer& writer, const Part& part) {
  writer.Number(part.tokens.size());
  for (std::size_t i = 0; i < part.tokens.size();) {
    const Token& token = part.tokens[i];
    if (token.kind == TokenKind::kByte) {
      const bool exact = token.byte.mask == 0xff;
      std::size_t end = i;
      while (end < part.tokens.size() && part.tokens[end].kind == TokenKind::kByte &&
             (part.tokens[end].byte.mask == 0xff) == exact) {
        ++end;
      }
      writer.Number((end - i) << 2 | (exact ? kExactRun : kMaskedRun));
      for (; i < end; ++i) {
        writer.U8(part.tokens[i].byte.value);
        if (!exact) writer.U8(part.tokens[i].byte.mask);
      }
      continue;
    }
    if (token.kind == TokenKind::kAlternative) {
      const Alternative& alternative = part.alternatives[token.index];
      writer.Number(alternative.choices.size() << 2 | kAlternativeToken);
      PutAlternative(writer, alternative);
    } else {
      writer.Number((static_cast<std::uint64_t>(token.kind) << 1 | (token.is_negated ? 1 : 0)) << 2 | kMarkerToken);
    }
    ++i;
  }
}

Status ReadAlternative(Cursor& cursor, std::size_t choices, Part& part) {
  if (choices > cursor.remaining()) return Fail(ErrorCode::kTruncated, "a signature is cut off");
  Alternative alternative;
  DL_TRY(const std::uint8_t negated, cursor.ReadU8());
  alternative.is_negated = negated != 0;
  for (std::size_t i = 0; i < choices; ++i) {
    DL_TRY(const std::uint32_t size, ReadCount(cursor));
    DL_TRY(auto choice, ReadMasked(cursor, size));
    alternative.choices.push_back(std::move(choice));
  }
  Token token;
  token.kind = TokenKind::kAlternative;
  token.index = static_cast<std::uint32_t>(part.alternatives.size());
  part.tokens.push_back(token);
  part.alternatives.push_back(std::move(alternative));
  return {};
}

Status ReadTokens(Cursor& cursor, Part& part) {
  DL_TRY(const std::uint32_t count, ReadCount(cursor));
  if (count > kMaxTokens) return Fail(ErrorCode::kMalformed, "a pattern has too many bytes");
  part.tokens.reserve(count);
  while (part.tokens.size() < count) {
    DL_TRY(const std::uint64_t head, cursor.ReadUleb128());
    const std::uint64_t n = head >> 2;
    switch (head & 3) {
      case kExactRun: {
        if (n == 0 || n > count - part.tokens.size()) return Fail(ErrorCode::kMalformed, "a run of bytes is too long");
        DL_TRY(const Bytes bytes, cursor.ReadBytes(n));
        for (const std::byte byte : bytes) {
          Token token;
          token.byte.value = std::to_integer<std::uint8_t>(byte);
          part.tokens.push_back(token);
        }
        break;
      }
      case kMaskedRun: {
        if (n == 0 || n > count - part.tokens.size()) return Fail(ErrorCode::kMalformed, "a run of bytes is too long");
        DL_TRY(const auto bytes, ReadMasked(cursor, n));
        for (const MaskedByte byte : bytes) {
          Token token;
          token.byte = byte;
          part.tokens.push_back(token);
        }
        break;
      }
      case kAlternativeToken: DL_TRY_STATUS(ReadAlternative(cursor, n, part)); break;
      default: {
        const std::uint64_t kind = n >> 1;
        if (kind < static_cast<std::uint64_t>(TokenKind::kBoundary) ||
            kind > static_cast<std::uint64_t>(TokenKind::kWordMarker)) {
          return Fail(ErrorCode::kMalformed, "no such marker");
        }
        Token token;
        token.kind = static_cast<TokenKind>(kind);
        token.is_negated = (n & 1) != 0;
        part.tokens.push_back(token);
      }
    }
  }
  return {};
}

void PutAnchor(Writer& writer, const Anchor& anchor) {
  writer.U8(anchor.byte.value);
  writer.U8(anchor.byte.mask);
  writer.U8(anchor.min);
  writer.U8(anchor.max);
}
Result<Anchor> ReadAnchor(Cursor& cursor) {
  Anchor anchor;
  anchor.is_there = true;
  DL_TRY(anchor.byte.value, cursor.ReadU8());
  DL_TRY(anchor.byte.mask, cursor.ReadU8());
  DL_TRY(anchor.min, cursor.ReadU8());
  DL_TRY(anchor.max, cursor.ReadU8());
  return anchor;
}

enum PartFlags : std::uint8_t { kHasGap = 1, kHasMarkers = 2, kHasBefore = 4, kHasAfter = 8 };

void PutPattern(Writer& writer, const Pattern& pattern) {
  writer.Number(pattern.parts.size() << 1 | (pattern.is_wide ? 1 : 0));
  for (const Part& part : pattern.parts) {
    std::uint8_t flags = 0;
    if (part.gap_min != 0 || part.gap_max != 0) flags |= kHasGap;
    if (part.left != 0 || part.right != 0) flags |= kHasMarkers;
    if (part.before.is_there) flags |= kHasBefore;
    if (part.after.is_there) flags |= kHasAfter;
    writer.U8(flags);
    if ((flags & kHasGap) != 0) PutRange(writer, {part.gap_min, part.gap_max});
    if ((flags & kHasMarkers) != 0) {
      writer.U8(part.left);
      writer.U8(part.right);
    }
    if (part.before.is_there) PutAnchor(writer, part.before);
    if (part.after.is_there) PutAnchor(writer, part.after);
    PutTokens(writer, part);
  }
}

Result<Pattern> ReadPattern(Cursor& cursor) {
  Pattern pattern;
  DL_TRY(const std::uint32_t head, ReadNumber(cursor));
  pattern.is_wide = (head & 1) != 0;
  if ((head >> 1) > cursor.remaining()) return Fail(ErrorCode::kTruncated, "a signature is cut off");
  for (std::uint32_t i = 0; i < head >> 1; ++i) {
    Part part;
    DL_TRY(const std::uint8_t flags, cursor.ReadU8());
    if ((flags & kHasGap) != 0) {
      DL_TRY(const Range gap, ReadRange(cursor));
      part.gap_min = gap.min;
      part.gap_max = gap.max;
    }
    if ((flags & kHasMarkers) != 0) {
      DL_TRY(part.left, cursor.ReadU8());
      DL_TRY(part.right, cursor.ReadU8());
    }
    if ((flags & kHasBefore) != 0) {
      DL_TRY(part.before, ReadAnchor(cursor));
    }
    if ((flags & kHasAfter) != 0) {
      DL_TRY(part.after, ReadAnchor(cursor));
    }
    DL_TRY_STATUS(ReadTokens(cursor, part));
    pattern.parts.push_back(std::move(part));
  }
  return pattern;
}

void PutByteCompare(Writer& writer, const ByteCompare& compare) {
  writer.Number(compare.reference);
  writer.Signed(compare.offset);
  writer.U8(static_cast<std::uint8_t>(compare.base));
  writer.U8(static_cast<std::uint8_t>((compare.is_little_endian ? 1 : 0) | (compare.is_exact ? 2 : 0)));
  writer.Number(compare.bytes);
  writer.Number(compare.comparisons.size());
  for (const ByteCompare::Comparison& comparison : compare.comparisons) {
    writer.U8(static_cast<std::uint8_t>(comparison.op));
    writer.Signed(comparison.value);
  }
}

Result<ByteCompare> ReadByteCompare(Cursor& cursor) {
  ByteCompare compare;
  DL_TRY(compare.reference, ReadNumber(cursor));
  DL_TRY(compare.offset, ReadSigned(cursor));
  DL_TRY(const std::uint8_t base, cursor.ReadU8());
  if (base > static_cast<std::uint8_t>(ByteCompare::Base::kRaw)) return Fail(ErrorCode::kMalformed, "no such base");
  compare.base = static_cast<ByteCompare::Base>(base);
  DL_TRY(const std::uint8_t flags, cursor.ReadU8());
  compare.is_little_endian = (flags & 1) != 0;
  compare.is_exact = (flags & 2) != 0;
  DL_TRY(compare.bytes, ReadNumber(cursor));
  DL_TRY(const std::uint32_t count, ReadCount(cursor));
  for (std::uint32_t i = 0; i < count; ++i) {
    ByteCompare::Comparison comparison;
    DL_TRY(const std::uint8_t op, cursor.ReadU8());
    comparison.op = static_cast<char>(op);
    DL_TRY(comparison.value, ReadSigned(cursor));
    compare.comparisons.push_back(comparison);
  }
  return compare;
}

void PutSubsignature(Writer& writer, const Subsignature& sub) {
  writer.U8(static_cast<std::uint8_t>(sub.kind));
  switch (sub.kind) {
    case Subsignature::Kind::kBody:
      PutOffset(writer, sub.body.offset);
      writer.Number(sub.body.patterns.size());
      for (const Pattern& pattern : sub.body.patterns) PutPattern(writer, pattern);
      break;
    case Subsignature::Kind::kMacro:
      PutRange(writer, {sub.macro.min, sub.macro.max});
      writer.Number(sub.macro.group);
      break;
    case Subsignature::Kind::kByteCompare: PutByteCompare(writer, sub.byte_compare); break;
    case Subsignature::Kind::kRegexp:
      writer.Text(sub.regexp.trigger);
      writer.Text(sub.regexp.pattern);
      writer.Text(sub.regexp.flags);
      PutOffset(writer, sub.regexp.offset);
      break;
    case Subsignature::Kind::kImageHash: writer.Raw(std::as_bytes(std::span(sub.image_hash.hash))); break;
  }
}

Result<Subsignature> ReadSubsignature(Cursor& cursor) {
  Subsignature sub;
  DL_TRY(const std::uint8_t kind, cursor.ReadU8());
  if (kind > static_cast<std::uint8_t>(Subsignature::Kind::kImageHash)) {
    return Fail(ErrorCode::kMalformed, "no such kind of subsignature");
  }
  sub.kind = static_cast<Subsignature::Kind>(kind);
  switch (sub.kind) {
    case Subsignature::Kind::kBody: {
      DL_TRY(sub.body.offset, ReadOffset(cursor));
      DL_TRY(const std::uint32_t count, ReadCount(cursor));
      for (std::uint32_t i = 0; i < count; ++i) {
        DL_TRY(auto pattern, ReadPattern(cursor));
        sub.body.patterns.push_back(std::move(pattern));
      }
      break;
    }
    case Subsignature::Kind::kMacro: {
      DL_TRY(const Range range, ReadRange(cursor));
      sub.macro.min = range.min;
      sub.macro.max = range.max;
      DL_TRY(sub.macro.group, ReadNumber(cursor));
      break;
    }
    case Subsignature::Kind::kByteCompare: {
      DL_TRY(sub.byte_compare, ReadByteCompare(cursor));
      break;
    }
    case Subsignature::Kind::kRegexp: {
      DL_TRY(sub.regexp.trigger, ReadText(cursor));
      DL_TRY(sub.regexp.pattern, ReadText(cursor));
      DL_TRY(sub.regexp.flags, ReadText(cursor));
      DL_TRY(sub.regexp.offset, ReadOffset(cursor));
      break;
    }
    case Subsignature::Kind::kImageHash: {
      DL_TRY(const Bytes hash, cursor.ReadBytes(sub.image_hash.hash.size()));
      std::transform(hash.begin(), hash.end(), sub.image_hash.hash.begin(),
                     [](std::byte byte) { return std::to_integer<std::uint8_t>(byte); });
      break;
    }
  }
  return sub;
}

}  // namespace

void Encode(const LogicalSignature& signature, std::uint32_t name, std::vector<std::byte>& out) {
  Writer writer(out);
  const bool has_context = !signature.container.empty() || !signature.intermediates.empty() ||
                           !signature.icon_group_1.empty() || !signature.icon_group_2.empty() ||
                           !signature.handler_type.empty();
  writer.U8(static_cast<std::uint8_t>((signature.is_pua ? kPua : 0) | (signature.is_plain ? kPlain : 0) |
                                      (signature.file_size ? kHasFileSize : 0) |
                                      (signature.entry_point ? kHasEntryPoint : 0) |
                                      (signature.sections ? kHasSections : 0) | (has_context ? kHasContext : 0)));
  writer.Number(name);
  writer.U8(static_cast<std::uint8_t>(signature.target));
  if (!signature.is_plain) writer.Text(signature.expression);
  if (signature.file_size) PutRange(writer, *signature.file_size);
  if (signature.entry_point) PutRange(writer, *signature.entry_point);
  if (signature.sections) PutRange(writer, *signature.sections);
  if (has_context) {
    writer.Text(signature.container);
    writer.Number(signature.intermediates.size());
    for (const std::string& type : signature.intermediates) writer.Text(type);
    writer.Text(signature.icon_group_1);
    writer.Text(signature.icon_group_2);
    writer.Text(signature.handler_type);
  }
  writer.Number(signature.subsignatures.size());
  for (const Subsignature& sub : signature.subsignatures) PutSubsignature(writer, sub);
}

Result<StoredSignature> Decode(Cursor& cursor) {
  StoredSignature stored;
  LogicalSignature& signature = stored.signature;
  DL_TRY(const std::uint8_t flags, cursor.ReadU8());
  signature.is_pua = (flags & kPua) != 0;
  signature.is_plain = (flags & kPlain) != 0;
  DL_TRY(stored.name, ReadNumber(cursor));
  DL_TRY(signature.target, cursor.ReadU8());
  signature.expression = "0";
  if (!signature.is_plain) {
    DL_TRY(signature.expression, ReadText(cursor));
  }
  if ((flags & kHasFileSize) != 0) {
    DL_TRY(signature.file_size, ReadRange(cursor));
  }
  if ((flags & kHasEntryPoint) != 0) {
    DL_TRY(signature.entry_point, ReadRange(cursor));
  }
  if ((flags & kHasSections) != 0) {
    DL_TRY(signature.sections, ReadRange(cursor));
  }
  if ((flags & kHasContext) != 0) {
    DL_TRY(signature.container, ReadText(cursor));
    DL_TRY(const std::uint32_t count, ReadCount(cursor));
    for (std::uint32_t i = 0; i < count; ++i) {
      DL_TRY(auto type, ReadText(cursor));
      signature.intermediates.push_back(std::move(type));
    }
    DL_TRY(signature.icon_group_1, ReadText(cursor));
    DL_TRY(signature.icon_group_2, ReadText(cursor));
    DL_TRY(signature.handler_type, ReadText(cursor));
  }
  DL_TRY(const std::uint32_t subs, ReadCount(cursor));
  for (std::uint32_t i = 0; i < subs; ++i) {
    DL_TRY(auto sub, ReadSubsignature(cursor));
    signature.subsignatures.push_back(std::move(sub));
  }
  return stored;
}

void Encode(const ContainerSignature& signature, std::uint32_t name, std::vector<std::byte>& out) {
  Writer writer(out);
  writer.Number(name);
  writer.Text(signature.container);
  writer.Text(signature.file_name);
  writer.Text(signature.checksum);
  for (const auto* range :
       {&signature.container_size, &signature.size_in_container, &signature.real_size, &signature.position}) {
    writer.U8(range->has_value() ? 1 : 0);
    if (range->has_value()) PutRange(writer, **range);
  }
  writer.U8(!signature.is_encrypted ? 2 : *signature.is_encrypted ? 1 : 0);
}

}  // namespace dl::clamav
