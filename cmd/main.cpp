// spdmctl: the table of verbs, and the one place where errors become exit codes.
#include <fcntl.h>
#include <malloc.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cmd/command_line.h"
#include "cmd/host/stop_signal.h"
#include "cmd/options.h"
#include "cmd/output/render.h"
#include "cmd/verb.h"
#include "core/crypto/prepare.h"
#include "core/guard.h"
#include "core/text.h"
#include "core/word_table.h"
#include "transport/pci/power.h"

using namespace spdm;

namespace {

// One row per verb: all that a new one adds here.
constexpr std::array kVerbs{
    &cmd::list_verb,    &cmd::info_verb,    &cmd::auth_verb,   &cmd::measurements_verb, &cmd::certs_verb,
    &cmd::inspect_verb, &cmd::collect_verb, &cmd::verify_verb, &cmd::audit_verb,        &cmd::decode_verb,
    &cmd::report_verb,  &cmd::keyring_verb, &cmd::policy_verb, &cmd::reference_verb,    &cmd::gate_verb,
    &cmd::watch_verb,   &cmd::status_verb,  &cmd::tsm_verb,    &cmd::emulate_verb,      &cmd::doctor_verb,
};

// The format for errors from before the options are parsed.
cmd::Format first_guess(int argc, char** argv) {
  const char* from_environment = ::secure_getenv("SPDMCTL_FORMAT");
  std::string_view format = from_environment == nullptr ? "" : from_environment;
  bool json = false;
  for (int i = 1; i < argc && std::string_view(argv[i]) != "--"; ++i) {
    const std::string_view argument = argv[i];
    json = json || argument == "--json";
    if ((argument == "-f" || argument == "--format") && i + 1 < argc) format = argv[i + 1];
    if (argument.starts_with("--format=")) format = argument.substr(9);
    if (argument.starts_with("-f") && argument.size() > 2) format = argument.substr(argument[2] == '=' ? 3 : 2);
  }
  return json ? cmd::Format::json : cmd::format_of(format).value_or(cmd::Format::text);
}

// Whether the word changes what a verb prints: a sub-verb stands right behind the verb, an option anywhere.
bool has_word(std::span<char*> arguments, std::string_view word) {
  if (word.empty()) return false;
  for (const std::string_view argument : arguments) {
    if (argument == "--") return false;
    if (argument == word || (argument.starts_with(word) && argument.substr(word.size()).starts_with('='))) return true;
    if (!word.starts_with("--") && !argument.starts_with('-')) return false;  // another sub-verb
  }
  return false;
}

// The kind of document for errors, also for those from before the options are parsed. Without a known verb it is a report.
cmd::DocumentKind document_of(std::span<char*> arguments) {
  const auto is_word = [](std::string_view argument) { return !argument.starts_with('-'); };
  const auto found = std::find_if(arguments.begin(), arguments.end(), is_word);
  if (found == arguments.end()) return cmd::kReportDocument;
  for (const cmd::Verb* verb : kVerbs) {
    if (verb->name != *found) continue;
    for (const cmd::OtherDocument& other : verb->others)
      if (has_word({found + 1, arguments.end()}, other.word)) return other.document;
    return verb->document;
  }
  return cmd::kReportDocument;
}

// Names the variable when an error is about a file that a variable names: the user would not find it on the command line.
void name_variable(const CLI::App& app, Error& error) {
  for (const CLI::Option* option : app.get_options()) {
    const std::string variable = cmd::given_as(option->get_name());
    if (variable == option->get_name() || option->results() != std::vector<std::string>{error.device}) continue;
    if (error.hint.find(variable) == std::string::npos) error.hint += cat(error.hint.empty() ? "" : "; ", variable, " names it");
  }
  for (const CLI::App* sub : app.get_subcommands()) name_variable(*sub, error);
}

// Verbs about the program itself. They are other words for options, and have no documents.
enum class About { help, version };
constexpr std::array kAbout{Word{About::help, "help"}, Word{About::version, "version"}};
static_assert(is_sound(kAbout));

// "help auth" is "auth --help". Throws Error{usage} for arguments that the verb does not take.
std::vector<std::string> spelled_out(About about, std::vector<std::string> arguments) {
  const std::string verb = arguments.front();
  arguments.erase(arguments.begin());
  for (const std::string& argument : arguments)
    if (about == About::version || argument.starts_with('-'))
      throw Error(ErrorId::usage, cat(verb, ": not expected: ", printable(argument)),
                  about == About::version ? "write: spdmctl version" : "write: spdmctl help VERB");
  if (about == About::version) return {"--version"};
  if (!arguments.empty() && value_of(kAbout, arguments.front())) arguments.clear();  // the page of all verbs tells of these two
  arguments.emplace_back("--help");
  return arguments;
}

// Throws Error{usage} for a word of "help VERB SUB-VERB" that is none of them. The last argument is --help.
void assert_all_are_verbs(const CLI::App& parser, const std::vector<std::string>& arguments) {
  const CLI::App* at = &parser;
  for (const std::string& word : std::span(arguments).first(arguments.size() - 1)) {
    const std::vector<CLI::App*> chosen = at->get_subcommands();
    if (chosen.empty() && at->get_subcommands([](const CLI::App*) { return true; }).empty())
      throw Error(ErrorId::usage, cat("help: not expected: ", printable(word)), cat("write: spdmctl help ", at->get_name()));
    if (chosen.empty()) throw cmd::unknown_verb(*at, word, {"help", "version"});
    at = chosen.front();
  }
}

// Whether this command line can be understood without the verb. What names a verb in its first word needs no other one; the list of all
// verbs, and guesses at what was meant, need them all.
bool is_needless(const cmd::Verb& verb, const std::vector<std::string>& arguments) {
  if (arguments.empty() || verb.name == arguments.front()) return false;
  if (arguments.size() == 1 && arguments.front() == "--version") return true;
  return std::any_of(kVerbs.begin(), kVerbs.end(), [&](const cmd::Verb* other) { return other->name == arguments.front(); });
}

Exit run(int argc, char** argv, cmd::Console& console) {
  std::vector<std::string> arguments(argv + std::min(argc, 1), argv + argc);
  std::optional<About> about;
  if (!arguments.empty()) about = value_of(kAbout, arguments.front());
  if (about) arguments = spelled_out(*about, std::move(arguments));
  CLI::App parser("Attest devices over SPDM (DMTF DSP0274)", "spdmctl");
  parser.set_help_flag("-h,--help", "Show this help");
  parser.set_help_all_flag("--help-all", "Show it with the options that few need");
  parser.set_version_flag("--version", "spdmctl " SPDMCTL_VERSION, "Show the version");
  parser.require_subcommand(0, 1);
  parser.footer(
      "Help on a verb: spdmctl help VERB, or spdmctl VERB --help\nThe version: spdmctl version\nExit codes and formats: man spdmctl");

  cmd::Action action;
  for (const cmd::Verb* verb : kVerbs) {
    if (is_needless(*verb, arguments)) continue;
    CLI::App* sub = parser.add_subcommand(std::string(verb->name), std::string(verb->summary));
    sub->footer(cat("Examples:\n", verb->examples));
    // Only the verb that was given sets up its options: --version need not wait for the others.
    sub->preparse_callback([&action, sub, verb](std::size_t) { action = verb->setup(*sub); });
  }
  const cmd::Variables variables;
  try {
    parser.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));  // CLI11 takes them from the last to the first
    variables.fill_in(parser);
  } catch (const CLI::Success& asked) {
    if (about == About::help) assert_all_are_verbs(parser, arguments);
    cmd::answer(asked, parser, console);
    return Exit::ok;
  } catch (const CLI::ParseError& error) {
    throw cmd::error_of(error, parser, arguments);
  }
  if (!action) throw Error(ErrorId::usage, "no verb given", "see: spdmctl --help");
  cmd::refuse_old_variables();
  crypto::start();
  prepare_guards();
  cmd::refuse_empty(parser);
  try {
    return action(console);
  } catch (Error& error) {
    name_variable(parser, error);
    throw;
  }
}

