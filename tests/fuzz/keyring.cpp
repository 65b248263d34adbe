// Files of a keyring: PEM or DER.
#include "certstore/keyring.h"
#include "certstore/outline.h"
#include "certstore/x509.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz::run([&] {
    const spdm::View file{data, size};
    fuzz::require(!spdm::certstore::outline_of(file) || spdm::certstore::parse_x509(file) != nullptr);
    for (const spdm::Bytes& certificate : spdm::certstore::read_certificates({data, size}, "fuzz input"))
      fuzz::require(spdm::certstore::describe(certificate).der == certificate);
  });
}
