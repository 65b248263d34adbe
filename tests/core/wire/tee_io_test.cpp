#include "core/wire/tee_io.h"

#include <doctest/doctest.h>

using namespace spdm;

namespace {

NegotiateAlgorithms everything() {
  NegotiateAlgorithms out;
  out.base_asym = 0xFFFFFFFF;
  out.base_hash = 0xFFFFFFFF;
  out.pqc_asym = 0xFFFFFFFF;
  out.tables = {{AlgType::dhe, 0xFFFF}, {AlgType::aead, 0xFFFF}, {AlgType::key_schedule, 1}, {AlgType::kem, 0xFFFF}};
  return out;
}

}  // namespace

TEST_CASE("TEE-IO: of everything, its algorithms are left") {
  NegotiateAlgorithms offer = everything();
  narrow_to_tee_io(offer);
  CHECK(offer.base_asym == (find_asym("RSASSA-3072")->bit | find_asym("ECDSA-P256")->bit | find_asym("ECDSA-P384")->bit));
  CHECK(offer.base_hash == (find_hash("SHA-256")->bit | find_hash("SHA-384")->bit));
  CHECK(offer.pqc_asym == 0);
  REQUIRE(offer.tables.size() == 3);  // no KEM
  CHECK(offer.tables[0].supported == (find_key_exchange("secp256r1")->bit | find_key_exchange("secp384r1")->bit));
  CHECK(offer.tables[1].supported == find_aead("AES-256-GCM")->bit);
  CHECK(offer.tables[2].supported == 1);
}

TEST_CASE("TEE-IO: what the user chose is offered where nothing would be left") {
  NegotiateAlgorithms offer;
  offer.base_asym = find_asym("ECDSA-P521")->bit;
  offer.base_hash = find_hash("SHA-512")->bit;
  offer.tables = {
      {AlgType::dhe, find_key_exchange("secp521r1")->bit}, {AlgType::aead, find_aead("ChaCha20-Poly1305")->bit}, {AlgType::kem, 1}};
  const NegotiateAlgorithms before = offer;
  narrow_to_tee_io(offer);
  CHECK(offer.encode(k14) == before.encode(k14));
}
