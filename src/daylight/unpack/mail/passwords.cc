#include "daylight/unpack/mail/passwords.h"

#include <algorithm>
#include <array>

#include "daylight/unpack/mail/header.h"

namespace dl::unpack::mail {

namespace {

constexpr std::string_view kBlanks = " \t\r\n";
constexpr std::size_t kMaxPasswordBytes = 64;
// Behind a keyword so many words are looked at, those that only join counted, and
// so many taken.
constexpr int kMaxLooked = 12;
constexpr int kMaxTaken = 3;

constexpr std::array kKeywords = {
    std::string_view("password"),
    std::string_view("passwort"),
    std::string_view("passwd"),
    std::string_view("passcode"),
    std::string_view("passphrase"),
    std::string_view("kennwort"),
    std::string_view("contrase\xc3\xb1"
                     "a"),
    std::string_view("mot de passe"),
    std::string_view("pass"),
    std::string_view("pwd"),
    std::string_view("code"),
};

// What stands between the keyword and the word that is meant.
constexpr std::array kJoining = {
    std::string_view("is"),        std::string_view("ist"),        std::string_view("the"),
    std::string_view("for"),       std::string_view("das"),        std::string_view("of"),
    std::string_view("to"),        std::string_view("open"),       std::string_view("archive"),
    std::string_view("file"),      std::string_view("zip"),        std::string_view("attached"),
    std::string_view("and"),       std::string_view("attachment"), std::string_view("your"),
    std::string_view("a"),         std::string_view("this"),       std::string_view("lautet"),
    std::string_view("in"),        std::string_view("document"),   std::string_view("der"),
    std::string_view("die"),       std::string_view("f\xc3\xbcr"), std::string_view("datei"),
    std::string_view("est"),       std::string_view("es"),         std::string_view("archiv"),
    std::string_view("protected"), std::string_view("will"),       std::string_view("be"),
    std::string_view("word"),      std::string_view("use"),
};

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; }

// HTML as it is read: tags are blanks, and the characters that are always written
// as names are themselves.
std::string WithoutTags(std::string_view text) {
  static constexpr std::pair<std::string_view, char> kEntities[] = {
      {"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&nbsp;", ' '}, {"&#39;", '\''}, {"&#33;", '!'},
  };
  std::string out;
  bool is_tag = false;
  while (!text.empty()) {
    const char c = text.front();
    const auto* entity = std::find_if(std::begin(kEntities), std::end(kEntities),
                                      [&](const auto& known) { return text.starts_with(known.first); });
    text.remove_prefix(!is_tag && entity != std::end(kEntities) ? entity->first.size() : 1);
    if (is_tag) {
      is_tag = c != '>';
    } else if (c == '<') {
      is_tag = true;
      out += ' ';
    } else {
      out += entity != std::end(kEntities) ? entity->second : c;
    }
  }
  return out;
}

// Without what surrounds it in a sentence.
std::string_view Bare(std::string_view word) {
  constexpr std::string_view kAround = "\"'`()[]{}<>.,;:*";
  const std::size_t begin = word.find_first_not_of(kAround);
  if (begin == std::string_view::npos) return {};
  return word.substr(begin, word.find_last_not_of(kAround) - begin + 1);
}

class Words {
 public:
  explicit Words(std::size_t limit) : limit_(limit) {}

  // False: there is no more room.
  bool Add(std::string_view word) {
    if (word.empty() || word.size() > kMaxPasswordBytes) return true;
    if (std::find(words_.begin(), words_.end(), word) == words_.end() && words_.size() < limit_) {
      words_.emplace_back(word);
    }
    return words_.size() < limit_;
  }

  bool AddBehind(std::string_view text) {
    // "Passwords: abc", "Password=abc".
    if (text.starts_with('s')) text.remove_prefix(1);
    text.remove_prefix(std::min(text.find_first_not_of("*:=-'\")> \t\r\n"), text.size()));
    for (int looked = 0, taken = 0; looked < kMaxLooked && taken < kMaxTaken; ++looked) {
      text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
      if (text.empty()) break;
      const std::string_view word = text.substr(0, std::min(text.find_first_of(kBlanks), text.size()));
      text.remove_prefix(word.size());
      const std::string_view bare = Bare(word);
      if (bare.empty() || bare == "=" || bare == "-") continue;
      if (std::find(kJoining.begin(), kJoining.end(), Lower(bare)) != kJoining.end()) continue;
      ++taken;
      // A full stop may be the sentence's or the password's.
      if (!Add(bare) || (bare != word && !Add(word))) return false;
    }
    return true;
  }

  std::vector<std::string> Take() && { return std::move(words_); }

 private:
  std::size_t limit_;
  std::vector<std::string> words_;
};

}  // namespace

std::vector<std::string> FindPasswords(std::string_view text, bool is_html, std::size_t limit) {
  text = text.substr(0, kMaxPasswordText);
  std::string without_tags;
  if (is_html) {
    without_tags = WithoutTags(text);
    text = without_tags;
  }
  const std::string lower = Lower(text);
  Words words(limit);
  // What is named with a colon first, then the rest.
  for (const bool is_likely : {true, false}) {
    for (std::size_t i = 0; i < lower.size(); ++i) {
      if (const char c = lower[i]; c != 'p' && c != 'k' && c != 'c' && c != 'm') continue;
      if (i > 0 && IsLetter(lower[i - 1])) continue;
      const auto* keyword = std::find_if(kKeywords.begin(), kKeywords.end(), [&](std::string_view known) {
        return std::string_view(lower).substr(i).starts_with(known);
      });
      if (keyword == kKeywords.end()) continue;
      const std::string_view behind = text.substr(i + keyword->size());
      if (!behind.empty() && IsLetter(lower[i + keyword->size()]) && lower[i + keyword->size()] != 's') continue;
      const std::size_t next = behind.find_first_not_of("s\"') \t*");
      const bool has_colon = next != std::string_view::npos && (behind[next] == ':' || behind[next] == '=');
      if (has_colon == is_likely && !words.AddBehind(behind)) return std::move(words).Take();
    }
  }
  return std::move(words).Take();
}

}  // namespace dl::unpack::mail
