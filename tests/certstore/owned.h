// A keyring directory with everything in it, and the sample chain judged by it.
#pragma once

#include <algorithm>
#include <functional>

#include "core/evidence/evidence.h"
#include "validated.h"

namespace test {

inline std::string as_text(const Bytes& bytes) { return {bytes.begin(), bytes.end()}; }

inline spdm::PciIdentity identity(std::uint16_t vendor, std::uint16_t device) {
  spdm::PciIdentity out;
  out.vendor = vendor;
  out.device = device;
  out.class_code = 0x010802;
  return out;
}

// The sample chain under a root that may sign revocation lists, with another intermediate and leaf.
struct Owned {
  support::TemporaryDirectory directory;
  std::vector<Bytes> certificates = pki::sample().all();
  spdm::CertModel model = spdm::CertModel::device;
  spdm::HostView host;
  std::string at = "20240101000000Z";
  bool partial_chains = false;
  Bytes root = pki::sample().root.der;  // what RootHash is the hash of
  bool zero_root_hash = false;          // it is zeros instead

  Owned() {
    directory.write("vendor.pem", pki::pem(pki::sample().root.der));
    host.target = "0000:03:00.0";
    host.bdf = "0000:03:00.0";
    host.identity = identity(0x1b36, 0x0010);
  }

  spdm::certstore::Keyring keyring() const {
    spdm::certstore::Keyring out;
    out.add_directory(directory.path());
    return out;
  }

  ChainResult validated() const {
    Bytes chain = pki::spdm_chain(sha(), root, certificates);
    if (zero_root_hash) std::fill_n(chain.begin() + 4, sha().size, std::uint8_t{0});
    spdm::certstore::ChainInput input;
    input.chain = chain;
    input.version = spdm::k12;
    input.hash = &sha();
    input.asym = spdm::find_asym("ECDSA-P384");
    input.model = model;
    input.host = &host;
    return spdm::certstore::Validator(keyring(), {pki::at(at), partial_chains}).validate(input);
  }

  void write_crl(const std::string& name, const pki::CrlProfile& profile, const pki::Certificate& issuer = pki::sample().intermediate) {
    directory.write(name, as_text(pki::issue_crl(profile, issuer)));
  }
  void write_ocsp(const std::string& name, const pki::OcspProfile& profile, const pki::Certificate& issuer = pki::sample().intermediate) {
    directory.write(name, as_text(pki::issue_ocsp(profile, issuer)));
  }
};

inline std::string message_of(const std::function<void()>& run) {
  try {
    run();
  } catch (const spdm::Error& error) {
    return error.what();
  }
  return {};
}

}  // namespace test
