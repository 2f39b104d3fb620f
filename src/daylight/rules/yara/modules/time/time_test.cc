#include <gtest/gtest.h>

#include "daylight/rules/yara/module_testing.h"

namespace dl::yara {
extern const ModuleInfo module_time;
namespace {

TEST(TimeModuleTest, NowIsTheTimeOfTheJob) {
  FakeModuleContext context(module_time, Bytes{});
  context.seconds_now = 1'234'567'890;
  EXPECT_EQ(context.Call("now").integer, 1'234'567'890);
}

}  // namespace
}  // namespace dl::yara
