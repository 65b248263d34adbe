#include "cmd/options.h"

#include <unistd.h>
#include <CLI/CLI.hpp>

#include <array>
#include <cstdlib>

#include "cmd/host/files.h"
#include "cmd/host/layers.h"
#include "cmd/output/token.h"
#include "core/appraisal/references.h"
#include "core/evidence/document.h"
#include "core/suggest.h"
#include "core/text.h"
#include "core/word_table.h"

namespace spdm::cmd {

namespace {
// The complete list. None names a root or lowers a check: what is trusted must be seen on the command line or in a file.
constexpr std::array kVariables{"SPDMCTL_FORMAT", "SPDMCTL_KEYRING", "SPDMCTL_POLICY", "SPDMCTL_REFERENCE", "SPDMCTL_TIMEOUT"};

constexpr std::array kVias{Word{transport::Via::doe, "doe"}, Word{transport::Via::storage, "storage"}, Word{transport::Via::mctp, "mctp"}};

// From an option to the variable that its value came from. Global, for there is one command line.
std::map<std::string, std::string> from_variables;
}  // namespace

Variables::Variables() {
  for (const char* const name : kVariables) {
    if (const char* const value = ::secure_getenv(name); value != nullptr && *value != '\0') values_[name] = value;
    ::unsetenv(name);  // the parser reads without secure_getenv(3), and could not tell later where a value came from
  }
}

void Variables::fill_in(CLI::App& parser) const {
  for (CLI::App* sub : parser.get_subcommands()) fill_in(*sub);
  for (CLI::Option* option : parser.get_options()) {
    const auto found = values_.find(option->get_envname());
    if (found == values_.end() || option->count() > 0) continue;
    option->add_result(found->second);
    option->run_callback();
    from_variables[option->get_name()] = found->first;
  }
}

std::string given_as(const std::string& option) {
  const auto found = from_variables.find(option);
  return found == from_variables.end() ? option : found->second;
}

std::string as_given(const std::string& option, const std::vector<std::string>& values) {
  std::string out;
  if (given_as(option) == option)
    for (const std::string& value : values) out += cat(" ", option, " ", shell_word(value));
  return out;
}

CLI::Option* add_repeatable(CLI::App& parser, const std::string& name, std::vector<std::string>& values, const std::string& help) {
  return parser.add_option(name, values, help)->allow_extra_args(false);
}

void add_output_options(CLI::App& parser, OutputOptions& options) {
  options.format_given = parser.add_option("-f,--format", options.format, cat(names_of(kPlainFormats), "; default: text"))
                             ->type_name("FORMAT")
                             ->envname("SPDMCTL_FORMAT")
                             ->group("Output");
  parser.add_flag("--json", options.json, "Same as --format json")->group("Output");
  parser.add_option("-o,--output", options.file, "Write to this file when everything is complete; default: standard output")
      ->type_name("FILE")
      ->group("Output");
  parser.add_flag("-v,--verbose", options.verbose, "Show all details")->group("Output");
  parser.add_flag("-q,--quiet", options.quiet, "No text, only errors and the exit code")->group("Output");
  options.color_given = parser.add_option("--color", options.color, "Use colours: auto (on a terminal), always or never; default: auto")
                            ->type_name("WHEN")
                            ->group("Output");
  parser.add_flag("--no-color", options.no_color, "Same as --color never")->group("Output");
}

void add_export_options(CLI::App& parser, OutputOptions& options) {
  add_output_options(parser, options);
  options.exports = true;
  options.format_given->description(cat(names_of(kPlainFormats, ", "), ", ", names_of(kExportFormats), "; default: text"));
  parser.add_option("--sign-key", options.sign_key, "Sign the EAR with this private key, PEM or DER: a JWT")
      ->type_name("FILE")
      ->group("Output");
  options.ear_profile_given =
      parser.add_option("--ear-profile", options.ear_profile, cat("Names of the EAR: ", names_of(kEarProfiles), "; default: 2023"))
          ->type_name("YEAR")
          ->group("Output");
  add_wrapper_option(parser, options.wrapper, "the EAR");
}

void add_wrapper_option(CLI::App& parser, std::string& form, const std::string& what) {
  parser.add_option("--cmw", form, cat("Put ", what, " into a conceptual message wrapper (RFC 9999): ", names_of(kCmwForms)))
      ->type_name("FORM")
      ->group("Output");
}

void add_token_format(OutputOptions& options) {
  options.tokens = true;
  options.format_given->description(cat(names_of(kFormats), " (the evidence, experimental); default: text"));
}

void add_keyring_options(CLI::App& parser, TrustOptions& options) {
  add_repeatable(parser, "--keyring", options.keyrings, "Trust the certificates in this directory instead of the system's keyring")
      ->type_name("DIR")
      ->envname("SPDMCTL_KEYRING")
      ->group("Trust");
  add_repeatable(parser, "--root", options.roots, "Trust the certificates in this file; without --keyring, these alone")
      ->type_name("FILE")
      ->group("Trust");
  parser.add_option("--at", options.at, "Time at which certificates must be valid; default: now")->type_name("TIME")->group("Trust");
  parser.add_flag("--partial-chain", options.partial_chains, "Let any certificate of the keyring end a chain, not only roots")
      ->group("Trust");
}

// Where a verb reads a policy, that has the first word. The options may be added in any order.
static void name_default_match(CLI::App& parser) {
  CLI::Option* const match = parser.get_option_no_throw("--identity-match");
  if (match == nullptr || parser.get_option_no_throw("--policy") == nullptr) return;
  match->description("exact, ids (vendor and device id suffice) or none; default: as in the policy, or exact");
}

void add_trust_options(CLI::App& parser, TrustOptions& options) {
  add_keyring_options(parser, options);
  parser
      .add_option("--host-keys", options.host_keys,
                  "Verify the signature of the host on recordings: DIR/NAME.pem is the public key of the host NAME")
      ->type_name("DIR")
      ->group("Trust");
  parser.add_option("--identity", options.identity, "PCI identity that the device must have: Vendor=1b36:Device=0010:CC=010802:REV=02...")
      ->type_name("ID")
      ->group("Trust");
  parser.add_option("--identity-match", options.identity_match, "exact, ids (vendor and device id suffice) or none; default: exact")
      ->type_name("HOW")
      ->group("Trust");
  parser.add_flag("--trust-host", options.trust_host, "Trust what the collecting host says about the device")->group("Trust");
  parser.add_flag("--require-fresh", options.require_fresh, "Do not pass what was not signed for a nonce of this verifier")->group("Trust");
  parser.add_option("--chain", options.chain, "Certificates of the device, PEM, DER or Redfish JSON, for recordings that have none")
      ->type_name("FILE")
      ->group("Trust");
  parser.add_option("--provisioned-key", options.provisioned_key, "Public key of the device, DER or PEM; implies --slot 255")
      ->type_name("FILE")
      ->group("Trust");
  name_default_match(parser);
}

void add_reference_option(CLI::App& parser, TrustOptions& options) {
  options.compares = true;
  add_repeatable(parser, "--reference", options.references,
                 "Compare measurements with the values in this file or directory instead of the system's reference values")
      ->type_name("PATH")
      ->envname("SPDMCTL_REFERENCE")
      ->group("Trust");
}

void add_expect_option(CLI::App& parser, std::string& file) {
  parser.add_option("--expect", file, "Expected devices: a missing device and a device that is not listed are failures")
      ->type_name("FILE")
      ->group("Attestation");
}

void add_protocol_options(CLI::App& parser, ProtocolOptions& options) {
  parser.add_option("--timeout", options.timeout, "Longest wait for one answer; default: 10s")
      ->type_name("DURATION")
      ->envname("SPDMCTL_TIMEOUT")
      ->group("Protocol");
  parser.add_option("--slot", options.slot, "0 to 7, all, or 255 for a provisioned key; default: the first that is trusted")
      ->type_name("N")
      ->group("Protocol");
  add_repeatable(parser, "--spdm-version", options.versions, "Speak only these versions, such as 1.2,1.3")
      ->type_name("LIST")
      ->group("Protocol");
  add_repeatable(parser, "--asym", options.asym, "Offer only these signature algorithms, such as ECDSA-P384")
      ->type_name("LIST")
      ->group("Protocol");
  add_repeatable(parser, "--hash", options.hash, "Offer only these hash algorithms, such as SHA-384")->type_name("LIST")->group("Protocol");
  parser.add_flag("--force", options.force, "Use a PCI device even if it seems to be owned or in use by somebody else")->group("Protocol");
  add_via_option(parser, options.via, "Protocol");
  // The gate, which has the option as well, is about PCI functions.
  CLI::Option* const via = parser.get_option("--via");
  via->description(cat(via->get_description(), ". mctp: all are the endpoints of MCTP networks"));
}

void add_jobs_option(CLI::App& parser, ProtocolOptions& options) {
  parser.add_option("--jobs", options.jobs, "Devices asked at once; default: 16, sockets up to 256")->type_name("N")->group("Protocol");
}

void add_via_option(CLI::App& parser, std::string& via, const std::string& group) {
  parser
      .add_option("--via", via,
                  "How to reach a drive: doe (mailbox) or storage (security commands); default: doe, or storage where "
                  "the kernel is locked down")
      ->type_name("WAY")
      ->group(group);
}

void add_tolerate_option(CLI::App& parser, std::vector<std::string>& rules) {
  add_repeatable(parser, "--tolerate", rules,
                 "For lab use: continue when these protocol rules are broken, such as MEASUREMENTS.Index, or all; no device passes")
      ->type_name("LIST")
      ->group("Protocol");
}

void add_record_option(CLI::App& parser, ProtocolOptions& options) {
  parser
      .add_option("--record", options.record,
                  "Write the messages to this file: evidence (.json, or no ending) or a capture (.pcap, .pcapng)")
      ->type_name("FILE")
      ->group("Protocol");
}

void add_policy_path(CLI::App& parser, std::vector<std::string>& paths, const std::string& help, const std::string& group) {
  add_repeatable(parser, "--policy", paths, help)->type_name("PATH")->envname("SPDMCTL_POLICY")->group(group);
  name_default_match(parser);
}

void add_policy_options(CLI::App& parser, PolicyOptions& options) {
  add_policy_path(parser, options.paths, "Read the policy from this file or directory instead of the system's", "Policy");
  parser.add_flag("--no-policy", options.none, "Ignore the policy: require only what options ask for")
      ->excludes(parser.get_option("--policy"))
      ->group("Policy");
}

void add_targets(CLI::App& parser, std::vector<std::string>& targets, const std::string& operand) {
  parser
      .add_option(
          "target", targets,
          "Devices (03:00.0, 1b36:0010, /dev/nvme0, all, emu://HOST:PORT, emulated:PROFILE, ...) or recordings (file:FILE, pcap:FILE)")
      ->type_name(operand);
}

namespace {

Color color_of(const OutputOptions& options) {
  const std::optional<Color> out = value_of(kColors, options.color);
  if (!out)
    throw Error(ErrorId::usage, cat("--color: '", printable(options.color), "' is unknown"),
                cat(guess_from(options.color, kColors), "give ", names_of(kColors)));
  if (!options.no_color) return *out;
  if (options.color_given->count() > 0 && out != Color::never)
    throw Error(ErrorId::usage, cat("--no-color and --color ", options.color, " cannot be combined"), "give one of them");
  return Color::never;
}

}  // namespace

void apply(const OutputOptions& options, Console& console) {
  refuse_format_as_file(options.file);
  const std::string option = given_as("--format");
  Format format = parse_format(options.format, option);
  if (options.json) {
    if (options.format_given->count() > 0 && option == "--format" && format != Format::json)
      throw Error(ErrorId::usage, cat("--json and --format ", options.format, " cannot be combined"), "give one of them");
    format = Format::json;
  }
  if (!options.exports && is_export(format))
    throw Error(ErrorId::usage, cat(option, ": ", options.format, " is a format for verdicts, and this verb gives none"),
                "use it with: auth, measurements, verify, audit");
  if (!options.tokens && format == Format::eat)
    throw Error(ErrorId::usage, cat(option, ": ", options.format, " is a format for evidence, and this verb writes none"),
                "use it with: collect, verify");
  if (!options.sign_key.empty() && format != Format::ear)
    throw Error(ErrorId::usage, "--sign-key requires --format ear", "other formats are not signed");
  if (options.ear_profile_given != nullptr && options.ear_profile_given->count() > 0 && format != Format::ear)
    throw Error(ErrorId::usage, "--ear-profile requires --format ear", "other formats have no profile");
  const std::optional<CmwForm> wrapper = ear_form_of(options).wrapper;
  const bool wrappable = format == Format::ear || format == Format::eat;
  if (wrapper && !wrappable)
    throw Error(ErrorId::usage, cat("--cmw requires --format ", options.tokens ? "ear or eat" : "ear"),
                "other formats have no registered media type");
  if (format == Format::eat && wrapper != CmwForm::json) assert_binary_is_wanted("a token", options.file);
  if (format == Format::ear && wrapper == CmwForm::cbor) assert_binary_is_wanted("a wrapper in CBOR", options.file);
  if (options.quiet && options.verbose) throw Error(ErrorId::usage, "--quiet and --verbose cannot be combined", "give one of them");
  const Color color = color_of(options);
  console.format = format;
  console.verbose = options.verbose;
  console.quiet = options.quiet;
  const bool to_file = !options.file.empty() && options.file != "-";
  console.color = format == Format::text && wants_color(color, to_file);
  if (to_file) console.write_to(options.file);
  console.show_progress();
}

std::optional<CmwForm> wrapper_of(const std::string& form) {
  if (form.empty()) return std::nullopt;
  if (const std::optional<CmwForm> out = value_of(kCmwForms, form)) return out;
  throw Error(ErrorId::usage, cat("--cmw: '", printable(form), "' is unknown"),
              cat(guess_from(form, kCmwForms), "give ", names_of(kCmwForms)));
}

EarForm ear_form_of(const OutputOptions& options) {
  const std::optional<EarProfile> profile = value_of(kEarProfiles, options.ear_profile);
  if (!profile)
    throw Error(ErrorId::usage, cat("--ear-profile: '", printable(options.ear_profile), "' is unknown"),
                cat("give ", names_of(kEarProfiles)));
  return {.sign_key = options.sign_key, .profile = *profile, .wrapper = wrapper_of(options.wrapper)};
}

std::time_t time_of(const TrustOptions& options) { return options.at.empty() ? std::time(nullptr) : parse_time(options.at); }

Guard guard_of_named(const TrustOptions& options) { return options.of_gate ? system_guard({}) : Guard{}; }

certstore::Keyring read_keyring(const TrustOptions& options) {
  const Guard named = guard_of_named(options);
  certstore::Keyring keyring;
  for (const std::string& directory : options.keyrings) {
    // A layer of the system may be absent, a directory that the user named may not.
    std::error_code failure;
    const bool is_directory = std::filesystem::is_directory(directory, failure);
    const bool refused = is_directory || failure == std::errc::permission_denied;  // also of a folder above it
    if (!is_directory || ::access(directory.c_str(), R_OK | X_OK) != 0) {
      Error error(refused ? ErrorId::permission : ErrorId::config, "is not a readable directory",
                  cat(given_as("--keyring"), " takes a directory of PEM and DER files"));
      error.device = directory;
      throw error;
    }
    keyring.add_directory(directory, named);
  }
  if (options.keyrings.empty() && options.roots.empty())
    for (const std::filesystem::path& directory : layers_of("keyring.d")) keyring.add_directory(directory, system_guard());
  for (const std::string& file : options.roots) keyring.add_file(file, named);
  return keyring;
}

std::vector<std::filesystem::path> trust_places(const TrustOptions& options) {
  std::vector<std::filesystem::path> out(options.keyrings.begin(), options.keyrings.end());
  out.insert(out.end(), options.roots.begin(), options.roots.end());
  out.insert(out.end(), options.references.begin(), options.references.end());
  for (const std::string& file : {options.provisioned_key, options.chain})
    if (!file.empty()) out.emplace_back(file);
  if (out.empty() || options.compares)
    for (const std::vector<std::filesystem::path>& layers : {layers_of("keyring.d"), layers_of("references.d")})
      out.insert(out.end(), layers.begin(), layers.end());
  if (!options.host_keys.empty()) out.emplace_back(options.host_keys);
  return out;
}

Bytes read_provisioned_key(const TrustOptions& options) {
  if (options.provisioned_key.empty()) return {};
  return parse_public_key(read_file(options.provisioned_key, FileKind::key, guard_of_named(options)), options.provisioned_key);
}

Bytes read_chain_beside(const TrustOptions& options) {
  if (options.chain.empty()) return {};
  return read_chain_file(read_file(options.chain, FileKind::certificates), options.chain);
}

bool names_references(const TrustOptions& options) { return !options.references.empty() && given_as("--reference") == "--reference"; }

std::shared_ptr<const References> read_references(const TrustOptions& options) {
  if (!options.compares) return nullptr;
  const auto out = std::make_shared<References>();
  out->asked = !options.references.empty();
  const auto add = [&](const std::vector<DropIn>& files) {
    for (const DropIn& one : files) add_references(*out, one.file.string(), one.contents);
  };
  for (const std::string& path : options.references) add(read_named(path, FileKind::references, nullptr, guard_of_named(options)));
  if (!out->asked) add(read_drop_ins(layers_of("references.d"), FileKind::references));
  return out->asked || !out->devices.empty() ? out : nullptr;
}

std::optional<std::vector<ExpectedDevice>> read_expected(const std::string& file) {
  if (file.empty()) return std::nullopt;
  return read_expected_devices(file, std::string(as_text(read_file(file, FileKind::expected_devices))));
}

Tolerance tolerance_of(const std::vector<std::string>& rules) {
  const std::vector<std::string_view> names = split_lists("--tolerate", rules);
  try {
    return Tolerance(names);
  } catch (const Error& error) {
    throw Error(error.id, cat("--tolerate: ", error.what()), error.hint);
  }
}

Question question_of(const TrustOptions& options) {
  Question out;
  if (!options.identity.empty()) out.user.identity = parse_identity(options.identity);
  if (!options.identity_match.empty()) out.user.identity_match = parse_identity_match(options.identity_match);
  out.user.identity_match_given = !options.identity_match.empty();
  out.user.require_fresh = options.require_fresh;
  out.user.provisioned = !options.provisioned_key.empty();
  if (out.user.identity && out.user.identity_match == IdentityMatch::none)
    throw Error(ErrorId::usage, "--identity and --identity-match none cannot be combined", "leave one of them out");
  return out;
}

Wanted wanted_of(const ProtocolOptions& options) {
  Wanted out;
  if (!options.slot.empty()) {
    out.slot = parse_slot(options.slot);
    out.all_slots = !out.slot;
  }
  if (!options.versions.empty()) out.versions.clear();
  for (const std::string_view version : split_lists("--spdm-version", options.versions)) out.versions.push_back(parse_version(version));
  for (const std::string_view name : split_lists("--asym", options.asym)) out.asym.push_back(parse_asym(name));
  for (const std::string_view name : split_lists("--hash", options.hash)) out.hash.push_back(parse_hash(name));
  return out;
}

Wanted wanted_of(const ProtocolOptions& options, const TrustOptions& trust) {
  Wanted out = wanted_of(options);
  const bool provisioned = !trust.provisioned_key.empty();
  if (!options.slot.empty()) {
    if (provisioned && out.slot != kProvisionedKey)
      throw Error(ErrorId::usage, cat("--provisioned-key and --slot ", options.slot, " cannot be combined"),
                  "a provisioned key is slot 255");
    if (!provisioned && out.slot == kProvisionedKey)
      throw Error(ErrorId::usage, "--slot 255 needs the public key of the device", "give it with --provisioned-key FILE");
  } else if (provisioned) {
    out.slot = kProvisionedKey;
  }
  return out;
}

transport::Via via_of(const std::string& via) {
  if (via.empty()) return transport::Via::any;
  if (const std::optional<transport::Via> out = value_of(kVias, via)) return *out;
  throw Error(ErrorId::usage, cat("--via: '", printable(via), "' is unknown"), cat(guess_from(via, kVias), "give ", names_of(kVias)));
}

std::size_t jobs_of(const ProtocolOptions& options) { return options.jobs.empty() ? 0 : parse_jobs(options.jobs); }

Limits limits_of(const ProtocolOptions& options) {
  Limits out;
  out.exchange = parse_duration(options.timeout, given_as("--timeout"));
  // A device that answers everything at the last moment is still done after a dozen of them.
  out.total = out.exchange * 12;
  return out;
}

}  // namespace spdm::cmd
