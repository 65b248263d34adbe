#include "core/wire/binding.h"

#include <algorithm>

namespace spdm {

std::string_view name(Binding binding) {
  switch (binding) {
    case Binding::none:
      return "none";
    case Binding::mctp:
      return "mctp";
    case Binding::doe:
      return "doe";
    case Binding::tcp:
      return "tcp";
    case Binding::storage:
      return "storage";
  }
  return "unknown";
}

std::optional<Binding> binding_of(std::string_view text) {
  for (const Binding binding : {Binding::none, Binding::mctp, Binding::doe, Binding::tcp, Binding::storage})
    if (name(binding) == text) return binding;
  return std::nullopt;
}

bool is_padding(Binding binding, View surplus) {
  if (binding == Binding::storage) return true;
  return surplus.size() <= padding_allowed(binding) &&
         std::all_of(surplus.begin(), surplus.end(), [](std::uint8_t byte) { return byte == 0; });
}

}  // namespace spdm
