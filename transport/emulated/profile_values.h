// Values that several parts of a profile have: algorithms by name, and the files beside it.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/format/yaml_reader.h"
#include "core/text.h"
#include "core/wire/algorithms.h"

namespace spdm::transport {

// `found`, the row of a name; fails naming those of the table where there is none.
template <class Row>
const Row* known(const yaml::Value& value, const Row* found, std::span<const Row> table) {
  if (found != nullptr) return found;
  std::string names;
  for (const Row& row : table) names += cat(names.empty() ? "allowed: " : ", ", row.name);
  value.fail(cat("'", printable(value.text()), "' is unknown"), names);
}

inline const AsymAlgorithm* asym_of(const yaml::Value& value) { return known(value, find_asym(value.text()), asym_algorithms()); }
inline const HashAlgorithm* hash_of(const yaml::Value& value) { return known(value, find_hash(value.text()), hash_algorithms()); }

// The files that a profile names. What is wrong with one fails at the place of its name.
class ProfileFiles {
 public:
  explicit ProfileFiles(std::filesystem::path directory) : directory_(std::move(directory)) {}

  Bytes read(const yaml::Value& name) const;
  // The certificates in it, as DER; at least one.
  std::vector<Bytes> certificates(const yaml::Value& name) const;
  // DER SubjectPublicKeyInfo of the public key in it, PEM or DER.
  Bytes public_key(const yaml::Value& name) const;
  // What is measured: the one key of text, hex, file and number that is given. Nothing: none is.
  std::optional<Bytes> contents(const yaml::Section& in) const;

 private:
  std::filesystem::path directory_;
};

}  // namespace spdm::transport
