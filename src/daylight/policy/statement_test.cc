#include "daylight/policy/statement.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "daylight/os/io.h"

namespace dl::policy {
namespace {

namespace fs = std::filesystem;

class StatementTest : public ::testing::Test {
 protected:
  StatementTest() {
    std::string name = (fs::temp_directory_path() / "daylight-statement-XXXXXX").string();
    folder_ = ::mkdtemp(name.data()) != nullptr ? name : "";
    has_openssl_ = Run("openssl version > /dev/null");
  }
  ~StatementTest() override {
    std::error_code ignored;
    if (!folder_.empty()) fs::remove_all(folder_, ignored);
  }
  bool Run(const std::string& command) const {
    return std::system(("cd '" + folder_.string() + "' && umask 077 && " + command + " 2> errors").c_str()) == 0;
  }
  std::string Path(const std::string& name) const { return (folder_ / name).string(); }
  void Write(const std::string& name, std::string_view bytes) const {
    std::ofstream(Path(name), std::ios::binary) << bytes;
  }

  fs::path folder_;
  bool has_openssl_ = false;
};

constexpr const char* kVerify =
    "openssl pkeyutl -verify -pubin -inkey pub.pem -rawin -in report.json -sigfile report.json.sig > out";

TEST_F(StatementTest, OpensslAcceptsWhatIsSigned) {
  if (!has_openssl_) GTEST_SKIP() << "there is no openssl program";
  ASSERT_TRUE(Run("openssl genpkey -algorithm ed25519 -out key.pem && openssl pkey -in key.pem -pubout -out pub.pem"));
  const auto key = LoadSigningKey(Path("key.pem"));
  ASSERT_TRUE(key) << os::Describe(key.error());
  for (const std::string& statement :
       {std::string("{\"answer\":\"nothing-prohibited\"}\n"), std::string("x"), std::string(3 << 20, '\xff')}) {
    Write("report.json", statement);
    const std::string signature = Sign(statement, *key);
    ASSERT_EQ(signature.size(), 64u);
    Write("report.json.sig", signature);
    EXPECT_TRUE(Run(kVerify));
    const auto read = ReadSignature(Path("report.json.sig"));
    const auto public_key = LoadVerifyingKey(Path("pub.pem"));
    ASSERT_TRUE(read && public_key);
    EXPECT_TRUE(Verify(statement, *read, *public_key));
    EXPECT_FALSE(Verify(statement + " ", *read, *public_key));
    Write("report.json", statement + " ");
    EXPECT_FALSE(Run(kVerify));
  }
}

TEST_F(StatementTest, WhatOpensslSignsIsAccepted) {
  if (!has_openssl_) GTEST_SKIP() << "there is no openssl program";
  ASSERT_TRUE(Run("openssl genpkey -algorithm ed25519 -out key.pem && openssl pkey -in key.pem -pubout -out pub.pem"));
  Write("report.json", "a statement");
  ASSERT_TRUE(Run("openssl pkeyutl -sign -inkey key.pem -rawin -in report.json -out report.json.sig"));
  const auto signature = ReadSignature(Path("report.json.sig"));
  const auto public_key = LoadVerifyingKey(Path("pub.pem"));
  ASSERT_TRUE(signature && public_key);
  EXPECT_TRUE(Verify("a statement", *signature, *public_key));
}

TEST_F(StatementTest, KeysThatAreNoneSayWhy) {
  if (!has_openssl_) GTEST_SKIP() << "there is no openssl program";
  ASSERT_TRUE(Run("openssl genpkey -algorithm ed25519 -aes256 -pass pass:x -out encrypted.pem"));
  ASSERT_TRUE(Run("openssl genpkey -algorithm rsa -pkeyopt rsa_keygen_bits:2048 -out rsa.pem"));
  ASSERT_TRUE(Run("openssl genpkey -algorithm ed448 -out ed448.pem"));
  ASSERT_TRUE(Run("openssl genpkey -algorithm ec -pkeyopt ec_paramgen_curve:P-256 -out ec.pem"));
  ASSERT_TRUE(
      Run("openssl genpkey -algorithm ec -pkeyopt ec_paramgen_curve:P-256 | openssl ec -aes128 -passout pass:x -out "
          "old.pem"));
  const auto words = [this](const std::string& name) {
    const auto key = LoadSigningKey(Path(name));
    return key ? std::string("a key") : os::Describe(key.error());
  };
  EXPECT_EQ(words("encrypted.pem"), "the key is encrypted, and no passphrase is asked for");
  EXPECT_EQ(words("old.pem"), "the key is encrypted, and no passphrase is asked for");
  for (const char* name : {"rsa.pem", "ed448.pem", "ec.pem"}) {
    EXPECT_EQ(words(name), "the key is of another kind than Ed25519") << name;
  }
  EXPECT_EQ(words("none.pem"), "No such file or directory");
  Write("empty.pem", "");
  ASSERT_EQ(::chmod(Path("empty.pem").c_str(), 0600), 0);
  EXPECT_EQ(words("empty.pem"), "no private key in PEM form");
  Write("large.pem", std::string(100000, '-'));
  ASSERT_EQ(::chmod(Path("large.pem").c_str(), 0600), 0);
  EXPECT_EQ(words("large.pem"), "the file is larger than allowed");
  EXPECT_NE(words("."), "a key");
}

TEST_F(StatementTest, AKeyThatAnyoneMayReadIsRefused) {
  if (!has_openssl_) GTEST_SKIP() << "there is no openssl program";
  ASSERT_TRUE(Run("openssl genpkey -algorithm ed25519 -out key.pem"));
  for (const auto& [mode, good] :
       {std::pair<mode_t, bool>{0400, true}, {0600, true}, {0640, true}, {0644, false}, {0602, false}}) {
    ASSERT_EQ(::chmod(Path("key.pem").c_str(), mode), 0);
    EXPECT_EQ(LoadSigningKey(Path("key.pem")).has_value(), good) << std::oct << mode;
  }
}

TEST_F(StatementTest, SignaturesHave64Bytes) {
  for (const std::size_t size : {0u, 1u, 63u, 64u, 65u, 100000u}) {
    Write("s", std::string(size, 'x'));
    const auto signature = ReadSignature(Path("s"));
    EXPECT_EQ(signature.has_value(), size == 64);
    if (!signature) {
      EXPECT_EQ(os::Describe(signature.error()), "a signature has 64 bytes");
    }
  }
}

}  // namespace
}  // namespace dl::policy
