// What stands in a message, field by field, for people and scripts. The decoders of core/wire do the reading.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>

#include "core/format/json.h"
#include "core/tolerance.h"
#include "core/wire/codes.h"
#include "core/wire/negotiate.h"

namespace spdm::cmd {

// What a decoder has to know beside the message.
struct DecodeContext {
  Parameters parameters;
  std::optional<Bytes> request = std::nullopt;       // of a response, when it has been seen
  Tolerance* tolerance = nullptr;                    // what a response may break and be read all the same
  std::optional<Bytes> encapsulated = std::nullopt;  // the encapsulated request that an encapsulated response answers, when it was seen
  bool is_inside = false;                            // the message is an encapsulated one
};

struct Fields {
  Json fields;           // an object
  std::size_t used = 0;  // bytes that the message has by its own account
};

// Nothing when the message is one that this program does not read. Throws Error{peer} when it breaks a rule.
std::optional<Fields> decode_fields(View message, const DecodeContext& context);

}  // namespace spdm::cmd
