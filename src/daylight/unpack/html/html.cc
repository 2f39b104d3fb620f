#include "daylight/unpack/html/html.h"

#include <algorithm>

#include "daylight/unpack/encoded/decode.h"
#include "daylight/unpack/encoded/runs.h"
#include "daylight/unpack/encoded/text_kind.h"
#include "daylight/unpack/html/data_uri.h"
#include "daylight/unpack/html/tags.h"

namespace dl::unpack {

namespace {

using html::Attribute;
using html::DataUri;
using html::Equals;
using html::Tag;

bool StartsWith(std::string_view text, std::string_view lower) {
  return text.size() >= lower.size() && Equals(text.substr(0, lower.size()), lower);
}

// Scripts are put together up to here.
constexpr std::size_t kMaxScripts = 16u << 20;

class Unpacking {
 public:
  Unpacking(std::string_view text, Sink& sink) : text_(text), sink_(sink) {}

  void Run() {
    html::ForEachTag(text_, [&](const Tag& tag) {
      if (is_done_) return text_.size();
      return Take(tag);
    });
    if (is_done_ || !GiveText(text_.size())) return;
    GiveScripts();
  }

 private:
  std::size_t Take(const Tag& tag) {
    if (tag.is_end) return tag.end;
    for (const Attribute& attribute : tag.attributes) TakeAttribute(attribute);
    if (is_done_ || tag.is_empty) return tag.end;
    if (Equals(tag.name, "script")) {
      const std::size_t end = html::FindEndTag(text_, "script", tag.end);
      AddScript(text_.substr(tag.end, end - tag.end));
      return Leave(tag.end, end);
    }
    if (Equals(tag.name, "part")) {
      const Attribute* name = tag.Find("name");
      part_ = name != nullptr ? name->value : std::string_view();
    }
    // Word's and Office's (ECMA-376, part 2, flat packages).
    if (Equals(tag.name, "bindata") || Equals(tag.name, "binarydata")) {
      const std::size_t end = std::min(text_.find('<', tag.end), text_.size());
      const Attribute* name = tag.Find("name");
      const std::string bytes = DecodeBase64(text_.substr(tag.end, end - tag.end));
      const std::string_view known = name != nullptr ? name->value : part_;
      if (!bytes.empty()) Give(known.empty() ? "binary " + std::to_string(++binaries_) : std::string(known), bytes);
      return Leave(tag.end, end);
    }
    return tag.end;
  }

  void TakeAttribute(const Attribute& attribute) {
    if (attribute.name.size() > 2 && StartsWith(attribute.name, "on")) {
      AddScript(html::DecodeReferences(attribute.value));
    } else if (Equals(attribute.name, "srcdoc")) {
      Give("document " + std::to_string(++documents_) + ".html", html::DecodeReferences(attribute.value));
    } else if (IsScriptAddress(attribute.value)) {
      std::string address = html::DecodeReferences(attribute.value);
      // Browsers drop these wherever they stand.
      address.erase(std::remove_if(address.begin(), address.end(), [](char c) { return c > 0 && c < ' '; }),
                    address.end());
      const std::size_t begin = address.find_first_not_of(' ');
      if (begin == std::string::npos) return;
      const std::string_view rest = std::string_view(address).substr(begin);
      if (StartsWith(rest, "javascript:") || StartsWith(rest, "vbscript:")) {
        AddScript(DecodePercent(rest.substr(rest.find(':') + 1)));
      }
    }
  }

  // Whether it may be one, before more is done about it.
  static bool IsScriptAddress(std::string_view value) {
    const std::size_t begin = value.find_first_not_of(" \t\r\n\f\v");
    if (begin == std::string_view::npos) return false;
    const char c = value[begin];
    return c == 'j' || c == 'J' || c == 'v' || c == 'V' || c == '&' || (c > 0 && c < ' ');
  }

  void AddScript(std::string_view script) {
    // Large ones are not copied.
    if (scripts_.size() + script.size() > kMaxScripts) GiveScripts();
    if (script.size() > kMaxScripts) return Give(NextScripts(), script);
    scripts_ += script;
    scripts_ += '\n';
  }
  void GiveScripts() {
    if (scripts_.empty()) return;
    Give(NextScripts(), scripts_);
    scripts_.clear();
  }
  std::string NextScripts() {
    return ++script_files_ == 1 ? "scripts.js" : "scripts " + std::to_string(script_files_) + ".js";
  }

  // The text up to here is looked at, what comes up to `end` was taken in another way.
  std::size_t Leave(std::size_t begin, std::size_t end) {
    if (!GiveText(begin)) is_done_ = true;
    text_done_ = end;
    return end;
  }

  void Give(const std::string& name, std::string_view bytes) {
    if (!is_done_ && !sink_.Add({name, bytes.size()}, AsBytes(bytes))) is_done_ = true;
  }

  // data: addresses, and encoded runs around them.
  bool GiveText(std::size_t end) {
    const std::string_view part = text_.substr(text_done_, end - text_done_);
    std::size_t done = 0;
    const auto give_runs = [&](std::size_t to) {
      return FindEncoded(part.substr(done, to - done), {}, [&](std::string_view bytes) {
        return sink_.Add({"encoded " + std::to_string(++runs_), bytes.size()}, AsBytes(bytes));
      });
    };
    const bool goes_on = html::ForEachDataUri(part, [&](const DataUri& uri) {
      if (!give_runs(uri.begin)) return false;
      done = uri.end;
      const ChildInfo info{"data " + std::to_string(++uris_) + "." + uri.ending, uri.bytes.size()};
      return sink_.Add(info, AsBytes(uri.bytes));
    });
    return goes_on && give_runs(part.size());
  }

  std::string_view text_;
  Sink& sink_;
  std::size_t text_done_ = 0;
  std::string scripts_;
  std::string_view part_;  // The name of the package's part at hand.
  std::size_t script_files_ = 0;
  std::size_t binaries_ = 0;
  std::size_t documents_ = 0;
  std::size_t runs_ = 0;
  std::size_t uris_ = 0;
  bool is_done_ = false;  // No more is wanted.
};

bool Opens(const Probe& probe) { return TextKindOf(probe.head) == TextKind::kMarkup; }

void UnpackHtml(const Probe& probe, const ChildInfo&, Sink& sink) {
  const auto whole = probe.object.Whole(kMaxWholeBytes);
  if (!whole) return sink.Closed("", kTooLarge, "too large to be read as a whole");
  std::string room;
  Unpacking(Narrow(AsText(*whole), room), sink).Run();
}

}  // namespace

const Unpacker kHtml = {"html", Opens, UnpackHtml};

}  // namespace dl::unpack
