// The one report that every output is rendered from: "schema": "spdmctl.report/2".
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/appraisal/device_facts.h"
#include "core/appraisal/device_match.h"
#include "core/appraisal/inspection.h"
#include "core/appraisal/measurement.h"
#include "core/appraisal/policy_words.h"
#include "core/evidence/chain.h"
#include "core/evidence/evidence.h"
#include "core/finding.h"
#include "core/format/json.h"
#include "core/protocol/connection.h"
#include "core/wire/endpoint_info.h"
#include "core/wire/negotiate.h"
#include "core/wire/vendor_defined.h"

namespace spdm {

class JsonWriter;

inline constexpr std::string_view kReportSchema = "spdmctl.report/2";
// The schema before that, still read. There "why" and "remedy" of an error were "message" and "hint", and "why" of a
// check was "detail".
inline constexpr std::string_view kReportSchemaBefore = "spdmctl.report/1";

// The part of a report that is about PCI encryption: what `inspect` prints.
inline constexpr std::string_view kInspectSchema = "spdmctl.inspect/1";

enum class Verdict { pass, fail, undetermined };
inline constexpr std::array kVerdicts{
    Word{Verdict::pass, "pass"},
    Word{Verdict::fail, "fail"},
    Word{Verdict::undetermined, "undetermined"},
};
static_assert(is_sound(kVerdicts));
inline std::string_view name(Verdict verdict) { return row_of(kVerdicts, verdict).name; }
inline std::optional<Verdict> verdict_of(std::string_view name) { return value_of(kVerdicts, name); }

enum class CheckStatus {
  pass,
  fail,
  not_run,     // required, but could not run: the verdict is undetermined
  not_needed,  // nobody asked for it
};
inline constexpr std::array kCheckStatuses{
    Word{CheckStatus::pass, "pass"},
    Word{CheckStatus::fail, "fail"},
    Word{CheckStatus::not_run, "not-run"},
    Word{CheckStatus::not_needed, "not-needed"},
};
static_assert(is_sound(kCheckStatuses));
inline std::string_view name(CheckStatus status) { return row_of(kCheckStatuses, status).name; }

struct CheckResult {
  Check check{};
  CheckStatus status = CheckStatus::not_run;
  std::string detail;  // one line: what was compared, or why it did not run
};

using SessionState = SessionSeen::State;
inline constexpr std::array kSessionStates{
    Word{SessionState::handshake, "handshake"},      // was not finished
    Word{SessionState::established, "established"},  // was not ended
    Word{SessionState::ended, "ended"},
};
static_assert(is_sound(kSessionStates));
inline std::string_view name(SessionState state) { return row_of(kSessionStates, state).name; }

// One session of a connection. What is signed of it is in the signatures; that messages were inside is the word of who collected.
struct SessionReport {
  std::uint32_t id = 0;
  SessionKind kind{};
  SessionState state = SessionState::handshake;
  std::uint8_t slot = 0;          // of the responder; only of a key exchange
  std::string_view key_exchange;  // algorithm; empty with a PSK
  std::string_view aead;          // algorithm; empty when none was negotiated
  bool encrypted = false;         // false: records are authenticated, and not secret
  bool handshake_in_the_clear = false;
  std::string secured_version;  // of DSP0277, "1.1"; empty when none was selected
  MutualAuth mutual_auth = MutualAuth::none;
  std::optional<std::uint8_t> requester_slot;  // what we authenticated with
  std::string_view requester_asym;             // and what that was signed with
  std::uint8_t heartbeat_period = 0;           // seconds; 0: none
  unsigned heartbeats = 0, key_updates = 0;
  std::size_t requests = 0;  // that were exchanged inside, the handshake not counted
  bool proven = false;       // by its records, opened with the secret that the owner kept; else what was inside is the collector's word

  bool is_established() const { return state != SessionState::handshake; }
};

// What was negotiated on a connection.
struct ConnectionReport {
  Parameters parameters;
  std::vector<std::string> offered_versions;  // by the responder, "1.2.1" style: major.minor.update.alpha
  bool negotiated = false;
  AlgorithmSource algorithm_source = AlgorithmSource::negotiated;
  bool negotiation_proven = false;                               // a good signature covers versions, capabilities and algorithms
  std::vector<std::string_view> supported_asym, supported_hash;  // from the Supported Algorithms block (1.3+); empty without one
  std::vector<SessionReport> sessions;                           // in the order in which they were opened

