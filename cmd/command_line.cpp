#include "cmd/command_line.h"

#include <algorithm>

#include "core/error.h"
#include "core/text.h"

namespace spdm::cmd {

void answer(const CLI::Success& asked, const CLI::App& parser, Console& console) {
  const bool version = dynamic_cast<const CLI::CallForVersion*>(&asked) != nullptr;
  console.out(version ? cat(asked.what(), "\n") : parser.help());
  console.flush();
}

std::string message_of(const CLI::ParseError& error, const CLI::App& parser) {
  std::string out = error.what();
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) {  // CLI11 lists unknown arguments from the last to the first
    out = "not expected:";
    for (const std::string& argument : parser.remaining(true)) out += cat(" ", printable(argument));
  }
  std::replace(out.begin(), out.end(), '\n', ' ');
  return out;
}

void refuse_empty(const CLI::App& parser) {
  for (const CLI::Option* option : parser.get_options())
    for (const std::string& value : option->results())
      if (value.empty())
        throw Error(ErrorId::usage,
                    option->get_positional() ? cat("an argument is empty: ", option->get_name()) : cat(option->get_name(), ": is empty"),
                    "give a value, or leave it out");
  for (const CLI::App* sub : parser.get_subcommands()) refuse_empty(*sub);
}

}  // namespace spdm::cmd
