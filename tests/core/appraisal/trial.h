// A device, what was collected from it, and the judgement. Chains are good unless a test says otherwise: certificates are
// the business of certstore.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>

#include "core/appraisal/appraise.h"
#include "core/protocol/collect.h"
#include "core/text.h"
#include "support/fake_link.h"
#include "support/small_device.h"

namespace trial {

using namespace spdm;

inline bool found(const Report& report, FindingId id) {
  return std::any_of(report.findings.begin(), report.findings.end(), [&](const Finding& finding) { return finding.id == id; });
}

inline CheckStatus status(const Report& report, Check check) {
  for (const CheckResult& result : report.checks)
    if (result.check == check) return result.status;
  return CheckStatus::not_run;
}

struct Trial {
  explicit Trial(fake::Profile profile = {}) : device(std::move(profile)) {
    wanted.summary = Summary::all;
    wanted.measurements = MeasurementMode::all;
    question.user.depth = Depth::measurements;
  }

  // As the program does it: an error becomes part of the evidence.
  Trial& collect() {
    Limits limits;
    limits.exchange = std::chrono::seconds(2);
    try {
      spdm::collect(link, wanted, limits, evidence);
    } catch (const Error& error) {
      evidence.error = Interruption{error.id, error.what(), error.hint};
    }
    return *this;
  }

  // A conversation by hand: negotiated, then what the test asks.
  Requester& negotiate() {
    requester.emplace(link, evidence.log, Limits{});
    requester->ask(GetVersion{}.encode());
    GetCapabilities get;
    get.capabilities.flags = cap::chunk;
    get.capabilities.data_transfer_size = requester->data_transfer_size();
    get.capabilities.max_message_size = requester->limits().max_message;
    const std::uint8_t version = device.profile().versions.back();
    if (version < k12) get.capabilities.flags = 0;
    requester->ask(get.encode(version));
    NegotiateAlgorithms offer;
    offer.base_asym = 0x90, offer.base_hash = 3, offer.pqc_asym = 7;
    offer.other_params = other_params::opaque_fmt1, offer.mel_specification = 1;
    requester->ask(offer.encode(version));
    return *requester;
  }
  std::uint8_t version() const { return requester->connection().version(); }
  void digests() { requester->ask(begin(version(), Code::get_digests).take()); }
  void chain(std::uint8_t slot = 0) {
    requester->ask(
        GetCertificate{.slot = slot, .large = false, .slot_size_requested = false, .offset = 0, .length = 0xFFFF}.encode(version()));
  }
  void challenge(std::uint8_t slot = 0) {
    requester->ask(Challenge{.slot = slot, .summary = Summary::none, .nonce = {}, .context = {}}.encode(version()));
  }
  void measure(std::uint8_t operation, bool sign) {
    GetMeasurements request;
    request.operation = operation;
    request.signature = sign;
    requester->ask(request.encode(version()));
  }

  Report judge(const Evidence& from) const {
    const Analysis analysis = analyze(from, question.user.tolerance);
    std::vector<ChainResult> chains;
    for (std::size_t i = 0; i < analysis.connections.size(); ++i)
      for (std::uint8_t slot = 0; slot < kSlots; ++slot)
        if (analysis.connections[i].chain(slot).complete()) {
          chains.push_back(device.good_chain(slot, i));
          if (change_chain) change_chain(chains.back());
        }
    return appraise(from, analysis, chains, question);
  }
  Report judge() const { return judge(evidence); }

  fake::Device device;
  fake::Link link{[this](View message) { return device.answer(message); }};
  Evidence evidence;
  Wanted wanted;
  Question question;
  std::optional<Requester> requester;
  std::function<void(ChainResult&)> change_chain;
};

inline fake::Profile in_version(std::uint8_t version) {
  fake::Profile out;
  out.versions = {version};
  return out;
}

}  // namespace trial
