// The top-level domains that clamscan 1.4 knows. Newer ones are not among them.
#pragma once

#include <string_view>

namespace dl::clamav {

bool IsTopLevelDomain(std::string_view name);
// Of a country: a name below it may be one like co.uk.
bool IsCountryDomain(std::string_view name);

}  // namespace dl::clamav
