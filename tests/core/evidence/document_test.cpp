// Documents of others: which devices they speak of, and what is refused in them.
#include "core/evidence/document.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "core/crypto/certificates.h"
#include "core/evidence/expect_error.h"
#include "core/evidence/report_file.h"
#include "core/text.h"
#include "core/wire/measurements.h"
#include "support/pki.h"

using namespace spdm;

namespace {

// GET_MEASUREMENTS for all, signed by slot 1; MEASUREMENTS with one digest and no opaque data. The signature is not looked at here.
Bytes transcript() {
  GetMeasurements request;
  request.signature = true;
  request.slot = 1;
  MeasurementsResponse response;
  response.slot = 1;
  response.record = encode_block({.index = 1, .type = MeasurementType::mutable_firmware, .raw = false, .value = Bytes(48, 7)});
  response.signature = Bytes(96, 5);
  Bytes out = request.encode(k11);
  append(out, response.encode(k11, 1));
  return out;
}

struct Chain {
  const pki::Chain& made = pki::sample();

  // Leaf first, as NVIDIA has it.
  std::string pem() const { return pki::pem(made.leaf.der) + pki::pem(made.intermediate.der) + pki::pem(made.root.der); }
  Bytes in_order() const {
    Bytes out;
    for (const Bytes& der : made.all()) append(out, der);
    return out;
  }
};

std::string nvidia(const Chain& chain) {
  return cat(R"({"arch":"HOPPER","certificate":")", base64(as_bytes(chain.pem())), R"(","evidence":")", base64(transcript()),
             R"(","nonce":"00","version":"1.0"})");
}

std::string wrapped(const std::string& contents) {
  std::string text = base64(as_bytes(contents));
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  while (text.ends_with('=')) text.pop_back();
  return cat(R"(["application/x",")", text, "\"]");
}

std::vector<EvidencePart> parts_of(const std::string& json) { return load_parts(as_bytes(json), "d.json"); }

void refused(const std::string& json, const std::string& why) {
  expect_error(ErrorId::bad_input, why, [&] { parts_of(json); });
}

}  // namespace

TEST_CASE("NVIDIA's JSON: an array, an object, and either deep inside of another document") {
  const Chain chain;
  const std::string one = nvidia(chain);
  CHECK(parts_of(one).front().label.empty());
  const std::vector<EvidencePart> parts = parts_of(cat("[", one, ",", one, "]"));
  REQUIRE(parts.size() == 2);
  CHECK(parts[1].label == "[1]");
  for (const EvidencePart& part : parts) {
    REQUIRE(!part.error);
    CHECK(part.evidence.log.size() == 2);
    CHECK(part.evidence.log.front().from_requester);
    CHECK(part.evidence.detached->format == kNvidiaFormat);
    CHECK(part.evidence.detached->chains.front().certificates == chain.in_order());
    CHECK(part.evidence.detached->asym.empty());
    CHECK(!part.evidence.live);
  }
  CHECK(parts_of(cat(R"({"nvgpu":{"gpu_nonce":"x","evidence_list":[)", one, "]}}")).front().label == ".nvgpu.evidence_list[0]");
}

