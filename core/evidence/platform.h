// What the platform says about a device: the kernel and a TSM (TEE security manager). The report shows it beside our
// own results; it never affects the verdict.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace spdm {

// The attribute `authenticated` has had three grammars under one name.
enum class AuthenticatedGrammar : std::uint8_t {
  absent,
  verdict,  // "0" or "1": the series "PCI device authentication"; reading fails with ENOTTY when undetermined
  tsm,      // mainline from 6.19 on: the name of the TSM that authenticated the device, or empty
  unknown,  // anything else: shown as it is
};
std::string_view name(AuthenticatedGrammar grammar);
std::optional<AuthenticatedGrammar> grammar_of(std::string_view name);

inline constexpr std::size_t kMaxPlatformSignatures = 65536;  // counting stops there

struct PlatformView {
  AuthenticatedGrammar grammar = AuthenticatedGrammar::absent;
  std::string authenticated;             // as read; raw
  std::optional<bool> is_authenticated;  // nothing: undetermined, or a grammar that we do not know
  // tsm/connect, tsm/bound, tsm/dsm as read: nothing when the attribute is absent, empty when it names no TSM or DSM.
  std::optional<std::string> tsm_connected, tsm_bound, tsm_dsm;
  std::vector<std::uint8_t> certificate_slots;  // of certificates/slotN that hold a chain
  std::size_t signatures = 0;                   // that the kernel keeps in signatures/

  bool operator==(const PlatformView&) const = default;
};

}  // namespace spdm
