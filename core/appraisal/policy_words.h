// The words of a policy: a table for each enumeration, read from files, written back and shown.
#pragma once

#include "core/word_table.h"

namespace spdm {

enum class GateMode { off, audit, enforce };
inline constexpr std::array kGateModes{
    Word{GateMode::off, "off"},
    Word{GateMode::audit, "audit"},
    Word{GateMode::enforce, "enforce"},
};
static_assert(is_sound(kGateModes));
inline std::string_view name(GateMode mode) { return row_of(kGateModes, mode).name; }
inline std::optional<GateMode> gate_mode_of(std::string_view name) { return value_of(kGateModes, name); }

enum class Matching {
  first,  // the first rule that matches decides
  all,    // all matching rules together: their requirements are joined
};
inline constexpr std::array kMatchings{
    Word{Matching::first, "first"},
    Word{Matching::all, "all"},
};
static_assert(is_sound(kMatchings));
inline std::string_view name(Matching matching) { return row_of(kMatchings, matching).name; }

enum class IdentityMatch {
  exact,  // one CMA otherName of the leaf names the function exactly (PCIe r6.1 6.31.3)
  ids,    // vendor and device id suffice
  none,
};
inline constexpr std::array kIdentityMatches{
    Word{IdentityMatch::exact, "exact"},
    Word{IdentityMatch::ids, "ids"},
    Word{IdentityMatch::none, "none"},
};
static_assert(is_sound(kIdentityMatches));
inline std::string_view name(IdentityMatch how) { return row_of(kIdentityMatches, how).name; }
inline std::optional<IdentityMatch> identity_match_of(std::string_view name) { return value_of(kIdentityMatches, name); }

// What is done to a device that does not meet its rule. Only the gate acts; other verbs only report it.
enum class FailureAction {
  warn,  // the failure is only reported
  block,
  // The others come on top of `block`.
  clear_bus_master,
  remove,
  power_off,
};
inline constexpr std::array kFailureActions{
    Word{FailureAction::warn, "warn"},
    Word{FailureAction::block, "block"},
    Word{FailureAction::clear_bus_master, "clear-bus-master"},
    Word{FailureAction::remove, "remove"},
    Word{FailureAction::power_off, "power-off"},
};
static_assert(is_sound(kFailureActions));
inline std::string_view name(FailureAction action) { return row_of(kFailureActions, action).name; }

// What a rule asks of the debug state of a device.
enum class DebugState {
  any,
  off,
};
inline constexpr std::array kDebugStates{
    Word{DebugState::any, "any"},
    Word{DebugState::off, "off"},
};
static_assert(is_sound(kDebugStates));
inline std::string_view name(DebugState state) { return row_of(kDebugStates, state).name; }

// What a rule asks of the negotiation.
enum class NegotiationState {
  any,
  proven,
};
inline constexpr std::array kNegotiationStates{
    Word{NegotiationState::any, "any"},
    Word{NegotiationState::proven, "proven"},
};
static_assert(is_sound(kNegotiationStates));
inline std::string_view name(NegotiationState state) { return row_of(kNegotiationStates, state).name; }

}  // namespace spdm
