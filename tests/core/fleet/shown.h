// Reports on devices that pass, for tests of what many of them say together.
#pragma once

#include <string>

#include "core/appraisal/verdict.h"
#include "core/fleet/shown_device.h"
#include "core/text.h"

namespace fleet {

using namespace spdm;

// The digest that `key` stands for in these tests.
inline std::string digest_of(char key) { return std::string(64, key); }

// A device with this key, at this host (empty: not known), asked at this time. `number` makes the answer, and the piece of
// evidence, its own.
inline Report report_of(const std::string& source, char key, const std::string& host, const std::string& time, std::uint8_t number) {
  Report out;
  out.source = source;
  if (!host.empty()) out.host.hostname = host;
  out.time = time;
  out.evidence_sha256 = cat("evidence ", number);
  for (const Check check : {Check::protocol, Check::signature, Check::chain, Check::trust})
    out.checks.push_back({check, CheckStatus::pass, ""});
  SlotReport& slot = out.slots.emplace_back();
  slot.used = true;
  ChainResult& chain = slot.chain.emplace();
  chain.sound = true;
  chain.trust = Trust::trusted;
  chain.anchor.emplace();  // what the certificates say is proven
  chain.leaf_key_sha256 = digest_of(key);
  CertificateInfo& leaf = chain.certificates.emplace_back();
  leaf.device_info = cat("Example:Disk:", key);
  leaf.cma_identities = {cat("Vendor=1b36:Device=0010:", key)};
  SignatureReport& signature = out.signatures.emplace_back();
  signature.result = SignatureResult::good;
  signature.answer = Bytes(32, number);
  conclude(out, Depth::authenticate);
  return out;
}

}  // namespace fleet
