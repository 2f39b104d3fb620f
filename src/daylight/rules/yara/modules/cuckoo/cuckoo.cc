// The cuckoo module: did the program, when a sandbox ran it, do what an
// expression describes? The report comes with --module-data cuckoo=FILE.
//
// As in YARA every function answers 1 or 0, and 0 when there is no report. A
// report that is not JSON stops YARA's scan; here the answers are undefined and
// the object is incomplete. Whoever takes the option can ask ParseCuckooReport
// beforehand.
#include <memory>
#include <optional>
#include <string_view>

#include "daylight/rules/yara/module.h"
#include "daylight/rules/yara/modules/cuckoo/report.h"

namespace dl::yara {
namespace {

struct State {
  Result<CuckooReport> report;
};

// Parsed when first asked for.
const Result<CuckooReport>& Report(ModuleContext& context) {
  if (!context.state) {
    const Bytes json = context.module_data();
    context.state =
        std::make_shared<State>(State{json.empty() ? Result<CuckooReport>(CuckooReport{}) : ParseCuckooReport(json)});
    if (!static_cast<State*>(context.state.get())->report) {
      context.MarkIncomplete("the report given with --module-data is not usable");
    }
  }
  return static_cast<State*>(context.state.get())->report;
}

// YARA wants a match of at least one byte, so an empty text has none.
bool Matches(ModuleContext& context, const Value& expression, std::string_view text) {
  return !text.empty() && context.RegexpMatches(expression.regexp, text);
}

// 1 when `predicate` holds for one of `list`.
template <typename List, typename Predicate>
Value AnyOf(ModuleContext& context, List CuckooReport::*list, Predicate&& predicate) {
  const Result<CuckooReport>& report = Report(context);
  if (!report) return Value::Undefined();
  for (const auto& item : (*report).*list) {
    if (predicate(item)) return Value::Integer(1);
  }
  return Value::Integer(0);
}

template <std::vector<std::string> CuckooReport::*kList>
Value AnyText(ModuleContext& context, std::span<const Value> args) {
  return AnyOf(context, kList, [&](const std::string& text) { return Matches(context, args[0], text); });
}

bool EqualsNoCase(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i] >= 'A' && text[i] <= 'Z' ? static_cast<char>(text[i] - 'A' + 'a') : text[i];
    if (c != lower[i]) return false;
  }
  return true;
}

template <bool kGet, bool kPost>
Value HttpRequested(ModuleContext& context, std::span<const Value> args) {
  return AnyOf(context, &CuckooReport::http, [&](const HttpRequest& request) {
    if (!request.uri || !request.method) return false;
    const bool wanted =
        (kGet && EqualsNoCase(*request.method, "get")) || (kPost && EqualsNoCase(*request.method, "post"));
    return wanted && Matches(context, args[0], *request.uri);
  });
}

Value HttpUserAgent(ModuleContext& context, std::span<const Value> args) {
  return AnyOf(context, &CuckooReport::http, [&](const HttpRequest& request) {
    return request.user_agent && Matches(context, args[0], *request.user_agent);
  });
}

template <std::vector<NetworkPeer> CuckooReport::*kList>
Value Connected(ModuleContext& context, std::span<const Value> args) {
  return AnyOf(context, kList, [&](const NetworkPeer& peer) {
    return peer.port == args[1].integer && Matches(context, args[0], peer.destination);
  });
}

const StructType& NetworkType() {
  static const StructType type = [] {
    StructType t;
    t.Function("dns_lookup", "r", TypeKind::kInteger, &AnyText<&CuckooReport::resolved_names>);
    t.Function("http_get", "r", TypeKind::kInteger, &HttpRequested<true, false>);
    t.Function("http_post", "r", TypeKind::kInteger, &HttpRequested<false, true>);
    t.Function("http_request", "r", TypeKind::kInteger, &HttpRequested<true, true>);
    t.Function("http_user_agent", "r", TypeKind::kInteger, &HttpUserAgent);
    t.Function("host", "r", TypeKind::kInteger, &AnyText<&CuckooReport::hosts>);
    t.Function("tcp", "ri", TypeKind::kInteger, &Connected<&CuckooReport::tcp>);
    t.Function("udp", "ri", TypeKind::kInteger, &Connected<&CuckooReport::udp>);
    return t;
  }();
  return type;
}
const StructType& RegistryType() {
  static const StructType type = [] {
    StructType t;
    t.Function("key_access", "r", TypeKind::kInteger, &AnyText<&CuckooReport::keys>);
    return t;
  }();
  return type;
}
const StructType& FilesystemType() {
  static const StructType type = [] {
    StructType t;
    t.Function("file_access", "r", TypeKind::kInteger, &AnyText<&CuckooReport::files>);
    return t;
  }();
  return type;
}
const StructType& SyncType() {
  static const StructType type = [] {
    StructType t;
    t.Function("mutex", "r", TypeKind::kInteger, &AnyText<&CuckooReport::mutexes>);
    return t;
  }();
  return type;
}
const StructType& CuckooType() {
  static const StructType type = [] {
    StructType t;
    t.Struct("network", NetworkType())
        .Struct("registry", RegistryType())
        .Struct("filesystem", FilesystemType())
        .Struct("sync", SyncType());
    return t;
  }();
  return type;
}

// The structs must exist, so that their functions can be reached.
void Load(ModuleContext&, StructValue& root) {
  for (const char* name : {"network", "registry", "filesystem", "sync"}) root.Struct(name);
}

}  // namespace

extern const ModuleInfo module_cuckoo;
const ModuleInfo module_cuckoo = {"cuckoo", &CuckooType, &Load};

}  // namespace dl::yara
