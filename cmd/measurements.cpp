// measurements: what the device says about itself, signed.
#include <CLI/CLI.hpp>
#include <memory>

#include "cmd/attest.h"
#include "cmd/verb.h"
#include "core/text.h"

namespace cmd {

namespace {

using spdm::Error;
using spdm::ErrorId;
using spdm::MeasurementMode;

struct Options : Attestation {
  std::vector<std::string> indices;
  bool each = false, count = false, raw = false, fresh = false, no_signature = false, extension_log = false, endpoint_info = false;
};

MeasurementMode mode_of(const Options& options) {
  const int chosen = (options.indices.empty() ? 0 : 1) + (options.each ? 1 : 0) + (options.count ? 1 : 0);
  if (chosen > 1) throw Error(ErrorId::usage, "--index, --each and --count contradict each other", "give one of them");
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
    throw Error(ErrorId::usage, spdm::cat("--index: '", spdm::printable(text), "' is no measurement index"),
                "give 1 to 254, or 0x01 to 0xfe");
  return static_cast<std::uint8_t>(value);
}

Action setup(CLI::App& parser) {
  auto options = std::make_shared<Options>();
  options->output.exports = true;
  options->add_to(parser);
  options->default_target = kAllDevices;
  const auto flag = [&](const char* name, bool& value, const char* help) { parser.add_flag(name, value, help)->group("Measurements"); };
  add_repeatable(parser, "--index", options->indices, "Only this measurement, 1 to 254")->type_name("N")->group("Measurements");
  flag("--each", options->each, "One request for each measurement, the last one signed");
  flag("--count", options->count, "Only how many measurements there are");
  flag("--raw", options->raw, "Ask for raw bit streams in place of digests (SPDM 1.2 and later)");
  flag("--new", options->fresh, "Ask the device to measure anew (SPDM 1.3 and later)");
  flag("--no-signature", options->no_signature, "Do not ask for a signature over the measurements");
  flag("--extension-log", options->extension_log, "Read the measurement extension log, too (SPDM 1.3 and later)");
  flag("--endpoint-info", options->endpoint_info, "Read the endpoint information, too (SPDM 1.3 and later)");
  return [options](Console& console) {
    Plan plan = options->plan(console);
    plan.wanted.measurements = mode_of(*options);
    for (const std::string_view index : split_lists(options->indices)) plan.wanted.indices.push_back(parse_index(index));
    plan.wanted.sign_measurements = !options->no_signature;
    plan.wanted.raw_bit_stream = options->raw;
    plan.wanted.new_measurement = options->fresh;
    plan.wanted.extension_log = options->extension_log;
    plan.wanted.endpoint_info = options->endpoint_info;
    plan.question.measurements = !options->no_signature;
    plan.question.count_suffices = options->count;
    return options->run(console, std::move(plan));
  };
}

}  // namespace

const Verb measurements_verb{"measurements", "Authenticate devices and read their measurements",
                             "  spdmctl measurements\n"
                             "  spdmctl measurements 03:00.0\n"
                             "  spdmctl measurements --index 0xfd --raw emu://127.0.0.1:2323\n"
                             "  spdmctl measurements --json --record device.json tcp://192.0.2.7\n",
                             setup};

}  // namespace cmd
