// certs: every certificate of a device, to look at or to save. Nothing is appraised.
#include <CLI/CLI.hpp>
#include <memory>

#include "cmd/attestation.h"
#include "cmd/host/files.h"
#include "cmd/output/pem.h"
#include "cmd/verb.h"
#include "core/text.h"

namespace spdm::cmd {

namespace {

struct Options : Attestation {
  std::string pem, der, root;
  bool overwrite = false;

  bool exports() const { return !pem.empty() || !der.empty() || !root.empty(); }
};

const SlotReport& exported_slot(const Report& report) {
  for (const SlotReport& slot : report.slots)
    if (slot.chain && !slot.chain->certificates.empty()) return slot;
  Error error(report.error ? report.error->id : ErrorId::no_spdm, report.error ? report.error->message : "no certificate chain was read",
              report.error ? report.error->hint : cat("list the slots with: spdmctl info ", shell_word(report.source)));
  error.device = report.source;
  throw error;
}

struct Export {
  std::filesystem::path file;
  Bytes contents;
};

Export root_file(const ChainResult& chain, const std::string& file) {
  const CertificateInfo& first = chain.certificates.front();
  if (first.subject != first.issuer)
    throw Error(ErrorId::bad_input,
                cat("--export-root: the chain in slot ", chain.slot, " does not contain its root ", printable(first.issuer)),
                "get the root from the vendor of the device");
  const bool der = has_ending(file, ".der") || has_ending(file, ".cer");
  return {file, der ? first.der : to_bytes(as_bytes(to_pem(first.der)))};
}

Export pem_file(const ChainResult& chain, const std::string& file) {
  std::string pem;
  for (const CertificateInfo& certificate : chain.certificates) pem += to_pem(certificate.der);
  return {file, to_bytes(as_bytes(pem))};
}

// A file gets the certificates one after the other, a directory a file of each.
void add_der_files(const ChainResult& chain, const std::filesystem::path& path, std::vector<Export>& out) {
  if (std::error_code ignored; std::filesystem::is_directory(path, ignored)) {
    for (std::size_t i = 0; i < chain.certificates.size(); ++i)
      out.push_back({path / cat("slot", chain.slot, "-", i + 1, ".der"), chain.certificates[i].der});
    return;
  }
  Bytes all;
  for (const CertificateInfo& certificate : chain.certificates) append(all, certificate.der);
  out.push_back({path, std::move(all)});
}

void export_chain(const Options& options, const Report& report, const Console& console) {
  const ChainResult& chain = *exported_slot(report).chain;
  std::vector<Export> files;
  if (!options.root.empty()) files.push_back(root_file(chain, options.root));
  if (!options.pem.empty()) files.push_back(pem_file(chain, options.pem));
  if (!options.der.empty()) add_der_files(chain, options.der, files);
  std::vector<std::filesystem::path> outputs = {console.file(), options.protocol.record};
  for (const Export& one : files) {
    assert_new(one.file, options.overwrite);
    outputs.push_back(one.file);
  }
  assert_distinct(outputs);
  for (const Export& one : files) write_file(one.file, one.contents);
}

Action setup(CLI::App& parser) {
  auto options = std::make_shared<Options>();
  options->add_to(parser);
  options->default_target = kAllDevices;
  const auto file = [&](const char* name, std::string& value, const char* help) {
    parser.add_option(name, value, help)->type_name("FILE")->group("Export");
  };
  file("--export-pem", options->pem, "Save the chain as PEM, in the order of the device");
  file("--export-der", options->der, "Save the chain as DER; in a directory, a file for each certificate");
  file("--export-root", options->root, "Save the root: DER when the name ends in .der or .cer, else PEM");
  parser.add_flag("--overwrite", options->overwrite, "Replace files that exist")->group("Export");
  return [options](Console& console) {
    Plan plan = options->plan(console);
    if (plan.wanted.slot == kProvisionedKey)
      throw Error(ErrorId::usage, "slot 255 holds a key and no certificates", "give --slot 0 to 7, or all");
    if (options->exports() && plan.wanted.all_slots)
      throw Error(ErrorId::usage, "--slot all and an export cannot be combined", "export one slot at a time");
    plan.wanted.all_slots = !plan.wanted.slot;
    plan.wanted.challenge = false;
    plan.question.user.depth = Depth::look;
    plan.refine = [options, &console](Report& report) {
      look_only(report);
      if (options->exports()) export_chain(*options, report, console);
    };
    plan.text = render_certificates;
    for (const std::string* file : {&options->pem, &options->der, &options->root})
      if (!file->empty()) plan.outputs.emplace_back(*file);
    return options->run(console, std::move(plan));
  };
}

}  // namespace

const Verb certs_verb{"certs", "Show or save the certificates of devices",
                      "  spdmctl certs emu://127.0.0.1:2323\n"
                      "  spdmctl certs --slot 1 --export-pem chain.pem emu://127.0.0.1:2323\n"
                      "  spdmctl certs --export-root vendor-root.pem file:device.json\n",
                      setup, kReportDocument};

}  // namespace spdm::cmd
