// Profile says where the time of a scan went (`daylight scan --profile`): by
// stage, by rule and by string. Workers send theirs with their reports; ProfileSum
// adds them up.
//
//   ProfileSum sum;
//   sum.Add(profile_of_a_batch);                       // As often as one comes.
//   std::cerr << ProfileText({trusted_side, sum.Take()});
//
// What a worker says of its time decides nothing and is believed nowhere: its
// numbers cannot overflow a sum, its names cannot fill the memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace dl::report {

class JsonText;

// Of one list in one message, and of what is shown.
inline constexpr std::uint32_t kMaxProfileLines = 1000;
inline constexpr std::uint32_t kMaxProfileNameBytes = 256;
inline constexpr std::size_t kShownProfileLines = 20;

// What one rule's condition or one string has cost.
struct ProfileLine {
  std::string name_space;
  std::string rule;
  std::string string;       // Its identifier; empty for a condition.
  std::uint32_t also = 0;   // Other strings that are the same, and are sought with it at no further cost.
  std::uint64_t count = 0;  // How often a condition was evaluated, a string's bytes looked at.
  std::uint64_t ns = 0;     // Of a condition: without facts, which are for all rules.
};

// All times in nanoseconds, of all workers together; by the wall clock, so that
// what waits for a processor counts too.
struct Profile {
  std::uint64_t objects = 0;
  std::uint64_t bytes = 0;
  std::uint64_t open_ns = 0;        // Opening the databases.
  std::uint64_t wait_ns = 0;        // For something to do.
  std::uint64_t report_ns = 0;      // Encoding and sending reports.
  std::uint64_t scan_ns = 0;        // From an object to its report, with the following in it.
  std::uint64_t read_ns = 0;        // Getting at the object's bytes.
  std::uint64_t unpack_ns = 0;      // Getting at what is inside of it, without scanning that.
  std::uint64_t hash_ns = 0;        // Digests.
  std::uint64_t clamav_ns = 0;      // Deciding which ClamAV signatures match; without digests.
  std::uint64_t search_ns = 0;      // For strings of rules and bodies of signatures,
  std::uint64_t verify_ns = 0;      // of that: looking closer where a string may be.
  std::uint64_t conditions_ns = 0;  // Evaluating conditions,
  std::uint64_t facts_ns = 0;       // of that: parsing formats for what they ask.
  std::vector<ProfileLine> rules;   // The costliest, in no order.
  std::vector<ProfileLine> strings;
};

inline constexpr std::uint64_t Profile::*kProfileNumbers[] = {
    &Profile::objects,   &Profile::bytes,         &Profile::open_ns,  &Profile::wait_ns,   &Profile::report_ns,
    &Profile::scan_ns,   &Profile::read_ns,       &Profile::hash_ns,  &Profile::clamav_ns, &Profile::search_ns,
    &Profile::verify_ns, &Profile::conditions_ns, &Profile::facts_ns, &Profile::unpack_ns};

// What the trusted side's time went on; the rest of `total_ns` is the protocol.
struct TrustedProfile {
  std::uint64_t total_ns = 0;
  std::uint64_t walk_ns = 0;   // Walking folders, opening files.
  std::uint64_t wait_ns = 0;   // For workers.
  std::uint64_t print_ns = 0;  // Writing reports.
};

struct FullProfile {
  TrustedProfile trusted;
  Profile workers;
};

// `rules check --corpus`.
struct CorpusCosts {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
  std::uint64_t failed = 0;  // Of the files: they could not be read, or not to their end.
  Profile profile;
};

class ProfileSum {
 public:
  void Add(const Profile& profile);
  // The sum, with the `lines` costliest rules and strings, costliest first.
  Profile Take(std::size_t lines = kShownProfileLines);

 private:
  using Lines = std::unordered_map<std::string, ProfileLine>;
  static void AddLines(const std::vector<ProfileLine>& from, Lines& to);
  Profile sum_;
  Lines rules_;
  Lines strings_;
};

// Sorts the costliest `most` to the front, by time and then by name, and drops
// the others.
void KeepCostliest(std::vector<ProfileLine>& lines, std::size_t most);

// Whether a string or a condition alone makes scans slower in a way that is felt:
// at least a twentieth of what all rules take, and 0.1 s a GB.
bool IsSlow(const ProfileLine& line, const Profile& profile);

// "office:Macro:$a", with "(and 3 more)" where other strings are the same.
std::string ProfileLineName(const ProfileLine& line);
// Per cent, 0 for a part of nothing.
double Share(std::uint64_t part, std::uint64_t whole);
double Seconds(std::uint64_t ns);
// Evaluating conditions, without the facts that they ask for.
std::uint64_t ConditionsAlone(const Profile& profile);

// The tables for people, several lines.
std::string ProfileText(const FullProfile& profile);
// Its two tables of costs alone.
std::string CostliestText(const Profile& profile);

// The same for programs: times in seconds, shares in per cent.
void AppendProfile(const FullProfile& profile, JsonText& json);
void AppendCorpusCosts(const CorpusCosts& costs, JsonText& json);

}  // namespace dl::report
