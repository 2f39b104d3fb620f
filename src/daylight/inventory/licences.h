// Which licence texts are licence expressions.
//
//   IsLicenceExpression("GPL-2.0-or-later AND (MIT OR Zlib)")   // true
//   IsLicenceExpression("GPLv2+ and MIT")                       // false: an rpm of before 2022
#pragma once

#include <string_view>

namespace dl::inventory {

// SPDX 2.3, annex D, with identifiers of SPDX's list that distributions' packages use. A false "no" costs nothing: the
// text is then written as a text. A false "yes" would make a document that others refuse.
bool IsLicenceExpression(std::string_view text);

}  // namespace dl::inventory
