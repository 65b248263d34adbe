// Messages as decode shows them, as text and as JSON. Nothing of a message, however broken, keeps it from being shown. Input: messages,
// each behind a byte (1: of the requester, 2: in a session) and its length.
#include <nlohmann/json.hpp>

#include "cmd/output/message_decoder.h"
#include "core/evidence/cutter.h"
#include "tests/fuzz/fuzz.h"

using namespace spdm;

namespace {

Evidence read(View data) {
  Evidence out;
  out.binding = Binding::doe;
  Reader reader(data, "fuzz input");
  while (reader.remaining() != 0) {
    const std::uint8_t kind = reader.u8("kind");
    Message message{.from_requester = (kind & 1) != 0, .secured = false, .bytes = {}};
    if ((kind & 2) != 0) message.inside = 0xFFFFFFFF;
    message.bytes = to_bytes(reader.take(reader.u16("length"), "message"));
    out.log.push_back(std::move(message));
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz::run([&] {
    const Evidence evidence = read({data, size});
    const auto show = [&]() noexcept {
      Parameters assumed = assumed_parameters(k12);
      assumed.hash = assumed.measurement_hash = find_hash("SHA-384");
      assumed.asym = find_asym("ECDSA-P384");
      cmd::MessageDecoder decoder(evidence, assumed, {}, {});
      for (std::size_t i = 0; i < evidence.log.size(); ++i)
        for (const cmd::DecodedMessage& one : decoder.next(evidence.log[i], i)) {
          fuzz::require(!one.json.dump().empty() && !cmd::text_of(one.json, false).empty() && !cmd::text_of(one.json, true).empty());
          fuzz::require(one.broken == one.json.contains("why"));
        }
    };
    show();
  });
}
