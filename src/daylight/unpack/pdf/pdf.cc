#include "daylight/unpack/pdf/pdf.h"

#include <algorithm>
#include <map>
#include <memory>
#include <set>

#include "daylight/unpack/pdf/pdf_crypt.h"
#include "daylight/unpack/pdf/pdf_file.h"
#include "daylight/unpack/pdf/pdf_text.h"

namespace dl::unpack {

namespace {

using namespace pdf;  // NOLINT: the parts of this folder.

// Honest streams have one filter, or two.
constexpr std::size_t kMaxFilters = 16;
// So long a list of actions is told.
constexpr std::size_t kMaxActionBytes = 4u << 20;
constexpr std::size_t kMaxNameBytes = 1024;
// Scripts, files and actions together.
constexpr std::size_t kMaxNotes = 200'000;

// A value, and whose it is: strings are encrypted by the object they stand in.
struct Owned {
  Value value;
  std::int64_t number = 0;
  std::int64_t generation = 0;
  bool is_plain = false;
};

class Unpacking {
 public:
  Unpacking(std::string_view text, Sink& sink)
      : sink_(sink),
        parsing_((std::uint64_t{256} << 20) + 4 * std::uint64_t{text.size()}),
        decoding_((std::uint64_t{256} << 20) + 200 * std::uint64_t{text.size()}),
        file_(text, parsing_) {}

  void Run() {
    file_.Scan();
    if (file_.places().empty()) return sink_.Closed("", kDamaged, "there are no objects in it");
    FindKey();
    // The list grows by what object streams hold, which are no streams themselves.
    for (std::size_t i = 0; i < file_.places().size(); ++i) {
      if (!Look(file_.places()[i])) return;
    }
    file_.Index();
    NameFiles();
    NameScripts();
    for (const Place& place : streams_) {
      const Object object = file_.Read(place);
      if (!GiveStream(place, object, NameOf(place), nullptr)) return;
    }
    if (!GiveScripts() || !GiveActions()) return;
    if (file_.is_too_large() || has_too_many_notes_) sink_.Closed("", kTooLarge, "more objects than are kept");
    if (parsing_.is_exhausted()) sink_.Closed("", kDamaged, "its objects overlap too often to be read");
  }

 private:
  static std::string NumberedName(const Place& place) {
    if (place.number < 0) return "object at " + std::to_string(place.offset) + ".bin";
    return "object " + std::to_string(place.number) + " " + std::to_string(place.generation) + ".bin";
  }

  void FindKey() {
    const std::vector<Encryption>& encryptions = file_.encryptions();
    for (auto at = encryptions.rbegin(); at != encryptions.rend() && key_ == nullptr; ++at) {
      key_ = Decryptor::Open(at->dictionary, at->id, sink_.passwords());
    }
    is_closed_ = key_ == nullptr && !encryptions.empty();
    if (is_closed_) sink_.Closed("", kEncrypted, "no password that is known opens it");
  }

  // Takes note of what is in an object, and opens object streams. False: no more is wanted.
  bool Look(const Place place) {
    const Object object = file_.Read(place);
    if (!place.is_nested) {
      if (object.is_too_large) sink_.Closed(NumberedName(place), kTooLarge, "more is in the object than is kept");
      if (object.is_cut) sink_.Closed(NumberedName(place), kDamaged, "the file ends in it");
    }
    const Owned owned{{}, place.number, place.generation, place.stream >= 0};
    Examine(object.value, owned);
    if (!object.has_stream) return true;
    const Value* count = object.value.Find("N");
    const Value* first = object.value.Find("First");
    // Readers do not ask for its /Type.
    if (count == nullptr || first == nullptr || is_closed_) {
      streams_.push_back(place);
      return true;
    }
    std::string text;
    if (!GiveStream(place, object, NumberedName(place), &text)) return false;
    const bool is_good =
        file_.AddObjectStream(std::move(text), file_.Resolve(*count).number, file_.Resolve(*first).number);
    const Value* type = object.value.Find("Type");
    if (!is_good && type != nullptr && type->IsName("ObjStm")) {
      sink_.Closed(NumberedName(place), kDamaged, "the objects in it cannot be told apart");
    }
    return true;
  }

