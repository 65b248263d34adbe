// The kernel's log of signatures: files made from a real exchange, good, altered, missing and junk.
#include "core/evidence/kernel_log.h"

#include <doctest/doctest.h>

#include "core/appraisal/trial.h"
#include "core/evidence/file.h"
#include "core/file_kinds.h"

using namespace spdm;
using trial::found;

namespace {

Bytes bytes_of(std::string_view text) { return {text.begin(), text.end()}; }

// What a kernel would leave of the last signature of a conversation. Written from the ABI document, not with the reader.
KernelLogEntry log_of(const trial::Trial& trial) {
  const Analysis analysis = analyze(trial.evidence);
  const Connection& connection = analysis.connections.back();
  const Statement& last = connection.statements().back();
  KernelLogEntry out;
  if (last.kind == SignedMessage::challenge_auth)
    for (const Exchange& exchange : connection.exchanges()) {
      append(out.transcript, exchange.request);
      append(out.transcript, exchange.unsigned_response());
    }
  else
    out.transcript = connection.transcript(last);
  out.signature = last.signature;
  out.type = bytes_of(signing_context(last.kind));
  out.type->push_back('\n');
  out.hash_algorithm = bytes_of(connection.parameters().hash->size == 32 ? "sha256\n" : "sha384\n");
  out.combined_prefix = Bytes();
  if (connection.version() >= k12) {
    const std::string part = cat("dmtf-spdm-v1.", connection.version() & 0xF, ".*");
    out.combined_prefix = bytes_of(part + part + part + part);
    out.combined_prefix->resize(100 - signing_context(last.kind).size());
    append(*out.combined_prefix, bytes_of(signing_context(last.kind)));
  }
  out.requester_nonce = Bytes(last.nonce.begin(), last.nonce.end());
  const Block<32>& nonce = last.kind == SignedMessage::challenge_auth ? connection.challenges().back().response.nonce
                                                                      : connection.measurements().back().response.nonce;
  out.responder_nonce = Bytes(nonce.begin(), nonce.end());
  const Bytes chain = trial.device.chain(last.slot);
  out.certificate_chain = to_bytes(View(chain).subspan(4 + connection.parameters().hash_size()));
  return out;
}

trial::Trial challenged(std::uint8_t version) {
  trial::Trial out(trial::in_version(version));
  out.wanted.measurements = MeasurementMode::none;
  out.wanted.summary = Summary::none;
  out.question.user.depth = Depth::authenticate;
  return out;
}

// The verdict of the straight line; undetermined for what cannot be read.
Verdict verdict_of(const trial::Trial& trial, const KernelLogEntry& entry) {
  try {
    return trial.judge(read_kernel_log(entry, "0")).verdict;
  } catch (const Error& error) {
    CHECK(error.id == ErrorId::bad_input);
    CHECK(std::string(error.what()).starts_with("0_"));
    return Verdict::undetermined;
  }
}

std::string refused(const KernelLogEntry& entry) {
  try {
    read_kernel_log(entry, "log/3");
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

std::array<std::optional<Bytes> KernelLogEntry::*, 6> repeated() {
  return {&KernelLogEntry::type,
          &KernelLogEntry::hash_algorithm,
          &KernelLogEntry::combined_prefix,
          &KernelLogEntry::requester_nonce,
          &KernelLogEntry::responder_nonce,
          &KernelLogEntry::certificate_chain};
}

}  // namespace

TEST_CASE("a signature of the kernel's log passes, in every version, and is judged as any recording") {
  for (const std::uint8_t version : {k10, k11, k12, k13, k14}) {
    CAPTURE(version_name(version));
    trial::Trial trial = challenged(version);
    trial.collect();
    const Evidence evidence = read_kernel_log(log_of(trial), "signatures/0");
    const Report report = trial.judge(evidence);
    CHECK(report.verdict == Verdict::pass);
    CHECK(found(report, FindingId::freshness_unknown));
    CHECK_FALSE(evidence.live);
    CHECK(evidence.host.target == "signatures/0");
    CHECK(evidence.nonces.size() == 1);
    CHECK(evidence.log.size() == 2 * analyze(trial.evidence).connections.back().exchanges().size());
    // It can be kept and sent as evidence of our own kind.
    CHECK(trial.judge(read_evidence(write_evidence(evidence), "again")).verdict == Verdict::pass);
  }
}

TEST_CASE("a nonce of the verifier's choice makes it fresh; another one makes it no answer") {
  trial::Trial trial = challenged(k12);
  trial.collect();
  const Evidence evidence = read_kernel_log(log_of(trial), "0");
  trial.question.user.nonce = evidence.nonces.front();
  Report report = trial.judge(evidence);
  CHECK(report.verdict == Verdict::pass);
  CHECK(report.signatures.front().fresh);
  CHECK_FALSE(found(report, FindingId::freshness_unknown));
  trial.question.user.nonce->back() ^= 1;
  report = trial.judge(evidence);
  CHECK(report.verdict == Verdict::fail);
  CHECK(report.exit == Exit::policy);
  CHECK(found(report, FindingId::nonce_mismatch));
}

TEST_CASE("signed measurements are taken, too, but nobody is known to vouch for their key") {
  trial::Trial trial = challenged(k12);
  trial.wanted.measurements = MeasurementMode::all;
  trial.question.user.depth = Depth::measurements;
  trial.collect();
  const Report report = trial.judge(read_kernel_log(log_of(trial), "0"));
  CHECK_FALSE(report.measurements.empty());
  CHECK(report.verdict == Verdict::undetermined);
  CHECK(found(report, FindingId::key_missing));
}

TEST_CASE("an earlier signature does not vouch for an entry whose own cannot be judged") {
  trial::Trial trial = challenged(k12);
  trial.collect();
  const KernelLogEntry good = log_of(trial);
  KernelLogEntry refused = good;  // the last request was answered with ERROR, and the signature is anything
  append(refused.transcript, good.signature);
  append(refused.transcript, Bytes{0x12, 0x81, 0, 0, 0x12, 0x7F, 0x05, 0});
  refused.signature.assign(good.signature.size(), 0xAA);
  CHECK(verdict_of(trial, refused) != Verdict::pass);
  KernelLogEntry unanswered = good;
  append(unanswered.transcript, good.signature);
  unanswered.signature = {0x12, 0x81, 0, 0};
  CHECK(verdict_of(trial, unanswered) != Verdict::pass);
}

TEST_CASE("no byte of transcript or signature can be altered, none can be added or taken away") {
  trial::Trial trial = challenged(k12);
  trial.collect();
  const KernelLogEntry good = log_of(trial);
  REQUIRE(verdict_of(trial, good) == Verdict::pass);
  for (Bytes KernelLogEntry::*file : {&KernelLogEntry::transcript, &KernelLogEntry::signature})
    for (std::size_t at = 0; at < (good.*file).size(); ++at) {
      CAPTURE(at);
      KernelLogEntry altered = good;
      (altered.*file)[at] ^= 0x10;
      CHECK(verdict_of(trial, altered) != Verdict::pass);
      (altered.*file).resize(at);
      CHECK(verdict_of(trial, altered) != Verdict::pass);
    }
  KernelLogEntry longer = good;
  longer.signature.push_back(0);
  CHECK(verdict_of(trial, longer) != Verdict::pass);
  // Bytes at the end of the transcript that are taken from the signature: together they are the same.
  KernelLogEntry shifted = good;
  shifted.transcript.push_back(shifted.signature.front());
  shifted.signature.erase(shifted.signature.begin());
  CHECK(refused(shifted).find("log/3_signature") == 0);
}

TEST_CASE("a file that repeats what the transcript says must say the same, and may be missing") {
  trial::Trial trial = challenged(k12);
  trial.collect();
  const KernelLogEntry good = log_of(trial);
  for (const auto file : repeated()) {
    KernelLogEntry altered = good;
    for (std::size_t at = 0; at < (good.*file)->size(); at += 7) {
      altered.*file = good.*file;
      (*(altered.*file))[at] ^= 0x02;
      CHECK(refused(altered).find("is not that of the transcript") != std::string::npos);
    }
    altered.*file = Bytes();
    CHECK(refused(altered).find("is not that of the transcript") != std::string::npos);
    altered.*file = std::nullopt;
    CHECK(verdict_of(trial, altered) == Verdict::pass);
  }
}

TEST_CASE("before 1.2 there is no combined prefix") {
  trial::Trial trial = challenged(k11);
  trial.collect();
  KernelLogEntry entry = log_of(trial);
  entry.combined_prefix = Bytes(100, 0);
  CHECK(refused(entry).find("log/3_combined_spdm_prefix") == 0);
}

TEST_CASE("what is no log is refused and named") {
  trial::Trial trial = challenged(k12);
  trial.collect();
  const KernelLogEntry good = log_of(trial);
  KernelLogEntry entry;
  CHECK(refused(entry) == "log/3_transcript: is empty");
  entry.transcript = good.transcript;
  CHECK(refused(entry) == "log/3_signature: is empty");
  entry = {};
  entry.signature = Bytes(64);
  entry.transcript = Bytes(spdm::limit_of(spdm::FileKind::kernel_transcript) + 1);
  CHECK(refused(entry).find("is larger than") != std::string::npos);
  entry.transcript = Bytes(1000, 0xA5);
  CHECK(refused(entry).find("log/3_transcript: at byte 0:") == 0);
  // Without the challenge there is nothing that the signature belongs to.
  entry = good;
  entry.transcript.resize(4);
  append(entry.transcript, Bytes{0x10, 0x04, 0, 0, 0, 1, 0, 0x12});
  CHECK(refused(entry).find("at byte 12:") != std::string::npos);
}

TEST_CASE("a response that breaks a rule is left to the appraisal, which says which rule") {
  trial::Trial trial = challenged(k12);
  trial.collect();
  KernelLogEntry entry = log_of(trial);
  entry.transcript[4] = 0x12;  // VERSION is always of version 1.0
  const Report report = trial.judge(read_kernel_log(entry, "0"));
  CHECK(report.verdict == Verdict::fail);
  CHECK(found(report, FindingId::protocol_violation));
}

TEST_CASE("a transcript has no more bytes than one device may send") {
  KernelLogEntry entry;
  entry.signature = Bytes(96);
  entry.transcript = Bytes(kMaxEvidenceBytes + 1);
  CHECK(refused(entry).find("the limit is 4194304") != std::string::npos);
}
