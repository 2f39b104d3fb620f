// What scripts put together out of small parts: literals with signs between them,
// and characters by their numbers.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace dl::unpack {

// "77", "0x4d" or "&H4d", up to 255; -1 if it is none.
int ParseByte(std::string_view number);

// "TVqQ" + "AAMA", and so on with "&", with "." in PHP, or with x = x + "…"; where all of them have at
// least 100 characters together. [begin, end) is where they stand. Escapes stay.
using VisitConcatenation = std::function<bool(std::size_t begin, std::size_t end, const std::string& joined)>;
bool ForEachConcatenation(std::string_view text, const VisitConcatenation& visit);

// chr(77).chr(90), Chr(77) & ChrW(90), [char]77+[char]90: at least 64 of them.
bool ForEachCharCalls(std::string_view text, const std::function<bool(const std::string& bytes)>& visit);

}  // namespace dl::unpack
