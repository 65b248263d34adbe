// A chain to judge and its judgement, with the usual answers filled in.
#pragma once

#include <string>
#include <vector>

#include "certstore/validate.h"
#include "core/error.h"
#include "core/text.h"
#include "support/pki.h"
#include "support/temporary.h"

namespace test {

using spdm::Bytes;
using spdm::ChainResult;
using spdm::Trust;

inline const spdm::HashAlgorithm& sha(std::string_view name = "SHA-384") { return *spdm::find_hash(name); }

inline spdm::certstore::Keyring keyring_of(const std::vector<Bytes>& certificates) {
  const support::TemporaryDirectory directory;
  spdm::certstore::Keyring out;
  int number = 0;
  for (const Bytes& der : certificates) {
    const std::string name = spdm::cat("trusted", ++number, ".der");
    out.add_file(directory.write(name, {reinterpret_cast<const char*>(der.data()), der.size()}));
  }
  return out;
}

// One behind the other, as files and messages have certificates.
inline Bytes joined(const std::vector<Bytes>& parts) {
  Bytes out;
  for (const Bytes& part : parts) spdm::append(out, part);
  return out;
}

struct Setup {
  std::vector<Bytes> certificates = pki::sample().all();
  Bytes root = pki::sample().root.der;                    // what RootHash is computed over
  std::vector<Bytes> trusted = {pki::sample().root.der};  // the keyring
  Bytes chain;                                            // instead of one made of certificates and root
  std::string_view asym = "ECDSA-P384", hash = "SHA-384";
  spdm::CertModel model = spdm::CertModel::device;
  std::uint8_t slot = 0, version = spdm::k12;
  Bytes digest;
  spdm::certstore::Options options{pki::at("20240101000000Z"), false};
};

inline ChainResult validated(const Setup& setup) {
  const Bytes chain = setup.chain.empty() ? pki::spdm_chain(sha(setup.hash), setup.root, setup.certificates) : setup.chain;
  const spdm::certstore::Validator validator(keyring_of(setup.trusted), setup.options);
  spdm::certstore::ChainInput input;
  input.slot = setup.slot;
  input.chain = chain;
  input.version = setup.version;
  input.hash = &sha(setup.hash);
  input.asym = spdm::find_asym(setup.asym);
  input.model = setup.model;
  input.digest = setup.digest;
  return validator.validate(input);
}

// The sample chain with another leaf.
inline Setup with_leaf(const pki::Profile& profile) {
  Setup out;
  out.certificates.back() = pki::issue(profile, &pki::sample().intermediate).der;
  return out;
}

inline pki::Profile plain_leaf() { return pki::leaf("sample device", pki::sample().leaf.key); }

// Replaces or (with an empty value) removes an extension.
inline void set_extension(pki::Profile& profile, std::string_view name, const std::string& value) {
  std::erase_if(profile.extensions, [&](const auto& extension) { return extension.first == name; });
  if (!value.empty()) profile.extensions.emplace_back(std::string(name), value);
}

// The names of all findings in their order: "expired,path-length".
inline std::string ids(const ChainResult& result) {
  std::string out;
  for (const spdm::Finding& finding : result.findings) out += (out.empty() ? "" : ",") + std::string(spdm::row(finding.id).name);
  return out;
}

inline const spdm::Finding& finding(const ChainResult& result, spdm::FindingId id) {
  for (const spdm::Finding& candidate : result.findings)
    if (candidate.id == id) return candidate;
  throw std::runtime_error("no such finding: " + ids(result));
}

inline bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

}  // namespace test
