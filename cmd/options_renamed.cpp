// Names of options, sub-verbs and variables that a version has changed.
#include <CLI/CLI.hpp>

#include <array>
#include <cstdlib>

#include "cmd/options.h"
#include "core/error.h"
#include "core/text.h"

namespace spdm::cmd {

namespace {

struct OldVariable {
  const char *name, *now;
};
constexpr std::array<OldVariable, 2> kOldVariables{{{"SPDMCTL_OUTPUT", "SPDMCTL_FORMAT"}, {"SPDMCTL_ROOT", "SPDMCTL_SYSROOT"}}};

}  // namespace

void refuse_old_variables() {
  for (const OldVariable& old : kOldVariables)
    if (const char* const value = ::secure_getenv(old.name); value != nullptr && *value != '\0')
      throw Error(ErrorId::usage, cat("the variable ", old.name, " was renamed to ", old.now),
                  cat("set ", old.now, ", and unset ", old.name));
}

void refuse_option(CLI::App& parser, const std::string& old, const std::string& hint) {
  parser
      .add_option_function<std::string>(old,
                                        [=](const std::string&) { throw Error(ErrorId::usage, cat(old, " is no longer an option"), hint); })
      ->expected(0, 1)
      ->group("");
}

void refuse_sub_verb(CLI::App& parser, const std::string& old, const std::string& now) {
  const std::string verb = parser.get_name();
  parser.add_subcommand(old, "")->group("")->preparse_callback([=](std::size_t) {
    throw Error(ErrorId::usage, cat(verb, " ", old, " was renamed to ", verb, " ", now), cat("write: spdmctl ", verb, " ", now));
  });
}

}  // namespace spdm::cmd
