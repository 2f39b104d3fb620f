#include "daylight/rules/yara/modules/cuckoo/report.h"

#include <array>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

namespace dl::yara {
namespace {

// Where in the report a value stands.
enum class Place : std::uint8_t {
  kTop,  // The document itself.
  kRoot,
  kNetwork,
  kBehavior,
  kSummary,
  kDomains,
  kDns,
  kHttp,
  kHosts,
  kTcp,
  kUdp,
  kKeys,
  kFiles,
  kMutexes,
  kRecord,  // An object in one of the lists above.
  kOther,
};

struct Step {
  Place parent;
  std::string_view key;
  Place child;
};
constexpr std::array<Step, 12> kSteps = {{
    {Place::kRoot, "network", Place::kNetwork},
    {Place::kRoot, "behavior", Place::kBehavior},
    {Place::kBehavior, "summary", Place::kSummary},
    {Place::kNetwork, "domains", Place::kDomains},
    {Place::kNetwork, "dns", Place::kDns},
    {Place::kNetwork, "http", Place::kHttp},
    {Place::kNetwork, "hosts", Place::kHosts},
    {Place::kNetwork, "tcp", Place::kTcp},
    {Place::kNetwork, "udp", Place::kUdp},
    {Place::kSummary, "keys", Place::kKeys},
    {Place::kSummary, "files", Place::kFiles},
    {Place::kSummary, "mutexes", Place::kMutexes},
}};

bool IsList(Place place) { return place >= Place::kDomains && place <= Place::kMutexes; }
bool IsListOfRecords(Place place) {
  return place == Place::kDomains || place == Place::kDns || place == Place::kHttp || place == Place::kTcp ||
         place == Place::kUdp;
}

// Follows the parser through the document and keeps only what is asked for.
class Reader final : public nlohmann::json_sax<nlohmann::json> {
 public:
  using nlohmann::json_sax<nlohmann::json>::binary_t;

  bool null() override { return Scalar(nullptr, nullptr); }
  bool boolean(bool) override { return Scalar(nullptr, nullptr); }
  bool number_integer(std::int64_t value) override { return Scalar(nullptr, &value); }
  bool number_unsigned(std::uint64_t value) override {
    const auto bits = static_cast<std::int64_t>(value);
    return Scalar(nullptr, &bits);
  }
  bool number_float(double, const std::string&) override { return Scalar(nullptr, nullptr); }
  bool string(std::string& value) override {
    if (const std::size_t nul = value.find('\0'); nul != std::string::npos) value.resize(nul);
    return Scalar(&value, nullptr);
  }
  bool binary(binary_t&) override { return Scalar(nullptr, nullptr); }
  bool key(std::string& name) override {
    key_ = name;
    return true;
  }
  bool start_object(std::size_t) override {
    const Place place = Enter();
    if (place == Place::kRecord) record_ = {};
    // A list that is an object has nothing to iterate over.
    return Push(IsList(place) ? Place::kOther : place);
  }
  bool end_object() override {
    const Place place = stack_.back();
    stack_.pop_back();
    return place != Place::kRecord || FinishRecord(stack_.back());
  }
  bool start_array(std::size_t) override {
    const Place place = Enter();
    return Push(IsList(place) ? place : Place::kOther);
  }
  bool end_array() override {
    stack_.pop_back();
    return true;
  }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
    if (!error_) error_ = Error{ErrorCode::kMalformed, "not valid JSON", position};
    return false;
  }

  const std::optional<Error>& error() const { return error_; }
  CuckooReport Take() {
    report_.resolved_names = std::move(has_domains_ ? domains_ : dns_);
    return std::move(report_);
  }

 private:
  struct Record {
    std::optional<std::string> ip, domain, hostname, uri, method, user_agent, destination;
    std::optional<std::int64_t> port;
  };

  // Classifies the value that begins now. A name met again replaces what its
  // first value had given.
  Place Enter() {
    if (stack_.empty()) return Place::kRoot;
    const Place parent = stack_.back();
    if (IsListOfRecords(parent)) return Place::kRecord;
    if (parent == Place::kRecord) {
      Field(nullptr, nullptr);
      return Place::kOther;
    }
    for (const Step& step : kSteps) {
      if (step.parent == parent && step.key == key_) {
        Forget(step.child);
        return step.child;
      }
    }
    return Place::kOther;
  }

  bool Push(Place place) {
    if (stack_.size() >= kMaxCuckooDepth) return Refuse("report nested too deeply");
    // An array is not the place of names.
    stack_.push_back(place);
    return true;
  }

