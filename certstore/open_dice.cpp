// Open Profile for DICE, "Custom Extension Format": OpenDiceInput, with explicit tags.
#include "certstore/attestation.h"
#include "certstore/der_reader.h"
#include "core/text.h"

namespace spdm::certstore {

namespace {

// Mode ::= INTEGER (0..3); the reference implementation writes ENUMERATED. "Mode Value Details": values that are not defined are treated
// as Not Configured.
DiceMode read_mode(DerReader fields) {
  const Element element = fields.take(fields.next_is(kEnumerated) ? kEnumerated : kInteger, "");
  const std::uint64_t mode = fields.number(element, "");
  fields.finish();
  return mode < kDiceModes.size() ? static_cast<DiceMode>(mode) : DiceMode::not_initialized;
}

}  // namespace

void read_open_dice(View value, ExtensionInfo& out) {
  DerReader fields = DerReader::only(value, kSequence, "OpenDiceInput");
  OpenDiceInput input;
  const auto bytes = [&](std::uint8_t tag, std::string_view name, std::optional<Bytes>& to) {
    const auto element = fields.take_if(constructed(tag), name);
    if (!element) return;
    DerReader inner = fields.inside(*element, name);
    to = to_bytes(inner.take(kOctetString, "").content);
    inner.finish();
  };
  if (fields.at_end()) fields.fail("", "says nothing");
  bytes(0, "codeHash", input.code_hash);
  bytes(1, "codeDescriptor", input.code_descriptor);
  bytes(2, "configurationHash", input.configuration_hash);
  bytes(3, "configurationDescriptor", input.configuration_descriptor);
  bytes(4, "authorityHash", input.authority_hash);
  bytes(5, "authorityDescriptor", input.authority_descriptor);
  if (const auto element = fields.take_if(constructed(6), "mode")) input.mode = read_mode(fields.inside(*element, "mode"));
  if (const auto element = fields.take_if(constructed(7), "profileName")) {
    DerReader inner = fields.inside(*element, "profileName");
    input.profile_name = inner.text(inner.take(kUtf8String, ""), "");
    inner.finish();
  }
  fields.finish();
  out.open_dice = std::make_shared<OpenDiceInput>(std::move(input));
}

}  // namespace spdm::certstore
