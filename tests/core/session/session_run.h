// Collects from a device inside of a session, as a run of the program does.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>

#include "core/evidence/expect_error.h"
#include "core/protocol/collect.h"
#include "core/session/opener.h"
#include "core/session/session_device.h"

namespace fake {

struct SessionRun {
  explicit SessionRun(SessionProfile profile = {}) : device(std::move(profile)) {
    wanted.measurements = spdm::MeasurementMode::all;
    wanted.in_session = true;
  }

  void collect() {
    wanted.session = std::make_shared<spdm::Opener>(std::move(options));
    spdm::collect(device, wanted, limits, evidence);
  }
  // What was asked, from the `skip`th request on.
  std::vector<Code> asked(std::size_t skip = 0) const {
    return {device.asked.begin() + static_cast<std::ptrdiff_t>(std::min(skip, device.asked.size())), device.asked.end()};
  }
  std::size_t count(Code code) const { return static_cast<std::size_t>(std::count(device.asked.begin(), device.asked.end(), code)); }
  bool was_inside(Code code) const {
    const auto found = std::find(device.asked.begin(), device.asked.end(), code);
    return found != device.asked.end() && device.asked_inside[static_cast<std::size_t>(found - device.asked.begin())];
  }
  // The connection as a reader of the evidence sees it.
  spdm::Connection seen() const {
    spdm::Connection out(evidence.binding);
    out.provision(evidence.provisioned_key);
    spdm::Listener listener;
    for (std::size_t i = 0; i < evidence.log.size(); ++i)
      if (std::optional<spdm::Exchange> exchange = listener.hear(evidence.log[i], i)) out.observe(std::move(*exchange));
    return out;
  }
  // Whether the signature of a message is by the device, for a reader of the evidence.
  bool is_signed(spdm::SignedMessage kind) const {
    const spdm::Connection connection = seen();
    const spdm::Parameters& parameters = connection.parameters();
    for (const spdm::Statement& statement : connection.statements())
      if (statement.kind == kind)
        return spdm::crypto::verify(spdm::crypto::PublicKey::from_spki(SessionDevice::public_key()), *parameters.asym, *parameters.hash,
                                    parameters.version, spdm::signing_context(kind),
                                    spdm::crypto::hash(*parameters.hash, connection.transcript(statement)), statement.signature);
    return false;
  }

  SessionDevice device;
  spdm::SessionOptions options;
  spdm::Wanted wanted;
  spdm::Limits limits;
  spdm::Evidence evidence;
};

// Who we are: a chain of our own, and its key on P-256.
inline const pki::Chain& our_chain() {
  static const pki::Chain chain = [] {
    pki::Chain out;
    const auto key = [] { return pki::Key::make("EC", "P-256"); };
    out.root = pki::issue(pki::root("our root", key()));
    out.intermediate = pki::issue(pki::intermediate("our intermediate", key()), &out.root);
    out.leaf = pki::issue(pki::leaf("our host", key()), &out.intermediate);
    return out;
  }();
  return chain;
}

inline spdm::RequesterIdentity our_identity() {
  std::string file;
  for (const Bytes& certificate : our_chain().all()) file += pki::pem(certificate);
  return spdm::RequesterIdentity::with_chain(spdm::as_bytes(file), "requester.pem", our_chain().leaf.key.private_key());
}

inline Bytes our_spdm_chain(std::string_view hash = "SHA-256") {
  return pki::spdm_chain(*spdm::find_hash(hash), our_chain().root.der, our_chain().all());
}

}  // namespace fake
