#include "cmd/output/token.h"

#include <algorithm>

#include "certstore/keyring.h"
#include "core/evidence/eat.h"
#include "core/file.h"
#include "core/text.h"

namespace spdm::cmd {

namespace {

// The name of a submodule: the device information of the leaf, else its subject.
std::string name_of(const Bytes& leaf) {
  constexpr std::size_t kLongest = 512;  // what is longer is cut
  if (leaf.empty()) return "spdm:";
  const CertificateInfo info = certstore::describe(leaf);
  return cat("spdm:", printable((info.device_info.empty() ? info.subject : info.device_info).substr(0, kLongest)));
}

}  // namespace

void assert_binary_is_wanted(std::string_view what, const std::string& output) {
  if (output.empty() && is_terminal())
    throw Error(ErrorId::usage, cat(what, " is binary, and standard output is a terminal"),
                "write it to a file with -o FILE, or all the same with -o -");
}

TokenPart token_part(const Error& error, const std::string& target) {
  TokenPart out{.target = target, .device = std::nullopt, .error = error, .note = {}};
  if (out.error->device.empty()) out.error->device = target;
  return out;
}

TokenPart token_part(const Evidence& evidence, const std::string& target) {
  if (evidence.error) return token_part(error_of(*evidence.error, target), target);
  try {
    DatDevice device = dat_device(evidence);
    device.name = name_of(device.leaf);
    return {.target = target, .device = std::move(device), .error = std::nullopt, .note = {}};
  } catch (const Error& error) {
    return token_part(error, target);
  }
}

TokenPart token_part(Evidence evidence, const Report& report) {
  const auto good = std::find_if(report.signatures.begin(), report.signatures.end(),
                                 [](const SignatureReport& one) { return one.result == SignatureResult::good; });
  if (evidence.detached && good != report.signatures.end()) {
    evidence.detached->asym = good->algorithm;
    evidence.detached->hash = good->hash;
  }
  TokenPart out = token_part(evidence, report.source);
  if (report.verdict != Verdict::pass) out.note = cat(name(report.verdict), ": ", report.reason);
  return out;
}

void TokenWriter::add(TokenPart part) {
  if (!part.note.empty()) console_.note(printable(cat("spdmctl: ", part.target, ": ", part.note)));
  if (part.error) {
    console_.complain(*part.error);
    worst_ = worse(worst_, part.error->exit.value_or(row(part.error->id).exit));
    return;
  }
  std::string lacks;
  for (const std::string& one : part.device->left_out) lacks += cat(lacks.empty() ? "" : ", ", one);
  if (!lacks.empty()) console_.note(printable(cat("spdmctl: ", part.target, ": left out of the token: ", lacks)));
  devices_.push_back(*std::move(part.device));
}

void TokenWriter::write(Exit so_far) {
  if (devices_.empty()) {
    Error error(ErrorId::unsupported, "no token is written: there is no device that it could carry");
    const Exit worst = worse(worst_, so_far);
    if (worst != Exit::ok) error.exit = worst;
    throw Error(error);
  }
  const Bytes token = write_token(devices_);
  std::string record;
  if (wrapper_) record = write_cmw(*wrapper_, media_type_of_token("application/eat-ucs+cbor", kDatProfile), token);
  assert_readable(record.size(), FileKind::evidence);
  console_.note(cat("spdmctl: eat is experimental: ", devices_.size(), devices_.size() == 1 ? " device" : " devices", " by the profile ",
                    kDatProfile, " of an individual draft (draft-poirier-rats-eat-da)"));
  console_.out(wrapper_ ? std::string_view(record) : as_text(token));
}

}  // namespace spdm::cmd
