// Files of a keyring: PEM or DER.
#include "certstore/keyring.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz::run([&] {
    for (const spdm::Bytes& certificate : spdm::certstore::read_certificates({data, size}, "fuzz input"))
      fuzz::require(spdm::certstore::describe(certificate).der == certificate);
  });
}
