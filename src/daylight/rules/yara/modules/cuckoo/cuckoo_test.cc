#include <gtest/gtest.h>

#include <string>

#include "daylight/rules/yara/module_testing.h"
#include "daylight/rules/yara/modules/cuckoo/report.h"

namespace dl::yara {
extern const ModuleInfo module_cuckoo;
namespace {

constexpr std::string_view kReport = R"({
  "info": {"deep": [[[{"network": {"hosts": ["no"]}}]]]},
  "network": {
    "domains": [{"ip": "192.168.0.1", "domain": "foo.bar.com"}, {"domain": "no.ip.com"}, {"ip": 1, "domain": "x"}],
    "dns": [{"ip": "192.168.0.2", "hostname": "old.format"}],
    "http": [{"uri": "http://evil.test/a", "method": "GET", "user-agent": "Bot 1.0"},
             {"uri": "http://evil.test/b", "method": "Post"},
             {"uri": "http://evil.test/c", "method": "PUT"},
             {"uri": "http://evil.test/d"}, {"user-agent": "alone"}, 7, "text"],
    "hosts": ["10.0.0.1", 5, null, ["10.0.0.2"], ""],
    "tcp": [{"dst": "10.0.0.3", "dport": 443}, {"dst": "10.0.0.4", "dport": "443"}, {"dst": "10.0.0.5", "dport": 1.0}],
    "udp": [{"dst": "10.0.0.6", "dport": 53, "more": {"dport": 54}}]
  },
  "behavior": {"summary": {"keys": ["HKLM\\Software\\Run"], "files": ["C:\\a\u0000b.exe"], "mutexes": ["Global\\m"]}}
})";

class CuckooModuleTest : public ::testing::Test {
 protected:
  std::string Ask(std::string_view function, const std::string& expression, std::string_view report = kReport) {
    FakeModuleContext context(module_cuckoo, Bytes{});
    context.data = AsBytes(report);
    return Show(context.Call(function, {context.Expression(expression)}));
  }
  std::string Ask(std::string_view function, const std::string& expression, std::int64_t port) {
    FakeModuleContext context(module_cuckoo, Bytes{});
    context.data = AsBytes(kReport);
    return Show(context.Call(function, {context.Expression(expression), Value::Integer(port)}));
  }
  static std::string Show(const Value& value) {
    return value.defined() ? std::to_string(value.integer) : std::string("undefined");
  }
};

TEST_F(CuckooModuleTest, Network) {
  EXPECT_EQ(Ask("network.dns_lookup", "foo\\.bar"), "1");
  EXPECT_EQ(Ask("network.dns_lookup", "old|no\\.ip|x"), "0");
  EXPECT_EQ(Ask("network.http_request", "evil.test/a"), "1");
  EXPECT_EQ(Ask("network.http_request", "evil.test/b"), "1");
  EXPECT_EQ(Ask("network.http_request", "evil.test/[cd]"), "0");
  EXPECT_EQ(Ask("network.http_get", "/a"), "1");
  EXPECT_EQ(Ask("network.http_get", "/b"), "0");
  EXPECT_EQ(Ask("network.http_post", "/b"), "1");
  EXPECT_EQ(Ask("network.http_post", "/a"), "0");
  EXPECT_EQ(Ask("network.http_user_agent", "^Bot"), "1");
  EXPECT_EQ(Ask("network.http_user_agent", "^alone$"), "1");
  EXPECT_EQ(Ask("network.host", "^10\\.0\\.0\\.1$"), "1");
  EXPECT_EQ(Ask("network.host", "0\\.2|no|5"), "0");
  EXPECT_EQ(Ask("network.tcp", "0\\.3", 443), "1");
  EXPECT_EQ(Ask("network.tcp", "0\\.3", 80), "0");
  EXPECT_EQ(Ask("network.tcp", "0\\.[45]", 443), "0");
  EXPECT_EQ(Ask("network.udp", "0\\.6", 53), "1");
  EXPECT_EQ(Ask("network.udp", "0\\.6", 54), "0");
}

