// Each certificate of the real files is decoded, and says what is known of it.
#include <doctest/doctest.h>

#include <map>
#include <nlohmann/json.hpp>

#include "certstore/attestation.h"
#include "certstore/keyring.h"
#include "core/appraisal/concise_evidence.h"
#include "core/appraisal/fwid.h"
#include "core/text.h"
#include "field/field.h"

using namespace spdm;
using spdm::certstore::describe;
using spdm::certstore::read_certificate_list;

namespace {

std::vector<Bytes> certificates_in(const field::fs::path& file) { return read_certificate_list(field::read(file), file.string()); }

// NVIDIA's evidence: an array, or an object with one, each with a chain in PEM, the leaf first.
std::vector<Bytes> certificates_of_evidence(const field::fs::path& file) {
  const Bytes contents = field::read(file);
  nlohmann::json json = nlohmann::json::parse(contents.begin(), contents.end());
  if (json.is_object()) json = json.contains("evidences") ? json["evidences"] : nlohmann::json::array({json});
  std::vector<Bytes> out;
  for (const auto& device : json)
    for (Bytes& der : read_certificate_list(from_base64(device.at("certificate").get<std::string>(), "certificate"), file.string()))
      out.push_back(std::move(der));
  return out;
}

const ExtensionInfo* extension(const CertificateInfo& certificate, std::string_view name) {
  for (const ExtensionInfo& one : certificate.extensions)
    if (one.name == name) return &one;
  return nullptr;
}

CertificateInfo decoded(View der) {
  CertificateInfo out = describe(der);
  CHECK_FALSE(out.subject.empty());
  for (const ExtensionInfo& one : out.extensions) {
    CHECK_MESSAGE(one.processed, out.subject, " ", one.oid, " ", one.fault);
    CHECK(one.fault == "");
  }
  CHECK(out.more_extensions == 0);
  return out;
}

}  // namespace

TEST_CASE("field: there are real files" * doctest::skip(field::folder().empty())) { CHECK(field::fs::is_directory(field::folder())); }

TEST_CASE("field: GPUs and switches name their firmware in the leaf" * doctest::skip(field::folder().empty())) {
  std::size_t leaves = 0;
  const auto judge = [&](const std::vector<Bytes>& chain) {
    for (const Bytes& der : chain) {
      ChainResult result;
      result.certificates.push_back(decoded(der));
      const CertificateInfo& info = result.certificates.back();
      if (info.is_ca || info.extensions.empty()) continue;
      const ExtensionInfo* tcb = extension(info, "tcg-dice-TcbInfo");
      REQUIRE(tcb != nullptr);
      REQUIRE(tcb->composite);
      CHECK(tcb->composite->version == 1);
      CHECK(tcb->composite->fwid.algorithm == "SHA-384");
      const std::vector<Fwid> fwids = fwids_of_leaf(result);
      REQUIRE(fwids.size() == 1);
      CHECK(compare_fwid(result, fwids[0].digest) == FwidResult::match);
      CHECK(compare_fwid(result, Bytes(48, 0)) == FwidResult::mismatch);
      CHECK(compare_fwid(result, Bytes(32, 0)) == FwidResult::nothing);
      ++leaves;
    }
  };
  for (const char* const name : {"nvidia/gpu/hopperCertChain.txt", "nvidia/gpu/hopperCertChainExpired.txt",
                                 "nvidia/switch/switchCertChain.txt", "trustee/hopper_coco_certs1.txt"})
    judge(certificates_in(field::folder() / name));
  for (const auto& entry : field::fs::directory_iterator(field::folder() / "nvidia/evidence"))
    judge(certificates_of_evidence(entry.path()));
  CHECK(leaves >= 17);
}

TEST_CASE("field: Caliptra" * doctest::skip(field::folder().empty())) {
  const field::fs::path folder = field::folder() / "caliptra";
  for (const auto& entry : field::fs::directory_iterator(folder)) {
    const bool redacted = entry.path().stem().string().ends_with("_redacted");  // the value is 0x44 and nothing else
    const CertificateInfo info = redacted ? describe(field::read(entry.path())) : decoded(field::read(entry.path()));
    REQUIRE(extension(info, "tcg-dice-Ueid") != nullptr);
    CHECK(extension(info, "tcg-dice-Ueid")->ueid.size() == 17);
    if (redacted) CHECK(info.extensions.back().fault.ends_with("has the tag 0x44, not 0x30"));
  }
  const CertificateInfo fmc = decoded(field::read(folder / "fmc_alias_cert_ecc.der"));
  const ExtensionInfo* multi = extension(fmc, "tcg-dice-MultiTcbInfo");
  REQUIRE(multi != nullptr);
  REQUIRE(multi->tcb_infos.size() == 2);
  CHECK(multi->tcb_infos[0].svn == 0x107);
  CHECK(multi->tcb_infos[0].fwids.at(0).algorithm == "SHA-384");
  CHECK(as_text(*multi->tcb_infos[0].type) == "DEVICE_INFO");
  CHECK(as_text(*multi->tcb_infos[1].type) == "FMC_INFO");
  CHECK(multi->tcb_infos[0].flags_mask.has_value());
  CHECK(names_of(multi->tcb_infos[0].states()).empty());
  const CertificateInfo ldevid = decoded(field::read(folder / "ldevid_cert_ecc.der"));
  CHECK(ldevid.extended_key_usage == std::vector<std::string>{"tcg-dice-kp-identityLoc", "tcg-dice-kp-eca"});
}

TEST_CASE("field: Open DICE, and RIoT" * doctest::skip(field::folder().empty())) {
  const field::fs::path folder = field::folder() / "opendice";
  for (int i = 0; i <= 6; ++i) {
    const CertificateInfo info = decoded(field::read(folder / cat(i, ".cert")));
    const ExtensionInfo* input = extension(info, "open-dice-input");
    REQUIRE(input != nullptr);
    REQUIRE(input->open_dice);
    CHECK(input->critical);
    CHECK(input->open_dice->code_hash.value_or(Bytes()).size() == 64);
    CHECK(input->open_dice->configuration_descriptor.value_or(Bytes()).size() == 64);
    CHECK(input->open_dice->authority_hash.value_or(Bytes()).size() == 64);
    CHECK(input->open_dice->mode == DiceMode::normal);
  }
  CHECK(decoded(field::read(folder / "uds.cert")).extensions.empty());
  const ExtensionInfo riot = spdm::certstore::read_extension("2.23.133.5.4.1", false, field::read(folder / "riot-ext.der"));
  REQUIRE_MESSAGE(riot.composite, riot.fault);
  CHECK(riot.composite->fwid.algorithm == "SHA-256");
}

TEST_CASE("field: concise evidence" * doctest::skip(field::folder().empty())) {
  std::map<std::string, std::size_t> claims;
  for (const auto& entry : field::fs::directory_iterator(field::folder() / "veraison/coev"))
    claims[entry.path().stem()] = read_concise_evidence(cbor::read(field::read(entry.path()))).size();
  CHECK(claims == std::map<std::string, std::size_t>{{"ce-coswid", 0}, {"ce-evidence", 1}, {"ce-identity", 0}});
}
