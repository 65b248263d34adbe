#include "core/session/handshake.h"

#include <algorithm>

#include "core/error.h"
#include "core/text.h"
#include "core/wire/secured_versions.h"

namespace spdm {

namespace {

constexpr std::uint16_t kFirstWithAeadLimit = 0x1300;  // the version of secured messages

}  // namespace

std::uint16_t fresh_session_id() {
  const Bytes fresh = crypto::random(2);
  const unsigned number = Reader(fresh, "random").u16("number");
  return static_cast<std::uint16_t>(number % 0xFFFE + 1);
}

Summary summary_of(const SessionOptions& options, const Parameters& parameters) {
  const bool can = parameters.responder.has(cap::meas_mask) && parameters.measurement_specification != 0;
  return can ? options.summary : Summary::none;
}

SessionPolicy policy_of(const SessionOptions& options, const Parameters& parameters) {
  SessionPolicy out = options.policy;
  if (parameters.version < k13 || !parameters.responder.has(cap::event)) out.all_events = false;
  return out;
}

const SessionSeen& opened(const Requester& requester, std::string_view message) {
  const SessionSeen& seen = requester.connection().sessions().back();
  if (!seen.secured_version) malformed(message, "OpaqueData", "no version of secured messages is selected");
  // DSP0277, N229
  if (std::find(kSecuredVersions.begin(), kSecuredVersions.end(), *seen.secured_version) == kSecuredVersions.end())
    malformed(message, "OpaqueData",
              cat("version ", secured_version_name(*seen.secured_version), " of secured messages is selected, which was not offered"));
  return seen;
}

void keep_secret(const Requester& requester, const SessionOptions& options, const SessionSeen& seen, const SecretBytes& shared) {
  if (!options.keep) return;
  SessionSecret out;
  out.id = seen.id;
  out.kind = seen.is_psk() ? SessionKind::psk : SessionKind::key_exchange;
  out.response_sha256 = session_response_sha256(requester.connection().exchanges().at(seen.exchange).response);
  out.shared = shared.duplicate();
  // No message shows our chain then.
  if (seen.mutual_auth() == MutualAuth::optimized && options.identity)
    out.requester_identity = options.identity->identity(requester.connection().parameters());
  options.keep(std::move(out));
}

SessionSuite suite_of(const Parameters& parameters) {
  return {.version = parameters.version, .hash = parameters.hash, .aead = parameters.aead};
}

std::unique_ptr<ActiveSession> begin_session(Requester& requester, const SessionOptions& options, const SessionSeen& seen,
                                             KeySchedule schedule, View th1) {
  const Parameters& parameters = requester.connection().parameters();
  const RecordShape shape{
      .binding = requester.link().binding(), .session_id = seen.id, .encrypted = parameters.encrypts(), .aead = parameters.aead};
  const SessionKind kind = seen.is_psk() ? SessionKind::psk : SessionKind::key_exchange;
  SecuredSession session(kind, suite_of(parameters), shape, std::move(schedule), th1);
  // DSP0277 1.3: the responder may take fewer records under one key than there are numbers. We have said nothing, and take all.
  const Bytes& opaque = seen.is_psk() ? seen.psk_exchange_response->opaque : seen.key_exchange_response->opaque;
  const std::uint8_t exponent = decode_aead_limit(opaque, parameters, seen.is_psk() ? "PSK_EXCHANGE_RSP" : "KEY_EXCHANGE_RSP");
  if (*seen.secured_version >= kFirstWithAeadLimit && exponent < kNoAeadLimit) session.limit((std::uint64_t{1} << exponent) - 1);
  SessionTaps taps;
  if (options.keep_records) requester.keep_records();
  if (options.keep_records) taps.record = [&requester](bool from_requester, View record) { requester.keep_record(from_requester, record); };
  taps.secrets = options.secrets;
  return std::make_unique<ActiveSession>(requester, std::move(session), std::move(taps));
}

void check_verify_data(View received, View expected, std::string_view message) {
  if (!crypto::equal_in_constant_time(received, expected))
    malformed(message, "ResponderVerifyData", "it does not match: the responder has other keys, or saw other messages");
}

}  // namespace spdm
