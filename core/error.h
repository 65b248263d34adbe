// The one exception of the program: something could not be run. The result of a check that ran is a Finding instead.
#pragma once

#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

namespace spdm {

// Exit codes of the program; manual, README and JSON schema are tested against this table.
enum class Exit : int {
  ok = 0,
  internal = 1,
  usage = 2,
  no_device = 3,
  permission = 4,
  busy = 5,
  peer = 6,
  untrusted = 10,
  bad_signature = 11,
  measurement = 12,
  policy = 13,
  no_reference = 14,
};

struct ExitRow {
  Exit code;
  std::string_view meaning;
};

// Every exit code, the worst first. With several devices the run exits with the worst of theirs.
std::span<const ExitRow> exit_codes();
Exit worse(Exit a, Exit b);

enum class ErrorId {
  internal,     // a defect of ours
  io,           // the operating system refused or failed
  unsupported,  // the crypto library of this host lacks what is needed
  usage,        // arguments that contradict each other or cannot be understood
  config,       // a configuration, profile or keyring file that cannot be used
  bad_input,    // a capture, evidence or certificate file that cannot be read
  no_device,    // nothing there
  no_spdm,      // there, but it does not speak SPDM (or lacks the capability asked for)
  permission,
  lockdown,
  owned,  // somebody else owns the SPDM state of the device
  busy,
  timeout,
  peer,  // the peer broke the protocol, or answered ERROR
};

struct ErrorRow {
  ErrorId id;
  std::string_view name;  // as in JSON
  Exit exit;
};

const ErrorRow& row(ErrorId id);
const ErrorRow* find_error(std::string_view name);  // nullptr when no row has it

struct Error : std::runtime_error {
  Error(ErrorId kind, const std::string& message, std::string advice = {})
      : std::runtime_error(message), id(kind), hint(std::move(advice)) {}

  ErrorId id;
  std::string device;                       // target or file it happened on; filled by the caller that knows it
  std::string hint;                         // what to do about it; may be empty
  std::optional<Exit> exit = std::nullopt;  // where it is not that of the kind: of a device that was judged
};

// A message breaks a rule: "MESSAGE: FIELD: why", ErrorId::peer.
struct Malformed : Error {
  Malformed(std::string_view message, std::string_view of_field, std::string_view reason);

  std::string field, why;
};

}  // namespace spdm
