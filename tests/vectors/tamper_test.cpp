// Recorded traffic of the reference implementation, one byte changed at a time: never a pass, and the right finding.
// Needs the captures: SPDMCTL_VECTORS names their folder (index.json, pcap/, roots/, pubkeys/).
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>

#include "certstore/chains.h"
#include "core/appraisal/appraise.h"
#include "core/evidence/load.h"
#include "core/text.h"

using namespace spdm;

namespace {

namespace fs = std::filesystem;

fs::path folder() {
  const char* name = std::getenv("SPDMCTL_VECTORS");
  return name == nullptr ? fs::path{} : fs::path(name);
}

Bytes read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  REQUIRE_MESSAGE(in.good(), path.string());
  return {std::istreambuf_iterator<char>(in), {}};
}

// The sample SM2 root has pathLenConstraint 0 and an intermediate below it: a strict verifier refuses that chain.
bool breaks_path_length(const nlohmann::json& capture) {
  return capture.value("asym", nlohmann::json()).is_string() && capture["asym"].get<std::string>().find("SM2") != std::string::npos;
}

struct Field {
  std::string name;
  Bytes bytes;
  std::size_t from;  // first message of the log that may hold it
  std::set<FindingId> findings;
};

Report judge(const Evidence& evidence, const spdm::certstore::Validator& validator) {
  const Analysis analysis = analyze(evidence);
  return appraise(evidence, analysis, spdm::certstore::validate_chains(evidence, analysis, validator, evidence.provisioned_key), {});
}

// What stands under the signatures of the last connection, and what must be found when it is changed.
std::vector<Field> signed_fields(const Analysis& analysis) {
  const Connection& connection = analysis.connections.back();
  const Exchanges& exchanges = connection.exchanges();
  std::vector<Field> out;
  const auto nonce = [](const Block<32>& block) { return Bytes(block.begin(), block.end()); };
  for (const Statement& statement : connection.statements()) {
    const std::size_t at = exchanges[statement.exchange].log_index;
    out.push_back({"signature", statement.signature, at, {FindingId::bad_signature}});
    out.push_back({"requester nonce", nonce(statement.nonce), at, {FindingId::bad_signature}});
  }
  for (const ChallengeSeen& challenge : connection.challenges()) {
    const std::size_t at = exchanges[challenge.exchange].log_index;
    out.push_back({"responder nonce", nonce(challenge.response.nonce), at, {FindingId::bad_signature}});
    out.push_back({"CertChainHash", challenge.response.cert_chain_hash, at, {FindingId::chain_hash_mismatch, FindingId::bad_signature}});
  }
  for (const MeasurementsSeen& seen : connection.measurements()) {
    if (!seen.request.signature) continue;
    const std::size_t begin = exchanges[l1l2_begin(exchanges, seen.exchange)].log_index;
    out.push_back({"measurements nonce", nonce(seen.response.nonce), exchanges[seen.exchange].log_index, {FindingId::bad_signature}});
    for (const MeasurementBlock& block : seen.response.blocks)
      if (block.value.size() >= 8) out.push_back({cat("measurement ", block.index), block.value, begin, {FindingId::bad_signature}});
  }
  if (!connection.challenges().empty() && connection.challenges().front().request.slot < kSlots && connection.digests()) {
    // Of the digests of the slot only the one that B still holds is signed: the last before the CHALLENGE.
    const ChallengeSeen& challenge = connection.challenges().front();
    for (std::size_t i = challenge.exchange; i-- > 0;) {
      if (exchanges[i].request_code() != Code::get_digests || exchanges[i].is_error()) continue;
      if (const SlotDigest* digest = connection.digests()->find(challenge.request.slot))
        out.push_back({"digest", digest->digest, exchanges[i].log_index, {FindingId::digest_mismatch, FindingId::bad_signature}});
      break;
    }
  }
  return out;
}

