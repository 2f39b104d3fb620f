#include "daylight/unpack/ole/vba.h"

#include <algorithm>
#include <bit>

#include "daylight/unpack/ole/code_page.h"
#include "daylight/unpack/ole/names.h"

namespace dl::unpack {

namespace {

constexpr std::uint8_t kContainer = 0x01;
// 2.4.1.1.5: three bits of every chunk's header.
constexpr unsigned kChunkSignature = 3;

// 2.3.4.2: identifiers of the records that are looked at.
enum RecordId : std::uint16_t {
  kProjectCodePage = 0x0003,
  kProjectName = 0x0004,
  kProjectVersion = 0x0009,
  kModules = 0x000f,
  kReferenceName = 0x0016,
  kReferenceControl = 0x002f,
  kReferenceControlEnd = 0x0030,
  kModuleName = 0x0019,
  kModuleStreamName = 0x001a,
  kModuleStreamNameUnicode = 0x0032,
  kModuleOffset = 0x0031,
  kModuleStandard = 0x0021,
  kModuleClass = 0x0022,
  kModuleNameUnicode = 0x0047,
  kModuleEnd = 0x002b,
};

constexpr std::size_t kMaxModules = 10'000;
constexpr std::size_t kMaxReferences = 10'000;

}  // namespace

VbaDecompressor::VbaDecompressor(Bytes container) : input_(container) {}

Result<Bytes> VbaDecompressor::NextChunk() {
  filled_ = 0;
  if (!is_begun_) {
    is_begun_ = true;
    DL_TRY(const std::uint8_t signature, input_.ReadU8());
    if (signature != kContainer) return Fail(ErrorCode::kMalformed, "not a compressed container");
  }
  // Some programs fill the stream up with zeros.
  const Bytes rest = input_.bytes().subspan(input_.position());
  if (!rest.empty() && rest.front() == std::byte{0} &&
      std::all_of(rest.begin(), rest.end(), [](std::byte b) { return b == std::byte{0}; })) {
    return Bytes();
  }
  if (input_.AtEnd()) return Bytes();
  DL_TRY(const std::uint16_t header, input_.ReadU16Le());
  if ((header >> 12 & 7) != kChunkSignature) return Fail(ErrorCode::kMalformed, "a chunk without its signature");
  const std::size_t size = (header & 0xfffu) + 1;
  const bool is_short = size > input_.remaining();
  const Bytes data = *input_.ReadBytes(std::min(size, input_.remaining()));
  if ((header & 0x8000) == 0) {
    filled_ = std::min(data.size(), chunk_.size());
    std::copy_n(data.begin(), filled_, chunk_.begin());
  } else {
    DL_TRY_STATUS(Decompress(Cursor(data)));
  }
  if (is_short) return Fail(ErrorCode::kTruncated, "the last chunk is cut off");
  return partial();
}

// 2.4.1.3.2: a byte of flags, and for each a byte as it is or a copy of what stands before.
Status VbaDecompressor::Decompress(Cursor tokens) {
  while (!tokens.AtEnd()) {
    const std::uint8_t flags = *tokens.ReadU8();
    for (unsigned i = 0; i < 8 && !tokens.AtEnd(); ++i) {
      if ((flags >> i & 1) == 0) {
        if (filled_ == chunk_.size()) return Fail(ErrorCode::kMalformed, "a chunk of more than 4096 bytes");
        chunk_[filled_++] = (*tokens.ReadBytes(1))[0];
        continue;
      }
      DL_TRY(const std::uint16_t token, tokens.ReadU16Le());
      if (filled_ == 0) return Fail(ErrorCode::kMalformed, "a copy of nothing");
      // 2.4.1.3.19.1: the further on, the more bits say how far back.
      const int offset_bits = std::max(4, static_cast<int>(std::bit_width(filled_ - 1)));
      const unsigned length_mask = 0xffffu >> offset_bits;
      const std::size_t length = (token & length_mask) + 3u;
      const std::size_t back = (static_cast<std::size_t>(token) >> (16 - offset_bits)) + 1;
      if (back > filled_) return Fail(ErrorCode::kMalformed, "a copy from before the chunk");
      if (length > chunk_.size() - filled_) return Fail(ErrorCode::kMalformed, "a chunk of more than 4096 bytes");
      for (std::size_t n = 0; n < length; ++n, ++filled_) chunk_[filled_] = chunk_[filled_ - back];
    }
  }
  return {};
}

VbaDir ParseVbaDir(Bytes dir) {
  VbaDir facts;
  VbaModule module;
  bool is_module = false;
  // 2.3.4.2.2.3: a control's extended name stands within its record, and is the name of the reference once more.
  bool is_control = false;
  const auto text = [&](Bytes bytes) { return CodePageText(bytes, facts.code_page); };
  const auto finish = [&] {
    if (is_module && !module.stream_name.empty()) {
      if (module.name.empty()) module.name = module.stream_name;
      facts.modules.push_back(module);
    }
    module = {};
  };
  Cursor records(dir);
  while (facts.modules.size() < kMaxModules) {
    const auto id = records.ReadU16Le();
    const auto size = records.ReadU32Le();
    if (!id || !size) break;
    // Two numbers follow it, whatever its size says.
    const auto data = records.ReadBytes(*id == kProjectVersion ? 6 : *size);
    if (!data) break;
    Cursor fields(*data);
    switch (*id) {
      case kProjectCodePage: facts.code_page = fields.ReadU16Le().value_or(0); break;
      case kProjectName: facts.name = text(*data); break;
      case kProjectVersion: facts.version = {fields.ReadU32Le().value_or(0), fields.ReadU16Le().value_or(0)}; break;
      case kReferenceName:
        if (!is_control && facts.references.size() < kMaxReferences) facts.references.push_back(text(*data));
        break;
      case kReferenceControl: is_control = true; break;
      case kReferenceControlEnd: is_control = false; break;
      case kModules:
        if (const auto count = fields.ReadU16Le()) facts.module_count = *count;
        break;
      case kModuleName:
        finish();
        is_module = true;
        module.name = text(*data);
        break;
      case kModuleNameUnicode: module.name = PrintableName(*data); break;
      case kModuleStreamName:
        if (module.stream_name.empty()) module.stream_name = text(*data);
        break;
      case kModuleStreamNameUnicode: module.stream_name = PrintableName(*data); break;
      case kModuleOffset: module.offset = fields.ReadU32Le().value_or(0); break;
      case kModuleStandard: module.type = VbaModuleType::kStandard; break;
      case kModuleClass: module.type = VbaModuleType::kClass; break;
      case kModuleEnd:
        finish();
        is_module = false;
        break;
      default: break;
    }
  }
  finish();
  return facts;
}

std::optional<std::size_t> FindVbaSource(Bytes stream) {
  // A signature, a chunk's header, and the first eight bytes behind their flags.
  constexpr std::string_view kBegin("\0Attribut", 9);
  const std::string_view text = AsText(stream);
  // Each costs up to a chunk.
  int tries = 64;
  for (std::size_t at = text.find(kBegin); at != std::string_view::npos; at = text.find(kBegin, at + 1)) {
    if (at < 3 || text[at - 3] != '\x01' || (static_cast<unsigned char>(text[at - 1]) >> 4 & 7) != kChunkSignature) {
      continue;
    }
    if (--tries < 0) break;
    VbaDecompressor source(stream.subspan(at - 3));
    const auto chunk = source.NextChunk();
    if (AsText(chunk ? *chunk : source.partial()).starts_with("Attribute")) return at - 3;
  }
  return std::nullopt;
}

std::size_t VbaSourceBegin(Bytes stream, std::uint64_t offset) {
  if (offset < stream.size() && stream[static_cast<std::size_t>(offset)] == std::byte{kContainer}) {
    return static_cast<std::size_t>(offset);
  }
  return FindVbaSource(stream).value_or(stream.size());
}

std::vector<std::byte> DecompressVba(Bytes container, std::size_t most) {
  std::vector<std::byte> out;
  VbaDecompressor source(container);
  while (out.size() < most) {
    const auto chunk = source.NextChunk();
    const Bytes bytes = chunk ? *chunk : source.partial();
    out.insert(out.end(), bytes.begin(), bytes.end());
    if (!chunk || chunk->empty()) break;
  }
  out.resize(std::min(out.size(), most));
  return out;
}

}  // namespace dl::unpack
