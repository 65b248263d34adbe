// What --help and --help-all print. The option library's own words and marks are not in it.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace spdm::cmd {

// The type name of an operand is how it stands in the usage line: "TARGET...", or "[TARGET...]" where it may be left out.

// The help of the verb that was chosen; all of it, or without the options that few need.
std::string help_of(const CLI::App& parser, bool all);

// The parser of the verb, or of the sub-verb, that was chosen.
const CLI::App& chosen_of(const CLI::App& parser);
// "spdmctl keyring add".
std::string words_of(const CLI::App& parser);

// Whether only --help-all shows the option.
bool is_rare(const CLI::Option& option);

}  // namespace spdm::cmd