// Changes byte `k` of a field where it stands in the log; the bytes around it find the place, also in a chunk.
bool change(MessageLog& log, const Field& field, std::size_t k) {
  constexpr std::size_t window = 8;
  const std::size_t start = std::min(k, field.bytes.size() - std::min(window, field.bytes.size()));
  const auto first = field.bytes.begin() + static_cast<std::ptrdiff_t>(start);
  const auto last = first + static_cast<std::ptrdiff_t>(std::min(window, field.bytes.size()));
  for (std::size_t i = field.from; i < log.size(); ++i) {
    Bytes& bytes = log[i].bytes;
    const auto at = std::search(bytes.begin(), bytes.end(), first, last);
    if (at == bytes.end()) continue;
    at[static_cast<std::ptrdiff_t>(k - start)] ^= 0x01;
    return true;
  }
  return false;
}

std::vector<std::size_t> positions(std::size_t size, bool all) {
  std::vector<std::size_t> out;
  for (std::size_t k = 0; k < size; ++k)
    if (all || k == 0 || k == size / 2 || k + 1 == size) out.push_back(k);
  return out;
}

}  // namespace

TEST_CASE("recorded traffic, one byte changed" * doctest::skip(folder().empty())) {
  std::ifstream index(folder() / "index.json");
  REQUIRE(index.good());
  spdm::certstore::Keyring keyring;
  keyring.add_directory(folder() / "roots");
  spdm::certstore::Options options;
  options.at = 1790000000;  // 2026-09-21: the sample certificates are valid for ten years from 2025 or 2026 on
  const spdm::certstore::Validator validator(keyring, options);

  std::set<std::string> schemes_seen;  // one capture of each kind has every byte changed
  std::size_t changed = 0, captures = 0;
  const nlohmann::json contents = nlohmann::json::parse(index);
  for (const nlohmann::json& capture : contents["pcaps"]) {
    const std::string file = capture["file"];
    CAPTURE(file);
    if (capture.value("verified", nlohmann::json::array()).empty()) continue;
    Evidence evidence = load_evidence(read_file(folder() / file), file);
    if (capture.contains("provisioned_pubkey") && capture["provisioned_pubkey"].is_string())
      evidence.provisioned_key = read_file(folder() / capture["provisioned_pubkey"].get<std::string>());
    const Report report = judge(evidence, validator);
    if (std::any_of(report.findings.begin(), report.findings.end(),
                    [](const Finding& f) { return f.id == FindingId::crypto_unsupported; })) {
      CHECK(report.verdict == Verdict::undetermined);
      continue;
    }
    CHECK(report.verdict == (breaks_path_length(capture) && evidence.provisioned_key.empty() ? Verdict::fail : Verdict::pass));
    CHECK(std::all_of(report.signatures.begin(), report.signatures.end(),
                      [](const SignatureReport& s) { return s.result == SignatureResult::good; }));

    ++captures;
    const Analysis analysis = analyze(evidence);
    const bool slow = report.signatures.front().algorithm.starts_with("SLH-DSA");
    const bool all = !slow && schemes_seen.insert(report.signatures.front().algorithm + report.connection->offered_versions.front()).second;
    for (const Field& field : signed_fields(analysis)) {
      for (const std::size_t k : positions(field.bytes.size(), all && field.bytes.size() <= 512)) {
        Evidence altered = evidence;
        if (!change(altered.log, field, k)) continue;
        ++changed;
        const Report judged = judge(altered, validator);
        const bool found =
            std::any_of(judged.findings.begin(), judged.findings.end(), [&](const Finding& f) { return field.findings.contains(f.id); });
        CHECK_MESSAGE((judged.verdict == Verdict::fail && found),
                      field.name << " byte " << k << ": " << name(judged.verdict) << ", " << judged.reason);
      }
    }
  }
  MESSAGE(captures << " captures, " << changed << " bytes changed");
  CHECK(changed > 0);
}
