// Why a gate looks at a device, what it does to one, and what becomes of it: a table for each.
#pragma once

#include <span>

#include "core/word_table.h"

namespace spdm::cmd {

enum class Decision {
  pending,  // held back, not attested yet: what a gate that was killed leaves behind
  allowed,  // it may be used; a driver may bind
  blocked,  // no driver binds
  late,     // it failed, or was attested, only after a driver was bound
  audited,  // attested, but nothing was done: mode audit
  absent,   // policy expects it, and it is not there
};
inline constexpr std::array kDecisions{
    Word{Decision::pending, "pending"}, Word{Decision::allowed, "allowed"}, Word{Decision::blocked, "blocked"},
    Word{Decision::late, "late"},       Word{Decision::audited, "audited"}, Word{Decision::absent, "absent"},
};
static_assert(is_sound(kDecisions));
inline std::string_view name(Decision decision) { return row_of(kDecisions, decision).name; }

enum class Occasion {
  boot,
  arrival,  // the kernel has found the device
  resume,   // the system slept
  reset,
  interval,  // its turn has come again
  request,   // a user has asked
  // Those of `watch` alone:
  start,   // it was there when the service was started
  bind,    // a driver was bound to it
  driver,  // a driver was registered
  event,   // the device has told of a change, or its session for events is lost
  drive,   // the drive that it is takes commands now
};
inline constexpr std::array kOccasions{
    Word{Occasion::boot, "boot"},   Word{Occasion::arrival, "arrival"},   Word{Occasion::resume, "resume"},
    Word{Occasion::reset, "reset"}, Word{Occasion::interval, "interval"}, Word{Occasion::request, "request"},
    Word{Occasion::start, "start"}, Word{Occasion::bind, "bind"},         Word{Occasion::driver, "driver"},
    Word{Occasion::event, "event"}, Word{Occasion::drive, "drive"},
};
static_assert(is_sound(kOccasions));
// Those that `gate --occasion` takes.
inline constexpr auto kGateOccasions = std::span(kOccasions).first<6>();
inline std::string_view name(Occasion occasion) { return row_of(kOccasions, occasion).name; }

// What was done to a device, in the order in which it is done.
enum class GateStep { driver_override, driver_unbound, bus_master_cleared, removed, powered_off };
inline constexpr std::array kGateSteps{
    Word{GateStep::driver_override, "driver-override"},
    Word{GateStep::driver_unbound, "driver-unbound"},
    Word{GateStep::bus_master_cleared, "bus-master-cleared"},
    Word{GateStep::removed, "removed"},
    Word{GateStep::powered_off, "powered-off"},
};
static_assert(is_sound(kGateSteps));
inline std::string_view name(GateStep step) { return row_of(kGateSteps, step).name; }

}  // namespace spdm::cmd
