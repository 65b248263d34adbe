// The transport bindings, as far as SPDM messages depend on them.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace spdm {

enum class Binding { none, mctp, doe, tcp };
std::string_view name(Binding binding);
std::optional<Binding> binding_of(std::string_view name);

// PCI DOE pads to dwords: up to three zero bytes may follow a message (DSP0274 leaves them to the binding).
inline std::size_t padding_allowed(Binding binding) { return binding == Binding::doe ? 3 : 0; }

}  // namespace spdm
