// What each program makes of its command line around CLI11, with the parser that has read it.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "cmd/host/console.h"

namespace spdm::cmd {

// Answers --help and --version.
void answer(const CLI::Success& asked, const CLI::App& parser, Console& console);

// What is wrong, in one line.
std::string message_of(const CLI::ParseError& error, const CLI::App& parser);

// An empty value is a variable of a script that was not set. It must never pass for an option that was left out. Throws Error{usage}.
void refuse_empty(const CLI::App& parser);

}  // namespace spdm::cmd
