// Device profiles. The files that one names are not there: a profile that reads well still ends with an Error.
#include "transport/emulated/profile.h"

#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz::run([&] { spdm::transport::parse_profile({reinterpret_cast<const char*>(data), size}, "/nonexistent/profile.yaml"); });
}