TEST_CASE("answers of Redfish, with the names that services give algorithms") {
  const Chain chain;
  const auto answer = [&](std::string_view more) { return cat(R"({"SignedMeasurements":")", base64(transcript()), '"', more, "}"); };
  const Detached stated =
      *parts_of(answer(R"(,"HashingAlgorithm":"TPM_ALG_SHA_384","SigningAlgorithm":"TPM_ALG_ECDSA_ECC_NIST_P384","SlotId":1)"))
           .front()
           .evidence.detached;
  CHECK(stated.format == kRedfishFormat);
  CHECK(stated.hash == "SHA-384");
  CHECK(stated.asym == "ECDSA-P384");
  CHECK(stated.chains.empty());
  CHECK(parts_of(answer("")).front().evidence.detached->asym.empty());
  std::string pem = chain.pem();
  for (std::size_t at = 0; (at = pem.find('\n', at)) != std::string::npos;) pem.replace(at, 1, "\\n");
  CHECK(parts_of(answer(cat(R"(,"CertificateString":")", pem, '"'))).front().evidence.detached->chains.front().certificates ==
        chain.in_order());
  CHECK(parts_of(answer(R"(,"HashingAlgorithm":"SHA999")")).front().error->what() == std::string("unknown SPDM algorithm 'SHA999'"));
}

TEST_CASE("algorithms by the names of services") {
  CHECK(asym_of_service("xyz.openbmc_project.Attestation.SigningAlgorithms.RSASSA_3072").name == "RSASSA-3072");
  CHECK(asym_of_service("TPM_ALG_SM2_ECC_SM2_P256").name == "SM2-P256");
  CHECK(asym_of_service("EDDSA_ED25519").name == "Ed25519");
  CHECK(hash_of_service("TPM_ALG_SHA3_256").name == "SHA3-256");
  CHECK(hash_of_service("SHA384").name == "SHA-384");
  for (const AsymAlgorithm& row : asym_algorithms()) CHECK(asym_of_service(row.name).name == row.name);
  for (const HashAlgorithm& row : hash_algorithms()) CHECK(hash_of_service(row.name).name == row.name);
}

TEST_CASE("two strings that are no wrapper are nothing") {
  CHECK(parts_of(cat(R"({"accept":["application/a","application/b"],"devices":[)", nvidia(Chain()), "]}")).size() == 1);
}

TEST_CASE("a conceptual message wrapper around any of them, and no more than a few inside each other") {
  std::string inner = nvidia(Chain());
  for (unsigned depth = 0; depth < 4; ++depth) {
    inner = wrapped(inner);
    CHECK(parts_of(inner).size() == 1);
  }
  inner = wrapped(inner);
  CHECK(parts_of(inner).front().error->what() == std::string("d.json: more than 4 wrappers inside each other"));
}

TEST_CASE("a device that cannot be read is told in its place, and the others are read") {
  const Chain chain;
  const std::string one = nvidia(chain);
  std::string broken = one;
  broken.replace(broken.find(R"("evidence":")") + 12, 4, "AAAA");
  const std::vector<EvidencePart> parts = parts_of(cat("[", broken, ",", one, "]"));
  REQUIRE(parts.size() == 2);
  CHECK(parts[0].error->what() == std::string("d.json[0].evidence: begins with neither GET_VERSION nor GET_MEASUREMENTS"));
  CHECK(!parts[1].error);
}

TEST_CASE("documents without evidence, broken ones, and those that are too large") {
  refused("{}", "d.json: a JSON document without evidence of a device");
  refused("[1,2,{\"a\":[null,true,\"x\"]}]", "without evidence");
  refused("[", "d.json: ");
  refused("[1]]", "there is extra data after the document");
  refused(std::string(40, '[') + std::string(40, ']'), "nested too deeply");
  const std::string tiny = R"({"evidence":"","certificate":""},)";
  std::string many = "[";
  for (std::size_t i = 0; i <= kMaxDevicesOfDocument; ++i) many += tiny;
  refused(many + "1]", "has evidence of more than 1024 devices");
}

TEST_CASE("reports as bytes and in hex") {
  CHECK(load_evidence(transcript(), "r").log.size() == 2);
  CHECK(load_evidence(as_bytes(hex(transcript()) + "\n"), "r").detached->format == kReportFormat);
  Bytes longer = transcript();
  longer.push_back(9);
  CHECK(load_evidence(longer, "r").log.back().bytes.back() == 9);
  // Cut off anywhere it is still kept for the appraisal, or is no request at all.
  for (std::size_t size = 4; size < longer.size(); ++size) {
    const auto load = [&] { return load_evidence(View(longer).first(size), "r"); };
    if (size < 37)
      expect_error(ErrorId::bad_input, "r: at byte 0: GET_MEASUREMENTS", load);
    else
      CHECK(load().log.size() == (size == 37 ? 1 : 2));
  }
}

TEST_CASE("chains are put in order, whatever the order is that a file has") {
  const Chain chain;
  std::vector<Bytes> all = chain.made.all();
  std::sort(all.begin(), all.end());
  do {
    Bytes file;
    for (const Bytes& der : all) append(file, der);
    CHECK(crypto::read_chain(file, "c") == chain.in_order());
  } while (std::next_permutation(all.begin(), all.end()));
  CHECK(crypto::read_chain(as_bytes(chain.pem()), "c") == chain.in_order());
  CHECK(crypto::leaf_spki(chain.in_order()) == chain.made.leaf.key.spki());
  CHECK(crypto::leaf_spki(Bytes{1, 2, 3}).empty());
  CHECK(read_chain_file(chain.made.root.der, "c") == chain.made.root.der);
  const auto fails = [](View file, const std::string& why) {
    expect_error(ErrorId::bad_input, why, [&] { crypto::read_chain(file, "c"); });
  };
  const pki::Certificate stranger = pki::issue(pki::root("stranger", chain.made.root.key));
  Bytes two = chain.in_order();
  append(two, stranger.der);
  fails(two, "c: the certificates are not those of one chain");
  fails(Bytes{}, "c: no certificate in it");
  fails(Bytes{0x30, 3, 1}, "c: certificate 1: not an X.509 certificate");
  fails(as_bytes("-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n"), "c: holds a private key");
  fails(as_bytes("-----BEGIN CRL-----\nMAA=\n-----END CRL-----\n"), "c: PEM block 1 is a CRL, no certificate");
  Bytes many;
  for (int i = 0; i <= 100; ++i) append(many, stranger.der);
  fails(many, "c: more than 100 certificates");
  expect_error(ErrorId::bad_input, "has no 'CertificateString'", [] { read_chain_file(as_bytes("{}"), "c"); });
}