  // Also where nobody has seen the negotiation: then algorithm_source says how.
  bool knows_algorithms() const { return negotiated || (parameters.assumed && parameters.asym != nullptr); }
};

struct SlotReport {
  std::uint8_t slot = 0;
  bool provisioned = true;
  bool used = false;  // a signature was asked for with its key: it counts for the verdict
  Bytes digest;       // from DIGESTS; empty when not read
  std::uint8_t key_pair_id = 0;
  std::uint16_t key_usage = 0;
  std::optional<ChainResult> chain;  // when it was read
  Bytes chain_bytes;                 // the SPDM certificate chain as read
};

enum class SignatureResult {
  good,
  bad,
  not_checked,  // no key, or no library, to verify it with
};
inline constexpr std::array kSignatureResults{
    Word{SignatureResult::good, "good"},
    Word{SignatureResult::bad, "bad"},
    Word{SignatureResult::not_checked, "not-checked"},
};
static_assert(is_sound(kSignatureResults));
inline std::string_view name(SignatureResult result) { return row_of(kSignatureResults, result).name; }

struct SignatureReport {
  std::string message;  // "CHALLENGE_AUTH", "MEASUREMENTS", "ENDPOINT_INFO"
  std::uint8_t slot = 0;
  std::size_t message_index = 0;  // of the request in the log
  std::string algorithm, hash;
  SignatureResult result = SignatureResult::not_checked;
  bool fresh = false;  // the nonce is one that the collector chose
  // Of a good one: SHA-256 of the key, the kind of the message and what was signed. Two pieces of evidence that share it have one
  // answer of one device, also where somebody has written the same signature in other bytes (s becomes n - s).
  Bytes answer;
};

// One measurement compared with its reference value. One of the two may be missing.
struct Comparison {
  enum class Result { match, mismatch, no_reference, not_reported, not_signed };  // not_signed: it fits, but no good signature covers it
  std::uint8_t index = 0;
  Result result = Result::no_reference;
  std::vector<std::string> expected;  // each of them would match: lower-case hex, text, "svn >= 5"; not escaped
  std::string reported;               // in the form of the expectations; empty when not reported
  std::string source;                 // file and line of the reference value; empty without one
  std::string environment;            // of concise evidence in the measurement: what was measured; raw, empty for a measurement itself
};
inline constexpr std::array kComparisonResults{
    Word{Comparison::Result::match, "match"},
    Word{Comparison::Result::mismatch, "mismatch"},
    Word{Comparison::Result::no_reference, "no-reference"},
    Word{Comparison::Result::not_reported, "not-reported"},
    Word{Comparison::Result::not_signed, "not-signed"},
};
static_assert(is_sound(kComparisonResults));
inline std::string_view name(Comparison::Result result) { return row_of(kComparisonResults, result).name; }

enum class DemandState {
  met,
  unmet,
  undecided,  // it could not be decided
};
inline constexpr std::array kDemandStates{
    Word{DemandState::met, "met"},
    Word{DemandState::unmet, "unmet"},
    Word{DemandState::undecided, "undecided"},
};
static_assert(is_sound(kDemandStates));
inline std::string_view name(DemandState state) { return row_of(kDemandStates, state).name; }

// What always must hold, in words.
inline constexpr std::string_view kAuthenticatedWords = "authenticated";

// One thing that had to hold.
struct DemandResult {
  std::string words;
  DemandState state = DemandState::met;

