// What the decoders of fields have in common: decode_fields.cpp, and those of decoders.h.
#pragma once

#include <string>

#include "cmd/output/decode_fields.h"
#include "core/wire/challenge.h"

namespace spdm::cmd {

// One message under way: its reader, and what is known around it.
struct DecodeInput {
  View message;
  Header header;
  const DecodeContext& context;
  Reader reader;
  std::size_t trailing = 0;  // bytes that the reader has passed, and that are no part of the message: padding behind an encapsulated one

  std::uint8_t version() const { return header.version; }
  const Parameters& parameters() const { return context.parameters; }
};

// "0x0f", with so many digits.
std::string quantity(std::uint32_t value, int digits);
std::string slot_text(std::uint8_t slot);
std::string_view summary_name(Summary summary);
// The elements of opaque data, or its bytes where it has none. `message`: its name, for errors.
Json opaque_fields(View opaque, std::string_view message);

// The request that a response answers: as it was seen, else one that asks for what is there.
template <class Request, class Guess>
Request request_of(const DecodeInput& in, Guess guess) {
  if (!in.context.request) return guess();
  Reader reader(*in.context.request, "request");
  return Request::decode(reader, in.version());
}

}  // namespace spdm::cmd
