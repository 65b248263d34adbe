// collect: evidence for a verifier elsewhere. Nothing is appraised here, so nothing here needs to be trusted.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <optional>
#include <tuple>

#include "cmd/attest/host_keys.h"
#include "cmd/attest/targets.h"
#include "cmd/attestation.h"
#include "cmd/host/files.h"
#include "cmd/host/this_host.h"
#include "cmd/output/export.h"
#include "cmd/output/token.h"
#include "cmd/session_options.h"
#include "cmd/verb.h"
#include "core/crypto/crypto.h"
#include "core/evidence/file.h"
#include "core/text.h"

namespace spdm::cmd {

namespace {

struct Options {
  ProtocolOptions protocol;
  std::vector<std::string> targets;
  std::string format = "ndjson", nonce, file, sign_key, wrapper;
  std::vector<std::string> tolerate;
  SessionArguments session;
  bool verbose = false, extension_log = false, endpoint_info = false, inspect = false;
};

struct Collected {
  std::string line;
  std::optional<Error> error;
};

// All that a verifier may ask for, as far as the device has it.
Wanted everything(const Options& options, const Console& console) {
  Wanted out = wanted_of(options.protocol);
  out.if_available = true;
  out.tolerance = tolerance_of(options.tolerate);
  out.measurements = MeasurementMode::all;
  out.extension_log = options.extension_log;
  out.endpoint_info = options.endpoint_info;
  if (!options.nonce.empty()) out.nonce = parse_nonce(options.nonce);
  SessionArguments session = options.session;
  if (options.inspect) {
    session.in_session = true;
    want_inspection(out);
  }
  apply(session, out, console);
  return out;
}

// Evidence that says why there is no more of the target.
Evidence interrupted(const Error& error, const std::string& target) {
  Evidence out = begin_evidence(target);
  out.error = interruption_of(error);
  return out;
}

// The line of one target. A recording is evidence, too; one that cannot be read gives evidence that says why. So does evidence
// that is too long for a verifier.
// `signer`: the key of this host; nothing when it does not sign.
Collected line_of(Outcome outcome, FileKind kind, const std::optional<crypto::PrivateKey>& signer) {
  if (outcome.unread) outcome.evidence = interrupted(*outcome.unread, outcome.target);
  const auto line = [&] {
    Evidence& evidence = *outcome.evidence;
    if (!signer) return evidence_line(evidence, kind);
    if (!evidence.host.hostname) evidence.host.hostname = host_name();  // what ended early may know no host yet
    return evidence_line(evidence, kind, sign_collection(evidence, *signer));
  };
  Collected out{.line = {}, .error = {}};
  try {
    out.line = line();
  } catch (const Error& error) {
    Evidence shorter = interrupted(error, outcome.target);
    if (outcome.evidence->live) shorter.host = outcome.evidence->host;  // what stands in a recording may be what is too long
    outcome.evidence = std::move(shorter);
    out.line = line();
  }
  if (outcome.evidence->error) out.error = error_of(*outcome.evidence->error, outcome.target);
  return out;
}

// The key that this host signs with. Who signs says that it has asked the device: a recording may be anybody's.
std::optional<crypto::PrivateKey> signer_of(const Options& options, const Console& console) {
  if (options.sign_key.empty()) return std::nullopt;
  for (const std::string& target : options.targets)
    if (recording(target))
      throw Error(ErrorId::usage, cat("--sign-key signs what this host has collected, and ", printable(target), " is a recording"),
                  "sign on the host that collects it");
  if (!host_name()) throw Error(ErrorId::config, "--sign-key: this host has no name, which a signature must give", "see: hostname(1)");
  return read_sign_key(options.sign_key, console);
}

// Whether a token is to be written.
bool wants_token(const Options& options) {
  const Format format = parse_format(options.format);
  if (format != Format::eat && format != Format::ndjson)
    throw Error(ErrorId::usage, cat("--format ", options.format, " is for reports, and collect judges nothing"),
                "evidence is written as ndjson, or as a token (eat)");
  if (format == Format::eat && !options.sign_key.empty())
    throw Error(ErrorId::usage, "--sign-key signs lines of evidence, and a token is not signed", "leave --format eat or --sign-key out");
  if (format != Format::eat && !options.wrapper.empty())
    throw Error(ErrorId::usage, "--cmw requires --format eat", "lines of evidence have no registered media type");
  return format == Format::eat;
}

// One token of all targets. A nonce that is random is the same for all of them: the token has one.
Exit run_token(Run& run, std::optional<CmwForm> wrapper, Console& console) {
  if (!run.wanted.nonce) {
    const Bytes fresh = crypto::random(std::tuple_size_v<Block<32>>);
    std::copy(fresh.begin(), fresh.end(), run.wanted.nonce.emplace().begin());
  }
  TokenWriter token(console, wrapper);
  attest<TokenPart>(
      run,
      [](Outcome outcome) {
        return outcome.unread ? token_part(*outcome.unread, outcome.target) : token_part(*outcome.evidence, outcome.target);
      },
      [&](TokenPart part) { token.add(std::move(part)); });
  token.write(Exit::ok);
  console.finish();
  return token.worst();
}

Exit run(const Options& options, Console& console) {
  console.format = Format::text;  // what is written is evidence, and no report of any format
  console.verbose = options.verbose;
  console.show_progress();
  const bool as_token = wants_token(options);
  const std::optional<CmwForm> wrapper = wrapper_of(options.wrapper);
  const Wanted wanted = everything(options, console);
  const std::optional<crypto::PrivateKey> signer = signer_of(options, console);
  refuse_format_as_file(options.file);
  if (!options.file.empty() && options.file != "-") console.write_to(options.file);
  if (as_token && wrapper != CmwForm::json) assert_binary_is_wanted("a token", options.file);
  Run run = make_run(options.protocol, console);
  run.wanted = wanted;
  show_as_it_comes(run, console);
  if (!options.session.secrets.empty()) run.writable.emplace_back(options.session.secrets);
  Targets found =
      targets_of(options.targets.empty() ? std::vector{std::string(kAllDevices)} : options.targets, run.open.host, run.open.via);
  const FileKind kind = found.list.size() > 1 ? FileKind::evidence_line : FileKind::evidence;
  set_targets(run, std::move(found), console);
  if (as_token) return run_token(run, wrapper, console);

  Exit worst = Exit::ok;
  const auto shape = [&](Outcome outcome) { return line_of(std::move(outcome), kind, signer); };
  attest<Collected>(run, shape, [&](Collected one) {
    console.out(one.line);
    if (!one.error) return;
    console.flush();
    console.complain(*one.error);
    worst = worse(worst, row(one.error->id).exit);
  });
  console.finish();
  return worst;
}

Action setup(CLI::App& parser) {
  auto options = std::make_shared<Options>();
  add_targets(parser, options->targets, "[TARGET...]");
  parser.add_option("-o,--output", options->file, "Write the evidence to this file when it is complete; default: standard output")
      ->type_name("FILE")
      ->group("Output");
  parser.add_option("-f,--format", options->format, "ndjson (evidence of spdmctl) or eat (one token, experimental); default: ndjson")
      ->type_name("FORMAT")
      ->group("Output");
  add_wrapper_option(parser, options->wrapper, "the token");
  refuse_option(parser, "--file", "give the file with -o/--output FILE");
  parser.add_flag("-v,--verbose", options->verbose, "Show how the process is confined")->group("Output");
  parser.add_option("--sign-key", options->sign_key, "Sign each line with this private key of the host, PEM or DER")
      ->type_name("FILE")
      ->group("Output");
  parser.add_option("--nonce", options->nonce, "Nonce of the verifier that the device signs: 64 hex digits; default: random")
      ->type_name("HEX")
      ->group("Evidence");
  parser.add_flag("--extension-log", options->extension_log, "Also collect the measurement extension log, if the device has one")
      ->group("Evidence");
  parser.add_flag("--endpoint-info", options->endpoint_info, "Also collect the endpoint information, if the device has it")
      ->group("Evidence");
  add_protocol_options(parser, options->protocol);
  add_jobs_option(parser, options->protocol);
  parser.add_flag("--inspect", options->inspect, "Also collect what device and host report about PCI encryption, in a session")
      ->group("Evidence");
  add_session_options(parser, options->session);
  add_tolerate_option(parser, options->tolerate);
  parser.get_option("--slot")->description("0 to 7, all, or 255 for a provisioned key; default: the first with a chain");
  return [options](Console& console) { return run(*options, console); };
}

}  // namespace

const Verb collect_verb{"collect",
                        "Collect evidence of devices for a remote verifier, without judging it",
                        "  spdmctl collect 03:00.0 > device.json\n"
                        "  spdmctl collect all --nonce \"$NONCE\" -o host.ndjson\n"
                        "  spdmctl collect --format eat -o token.cbor 03:00.0\n",
                        setup,
                        {}};

}  // namespace spdm::cmd
