// Who may use an HTTP listener: by token, and not by a web page of somebody else's in a
// browser that happens to reach it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "daylight/daemon/http/http_reader.h"

namespace dl::daemon {

// 0, or the status to refuse the request with:
//   400  no Host, or more than one
//   421  a name in Host that is none of `hosts`: with DNS rebinding a page from
//        http://attacker.example comes to have this machine's address, and the browser
//        takes both for one site; but it still names the attacker here. `localhost`
//        and addresses as such cannot be rebound.
//   403  a browser says that the page behind it is of another site (Origin,
//        Sec-Fetch-Site)
// `is_local`: a Unix socket, which no browser reaches: any Host will do.
int RefuseBrowser(const HttpRequest& request, const std::vector<std::string>& hosts, bool is_local);

// Whether the request has `Authorization: Bearer TOKEN`, in a time that does not depend
// on where they differ. Never with an empty `token`.
bool HasToken(const HttpRequest& request, std::string_view token);

}  // namespace dl::daemon
