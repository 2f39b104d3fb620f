// What a worker can say of software that it was shown: facts, as plain values. It
// judges nothing: which products these are, and what a law says of them, is for the
// trusted side (policy/). How they travel is in software_protocol.h.
//
//   report::SoftwareFacts facts;
//   facts.packages.push_back({.name = "kesl", .version = "12.1.0-1274"});
//
// A fact belongs to a root: a place with paths of its own, such as the folder that
// was asked about, an image in it, a package in that. Paths are relative to their
// root, begin without a slash, and are bytes as they stand there: for showing and
// comparing, nothing opens them. All texts are a stranger's.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dl::report {

// An image keeps what a later layer deletes.
enum class Presence : std::uint8_t {
  kPresent,
  kDeleted,  // In a layer of an image, and gone from the whole of it.
};

// Of every fact.
struct FactPlace {
  std::uint32_t root = 0;  // 0: what the asker asked about; others are in SoftwareFacts::roots, before their facts.
  std::string path;        // Where it was seen: the file itself, the database that says so.
  Presence presence = Presence::kPresent;
};

enum class RootKind : std::uint8_t {
  kFolder,     // A tree of files: the target, or one below it that looks like a system of its own.
  kContainer,  // Files of a container, in the storage of docker, podman or containerd.
  kPackage,    // A package file: .deb, .rpm, .apk, .pkg.tar.
  kImage,      // A container image.
  kDisk,       // A disk or file system image.
  kArchive,    // Any other archive.
  kSbom,
};
// A root that was found within another.
struct RootFact {
  std::uint32_t id = 0;  // From 1.
  std::uint32_t parent = 0;
  RootKind kind = RootKind::kArchive;
  std::string path;    // Within the parent: "var/lib/images/app.tar".
  std::string name;    // As it calls itself: "registry.example/app:1.2", "kesl 12.1 amd64"; may be empty.
  std::string digest;  // "sha256:…" where its format has one.
  Presence presence = Presence::kPresent;
};

enum class FileKind : std::uint8_t { kRegular, kFolder, kLink, kOther };
struct FileFact {
  FactPlace place;
  FileKind kind = FileKind::kRegular;
  std::uint64_t size = 0;  // In bytes.
  std::string target;      // Of a link.
  std::string layer;       // Of an image: the digest of the layer it is in.
};

enum class ProgramKind : std::uint8_t { kElf, kPe, kMachO };
struct Signer {
  std::string common_name;
  std::string organization;
  std::string subject;     // "/C=RU/O=…/CN=…"
  std::string thumbprint;  // SHA-1 of the certificate, lowercase hexadecimal.
  std::string issuer;
  bool verified = false;  // The signature is intact and of this very file. Whether its chain is trusted nobody asked.
};
struct ProgramFact {
  FactPlace place;
  ProgramKind kind = ProgramKind::kElf;
  std::uint64_t size = 0;
  std::optional<std::array<std::uint8_t, 32>> sha256;  // Of files in images and packages.
  // Of PE files.
  std::vector<Signer> signers;
  std::string company;  // Version information, which anyone may write.
  std::string product;
  std::string description;
  std::string version;
  std::string original_name;
  std::string copyright;
};

enum class PackageSystem : std::uint8_t { kDpkg, kRpm, kApk, kPacman, kFlatpak, kSnap };
enum class PackageState : std::uint8_t {
  kInstalled,
  kConfigFiles,  // Removed, its settings left (dpkg).
  kBroken,       // Half installed, unpacked, not configured: its files are there.
  kFile,         // What a package file would install.
  kNotInstalled,
};
struct PackageFact {
  FactPlace place;
  PackageSystem system = PackageSystem::kDpkg;
  PackageState state = PackageState::kInstalled;
  std::string name;
  std::string version;  // Whole: "1:2.3-4" (dpkg), "1:2.3-4.el9" (rpm, with an epoch where it has one).
  std::string architecture;
  std::string source;      // Source package, with its version where the database has it: "glibc 2.36-9".
  std::string maintainer;  // dpkg: Maintainer; rpm: Packager.
  std::string vendor;      // rpm: Vendor; dpkg: Origin.
  std::string homepage;
  std::string licence;
  std::string summary;
  std::int64_t installed_at = 0;  // Seconds since 1970; 0: not known.
  std::string distribution;       // Of flatpak and snap: where it came from.
};

