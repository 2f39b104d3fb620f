// A quarantine of a test's own, and a folder of files beside it.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "daylight/os/fd.h"
#include "daylight/os/io.h"
#include "daylight/quarantine/quarantine.h"

namespace dl::quarantine {

class QuarantineTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = Base() + "/daylight-quarantine-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    root_ = std::filesystem::canonical(pattern).string();
    std::filesystem::create_directory(root_ + "/work");
    options_.package_database.clear();
  }
  void TearDown() override {
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
  }

  virtual std::string Base() const { return std::filesystem::temp_directory_path().string(); }
  std::string Folder() const { return root_ + "/quarantine"; }
  std::string Work(const std::string& name = "") const { return root_ + "/work" + (name.empty() ? "" : "/" + name); }

  static void Write(const std::string& path, const std::string& text) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
  }
  static std::string Read(const std::string& path) {
    const auto text = os::ReadFile(path, 1u << 30);
    return text ? *text : "(unreadable)";
  }
  static bool Exists(const std::string& path) {
    struct stat info {};
    return ::lstat(path.c_str(), &info) == 0;
  }
  static std::vector<std::string> Names(const std::string& folder) {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) names.push_back(entry.path().filename());
    std::sort(names.begin(), names.end());
    return names;
  }
  // Text that is neither one chunk nor a whole number of them.
  static std::string Long(std::size_t size = 200'001) {
    std::string text(size, '\0');
    for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * i >> 3);
    return text;
  }

  std::unique_ptr<Quarantine> Open() {
    auto opened = Quarantine::Open(Folder(), options_);
    EXPECT_TRUE(opened) << (opened ? "" : opened.error().what);
    return opened ? std::move(*opened) : nullptr;
  }
  static os::Fd OpenFile(const std::string& path) {
    return os::Fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  }
  // As it is now, by its path.
  static TakeOutcome Take(Quarantine& in, const std::string& path, Request request = {}) {
    const os::Fd fd = OpenFile(path);
    EXPECT_TRUE(fd.valid()) << path;
    request.fd = fd.get();
    request.path = path;
    if (request.reason.empty()) request.reason = "test";
    return in.Take(request);
  }
  static std::vector<Item> Kept(const Quarantine& in) {
    auto items = in.List();
    EXPECT_TRUE(items);
    if (!items) return {};
    std::erase_if(*items, [](const Item& item) { return item.state != State::kKept; });
    return std::move(*items);
  }
  std::string Exported(Quarantine& in, const std::string& id, bool zip = false) {
    const std::string path = root_ + "/exported";
    const os::Fd to(::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    const auto done = in.Export(id, to.get(), zip);
    return done ? Read(path) : "(" + done.error().text + ")";
  }

  std::string root_;
  Options options_;
};

}  // namespace dl::quarantine
