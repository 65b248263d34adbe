// What a connection says of a chain, before anybody looks into it.
#include "certstore/chains.h"

#include <doctest/doctest.h>

#include "core/wire/algorithms.h"
#include "core/wire/capabilities.h"
#include "core/wire/digests.h"
#include "core/wire/negotiate.h"
#include "core/wire/version.h"

using namespace spdm;

TEST_CASE("chains: with several keys each slot has the model that DIGESTS names") {
  Connection connection(Binding::none);
  const auto observe = [&](Bytes request, Bytes response) {
    connection.observe({.request = std::move(request), .response = std::move(response), .log_index = 0, .signature_size = 0});
  };
  observe(GetVersion{}.encode(), VersionResponse{{0x1300}}.encode());
  GetCapabilities get;
  get.capabilities.data_transfer_size = get.capabilities.max_message_size = 4096;
  CapabilitiesResponse capabilities;
  capabilities.capabilities = get.capabilities;
  capabilities.capabilities.flags = cap::cert | cap::chal | cap::multi_key_neg | cap::get_key_pair_info;
  observe(get.encode(k13), capabilities.encode(k13));
  NegotiateAlgorithms offer;
  offer.measurement_specification = 0;
  offer.base_asym = 0x10, offer.base_hash = 1, offer.other_params = other_params::multi_key;
  AlgorithmsResponse selection;
  selection.base_asym = 0x10, selection.base_hash = 1;
  observe(offer.encode(k13), selection.encode(k13));
  DigestsResponse digests{.supported_slots = 3, .provisioned_slots = 3, .slots = {}};
  digests.slots.push_back({0, Bytes(32, 1), 1, CertModel::alias, key_usage::challenge});
  digests.slots.push_back({1, Bytes(32, 2), 2, CertModel::generic, 0});
  observe({0x13, 0x81, 0, 0}, digests.encode(connection.parameters()));
  const auto model = [&](std::uint8_t slot) { return certstore::chain_input(connection, slot, {}).model; };
  CHECK(model(0) == CertModel::alias);
  CHECK(model(1) == CertModel::generic);
  CHECK(model(2) == CertModel::device);  // DIGESTS names none, and the device does not say that its chains are of aliases
}
