#include "core/session/recorded_sessions.h"

#include <algorithm>

#include "core/crypto/aead.h"
#include "core/error.h"
#include "core/evidence/session_transcript.h"
#include "core/session/recorded_keys.h"
#include "core/text.h"

namespace spdm {

struct RecordedSessions::Session {
  Session(const SessionSecret& of, std::size_t begin, SessionTranscript th, SecuredSession session)
      : secret(of), begins_at(begin), transcript(std::move(th)), keys(std::move(session)) {}

  std::uint32_t id() const { return keys.session().id(); }
  SessionPhase phase() const { return keys.session().phase(); }
  VerifyDataCheck check(Direction by, View verify_data) const {
    return {by, crypto::equal_in_constant_time(keys.session().verify_data(by, transcript.hash()), verify_data)};
  }
  void establish() {
    keys.session().establish(transcript.hash());
    is_established = true;
  }
  void lose() {
    keys.session().kill();
    is_lost = true;
  }

  // Both tell the messages of a session in their order; who is first depends on the collector.
  void match(RecordedMessage& out) {
    while (!opened.empty() && !told.empty() && !is_contradicted) {
      is_contradicted = opened.front().from_requester != told.front().from_requester || opened.front().bytes != told.front().bytes;
      if (is_contradicted) out.why = "the record holds another message than the collector reports";
      opened.pop_front();
      told.pop_front();
    }
    if (!is_contradicted) return;  // once is enough
    opened.clear();
    told.clear();
  }
  bool holds() const { return is_established && !is_lost && !is_contradicted && !is_unconfirmed && opened.empty() && told.empty(); }

