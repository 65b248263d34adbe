// A responder small enough to be read at a glance: it answers what an attestation asks, and signs with a key of its own.
// It keeps its transcripts in running buffers with resets, as a device does, so that it shares no rule with the code
// under test. Tests bend it with the hooks.
#pragma once

#include <functional>
#include <map>
#include <optional>

#include "core/evidence/chain.h"
#include "core/wire/certificate.h"
#include "core/wire/endpoint_info.h"
#include "core/wire/error_response.h"
#include "core/wire/measurements.h"
#include "core/wire/mel.h"
#include "support/pki.h"

namespace fake {

using spdm::Bytes;
using spdm::View;

struct Profile {
  std::vector<std::uint8_t> versions{spdm::k12};
  std::uint32_t flags = spdm::cap::cert | spdm::cap::chal | spdm::cap::meas_sig;  // CHUNK_CAP is added where chunks are on
  bool chunks = true;                                                             // 1.2+
  std::string_view asym = "ECDSA-P256", hash = "SHA-256", measurement_hash = "SHA-256";
  std::uint32_t room = 4608, max_message = 0x20000;  // DataTransferSize, MaxSPDMmsgSize
  std::size_t send_limit = 4608;                     // what it can send in one piece
  std::size_t portion = 0xFFFF;                      // of CERTIFICATE
  std::size_t chain_size = 600;
  std::uint8_t slots = 0x01;
  Bytes opaque;  // in signed responses
  spdm::ContentChanged changed = spdm::ContentChanged::not_detected;
  std::vector<spdm::MeasurementBlock> blocks;  // empty: a usual set
  Bytes mel;
};

class Device {
 public:
  explicit Device(Profile profile = {});

  // One message of the link in, one out.
  Bytes answer(View message);
  // The same without `intercept`.
  Bytes serve(View message);
  Bytes sign(std::string_view context, View transcript) const;

  const Profile& profile() const { return profile_; }
  std::uint8_t version() const { return version_; }
  Bytes chain(std::uint8_t slot) const;
  const spdm::crypto::PublicKey& public_key() const { return public_key_; }
  // What certstore would say of a good chain in `slot` that ends in the key of the device.
  spdm::ChainResult good_chain(std::uint8_t slot = 0, std::size_t connection = 0) const;

  // Answers in place of the device; the device does not see the request.
  std::function<std::optional<Bytes>(spdm::Code code, View message)> intercept;
  // Changes a response after the device has signed and noted it.
  std::function<void(spdm::Code request, Bytes& response)> tamper;
  // Makes the signature instead of sign().
  std::function<Bytes(std::string_view context, const Bytes& transcript)> signer;
  std::vector<spdm::MeasurementBlock> blocks;
  Bytes named_chain;  // CHALLENGE_AUTH names this chain instead of its own

 private:
  Bytes handle(const Bytes& request);
  Bytes respond(const Bytes& request);
  Bytes deliver(Bytes response);
  Bytes receive_chunk(View message);
  Bytes send_chunk(View message);
  Bytes error(spdm::ErrorCode code, Bytes extended = {});
  Bytes signed_with(std::string_view context, const Bytes& before, const Bytes& request, Bytes unsigned_response);

  Bytes capabilities(const Bytes& request);
  Bytes algorithms(const Bytes& request);
  Bytes digests() const;
  Bytes certificate(const Bytes& request);
  Bytes challenge(const Bytes& request);
  Bytes measurements(const Bytes& request);
  Bytes endpoint_info(const Bytes& request);
  Bytes extension_log(const Bytes& request);

  const spdm::AsymAlgorithm& asym() const { return *spdm::find_asym(profile_.asym); }
  const spdm::HashAlgorithm& hash() const { return *spdm::find_hash(profile_.hash); }
  bool chunking() const { return version_ >= spdm::k12 && profile_.chunks && requester_.has(spdm::cap::chunk); }
  std::size_t room_out() const;

  Profile profile_;
  pki::Key key_;
  spdm::crypto::PublicKey public_key_ = key_.public_key();
  std::uint8_t version_ = spdm::k10;
  spdm::Capabilities requester_;
  std::uint8_t opaque_format_ = 0;
  Bytes a_, b_, m_;
  bool authenticated_ = false;
  Bytes large_response_, large_request_;
  std::size_t large_sent_ = 0;
  std::uint8_t handle_ = 7;
};

}  // namespace fake
