// What each program makes of its command line around CLI11, with the parser that has read it.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "cmd/host/console.h"
#include "core/error.h"

namespace spdm::cmd {

// Answers --help, --help-all and --version.
void answer(const CLI::Success& asked, const CLI::App& parser, Console& console);

// What is wrong, in our own words: those of the library differ from version to version, and name its types. `arguments`: without the
// name of the program.
Error error_of(const CLI::ParseError& error, CLI::App& parser, const std::vector<std::string>& arguments);

// For a verb, or the sub-verb of `at`, that there is none of. `more`: verbs that the parser does not know.
Error unknown_verb(const CLI::App& at, const std::string& word, const std::vector<std::string>& more = {});

// An empty value is a variable of a script that was not set. It must never pass for an option that was left out. Throws Error{usage}.
void refuse_empty(const CLI::App& parser);

}  // namespace spdm::cmd
