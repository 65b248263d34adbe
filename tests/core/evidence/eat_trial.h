// A device whose evidence becomes a token, and what is read of it.
#pragma once

#include <doctest/doctest.h>

#include <functional>

#include "core/appraisal/trial.h"
#include "support/eat.h"

namespace eat {

using namespace spdm;

inline trial::Trial collected(std::uint8_t version, bool challenge = true, bool measurements = true) {
  trial::Trial out(trial::in_version(version));
  out.wanted.summary = Summary::none;
  out.wanted.challenge = challenge;
  if (!measurements) out.wanted.measurements = MeasurementMode::none;
  out.question.user.depth = measurements ? Depth::measurements : Depth::authenticate;
  out.collect();
  REQUIRE_FALSE(out.evidence.error);
  return out;
}

inline Bytes token_of(const Evidence& evidence) { return write_token({dat_device(evidence)}); }

// The chain of a slot is good, whether it was read or lies beside the messages.
inline Report judge(const trial::Trial& trial, const Evidence& evidence) {
  const Analysis analysis = analyze(evidence);
  std::vector<ChainResult> chains;
  for (std::size_t i = 0; i < analysis.connections.size(); ++i)
    for (std::uint8_t slot = 0; slot < kSlots; ++slot)
      if (analysis.connections[i].chain(slot).complete() || (evidence.detached && evidence.detached->chain_of(slot) != nullptr))
        chains.push_back(trial.device.good_chain(slot, i));
  return appraise(evidence, analysis, chains, trial.question);
}

// Why nothing is read of the only device, or of the token; empty where something is.
inline std::string refused(View token) {
  try {
    std::vector<EvidencePart> parts = load_parts(token, "token");
    REQUIRE(parts.size() == 1);
    if (!parts.front().error) return "";
    CHECK(parts.front().error->id == ErrorId::bad_input);
    return parts.front().error->what();
  } catch (const Error& error) {
    CHECK(error.id == ErrorId::bad_input);
    CHECK(std::string(error.what()).starts_with("token"));
    return error.what();
  }
}

// The same of a token in which something was changed.
inline std::string refused(const Bytes& token, const std::function<void(Item& token)>& change) {
  Item tree = cbor::read(token);
  change(tree);
  return refused(eat::encode(tree));
}

inline std::string refused_device(const Bytes& token, const std::function<void(Item& device)>& change) {
  return refused(token, [&](Item& tree) { change(eat::device_of(tree)); });
}

inline bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace eat