  // Scripts, files and actions, in all that the object is made of (12.6.4, 7.11.4).
  void Examine(const Value& value, const Owned& owner) {
    for (const Value& item : value.items) {
      if (item.Is(Value::Kind::kArray) || item.Is(Value::Kind::kDictionary)) Examine(item, owner);
    }
    if (!value.Is(Value::Kind::kDictionary)) return;
    if (scripts_.size() + files_.size() + actions_.size() > kMaxNotes) {
      has_too_many_notes_ = true;
      return;
    }
    // Only what is one string or reference is kept: copies of what nests would grow without end.
    const auto note = [&](const Value& what) {
      return Owned{IsSimple(what) ? what : Value{}, owner.number, owner.generation, owner.is_plain};
    };
    if (const Value* script = value.Find("JS"); script != nullptr) scripts_.push_back(note(*script));
    if (const Value* files = value.Find("EF"); files != nullptr) {
      for (const char* key : {"UF", "F", "Unix", "DOS", "Mac"}) {
        const Value* name = value.Find(key);
        if (name == nullptr) continue;
        files_.push_back({note(*name), SimpleItems(*files)});
        break;
      }
    }
    if (const Value* uri = value.Find("URI"); uri != nullptr) actions_.emplace_back("URI", note(*uri));
    const Value* kind = value.Find("S");
    if (kind == nullptr) return;
    for (const std::string_view action : {"Launch", "GoToR", "GoToE", "SubmitForm", "ImportData"}) {
      if (!kind->IsName(action)) continue;
      for (const char* key : {"F", "Win", "Mac", "Unix"}) {
        const Value* target = value.Find(key);
        if (target == nullptr) continue;
        for (const Value& item : SimpleItems(*target)) actions_.emplace_back(action, note(item));
      }
    }
  }

  static bool IsSimple(const Value& value) {
    return value.Is(Value::Kind::kString) || value.Is(Value::Kind::kReference);
  }
  // The value itself, or what stands in it; specifications of files have a handful (Table 44).
  static std::vector<Value> SimpleItems(const Value& value) {
    std::vector<Value> items;
    if (IsSimple(value)) items.push_back(value);
    for (const Value& item : value.items) {
      if (items.size() < 32 && IsSimple(item)) items.push_back(item);
    }
    return items;
  }

  Owned Resolve(const Owned& owned) const {
    if (!owned.value.Is(Value::Kind::kReference)) return owned;
    const std::vector<Place> found = file_.Find(owned.value.number);
    if (found.empty()) return {};
    return {file_.Read(found.front()).value, found.front().number, found.front().generation, found.front().stream >= 0};
  }

  // A string's text, decrypted, as UTF-8.
  std::string TextOf(const Owned& owned) const {
    const Owned resolved = Resolve(owned);
    if (!resolved.value.Is(Value::Kind::kString)) return "";
    if (key_ == nullptr || resolved.is_plain) return ToUtf8(resolved.value.text);
    return ToUtf8(key_->Decrypt(key_->string_method(), resolved.number, resolved.generation, resolved.value.text));
  }

  void NameFiles() {
    for (const auto& [name, files] : files_) {
      const std::string text = TextOf(name).substr(0, kMaxNameBytes);
      if (text.empty()) continue;
      for (const Value& file : files) {
        const Value resolved = file_.Resolve(file);
        // The dictionary of files may stand elsewhere; a stream is one itself.
        if (file.Is(Value::Kind::kReference)) file_names_.emplace(file.number, text);
        for (const Value& item : SimpleItems(resolved)) {
          if (item.Is(Value::Kind::kReference)) file_names_.emplace(item.number, text);
        }
      }
    }
  }

  // Those that are streams; strings wait for GiveScripts().
  void NameScripts() {
    for (const Owned& script : scripts_) {
      if (!script.value.Is(Value::Kind::kReference)) continue;
      for (const Place& place : file_.Find(script.value.number)) {
        if (!file_.Read(place).has_stream) continue;
        const std::size_t next = script_names_.size() + 1;
        script_names_.emplace(script.value.number, "javascript " + std::to_string(next) + ".js");
      }
    }
  }

  std::string NameOf(const Place& place) const {
    if (const auto found = script_names_.find(place.number); found != script_names_.end()) return found->second;
    if (const auto found = file_names_.find(place.number); found != file_names_.end()) return found->second;
    return NumberedName(place);
  }

