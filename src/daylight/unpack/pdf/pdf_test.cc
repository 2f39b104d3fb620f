#include "daylight/unpack/pdf/pdf.h"

#include <gtest/gtest.h>

#include <chrono>
#include <qpdf/Buffer.hh>
#include <qpdf/Pl_Buffer.hh>
#include <qpdf/QPDF.hh>
#include <qpdf/QPDFWriter.hh>

#include "daylight/unpack/pdf/pdf_testing.h"
#include "daylight/unpack/unpack_testing.h"

namespace dl::unpack {
namespace {

using pdf::Deflate;
using pdf::MakePdf;
using pdf::StreamOf;

constexpr const char* kRoot = "<</Type/Catalog/Pages 2 0 R>>";
constexpr const char* kPages = "<</Type/Pages/Kids[]/Count 0>>";

std::string List(const std::string& file) {
  Listing listing;
  return listing.Run(kPdf, file) ? listing.text() : "not opened";
}

std::string ContentOf(const std::string& file, const std::string& name) {
  Listing listing;
  EXPECT_TRUE(listing.Run(kPdf, file));
  const auto found = listing.children().find(name);
  return found != listing.children().end() ? found->second : "no such child: " + listing.text();
}

TEST(PdfTest, StreamsWithTheirFilters) {
  const std::string text = "some text, some text, some text";
  const std::string hex = "736f6d65>";
  EXPECT_EQ(List(MakePdf({kRoot, kPages, StreamOf("", text)})), "object 3 0.bin=31 ");
  EXPECT_EQ(ContentOf(MakePdf({kRoot, kPages, StreamOf("/Filter/FlateDecode", Deflate(text))}), "object 3 0.bin"),
            text);
  EXPECT_EQ(ContentOf(MakePdf({kRoot, kPages, StreamOf("/Filter[/Fl/AHx]", Deflate(hex))}), "object 3 0.bin"), "some");
  // Written so that a search for the name fails.
  EXPECT_EQ(ContentOf(MakePdf({kRoot, kPages, StreamOf("/#46ilter/#46lateDecode", Deflate(text))}), "object 3 0.bin"),
            text);
  // By references; /Length too.
  EXPECT_EQ(ContentOf(MakePdf({kRoot, kPages, "<</Filter 4 0 R/Length 6 0 R>>stream\r\n" + Deflate(hex) + "\nendstream",
                               "[5 0 R/AHx]", "/FlateDecode", std::to_string(Deflate(hex).size())}),
                      "object 3 0.bin"),
            "some");
  // What images are encoded in stays.
  EXPECT_EQ(ContentOf(MakePdf({kRoot, kPages, StreamOf("/Filter[/AHx/DCTDecode]", hex)}), "object 3 0.bin"), "some");
}

TEST(PdfTest, LengthsThatAreWrong) {
  for (const char* length : {"", "/Length 1", "/Length 99999999999", "/Length -1", "/Length 3 0 R", "/Length(x)"}) {
    EXPECT_EQ(ContentOf(MakePdf({kRoot, kPages, "<<" + std::string(length) + ">>stream\r\nbytes\r\nendstream"}),
                        "object 3 0.bin"),
              "bytes")
        << length;
  }
}

TEST(PdfTest, WhatIsNotToldIsNotDecoded) {
  EXPECT_EQ(List(MakePdf({kRoot, kPages, StreamOf("/Filter/NoSuchDecode", "text")})),
            "object 3 0.bin=4 object 3 0.bin!unsupported ");
  EXPECT_EQ(List(MakePdf({kRoot, kPages, StreamOf("/Filter[/DCTDecode/Fl]", "text")})),
            "object 3 0.bin=4 object 3 0.bin!unsupported ");
  EXPECT_EQ(List(MakePdf({kRoot, kPages, StreamOf("/Filter/Fl", "no such text")})),
            "object 3 0.bin=0 object 3 0.bin!damaged ");
  EXPECT_EQ(List("%PDF-1.4\nand nothing else"), "!damaged ");
  EXPECT_EQ(List("no PDF"), "not opened");
  EXPECT_EQ(List("%!PS-Adobe-3.0 EPSF-3.0"), "not opened");
  EXPECT_EQ(List("%!PS-Adobe-3.0 PDF-1.4\n1 0 obj" + StreamOf("", "text")), "object 1 0.bin=4 ");
  EXPECT_EQ(List(std::string(1020, ' ') + "%PDF-1.4"), "not opened");
}

TEST(PdfTest, Scripts) {
  const std::string file = MakePdf({"<</OpenAction<</S/JavaScript/JS(app.alert\\(1\\))>>/AA<</O 3 0 R>>>>", kPages,
                                    "<</S/JavaScript/JS 4 0 R>>", StreamOf("/Filter/Fl", Deflate("in a stream")),
                                    "<</JS 6 0 R>>", "<FEFF00680069>"});
  EXPECT_EQ(ContentOf(file, "javascript 1.js"), "in a stream");
  EXPECT_EQ(ContentOf(file, "javascript 2.js"), "app.alert(1)");
  EXPECT_EQ(ContentOf(file, "javascript 3.js"), "hi");
}

TEST(PdfTest, FilesAndActions) {
  const std::string file = MakePdf(
      {"<</Names<</EmbeddedFiles<</Names[(x)<</Type/Filespec/F(invoice.exe)/EF<</F 3 0 R>>>>]>>>>>>", kPages,
       StreamOf("/Type/EmbeddedFile", "MZ"), "<</S/URI/URI(http://example.com/)>>",
       "<</S/Launch/Win<</F(cmd.exe)/P(/c dir)>>>>", "<</S/GoToR/F 7 0 R>>", "<</F(other.pdf)/Type/Filespec>>"});
  EXPECT_EQ(ContentOf(file, "invoice.exe"), "MZ");
  EXPECT_EQ(ContentOf(file, "actions.txt"),
            "URI http://example.com/\nLaunch cmd.exe\nLaunch /c dir\nGoToR other.pdf\n");
}

TEST(PdfTest, ObjectStreams) {
  const std::string inner = "10 0 11 31 <</S/JavaScript/JS(in there)>> <</Type/Filespec/UF(a.txt)/EF<</F 4 0 R>>>>";
  for (const char* type : {"/Type/ObjStm", ""}) {
    const std::string file = MakePdf(
        {kRoot, kPages, StreamOf(std::string(type) + "/N 2/First 11/Filter/Fl", Deflate(inner)), StreamOf("", "text")});
    EXPECT_EQ(ContentOf(file, "javascript 1.js"), "in there");
    EXPECT_EQ(ContentOf(file, "a.txt"), "text");
    EXPECT_EQ(ContentOf(file, "object 3 0.bin"), inner);
  }
  EXPECT_EQ(List(MakePdf({kRoot, kPages, StreamOf("/Type/ObjStm/N 99/First 4", "1 0 (text)")})),
            "object 3 0.bin=10 object 3 0.bin!damaged ");
}

// A stream whose bytes are said to be what a reader would find behind them, by the table.
TEST(PdfTest, ObjectsThatHide) {
  const std::string hidden = "3 0 obj\n" + StreamOf("/Filter/Fl", Deflate("hidden text")) + "\nendobj\n";
  const std::string file = "%PDF-1.4\n" + ("9 0 obj\n" + StreamOf("", hidden)) + "\nendobj\n";
  EXPECT_EQ(ContentOf(file, "object 3 0.bin"), "hidden text");
  // Behind a comment, which the numbers before it do not belong to.
  EXPECT_EQ(ContentOf("%PDF-1.4\n3 0 %\nobj\n" + StreamOf("", "text"), "object at 18.bin"), "text");
  EXPECT_EQ(
      ContentOf("%PDF-1.4\n3 0obj<</A[<</B(\n>>stream\nno\nendstream 4 0 obj" + StreamOf("", "text"), "object 4 0.bin"),
      "text");
}

std::string Encrypt(const std::string& file, int revision, const std::string& user, const std::string& owner) {
  QPDF document;
  document.setSuppressWarnings(true);
  document.processMemoryFile("made", file.data(), file.size());
  QPDFWriter writer(document);
  writer.setOutputMemory();
  writer.setPreserveUnreferencedObjects(true);
  if (revision == 2) writer.setR2EncryptionParametersInsecure(user.c_str(), owner.c_str(), true, true, true, true);
  if (revision == 3) {
    writer.setR3EncryptionParametersInsecure(user.c_str(), owner.c_str(), true, true, true, true, true, true,
                                             qpdf_r3p_full);
  }
  if (revision == 4 || revision == 40) {
    writer.setR4EncryptionParametersInsecure(user.c_str(), owner.c_str(), true, true, true, true, true, true,
                                             qpdf_r3p_full, revision == 4, revision == 4);
  }
  if (revision == 5) {
    writer.setR5EncryptionParameters(user.c_str(), owner.c_str(), true, true, true, true, true, true, qpdf_r3p_full,
                                     true);
  }
  if (revision == 6) {
    writer.setR6EncryptionParameters(user.c_str(), owner.c_str(), true, true, true, true, true, true, qpdf_r3p_full,
                                     true);
  }
  writer.setObjectStreamMode(revision == 4 ? qpdf_o_generate : qpdf_o_preserve);
  writer.write();
  const auto buffer = writer.getBufferSharedPointer();
  return {reinterpret_cast<const char*>(buffer->getBuffer()), buffer->getSize()};
}

TEST(PdfTest, Encrypted) {
  PreparePdf();
  const std::string plain = MakePdf({"<</Type/Catalog/Pages 2 0 R/OpenAction 3 0 R>>", kPages,
                                     "<</S/JavaScript/JS(app.alert\\(1\\))>>", StreamOf("", "text in a stream")});
  for (const int revision : {2, 3, 4, 40, 5, 6}) {
    Listing open;
    const std::string file = Encrypt(plain, revision, "", "owner");
    EXPECT_TRUE(open.Run(kPdf, file));
    EXPECT_EQ(open.children().count("javascript 1.js"), 1u) << revision << " " << open.text();
    EXPECT_EQ(open.children().at("javascript 1.js"), "app.alert(1)") << revision;
    const auto has_text = [](const Listing& listing) {
      return std::any_of(listing.children().begin(), listing.children().end(),
                         [](const auto& child) { return child.second == "text in a stream"; });
    };
    EXPECT_TRUE(has_text(open)) << revision << " " << open.text();
    EXPECT_EQ(open.closed(), 0u) << revision << " " << open.text();
    const std::string closed_file = Encrypt(plain, revision, "user", "owner");
    for (const char* password : {"user", "owner"}) {
      Listing other;
      other.SetPasswords({"wrong", password});
      EXPECT_TRUE(other.Run(kPdf, closed_file));
      EXPECT_TRUE(has_text(other)) << revision << password << other.text();
      EXPECT_EQ(other.closed(), 0u) << revision << other.text();
    }
    Listing closed;
    closed.SetPasswords({"wrong"});
    EXPECT_TRUE(closed.Run(kPdf, closed_file));
    EXPECT_TRUE(closed.text().starts_with("!encrypted ")) << closed.text();
  }
  EXPECT_TRUE(List(MakePdf({kRoot}, "/Encrypt<</Filter/Adobe.PubSec>>")).starts_with("!encrypted "));
}

// Whatever qpdf decodes is among the children.
TEST(PdfTest, AsQpdfDecodesIt) {
  std::vector<std::string> objects = {kRoot, "<</Type/Pages/Kids[3 0 R]/Count 1>>", ""};
  std::string all;
  for (int i = 0; i < 20; ++i) {
    objects.push_back(
        StreamOf("/Filter/Fl", Deflate(std::string(static_cast<std::size_t>(100 * i + 1), 'x') + std::to_string(i))));
    objects.push_back("<</Key " + std::to_string(i) + ">>");
    all += std::to_string(objects.size() - 1) + " 0 R " + std::to_string(objects.size()) + " 0 R ";
  }
  objects[2] = "<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Extra[" + all + "]>>";
  const std::string made = MakePdf(objects);
  for (const bool is_linear : {false, true}) {
    QPDF document;
    document.processMemoryFile("made", made.data(), made.size());
    QPDFWriter writer(document);
    writer.setOutputMemory();
    writer.setPreserveUnreferencedObjects(true);
    writer.setObjectStreamMode(qpdf_o_generate);
    writer.setLinearization(is_linear);
    writer.write();
    const auto buffer = writer.getBufferSharedPointer();
    const std::string file(reinterpret_cast<const char*>(buffer->getBuffer()), buffer->getSize());
    Listing listing;
    ASSERT_TRUE(listing.Run(kPdf, file));
    EXPECT_EQ(listing.closed(), 0u) << listing.text();
    QPDF again;
    again.processMemoryFile("again", file.data(), file.size());
    int count = 0;
    for (QPDFObjectHandle object : again.getAllObjects()) {
      if (!object.isStream()) continue;
      const auto data = object.getStreamData(qpdf_dl_specialized);
      const std::string text(reinterpret_cast<const char*>(data->getBuffer()), data->getSize());
      const auto& children = listing.children();
      EXPECT_TRUE(
          std::any_of(children.begin(), children.end(), [&](const auto& child) { return child.second == text; }));
      ++count;
    }
    EXPECT_GE(count, 20);
  }
}

TEST(PdfTest, TruncatedAtEveryByteAndFlipped) {
  PreparePdf();
  const std::string plain =
      MakePdf({"<</Type/Catalog/Pages 2 0 R/OpenAction 3 0 R>>", kPages, "<</S/JavaScript/JS(app.alert\\(1\\))>>",
               StreamOf("/Filter[/AHx/Fl]/DecodeParms[null<</Predictor 12/Columns 4>>]", "789c"),
               StreamOf("/N 1/First 4", "10 0 (text)")});
  for (const std::string& file : {plain, Encrypt(plain, 4, "", ""), Encrypt(plain, 6, "", "")}) {
    for (std::size_t n = 0; n < file.size(); ++n) {
      Listing listing;
      listing.Run(kPdf, file.substr(0, n));
      std::string flipped = file;
      flipped[n] = static_cast<char>(static_cast<unsigned char>(flipped[n]) ^ (1u << (n % 8)));
      Listing other;
      other.Run(kPdf, flipped);
      EXPECT_LE(other.bytes(), std::uint64_t{64} << 20);
    }
  }
  EXPECT_EQ(List("%PDF-1.4\n1 0 obj<</Length 9>>stream\nabc"), "object 1 0.bin!damaged object 1 0.bin=3 ");
}

double SecondsOf(const std::string& file, std::uint64_t max_bytes = 1u << 20) {
  const auto begin = std::chrono::steady_clock::now();
  Listing listing(1000, max_bytes);
  EXPECT_TRUE(listing.Run(kPdf, file));
  EXPECT_LE(listing.bytes(), max_bytes + 4096);
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

TEST(PdfTest, Bombs) {
  constexpr double kSeconds = 20;  // With sanitizers, on a busy machine.
  std::string many = "/Filter[";
  for (int i = 0; i < 1000; ++i) many += "/Fl";
  std::string bomb = Deflate(Deflate(Deflate(std::string(64u << 20, ' '))));
  EXPECT_LT(SecondsOf(MakePdf({kRoot, kPages, StreamOf(many + "]", bomb)})), kSeconds);
  EXPECT_LT(SecondsOf(MakePdf({kRoot, kPages, StreamOf("/Filter[/Fl/Fl/Fl]", bomb)})), kSeconds);
  EXPECT_LT(SecondsOf(MakePdf({kRoot, kPages, StreamOf("/N 1/First 4/Type/ObjStm/Filter[/Fl/Fl/Fl]", bomb)})),
            kSeconds);
  EXPECT_LT(SecondsOf(MakePdf({kRoot, kPages, StreamOf("/Filter[/Fl/Fl/Fl/AHx]", bomb)})), kSeconds);
  // References in a ring.
  EXPECT_LT(SecondsOf(MakePdf({"2 0 R", "1 0 R", "<</Length 1 0 R/Filter 2 0 R/JS 1 0 R/EF 2 0 R/F 1 0 R>>"})),
            kSeconds);
  // Objects, and streams, that all reach to the end.
  const auto repeat = [](std::string_view part, int count) {
    std::string out = "%PDF-1.4\n";
    for (int i = 0; i < count; ++i) out += part;
    return out;
  };
  for (const char* part : {"1 0 obj(", "1 0 obj[", "1 0 obj<</A", "1 0 obj<</JS 1 0 R>>", "1 0 obj<<>>stream\n",
                           "1 0 obj<</Filter/AHx>>stream\n   ", "1 0 obj<</Length 1 0 R>>stream\n", "trailer<<",
                           "trailer<</Encrypt 1 0 R>>", "[", "<<", "("}) {
    EXPECT_LT(SecondsOf(repeat(part, 20'000)), kSeconds) << part;
  }
  std::string launch = "%PDF-1.4\n1 0 obj";
  for (int i = 0; i < 90; ++i) launch += "<</S/Launch/EF<<>>/F ";
  launch += "[" + std::string(400'000, '0') + "]";
  EXPECT_LT(SecondsOf(launch), kSeconds);
}

TEST(PdfTest, EndsWhereNoMoreIsWanted) {
  std::vector<std::string> objects(100, StreamOf("", "text"));
  Listing listing(10);
  EXPECT_TRUE(listing.Run(kPdf, MakePdf(objects)));
  EXPECT_EQ(listing.text().size(),
            std::string("object 1 0.bin=4 ").size() * 9 + std::string("object 10 0.bin=4 ").size());
}

}  // namespace
}  // namespace dl::unpack
