// The functions of Excel's formulas and macro sheets by their numbers.
//
//   XlmFunctionOf(0x6e).name        // "EXEC"
//   XlmFunctionOf(0x8076).name      // "ALERT", a command
#pragma once

#include <cstdint>
#include <string_view>

namespace dl::unpack {

struct XlmFunction {
  std::string_view name;      // Empty: no function has this number.
  std::size_t arguments = 0;  // Of those whose number does not vary.
};

XlmFunction XlmFunctionOf(std::uint16_t number);

}  // namespace dl::unpack