  bool GiveScripts() {
    std::size_t count = script_names_.size();
    std::set<std::int64_t> given;
    for (const Owned& script : scripts_) {
      std::vector<Owned> found;
      if (!script.value.Is(Value::Kind::kReference)) {
        found.push_back(script);
      } else if (given.insert(script.value.number).second) {
        for (const Place& place : file_.Find(script.value.number)) {
          found.push_back({file_.Read(place).value, place.number, place.generation, place.stream >= 0});
        }
      }
      for (const Owned& one : found) {
        const std::string text = TextOf(one);
        if (text.empty()) continue;
        const ChildInfo info{"javascript " + std::to_string(++count) + ".js", text.size()};
        if (!sink_.Add(info, AsBytes(text))) return false;
      }
    }
    return true;
  }

  void AddAction(std::string_view action, const Owned& owned, int depth, std::string& out) const {
    const Owned target = Resolve(owned);
    if (const std::string text = TextOf(target); !text.empty()) {
      out += std::string(action) + " " + text + "\n";
    }
    if (depth >= 4) return;
    for (const Value& item : target.value.items) {
      if (out.size() > kMaxActionBytes) return;
      if (item.Is(Value::Kind::kName)) continue;
      AddAction(action, {item, target.number, target.generation, target.is_plain}, depth + 1, out);
    }
  }

  bool GiveActions() {
    std::string out;
    for (const auto& [action, target] : actions_) {
      AddAction(action, target, 0, out);
      if (out.size() > kMaxActionBytes) {
        sink_.Closed("actions.txt", kTooLarge, "more actions than are listed");
        break;
      }
    }
    return out.empty() || sink_.Add({"actions.txt", out.size()}, AsBytes(out));
  }

  // A stream's filters, in the order they are undone, with their parameters (7.3.8.2).
  struct Filter {
    std::string name;
    Value parameters;
  };
  std::vector<Filter> FiltersOf(const Value& dictionary) const {
    std::vector<Filter> filters;
    const Value* stated = dictionary.Find("Filter");
    if (stated == nullptr) return filters;
    const Value* more = dictionary.Find("DecodeParms");
    if (more == nullptr) more = dictionary.Find("DP");
    const Value names = file_.Resolve(*stated);
    const Value parameters = more != nullptr ? file_.Resolve(*more) : Value{};
    if (!names.Is(Value::Kind::kArray)) return {{names.text, First(parameters)}};
    for (std::size_t i = 0; i < names.items.size() && i <= kMaxFilters; ++i) {
      filters.push_back({file_.Resolve(names.items[i]).text, {}});
      if (parameters.Is(Value::Kind::kArray)) {
        if (i < parameters.items.size()) filters.back().parameters = file_.Resolve(parameters.items[i]);
      } else if (names.items.size() == 1) {
        filters.back().parameters = parameters;
      }
    }
    return filters;
  }
  Value First(const Value& value) const {
    if (!value.Is(Value::Kind::kArray)) return value;
    return value.items.empty() ? Value{} : file_.Resolve(value.items.front());
  }
  FilterParameters ParametersOf(const Value& dictionary) const {
    FilterParameters parameters;
    const auto read = [&](std::string_view key, std::int64_t& number) {
      const Value* stated = dictionary.Find(key);
      const Value value = stated != nullptr ? file_.Resolve(*stated) : Value{};
      if (value.Is(Value::Kind::kNumber)) number = value.number;
    };
    std::int64_t early = 1;
    read("Predictor", parameters.predictor);
    read("Colors", parameters.colors);
    read("BitsPerComponent", parameters.bits);
    read("Columns", parameters.columns);
    read("EarlyChange", early);
    parameters.early_change = early != 0;
    return parameters;
  }

  // How the stream is encrypted, if it is.
  CryptMethod MethodOf(const Place& place, const Value& dictionary, const std::vector<Filter>& filters) const {
    const Value* type = dictionary.Find("Type");
    if (key_ == nullptr || place.number < 0) return CryptMethod::kNone;
    if (type != nullptr && type->IsName("XRef")) return CryptMethod::kNone;
    if (type != nullptr && type->IsName("Metadata") && !key_->encrypts_metadata()) return CryptMethod::kNone;
    if (!filters.empty() && filters.front().name == "Crypt") {
      const Value* name = filters.front().parameters.Find("Name");
      return key_->MethodOf(name != nullptr ? std::string_view(name->text) : std::string_view("Identity"));
    }
    const bool is_file = type != nullptr && type->IsName("EmbeddedFile");
    return is_file ? key_->file_method() : key_->stream_method();
  }

