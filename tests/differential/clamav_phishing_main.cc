// Prints which names our check of links finds, for clamav_phishing.py:
//
//   clamav_phishing_main DATABASE... -- FILE...
//
// A database is a .pdb, .wdb or .gdb file. A line of output is FILE, a tab, and
// the names, with commas between them; lines that are refused are told first:
// "refused", a tab, the line.
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

#include "daylight/formats/filetype/filetype.h"
#include "daylight/rules/clamav/phishing.h"

namespace {

using dl::clamav::FileKind;

FileKind KindOf(const std::string& path) {
  if (path.ends_with(".wdb")) return FileKind::kWdb;
  return path.ends_with(".gdb") ? FileKind::kGdb : FileKind::kPdb;
}

void Load(const std::string& path, dl::clamav::Phishing& phishing) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (const auto added = phishing.Add(KindOf(path), line); !added) {
      std::cout << "refused\t" << line << "\t" << added.error().what << "\n";
    }
  }
}

bool IsMail(dl::Bytes bytes) {
  const dl::filetype::MagicTable& table = dl::filetype::MagicTable::Default();
  const auto type = dl::filetype::TypeOf(bytes, table);
  dl::filetype::RawTypes raw;
  if (dl::filetype::LooksForTypes(type)) raw = dl::filetype::FindTypes(bytes, type, table);
  return dl::clamav::IsReadAsMail(type, raw);
}

}  // namespace

int main(int count, char** arguments) {
  dl::clamav::Phishing phishing;
  int i = 1;
  for (; i < count && std::string_view(arguments[i]) != "--"; ++i) Load(arguments[i], phishing);
  for (++i; i < count; ++i) {
    std::ifstream file(arguments[i], std::ios::binary);
    const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    dl::clamav::PhishingVerdict verdict;
    if (IsMail(dl::AsBytes(text))) verdict = dl::clamav::FindPhishing(dl::AsBytes(text), phishing);
    std::cout << arguments[i] << "\t";
    for (const std::string& name : verdict.names) std::cout << name << ",";
    std::cout << "\n";
  }
  return 0;
}