  bool operator==(const DemandResult&) const = default;
};

// What the owner's policy made of the device.
struct PolicyResult {
  std::string rule, origin;            // name, "FILE:LINE"
  bool exempt = false;                 // the rule takes the device out of scope: it is not appraised
  std::vector<DemandResult> demands;   // what had to hold
  std::vector<FailureAction> actions;  // what follows; nothing: it is allowed
  // Of the rule, for what is found only when several devices are seen together.
  bool shared = false;                      // several hosts may show the device
  std::optional<std::uint32_t> max_age;     // seconds
  std::vector<FailureAction> on_failure{};  // what follows when it fails
};
// "block", "power-off"; "allow" where nothing follows.
std::vector<std::string_view> action_names(const PolicyResult& policy);

// One difference from an earlier report.
struct Change {
  std::string what;           // "verdict", "leaf certificate", "measurement 0x02 (mutable-firmware)"
  std::string before, after;  // empty: it was absent then, or is absent now
};

// How far an appraisal goes. Protocol, chain, trust and signature are checked from `authenticate` on.
enum class Depth {
  look,          // what is there is shown (info, certs): no signature is required
  authenticate,  // the device is whom its chain names
  count,         // and the number of its measurements is signed
  measurements,  // and its measurements are signed
};

// One device, one appraisal.
struct Report {
  HostView host;
  std::string time, collector, source;        // source: the target, or the evidence file
  std::string evidence_sha256;                // see core/evidence/file.h; empty when nobody has computed it
  std::optional<CollectionCheck> collection;  // who has signed it as its collector; nothing where that is not asked
  Binding binding = Binding::none;
  Verdict verdict = Verdict::undetermined;
  Exit exit = Exit::internal;
  std::string reason;         // one line: why this verdict
  std::optional<bool> fresh;  // whether what is signed was signed for a nonce of whoever judges; nothing when nothing is signed well
  std::vector<std::string> tolerates;  // rules of the protocol that this run tolerates (tolerance.h); empty: it is strict
  bool judged = true;                  // false: nothing was appraised, the verdict says only whether the device could be read
  std::optional<Interruption> error;
  std::optional<ConnectionReport> connection;  // the last one of the evidence
  std::size_t connections = 0, messages = 0, bytes = 0, round_trips = 0;
  std::vector<SlotReport> slots;
  Proven proven;  // what the rule, and the reference values, were matched with
  std::vector<CheckResult> checks;
  std::vector<SignatureReport> signatures;
  std::optional<std::uint8_t> measurement_count;  // operation 0
  std::vector<Measurement> measurements;
  bool all_measured = false;  // a good signature says that these are all measurements of the device
  std::optional<ContentChanged> content_changed;
  Bytes summary_hash;
  std::vector<MelEntry> extension_log;
  std::vector<DeviceFact> facts;               // that the device says of itself beside its measurements
  std::vector<Comparison> comparisons;         // by index; empty when there were no reference values for the device
  std::optional<PolicyResult> policy;          // nothing when no policy was asked
  std::optional<std::vector<Change>> changes;  // nothing when there was no earlier report to compare with
  std::optional<EndpointInfoResponse> endpoint_info;
  std::vector<VendorDefined> vendor_defined;
  std::optional<Inspection> inspection;  // nothing where nobody asked about PCI encryption, and nothing was seen of it
  std::vector<Finding> findings;         // those that count for the verdict, the worst first
};

// The report on a source that gave no evidence.
Report error_report(const Error& error, const std::string& source);

// The members of the document that are only the collector's word: "time", "host.bdf". Empty where all was seen here, or is trusted.
std::vector<std::string_view> claims_of(const Report& report);

// nullptr where it is not part of the report.
const CheckResult* check_of(const Report& report, Check check);
// The slot that the verdict is about: the first whose key has signed, else the first whose chain was read, else
// nullptr.
const SlotReport* main_slot(const Report& report);

// The document of one device, and its members alone. Strings from the device are escaped (text.h).
void write_json(JsonWriter& out, const Report& report);
void write_members(JsonWriter& out, const Report& report);
void write_json(JsonWriter& out, const Finding& finding);
// The same as trees (tree_of() in json_writer.h).
Json to_json(const Report& report);
Json to_json(const Finding& finding);
// The member "error" of documents: why something could not be run, and what to do about it.
Json error_json(const Error& error);
Json to_json(const PlatformView& platform);  // empty when the platform says nothing
Json to_json(const CertificateInfo& certificate);

}  // namespace spdm
