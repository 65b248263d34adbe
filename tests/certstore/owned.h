// A keyring directory with everything in it, and the sample chain judged by it.
#pragma once

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
    const Bytes chain = pki::spdm_chain(sha(), pki::sample().root.der, certificates);
    spdm::certstore::ChainInput input;
    input.chain = chain;
    input.version = spdm::k12;
    input.hash = &sha();
    input.asym = spdm::find_asym("ECDSA-P384");
    input.model = model;
    input.host = &host;
    return spdm::certstore::Validator(keyring(), {pki::at(at), false}).validate(input);
  }

  void write_crl(const std::string& name, const pki::CrlProfile& profile, const pki::Certificate& issuer = pki::sample().intermediate) {
    directory.write(name, as_text(pki::issue_crl(profile, issuer)));
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
