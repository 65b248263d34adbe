// reference: files of reference values, looked at, checked, and made from what vendors publish.
#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "cmd/attestation.h"
#include "cmd/host/files.h"
#include "cmd/host/layers.h"
#include "cmd/options.h"
#include "cmd/output/render.h"
#include "cmd/output/wrap.h"
#include "cmd/reference_needed.h"
#include "cmd/signer.h"
#include "cmd/sub_verbs.h"
#include "core/appraisal/corim.h"
#include "core/appraisal/measurement.h"
#include "core/appraisal/reference_writer.h"
#include "core/calendar.h"
#include "core/text.h"

namespace spdm::cmd {

namespace {

constexpr std::string_view kSchema = "spdmctl.references/2";

struct Options {
  OutputOptions output;
  std::vector<std::string> paths;
  std::string match, signer, out, chain;
  bool overwrite = false, complete = false, environments = false;
};

// With `wrong`, errors go there, and the other files are still read.
std::vector<DropIn> files_of(const Options& options, std::vector<Error>* wrong) {
  if (options.paths.empty()) return read_drop_ins(layers_of("references.d"), FileKind::references, wrong);
  std::vector<DropIn> out;
  for (const std::string& path : options.paths) try {
      for (DropIn& one : read_named(path, FileKind::references, wrong)) out.push_back(std::move(one));
    } catch (const Error& error) {
      if (wrong == nullptr) throw;
      wrong->push_back(error);
    }
  return out;
}

Json to_json(const ReferenceMeasurement& one) {
  Json out{{"index", one.index}, {"source", printable(one.source)}};
  if (one.type) out["type"] = name(*one.type);
  for (const ReferenceValue& value : one.allowed) out["allowed"].push_back(printable(to_string(value)));
  if (one.min_svn) out["min_svn"] = *one.min_svn;
  if (one.ignore) out["ignore"] = true;
  return out;
}

Json to_json(const DeviceReferences& device) {
  Json out{{"source", printable(device.source)}, {"match", to_string(device.match)}, {"complete", device.complete}};
  out["measurements"] = Json::array();
  for (const ReferenceMeasurement& one : device.measurements) out["measurements"].push_back(to_json(one));
  for (const ReferenceEnvironment& one : device.environments)
    out["environments"].push_back({{"environment", printable(environment_name(one.claim))},
                                   {"allowed", printable(value_words(one.claim))},
                                   {"source", printable(one.source)}});
  return out;
}

// What one measurement must be, in words.
std::string expectation(const ReferenceMeasurement& one) {
  if (one.ignore) return "is ignored";
  std::string out;
  for (const ReferenceValue& value : one.allowed) out += cat(out.empty() ? "" : " or ", printable(to_string(value)));
  if (one.min_svn) out += cat(out.empty() ? "" : ", ", "svn >= ", *one.min_svn);
  return out;
}

std::string text_of(const References& references) {
  if (references.devices.empty()) return "no reference values\n";
  std::string out;
  for (const DeviceReferences& device : references.devices) {
    out += cat(out.empty() ? "" : "\n", printable(device.source), "  ", to_string(device.match), device.complete ? "" : ", not complete",
               "\n");
    for (const ReferenceMeasurement& one : device.measurements)
      out += cat("  0x", hex(one.index, 2), "  ", one.type ? cat(name(*one.type), "  ") : "", expectation(one), "\n");
    for (const ReferenceEnvironment& one : device.environments)
      out += cat("  ", printable(environment_name(one.claim)), "  ", printable(value_words(one.claim)), "\n");
  }
  return out;
}

std::string summary_of(const References& references, std::size_t files, std::size_t wrong) {
  std::size_t measurements = 0;
  for (const DeviceReferences& device : references.devices) measurements += device.measurements.size() + device.environments.size();
  std::string out =
      cat(wrong == 0 ? "OK: " : "", files, files == 1 ? " file, " : " files, ", references.devices.size(),
          references.devices.size() == 1 ? " entry, " : " entries, ", measurements, measurements == 1 ? " measurement" : " measurements");
  if (wrong > 0) out += cat("; ", wrong, wrong == 1 ? " file cannot be used" : " files cannot be used");
  return out + "\n";
}

enum class Show { values, errors };

Exit read_all(const Options& options, Console& console, Show what) {
  const bool only_check = what == Show::errors;
  apply(options.output, console);
  const std::vector<std::filesystem::path> named(options.paths.begin(), options.paths.end());
  work_on_files(console, {.readable = configuration_places(named.empty() ? layers_of("references.d") : named)});
  std::vector<Error> wrong;
  const std::vector<DropIn> files = files_of(options, only_check ? &wrong : nullptr);
  const std::size_t unreadable = wrong.size();
  References references;
  Json document = begin_document(kSchema);
  document["files"] = Json::array();
  for (const DropIn& file : files) {
    document["files"].push_back(printable(file.file.string()));
    try {
      add_references(references, file.file.string(), file.contents);
    } catch (const Error& error) {
      if (!only_check) throw;
      wrong.push_back(error);
    }
  }
  std::string text;
  for (const Error& error : wrong) {
    document["errors"].push_back(error_json(error));
    const std::string line =
        printable(cat(error.device, error.device.empty() ? "" : ": ", error.what(), error.hint.empty() ? "" : "; ", error.hint));
    text += line + "\n";
    if (console.quiet) console.complain(cat("spdmctl: ", line));
  }
  document["devices"] = Json::array();
  for (const DeviceReferences& device : references.devices) document["devices"].push_back(to_json(device));
  const Exit exit = wrong.empty() ? Exit::ok : Exit::usage;
  document["exit_code"] = static_cast<int>(exit);
  text += only_check ? summary_of(references, files.size() + unreadable, wrong.size())
                     : with_short_digits(text_of(references), console.verbose);
  if (!wrong.empty() && options.paths.empty()) text += "Until this is fixed, runs that compare measurements stop with an error.\n";
  write_document(console, document, text);
  return exit;
}

// "device.corim, CoRIM ID, signed by NVIDIA, signature checked"
std::string origin_of(const Corim& corim, const std::string& file, const Signer& signer) {
  std::string out = std::filesystem::path(file).filename().string();
  if (!corim.id.empty()) out += cat(", CoRIM ", corim.id);
  if (!corim.is_signed) return out + ", not signed";
  if (!corim.signer.empty()) out += cat(", signed by ", corim.signer);
  return out + (signer.is_given() ? ", signature checked" : ", signature not checked");
}

void tell(const Corim& corim, const std::string& shown, const Signer& signer, const Console& console) {
  const auto note = [&](const std::string& words) { console.note(cat("spdmctl: ", printable(shown), ": ", words)); };
  const std::string now = utc_of(std::time(nullptr));
  if (corim.is_signed && !signer.is_given()) note("is signed, but the signature was not checked: give the key of the signer with --signer");
  if (!corim.not_after.empty() && corim.not_after < now) note(cat("its validity ended at ", corim.not_after));
  if (!corim.signature_not_after.empty() && corim.signature_not_after < now)
    note(cat("the validity of its signature ended at ", corim.signature_not_after));
  for (const std::string& one : corim.notes) note(cat("left out: ", printable(one)));
}

// Reads one file of a vendor. Notes on stderr what it is about, and what was left out.
std::vector<DeviceReferences> import_file(const std::string& file, const Options& options, const std::optional<DeviceMatch>& match,
                                          const Signer& signer, const Console& console) {
  const std::string shown = file == "-" ? "standard input" : file;
  try {
    CorimOptions how{match, {}, options.environments};
    if (signer.is_given())
      how.key_of = [&](const std::vector<Bytes>& carried) {
        return crypto::PublicKey::from_spki(signer.spki(carried, cat("spdmctl: ", shown), console));
      };
    Corim corim = read_corim(read_file(file, FileKind::corim), how);
    tell(corim, shown, signer, console);
    for (DeviceReferences& device : corim.devices) {
      device.source = cat(origin_of(corim, shown, signer), ": ", device.source);
      device.complete = options.complete;
    }
    return std::move(corim.devices);
  } catch (Error& error) {
    if (error.device.empty()) error.device = shown;
    throw;
  }
}

Exit import(const Options& options, Console& console) {
  console.format = Format::text;  // what is written is reference values, and no document of any format
  if (options.paths.empty()) throw Error(ErrorId::usage, "no FILE given", "give CoRIM files, or - for standard input");
  refuse_format_as_file(options.out);
  if (!options.out.empty() && options.out != "-") {
    assert_new(options.out, options.overwrite);
    console.write_to(options.out);
  }
  std::optional<DeviceMatch> match;
  if (!options.match.empty()) match = parse_match(options.match);
  const Signer signer(options.signer);
  work_on_files(console, {.readable = {options.paths.begin(), options.paths.end()}});
  std::vector<DeviceReferences> devices;
  for (const std::string& file : options.paths)
    for (DeviceReferences& device : import_file(file, options, match, signer, console)) devices.push_back(std::move(device));
  const std::string yaml = write_references(devices, cat("imported ", utc_of(std::time(nullptr)), " by spdmctl ", SPDMCTL_VERSION));
  References again;  // what cannot be read again is not written
  add_references(again, options.out.empty() ? "standard output" : options.out, yaml);
  console.out(yaml);
  console.finish();
  return Exit::ok;
}

Action setup(CLI::App& parser) {
  SubVerbs<Options> subs(parser);
  Options& options = subs.options();
  // `operand`: how `paths` stand in the usage line.
  const auto add_sub = [&](const char* name, const char* summary, const char* operand, const char* paths, SubVerbs<Options>::Run run,
                           const char* examples) {
    CLI::App* sub = subs.add(name, summary, run, examples);
    sub->add_option("path", options.paths, paths)->type_name(operand);
    return sub;
  };
  constexpr auto* kPaths = "Files, or directories of .yaml files; default: the system's";
  CLI::App* show = add_sub(
      "show", "Show all reference values, and where they come from", "[PATH...]", kPaths,
      [](const Options& o, Console& c) { return read_all(o, c, Show::values); },
      "  spdmctl reference show\n"
      "  spdmctl reference show nvme.yaml\n");
  CLI::App* check = add_sub(
      "check", "Check reference values and report errors; exit code 2 if there are any", "[PATH...]", kPaths,
      [](const Options& o, Console& c) { return read_all(o, c, Show::errors); },
      "  spdmctl reference check\n"
      "  spdmctl reference check --quiet nvme.yaml && echo good\n");
  CLI::App* needed = add_sub(
      "needed", "Show which reference documents devices need", "FILE...",
      "Evidence and reports, or directories of evidence or kernel signatures; - is standard input",
      [](const Options& o, Console& c) {
        return tell_needed({o.output, o.paths, o.chain}, c);
      },
      "  spdmctl reference needed gpu_evidence.json\n");
  needed->add_option("--chain", options.chain, "Certificates of the device, PEM, DER or Redfish JSON, for recordings that have none")
      ->type_name("FILE");
  for (CLI::App* sub : {show, check, needed}) add_output_options(*sub, options.output);
  CLI::App* importing =
      add_sub("import", "Convert CoRIM to a file of reference values", "FILE...", "CoRIM files; - is standard input", import,
              "  spdmctl reference import --match vendor=1b36 -o nvme.yaml vendor.corim\n"
              "  spdmctl reference import --signer vendor.pem -o nvme.yaml vendor.corim\n");
  importing->add_option("--match", options.match, "Devices that they are for: vendor=1b36,device=0010")->type_name("KEY=VALUE,...");
  importing
      ->add_option("--signer", options.signer,
                   "Public key or certificate of the signer, or a chain up to its issuer, DER or PEM: requires a valid signature")
      ->type_name("FILE");
  importing->add_flag("--complete", options.complete, "The list is complete: a measurement that is not listed is a gap");
  importing->add_flag("--environments", options.environments,
                      "Read numeric keys as keys of concise evidence, too, not as measurement indices");
  importing->add_option("-o,--output", options.out, "Write to this file; default: standard output")->type_name("FILE");
  refuse_option(*importing, "--file", "give the file with -o/--output FILE");
  importing->add_flag("--overwrite", options.overwrite, "Replace the file if it exists");
  return subs.action();
}

}  // namespace

const Verb reference_verb{"reference",
                          "Show, check and import reference values of measurements",
                          "  spdmctl reference show\n"
                          "  spdmctl reference check nvme.yaml\n"
                          "  spdmctl reference import --match vendor=1b36 -o nvme.yaml vendor.corim\n"
                          "  spdmctl reference needed gpu_evidence.json\n",
                          setup,
                          {.schema = kSchema, .devices = true},
                          {{{"import", {}}, {"needed", {.schema = kNeededSchema, .devices = true}}}}};

}  // namespace spdm::cmd
