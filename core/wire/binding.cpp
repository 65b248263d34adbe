#include "core/wire/binding.h"

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
  }
  return "unknown";
}

std::optional<Binding> binding_of(std::string_view text) {
  for (const Binding binding : {Binding::none, Binding::mctp, Binding::doe, Binding::tcp})
    if (name(binding) == text) return binding;
  return std::nullopt;
}

}  // namespace spdm
