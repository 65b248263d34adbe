// A device with throw-away keys, and the plainest requester there is: one exchange at a time, by the wire functions.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>

#include "core/error.h"
#include "core/responder/responder.h"
#include "core/wire/vendor_defined.h"
#include "core/wire/version.h"
#include "support/pki.h"

namespace spdm::test {

// The responder never looks into its certificates, so these need not be any.
inline std::vector<Bytes> fake_certificates(std::size_t size = 300) { return {Bytes(size, 0x30), Bytes(size, 0x31), Bytes(size, 0x32)}; }

inline DeviceSlot new_slot(std::uint8_t id, const char* curve = "P-256") {
  DeviceSlot out;
  out.id = id;
  out.key = pki::Key::make("EC", curve).private_key();
  if (id != kProvisionedKey) out.certificates = fake_certificates();
  return out;
}

inline Bytes text(std::string_view value) { return {value.begin(), value.end()}; }

inline DeviceProfile new_device() {
  DeviceProfile out;
  out.slots.push_back(new_slot(0));
  out.slots.push_back(new_slot(1));
  out.hash = {find_hash("SHA-256"), find_hash("SHA-384")};
  out.measurements = {{1, MeasurementType::immutable_rom, false, text("boot rom"), {}, {}},
                      {2, MeasurementType::mutable_firmware, false, text("firmware"), {}, {}},
                      {8, MeasurementType::hash_extend, false, {}, {}, {}},
                      {0x10, MeasurementType::security_version, true, Bytes(8, 7), {}, {}}};
  out.log = {{8, 0x89, text("one")}, {8, 0x89, text("two")}};
  out.endpoint_info = unhex("01000000 07 00 00 01 03 123456", "endpoint info");
  out.vendor_replies = {{3, {0x36, 0x1B}, {}, {}}, {0, {}, Bytes{1}, Bytes{2, 3}}};
  return out;
}

struct Peer {
  explicit Peer(DeviceProfile profile, std::uint8_t with_version = k12)
      : responder(std::make_shared<const DeviceProfile>(std::move(profile))), version(with_version) {
    mine.flags = cap::cert | cap::chal | (version >= k12 ? cap::chunk : 0) | (version >= k14 ? cap::large_resp : 0);
    mine.data_transfer_size = 65536;
    mine.max_message_size = 1U << 20;
    offer.base_asym = 0xFFF;
    offer.base_hash = 0x7F;
    offer.pqc_asym = version >= k14 ? 0x7FFF : 0;
    offer.other_params = other_params::opaque_fmt1;
    offer.mel_specification = 1;
  }

  // Nothing but an answer comes back here.
  Bytes send(View request) {
    Reply reply = responder.respond(request);
    CHECK(reply.action == Reply::Action::answer);
    return reply.bytes;
  }
  ErrorResponse refused(View request) {
    const Bytes answer = send(request);
    Reader reader(answer, "ERROR");
    REQUIRE(is_error(answer));
    return ErrorResponse::decode(reader);
  }
  template <class Response, class... Context>
  Response get(View request, const Context&... context) {
    last = send(request);
    REQUIRE_MESSAGE(!is_error(last), "answered by ERROR ", static_cast<int>(last.at(2)));
    Reader reader(last, "response");
    Response out = Response::decode(reader, context...);
    reader.assert_done();
    return out;
  }

  VendorDefined vendor(const VendorDefined& request) {
    last = send(request.encode(Code::vendor_defined_request, version));
    Reader reader(last, "VENDOR_DEFINED_RESPONSE");
    return VendorDefined::decode_response(reader, request, parameters);
  }

  // The first three exchanges.
  void connect() {
    vca.clear();
    exchange_vca(GetVersion{}.encode());
    const GetCapabilities capabilities{mine, false};
    exchange_vca(capabilities.encode(version));
    Reader reader(last, "CAPABILITIES");
    const CapabilitiesResponse theirs = CapabilitiesResponse::decode(reader, version, capabilities);
    exchange_vca(offer.encode(version));
    Reader algorithms(last, "ALGORITHMS");
    const AlgorithmsResponse selected = AlgorithmsResponse::decode(algorithms, version, offer, mine, theirs.capabilities);
    algorithms.assert_done();
    parameters = settle(version, mine, theirs.capabilities, offer, selected);
  }
  void exchange_vca(const Bytes& request) {
    last = send(request);
    REQUIRE_MESSAGE(!is_error(last), "answered by ERROR ", static_cast<int>(last.at(2)));
    append(vca, request);
    append(vca, last);
  }

  // Whether the signature at the end of `last` covers `before`, `request` and `last`.
  bool verifies(View before, View request, std::string_view context, const crypto::PrivateKey& key) const {
    const std::size_t size = parameters.signature_size();
    Bytes transcript = to_bytes(before);
    append(transcript, request);
    append(transcript, View(last).first(last.size() - size));
    return crypto::verify(crypto::PublicKey::from_spki(key.public_spki()), *parameters.asym, *parameters.hash, version, context,
                          crypto::hash(*parameters.hash, transcript), View(last).last(size));
  }

  Responder responder;
  std::uint8_t version;
  Capabilities mine;
  NegotiateAlgorithms offer;
  Parameters parameters;
  Bytes vca, last;
};

inline std::vector<std::uint8_t> all_versions() { return {k10, k11, k12, k13, k14}; }

}  // namespace spdm::test
