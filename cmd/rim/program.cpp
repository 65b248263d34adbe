#include "cmd/rim/program.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <ctime>
#include <map>

#include "cmd/attestation.h"
#include "cmd/command_line.h"
#include "cmd/parse.h"
#include "cmd/rim/rim.h"
#include "cmd/rim/signature.h"
#include "cmd/signer.h"
#include "core/appraisal/reference_writer.h"
#include "core/calendar.h"
#include "core/guard.h"
#include "core/text.h"

namespace spdm::rim {

namespace {

struct Options {
  std::vector<std::string> paths;
  std::string signer, match, out;
  unsigned shift = kIndexShift;
  bool overwrite = false, verbose = false;
};

constexpr const char* kExamples =
    "Examples:\n"
    "  spdmctl-rim --signer rim-signer.pem -o gpu.yaml driver.swidtag vbios.swidtag\n"
    "  spdmctl-rim --signer rim-signer.pem --match vendor=10de,device=2330 -o gpu.yaml vbios.swidtag\n"
    "  spdmctl verify --reference gpu.yaml gpu_evidence.json\n"
    "Exit codes: man spdmctl";

void add_options(CLI::App& parser, Options& options) {
  parser.add_option("path", options.paths, "TCG RIM files: signed SWID tags in XML; - is standard input")->type_name("FILE...");
  parser.add_option("--signer", options.signer, "Public key, certificate or chain of the signer, DER or PEM: requires a valid signature")
      ->type_name("FILE");
  parser.add_option("--match", options.match, "Devices that they are for: vendor=10de,device=2330; default: all")
      ->type_name("KEY=VALUE,...");
  parser.add_option("--index-shift", options.shift, "Add this to an index of the RIM for the index of the SPDM block; default: 1")
      ->type_name("N");
  parser.add_option("-o,--output", options.out, "Write to this file; default: standard output")->type_name("FILE");
  parser.add_flag("--overwrite", options.overwrite, "Replace the file if it exists");
  parser.add_flag("-v,--verbose", options.verbose, "Show how the process is confined");
}

void note(const cmd::Console& console, const std::string& line) { console.note(cat("spdmctl-rim: ", printable(line))); }

// Reads one document. Notes on stderr what it is about, and what was left out.
std::vector<DeviceReferences> read_one(const std::string& file, const Options& options, const DeviceMatch& match, const Bytes* signer,
                                       const cmd::Console& console) {
  const std::string shown = file == "-" ? "standard input" : file;
  try {
    Rim rim = read_rim(read_file(file, FileKind::rim), match, options.shift, signer);
    const auto tell = [&](const std::string& what) { note(console, cat(shown, ": ", what)); };
    if (!rim.is_signed)
      tell("is not signed");
    else if (signer == nullptr)
      tell("is signed, but the signature was not checked: give the key of the signer with --signer");
    tell(cat("index 0 of the RIM is taken for block ", options.shift, " of the device, and so on (--index-shift ", options.shift, ")"));
    if (rim.inactive != 0) tell(cat("left out: ", rim.inactive, " measurements that it says are not active"));
    for (const std::string& left_out : rim.notes) tell(cat("left out: ", left_out));
    for (DeviceReferences& device : rim.devices) {
      device.source = cat(std::filesystem::path(shown).filename().string(), ", TCG RIM", rim.product.empty() ? "" : cat(" ", rim.product),
                          rim.version.empty() ? "" : cat(" ", rim.version),
                          !rim.is_signed      ? ", not signed"
                          : signer == nullptr ? ", signature not checked"
                                              : ", signature checked",
                          ", index 0 is block ", options.shift);
    }
    return std::move(rim.devices);
  } catch (Error& error) {
    if (error.device.empty()) error.device = shown;
    throw;
  }
}

// Documents that speak of one block: the values of all are allowed then, which the user may not have meant.
void tell_of_overlaps(const std::vector<DeviceReferences>& devices, const cmd::Console& console) {
  std::map<std::pair<unsigned, std::string_view>, std::size_t> blocks;
  for (const DeviceReferences& device : devices)
    for (const ReferenceMeasurement& one : device.measurements) ++blocks[{one.index, one.allowed.front().hash->name}];
  const auto several = std::count_if(blocks.begin(), blocks.end(), [](const auto& block) { return block.second > 1; });
  if (several != 0) note(console, cat(several, " blocks are in several of the files: the values of each are allowed"));
}

Exit make_references(const Options& options, cmd::Console& console) {
  console.verbose = options.verbose;
  if (options.paths.empty()) throw Error(ErrorId::usage, "no FILE given", "give TCG RIM files, or - for standard input");
  if (std::count(options.paths.begin(), options.paths.end(), "-") > 1) throw Error(ErrorId::usage, "- can be read only once");
  if (options.shift > kLastIndex)
    throw Error(ErrorId::usage, cat("--index-shift: ", options.shift, " is too large"), cat("give 0 to ", kLastIndex));
  cmd::refuse_format_as_file(options.out);
  if (!options.out.empty() && options.out != "-") {
    cmd::assert_new(options.out, options.overwrite);
    console.write_to(options.out);
  }
  const DeviceMatch match = options.match.empty() ? DeviceMatch{} : cmd::parse_match(options.match);
  const cmd::Signer named(options.signer);
  std::optional<Bytes> signer;
  if (named.is_given()) signer = named.spki({}, "spdmctl-rim", console);
  prepare_signatures();
  cmd::work_on_files(console, {.readable = {options.paths.begin(), options.paths.end()}});
  std::vector<DeviceReferences> devices;
  for (const std::string& file : options.paths)
    for (DeviceReferences& device : read_one(file, options, match, signer ? &*signer : nullptr, console))
      devices.push_back(std::move(device));
  tell_of_overlaps(devices, console);
  if (options.match.empty()) note(console, "the values match every device: limit them with --match");
  const std::string yaml = write_references(devices, cat("made from TCG RIM ", utc_of(std::time(nullptr)), " by spdmctl-rim ",
                                                         SPDMCTL_VERSION, "; index 0 of a RIM is block ", options.shift));
  References again;  // what cannot be read again is not written
  add_references(again, options.out.empty() ? "standard output" : options.out, yaml);
  console.out(yaml);
  console.finish();
  return Exit::ok;
}

Exit run(int argc, char** argv, cmd::Console& console) {
  CLI::App parser("Convert TCG RIM (signed SWID tags) to reference values for spdmctl --reference", "spdmctl-rim");
  parser.set_help_flag("-h,--help", "Show this help");
  parser.set_version_flag("--version", "spdmctl-rim " SPDMCTL_VERSION, "Show the version");
  parser.footer(kExamples);
  Options options;
  add_options(parser, options);
  try {
    parser.parse(argc, argv);
  } catch (const CLI::Success& asked) {
    cmd::answer(asked, parser, console);
    return Exit::ok;
  } catch (const CLI::ParseError& error) {
    throw cmd::error_of(error, parser, {argv + std::min(argc, 1), argv + argc});
  }
  prepare_guards();
  cmd::refuse_empty(parser);
  return make_references(options, console);
}

Exit tell(cmd::Console& console, const Error& error) {
  const bool named = error.device.empty() || std::string_view(error.what()).starts_with(error.device);
  note(console, cat(named ? "" : cat(error.device, ": "), error.what(), error.hint.empty() ? "" : "; ", error.hint));
  console.discard();
  return row(error.id).exit;
}

}  // namespace

Exit run_program(int argc, char** argv, cmd::Console& console) {
  try {
    return run(argc, argv, console);
  } catch (const Error& error) {
    return tell(console, error);
  } catch (const std::bad_alloc&) {
    return tell(console, Error(ErrorId::internal, "out of memory"));
  } catch (const std::exception& error) {
    return tell(console, Error(ErrorId::internal, error.what(), "please report this defect"));
  }
}

}  // namespace spdm::rim
