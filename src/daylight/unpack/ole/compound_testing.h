// Compound files made in memory, for tests.
//
//   const std::string file = MakeCompound({{u"Macros/VBA/dir", bytes}});
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace dl::unpack {

using CompoundStreams = std::vector<std::pair<std::u16string, std::string>>;

struct CompoundOptions {
  unsigned shift = 9;         // 9 or 12.
  bool is_scattered = false;  // Each stream's sectors in reverse order.
};

class CompoundWriter {
 public:
  explicit CompoundWriter(const CompoundOptions& options)
      : options_(options), sector_(std::size_t{1} << options.shift) {}

  std::string Write(const CompoundStreams& streams) {
    nodes_.push_back({u"Root Entry", 5});
    for (const auto& [path, bytes] : streams) AddStream(path, bytes);
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      if (nodes_[i].type != 2) continue;
      nodes_[i].size = nodes_[i].bytes.size();
      nodes_[i].first = nodes_[i].size < 4096 ? PutMini(nodes_[i].bytes) : Put(nodes_[i].bytes, options_.is_scattered);
    }
    nodes_[0].size = mini_.size();
    nodes_[0].first = Put(mini_, options_.is_scattered);
    const std::uint32_t mini_fat = Put(Numbers(mini_fat_), false);
    const std::uint32_t mini_fat_sectors = static_cast<std::uint32_t>((mini_fat_.size() * 4 + sector_ - 1) / sector_);
    const std::uint32_t directory = Put(Directory(), false);
    // The table has room for itself, and for the table of its places.
    const std::size_t per_sector = sector_ / 4;
    std::size_t tables = 1;
    std::size_t difats = 0;
    for (;;) {
      difats = tables > 109 ? (tables - 109 + per_sector - 2) / (per_sector - 1) : 0;
      if ((fat_.size() + tables + difats) <= tables * per_sector) break;
      ++tables;
    }
    const auto first_table = static_cast<std::uint32_t>(fat_.size());
    for (std::size_t i = 0; i < tables; ++i) fat_.push_back(0xfffffffd);
    for (std::size_t i = 0; i < difats; ++i) fat_.push_back(0xfffffffc);
    std::vector<std::uint32_t> fat = fat_;
    fat.resize(tables * per_sector, 0xffffffff);
    data_ += Numbers(fat);
    for (std::size_t i = 0; i < difats; ++i) {
      std::vector<std::uint32_t> places;
      for (std::size_t k = 0; k + 1 < per_sector; ++k) {
        const std::size_t table = 109 + i * (per_sector - 1) + k;
        places.push_back(table < tables ? first_table + static_cast<std::uint32_t>(table) : 0xffffffff);
      }
      places.push_back(i + 1 < difats ? first_table + static_cast<std::uint32_t>(tables + i + 1) : 0xfffffffe);
      data_ += Numbers(places);
    }
    std::string header("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 8);
    header.append(16, '\0');
    header += U16(0x3e) + U16(options_.shift == 12 ? 4 : 3) + U16(0xfffe) + U16(options_.shift) + U16(6);
    header.append(6, '\0');
    header += U32(0) + U32(static_cast<std::uint32_t>(tables)) + U32(directory) + U32(0) + U32(4096);
    header += U32(mini_fat) + U32(mini_fat_sectors);
    header += U32(difats != 0 ? first_table + static_cast<std::uint32_t>(tables) : 0xfffffffe);
    header += U32(static_cast<std::uint32_t>(difats));
    for (std::size_t i = 0; i < 109; ++i) {
      header += U32(i < tables ? first_table + static_cast<std::uint32_t>(i) : 0xffffffff);
    }
    header.resize(sector_);
    return header + data_;
  }

  static std::string U16(std::uint32_t n) {
    return {static_cast<char>(static_cast<unsigned char>(n)), static_cast<char>(static_cast<unsigned char>(n >> 8))};
  }
  static std::string U32(std::uint32_t n) { return U16(n) + U16(n >> 16); }

 private:
  struct Node {
    std::u16string name;
    std::uint32_t type;
    std::uint32_t right = 0xffffffff;
    std::uint32_t child = 0xffffffff;
    std::uint32_t first = 0xfffffffe;
    std::size_t size = 0;
    std::string bytes = {};
    std::uint32_t last_child = 0xffffffff;
  };

  static std::string Numbers(const std::vector<std::uint32_t>& numbers) {
    std::string out;
    for (const std::uint32_t n : numbers) out += U32(n);
    return out;
  }

  std::uint32_t AddNode(std::uint32_t storage, const std::u16string& name, std::uint32_t type) {
    const auto index = static_cast<std::uint32_t>(nodes_.size());
    nodes_.push_back({name, type});
    Node& parent = nodes_[storage];
    if (parent.last_child == 0xffffffff) {
      parent.child = index;
    } else {
      nodes_[parent.last_child].right = index;
    }
    parent.last_child = index;
    return index;
  }

  void AddStream(const std::u16string& path, const std::string& bytes) {
    std::uint32_t storage = 0;
    std::size_t begin = 0;
    for (std::size_t slash = path.find(u'/'); slash != path.npos; slash = path.find(u'/', begin)) {
      const std::u16string folder = path.substr(0, slash);
      if (!storages_.contains(folder)) storages_[folder] = AddNode(storage, path.substr(begin, slash - begin), 1);
      storage = storages_[folder];
      begin = slash + 1;
    }
    const std::uint32_t index = AddNode(storage, path.substr(begin), 2);
    nodes_[index].bytes = bytes;
  }

  std::uint32_t Put(std::string bytes, bool is_scattered) {
    if (bytes.empty()) return 0xfffffffe;
    bytes.resize((bytes.size() + sector_ - 1) / sector_ * sector_);
    const std::size_t count = bytes.size() / sector_;
    const auto first = static_cast<std::uint32_t>(fat_.size());
    for (std::uint32_t i = 0; i < count; ++i) {
      const std::size_t piece = is_scattered ? count - 1 - i : i;
      data_ += bytes.substr(piece * sector_, sector_);
      const std::uint32_t next = is_scattered ? first + i - 1 : first + i + 1;
      fat_.push_back(piece + 1 == count ? 0xfffffffe : next);
    }
    return is_scattered ? first + static_cast<std::uint32_t>(count) - 1 : first;
  }

  std::uint32_t PutMini(std::string bytes) {
    if (bytes.empty()) return 0xfffffffe;
    const auto first = static_cast<std::uint32_t>(mini_fat_.size());
    bytes.resize((bytes.size() + 63) / 64 * 64);
    mini_ += bytes;
    for (std::size_t i = 0; i < bytes.size() / 64; ++i) {
      mini_fat_.push_back(i + 1 == bytes.size() / 64 ? 0xfffffffe : static_cast<std::uint32_t>(mini_fat_.size()) + 1);
    }
    return first;
  }

  std::string Directory() const {
    std::string out;
    for (const Node& node : nodes_) {
      std::string entry;
      for (const char16_t c : node.name) entry += U16(c);
      entry.resize(64);
      entry += U16(static_cast<std::uint32_t>(node.name.size() * 2 + 2));
      entry += static_cast<char>(node.type);
      entry += '\x01';  // Black.
      entry += U32(0xffffffff) + U32(node.right) + U32(node.child);
      entry.append(0x74 - entry.size(), '\0');
      entry += U32(node.first) + U32(static_cast<std::uint32_t>(node.size)) + U32(0);
      out += entry;
    }
    return out;
  }

  CompoundOptions options_;
  std::size_t sector_;
  std::vector<Node> nodes_;
  std::map<std::u16string, std::uint32_t> storages_;
  std::vector<std::uint32_t> fat_;
  std::vector<std::uint32_t> mini_fat_;
  std::string data_;
  std::string mini_;
};

inline std::string MakeCompound(const CompoundStreams& streams, const CompoundOptions& options = {}) {
  return CompoundWriter(options).Write(streams);
}

}  // namespace dl::unpack
