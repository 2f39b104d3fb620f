// PackageHistory tells which packages only older package databases of an image have: a
// layer that removes a package brings a whole new database, and the package's files lie
// on in the layer below.
//
//   history.Take(kind, file, place, is_replaced, reader, facts);   // each version, in any order
//   history.AddGone(facts);                                        // those that the last does not have
#pragma once

#include <set>
#include <utility>
#include <vector>

#include "daylight/bytes/object_source.h"
#include "daylight/extract/facts.h"
#include "daylight/extract/member_reader.h"

namespace dl::extract {

class PackageHistory {
 public:
  // False: it is no package database, and its reader has to be called.
  bool Take(report::SurveyKind kind, ObjectSource& file, const report::FactPlace& place, bool is_replaced,
            const MemberReader& reader, Facts& facts);
  void AddGone(Facts& facts);

 private:
  using Key = std::pair<report::PackageSystem, std::string>;
  std::set<Key> installed_;  // In what is there in the end.
  std::vector<report::PackageFact> older_;
  bool is_cut_ = false;
};

}  // namespace dl::extract
