// Collects the measurements, finds which of them a good signature covers, and reports contradictions.
#include "core/appraisal/appraiser.h"

#include <algorithm>
#include <set>

#include "core/appraisal/fwid.h"
#include "core/appraisal/token.h"
#include "core/crypto/crypto.h"
#include "core/error.h"
#include "core/text.h"

namespace spdm {

namespace {

std::size_t signed_among(const std::vector<Measurement>& measurements) {
  return static_cast<std::size_t>(
      std::count_if(measurements.begin(), measurements.end(), [](const Measurement& m) { return m.is_signed; }));
}

// A measurement summary hash, and what was asked for.
struct Summarized {
  Summary asked = Summary::none;
  Bytes hash;
  std::string_view by;
};

Summarized last_summary(const Connection& connection) {
  Summarized out;
  if (!connection.challenges().empty()) {
    const ChallengeSeen& challenge = connection.challenges().back();
    out = {challenge.request.summary, challenge.response.summary_hash, "CHALLENGE_AUTH"};
  }
  for (const SessionSeen& session : connection.sessions())
    if (!session.summary_hash().empty())
      out = {session.is_psk() ? session.psk_exchange->summary : session.key_exchange->summary, session.summary_hash(),
             session.is_psk() ? "PSK_EXCHANGE_RSP" : "KEY_EXCHANGE_RSP"};
  return out;
}

}  // namespace

void Appraiser::read_measurements() {
  const Connection* connection = last_connection();
  if (connection == nullptr) return;
  const std::size_t findings_before = report_.findings.size();
  for (const MeasurementsSeen& seen : connection->measurements()) add_measurements(*connection, seen);
  ReadableRoom room;
  for (Measurement& measurement : report_.measurements) {
    const bool covered_by_signature = measurement.is_signed;
    const std::uint32_t session = measurement.session;
    measurement = decode_measurement(std::move(measurement.block), connection->version(), report_.findings, room);
    measurement.is_signed = covered_by_signature;
    measurement.session = session;
  }
  std::stable_sort(report_.measurements.begin(), report_.measurements.end(),
                   [](const Measurement& a, const Measurement& b) { return a.block.index < b.block.index; });
  tell_refusals(*connection);
  read_facts(*connection);
  check_extension_log(*connection);
  check_summary(*connection);
  check_tokens();
  check_firmware();
  if (!connection->endpoint_infos().empty()) report_.endpoint_info = connection->endpoint_infos().back().response;
  for (const VendorSeen& seen : connection->vendor_defined()) report_.vendor_defined.push_back(seen.response);

  const std::size_t all = report_.measurements.size(), is_signed = signed_among(report_.measurements);
  for (std::size_t i = findings_before; i < report_.findings.size(); ++i)
    measurements_broken_ = measurements_broken_ || report_.findings[i].severity() == Severity::failure;
  if (is_signed < all)
    add({FindingId::measurements_unsigned, "", cat(all - is_signed, " of ", all, " measurements are not covered by a good signature"),
         "ask for signed measurements (MEAS_CAP with signature)"});
  // Without this an attacker on the path could shorten the list, and part it from the signature with a forged ERROR.
  list_is_open_ = listed_ && !list_is_signed_ && is_signed != 0;
  if (list_is_open_)
    add({FindingId::measurements_unsigned, "", "which measurements the device has is not covered by a good signature", "measure again"});
}

// Measurements that the device answers ERROR for. InvalidRequest says that there is no such index, and is no refusal.
void Appraiser::tell_refusals(const Connection& connection) {
  for (const ErrorSeen& seen : connection.errors()) {
    const std::uint8_t operation = read_header(connection.exchanges()[seen.exchange].request).param2;
    const bool is_index = operation != kMeasurementCount && operation != kAllMeasurements;
    if (seen.request != Code::get_measurements || !is_index || seen.error.code == ErrorCode::invalid_request) continue;
    add({FindingId::measurement_refused, cat("measurement ", operation),
         cat("was asked for, and the device answered ERROR ", describe(seen.error, seen.request)),
         "ask for it in another form (--raw, or without); else report it to the vendor"});
  }
}

// The device's own words beside the measurements: of the last signed answer that has some, else of the last.
void Appraiser::read_facts(const Connection& connection) {
  const auto is_covered = [&](const MeasurementsSeen& seen) { return seen.exchange < covered_.size() && covered_[seen.exchange]; };
  const MeasurementsSeen* from = nullptr;
  for (const MeasurementsSeen& seen : connection.measurements())
    if (!seen.response.opaque.empty() && (from == nullptr || is_covered(seen) || !is_covered(*from))) from = &seen;
  if (from == nullptr || connection.parameters().opaque_format == other_params::opaque_fmt1) return;
  std::optional<std::vector<DeviceFact>> rows = read_rows(from->response.opaque);
  if (!rows) return;
  const ChainResult* chain = find_chain(analysis_.connections.size() - 1, from->request.slot);
  if (chain != nullptr && chain->sound && !chain->certificates.empty()) name_facts(*rows, chain->certificates.back());
  for (DeviceFact& fact : *rows) fact.is_signed = is_covered(*from);
  report_.facts = std::move(*rows);
}

// A token that the device has signed itself is of the same key as its other answers.
void Appraiser::check_tokens() {
  std::vector<crypto::PublicKey> keys;
  std::vector<Bytes> leaves;
  for (const ChainResult* chain : counted_chains()) {
    if (chain->leaf_key) keys.push_back(*chain->leaf_key);
    if (!chain->certificates.empty()) leaves.push_back(chain->certificates.back().der);
  }
  for (Measurement& measurement : report_.measurements) {
    const std::optional<crypto::Sign1> token = token_of(measurement.block);
    if (!token) continue;
    const TokenResult found = check_token(*token, keys, leaves);
    measurement.token_signature = found.signature;
    if (found.signature == TokenSignature::bad)
      add({FindingId::token_signature, cat("measurement ", measurement.block.index), cat("it is a token, and ", found.why),
           "the token is not the device's own: do not trust what it says, and report it to the vendor"});
    if (found.signature == TokenSignature::not_checked)
      add({FindingId::token_unverified, cat("measurement ", measurement.block.index), cat("it is a token, and ", found.why),
           "what it says is not compared with reference values"});
  }
}

// The firmware that the issuer of the leaf names is the one that the device says it runs.
void Appraiser::check_firmware() {
  std::vector<Bytes> stated;
  for (const DeviceFact& fact : report_.facts)
    if (fact.is_signed && fact.name == kFwidFact) stated.push_back(fact.value);
  for (const ChainResult* chain : counted_chains())
    for (Finding& finding : compare_fwids(*chain, report_.measurements, stated, "MEASUREMENTS, OpaqueData")) add(std::move(finding));
}

void Appraiser::check_measurements() {
  const Connection* connection = last_connection();
  if (connection == nullptr)
    return result(Check::measurements, question_.wants_measurements() ? CheckStatus::not_run : CheckStatus::not_needed, "none were read");
  const std::size_t all = report_.measurements.size(), is_signed = signed_among(report_.measurements);
  const std::string detail = all != 0                    ? cat(all, " read, ", is_signed, " signed")
                             : report_.measurement_count ? std::string("only counted")
                                                         : std::string("none were read");
  if (measurements_broken_) return result(Check::measurements, CheckStatus::fail, detail);
  if (!question_.wants_measurements()) return result(Check::measurements, CheckStatus::not_needed, detail);
  // Their signed number is an answer by itself, unless the device was asked for more and refused.
  const bool refused = std::any_of(connection->errors().begin(), connection->errors().end(),
                                   [](const ErrorSeen& seen) { return seen.request == Code::get_measurements; });
  const bool lacking = refused && report_.measurement_count && all < *report_.measurement_count;
  const bool counted = question_.count_suffices() && count_is_signed_ && all == 0 && !refused;
  const bool read = all != 0 && is_signed == all && !list_is_open_ && !lacking;
  result(Check::measurements, read || counted ? CheckStatus::pass : CheckStatus::not_run,
         lacking && all != 0 ? cat(detail, ", of ", *report_.measurement_count) : detail);
}

// Whether a good signature proves that there are no other measurements: the requester chooses what it asks for.
bool Appraiser::has_all_measurements() const {
  if (all_is_signed_) return true;
  std::set<std::uint8_t> indices;
  for (const Measurement& measurement : report_.measurements)
    if (measurement.is_signed) indices.insert(measurement.block.index);
  return count_is_signed_ && report_.measurement_count && indices.size() >= *report_.measurement_count;
}

void Appraiser::add_measurements(const Connection& connection, const MeasurementsSeen& seen) {
  const bool is_signed = seen.exchange < covered_.size() && covered_[seen.exchange];
  if (seen.request.operation == kMeasurementCount || seen.request.operation == kAllMeasurements) {
    listed_ = true;
    list_is_signed_ = list_is_signed_ || is_signed;
  }
  all_is_signed_ = all_is_signed_ || (seen.request.operation == kAllMeasurements && is_signed);
  if (seen.request.operation == kMeasurementCount) {
    report_.measurement_count = seen.response.count;
    count_is_signed_ = is_signed;
  }
  if (seen.request.signature && connection.version() >= k12) report_.content_changed = seen.response.content_changed;
  bool changed = seen.response.content_changed == ContentChanged::changed;  // DSP0274 MEASUREMENTS, N207
  for (const MeasurementBlock& block : seen.response.blocks) {
    // A measurement may be read more than once: the signed one wins, then the latest.
    const auto [known, first] = known_.try_emplace({block.index, block.raw, block.type}, report_.measurements.size());
    Measurement& measurement = first ? report_.measurements.emplace_back() : report_.measurements[known->second];
    changed = changed || (!first && measurement.block.value != block.value);  // DSP0274 MEASUREMENTS, N218
    if (measurement.is_signed && !is_signed) continue;
    measurement.block = block;
    measurement.is_signed = is_signed;
    measurement.session = connection.exchanges()[seen.exchange].inside;
  }
  if (changed)
    add({FindingId::measurements_changed, "MEASUREMENTS", "they changed since they were last read, or the responder says so",
         "measure again"});
}

void Appraiser::check_extension_log(const Connection& connection) {
  if (!connection.mel_complete()) return;
  if (connection.mel().size() >= 4)
    if (const std::uint32_t count = Reader(connection.mel(), "measurement extension log").u32("NumberOfEntries");
        count > kMaxExtensionEntries)
      return add({FindingId::budget_reached, "measurement extension log",
                  cat("has ", count, " entries, and no more than ", kMaxExtensionEntries,
                      " are looked at: it was not compared with the measurements"),
                  "read the measurements without it"});
  try {
    report_.extension_log = read_mel(connection.mel());
  } catch (const Error& error) {
    return add({FindingId::measurement_malformed, "measurement extension log", error.what(), "report it to the vendor"});
  }
  const HashAlgorithm* hash = connection.parameters().measurement_hash;
  for (const Measurement& measurement : report_.measurements) {
    if (measurement.block.type != MeasurementType::hash_extend || measurement.block.raw || hash == nullptr || !crypto::supports(*hash))
      continue;
    if (replay_extension(report_.extension_log, measurement.block.index, *hash) != measurement.block.value)
      add({FindingId::mel_mismatch, cat("measurement ", measurement.block.index), "the extension log does not lead to its digest",
           "the log grew after it was measured, or it is not what was extended"});
  }
}

// Only the measurement summary hash of type 0xFF, over blocks in their default form, can be recomputed. Values may
// change in between, so a mismatch is never more than a warning (DSP0274 CHALLENGE_AUTH, N215; the same hash is in the answer that
// opens a session).
void Appraiser::check_summary(const Connection& connection) {
  const Summarized summarized = last_summary(connection);
  report_.summary_hash = summarized.hash;
  if (summarized.asked != Summary::all || report_.summary_hash.empty()) return;
  for (const MeasurementsSeen& seen : connection.measurements()) {
    if (seen.request.operation != kAllMeasurements || seen.request.raw_bit_stream) continue;
    if (!crypto::supports(*connection.parameters().hash)) return;
    crypto::Hasher hasher(*connection.parameters().hash);
    for (const MeasurementBlock& block : seen.response.blocks) hasher.update(encode_block(block));  // the bytes of MeasurementRecord
    if (hasher.finish() != report_.summary_hash)
      add({FindingId::summary_hash_mismatch, cat(summarized.by, ", MeasurementSummaryHash"),
           "is not the hash of the measurements that were read", "the measurements changed in between; measure again"});
    return;
  }
}

}  // namespace spdm
