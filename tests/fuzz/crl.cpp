// Revocation lists of a keyring: PEM or DER.
#include "certstore/crl.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz::run([&] {
    for (const spdm::certstore::Crl& crl : spdm::certstore::read_crls({data, size}, "fuzz input"))
      fuzz::require(crl.list != nullptr && (!crl.unusable.empty() || !crl.this_update.empty()));
  });
}
