#include "daylight/match/matcher.h"
#include "daylight/match/normal_form.h"
#include "daylight/match/program.h"
#include "daylight/match/simulate.h"

namespace dl::match {

class SearchScratch {
 public:
  Simulator simulator;
};

Result<std::vector<std::byte>> CompileSearch(const ParsedRegexp& expression) {
  DL_TRY(const NormalForm form, Normalize(expression.root));
  DL_TRY(const CompiledPrograms programs, CompilePrograms(form, /*with_backward=*/false));
  const auto bytes = std::as_bytes(std::span<const std::uint32_t>(programs.words));
  return std::vector<std::byte>(bytes.begin(), bytes.end());
}

RegexpSearcher::RegexpSearcher() : scratch_(std::make_unique<SearchScratch>()) {}
RegexpSearcher::~RegexpSearcher() = default;

bool RegexpSearcher::Search(Bytes program, std::string_view text) {
  if (reinterpret_cast<std::uintptr_t>(program.data()) % alignof(std::uint32_t) != 0) return false;
  const std::span<const std::uint32_t> words(reinterpret_cast<const std::uint32_t*>(program.data()),
                                             program.size() / sizeof(std::uint32_t));
  return scratch_->simulator.Search(ProgramView(words, false), Text{AsBytes(text)});
}

}  // namespace dl::match
