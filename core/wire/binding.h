// The transport bindings, as far as SPDM messages depend on them.
#pragma once

#include <cstddef>
#include <limits>
#include <optional>
#include <string_view>

#include "core/bytes.h"

namespace spdm {

// `storage`: the security protocol commands of NVMe, SCSI and ATA (DSP0286).
enum class Binding { none, mctp, doe, tcp, storage };
std::string_view name(Binding binding);
std::optional<Binding> binding_of(std::string_view name);

// The most bytes that may follow a message (DSP0274 leaves them to the binding). PCI DOE pads to dwords. A drive fills a buffer and does
// not say how much of it: a message ends where its fields say, and what follows has no meaning (DSP0286).
inline std::size_t padding_allowed(Binding binding) {
  if (binding == Binding::storage) return std::numeric_limits<std::size_t>::max();
  return binding == Binding::doe ? 3 : 0;
}
// Whether these bytes may follow a message. Those of DOE are zero.
bool is_padding(Binding binding, View surplus);

}  // namespace spdm
