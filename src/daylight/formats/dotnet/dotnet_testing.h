// DotnetBuilder makes small .NET files for tests, with any metadata tables.
//
//   DotnetBuilder b;
//   b.Row(Table::kTypeDef, {b.U32(1), b.Text("Name"), b.Text("Space"), b.U16(0), b.U16(1), b.U16(1)});
//   const std::vector<std::byte> file = b.Build();
//
// Indexes are as wide as the caller writes them (Text and Blob: 2 bytes).
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "daylight/formats/dotnet/metadata.h"

namespace dl::formats {

class DotnetBuilder {
 public:
  static std::string U16(std::uint32_t value) { return Le(value, 2); }
  static std::string U32(std::uint32_t value) { return Le(value, 4); }
  // Adds to the heap; the index as a cell.
  std::string Text(std::string_view text) {
    const std::string cell = U16(static_cast<std::uint32_t>(strings_.size()));
    strings_ += text;
    strings_ += '\0';
    return cell;
  }
  std::string Blob(std::string_view bytes) {
    const std::string cell = U16(static_cast<std::uint32_t>(blobs_.size()));
    blobs_ += Length(bytes.size());
    blobs_ += bytes;
    return cell;
  }
  // A length as #Blob and #US have it.
  static std::string Length(std::size_t size) {
    const auto byte = [](std::size_t value) { return std::string(1, static_cast<char>(value & 0xff)); };
    if (size < 0x80) return byte(size);
    if (size < 0x4000) return byte(0x80 | size >> 8) + byte(size);
    return byte(0xc0 | size >> 24) + byte(size >> 16) + byte(size >> 8) + byte(size);
  }
  void Row(Table table, std::initializer_list<std::string> cells) {
    auto& entry = tables_[static_cast<std::size_t>(table)];
    ++entry.rows;
    for (const std::string& cell : cells) entry.bytes += cell;
  }
  // What the header says, whatever rows there are.
  void DeclareRows(Table table, std::uint32_t rows) { declared_[static_cast<std::size_t>(table)] = rows; }
  void DeclareTable(std::size_t number, std::uint32_t rows) { declared_[number] = rows; }

  std::string user_strings = std::string(1, '\0');
  std::string guids;
  std::string tables_stream = "#~";
  std::string resources;
  std::uint8_t heap_sizes = 0;
  bool pe32_plus = false;

  std::vector<std::byte> Build() const {
    const std::string tables = Tables();
    const std::array<std::pair<std::string, const std::string*>, 5> streams = {{{tables_stream, &tables},
                                                                                {"#Strings", &strings_},
                                                                                {"#US", &user_strings},
                                                                                {"#GUID", &guids},
                                                                                {"#Blob", &blobs_}}};
    std::string headers, bodies;
    std::size_t headers_size = 0;
    for (const auto& [name, body] : streams) headers_size += 8 + name.size() + 4 - name.size() % 4;
    const std::size_t root_size = 16 + 12 + 4 + headers_size;
    for (const auto& [name, body] : streams) {
      headers +=
          U32(static_cast<std::uint32_t>(root_size + bodies.size())) + U32(static_cast<std::uint32_t>(body->size()));
      headers += name + std::string(4 - name.size() % 4, '\0');
      bodies += *body;
    }
    const std::string metadata = U32(0x424a5342) + U16(1) + U16(1) + U32(0) + U32(12) +
                                 std::string("v4.0.30319\0\0", 12) + U16(0) +
                                 U16(static_cast<std::uint32_t>(streams.size())) + headers + bodies;
    constexpr std::uint32_t kRva = 0x2000;
    const auto resources_rva = static_cast<std::uint32_t>(kRva + 72 + metadata.size());
    const std::string cli = U32(72) + U16(2) + U16(5) + U32(kRva + 72) +
                            U32(static_cast<std::uint32_t>(metadata.size())) + U32(1) + U32(0) + U32(resources_rva) +
                            U32(static_cast<std::uint32_t>(resources.size())) + std::string(72 - 32, '\0');
    const std::string section = cli + metadata + resources;

    const std::size_t optional_size = pe32_plus ? 240 : 224;
    std::string pe = "MZ" + std::string(58, '\0') + U32(64) + std::string("PE\0\0", 4);
    pe += U16(pe32_plus ? 0x8664 : 0x14c) + U16(1) + std::string(12, '\0') +
          U16(static_cast<std::uint32_t>(optional_size)) + U16(0x2000);
    std::string optional(optional_size, '\0');
    optional.replace(0, 2, U16(pe32_plus ? 0x20b : 0x10b));
    optional.replace(36, 4, U32(0x200));
    const std::size_t directories = optional_size - 128;
    optional.replace(directories - 4, 4, U32(16));
    optional.replace(directories + 14 * 8, 8, U32(kRva) + U32(72));
    pe += optional;
    pe += std::string(".text\0\0\0", 8) + U32(static_cast<std::uint32_t>(section.size())) + U32(kRva) +
          U32(static_cast<std::uint32_t>(section.size())) + U32(0x200) + std::string(16, '\0');
    pe.resize(0x200, '\0');
    pe += section;
    // YARA wants a stream's name readable in full, and so do we.
    pe += std::string(32, '\0');
    const Bytes bytes = AsBytes(pe);
    return {bytes.begin(), bytes.end()};
  }

 private:
  struct TableRows {
    std::uint32_t rows = 0;
    std::string bytes;
  };
  static std::string Le(std::uint32_t value, int width) {
    std::string out;
    for (int i = 0; i < width; ++i) out += static_cast<char>(value >> (8 * i) & 0xff);
    return out;
  }
  std::string Tables() const {
    std::map<std::size_t, std::uint32_t> rows = declared_;
    for (const auto& [number, table] : tables_) rows.try_emplace(number, table.rows);
    std::uint64_t valid = 0;
    std::string counts, bytes;
    for (const auto& [number, count] : rows) {
      valid |= std::uint64_t{1} << number;
      counts += U32(count);
    }
    for (const auto& [number, table] : tables_) bytes += table.bytes;
    return U32(0) + std::string("\2\0", 2) + static_cast<char>(heap_sizes) + '\1' +
           U32(static_cast<std::uint32_t>(valid)) + U32(static_cast<std::uint32_t>(valid >> 32)) +
           std::string(8, '\0') + counts + ((heap_sizes & 0x40) != 0 ? U32(0xdeadbeef) : std::string()) + bytes;
  }

  std::string strings_ = std::string(1, '\0');
  std::string blobs_ = std::string(1, '\0');
  std::map<std::size_t, TableRows> tables_;
  std::map<std::size_t, std::uint32_t> declared_;
};

}  // namespace dl::formats
