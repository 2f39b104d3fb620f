// Names of vendors as people, package databases and certificates write them.
//
//   CanonicalName("AO Kaspersky Lab")       // "kaspersky lab"
//   CanonicalName("Kaspersky Lab, Inc.")    // "kaspersky lab"
//
// Functions of their arguments; any thread.
#pragma once

#include <string>
#include <string_view>

namespace dl::policy {

// ASCII letters only; other bytes stay.
std::string Lower(std::string_view text);

// Lower case, words apart by one space, without punctuation and without the forms of companies (AO, Ltd., GmbH)
// at either end. Of a long text nothing: no vendor's name has more than 200 bytes.
std::string CanonicalName(std::string_view text);

// As CanonicalName, with the forms left in: of a signer every word counts.
std::string PlainName(std::string_view text);

// "Name <mail@example.org>": "Name", "example.org" (lower case).
struct Contact {
  std::string name;
  std::string domain;
};
Contact ParseContact(std::string_view text);

// Whether `domain` is `suffix` or below it.
bool IsWithinDomain(std::string_view domain, std::string_view suffix);

// Whether the word is in the text, both in lower case, not within a longer word.
bool HasWord(std::string_view lower, std::string_view word);

}  // namespace dl::policy
