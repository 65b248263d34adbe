// Options that several verbs share, as the user wrote them, and what they mean.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "certstore/keyring.h"
#include "cmd/attest/policy_files.h"
#include "cmd/host/console.h"
#include "cmd/output/export.h"
#include "cmd/parse.h"
#include "core/appraisal/appraise.h"
#include "core/fleet/expected_devices.h"
#include "core/protocol/collect.h"
#include "transport/base/opened.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace spdm::cmd {

struct OutputOptions {
  std::string format = "text", file, color = "auto";
  CLI::Option *format_given = nullptr, *color_given = nullptr;
  bool json = false, verbose = false, quiet = false, no_color = false;
  bool exports = false;  // the verb appraises: ear and redfish are formats, too
  bool tokens = false;   // and its evidence can be written: so is eat
  std::string sign_key, ear_profile = std::string(kEarProfiles[0].name), wrapper;
  CLI::Option* ear_profile_given = nullptr;
};

// Which certificates are trusted, and at which time.
struct TrustOptions {
  std::vector<std::string> keyrings, roots;
  std::string at, identity, identity_match, provisioned_key, chain, host_keys;
  bool partial_chains = false, trust_host = false, require_fresh = false;
  std::vector<std::string> references;
  bool compares = false;  // the verb compares measurements: it has --reference
  bool of_gate = false;   // what is named, too, is root's alone
};

// How to speak with a device.
struct ProtocolOptions {
  std::string timeout = "10", slot, record;
  std::vector<std::string> versions, asym, hash;
  bool force = false;
  std::string via, jobs;
};

void add_output_options(CLI::App& parser, OutputOptions& options);
void add_export_options(CLI::App& parser, OutputOptions& options);                      // the same, for a verb that appraises
void add_token_format(OutputOptions& options);                                          // and that has the evidence, too
void add_wrapper_option(CLI::App& parser, std::string& form, const std::string& what);  // --cmw
void add_keyring_options(CLI::App& parser, TrustOptions& options);
void add_trust_options(CLI::App& parser, TrustOptions& options);  // add_keyring_options(), and more
void add_reference_option(CLI::App& parser, TrustOptions& options);
void add_protocol_options(CLI::App& parser, ProtocolOptions& options);  // all but --record
void add_jobs_option(CLI::App& parser, ProtocolOptions& options);       // of a verb that takes several devices
// --tolerate: of the command line alone. No variable, no file and no other verb has it.
void add_tolerate_option(CLI::App& parser, std::vector<std::string>& rules);
void add_record_option(CLI::App& parser, ProtocolOptions& options);
void add_expect_option(CLI::App& parser, std::string& file);
void add_policy_options(CLI::App& parser, PolicyOptions& options);
// --policy alone, with the help text of the verb.
void add_policy_path(CLI::App& parser, std::vector<std::string>& paths, const std::string& help, const std::string& group);
// `operand`: how they stand in the usage line; in brackets where they may be left out.
void add_targets(CLI::App& parser, std::vector<std::string>& targets, const std::string& operand);

// Old names: giving one is an error that tells the new name. Help does not show them, and they never get a second meaning.
void refuse_option(CLI::App& parser, const std::string& old, const std::string& hint);
void refuse_sub_verb(CLI::App& parser, const std::string& old, const std::string& now);
// Throws Error{usage} when a variable of the environment is set under its old name.
void refuse_old_variables();

// The variables of the environment that stand for options (->envname()). The constructor takes them out of the environment before
// the command line is parsed. fill_in() then sets the options that the command line left out. A program with more rights than its
// caller takes none (secure_getenv(3)).
class Variables {
 public:
  Variables();
  void fill_in(CLI::App& parser) const;

 private:
  std::map<std::string, std::string> values_;
};
// The name of an option in errors about its value: its variable when the value came from there.
std::string given_as(const std::string& option);

// " --keyring DIR" for each value that the command line gave, to be put into a command that a hint names: without it that would look
// at something else. Empty where the values came from a variable, which counts there, too.
std::string as_given(const std::string& option, const std::vector<std::string>& values);

// An option that takes one value each time it is given, so that what follows it is never swallowed.
CLI::Option* add_repeatable(CLI::App& parser, const std::string& name, std::vector<std::string>& values, const std::string& help);

// --via, of verbs that speak with devices. Empty: the mailbox, and the drive's own way where the kernel is locked down.
void add_via_option(CLI::App& parser, std::string& via, const std::string& group);
transport::Via via_of(const std::string& via);  // throws Error{usage}

// Throws Error{usage} when the options contradict each other.
void apply(const OutputOptions& options, Console& console);
// The form of --cmw; nothing when none was given.
std::optional<CmwForm> wrapper_of(const std::string& form);
EarForm ear_form_of(const OutputOptions& options);
std::time_t time_of(const TrustOptions& options);  // --at, or now
// The directories of --keyring and the files of --root; without either the system's layers. Throws Error: config, permission for a
// directory that cannot be read, and as Keyring::add_file().
certstore::Keyring read_keyring(const TrustOptions& options);
// Who may not write what the options name: everybody, and nobody but root where a gate goes by it.
Guard guard_of_named(const TrustOptions& options);
// What read_keyring(), read_provisioned_key() and read_references() open, for a process that confines itself before it calls them.
std::vector<std::filesystem::path> trust_places(const TrustOptions& options);
// The key of --provisioned-key as DER; empty when none was given.
Bytes read_provisioned_key(const TrustOptions& options);
// The chain of --chain, as VerifierSetup has it; empty when none was given.
Bytes read_chain_beside(const TrustOptions& options);
// Whether the command line names reference values; SPDMCTL_REFERENCE does not count.
bool names_references(const TrustOptions& options);
// The values of --reference, else of the system's layers. nullptr when the verb does not compare, or when there are none.
std::shared_ptr<const References> read_references(const TrustOptions& options);
// The list of --expect; nothing when none was given. Throws Error: config, io, permission.
std::optional<std::vector<ExpectedDevice>> read_expected(const std::string& file);
// The rules of --tolerate; strict when it was not given.
Tolerance tolerance_of(const std::vector<std::string>& rules);
Question question_of(const TrustOptions& options);
Wanted wanted_of(const ProtocolOptions& options);
Wanted wanted_of(const ProtocolOptions& options, const TrustOptions& trust);  // --provisioned-key means slot 255
std::size_t jobs_of(const ProtocolOptions& options);                          // 0: as the devices are
// --timeout for one exchange, twelve times that for one device.
Limits limits_of(const ProtocolOptions& options);

}  // namespace spdm::cmd
