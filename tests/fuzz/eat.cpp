// Tokens, and wrappers around them: what is read of a device is written again, and read back as the same messages.
#include "core/appraisal/eat_writer.h"
#include "core/evidence/cbor_document.h"
#include "tests/fuzz/fuzz.h"

using namespace spdm;

namespace {

bool same_messages(const Evidence& a, const Evidence& b) {
  if (a.log.size() != b.log.size()) return false;
  for (std::size_t i = 0; i < a.log.size(); ++i)
    if (a.log[i].bytes != b.log[i].bytes || a.log[i].from_requester != b.log[i].from_requester) return false;
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz::run([&] {
    for (const EvidencePart& part : read_cbor({data, size}, "fuzz input", 0)) {
      if (part.error) continue;
      fuzz::require(!part.evidence.live && !part.evidence.log.empty());
      try {
        const DatDevice device = dat_device(part.evidence);
        // Others may have put more into a transcript than the device has signed; that is not written.
        const Evidence again = load_evidence(write_token({device}), "written");
        fuzz::require(again.log.size() <= part.evidence.log.size());
        const Evidence once_more = load_evidence(write_token({dat_device(again)}), "written again");
        fuzz::require(same_messages(again, once_more));
      } catch (const Error&) {  // not all that is read can be written
      }
    }
  });
}
