// Decoding as Connection does it: the whole message, nothing left over. And parameters as a negotiation leaves them.
#pragma once

#include <doctest/doctest.h>

#include "core/evidence/expect_error.h"
#include "core/wire/digests.h"

namespace wire {

using namespace spdm;

// For loops over octets: a plain list of numbers would be of int.
using Octets = std::initializer_list<std::uint8_t>;

inline constexpr std::array kAllVersions{k10, k11, k12, k13, k14};

// Sizes that differ from each other: H 48, MH 32, S 64.
inline Parameters parameters(std::uint8_t version) {
  Parameters out;
  out.version = version;
  out.responder.flags = cap::cert | cap::chal | cap::meas_sig;
  out.asym = find_asym("ECDSA-P256");
  out.hash = find_hash("SHA-384");
  out.measurement_hash = find_hash("SHA-256");
  out.measurement_specification = kDmtfMeasurementSpecification;
  out.opaque_format = version >= k12 ? other_params::opaque_fmt1 : 0;
  return out;
}

inline Parameters multi_key(std::uint8_t version = k13) {
  Parameters out = parameters(version);
  out.multi_key_responder = true;
  return out;
}

// Sessions of every kind, with everything that they can have. Sizes: ExchangeData 96, the requester's signature 132.
inline Parameters session_parameters(std::uint8_t version) {
  Parameters out = parameters(version);
  out.requester.flags =
      cap::cert | cap::key_ex | cap::psk | cap::encrypt | cap::mac | cap::mut_auth | cap::encap | cap::hbeat | cap::key_upd;
  out.responder.flags |= (out.requester.flags & ~cap::psk_mask) | cap::psk_with_context;
  out.key_exchange = find_key_exchange("secp384r1");
  out.aead = find_aead("AES-256-GCM");
  out.req_asym = find_asym("ECDSA-P521");
  out.key_schedule = true;
  return out;
}

template <class Response, class... Args>
Response decode(View message, const Args&... args) {
  Reader reader(message, "test message");
  Response out = Response::decode(reader, args...);
  reader.assert_done();
  return out;
}

// Throws Error{peer}, and the message names the field that is wrong.
template <class F>
void malformed(const std::string& field, F run) {
  expect_error(ErrorId::peer, field, run);
}

// Every length from 0 to all but the last byte is refused.
template <class F>
void refused_when_cut(const Bytes& message, F read) {
  for (std::size_t size = 0; size < message.size(); ++size) {
    CAPTURE(size);
    CHECK_THROWS_AS(read(View(message).first(size)), Error);
  }
}

}  // namespace wire
