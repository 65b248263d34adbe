// CBOR in any form, as a file of a vendor (CoRIM) and as the manifest of a device.
#include "core/format/cbor.h"

#include <nlohmann/json.hpp>

#include "core/appraisal/corim.h"
#include "core/appraisal/manifest.h"
#include "core/appraisal/reference_writer.h"
#include "core/appraisal/token.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const spdm::View input(data, size);
  fuzz::run([&] {
    const spdm::cbor::Item item = spdm::cbor::read(input);
    fuzz::require(!to_json(item).dump().empty());
  });
  fuzz::run([&] {  // one that is beyond the limits throws
    for (const auto type : {spdm::MeasurementType::manifest, spdm::MeasurementType::structured_manifest})
      if (const auto manifest = spdm::read_manifest({spdm::kManifestIndex, type, true, spdm::to_bytes(input)}))
        fuzz::require(spdm::manifest_lines(spdm::name_manifest(*manifest), 50).size() <= 51);
  });
  // What a device puts into a block, and what of it is compared.
  spdm::Measurement measurement;
  measurement.block = {spdm::kManifestIndex, spdm::MeasurementType::structured_manifest, true, spdm::to_bytes(input)};
  measurement.token_signature = spdm::TokenSignature::good;
  for (const spdm::EvidenceClaim& claim : spdm::claims_of(measurement)) fuzz::require(!environment_name(claim).empty());
  fuzz::run([&] {
    if (const std::optional<spdm::crypto::Sign1> token = spdm::token_of(measurement.block))
      fuzz::require(token->certificates().size() <= 16);
  });
  return fuzz::run([&] {
    const spdm::Corim corim = spdm::read_corim(input, {.match = spdm::DeviceMatch{}, .key_of = {}, .environments = size % 2 != 0});
    // What was imported can be read.
    spdm::References references;
    spdm::add_references(references, "imported.yaml", spdm::write_references(corim.devices, "fuzz"));
    fuzz::require(references.devices.size() <= corim.devices.size() && !references.devices.empty());
  });
}
