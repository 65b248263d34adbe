// measurements: what the device says about itself, signed.
#include <CLI/CLI.hpp>
#include <map>
#include <memory>
#include <mutex>

#include "cmd/attest/policy_files.h"
#include "cmd/attestation.h"
#include "cmd/host/files.h"
#include "cmd/session_options.h"
#include "cmd/verb.h"
#include "core/appraisal/reference_writer.h"
#include "core/calendar.h"
#include "core/text.h"

namespace spdm::cmd {

namespace {

struct Options : Attestation {
  PolicyOptions policy;
  SessionArguments session;
  std::vector<std::string> indices;
  bool each = false, count = false, raw = false, fresh = false, no_signature = false, extension_log = false, endpoint_info = false;
  std::string save_reference;
  bool overwrite = false;
};

// The reference values of the devices that passed, by target. Several threads appraise devices.
struct Saved {
  std::mutex mutex;
  std::map<std::string, DeviceReferences> devices;
  std::vector<std::string> left_out, uncompared;
};

// The device passes but for reference values that a policy asks for: this run is to save them.
bool lacks_references_only(const Report& report) {
  const auto other = [](Check check) { return check != Check::references; };
  if (report.error || !report.comparisons.empty()) return false;
  for (const Finding& finding : report.findings)
    if (finding.severity() >= Severity::gap && other(row(finding.id).check)) return false;
  for (const CheckResult& check : report.checks) {
    const bool open = check.status == CheckStatus::not_run && (check.check == Check::policy || !other(check.check));
    if (check.status == CheckStatus::fail || (check.status == CheckStatus::not_run && !open)) return false;
  }
  return true;
}

void keep(Saved& saved, const Report& report, bool complete) {
  const std::lock_guard lock(saved.mutex);
  DeviceReferences references = references_from(report);
  references.complete = complete;
  const bool good = report.verdict == Verdict::pass || lacks_references_only(report);
  if (!good || references.measurements.empty()) return saved.left_out.push_back(report.source);
  saved.devices[report.source] = std::move(references);
  if (report.verdict != Verdict::pass) saved.uncompared.push_back(report.source);
}

void save(const Saved& saved, const Options& options, const Console& console) {
  for (const std::string& source : saved.left_out)
    console.note(cat("spdmctl: ", printable(source), ": did not pass, so its measurements were not saved as reference values"));
  for (const std::string& source : saved.uncompared)
    console.note(cat("spdmctl: ", printable(source), ": its reference values were saved; otherwise it meets the policy"));
  std::vector<DeviceReferences> devices;
  for (const auto& [source, references] : saved.devices) devices.push_back(references);
  if (devices.empty()) return;
  write_file(options.save_reference, write_references(devices, cat("saved ", utc_of(std::time(nullptr)), " by spdmctl ", SPDMCTL_VERSION)));
}

// Throws Error for what cannot be written, or would be worth nothing, before any device is asked.
void prepare_to_save(Options& options, Plan& plan) {
  if (options.overwrite && options.save_reference.empty())
    throw Error(ErrorId::usage, "--overwrite requires --save-reference", "leave it out");
  if (options.save_reference.empty()) return;
  if (options.count || options.no_signature)
    throw Error(ErrorId::usage, cat("--save-reference and ", options.count ? "--count" : "--no-signature", " cannot be combined"),
                "reference values must be signed");
  assert_new(options.save_reference, options.overwrite);
  assert_writable(options.save_reference);
  plan.written_after.emplace_back(options.save_reference);
  // Old values of the system are no reason not to save new ones.
  if (!options.trust.references.empty()) read_references(options.trust);  // what was named and cannot be read is an error all the same
  if (!names_references(options.trust)) options.trust.compares = false;
}

MeasurementMode mode_of(const Options& options) {
  const int chosen = (options.indices.empty() ? 0 : 1) + (options.each ? 1 : 0) + (options.count ? 1 : 0);
  if (chosen > 1) throw Error(ErrorId::usage, "--index, --each and --count cannot be combined", "give one of them");
  if (options.count) return MeasurementMode::count;
  if (options.each) return MeasurementMode::each;
  return options.indices.empty() ? MeasurementMode::all : MeasurementMode::indices;
}

// Decimal or 0x hex, as indices stand in specifications and in reports.
std::uint8_t parse_index(std::string_view text) {
  unsigned long value = 0;
  std::size_t used = 0;
  try {
    value = std::stoul(std::string(text), &used, text.starts_with("0x") || text.starts_with("0X") ? 16 : 10);
  } catch (const std::logic_error&) {
    used = 0;
  }
  if (used == 0 || used != text.size() || text.front() == '-' || value < 1 || value > 254)
    throw Error(ErrorId::usage, cat("--index: invalid measurement index '", printable(text), "'"), "give 1 to 254, or 0x01 to 0xfe");
  return static_cast<std::uint8_t>(value);
}

Action setup(CLI::App& parser) {
  auto options = std::make_shared<Options>();
  options->output.exports = true;
  options->add_to(parser);
  add_policy_options(parser, options->policy);
  add_expect_option(parser, options->expect);
  add_tolerate_option(parser, options->tolerate);
  parser.add_flag("--pin-first-use", options->pin_first_use, kPinFirstUse)->group("Trust");
  add_reference_option(parser, options->trust);
  add_session_options(parser, options->session);
  options->default_target = kAllDevices;
  const auto flag = [&](const char* name, bool& value, const char* help) { parser.add_flag(name, value, help)->group("Measurements"); };
  add_repeatable(parser, "--index", options->indices, "Only this measurement, 1 to 254")->type_name("N")->group("Measurements");
  flag("--each", options->each, "One request for each measurement, the last one signed");
  flag("--count", options->count, "Only how many measurements there are");
  flag("--raw", options->raw, "Ask for raw bit streams in place of digests (SPDM 1.2 and later)");
  flag("--new", options->fresh, "Ask the device for new measurements (SPDM 1.3 and later)");
  flag("--no-signature", options->no_signature, "Do not ask for a signature over the measurements");
  flag("--extension-log", options->extension_log, "Read the measurement extension log, too (SPDM 1.3 and later)");
  flag("--endpoint-info", options->endpoint_info, "Read the endpoint information, too (SPDM 1.3 and later)");
  parser.add_option("--save-reference", options->save_reference, "Save the measurements of devices that pass as reference values, in YAML")
      ->type_name("FILE")
      ->group("Export");
  parser.add_flag("--overwrite", options->overwrite, "Replace the file of --save-reference")->group("Export");
  return [options](Console& console) {
    Plan plan = options->plan(console);
    plan.policy = load_policy(options->policy);
    plan.wanted.measurements = mode_of(*options);
    plan.question.user.partial = !options->indices.empty() || options->count;
    for (const std::string_view index : split_lists("--index", options->indices)) plan.wanted.indices.push_back(parse_index(index));
    plan.wanted.sign_measurements = !options->no_signature;
    plan.wanted.raw_bit_stream = options->raw;
    plan.wanted.new_measurement = options->fresh;
    plan.wanted.extension_log = options->extension_log;
    plan.wanted.endpoint_info = options->endpoint_info;
    plan.question.user.depth = options->no_signature ? Depth::authenticate : options->count ? Depth::count : Depth::measurements;
    apply(options->session, plan.wanted, console, plan.policy && asks_for_sessions(*plan.policy));
    if (!options->session.secrets.empty()) plan.written_after.emplace_back(options->session.secrets);
    prepare_to_save(*options, plan);
    if (options->save_reference.empty()) return options->run(console, std::move(plan));
    Saved saved;
    const bool complete = options->indices.empty();
    plan.refine = [&](Report& report) { keep(saved, report, complete); };
    plan.after = [&] { save(saved, *options, console); };
    return options->run(console, std::move(plan));
  };
}

}  // namespace

const Verb measurements_verb{"measurements", "Authenticate devices and read their measurements",
                             "  spdmctl measurements\n"
                             "  spdmctl measurements 03:00.0\n"
                             "  spdmctl measurements --index 0xfd --raw emu://127.0.0.1:2323\n"
                             "  spdmctl measurements --save-reference nvme.yaml 03:00.0\n"
                             "  spdmctl measurements --reference nvme.yaml 04:00.0\n"
                             "  spdmctl measurements --json --record device.json tcp://192.0.2.7\n"
                             "  spdmctl measurements --in-session --psk drive.key --psk-hint drive-7 03:00.0\n",
                             setup, kReportDocument};

}  // namespace spdm::cmd
