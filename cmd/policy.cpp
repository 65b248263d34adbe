// policy: what the owner asks of devices: checked, shown, explained, tested and drafted.
#include "cmd/policy_verb.h"
#include "cmd/sub_verbs.h"

namespace spdm::cmd {

namespace {

Action setup(CLI::App& parser) {
  SubVerbs<PolicyVerbOptions> subs(parser);
  PolicyVerbOptions& options = subs.options();
  const auto add_sub = [&](const char* name, const char* summary, SubVerbs<PolicyVerbOptions>::Run run, const char* examples) {
    CLI::App* sub = subs.add(name, summary, run, examples);
    add_output_options(*sub, options.output);
    return sub;
  };
  const auto path = [&](CLI::App* sub) {
    add_policy_path(*sub, options.policy.paths, "Read the policy from this file or directory instead of the system's", "Policy");
  };
  CLI::App* check = add_sub("check", "Check every file and report errors; exit code 2 if there are any", check_policy,
                            "  spdmctl policy check\n"
                            "  spdmctl policy check --strict ./policy.d\n");
  check->add_option("path", options.arguments, "Files and directories of a policy; default: the system's")->type_name("[PATH...]");
  path(check);
  check->add_flag("--strict", options.strict, "Exit code 2 on warnings, too");
  add_keyring_options(*check, options.trust);

  CLI::App* show = add_sub("show", "Show the merged rules of all files, and where each comes from", show_policy,
                           "  spdmctl policy show\n"
                           "  spdmctl policy show --policy ./policy.d --json\n");
  path(show);

  CLI::App* explain = add_sub("explain", "Show which rule decides on a device, why, and the verdict", explain_policy,
                              "  spdmctl policy explain 0000:03:00.0\n"
                              "  spdmctl policy explain --policy ./policy.d device.json\n");
  add_targets(*explain, options.arguments, "TARGET...");
  path(explain);
  add_trust_options(*explain, options.trust);
  add_reference_option(*explain, options.trust);
  add_protocol_options(*explain, options.protocol);
  add_jobs_option(*explain, options.protocol);

  CLI::App* test = add_sub("test", "Judge evidence and compare with expected results; exit code 13 if a case fails", test_policy,
                           "  spdmctl policy test cases.yaml\n"
                           "  spdmctl policy test --policy ./policy.d --root root.pem cases.yaml\n");
  test->add_option("file", options.arguments, "Cases, YAML")->type_name("CASES");
  path(test);
  add_trust_options(*test, options.trust);
  add_reference_option(*test, options.trust);

  CLI::App* generate = subs.add("generate", "Write a first policy for the devices of this host", generate_policy,
                                "  spdmctl policy generate\n"
                                "  spdmctl policy generate -o /etc/spdmctl/policy.d/50-devices.yaml all\n");
  add_targets(*generate, options.arguments, "[TARGET...]");
  generate->add_option("-o,--output", options.file, "Write it to this file; default: standard output")->type_name("FILE")->group("Output");
  refuse_option(*generate, "--file", "give the file with -o/--output FILE");
  generate->add_flag("--overwrite", options.overwrite, "Replace the file of --output")->group("Output");
  generate->add_flag("-v,--verbose", options.output.verbose, "Show how the process is confined")->group("Output");
  add_trust_options(*generate, options.trust);
  add_protocol_options(*generate, options.protocol);
  add_jobs_option(*generate, options.protocol);
  return subs.action();
}

}  // namespace

const Verb policy_verb{"policy",
                       "Check, show, explain, test and draft the policy for devices",
                       "  spdmctl policy check\n"
                       "  spdmctl policy explain 03:00.0\n"
                       "  spdmctl policy test cases.yaml\n"
                       "  spdmctl policy generate -o /etc/spdmctl/policy.d/50-devices.yaml\n",
                       setup,
                       {.schema = kPolicySchema},
                       {{{"explain", {.schema = kPolicySchema, .devices = true}}, {"generate", {}}}}};

}  // namespace spdm::cmd
