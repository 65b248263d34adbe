// A software SPDM responder, 1.0 to 1.4: for trying things without hardware, as a peer for other requesters, and as a
// source of faults. It authenticates and reports measurements; it has no sessions and no mutual authentication.
#pragma once

#include <memory>

#include "core/responder/profile.h"
#include "core/wire/certificate.h"
#include "core/wire/chunk.h"

namespace spdm {

// A request that gets ERROR instead of its response.
struct Refusal {
  ErrorCode code{};
  std::uint8_t data = 0;
  Bytes extended = {};
};

// One connection to an emulated device. Not thread-safe: each connection has its own.
class Responder {
 public:
  explicit Responder(std::shared_ptr<const DeviceProfile> profile);

  // Answers one request (from the SPDMVersion byte on; padding of a binding may follow). No request makes it throw.
  Reply respond(View request);

 private:
  // DSP0274 "Responder state": how far the connection has been negotiated.
  enum class State { start, version, capabilities, negotiated };
  // What an answered request does to the transcripts (see responder.cpp).
  enum class Effect { none, ends_measurements, ends_measurements_and_challenge, ends_challenge };
  struct Row;
  static const Row* find_row(Code code);

  // responder.cpp
  Bytes answer(View request);
  void check_request(const Row& row, View request) const;
  void take_effect(const Row& row);
  Bytes error(const Refusal& refusal) const;
  Bytes respond_if_ready(Reader& reader);
  Bytes not_ready(const Fault& fault, View request);

  // vca.cpp
  Bytes version(Reader& reader);
  Bytes capabilities(Reader& reader);
  Bytes algorithms(Reader& reader);
  Bytes supported_algorithms(std::uint8_t version) const;
  AlgorithmsResponse select(const NegotiateAlgorithms& offer) const;

  // identity.cpp
  Bytes digests(Reader& reader);
  Bytes certificate(Reader& reader);
  Bytes challenge_auth(Reader& reader);
  bool visible(const DeviceSlot& slot) const;
  const DeviceSlot* slot(std::uint8_t id) const;
  std::uint8_t provisioned_slots() const;
  // The slot whose key signs. Throws Refusal for a slot that is not there or whose key is not for this use.
  const DeviceSlot& signing_slot(std::uint8_t id, std::uint16_t usage) const;

  // measurements.cpp
  Bytes measurements(Reader& reader);
  Bytes extension_log(Reader& reader);
  Bytes summary_hash(Summary summary) const;

  // info.cpp
  Bytes endpoint_info(Reader& reader);
  Bytes key_pair_info(Reader& reader);
  Bytes vendor_defined(Reader& reader);

  // chunk.cpp
  Bytes chunk_send(Reader& reader);
  Bytes chunk_response(Reader& reader);
  // The answer itself; or the ERROR that announces it in chunks or says that it is too large. `beside`: bytes in front
  // of it.
  Bytes fit(Bytes response, std::size_t beside = 0);
  std::size_t send_limit() const;

  // transcript.cpp
  void append_m1m2(View request, View response);
  void append_l1l2(View request, View response);
  // Appends the exchange, signs, and returns the response with its signature; the transcript is empty afterwards.
  Bytes sign_m1m2(View request, Bytes response, const DeviceSlot& slot);
  Bytes sign_l1l2(View request, Bytes response, const DeviceSlot& slot);
  Bytes sign_endpoint_info(View request, Bytes response, const DeviceSlot& slot);

  std::uint8_t version_byte() const { return parameters_.version; }
  bool has(std::uint32_t flag) const { return parameters_.responder.has(flag); }

  std::shared_ptr<const DeviceProfile> profile_;
  Faults faults_;
  State state_ = State::start;
  Parameters parameters_;
  bool authenticated_ = false;  // a CHALLENGE has been answered

  // Transcripts (DSP0274 "Transcript and transcript hash"): A in full, the others as running hashes.
  Bytes vca_;
  std::optional<crypto::Hasher> m1m2_, l1l2_;

  // The request that was answered with ResponseNotReady.
  struct Delayed {
    Bytes request;
    std::uint8_t token = 0;
  };
  std::optional<Delayed> delayed_;
  std::uint8_t token_ = 0;

  // Large messages under way (DSP0274 "Large SPDM message transfer mechanism").
  std::optional<ChunkAssembler> incoming_;
  struct Outgoing {
    Bytes message;
    std::uint8_t handle = 0;
    std::uint32_t next = 0;
    std::size_t sent = 0;
  };
  std::optional<Outgoing> outgoing_;
  std::uint8_t handle_ = 0;

  StruckBy struck_;  // faults of the answer in the making
  Reply reply_;
};

}  // namespace spdm
