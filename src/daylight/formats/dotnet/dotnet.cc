#include "daylight/formats/dotnet/dotnet.h"

#include <algorithm>
#include <array>

#include "daylight/formats/dotnet/classes.h"
#include "daylight/formats/dotnet/metadata.h"
#include "daylight/formats/dotnet/types.h"

namespace dl::formats {
namespace {

constexpr std::size_t kMaxGuids = 16;
constexpr std::size_t kMaxUserStrings = 1u << 20;

class FactReader {
 public:
  FactReader(const Metadata& metadata, DotnetFacts& facts) : metadata_(metadata), facts_(facts) {}

  void ReadAll() {
    facts_.version = metadata_.version();
    for (const Metadata::Stream& stream : metadata_.streams()) {
      facts_.streams.push_back({stream.name, stream.offset, stream.size});
    }
    ReadGuids();
    facts_.module_name = Paid(String(Table::kModule, 1, 1));
    ReadConstants();
    ReadTypelib();
    ReadModuleRefs();
    ReadFieldOffsets();
    ReadAssembly();
    ReadAssemblyRefs();
    ReadResources();
    if (metadata_.complete()) facts_.classes = ReadClasses(metadata_, budget_);
    ReadUserStrings();
    facts_.incomplete = budget_.exhausted();
  }

 private:
  std::optional<std::uint32_t> Cell(Table table, std::uint32_t row, std::size_t column) const {
    return metadata_.Cell(table, row, column);
  }
  std::optional<std::string_view> String(Table table, std::uint32_t row, std::size_t column) const {
    return metadata_.String(Cell(table, row, column));
  }
  // Rows may share a text or a blob, so what they show is charged each time.
  template <typename View>
  std::optional<View> Paid(std::optional<View> view) {
    if (view && !budget_.TakeText(view->size())) return std::nullopt;
    return view;
  }
  // Calls `read` with the number of each row that lies in the file.
  template <typename Read>
  void ForEachRow(Table table, Read&& read) {
    for (std::uint32_t row = 1; row <= metadata_.rows(table) && metadata_.HasRow(table, row); ++row) read(row);
  }

  // II.24.2.5, #GUID.
  void ReadGuids() {
    const Metadata::Stream* stream = metadata_.guid_stream();
    if (stream == nullptr) return;
    std::vector<std::string>& guids = facts_.guids.emplace();
    auto cursor = Cursor(metadata_.image().bytes()).From(stream->offset);
    if (!cursor) return;
    for (std::size_t left = std::min<std::size_t>(stream->size / 16, kMaxGuids); left > 0; --left) {
      const auto guid = cursor->ReadBytes(16);
      if (!guid) return;
      guids.push_back(FormatGuid(*guid));
    }
  }
  static std::string FormatGuid(Bytes guid) {
    constexpr std::array<std::size_t, 16> kOrder = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
    std::string out;
    for (std::size_t i = 0; i < 16; ++i) {
      if (i == 4 || i == 6 || i == 8 || i == 10) out += '-';
      const auto b = std::to_integer<unsigned>(guid[kOrder[i]]);
      out += "0123456789abcdef"[b >> 4];
      out += "0123456789abcdef"[b & 15];
    }
    return out;
  }

  // II.22.9, Constant: those of strings.
  void ReadConstants() {
    constexpr std::uint32_t kElementTypeString = 0x0e;
    if (!metadata_.Has(Table::kConstant)) return;
    std::vector<Bytes>& constants = facts_.constants.emplace();
    ForEachRow(Table::kConstant, [&](std::uint32_t row) {
      // The type is one byte; the other is padding.
      if ((*Cell(Table::kConstant, row, 0) & 0xff) != kElementTypeString) return;
      if (const auto value = Paid(metadata_.Blob(Cell(Table::kConstant, row, 2)))) constants.push_back(*value);
    });
  }

  // II.22.10, CustomAttribute: of the assembly, with a constructor of a
  // referenced type that is named GuidAttribute; its argument is the type
  // library's identifier. Of several the last counts.
  void ReadTypelib() {
    constexpr std::uint32_t kParentAssembly = 14, kTypeMemberRef = 3, kClassTypeRef = 1;
    ForEachRow(Table::kCustomAttribute, [&](std::uint32_t row) {
      if (DecodeIndex(*Cell(Table::kCustomAttribute, row, 0), 5).tag != kParentAssembly) return;
      const CodedIndex constructor = DecodeIndex(*Cell(Table::kCustomAttribute, row, 1), 3);
      if (constructor.tag != kTypeMemberRef) return;
      // A null index stands for the first row, here and below.
      const auto parent = Cell(Table::kMemberRef, std::max(constructor.row, 1U), 0);
      if (!parent) return;
      const CodedIndex attribute = DecodeIndex(*parent, 3);
      if (attribute.tag != kClassTypeRef || !metadata_.HasRow(Table::kTypeRef, std::max(attribute.row, 1U))) return;
      const auto name = String(Table::kTypeRef, std::max(attribute.row, 1U), 1);
      if (name && name->substr(0, 13) != "GuidAttribute") return;
      const auto index = Cell(Table::kCustomAttribute, row, 2);
      if (index == 0U) return;
      if (const auto value = metadata_.Blob(index)) ReadGuidAttribute(*value);
    });
  }
  // II.23.3, custom attributes: a prolog, then a counted string.
  void ReadGuidAttribute(Bytes value) {
    Cursor cursor(value);
    const auto prolog = cursor.ReadU16Le();
    const auto length = cursor.ReadU8();
    if (!prolog || *prolog != 1 || !length) return;
    const auto text = cursor.ReadBytes(*length);
    if (!text) return;
    std::string_view typelib = AsText(*text);
    typelib = typelib.substr(0, typelib.find('\0'));
    if (!typelib.empty() && typelib.front() == '\xff') typelib = {};
    facts_.typelib = typelib;
  }