// What a device has sent may be large, for a moment: the C library gives it back at once, and keeps no more of it with each thread.
void give_memory_back() {
#ifdef __GLIBC__
  ::mallopt(M_MMAP_THRESHOLD, 128 << 10);  // it would rise to 32 MiB
  ::mallopt(M_TRIM_THRESHOLD, 256 << 10);
#endif
}

// A thread that waits for a device needs little. The default is the limit of the shell, often 8 MiB, which the kernel may give in pages of
// 2 MiB.
void keep_stacks_small() {
#ifdef __GLIBC__
  pthread_attr_t attributes;
  if (::pthread_attr_init(&attributes) != 0) return;
  ::pthread_attr_setstacksize(&attributes, std::size_t{1} << 20);
  ::pthread_setattr_default_np(&attributes);
  ::pthread_attr_destroy(&attributes);
#endif
}

}  // namespace

int main(int argc, char** argv) {
  give_memory_back();
  keep_stacks_small();
  // A closed standard descriptor would be given to the next file or socket, and the report would go there.
  for (int fd = 0; fd <= 2; ++fd)
    if (::fcntl(fd, F_GETFD) < 0 && ::open("/dev/null", O_RDWR) < 0) return static_cast<int>(Exit::internal);
  std::signal(SIGPIPE, SIG_IGN);                       // a reader that goes away is an ordinary end of output
  cmd::stop_on_signals(transport::release_all_power);  // a run that is interrupted must not leave devices awake for good
  cmd::Console console(first_guess(argc, argv));
  const cmd::DocumentKind document = document_of(std::span(argv, static_cast<std::size_t>(argc)).subspan(argc > 0 ? 1 : 0));
  try {
    try {
      return static_cast<int>(run(argc, argv, console));
    } catch (const Error& error) {
      return static_cast<int>(cmd::report_error(console, error, document));
    } catch (const std::bad_alloc&) {
      return static_cast<int>(cmd::report_error(console, Error(ErrorId::internal, "out of memory"), document));
    } catch (const std::exception& error) {
      return static_cast<int>(cmd::report_error(console, Error(ErrorId::internal, error.what(), "please report this defect"), document));
    }
  } catch (const std::exception& error) {  // even the error could not be written to stdout
    console.complain(cat("spdmctl: ", error.what()));
    return static_cast<int>(Exit::internal);
  }
}
