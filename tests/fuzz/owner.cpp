// The YAML of a keyring: scopes, deny lists and pins. The first byte says which.
#include "certstore/deny.h"
#include "certstore/pins.h"
#include "certstore/scope.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  return fuzz::run([&] {
    switch (data[0] % 3) {
      case 0:
        fuzz::require(!in_words(spdm::certstore::read_scope("fuzz input", text)).empty());
        break;
      case 1:
        for (const spdm::certstore::Denial& denial : spdm::certstore::read_denials("fuzz input", text))
          fuzz::require(denial.sha256.size() == 64);
        break;
      default:
        for (const spdm::certstore::Pin& pin : spdm::certstore::read_pins("fuzz input", text))
          fuzz::require(pin.sha256.size() == 64 && pin.match != spdm::DeviceMatch{});
    }
  });
}
