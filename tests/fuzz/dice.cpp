// Values of attestation extensions. The first byte chooses which, and whether it is critical.
#include <array>
#include <nlohmann/json.hpp>

#include "certstore/attestation.h"
#include "core/appraisal/report.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::array kIds{"2.23.133.5.4.1", "2.23.133.5.4.1.1",   "2.23.133.5.4.4",         "2.23.133.5.4.5",
                            "2.23.133.5.4.9", "1.3.6.1.5.5.7.1.35", "1.3.6.1.4.1.311.89.3.1", "1.3.6.1.4.1.11129.2.1.24"};
  if (size == 0) return 0;
  const spdm::View value = spdm::View(data, size).subspan(1);
  spdm::CertificateInfo certificate;
  certificate.extensions.push_back(spdm::certstore::read_extension(fuzz::pick(kIds, data[0]), data[0] >= 0x80, value));
  const spdm::ExtensionInfo& info = certificate.extensions.back();
  // It is decoded, or it is said why not; and what is decoded takes no more than its bytes allow.
  fuzz::require(info.processed == info.fault.empty() && info.size == value.size());
  fuzz::require(info.wrapper || info.tcb_infos.size() <= 2 + value.size() / 32);
  fuzz::require(info.tcb_infos.size() <= 64);
  fuzz::require(!spdm::to_json(certificate).dump().empty());
  return 0;
}
