// Prints how files are typed and writes their normalised forms, for a
// comparison with what clamscan leaves behind.
//
//   daylight_normalise type FILE...          one line each: type, found, embedded
//   daylight_normalise forms OUTPUT FILE     OUTPUT/nocomment.html and so on
//   daylight_normalise text FILE             normalised text on standard output
//   daylight_normalise links FILE            one line each, fields apart by tabs
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "daylight/formats/filetype/filetype.h"
#include "daylight/formats/html/html.h"
#include "daylight/formats/text/text.h"

namespace {

bool ReadFile(const char* path, std::string& out) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return false;
  out.assign(std::istreambuf_iterator<char>(file), {});
  return true;
}

void Write(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

void PrintTypes(const char* path, const std::string& text) {
  namespace filetype = dl::filetype;
  const auto& table = filetype::MagicTable::Default();
  const filetype::ClamType type = filetype::TypeOf(dl::AsBytes(text), table);
  const filetype::RawTypes raw = filetype::FindTypes(dl::AsBytes(text), type, table);
  std::printf("%s\t%s\t%s\t", path, std::string(TypeName(type)).c_str(), std::string(TypeName(raw.found)).c_str());
  for (const auto& embedded : raw.embedded) {
    std::printf(" %s@%llu", std::string(TypeName(embedded.type)).c_str(),
                static_cast<unsigned long long>(embedded.offset));
  }
  std::printf("\n");
}

void WriteForms(const std::filesystem::path& folder, const std::string& text) {
  const dl::html::Forms forms = dl::html::Normalise(dl::AsBytes(text));
  std::filesystem::create_directories(folder);
  Write(folder / "nocomment.html", forms.nocomment);
  Write(folder / "notags.html", forms.notags);
  if (!forms.javascript.empty()) Write(folder / "javascript", forms.javascript);
  for (std::size_t i = 0; i < forms.data.size(); ++i) Write(folder / ("data" + std::to_string(i)), forms.data[i]);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  const std::string_view command = argv[1];
  std::string text;
  if (command == "type") {
    for (int i = 2; i < argc; ++i) {
      if (ReadFile(argv[i], text)) PrintTypes(argv[i], text);
    }
    return 0;
  }
  if (!ReadFile(argv[argc - 1], text)) return 2;
  if (command == "forms" && argc == 4) {
    WriteForms(argv[2], text);
  } else if (command == "text") {
    const std::string normal = dl::text::NormaliseText(dl::AsBytes(text));
    std::fwrite(normal.data(), 1, normal.size(), stdout);
  } else if (command == "links") {
    for (const auto& link : dl::html::FindLinks(dl::AsBytes(text)).links) {
      std::printf("%s\t%s\t%s\n", std::string(link.kind).c_str(), link.url.c_str(),
                  link.displayed.value_or("(none)").c_str());
    }
  } else {
    return 2;
  }
  return 0;
}