  const SessionSecret& secret;
  std::size_t begins_at;  // index of KEY_EXCHANGE or PSK_EXCHANGE in the log
  SessionTranscript transcript;
  RecordedKeys keys;
  bool is_established = false;
  bool is_lost = false;              // its records cannot be opened any more
  bool is_contradicted = false;      // by the collector
  bool is_unconfirmed = false;       // verify data was wrong
  std::deque<Message> opened, told;  // by a record, and by the collector; what the other tells, too, is taken out
};

namespace {

std::set<std::uint32_t> told_sessions(const MessageLog& log) {
  std::set<std::uint32_t> out;
  for (const Message& message : log)
    if (!message.secured && message.inside != 0) out.insert(message.inside);
  return out;
}

std::string shown(std::uint32_t id) { return cat("0x", hex(id, 8)); }

// Why no key can be derived; empty when all can.
std::string lacking(const Parameters& parameters) {
  if (parameters.hash == nullptr || parameters.aead == nullptr) return "no algorithms for sessions were negotiated";
  if (!crypto::supports(*parameters.hash)) return cat("the crypto library has no ", parameters.hash->name);
  if (!crypto::supports(*parameters.aead)) return cat("the crypto library has no ", parameters.aead->name);
  return {};
}

View without(View message, View end) { return message.first(message.size() - end.size()); }

}  // namespace

RecordedSessions::RecordedSessions(const Evidence& evidence, std::span<const SessionSecret> secrets, const Tolerance& tolerance)
    : binding_(evidence.binding), secrets_(secrets), told_(told_sessions(evidence.log)), connection_(evidence.binding) {
  connection_.provision(evidence.provisioned_key);
  connection_.tolerate(tolerance);
}

RecordedSessions::~RecordedSessions() = default;

// The last one: ids are used again.
RecordedSessions::Session* RecordedSessions::find(std::uint32_t id) const {
  const auto found = std::find_if(sessions_.rbegin(), sessions_.rend(), [&](const auto& session) { return session->id() == id; });
  return found == sessions_.rend() ? nullptr : found->get();
}

// The session that a FINISH in the clear is of.
RecordedSessions::Session* RecordedSessions::in_handshake() const {
  const auto found = std::find_if(sessions_.rbegin(), sessions_.rend(), [&](const auto& session) {
    return session->phase() == SessionPhase::handshake && session->secret.kind == SessionKind::key_exchange;
  });
  return found == sessions_.rend() ? nullptr : found->get();
}

RecordedMessage RecordedSessions::next(const Message& message, std::size_t index) {
  RecordedMessage out;
  Session* const session = message.secured || message.inside == 0 ? nullptr : find(message.inside);
  if (message.secured) {
    open(message, out);
    if (out.opened) follow(*out.opened, index, out);
  } else if (session != nullptr) {
    session->told.push_back(message);
    session->match(out);
  } else {
    follow(message, index, out);
  }
  return out;
}

void RecordedSessions::open(const Message& record, RecordedMessage& out) {
  Session* session = nullptr;
  try {
    session = find(record_session_id(record.bytes));
    if (session == nullptr || session->is_lost) return;
    if (session->phase() == SessionPhase::dead) malformed("secured message", "session id", cat(shown(session->id()), " has ended"));
    const Direction by = record.from_requester ? Direction::request : Direction::response;
    out.opened = Message{record.from_requester, false, session->keys.open(by, record.bytes, requester_.asked()), session->id()};
  } catch (const Error& error) {
    out.why = error.what();
    if (session != nullptr) session->lose();
    return;
  }
  if (told_.count(session->id()) == 0) return;
  session->opened.push_back(*out.opened);
  session->match(out);
}

// What is wrong with a message is told by whoever decodes it.
void RecordedSessions::follow(const Message& message, std::size_t index, RecordedMessage& out) try {
  if (message.from_requester && read_header(message.bytes).code == Code::get_version) listener_ = {};
  std::optional<Exchange> exchange = listener_.hear(message, index);
  if (!exchange) return;
  connection_.observe(std::move(*exchange));
  observed(out);
} catch (const Error&) {
}

void RecordedSessions::observed(RecordedMessage& out) {
  const Exchange& exchange = connection_.exchanges().back();
  const Code code = exchange.request_code();
  if (code == Code::finish || code == Code::psk_finish) return finish_session(out);
  if (!exchange.is_error()) {
    if (code == Code::get_version) end_sessions();  // DSP0274 "GET_VERSION": it ends all sessions
    if (code == Code::key_exchange || code == Code::psk_exchange) return begin_session(out);
    Session* const session = exchange.inside == 0 ? nullptr : find(exchange.inside);
    if (code == Code::end_session && session != nullptr) session->keys.session().kill();
  }
  requester_.observe(exchange, connection_.parameters());
}

void RecordedSessions::end_sessions() {
  for (const auto& session : sessions_) session->keys.session().kill();
  requester_ = {};
}

void RecordedSessions::begin_session(RecordedMessage& out) try {
  const SessionSeen& seen = connection_.sessions().back();
  const Parameters& parameters = connection_.parameters();
  const Exchange& exchange = connection_.exchanges().back();
  requester_.begin_handshake(parameters.version, seen.mutual_auth() == MutualAuth::digests);
  const Block<32> hash = session_response_sha256(exchange.response);
  const auto secret = std::find_if(secrets_.begin(), secrets_.end(), [&](const SessionSecret& one) { return one.response_sha256 == hash; });
  if (secret == secrets_.end()) return;
  const auto refuse = [&](std::string_view why) { out.why = cat("session ", shown(seen.id), " cannot be opened: ", why); };
  const SessionKind kind = seen.is_psk() ? SessionKind::psk : SessionKind::key_exchange;
  if (secret->id != seen.id) return refuse(cat("the file of secrets says that it is ", shown(secret->id)));
  if (secret->kind != kind) return refuse(cat("the file of secrets has \"", name(secret->kind), "\" for it"));
  if (const std::string why = lacking(parameters); !why.empty()) return refuse(why);
  const auto is_open = [](const auto& session) { return session->phase() != SessionPhase::dead; };
  if (std::count_if(sessions_.begin(), sessions_.end(), is_open) >= static_cast<std::ptrdiff_t>(kMaxOpenRecorded))
    return refuse(cat(kMaxOpenRecorded, " others are open"));

  const View identity = seen.is_psk() ? View() : connection_.session_identity(seen.slot);
  if (!seen.is_psk() && identity.empty()) return refuse(cat("the certificate chain or key of slot ", seen.slot, " was not recorded"));
  const Bytes a = vca(connection_.exchanges());
  const HashAlgorithm& algorithm = *parameters.hash;
  SessionTranscript transcript = seen.is_psk() ? SessionTranscript::of_psk(algorithm, a)
                                               : SessionTranscript::of_key_exchange(algorithm, a, connection_.session_digests(), identity);
  const Bytes& verify_data = seen.is_psk() ? seen.psk_exchange_response->verify_data : seen.key_exchange_response->verify_data;
  transcript.append(exchange.request);
  transcript.append(without(exchange.response, verify_data));

  const SessionSuite suite{parameters.version, parameters.hash, parameters.aead};
  const RecordShape shape{binding_, seen.id, parameters.encrypts(), parameters.aead};
  KeySchedule schedule =
      seen.is_psk() ? KeySchedule::from_psk(suite, secret->shared) : KeySchedule::from_key_exchange(suite, secret->shared);
  const Bytes th1 = transcript.hash();
  sessions_.push_back(std::make_unique<Session>(*secret, exchange.log_index, std::move(transcript),
                                                SecuredSession(kind, suite, shape, std::move(schedule), th1)));
  Session& session = *sessions_.back();
  if (!verify_data.empty()) note(session, session.check(Direction::response, verify_data), out);
  session.transcript.append(verify_data);
  // DSP0274 "PSK_EXCHANGE": without a ResponderContext there is no PSK_FINISH.
  if (seen.state == SessionSeen::State::established) session.establish();
} catch (const Error& error) {
  out.why = cat("its session cannot be opened: ", error.what());
}

// FINISH or PSK_FINISH up to its end, with what mutual authentication adds before it; the verify data is checked on the way.
void RecordedSessions::check_request(Session& session, const Exchange& exchange, RecordedMessage& out) {
  const Parameters& parameters = connection_.parameters();
  Bytes verify_data;
  std::size_t size = 0;
  if (session.secret.kind == SessionKind::psk) {
    Reader reader(exchange.request, "PSK_FINISH");
    verify_data = PskFinish::decode(reader, parameters).verify_data;
    size = reader.offset();
  } else {
    Reader reader(exchange.request, "FINISH");
    Finish finish = Finish::decode(reader, parameters);
    size = reader.offset();
    if (!finish.signature.empty()) {
      View identity = requester_.chain(finish.slot);
      if (identity.empty()) identity = session.secret.requester_identity;
      if (identity.empty())
        reader.fail("signature", cat("what slot ", finish.slot,
                                     " of the requester proves itself with was not recorded, and the file of "
                                     "secrets has no \"requester_identity\""));
      session.transcript.append_requester(requester_.digests(), identity);
    }
    verify_data = std::move(finish.verify_data);
  }
  const View whole = View(exchange.request).first(size);
  session.transcript.append(without(whole, verify_data));
  note(session, session.check(Direction::request, verify_data), out);
  session.transcript.append(verify_data);
}

void RecordedSessions::finish_session(RecordedMessage& out) {
  const Exchange& exchange = connection_.exchanges().back();
  const Parameters& parameters = connection_.parameters();
  Session* const session = exchange.inside != 0 ? find(exchange.inside) : in_handshake();
  if (session == nullptr || session->phase() != SessionPhase::handshake) return;
  try {
    const SessionTranscript before = session->transcript;
    check_request(*session, exchange, out);
    if (exchange.is_error()) {  // it may be sent again
      session->transcript = before;
      return;
    }
    Bytes verify_data;
    if (session->secret.kind == SessionKind::key_exchange) {
      Reader reader(exchange.response, "FINISH_RSP");
      verify_data = FinishResponse::decode(reader, parameters).verify_data;
    }
    session->transcript.append(without(exchange.response, verify_data));
    if (!verify_data.empty()) note(*session, session->check(Direction::response, verify_data), out);
    session->transcript.append(verify_data);
    session->establish();
  } catch (const Error& error) {
    out.why = cat("session ", shown(session->id()), " cannot be opened further: ", error.what());
    session->lose();
  }
}

void RecordedSessions::note(Session& session, VerifyDataCheck check, RecordedMessage& out) {
  session.is_unconfirmed = session.is_unconfirmed || !check.is_good;
  out.checks.push_back(check);
}

std::set<std::size_t> RecordedSessions::proven() const {
  std::set<std::size_t> out;
  for (const auto& session : sessions_)
    if (session->holds()) out.insert(session->begins_at);
  return out;
}

std::vector<std::string> RecordedSessions::unmatched() const {
  std::vector<std::string> out;
  for (const auto& session : sessions_) {
    if (session->is_lost) continue;  // that is told
    const auto tell = [&](const std::deque<Message>& left, std::string_view who) {
      if (left.empty()) return;
      out.push_back(
          cat("session ", shown(session->id()), ": ", left.size(), left.size() == 1 ? " message" : " messages", " that only ", who));
    };
    tell(session->told, "the collector reports");
    tell(session->opened, "the records hold");
  }
  return out;
}

}  // namespace spdm
