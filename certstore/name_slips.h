// Whether the name of a scope is meant to be that of certificates, and has a slip.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace spdm::certstore {

// The names of the files of certificates among those of a keyring, which may have thousands, and as many scopes.
class NamesOfCertificates {
 public:
  explicit NamesOfCertificates(const std::set<std::string>& names);

  // Whether one of them has this stem (stem_of).
  bool has_stem(const std::string& stem) const { return stems_.count(stem) != 0; }
  // The first one that a scope of this stem may be meant for: another case, another directory, "vendor.pem.yaml", or one wrong letter.
  // Empty when there is none that `may_be`.
  std::string meant_by(const std::string& stem, const std::function<bool(const std::string& name)>& may_be) const;

 private:
  struct Name {
    std::string name, core;
  };

  std::set<std::string> stems_;
  // By their digits, which no slip changes: files with numbers for names are not compared with each other.
  std::map<std::string, std::vector<Name>> by_digits_;
};

}  // namespace spdm::certstore
