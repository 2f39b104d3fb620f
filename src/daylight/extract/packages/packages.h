// What is installed, from the files in which systems keep it: package databases, package
// files, units, os-release, texts that mention a word.
//
//   ReadDpkgStatus(source, {.root = 0, .path = "var/lib/dpkg/status"}, facts);
//   if (IsPackageFile(head)) ReadPackageFile(source, place, read_member, facts, {});
//
// Every byte is hostile. Nothing fails: what cannot be read is told with Facts::Unread, and
// what was read until then stays. Memory is bounded by what each function says; nothing is
// opened, no thread is started, nothing is kept from call to call. A source is read from
// where it stands, in one pass where it is large. Used by one thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "daylight/bytes/object_source.h"
#include "daylight/extract/facts.h"
#include "daylight/extract/member_reader.h"
#include "daylight/report/software.h"

namespace dl::extract {

// Longer texts in a fact end there, in bytes.
inline constexpr std::size_t kMaxFactText = 4096;

// var/lib/dpkg/status (deb-control(5) stanzas), streamed. In status.d/*, as images without
// dpkg have it, a stanza without a Status is installed.
void ReadDpkgStatus(ObjectSource& file, const report::FactPlace& place, Facts& facts);

// By its content: SQLite, ndb (Packages.db of SUSE), Berkeley DB hash (Packages, up to RHEL 8).
// `wal`: the file of SQLite's that stands beside it with "-wal" behind its name, where there is one.
// In memory as a whole, at most kMaxRpmDatabaseBytes; SQLite's once more.
inline constexpr std::uint64_t kMaxRpmDatabaseBytes = std::uint64_t{512} << 20;
void ReadRpmDatabase(ObjectSource& database, ObjectSource* wal, const report::FactPlace& place, Facts& facts);
// What SQLite loads at its first use, before the walls close.
void PrepareRpmDatabase();

// lib/apk/db/installed, streamed.
void ReadApkInstalled(ObjectSource& file, const report::FactPlace& place, Facts& facts);
// var/lib/pacman/local/*/desc
void ReadPacmanDesc(ObjectSource& file, const report::FactPlace& place, Facts& facts);
// …/flatpak/app/ID/ARCHITECTURE/BRANCH/COMMIT/metadata; `deploy` stands beside it, where there
// is one: the version and the origin are in that. Otherwise the version is the branch.
void ReadFlatpakMetadata(ObjectSource& metadata, ObjectSource* deploy, const report::FactPlace& place, Facts& facts);
// os-release(5)
void ReadOsRelease(ObjectSource& file, const report::FactPlace& place, Facts& facts);
// systemd.unit(5), systemd.service(5). Of a shell or env, paths that their arguments name are programs too.
void ReadUnit(ObjectSource& file, const report::FactPlace& place, Facts& facts);

// Lines that have one of `words` in them, whatever the case of ASCII letters; at most
// kMaxMentions a file. Nothing of what is no text (a NUL in its first bytes).
inline constexpr std::uint32_t kMaxMentions = 20;
inline constexpr std::size_t kMaxMentionText = 200;
inline constexpr std::uint64_t kMaxTextBytes = std::uint64_t{16} << 20;
void ReadText(ObjectSource& file, const report::FactPlace& place, std::span<const std::string> words, Facts& facts);

// Package files: .deb, .rpm, .apk (version 2), .pkg.tar.* of pacman.
// `head`: the first kPackageHeadBytes, or all there are; with less a compressed tar may not be told.
inline constexpr std::size_t kPackageHeadBytes = 256u << 10;
bool IsPackageFile(Bytes head);

struct PackageFileSettings {
  bool read_files = true;  // Else no more than what the package says of itself, which stands at its beginning.
  bool read_texts = true;  // Members that SurveyKindOfPath calls texts are read too.
  // Bytes unpacked, in all layers together; what is more ends it with "budget".
  std::uint64_t max_bytes = std::uint64_t{16} << 30;
  // A member is handed over in memory as a whole; of a larger one only is told that it is.
  std::uint64_t max_member_bytes = std::uint64_t{256} << 20;
};
// A root of its own with the package in it (its path is empty: the root itself), its files, and
// what `read_member` says of members: programs (as kAny), and those of which SurveyKindOfPath
// knows a kind. `read_member` may be empty. Package files in a package are not opened.
// Returns the bytes that were unpacked, as max_bytes counts them.
std::uint64_t ReadPackageFile(ObjectSource& file, const report::FactPlace& place, const MemberReader& read_member,
                              Facts& facts, const PackageFileSettings& settings);

}  // namespace dl::extract
