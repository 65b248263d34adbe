// How a binding frames messages, as far as the messages above can tell.
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
