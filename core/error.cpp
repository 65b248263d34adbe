#include "core/error.h"

#include <array>

#include "core/text.h"

namespace spdm {

namespace {

// The worst first. A proven failure outranks a check that could not run.
constexpr std::array kExits{
    ExitRow{Exit::bad_signature, "bad signature"},
    ExitRow{Exit::untrusted, "identity not trusted"},
    ExitRow{Exit::measurement, "measurement mismatch"},
    ExitRow{Exit::policy, "policy not met"},
    ExitRow{Exit::no_reference, "no reference value"},
    ExitRow{Exit::peer, "the peer broke the protocol"},
    ExitRow{Exit::busy, "busy or timed out"},
    ExitRow{Exit::permission, "permission, lockdown or another owner"},
    ExitRow{Exit::no_device, "no such device or no SPDM"},
    ExitRow{Exit::usage, "usage or configuration"},
    ExitRow{Exit::internal, "internal, I/O, or missing crypto"},
    ExitRow{Exit::ok, "ok"},
};

constexpr std::array kErrors{
    ErrorRow{ErrorId::internal, "internal", Exit::internal},
    ErrorRow{ErrorId::io, "io", Exit::internal},
    ErrorRow{ErrorId::unsupported, "unsupported", Exit::internal},
    ErrorRow{ErrorId::usage, "usage", Exit::usage},
    ErrorRow{ErrorId::config, "config", Exit::usage},
    ErrorRow{ErrorId::bad_input, "bad-input", Exit::usage},
    ErrorRow{ErrorId::no_device, "no-device", Exit::no_device},
    ErrorRow{ErrorId::no_spdm, "no-spdm", Exit::no_device},
    ErrorRow{ErrorId::permission, "permission", Exit::permission},
    ErrorRow{ErrorId::lockdown, "lockdown", Exit::permission},
    ErrorRow{ErrorId::owned, "owned", Exit::permission},
    ErrorRow{ErrorId::busy, "busy", Exit::busy},
    ErrorRow{ErrorId::timeout, "timeout", Exit::busy},
    ErrorRow{ErrorId::peer, "peer", Exit::peer},
};

}  // namespace

Malformed::Malformed(std::string_view message, std::string_view of_field, std::string_view reason)
    : Error(ErrorId::peer, cat(message, ": ", of_field, ": ", reason)), field(of_field), why(reason) {}

std::span<const ExitRow> exit_codes() { return kExits; }

Exit worse(Exit a, Exit b) {
  for (const ExitRow& row : kExits)
    if (row.code == a || row.code == b) return row.code;
  return Exit::internal;
}

const ErrorRow& row(ErrorId id) {
  for (const ErrorRow& row : kErrors)
    if (row.id == id) return row;
  return kErrors.front();
}

const ErrorRow* find_error(std::string_view name) {
  for (const ErrorRow& row : kErrors)
    if (row.name == name) return &row;
  return nullptr;
}

}  // namespace spdm
