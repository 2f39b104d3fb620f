#include "daylight/unpack/mail/mail.h"

#include <gtest/gtest.h>

#include <chrono>

#include "daylight/unpack/mail/parameters.h"
#include "daylight/unpack/mail/passwords.h"
#include "daylight/unpack/unpack_testing.h"

namespace dl::unpack {
namespace {

Listing Open(const std::string& object) {
  Listing listing;
  EXPECT_TRUE(listing.Run(kMail, object)) << object.substr(0, 200);
  return listing;
}
std::string List(const std::string& object) { return Open(object).text(); }

bool Opens(const std::string& object) { return Listing().Run(kMail, object); }

const std::string kFields = "From: a@example.org\nTo: b@example.org\nSubject: x\nMIME-Version: 1.0\n";
const std::string kMixed = kFields + "Content-Type: multipart/mixed; boundary=\"bb\"\n\n";
const std::string kFile =
    "Content-Type: application/octet-stream; name=f.bin\nContent-Transfer-Encoding: base64\n\nYWJj\n";

TEST(MailTest, WhatIsAMessage) {
  EXPECT_TRUE(Opens("From: a\nTo: b\n\ntext"));
  EXPECT_TRUE(Opens("\xef\xbb\xbf\r\n\r\nReceived: from x by y\r\n\r\n"));
  EXPECT_TRUE(Opens("1234      \nReceived: from x by y\n\n"));
  EXPECT_TRUE(Opens("X-Any: a\n folded\nSubject : x\nDATE: y\n\n"));
  EXPECT_TRUE(Opens("Content-Type: multipart/mixed; boundary=x\n\n--x\n\ntext\n--x--\n"));
  EXPECT_TRUE(Opens("MIME-Version: 1.0"));
}

std::string Wide(const std::string& text, bool is_big) {
  std::string out = is_big ? "\xfe\xff" : "\xff\xfe";
  for (const char c : text) out += is_big ? std::string{'\0', c} : std::string{c, '\0'};
  return out;
}

TEST(MailTest, InUtf16) {
  const std::string message = kMixed + "--bb\n\ntext\n--bb\n" + kFile + "--bb--\n";
  for (const bool is_big : {false, true}) {
    const std::string wide = Wide(message, is_big);
    EXPECT_EQ(List(wide), List(message));
    EXPECT_FALSE(Opens(wide.substr(2))) << "without a mark it is none";
    EXPECT_FALSE(Opens(Wide("some text", is_big)));
    for (std::size_t n = 0; n < wide.size(); ++n) Listing().Run(kMail, wide.substr(0, n));
  }
  // Once, not twice.
  EXPECT_FALSE(Opens(Wide(Wide(message, false), false)));
}

TEST(MailTest, WhatIsNone) {
  EXPECT_FALSE(Opens(""));
  EXPECT_FALSE(Opens("\n\n\n"));
  EXPECT_FALSE(Opens("Some text.\n\nFrom: a\nTo: b\n"));
  EXPECT_FALSE(Opens("HTTP/1.1 200 OK\nDate: x\nFrom: y\n\n"));
  EXPECT_FALSE(Opens("Date: x\nServer: y\nContent-Type: text/html\n\n"));
  EXPECT_FALSE(Opens("Format: 1.8\nDate: Thu\nSource: a\nBinary: a\n\n"));
  EXPECT_FALSE(Opens("subject: once\n\nto: x\n"));
  EXPECT_FALSE(Opens("int main() {\n  from: a;\n to: b;\n}\n"));
  EXPECT_FALSE(Opens("{\n\"From\": 1,\n\"To\": 2\n}"));
  EXPECT_FALSE(Opens("a: 1\none\ntwo\nthree\nfour\nFrom: x\nTo: y\n"));
  EXPECT_FALSE(Opens(std::string(5000, '\n') + kFields));
}

TEST(MailTest, OnePart) {
  EXPECT_EQ(List(kFields + "\ntext"), "body.txt=4 ");
  EXPECT_EQ(List(kFields + "Content-Type: text/html\nContent-Transfer-Encoding: quoted-printable\n\n<p>=\n=3D"),
            "body.html=4 ");
  EXPECT_EQ(List(kFields + kFile), "f.bin=3 ");
  EXPECT_EQ(List(kFields), "");
  EXPECT_EQ(List("\n\n" + kFields + "\ntext"), "body.txt=4 ");
}

TEST(MailTest, Parts) {
  const Listing listing = Open(kMixed + "preamble\n--bb\n\nfirst\n--bb\n" + kFile +
                               "--bb\nContent-Type: text/plain\n\nsecond\n\n--bb--\nepilogue\n");
  EXPECT_EQ(listing.text(), "body.txt=5 f.bin=3 body-2.txt=7 ");
  EXPECT_EQ(listing.children().at("body-2.txt"), "second\n");
  EXPECT_EQ(listing.children().at("f.bin"), "abc");
}

TEST(MailTest, LinesEndInEitherWay) {
  std::string message = kMixed + "--bb\n\nfirst\n--bb\n" + kFile + "--bb--\n";
  for (std::size_t at = 0; (at = message.find('\n', at)) != std::string::npos; at += 2) message.insert(at, 1, '\r');
  const Listing listing = Open(message);
  EXPECT_EQ(listing.text(), "body.txt=5 f.bin=3 ");
}

TEST(MailTest, MultipartsInMultiparts) {
  const std::string inner =
      "Content-Type: multipart/alternative; boundary=\"bbc\"\n\n--bbc\n\none\n--bbc\nContent-Type: "
      "text/html\n\ntwo\n--bbc--\n";
  EXPECT_EQ(List(kMixed + "--bb\n" + inner + "--bb\n" + kFile + "--bb--\n"), "body.txt=3 body.html=3 f.bin=3 ");
  // The inner one has no end; or the same boundary.
  EXPECT_EQ(List(kMixed + "--bb\n" + inner.substr(0, inner.size() - 8) + "--bb\n" + kFile + "--bb--\n"),
            "body.txt=3 body.html=3 f.bin=3 ");
  std::string same = inner;
  for (std::size_t at = 0; (at = same.find("bbc", at)) != std::string::npos; ++at) same.replace(at, 3, "bb");
  EXPECT_EQ(List(kMixed + "--bb\n" + same + "--bb\n" + kFile + "--bb--\n"), "body.txt=3 body.html=3 f.bin=3 ");
}

TEST(MailTest, BoundariesThatAreBroken) {
  const std::string parts = "--bb\n\nfirst\n--bb\n" + kFile;
  const std::string wanted = "body.txt=5 f.bin=3 ";
  EXPECT_EQ(List(kMixed + parts), wanted);             // No end.
  EXPECT_EQ(List(kMixed + parts + "--bb--"), wanted);  // No line's end.
  EXPECT_EQ(List(kMixed + parts + "--bb-- \t\n"), wanted);
  EXPECT_EQ(List(kMixed + "--bb--\n" + parts), wanted);  // Ended before it begins.
  for (const char* type :
       {"multipart/mixed", "multipart/mixed; boundary=other", "multipart/mixed; boundary=\"\"",
        "multipart/mixed boundary=bb", "multipart/mixed;; boundary = bb; x=y", "multipart/mixed; boundary=\"bb",
        "Multipart/Mixed (a comment); Boundary=\"bb\"", "multipart/mixed;\n\tboundary=bb",
        "multipart/mixed; boundary*0=b; boundary*1=b", "multipart/mixed; boundary=\"bb \""}) {
    const std::string guessable = "--bb\nContent-Type: text/plain\n\nfirst\n--bb\n" + kFile;
    EXPECT_EQ(List(kFields + "Content-Type: " + type + "\n\n" + guessable), wanted) << type;
  }
  // Only the beginning of the lines.
  EXPECT_EQ(List(kMixed + "--bb1\n\nfirst\n--bb2\n" + kFile), wanted);
  // Two headers: both.
  EXPECT_EQ(List(kFields +
                 "Content-Type: multipart/mixed; boundary=aa\nContent-Type: multipart/mixed; boundary=bb\n\n" + parts),
            wanted);
  // Nothing that delimits: a text.
  EXPECT_EQ(List(kMixed + "just text\n"), "body.txt=10 ");
}

TEST(MailTest, HeadersThatDoNotEnd) {
  EXPECT_EQ(Open(kFields + "this is no field\nnor this\n").children().at("body.txt"), "this is no field\nnor this\n");
  EXPECT_EQ(List(kFields + "this is no field\n" + kFile), "f.bin=3 ");
  EXPECT_EQ(List(kMixed + "--bb\nthis is no field\n--bb\n" + kFile), "body.txt=16 f.bin=3 ");
  EXPECT_EQ(List(kMixed + "--bb\nContent-Type: text/html\n--bb--\n"), "");
}

TEST(MailTest, EncodingsAsDeclared) {
  const auto with = [](const std::string& encoding) {
    return kFields + "Content-Transfer-Encoding: " + encoding + "\n\n";
  };
  EXPECT_EQ(Open(with("BASE64") + "YWJj").children().at("body.txt"), "abc");
  EXPECT_EQ(Open(with("\"base64\"") + "YWJj").children().at("body.txt"), "abc");
  EXPECT_EQ(Open(with(" base64 (comment)") + "YWJj").children().at("body.txt"), "abc");
  EXPECT_EQ(Open(with("8-bit") + "YWJj").children().at("body.txt"), "YWJj");
  EXPECT_EQ(Open(with("") + "YWJj").children().at("body.txt"), "YWJj");
  EXPECT_EQ(List(with("7bit\nContent-Transfer-Encoding: base64") + "YWJj"), "body.txt=4 body.txt=3 ");
  EXPECT_EQ(List(with("x-uuencode") + "begin 644 a.bin\n#86)C\n`\nend\n"), "a.bin=3 ");
  EXPECT_EQ(List(with("uuencode\nContent-Type: image/png; name=b.png") + "begin 644 a.bin\n#86)C\n`\nend\n"),
            "b.png=3 ");
  EXPECT_EQ(List(with("uuencode\nContent-Type: image/png; name=b.png") + "#86)C\n"), "b.png=3 ");
  // No standard allows it.
  EXPECT_EQ(List(kFields + "Content-Type: multipart/mixed; boundary=b\nContent-Transfer-Encoding: base64\n\n"
                           "LS1iCgphCi0tYgpDb250ZW50LVR5cGU6IHRleHQvaHRtbAoKYmMKLS1iLS0K"),
            "body.txt=1 body.html=2 ");
}

TEST(MailTest, Names) {
  const auto name = [](const std::string& fields) {
    const std::string text = List(kFields + "Content-Type: image/png" + fields + "\n\nabc");
    return text.substr(0, text.rfind('='));
  };
  EXPECT_EQ(name("; name=a.png"), "a.png");
  EXPECT_EQ(name("; name=a.png\nContent-Disposition: attachment; filename=\"b (1);.png\""), "b (1);.png");
  EXPECT_EQ(name("; name=with blanks.png"), "with blanks.png");
  EXPECT_EQ(name("; name=\"a\\\"b\""), "a\"b");
  EXPECT_EQ(name("; name=\"C:\\temp\\x\""), "C:\\temp\\x");
  EXPECT_EQ(
      name("\nContent-Disposition: attachment;\n filename*0*=UTF-8''%c3%a4;\n filename*1=\"b.p\";\n filename*2=ng"),
      "\xc3\xa4"
      "b.png");
  EXPECT_EQ(name("\nContent-Disposition: attachment; filename=old; filename*=iso-8859-1'de'%e4"), "\xc3\xa4");
  EXPECT_EQ(name("; name=\"=?utf-8?Q?a=C3=A4_b?= =?iso-8859-1?b?5A==?=\""), "a\xc3\xa4 b\xc3\xa4");
  EXPECT_EQ(name("; name=\"=?koi8-r?Q?a=C3?=\""), "=?koi8-r?Q?a=C3?=");
  EXPECT_EQ(name("; name==?x?="), "=?x?=");
  EXPECT_EQ(name("\nContent-Location: http://example.org/a%20b.png"), "http://example.org/a%20b.png");
  EXPECT_EQ(name(""), "");
}

TEST(MailTest, Mhtml) {
  EXPECT_EQ(List("From: <Saved by Blink>\nSnapshot-Content-Location: https://example.org/\nSubject: x\nMIME-Version: "
                 "1.0\nContent-Type: multipart/related; type=\"text/html\"; boundary=\"bb\"\n\n--bb\nContent-Type: "
                 "text/html\nContent-Location: https://example.org/\n\n<p>\n--bb\nContent-Type: text/css\n"
                 "Content-Location: cid:css@mhtml.blink\n\nb {}\n--bb--\n"),
            "https://example.org/=3 cid:css@mhtml.blink=4 ");
}

TEST(MailTest, MessagesInMessages) {
  const std::string inner = kMixed + "--bb\n" + kFile + "--bb--\n";
  const std::string outer = kFields + "Content-Type: message/rfc822\n";
  EXPECT_EQ(Open(outer + "\n" + inner).children().at("message.eml"), inner);
  // What nothing shows to be a message is read here.
  EXPECT_EQ(List(outer + "\nX-Only: this\nContent-Disposition: attachment; filename=\"a.txt\"\n\nabc"),
            "message.eml=67 a.txt=3 ");
  EXPECT_EQ(List(outer + "Content-Transfer-Encoding: base64\n\nWDogeQoKYWJj"), "message.eml=9 body.txt=3 ");
  EXPECT_EQ(List(kFields + "Content-Type: multipart/digest; boundary=bb\n\n--bb\n\n" + kFields + "\nabc\n--bb--\n"),
            "message.eml=" + std::to_string(kFields.size() + 4) + " ");
}

TEST(MailTest, WhatStaysClosed) {
  EXPECT_EQ(List(kFields + "Content-Type: message/partial; id=a; number=1; total=2\n\nabc"), "!unsupported =3 ");
  EXPECT_EQ(List(kFields + "Content-Type: multipart/encrypted; boundary=bb\n\n--bb\n\nVersion: 1\n--bb--\n"),
            "!encrypted body.txt=10 ");
}

TEST(MailTest, NestedTooDeeply) {
  for (const int depth : {mail::kMaxDepth, mail::kMaxDepth + 1}) {
    std::string message = kFields;
    for (int i = 0; i < depth; ++i) {
      const std::string boundary = "b" + std::to_string(i) + ".";
      message += "Content-Type: multipart/mixed; boundary=" + boundary + "\n\n--" + boundary + "\n";
    }
    message += "\ntext\n";
    EXPECT_EQ(List(message).find("unsupported") != std::string::npos, depth > mail::kMaxDepth) << List(message);
  }
  // Encoded ones hold what they are decoded to.
  std::string encoded = "Content-Type: text/plain\n\ntext";
  for (int i = 0; i < 8; ++i) {
    std::string quoted;
    for (const char c : "--b" + std::to_string(i) + ".\n" + encoded)
      quoted += c == '=' ? "=3D" : c == '-' ? "=2D" : std::string(1, c);
    encoded = "Content-Type: multipart/mixed; boundary=b" + std::to_string(i) +
              ".\nContent-Transfer-Encoding: quoted-printable\n\n" + quoted;
  }
  EXPECT_NE(List(kFields + encoded).find("!unsupported"), std::string::npos) << List(kFields + encoded);
  // Messages in messages that nothing shows to be some.
  std::string messages = kFields;
  for (int i = 0; i < 3 * mail::kMaxDepth; ++i) messages += "Content-Type: message/rfc822\n\nnothing\n";
  EXPECT_NE(List(messages).find("!unsupported"), std::string::npos);
}

TEST(MailTest, LongTextsBetweenPartsAreRead) {
  const std::string text(1000, 'x');
  EXPECT_EQ(List(kMixed + text + "\n--bb\n\na\n--bb--\n" + text), "between.txt=1000 body.txt=1 between.txt=1000 ");
  EXPECT_EQ(List(kMixed + "begin 644 a\n#86)C\n`\nend\n--bb\n\na\n--bb--\n"), "between.txt=23 body.txt=1 ");
}

TEST(MailTest, FilesFarBehindInATextAreGiven) {
  const std::string uu = "begin 644 a.bin\n#86)C\n`\nend\n";
  const std::string far = std::string(100'000, 'x') + "\n" + uu;
  EXPECT_EQ(List(kFields + "\n" + uu), "body.txt=28 ");  // Whoever looks at the child finds it.
  EXPECT_EQ(List(kFields + "\n" + far), "body.txt=100029 a.bin=3 ");
  EXPECT_EQ(List(kFields + "Content-Transfer-Encoding: quoted-printable\n\n" + far), "body.txt=100029 a.bin=3 ");
}

TEST(MailTest, PasswordsAreToldBeforeTheParts) {
  const std::string text = "Content-Type: text/plain\n\nSee the file.\nPassword: Secret-1.\n";
  const Listing listing = Open(kMixed + "--bb\n" + kFile + "--bb\n" + text + "--bb--\n");
  const auto words = listing.passwords();
  EXPECT_EQ(std::vector<std::string>(words.begin(), words.end()), (std::vector<std::string>{"Secret-1", "Secret-1."}));
  // There is nothing they could be for.
  EXPECT_TRUE(Open(kFields + text).passwords().empty());
}

TEST(PasswordsTest, WhereTheyStand) {
  const auto first = [](std::string_view text, bool is_html = false) {
    const auto words = mail::FindPasswords(text, is_html, 20);
    return words.empty() ? "" : words[0];
  };
  EXPECT_EQ(first("password: abc"), "abc");
  EXPECT_EQ(first("Password=\"abc\""), "abc");
  EXPECT_EQ(first("The password for the attached archive is abc."), "abc");
  EXPECT_EQ(first("Das Passwort lautet: 1234"), "1234");
  EXPECT_EQ(first("Kennwort:\r\n\r\nabc\r\n"), "abc");
  EXPECT_EQ(first("PWD abc"), "abc");
  EXPECT_EQ(first("Code - 77"), "77");
  EXPECT_EQ(first("<p>Passwort: <b>a&amp;b</b></p>", true), "a&b");
  EXPECT_EQ(first("Please pass it on. password: abc"), "abc");  // The likely one first.
  EXPECT_EQ(first("a passage of encoded text"), "");
  EXPECT_EQ(first("password"), "");
  EXPECT_EQ(first("password: "), "");
  EXPECT_EQ(first("password secret"), "secret");
  std::string many;
  for (int i = 0; i < 100; ++i) many += "password: w" + std::to_string(i) + "\n";
  EXPECT_EQ(mail::FindPasswords(many, false, 20).size(), 20u);
}

std::string ListMbox(const std::string& object) {
  Listing listing;
  return listing.Run(kMbox, object) ? listing.text() : "not opened";
}

const std::string kFromLine = "From a@example.org Thu Jan  1 00:00:00 1970\n";

TEST(MboxTest, Messages) {
  const std::string size = "=" + std::to_string(kFields.size() + 6) + " ";
  EXPECT_EQ(ListMbox(kFromLine + kFields + "\ntext\n\n" + kFromLine + kFields + "\nmore\n"), size + size);
  EXPECT_EQ(ListMbox(kFromLine + kFields + "\ntext\n"), size);
  // Without an empty line before it; and without a date.
  EXPECT_EQ(ListMbox(kFromLine + kFields + "\ntext\n" + kFromLine + kFields + "\nmore\n"), size + size);
  EXPECT_EQ(ListMbox("From a\n" + kFields + "\ntext\n\nFrom b\n" + kFields + "\nmore\n"), size + size);
  EXPECT_EQ(ListMbox("From MAILER-DAEMON\n\ntext"), "not opened");
  EXPECT_EQ(ListMbox("From the beginning on: text\n"), "not opened");
  EXPECT_EQ(ListMbox(kFromLine + kFields + "\n\nFrom then on 12:30 no\nword: of it\n"),
            "=" + std::to_string(kFields.size() + 1) + " =12 ");
  EXPECT_EQ(ListMbox(kFromLine + kFields + "\n\nFrom then on\nnothing\n"),
            "=" + std::to_string(kFields.size() + 23) + " ");
}

TEST(MboxTest, WhatDoesNotLookLikeAMessageIsReadAtOnce) {
  EXPECT_EQ(ListMbox(kFromLine + "X-Only: this\nContent-Type: text/html\n\n<p>\n"), "=42 body.html=4 ");
}

// What can only be read piece by piece.
class Unwilling final : public ObjectSource {
 public:
  explicit Unwilling(Bytes bytes) : memory_(bytes) {}
  std::optional<std::uint64_t> size() const override { return memory_.size(); }
  Result<Window> NextWindow(std::size_t overlap) override { return memory_.NextWindow(overlap); }
  Status Rewind() override { return memory_.Rewind(); }
  Result<std::size_t> ReadAt(std::uint64_t offset, std::span<std::byte> out) override {
    return memory_.ReadAt(offset, out);
  }
  Result<Bytes> Whole(std::uint64_t) override { return Fail(ErrorCode::kBudget, "too large"); }

 private:
  MemorySource memory_;
};

TEST(MboxTest, InWindowsAsInMemory) {
  std::string mbox;
  for (std::size_t i = 0; mbox.size() < (15u << 20); ++i) {
    mbox += kFromLine + kFields + "\n";
    // Of all sizes, so that separators stand at every place of a window's end; one is larger than a window.
    for (std::size_t k = 0; k < (i == 5 ? 100'000u : i * 37 % 5000); ++k)
      mbox += k % 100 == 99 ? "From x\n" : "text that stands for text, and lines of it\n";
    mbox += "\n";
  }
  Listing whole;
  EXPECT_TRUE(whole.Run(kMbox, mbox));
  Unwilling source(AsBytes(mbox));
  const Probe probe{AsBytes(mbox).first(Probe::kHeadBytes), {}, mbox.size(), source};
  Listing windows;
  kMbox.unpack(probe, {}, windows);
  EXPECT_EQ(windows.text(), whole.text());
  EXPECT_EQ(windows.bytes(), whole.bytes());
}

TEST(MailTest, TruncatedAtEveryByteAndFlipped) {
  const std::string whole =
      kMixed + "--bb\nContent-Type: multipart/related; boundary=cc\n\n--cc\n\npassword: x\n--cc--\n--bb\n" +
      "Content-Disposition: attachment; filename*0*=utf-8''%41; filename*1=b\n" + kFile +
      "--bb\nContent-Type: message/rfc822\n\nX: y\n\nz\n--bb--\n";
  for (std::size_t n = 0; n < whole.size(); ++n) {
    Listing listing;
    listing.Run(kMail, whole.substr(0, n));
    listing.Run(kMbox, kFromLine + whole.substr(0, n));
    for (int bit = 0; bit < 8; ++bit) {
      std::string flipped = whole;
      flipped[n] = static_cast<char>(static_cast<unsigned char>(flipped[n]) ^ (1u << bit));
      Listing other;
      other.Run(kMail, flipped);
    }
  }
}

TEST(MailTest, EndsWhereNoMoreIsWanted) {
  std::string many = kMixed;
  for (int i = 0; i < 100; ++i) many += "--bb\n" + kFile;
  Listing listing(10);
  EXPECT_TRUE(listing.Run(kMail, many));
  EXPECT_EQ(listing.text().size(), 10 * std::string("f.bin=3 ").size());
}

// Each would take minutes if anything in it were searched again and again. Not larger, as address sanitizer
// looks at all of the text whenever memmem is called.
TEST(MailTest, TimeIsLinear) {
  const auto repeated = [](const std::string& piece) {
    std::string out;
    while (out.size() < (1u << 20)) out += piece;
    return out;
  };
  const std::string name = "Content-Type: image/png; name=\"";
  const std::vector<std::string> messages = {
      kMixed + repeated("--b"),
      kMixed + repeated("--bb"),
      kMixed + repeated("--b\n"),
      kMixed + repeated("--\n"),
      kMixed + repeated("--bb\n"),
      kMixed + repeated("\n"),
      kFields + repeated("Content-Type: multipart/mixed; boundary=x\n") + "\n",
      kFields + name + repeated("=?a?B?z") + "\"\n\ntext",
      kFields + name + repeated("=?utf-8?Q?=?") + "\"\n\ntext",
      kFields + "Content-Type: a" + repeated("; a*0=b") + "\n\ntext",
      kFields + "Content-Transfer-Encoding: base64\n\n" + repeated("AA=="),
      kFields + "Content-Transfer-Encoding: base64\n\n" + repeated("A="),
      kFields + "Content-Transfer-Encoding: quoted-printable\n\n" + repeated("= "),
      kFields + "X: " + repeated("\n y") + "\n\ntext",
      kFields + repeated("no field\n") + "\n\ntext",
      kMixed + repeated("--bb\nContent-Type: multipart/mixed; boundary=cc\n\n"),
      kMixed + repeated("--bb\n\npassword password pass\n"),
      kFromLine + repeated("From "),
      kFromLine + "a:\n" + repeated("\n\nFrom "),
      kFromLine + "a:\n" + repeated("\n\nFrom a\nb:"),
  };
  for (const std::string& message : messages) {
    const auto begin = std::chrono::steady_clock::now();
    for (const Unpacker* unpacker : {&kMail, &kMbox}) {
      Listing listing(5'000'000);
      listing.Run(*unpacker, message);
    }
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20)) << message.substr(0, 200);
  }
}

}  // namespace
}  // namespace dl::unpack
