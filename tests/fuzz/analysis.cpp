// From a log of messages to the rendered report, with null_crypto.cpp in place of OpenSSL: every signature and digest
// that has the right size counts as good. Input: the binding, with 0x80 for detached evidence; then messages: flags, size (two bytes),
// bytes.
#include <array>
#include <nlohmann/json.hpp>

#include "core/appraisal/appraise.h"
#include "core/evidence/file.h"
#include "tests/fuzz/fuzz.h"

using namespace spdm;

namespace {

ChainResult vouched(std::size_t connection, std::uint8_t slot) {
  ChainResult out;
  out.connection = connection;
  out.slot = slot;
  out.trust = Trust::trusted;
  out.sound = true;
  out.leaf_key = crypto::PublicKey::from_spki({});
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Evidence evidence;
  fuzz::run([&] {
    Reader reader(View(data, size), "fuzz input");
    constexpr std::array bindings{Binding::none, Binding::mctp, Binding::doe, Binding::tcp};
    const std::uint8_t first = reader.u8("binding");
    evidence.binding = fuzz::pick(bindings, first & 0x0F);
    if ((first & 0x80) != 0) evidence.detached = Detached{.format = "fuzz", .asym = {}, .hash = {}, .chains = {{std::nullopt, {1}}}};
    while (reader.remaining() > 0) {
      const std::uint8_t flags = reader.u8("flags");
      const View bytes = reader.take(reader.u16("size"), "message");
      evidence.log.push_back({(flags & 1) != 0, (flags & 2) != 0, to_bytes(bytes)});
    }
  });
  // None of these may throw, whatever the device sent.
  const Analysis analysis = analyze(evidence);
  std::vector<ChainResult> chains;
  for (std::size_t i = 0; i < analysis.connections.size(); ++i)
    for (const std::uint8_t slot : {std::uint8_t{0}, std::uint8_t{1}, kProvisionedKey}) chains.push_back(vouched(i, slot));
  Question question;
  question.user.depth = Depth::measurements;
  const Report report = appraise(evidence, analysis, chains, question);
  fuzz::require(to_json(report).dump().size() > 2 && !report.reason.empty());
  fuzz::require((report.verdict == Verdict::pass) == (report.exit == Exit::ok));
  return 0;
}
