#include "cmd/attest/inspection_wanted.h"

#include "core/appraisal/inspection.h"

namespace spdm::cmd {

SessionAlgorithms want_inspection(Wanted& wanted) {
  wanted.inspect = true;
  wanted.if_available = true;
  wanted.measurements = MeasurementMode::all;
  if (wanted.asym.empty())
    for (const std::string_view name : kTeeIoSignatures) wanted.asym.push_back(find_asym(name));
  if (wanted.hash.empty())
    for (const std::string_view name : kTeeIoHashes) wanted.hash.push_back(find_hash(name));
  SessionAlgorithms out;
  for (const std::string_view name : kTeeIoKeyExchanges) out.key_exchange.push_back(find_key_exchange(name));
  for (const std::string_view name : kTeeIoAeads) out.aead.push_back(find_aead(name));
  return out;
}

}  // namespace spdm::cmd