  bool Scalar(const std::string* text, const std::int64_t* number) {
    if (stack_.empty()) {
      error_ = Error{ErrorCode::kMalformed, "a report is an object", 0};
      return false;
    }
    const Place parent = stack_.back();
    if (parent == Place::kRecord) {
      Field(text, number);
      return true;
    }
    if (std::vector<std::string>* list = Texts(parent)) {
      // An empty text matches no expression, so it need not be kept.
      if (text == nullptr || text->empty()) return true;
      if (!Count()) return false;
      list->push_back(*text);
      return true;
    }
    static_cast<void>(Enter());
    return true;
  }

  void Field(const std::string* text, const std::int64_t* number) {
    const auto set = [text](std::optional<std::string>& field) {
      text ? static_cast<void>(field = *text) : field.reset();
    };
    if (key_ == "ip") set(record_.ip);
    if (key_ == "domain") set(record_.domain);
    if (key_ == "hostname") set(record_.hostname);
    if (key_ == "uri") set(record_.uri);
    if (key_ == "method") set(record_.method);
    if (key_ == "user-agent") set(record_.user_agent);
    if (key_ == "dst") set(record_.destination);
    if (key_ == "dport") number ? static_cast<void>(record_.port = *number) : record_.port.reset();
  }

  bool FinishRecord(Place list) {
    if (!Count()) return false;
    const bool peer = record_.port && record_.destination;
    switch (list) {
      case Place::kDomains:
        if (record_.ip && record_.domain) domains_.push_back(std::move(*record_.domain));
        break;
      case Place::kDns:
        if (record_.ip && record_.hostname) dns_.push_back(std::move(*record_.hostname));
        break;
      case Place::kHttp:
        report_.http.push_back({std::move(record_.uri), std::move(record_.method), std::move(record_.user_agent)});
        break;
      case Place::kTcp:
        if (peer) report_.tcp.push_back({std::move(*record_.destination), *record_.port});
        break;
      case Place::kUdp:
        if (peer) report_.udp.push_back({std::move(*record_.destination), *record_.port});
        break;
      default: break;
    }
    return true;
  }

  std::vector<std::string>* Texts(Place list) {
    switch (list) {
      case Place::kHosts: return &report_.hosts;
      case Place::kKeys: return &report_.keys;
      case Place::kFiles: return &report_.files;
      case Place::kMutexes: return &report_.mutexes;
      default: return nullptr;
    }
  }

  void Forget(Place place) {
    if (std::vector<std::string>* list = Texts(place)) list->clear();
    switch (place) {
      case Place::kNetwork:
        for (const Place child :
             {Place::kDomains, Place::kDns, Place::kHttp, Place::kHosts, Place::kTcp, Place::kUdp}) {
          Forget(child);
        }
        has_domains_ = false;
        break;
      case Place::kBehavior: Forget(Place::kSummary); break;
      case Place::kSummary:
        for (const Place child : {Place::kKeys, Place::kFiles, Place::kMutexes}) Forget(child);
        break;
      // Present in any shape, even null, it is preferred to "dns".
      case Place::kDomains:
        domains_.clear();
        has_domains_ = true;
        break;
      case Place::kDns: dns_.clear(); break;
      case Place::kHttp: report_.http.clear(); break;
      case Place::kTcp: report_.tcp.clear(); break;
      case Place::kUdp: report_.udp.clear(); break;
      default: break;
    }
  }

  bool Count() { return ++entries_ <= kMaxCuckooEntries || Refuse("too many entries in the report"); }
  bool Refuse(std::string_view what) {
    error_ = Error{ErrorCode::kBudget, what, 0};
    return false;
  }

  std::vector<Place> stack_;
  std::string key_;
  Record record_;
  CuckooReport report_;
  std::vector<std::string> domains_;
  std::vector<std::string> dns_;
  bool has_domains_ = false;
  std::size_t entries_ = 0;
  std::optional<Error> error_;
};

}  // namespace

Result<CuckooReport> ParseCuckooReport(Bytes json) {
  if (json.size() > kMaxCuckooBytes) return Fail(ErrorCode::kBudget, "report too large");
  Reader reader;
  const std::string_view text = AsText(json);
  const bool read = nlohmann::json::sax_parse(text.begin(), text.end(), &reader);
  if (reader.error()) return Forward(*reader.error());
  if (!read) return Fail(ErrorCode::kMalformed, "not valid JSON");
  return reader.Take();
}

}  // namespace dl::yara
