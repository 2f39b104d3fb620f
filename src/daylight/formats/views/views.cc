#include "daylight/formats/views/views.h"

#include <utility>

#include "daylight/formats/filetype/unicode.h"
#include "daylight/formats/html/html.h"
#include "daylight/formats/text/text.h"

namespace dl::views {
namespace {

using filetype::ClamType;

class Builder {
 public:
  explicit Builder(Bytes object) : object_(object) {}

  // Generic signatures are matched on the raw bytes once.
  void AddRaw(ClamType type) {
    View view;
    view.type = type;
    view.target = filetype::TargetOf(type);
    view.generic = !raw_seen_;
    view.file_size = object_.size();
    view.name = "raw";
    raw_seen_ = true;
    if (view.generic || view.target != filetype::kTargetGeneric) views_.views.push_back(std::move(view));
  }

  void AddHtml(Bytes html) {
    if (html.size() > html::kMaxNormalisedBytes) return;
    html::Forms forms = html::Normalise(html);
    views_.complete = views_.complete && forms.complete;
    std::string again = forms.javascript;
    AddForm("nocomment", std::move(forms.nocomment), ClamType::kHtml);
    if (html.size() <= html::kMaxNoTagsBytes) AddForm("notags", std::move(forms.notags), ClamType::kHtml);
    AddForm("javascript", std::move(forms.javascript), ClamType::kHtml);
    AddForm("javascript", std::move(again), ClamType::kTextAscii, false);
    views_.messages = std::move(forms.data);
  }

  void AddText() {
    if (object_.size() > text::kMaxNormalisedBytes) return;
    View view = FormOf("text", text::NormaliseText(object_), ClamType::kTextAscii);
    view.file_size = object_.size();
    // Also when nothing is left of it: signatures may ask that something is not there.
    views_.views.push_back(std::move(view));
  }

  Views Take() { return std::move(views_); }
  Views& views() { return views_; }

 private:
  void AddForm(std::string_view name, std::string bytes, ClamType type, bool generic = true) {
    if (bytes.empty()) return;
    View view = FormOf(name, std::move(bytes), type);
    view.generic = generic;
    views_.views.push_back(std::move(view));
  }

  static View FormOf(std::string_view name, std::string bytes, ClamType type) {
    View view;
    view.raw = false;
    view.file_size = bytes.size();
    view.bytes = std::move(bytes);
    view.type = type;
    view.target = filetype::TargetOf(type);
    view.name = name;
    return view;
  }

  Bytes object_;
  Views views_;
  bool raw_seen_ = false;
};

}  // namespace

Views ViewsOf(Bytes object, ClamType type, const filetype::MagicTable& table, bool in_mail) {
  Builder builder(object);
  if (object.size() < filetype::kMinObjectBytes || type == ClamType::kIgnored) return builder.Take();

  if (type == ClamType::kHtml) {
    builder.AddHtml(object);
    return builder.Take();
  }
  if (type == ClamType::kHtmlUtf16) builder.AddHtml(AsBytes(filetype::FoldUtf16Pairs(object)));
  if (type == ClamType::kScript) builder.AddText();

  const filetype::RawTypes raw = filetype::FindTypes(object, type, table);
  builder.views().raw = raw;
  builder.AddRaw(type == ClamType::kTextAscii ? ClamType::kAny : type);
  const bool is_html = raw.detected == ClamType::kHtml;
  if (is_html) builder.AddHtml(object);
  if (type == ClamType::kBinaryData) {
    builder.AddRaw(ClamType::kOther);
  } else if (filetype::IsTextOrData(type)) {
    if (!is_html) builder.AddText();
    if (raw.detected == ClamType::kMail || in_mail) builder.AddRaw(ClamType::kMail);
  }
  return builder.Take();
}

}  // namespace dl::views