TEST_F(CuckooModuleTest, Behaviour) {
  EXPECT_EQ(Ask("registry.key_access", "Run$"), "1");
  EXPECT_EQ(Ask("filesystem.file_access", "a$"), "1");  // Texts end at NUL.
  EXPECT_EQ(Ask("filesystem.file_access", "exe"), "0");
  EXPECT_EQ(Ask("sync.mutex", "Global"), "1");
  EXPECT_EQ(Ask("sync.mutex", "Local"), "0");
}

TEST_F(CuckooModuleTest, TheOlderDnsFormat) {
  constexpr std::string_view kOld = R"({"network": {"dns": [{"ip": "1", "hostname": "old.format"}]}})";
  EXPECT_EQ(Ask("network.dns_lookup", "old", kOld), "1");
  // "domains" in any shape takes precedence.
  constexpr std::string_view kNull = R"({"network": {"dns": [{"ip": "1", "hostname": "old"}], "domains": null}})";
  EXPECT_EQ(Ask("network.dns_lookup", "old", kNull), "0");
}

TEST_F(CuckooModuleTest, OfEqualNamesTheLastCounts) {
  EXPECT_EQ(Ask("network.host", "a", R"({"network": {"hosts": ["a"], "hosts": ["b"]}})"), "0");
  EXPECT_EQ(Ask("network.host", "a", R"({"network": {"hosts": ["a"]}, "network": 1})"), "0");
  EXPECT_EQ(Ask("sync.mutex", "a", R"({"behavior": {"summary": {"mutexes": ["a"]}, "summary": {}}})"), "0");
}

TEST_F(CuckooModuleTest, WithoutAReportNothingHappened) {
  EXPECT_EQ(Ask("network.host", ".", ""), "0");
  EXPECT_EQ(Ask("network.host", ".", "[]"), "0");
  EXPECT_EQ(Ask("network.host", ".", R"([{"network": {"hosts": ["a"]}}])"), "0");
  EXPECT_EQ(Ask("network.host", ".", R"({"network": [{"hosts": ["a"]}]})"), "0");
  EXPECT_EQ(Ask("network.host", ".", R"({"network": {"hosts": {"hosts": ["a"], "b": "c"}}})"), "0");
  // An empty text has no match of at least one byte.
  EXPECT_EQ(Ask("network.host", "x*", R"({"network": {"hosts": [""]}})"), "0");
}

TEST_F(CuckooModuleTest, AReportThatIsNotJsonIsUndefined) {
  for (const std::string_view text : {"{", "{} x", "5", "\"text\"", "{\"a\": \"\xff\"}", "{\"a\":}"}) {
    EXPECT_EQ(Ask("network.host", ".", text), "undefined") << text;
    EXPECT_FALSE(ParseCuckooReport(AsBytes(text)));
  }
}

TEST_F(CuckooModuleTest, AnUnusableReportMarksTheObject) {
  FakeModuleContext context(module_cuckoo, Bytes{});
  context.data = AsBytes("{");
  context.Call("sync.mutex", {context.Expression(".")});
  context.Call("sync.mutex", {context.Expression(".")});
  EXPECT_EQ(context.incomplete.size(), 1u);
}

TEST_F(CuckooModuleTest, DepthIsBounded) {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_TRUE(ParseCuckooReport(AsBytes(nested(kMaxCuckooDepth))));
  const auto deeper = ParseCuckooReport(AsBytes(nested(kMaxCuckooDepth + 1)));
  ASSERT_FALSE(deeper);
  EXPECT_EQ(deeper.error().code, ErrorCode::kBudget);
  EXPECT_FALSE(ParseCuckooReport(AsBytes(std::string(1u << 20, '{'))));
}

TEST_F(CuckooModuleTest, EntriesAreBounded) {
  const auto hosts = [](std::size_t count) {
    std::string json = R"({"network": {"hosts": [)";
    for (std::size_t i = 0; i < count; ++i) json += i == 0 ? "\"a\"" : ",\"a\"";
    return json + "]}}";
  };
  EXPECT_TRUE(ParseCuckooReport(AsBytes(hosts(kMaxCuckooEntries))));
  const auto more = ParseCuckooReport(AsBytes(hosts(kMaxCuckooEntries + 1)));
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().code, ErrorCode::kBudget);
}

}  // namespace
}  // namespace dl::yara
