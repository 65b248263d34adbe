// A verb of the command line: its row in the table of main.cpp, and what it does when it is chosen.
#pragma once

#include <functional>
#include <string_view>

#include "cmd/host/console.h"
#include "cmd/output/document.h"
#include "core/error.h"

namespace CLI {
class App;
}

namespace spdm::cmd {

// What runs once the command line is understood. Returns the exit code of the program.
using Action = std::function<Exit(Console&)>;

struct Verb {
  std::string_view name;
  std::string_view summary;
  std::string_view examples;          // lines for the foot of --help
  Action (*setup)(CLI::App& parser);  // adds the options of the verb
  DocumentKind document;              // what it prints for programs, its errors included
  // A sub-verb, or an option ("--..."), with which it prints documents of another kind.
  std::string_view other_word = {};
  DocumentKind other_document = {};
};

// One file each.
extern const Verb list_verb, info_verb, auth_verb, measurements_verb, certs_verb, collect_verb, verify_verb, audit_verb, decode_verb,
    keyring_verb, policy_verb, gate_verb, watch_verb, status_verb, tsm_verb, emulate_verb, doctor_verb, report_verb, reference_verb;

}  // namespace spdm::cmd
