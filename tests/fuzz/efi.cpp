// Signature databases of the firmware, and lists of certificates as kernels have them.
#include "certstore/efi.h"
#include "certstore/keyring.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::run([&] {
    for (const spdm::Bytes& der : spdm::certstore::read_certificate_list({data, size}, "fuzz input"))
      fuzz::require(!spdm::certstore::describe(der).sha256.empty());
  });
  return fuzz::run([&] {
    const spdm::certstore::EfiSignatures found = spdm::certstore::read_efi_signatures({data, size}, "fuzz input");
    std::size_t least = 0;  // bytes that so much must take
    for (const spdm::Bytes& der : found.certificates) least += der.size() + 16;
    fuzz::require(least + (found.hashes + found.others) * 17 <= size);
  });
}