  // Decoded by all its filters, and kept in `text` if there is one. False: no more is wanted.
  bool GiveStream(const Place& place, const Object& object, const std::string& name, std::string* text) {
    if (object.stream.empty()) return sink_.Pass();
    const std::vector<Filter> filters = FiltersOf(object.value);
    std::string decrypted;
    std::string_view stored = object.stream;
    const CryptMethod method = MethodOf(place, object.value, filters);
    if (method == CryptMethod::kUnknown) sink_.Closed(name, kUnsupported, "encrypted in a way that is not known");
    if (method != CryptMethod::kNone) {
      if (!decoding_.Charge(stored.size())) {
        sink_.Closed(name, kDamaged, "streams overlap too often");
        return true;
      }
      decrypted = key_->Decrypt(method, place.number, place.generation, stored);
      stored = decrypted;
    }
    std::unique_ptr<Stage> stage = StartWith(AsBytes(stored), decoding_);
    std::string_view closed;  // Why what comes is not all.
    std::string_view reason = kUnsupported;
    for (std::size_t i = 0; i < filters.size() && closed.empty(); ++i) {
      const auto kind = FilterOf(filters[i].name);
      if (i == kMaxFilters) {
        closed = "more filters than are undone";
      } else if (!kind) {
        closed = "a filter that is not known";
      } else if (*kind == FilterKind::kImage && i + 1 < filters.size()) {
        closed = "filters around an image";
      } else {
        std::unique_ptr<Stage> next = Decode(*kind, ParametersOf(filters[i].parameters), std::move(stage), decoding_);
        if (next == nullptr) {
          reason = kDamaged;
          closed = "a predictor that cannot be";
          stage = StartWith({}, decoding_);
          break;
        }
        stage = std::move(next);
      }
    }
    bool has_ended = false;
    bool is_kept = true;
    const auto pull = [&](std::span<std::byte> out) -> Result<std::size_t> {
      if (has_ended || out.empty()) return std::size_t{0};
      auto n = stage->Pull(out);
      if (!n) {
        has_ended = true;
        closed = n.error().what;
        reason = n.error().code == ErrorCode::kBudget ? kTooLarge : kDamaged;
        return std::size_t{0};
      }
      has_ended = *n == 0;
      if (text != nullptr && is_kept) {
        is_kept = file_.stream_text_bytes() + text->size() + *n <= File::kMaxStreamText;
        if (is_kept) text->append(AsText(Bytes(out).first(*n)));
      }
      return n;
    };
    if (!sink_.AddStream({name, std::nullopt}, pull)) return false;
    // Of what is encrypted it was told already, and bytes that only look like a stream are none.
    const bool is_quiet = is_closed_ || place.is_nested;
    if (!closed.empty() && (!is_quiet || reason == kTooLarge)) sink_.Closed(name, reason, closed);
    if (!is_kept) sink_.Closed(name, kTooLarge, "object streams hold more than is kept");
    return true;
  }

  Sink& sink_;
  Work parsing_;
  Work decoding_;
  File file_;
  std::unique_ptr<Decryptor> key_;
  bool has_too_many_notes_ = false;
  bool is_closed_ = false;  // Encrypted, without a key.
  std::vector<Place> streams_;
  std::vector<Owned> scripts_;
  std::vector<std::pair<Owned, std::vector<Value>>> files_;  // A name, and the streams it is of.
  std::vector<std::pair<std::string_view, Owned>> actions_;
  std::map<std::int64_t, std::string> file_names_;    // By the stream's number.
  std::map<std::int64_t, std::string> script_names_;  // The same.
};

// Readers look for it in the first 1,024 bytes (Adobe's implementation note 13).
bool Opens(const Probe& probe) {
  const std::string_view head = AsText(probe.head.first(std::min<std::size_t>(probe.head.size(), 1024)));
  if (head.find("%PDF-") != std::string_view::npos || head.starts_with("%FDF-")) return true;
  // "%!PS-Adobe-3.0 PDF-1.4", as the same note has it.
  const std::size_t other = head.find("%!PS-Adobe-");
  return other != std::string_view::npos && head.substr(other, 24).find(" PDF-") != std::string_view::npos;
}

void UnpackPdf(const Probe& probe, const ChildInfo&, Sink& sink) {
  const auto whole = probe.object.Whole(kMaxWholeBytes);
  if (!whole) return sink.Closed("", kTooLarge, "too large to be read as a whole");
  Unpacking(AsText(*whole), sink).Run();
}

}  // namespace

const Unpacker kPdf = {"pdf", Opens, UnpackPdf};

void PreparePdf() { pdf::PrepareCrypt(); }

}  // namespace dl::unpack
