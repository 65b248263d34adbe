// TCG RIM: XML, and its signature.
#include "cmd/rim/rim.h"

#include "core/appraisal/reference_writer.h"
#include "tests/fuzz/fuzz.h"

namespace {

// A key of P-384, as DER: that of the seeds.
const spdm::Bytes& signer() {
  static const spdm::Bytes out = spdm::unhex(
      "3076301006072a8648ce3d020106052b8104002203620004db33e031e4f37e74c39f8830cbc1b362eb7736576099cee0932b5acc287474e063c6"
      "29402d8e2ed8e83ad8525ee26c6f4acde0e99fc2c7be7470d451a14f34eb7ef551ff45f6a0a10fda994496527010436a357789d9938c80e92722"
      "a36ee89a",
      "key");
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  // The first byte: whether the signature is checked, and the shift.
  const bool is_checked = (data[0] & 1) != 0;
  return fuzz::run([&] {
    const spdm::rim::Rim rim = spdm::rim::read_rim({data + 1, size - 1}, {}, data[0] >> 1, is_checked ? &signer() : nullptr);
    // What is read can be written, and is read again as the same.
    fuzz::require(!rim.devices.empty());
    spdm::References again;
    spdm::add_references(again, "rim.yaml", spdm::write_references(rim.devices, "rim"));
    std::size_t before = 0, after = 0;
    for (const spdm::DeviceReferences& device : rim.devices) before += device.measurements.size();
    for (const spdm::DeviceReferences& device : again.devices) after += device.measurements.size();
    fuzz::require(before == after);
  });
}