struct UnitFact {  // systemd
  FactPlace place;
  std::string name;  // "kesl.service"
  std::string description;
  std::vector<std::string> programs;  // Paths that ExecStart and its kind name.
};

struct OperatingSystemFact {  // os-release
  FactPlace place;
  std::string id;  // "debian"
  std::string version_id;
  std::string name;  // "Debian GNU/Linux 12 (bookworm)"
  std::string cpe;
};

struct ImageFact {  // The configuration of a container image.
  FactPlace place;
  std::vector<std::string> names;  // "registry.example/app:1.2"
  std::string digest;
  std::string operating_system;
  std::string architecture;
  std::vector<std::string> labels;       // "key=value"
  std::vector<std::string> environment;  // "KEY=value"
  std::vector<std::string> command;      // Entry point, then arguments.
  std::vector<std::string> volumes;
  std::uint32_t layers = 0;
};

struct ComponentFact {  // Of an SBOM.
  FactPlace place;
  std::string reference;    // bom-ref, SPDXID
  std::string type;         // CycloneDX's type or SPDX's primaryPackagePurpose: "library", "operating-system".
  bool is_subject = false;  // What the document is about.
  std::string within;       // Reference of the component it is nested in or contained by; may be empty.
  std::string name;
  std::string version;
  std::string group;
  std::string supplier;
  std::string publisher;
  std::string manufacturer;
  std::string author;  // Originator.
  std::string purl;
  std::vector<std::string> cpes;
  std::string licence;
  std::string description;
  std::string copyright;
};

struct MentionFact {  // A word that was looked for, in a file that is text.
  FactPlace place;
  std::string word;
  std::uint32_t line = 0;  // From 1.
  std::string text;        // That line, cut.
};

struct ProcessFact {  // Of this machine.
  std::uint32_t pid = 0;
  std::string name;     // As it calls itself.
  std::string program;  // Path of its program, without its leading slash; empty for kernel threads.
  bool program_deleted = false;
  std::string unit;          // systemd's, by its control group.
  bool by_own_word = false;  // `program` is what it calls itself: the kernel does not say.
};
struct KernelModuleFact {  // Of this machine.
  std::string name;
};

struct UnreadFact {
  FactPlace place;
  std::string reason;  // One word, as in reports of scans: "encrypted", "damaged", "unsupported", "max-memory".
  std::string detail;
};

struct SoftwareFacts {
  std::vector<RootFact> roots;
  std::vector<FileFact> files;
  std::vector<ProgramFact> programs;
  std::vector<PackageFact> packages;
  std::vector<UnitFact> units;
  std::vector<OperatingSystemFact> operating_systems;
  std::vector<ImageFact> images;
  std::vector<ComponentFact> components;
  std::vector<MentionFact> mentions;
  std::vector<ProcessFact> processes;
  std::vector<KernelModuleFact> modules;
  std::vector<UnreadFact> unread;
};

// What a worker is asked to read a file as.
enum class SurveyKind : std::uint8_t {
  kAny,              // By its content: program, package file, image, archive, disk image, SBOM.
  kDpkgStatus,       // var/lib/dpkg/status, and status.d/* of images without dpkg
  kRpmDatabase,      // rpmdb.sqlite (second file: its -wal), Packages.db (ndb), Packages (Berkeley DB)
  kApkInstalled,     // lib/apk/db/installed
  kPacmanDesc,       // var/lib/pacman/local/*/desc
  kFlatpakMetadata,  // var/lib/flatpak/app/*/*/*/*/metadata (and deploy)
  kUnit,             // A systemd unit
  kOsRelease,
  kImageFolder,  // All files of an OCI image layout that is a folder, with their names.
  kText,         // Words are looked for.
  kSettings,     // Settings of another scanner; see settings.h.
};

// By its path within a root, what a file of a system tells; nothing for all others. The trusted
// side, which walks a tree, and a worker, which reads an image, have to agree about this.
std::optional<SurveyKind> SurveyKindOfPath(std::string_view path);
// A package of which a path alone tells: a snap, "var/lib/snapd/snaps/NAME_REVISION.snap", whose
// version here is its revision. `place` has the path; its root is the caller's to fill in.
std::optional<PackageFact> PackageOfPath(std::string_view path);

}  // namespace dl::report