  // II.22.31, ModuleRef.
  void ReadModuleRefs() {
    if (!metadata_.Has(Table::kModuleRef)) return;
    std::vector<std::string_view>& names = facts_.module_refs.emplace();
    ForEachRow(Table::kModuleRef, [&](std::uint32_t row) {
      if (const auto name = Paid(String(Table::kModuleRef, row, 0))) names.push_back(*name);
    });
  }

  // II.22.18, FieldRVA.
  void ReadFieldOffsets() {
    if (!metadata_.Has(Table::kFieldRva)) return;
    std::vector<std::uint64_t>& offsets = facts_.field_offsets.emplace();
    ForEachRow(Table::kFieldRva, [&](std::uint32_t row) {
      if (const auto offset = metadata_.image().OffsetOf(*Cell(Table::kFieldRva, row, 0))) offsets.push_back(*offset);
    });
  }

  DotnetVersion Version(Table table, std::uint32_t row, std::size_t column) const {
    const auto part = [&](std::size_t i) { return static_cast<std::uint16_t>(*Cell(table, row, column + i)); };
    return {part(0), part(1), part(2), part(3)};
  }

  // II.22.2, Assembly: there is one.
  void ReadAssembly() {
    if (!metadata_.HasRow(Table::kAssembly, 1)) return;
    DotnetAssembly& assembly = facts_.assembly.emplace();
    assembly.version = Version(Table::kAssembly, 1, 1);
    assembly.name = Paid(String(Table::kAssembly, 1, 7));
    const auto culture = Paid(String(Table::kAssembly, 1, 8));
    if (culture && !culture->empty()) assembly.culture = culture;
  }

  // II.22.5, AssemblyRef. As in YARA a bad key hides the name, too.
  void ReadAssemblyRefs() {
    if (!metadata_.Has(Table::kAssemblyRef)) return;
    std::vector<DotnetAssemblyRef>& refs = facts_.assembly_refs.emplace();
    ForEachRow(Table::kAssemblyRef, [&](std::uint32_t row) {
      DotnetAssemblyRef& ref = refs.emplace_back();
      ref.version = Version(Table::kAssemblyRef, row, 0);
      const auto key = Paid(metadata_.Blob(Cell(Table::kAssemblyRef, row, 5)));
      if (!key) return;
      if (!key->empty()) ref.public_key_or_token = key;
      ref.name = Paid(String(Table::kAssemblyRef, row, 6));
    });
  }

  // II.22.24, ManifestResource. A resource of this file (null Implementation)
  // is its length and its contents.
  void ReadResources() {
    if (!metadata_.Has(Table::kManifestResource)) return;
    std::vector<DotnetResource>& resources = facts_.resources.emplace();
    const auto base = metadata_.image().OffsetOf(metadata_.resources_rva());
    ForEachRow(Table::kManifestResource, [&](std::uint32_t row) {
      DotnetResource& resource = resources.emplace_back();
      resource.name = Paid(String(Table::kManifestResource, row, 2));
      if (*Cell(Table::kManifestResource, row, 3) != 0 || !base) return;
      const std::uint64_t offset = *base + *Cell(Table::kManifestResource, row, 0);
      auto cursor = Cursor(metadata_.image().bytes()).From(offset);
      if (!cursor) return;
      if (const auto length = cursor->ReadU32Le()) {
        resource.offset = offset + 4;
        resource.length = *length;
      }
    });
  }

  // II.24.2.4, #US: entries of UTF-16 and one last byte that says how it is
  // best compared. An entry of nothing else moves over its length alone.
  void ReadUserStrings() {
    const Metadata::Stream* stream = metadata_.user_string_stream();
    if (stream == nullptr || stream->size == 0) return;
    const Cursor file(metadata_.image().bytes());
    const auto heap = file.Window(stream->offset, stream->size);
    if (!heap || heap->bytes()[0] != std::byte{0}) return;
    std::vector<Bytes>& strings = facts_.user_strings.emplace();
    auto cursor = *file.From(stream->offset);
    static_cast<void>(cursor.Skip(1));
    while (cursor.position() < stream->size && strings.size() < kMaxUserStrings) {
      Cursor after = cursor;
      const auto entry = ReadBlob(after);
      if (!entry) break;
      // Past the length, and past the text without the last byte.
      const std::size_t text_size = entry->empty() ? 0 : entry->size() - 1;
      if (!cursor.Skip(after.position() - cursor.position() - entry->size() + text_size)) break;
      if (text_size == 0) continue;
      if (!budget_.TakeText(text_size)) break;
      strings.push_back(entry->first(text_size));
    }
  }

  const Metadata& metadata_;
  DotnetFacts& facts_;
  DotnetBudget budget_;
};

}  // namespace

Result<DotnetFacts> ParseDotnet(Bytes bytes) {
  DL_TRY(const PeImage image, PeImage::Parse(bytes));
  DotnetFacts facts;
  const auto metadata = Metadata::Parse(image);
  if (!metadata) return facts;
  facts.is_dotnet = true;
  FactReader(*metadata, facts).ReadAll();
  return facts;
}

}  // namespace dl::formats
