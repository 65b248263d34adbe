// A verb of the command line: its row in the table of main.cpp, and what it does when it is chosen.
#pragma once

#include <array>
#include <functional>
#include <string_view>

#include "cmd/host/console.h"
#include "cmd/output/document.h"
#include "core/error.h"

namespace CLI {
class App;
}

namespace spdm::cmd {

// A sub-verb, or an option ("--..."), with which a verb prints documents of another kind; or none at all (a kind without schema):
// what has no --format is not asked for a document, and SPDMCTL_FORMAT is not for it.
struct OtherDocument {
  std::string_view word;
  DocumentKind document;
};

// What runs once the command line is understood. Returns the exit code of the program.
using Action = std::function<Exit(Console&)>;

struct Verb {
  std::string_view name;
  std::string_view summary;
  std::string_view examples;          // lines for the foot of --help
  Action (*setup)(CLI::App& parser);  // adds the options of the verb
  DocumentKind document;              // what it prints for programs, its errors included
  std::array<OtherDocument, 2> others = {};
};

// One file each.
extern const Verb list_verb, info_verb, auth_verb, measurements_verb, certs_verb, collect_verb, verify_verb, audit_verb, decode_verb,
    keyring_verb, policy_verb, gate_verb, watch_verb, status_verb, tsm_verb, emulate_verb, doctor_verb, report_verb, reference_verb,
    inspect_verb;

}  // namespace spdm::cmd
