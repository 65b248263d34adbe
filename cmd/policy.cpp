// policy: what the owner asks of devices: checked, shown, explained, tested and drafted.
#include <CLI/CLI.hpp>
#include <memory>

#include "cmd/policy_verb.h"
#include "cmd/verb.h"

namespace cmd {

namespace {

using Run = spdm::Exit (*)(const PolicyVerbOptions&, Console&);
using State = std::shared_ptr<std::pair<PolicyVerbOptions, Run>>;

CLI::App* add_sub(CLI::App& parser, const State& state, const char* name, const char* summary, Run run) {
  CLI::App* sub = parser.add_subcommand(name, summary);
  add_output_options(*sub, state->first.output);
  sub->parse_complete_callback([state, run] { state->second = run; });
  return sub;
}

Action setup(CLI::App& parser) {
  const auto state = std::make_shared<std::pair<PolicyVerbOptions, Run>>();
  PolicyVerbOptions& options = state->first;
  const auto path = [&](CLI::App* sub) {
    add_policy_path(*sub, options.policy.paths, "Read the policy from this file or directory, in place of the system's", "Policy");
  };
  CLI::App* check = add_sub(parser, state, "check", "Read every file and tell what is wrong; exit code 2 when something is", check_policy);
  check->add_option("path", options.arguments, "Files and directories of a policy; those of the system if not given")->type_name("PATH");
  path(check);
  add_keyring_options(*check, options.trust);

  CLI::App* show = add_sub(parser, state, "show", "Show the rules of all files together, and where each comes from", show_policy);
  path(show);

  CLI::App* explain = add_sub(parser, state, "explain", "Tell which rule decides on a device, why, and what it comes to", explain_policy);
  add_targets(*explain, options.arguments);
  path(explain);
  add_trust_options(*explain, options.trust);
  add_reference_option(*explain, options.trust);
  add_protocol_options(*explain, options.protocol);

  CLI::App* test =
      add_sub(parser, state, "test", "Judge evidence and compare with what is expected; exit code 13 when a case fails", test_policy);
  test->add_option("file", options.arguments, "Cases, YAML")->type_name("CASES");
  path(test);
  add_trust_options(*test, options.trust);
  add_reference_option(*test, options.trust);

  CLI::App* generate = parser.add_subcommand("generate", "Write a first policy for the devices of this host");
  generate->parse_complete_callback([state] { state->second = generate_policy; });
  add_targets(*generate, options.arguments);
  generate->add_option("-o,--file", options.file, "Write it to this file; to standard output if not given")
      ->type_name("FILE")
      ->group("Output");
  generate->add_flag("--overwrite", options.overwrite, "Replace the file of --file")->group("Output");
  generate->add_flag("-v,--verbose", options.output.verbose, "Say how the program confines itself")->group("Output");
  add_trust_options(*generate, options.trust);
  add_protocol_options(*generate, options.protocol);
  return [state](Console& console) {
    if (state->second == nullptr)
      throw spdm::Error(spdm::ErrorId::usage, "policy: check, show, explain, test or generate is missing", "see: spdmctl policy --help");
    return state->second(state->first, console);
  };
}

}  // namespace

const Verb policy_verb{"policy", "Check, show, explain, test and draft the policy for devices",
                       "  spdmctl policy check\n"
                       "  spdmctl policy explain 03:00.0\n"
                       "  spdmctl policy test cases.yaml\n"
                       "  spdmctl policy generate -o /etc/spdmctl/policy.d/50-devices.yaml\n",
                       setup};

}  // namespace cmd
