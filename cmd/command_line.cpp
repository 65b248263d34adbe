#include "cmd/command_line.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "cmd/help.h"
#include "core/suggest.h"
#include "core/text.h"

namespace spdm::cmd {

namespace {

std::string see_help(const CLI::App& at) { return cat("see: ", words_of(at), " --help"); }

std::string guessed(std::string_view word, const std::vector<std::string>& known) {
  const std::vector<std::string_view> views(known.begin(), known.end());
  const std::string out = did_you_mean(word, views);
  return out.empty() ? out : out + " ";
}

std::string without_value(const std::string& argument) { return argument.substr(0, argument.find('=')); }

bool is_option(const std::string& argument) { return argument.size() > 1 && argument.front() == '-'; }

std::vector<std::string> names_of_options(const CLI::App& app) {
  std::vector<std::string> out;
  for (const CLI::Option* option : app.get_options())
    if (!option->get_group().empty())
      for (const std::string& name : option->get_lnames()) out.push_back("--" + name);
  return out;
}

// The option that an argument names: "--root", "--root=x".
const CLI::Option* named(const CLI::App& app, const std::string& argument) {
  return is_option(argument) ? app.get_option_no_throw(without_value(argument)) : nullptr;
}

bool takes_value(const CLI::Option& option) { return option.get_items_expected_max() > 0; }

// "--init" or, of an operand, "PROFILE".
std::string shown(const CLI::Option& option) {
  if (!option.get_positional()) return option.get_name();
  std::string out = option.get_type_name();
  std::erase_if(out, [](char c) { return c == '[' || c == ']' || c == '.'; });
  return out;
}

// An option at the end of the line, or before another option, that lacks its value.
std::optional<std::string> without_its_value(const CLI::App& app, const std::vector<std::string>& arguments) {
  for (std::size_t i = 0; i < arguments.size() && arguments[i] != "--"; ++i) {
    const CLI::Option* const option = named(app, arguments[i]);
    if (option == nullptr || !takes_value(*option) || arguments[i].find('=') != std::string::npos) continue;
    const bool has_value = i + 1 < arguments.size() && arguments[i + 1] != "--" && named(app, arguments[i + 1]) == nullptr;
    if (!has_value) return cat(arguments[i], ": its value is missing: ", option->get_type_name());
    ++i;
  }
  return std::nullopt;
}

std::optional<std::string> flag_with_value(const CLI::App& app, const std::vector<std::string>& arguments) {
  for (const std::string& argument : arguments) {
    if (argument == "--") break;
    const CLI::Option* const option = named(app, argument);
    if (option != nullptr && !takes_value(*option) && argument.find('=') != std::string::npos)
      return cat(without_value(argument), " takes no value: ", printable(argument));
  }
  return std::nullopt;
}

std::optional<std::string> given_twice(const CLI::App& app) {
  for (const CLI::Option* option : app.get_options())
    if (takes_value(*option) && option->get_expected_max() == 1 && option->results().size() > 1)
      return cat(shown(*option), " can be given only once");
  return std::nullopt;
}

std::optional<std::string> lacking(const CLI::App& app) {
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_required() && option->count() == 0) return cat(shown(*option), " is missing");
    if (option->count() == 0) continue;
    for (const CLI::Option* needed : option->get_needs())
      if (needed->count() == 0) return cat(shown(*option), " requires ", shown(*needed));
  }
  return std::nullopt;
}

std::optional<std::string> contradiction(const CLI::App& app) {
  for (const CLI::Option* option : app.get_options())
    for (const CLI::Option* excluded : option->get_excludes())
      if (option->count() > 0 && excluded->count() > 0) return cat(shown(*option), " and ", shown(*excluded), " cannot be combined");
  return std::nullopt;
}

// A value that the library could not convert. It is found by converting again.
std::optional<std::string> not_converted(CLI::App& app) {
  for (CLI::App* sub : app.get_subcommands())
    if (std::optional<std::string> out = not_converted(*sub)) return out;
  for (CLI::Option* option : app.get_options()) try {
      if (option->count() > 0 && takes_value(*option)) option->run_callback();
    } catch (const CLI::ParseError&) {
      return cat(shown(*option), ": '", printable(option->results().back()), "' is not a value that it takes");
    }
  return std::nullopt;
}

}  // namespace

void answer(const CLI::Success& asked, const CLI::App& parser, Console& console) {
  const bool version = dynamic_cast<const CLI::CallForVersion*>(&asked) != nullptr;
  const bool all = dynamic_cast<const CLI::CallForAllHelp*>(&asked) != nullptr;
  console.out(version ? cat(asked.what(), "\n") : help_of(parser, all));
  console.flush();
}

Error unknown_verb(const CLI::App& at, const std::string& word, const std::vector<std::string>& more) {
  std::vector<std::string> known = more;
  for (const CLI::App* sub : at.get_subcommands([](const CLI::App* one) { return !one->get_group().empty(); }))
    known.push_back(sub->get_name());
  const bool top = at.get_parent() == nullptr;
  return Error(ErrorId::usage, cat("unknown ", top ? "verb '" : "sub-verb '", printable(word), top ? "'" : cat("' of ", at.get_name())),
               guessed(word, known) + see_help(at));
}

Error error_of(const CLI::ParseError& error, CLI::App& parser, const std::vector<std::string>& arguments) {
  const CLI::App& at = chosen_of(parser);
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) {
    const std::vector<std::string> extras = parser.remaining(true);
    std::string out = "not expected:", guess;
    for (const std::string& argument : extras) {
      out += cat(" ", printable(argument));
      if (guess.empty() && is_option(argument)) guess = guessed(without_value(argument), names_of_options(at));
    }
    const bool has_subs = !at.get_subcommands([](const CLI::App*) { return true; }).empty();
    if (has_subs && !extras.empty() && !is_option(extras.front())) {
      const bool top = at.get_parent() == nullptr;
      return unknown_verb(at, extras.front(), top ? std::vector<std::string>{"help", "version"} : std::vector<std::string>{});
    }
    return Error(ErrorId::usage, out, guess + see_help(at));
  }
  std::optional<std::string> out = without_its_value(at, arguments);
  if (!out) out = flag_with_value(at, arguments);
  if (!out) out = given_twice(at);
  if (!out) out = contradiction(at);
  if (!out) out = lacking(at);
  if (!out) out = not_converted(parser);
  return Error(ErrorId::usage, out.value_or("the command line cannot be understood"), see_help(at));
}

void refuse_empty(const CLI::App& parser) {
  for (const CLI::Option* option : parser.get_options())
    for (const std::string& value : option->results())
      if (value.empty())
        throw Error(ErrorId::usage,
                    option->get_positional() ? cat("an argument is empty: ", shown(*option)) : cat(option->get_name(), ": is empty"),
                    "give a value, or leave it out");
  for (const CLI::App* sub : parser.get_subcommands()) refuse_empty(*sub);
}

}  // namespace spdm::cmd
