#include "daylight/survey/machine.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace dl::survey {
namespace {

namespace fs = std::filesystem;

class MachineTest : public testing::Test {
 protected:
  MachineTest() : proc_(fs::path(testing::TempDir()) / ("proc" + std::to_string(::getpid()))) {
    fs::create_directories(proc_);
  }
  ~MachineTest() override { fs::remove_all(proc_); }
  void Write(const std::string& path, const std::string& text) {
    fs::create_directories((proc_ / path).parent_path());
    std::ofstream(proc_ / path) << text;
  }
  fs::path proc_;
};

TEST_F(MachineTest, ProcessesWithTheirProgramsAndUnits) {
  Write("12/comm", "kesl\n");
  Write("12/cgroup", "0::/system.slice/kesl.service\n");
  fs::create_symlink("/opt/kaspersky/kesl/libexec/kesl (deleted)", proc_ / "12/exe");
  Write("7/comm", "kthreadd\n");
  Write("7/cgroup", "0::/\n");
  Write("self/comm", "not a number\n");
  fs::create_directories(proc_ / "99");  // Has ended.
  std::uint64_t hidden = 1;
  const auto processes = Processes(hidden, proc_);
  ASSERT_EQ(processes.size(), 2u);
  EXPECT_EQ(processes[0].pid, 7u);
  EXPECT_EQ(processes[0].program, "");
  EXPECT_EQ(processes[1].name, "kesl");
  EXPECT_EQ(processes[1].program, "opt/kaspersky/kesl/libexec/kesl");
  EXPECT_TRUE(processes[1].program_deleted);
  EXPECT_EQ(processes[1].unit, "kesl.service");
  EXPECT_EQ(hidden, 0u);
}

TEST_F(MachineTest, OwnProcessIsAmongThoseOfTheMachine) {
  std::uint64_t hidden = 0;
  const auto processes = Processes(hidden);
  const auto own = std::find_if(processes.begin(), processes.end(), [](const auto& process) {
    return process.pid == static_cast<std::uint32_t>(::getpid());
  });
  ASSERT_NE(own, processes.end());
  EXPECT_NE(own->program.find("daylight_survey_test"), std::string::npos);
}

TEST_F(MachineTest, KernelModules) {
  Write("modules", "kav_module 16384 0 - Live 0x0000000000000000\nxfs 1 1 a, Live 0x0\n\nlast");
  const auto modules = KernelModules(proc_);
  ASSERT_EQ(modules.size(), 3u);
  EXPECT_EQ(modules[0].name, "kav_module");
  EXPECT_EQ(modules[2].name, "last");
  EXPECT_TRUE(KernelModules(proc_ / "nowhere").empty());
}

}  // namespace
}  // namespace dl::survey
