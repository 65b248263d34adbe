#include "cmd/output/message_decoder.h"

#include <algorithm>

#include "cmd/output/decode_certificates.h"
#include "core/evidence/message_time.h"
#include "core/protocol/detached.h"
#include "core/text.h"

namespace spdm::cmd {

namespace {

Connection begin_connection(const Evidence& evidence, Parameters& assumed) {
  if (!begins_in_the_middle(evidence)) return Connection(evidence.binding);
  try {
    const Connection begun = connection_in_the_middle(evidence);
    if (assumed.asym == nullptr && assumed.hash == nullptr) assumed = begun.parameters();
    return {evidence.binding, assumed, AlgorithmSource::stated, {}};
  } catch (const Error&) {  // each message tells it
    return Connection(evidence.binding);
  }
}

std::string session_text(std::uint32_t id) { return cat("0x", hex(id, 8)); }

DecodedMessage describe(const Message& message, std::size_t index) {
  DecodedMessage out;
  out.json = Json{{"index", index + 1}, {"from", message.from_requester ? "requester" : "responder"}};
  if (message.time) out.json["time"] = utc_of(*message.time);
  if (!message.secured && message.bytes.size() >= kHeaderSize) {
    const Header header = read_header(message.bytes);
    const std::string_view version = version_name(header.version);
    out.json["name"] = name(header.code);
    out.json["version"] = version == "unknown" ? cat("0x", hex(header.version, 2)) : std::string(version);
  }
  if (message.inside != 0) out.json["session"] = session_text(message.inside);
  out.json["length"] = message.bytes.size();
  out.json["hex"] = hex(message.bytes);
  return out;
}

// Of a message as it may be shown.
DecodedMessage describe(Message message, HiddenKeys::Shown shown, std::size_t index) {
  message.bytes = std::move(shown.bytes);
  DecodedMessage out = describe(message, index);
  if (shown.hidden) out.json["hidden"] = "key";
  return out;
}

void blame(DecodedMessage& out, std::string_view why) {
  out.broken = true;
  if (!out.json.contains("why")) out.json["why"] = printable(why);
}

// What a secured message shows to whoever has no key (DSP0277; DSP0276 and DSP0286 for the number).
void describe_record(DecodedMessage& out, const Message& record, Binding binding) {
  Reader reader(record.bytes, "secured message");
  out.json["session"] = session_text(reader.u32("session id"));
  if (binding == Binding::mctp || binding == Binding::storage) out.json["sequence_number"] = reader.u16("sequence number");
}

void add_checks(DecodedMessage& out, const std::vector<VerifyDataCheck>& checks) {
  for (const VerifyDataCheck& check : checks) {
    const std::string_view field = verify_data_name(check.by);
    out.json["verify_data"].push_back(Json{{"field", field}, {"good", check.is_good}});
    if (!check.is_good) blame(out, cat(field, " does not match the session secret and the messages before it"));
  }
}

// Decoding and following a message find the same, nearly: each is told once.
void tell(DecodedMessage& out, const std::vector<Deviation>& deviations) {
  for (const Deviation& deviation : deviations) {
    const Json told = printable(cat(deviation.rule->name, ": ", deviation.why, " (", deviation.rule->clause, ")"));
    Json& all = out.json["tolerated"];
    if (std::find(all.begin(), all.end(), told) == all.end()) all.push_back(told);
    out.broken = true;
  }
}

}  // namespace

MessageDecoder::MessageDecoder(const Evidence& evidence, Parameters assumed, Tolerance tolerance, std::span<const SessionSecret> secrets)
    : binding_(evidence.binding),
      assumed_(std::move(assumed)),
      connection_(begin_connection(evidence, assumed_)),
      tolerance_(std::move(tolerance)),
      sessions_(evidence, secrets, tolerance_) {
  connection_.tolerate(tolerance_);
  connection_.provision(evidence.provisioned_key);
}

std::vector<DecodedMessage> MessageDecoder::next(const Message& message, std::size_t index) {
  const RecordedMessage known = sessions_.next(message, index);
  std::vector<DecodedMessage> out;
  if (message.secured)
    show_record(message, index, known, out);
  else
    decode(message, index, out);
  if (!known.why.empty()) blame(out.front(), known.why);
  add_checks(out.back(), known.checks);
  return out;
}

void MessageDecoder::show_record(const Message& record, std::size_t index, const RecordedMessage& known, std::vector<DecodedMessage>& out) {
  out.push_back(describe(record, index));
  try {
    describe_record(out.front(), record, binding_);
  } catch (const Error& error) {
    blame(out.front(), error.what());
  }
  if (!known.opened) {
    const bool told = record.bytes.size() >= sizeof(std::uint32_t) && sessions_.is_told(record_session_id(record.bytes));
    out.front().json["note"] = told ? "inside a secure session, according to the collector" : "inside a secure session, not read";
    return;
  }
  out.front().json["opened"] = true;
  if (sessions_.is_told(known.opened->inside)) return;  // the collector tells the same: it is shown there
  Message opened = *known.opened;
  opened.time = record.time;
  decode(opened, index, out);
}

void MessageDecoder::decode(const Message& message, std::size_t index, std::vector<DecodedMessage>& out) {
  const std::size_t own = out.size();
  HiddenKeys::Shown shown = keys_.next(message);
  const Bytes bytes = shown.bytes;
  out.push_back(describe(message, std::move(shown), index));
  try {
    const Code code = read_header(message.bytes).code;
    if (message.from_requester && code == Code::get_version) listener_ = {};
    DecodeContext context{parameters(), message.from_requester ? std::nullopt : last_request_, &tolerance_};
    context.encapsulated = sessions_.asked();
    explain(out[own], bytes, message.inside, context);
    if (message.from_requester && code != Code::respond_if_ready) last_request_ = message.bytes;
    follow(message, index, out);
  } catch (const Error& error) {
    blame(out[own], error.what());
  }
}

const Parameters& MessageDecoder::parameters() const {
  return connection_.negotiated() || connection_.capabilities() ? connection_.parameters() : assumed_;
}

void MessageDecoder::explain(DecodedMessage& out, View bytes, std::uint32_t inside, const DecodeContext& context) {
  // A message of a session ends where its record says.
  const std::size_t padding = inside != 0 ? 0 : padding_allowed(binding_);
  tolerance_.begin();
  const std::optional<Fields> fields = decode_fields(bytes, context);
  tell(out, tolerance_.deviations());
  if (!fields) {
    out.json["note"] = "a message that is not decoded further";
    return;
  }
  out.json["fields"] = fields->fields;
  const View surplus = bytes.subspan(fields->used);
  if (surplus.empty()) return;
  if (connection_.parameters().assumed && surplus.size() > padding) {
    out.json["note"] = cat(surplus.size(), surplus.size() == 1 ? " byte follows" : " bytes follow", " the end of the message");
    return;
  }
  if (surplus.size() > padding) {
    const std::string title = out.json["name"];
    return Reader(bytes, title, &tolerance_).breaks("length", cat(surplus.size(), " bytes after the end of the message"));
  }
  out.json["padding"] = surplus.size();
}

// A message that came in chunks, as a whole.
void MessageDecoder::join(const Message& message, std::size_t index, const std::optional<Bytes>& request,
                          std::vector<DecodedMessage>& out) {
  HiddenKeys::Shown shown = hide_key(message.bytes);
  const Bytes bytes = shown.bytes;
  DecodedMessage joined = describe(message, std::move(shown), index);
  joined.json["note"] = "reassembled from chunks";
  try {
    DecodeContext context{parameters(), request, &tolerance_};
    context.encapsulated = sessions_.asked();
    explain(joined, bytes, message.inside, context);
  } catch (const Error& error) {
    blame(joined, error.what());
  }
  out.push_back(std::move(joined));
}

// What the listener puts together: the state that later messages need, and messages that came in chunks.
void MessageDecoder::follow(const Message& message, std::size_t index, std::vector<DecodedMessage>& out) {
  std::optional<Exchange> exchange = listener_.hear(message, index);
  if (message.from_requester && read_header(message.bytes).code == Code::chunk_send && listener_.request())
    join({.from_requester = true, .secured = false, .bytes = *listener_.request(), .inside = message.inside, .time = message.time}, index,
         std::nullopt, out);
  if (!exchange) return;
  if (exchange->response.size() != message.bytes.size())
    join({.from_requester = false, .secured = false, .bytes = exchange->response, .inside = exchange->inside, .time = message.time}, index,
         exchange->request, out);
  const bool has_chain = exchange->request_code() == Code::get_certificate && !exchange->is_error();
  const std::uint8_t slot = has_chain ? exchange->request[2] & 0x0F : 0;
  try {
    connection_.observe(std::move(*exchange));
  } catch (const Error&) {
    tell(out.back(), connection_.deviations());
    throw;
  }
  tell(out.back(), connection_.deviations());
  if (has_chain) show_chain(out.back(), slot);
}

// The chain that this message was the last portion of.
void MessageDecoder::show_chain(DecodedMessage& out, std::uint8_t slot) const {
  const HashAlgorithm* const hash = connection_.parameters().hash;
  if (hash == nullptr || !connection_.chain(slot).complete()) return;
  if (Json certificates = certificates_json(connection_.chain(slot).chain(), *hash); !certificates.is_null())
    out.json["certificates"] = std::move(certificates);
}

}  // namespace spdm::cmd
