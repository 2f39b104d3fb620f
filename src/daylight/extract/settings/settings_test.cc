#include "daylight/extract/settings/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace dl::extract {
namespace {

using report::SettingsFacts;
using report::SettingsFormat;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

SettingsFacts Read(std::string_view text) {
  MemorySource source(AsBytes(text));
  SettingsFacts facts;
  ReadSettings(source, facts);
  return facts;
}

// "line section/key=value"
std::vector<std::string> Lines(const SettingsFacts& facts) {
  std::vector<std::string> lines;
  for (const auto& s : facts.settings) {
    lines.push_back(std::to_string(s.line) + " " + s.section + "/" + s.key + "=" + s.value);
  }
  return lines;
}
std::vector<std::string> Problems(const SettingsFacts& facts) {
  std::vector<std::string> lines;
  for (const auto& p : facts.problems) lines.push_back(std::to_string(p.line) + " " + p.what);
  return lines;
}

TEST(SettingsTest, Ini) {
  const auto facts = Read(
      "\xef\xbb\xbf# a comment\r\n"
      "ScanArchived = Yes\r\n"
      "[ScanScope.item_0000]\r\n"
      "AreaDesc=  \"All objects \" \r\n"
      "; another\r\n"
      "Path=/\r\n"
      "AreaMask.item_0000=*\r\n"
      "StartTime=\"2026/01/02 03:04:05; Mon; 1\"\r\n"
      "Empty=\r\n"
      "Inner=a\"b\"c\\\r\n"
      "[ Padded ]\nx=y=z");
  EXPECT_EQ(facts.format, SettingsFormat::kIni);
  EXPECT_THAT(Lines(facts),
              ElementsAre("2 /ScanArchived=Yes", "4 ScanScope.item_0000/AreaDesc=All objects ",
                          "6 ScanScope.item_0000/Path=/", "7 ScanScope.item_0000/AreaMask.item_0000=*",
                          "8 ScanScope.item_0000/StartTime=2026/01/02 03:04:05; Mon; 1",
                          "9 ScanScope.item_0000/Empty=", "10 ScanScope.item_0000/Inner=a\"b\"c\\", "12 Padded/x=y=z"));
  EXPECT_THAT(facts.problems, IsEmpty());
  EXPECT_FALSE(facts.cut);
}

TEST(SettingsTest, OddQuotesAreProblemsWithTheirLine) {
  const auto facts = Read("[A]\na=\"x\nb=x\"\nc=\"\nd=\"\"\ne=\"\"x\"\"\nword\n=v\n[B\nf=1\n[]\n[a]b]\n");
  EXPECT_THAT(Lines(facts), ElementsAre("5 A/d=", "6 A/e=\"x\"", "10 ?/f=1"));
  EXPECT_EQ(facts.problems.size(), 8u);
  EXPECT_EQ(facts.problems[0].line, 2u);
  EXPECT_THAT(facts.problems[0].what, HasSubstr("quotation mark"));
}

TEST(SettingsTest, Json) {
  const auto facts = Read(
      "{\n \"ScanArchived\": \"Yes\", \"SizeLimit\": 10, \"On\": true, \"No\": null,\n"
      " \"ScanScope\": [ {\"Path\": \"/a\\u00e4\\ud83d\\ude00\\n\", \"AreaMask\": [\"*\", \"*.doc\"]},\n {} ],\n"
      " \"ExcludedFromScanScope.item_0000\": {\"Path\": \"/b\"}, \"ScanArchived\": \"No\" }\n");
  EXPECT_EQ(facts.format, SettingsFormat::kJson);
  EXPECT_THAT(Lines(facts), ElementsAre("2 /ScanArchived=Yes", "2 /SizeLimit=10", "2 /On=true",
                                        "2 /No=", "3 ScanScope.item_0000/Path=/a\xc3\xa4\xf0\x9f\x98\x80\n",
                                        "3 ScanScope.item_0000/AreaMask.item_0000=*",
                                        "3 ScanScope.item_0000/AreaMask.item_0001=*.doc",
                                        "5 ExcludedFromScanScope.item_0000/Path=/b", "5 /ScanArchived=No"));
  EXPECT_THAT(facts.problems, IsEmpty());
}

TEST(SettingsTest, JsonThatIsNoneSaysSo) {
  for (const char* text :
       {"{", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{\"a\":\"x}", "{\"a\":\"\\x\"}", "{\"a\":\"\\ud800\"}",
        "{\"a\":[1,2}", "{\"a\":tru}", "{\"a\":1} x", "{a:1}", "{\"a\":\"\\u0000\"}", "{\"a\":\"\n\"}"}) {
    const auto facts = Read(text);
    EXPECT_EQ(facts.format, SettingsFormat::kJson) << text;
    EXPECT_EQ(facts.problems.size(), 1u) << text;
  }
  std::string deep = "{\"a\":";
  for (int i = 0; i < 100'000; ++i) deep += "[";
  EXPECT_THAT(Problems(Read(deep)), ElementsAre("1 too deep"));
}

TEST(SettingsTest, Clamd) {
  const auto facts = Read(
      "# comment\nExample\nLocalSocket /run/clamd.sock\r\n  MaxFileSize\t25M  \nExcludePath ^/proc/\n"
      "VirusEvent /bin/echo \"x\" y\nUser \"clam av\"\n%what\nLog=x y\n");
  EXPECT_EQ(facts.format, SettingsFormat::kClamd);
  EXPECT_THAT(Lines(facts),
              ElementsAre("2 /Example=", "3 /LocalSocket=/run/clamd.sock", "4 /MaxFileSize=25M",
                          "5 /ExcludePath=^/proc/", "6 /VirusEvent=/bin/echo \"x\" y", "7 /User=clam av"));
  EXPECT_EQ(facts.problems.size(), 2u);
}

TEST(SettingsTest, Shell) {
  const auto facts = Read(
      "#!/bin/bash\nemail_alert=\"0\"\nbase='/usr/local/x' # where\nexport dir=$base/sub\nq=\"${base}/\\\"q\\\"\"\n"
      "two=1; three=a\\ b\nstring_length_scan=\"0\"\t\t# [ 0 = disabled ]\nempty=\nlong=\"a \\\n b\"\nmore=x\"$\"\n");
  EXPECT_EQ(facts.format, SettingsFormat::kShell);
  EXPECT_THAT(Lines(facts), ElementsAre("2 /email_alert=0", "3 /base=/usr/local/x", "4 /dir=/usr/local/x/sub",
                                        "5 /q=/usr/local/x/\"q\"", "6 /two=1", "6 /three=a b",
                                        "7 /string_length_scan=0", "8 /empty=", "9 /long=a  b", "11 /more=x$"));
  EXPECT_THAT(facts.problems, IsEmpty());
}

TEST(SettingsTest, NothingOfAShellIsExecuted) {
  const auto facts = Read(
      "a=1\nsubj=\"alert from $(hostname)\"\nb=`id`\nc=$unknown\nd=${a:-x}\ne=$((1+1))\nf=$subj\n"
      "source /etc/x\na=2 command\ng=1&\nh=~/x\nif [ -f /x ]; then\n  i=1\nfi\nj=2\nk() {\nl=3\n}\nm=4\n"
      "case x in y) n=5;; esac\no=6\np=\"x\n");
  EXPECT_EQ(facts.format, SettingsFormat::kShell);
  EXPECT_THAT(Lines(facts), ElementsAre("1 /a=1", "15 /j=2", "19 /m=4", "21 /o=6"));
  EXPECT_GE(facts.problems.size(), 14u);
  EXPECT_THAT(Problems(facts)[0], HasSubstr("subj: has a command's output in it"));
}

TEST(SettingsTest, AList) {
  const auto facts = Read("/home/u/cgi-bin\n\n# why\n/a b \r\n^/x/.*$\n");
  EXPECT_EQ(facts.format, SettingsFormat::kList);
  EXPECT_THAT(Lines(facts), ElementsAre("1 /=/home/u/cgi-bin", "4 /=/a b ", "5 /=^/x/.*$"));
  EXPECT_EQ(Read(".js\n.css\n").format, SettingsFormat::kList);
  EXPECT_EQ(Read("base64.inject.unclassed\n").format, SettingsFormat::kList);
}

TEST(SettingsTest, WhatIsNone) {
  EXPECT_EQ(Read("").format, SettingsFormat::kUnknown);
  EXPECT_THAT(Read("\n# only this\n").problems, IsEmpty());
  EXPECT_EQ(Read(std::string_view("\x7f"
                                  "ELF\0\0",
                                  6))
                .problems.size(),
            1u);
  EXPECT_EQ(Read(std::string_view("\xff\xfe[\0", 4)).problems.size(), 1u);
}

TEST(SettingsTest, BothSidesOfEachBound) {
  std::string text = "[A]\n";
  for (std::size_t i = 0; i < kMaxSettings; ++i) text += "a=1\n";
  EXPECT_FALSE(Read(text).cut);
  const auto over = Read(text + "a=2\n");
  EXPECT_TRUE(over.cut);
  EXPECT_EQ(over.settings.size(), kMaxSettings);

  EXPECT_EQ(Read("[A]\na=" + std::string(kMaxSettingBytes, 'x')).settings.size(), 1u);
  EXPECT_EQ(Read("[A]\na=" + std::string(kMaxSettingBytes + 1, 'x')).problems.size(), 1u);

  const std::string large(kMaxSettingsBytes - 8, '#');
  EXPECT_FALSE(Read("[A]\na=1\n" + large.substr(0, large.size())).cut);
  EXPECT_TRUE(Read("[A]\na=1\n#" + large).cut);

  std::string problems = "[A]\n";
  for (std::size_t i = 0; i <= kMaxSettingProblems; ++i) problems += "x\n";
  EXPECT_TRUE(Read(problems).cut);
  EXPECT_EQ(Read(problems).problems.size(), kMaxSettingProblems);

  // Variables that double: 2^40 bytes if nobody minded.
  std::string bomb = "a0=xxxxxxxxxxxxxxxx\n";
  for (int i = 1; i < 40; ++i)
    bomb += "a" + std::to_string(i) + "=$a" + std::to_string(i - 1) + "$a" + std::to_string(i - 1) + "\n";
  EXPECT_GT(Read(bomb).problems.size(), 20u);
  std::string many = "a=" + std::string(60'000, 'x') + "\n";
  for (int i = 0; i < 5000; ++i) many += "b=$a\n";
  EXPECT_TRUE(Read(many).cut);
}

// Truncated at every byte, and with every byte changed: no crash, and lines that are there.
TEST(SettingsTest, Hostile) {
  const std::string samples[] = {
      "[A.item_0000]\nP=\"/x y\"\n# c\n[B]\nQ=1\n",
      "{\"A\":[{\"P\":\"/\\u00e4\\n\",\"M\":[\"*\"]}],\"B\":{\"C\":-1.5e3}}",
      "a=\"b c\"\nexport d=${a}'x'\nif x; then\ny=$(z)\nfi\n",
      "LogFile /x\nScanPE yes\nExcludePath ^/a\n",
      "/a/b\n.js\n",
  };
  for (const std::string& sample : samples) {
    for (std::size_t i = 0; i <= sample.size(); ++i) {
      Read(sample.substr(0, i));
      for (const char c : std::string("\0\"'\\$`{}[]\n=\xff", 13)) {
        std::string changed = sample;
        if (i < changed.size()) changed[i] = c;
        const auto facts = Read(changed);
        for (const auto& setting : facts.settings) EXPECT_LE(setting.line, 10u);
      }
    }
  }
}

}  // namespace
}  // namespace dl::extract
