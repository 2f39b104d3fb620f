#include "daylight/formats/views/views.h"

#include <gtest/gtest.h>

#include <string>

namespace dl::views {
namespace {

using namespace std::string_literals;

// "name/target" of each view, with a * where generic signatures count too.
std::string Shape(const std::string& object, bool in_mail = false) {
  const auto& table = filetype::MagicTable::Default();
  const Bytes bytes = AsBytes(object);
  std::string shape;
  for (const View& view : ViewsOf(bytes, filetype::TypeOf(bytes, table), table, in_mail).views) {
    if (!shape.empty()) shape += ' ';
    shape += std::string(view.name) + '/' + std::to_string(view.target) + (view.generic ? "*" : "");
    EXPECT_EQ(view.raw, view.name == "raw");
  }
  return shape;
}

TEST(ViewsTest, EachTypeHasItsViews) {
  EXPECT_EQ(Shape("hello"), "");
  EXPECT_EQ(Shape("OggS....."), "");
  EXPECT_EQ(Shape("hello world"), "raw/0* text/7*");
  EXPECT_EQ(Shape("hello world", true), "raw/0* text/7* raw/4");
  EXPECT_EQ(Shape("h\xc3\xa4llo world"), "raw/0* text/7*");
  EXPECT_EQ(Shape("hell\0\1\2\3 w"s), "raw/0* raw/14");
  EXPECT_EQ(Shape("<html>hello"), "nocomment/3* notags/3*");
  EXPECT_EQ(Shape("<html><script>x()</script>"), "nocomment/3* notags/3* javascript/3* javascript/7");
  EXPECT_EQ(Shape("<\0h\0t\0m\0l\0>\0x\0"s), "nocomment/3* notags/3* raw/0*");
  EXPECT_EQ(Shape(std::string(2000, 'x') + "<html>y"), "raw/0* nocomment/3* notags/3*");
  EXPECT_EQ(Shape("\0\1\0\2"s + std::string(2000, 'x') + "<html>y"), "raw/0* raw/14");
  EXPECT_EQ(Shape("GIF89a\0\1<html>y"s), "raw/5* nocomment/3* notags/3*");
  EXPECT_EQ(Shape("From: a\nTo: b\n\nc"), "raw/4*");
  EXPECT_EQ(Shape("MZ......"), "raw/1*");
  EXPECT_EQ(Shape("{\\rtf MARKER}"), "raw/0*");
}

TEST(ViewsTest, SizesAreThoseThatFileSizeSees) {
  const std::string object = "hello" + std::string(200, ' ') + "x";
  const Views views = ViewsOf(AsBytes(object), filetype::ClamType::kTextAscii, filetype::MagicTable::Default());
  ASSERT_EQ(views.views.size(), 2u);
  EXPECT_EQ(views.views[1].bytes, "hello x");
  EXPECT_EQ(views.views[1].file_size, object.size());
}

TEST(ViewsTest, DataUrlsAreMessages) {
  const std::string object = "<html><img src=\"data:text/plain;base64,SGVsbG8=\">";
  const Views views = ViewsOf(AsBytes(object), filetype::ClamType::kHtml, filetype::MagicTable::Default());
  ASSERT_EQ(views.messages.size(), 1u);
  EXPECT_EQ(filetype::TypeOf(AsBytes(views.messages[0]), filetype::MagicTable::Default()), filetype::ClamType::kMail);
}

TEST(ViewsTest, TooLongHtmlHasNoViews) {
  std::string object = "<html>";
  object.resize(40 * 1024 * 1024, ' ');
  const auto shape = [&] {
    return ViewsOf(AsBytes(object), filetype::ClamType::kHtml, filetype::MagicTable::Default()).views;
  };
  EXPECT_EQ(shape().size(), 1u);  // And no form without tags, above 8 MiB.
  object += ' ';
  EXPECT_TRUE(shape().empty());
}

}  // namespace
}  // namespace dl::views
