#include "cmd/output/message_decoder.h"

#include <algorithm>

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

DecodedMessage describe(const Message& message, std::size_t index) {
  DecodedMessage out;
  out.json = Json{{"index", index + 1}, {"from", message.from_requester ? "requester" : "responder"}};
  if (!message.secured && message.bytes.size() >= kHeaderSize) {
    const Header header = read_header(message.bytes);
    const std::string_view version = version_name(header.version);
    out.json["name"] = name(header.code);
    out.json["version"] = version == "unknown" ? cat("0x", hex(header.version, 2)) : std::string(version);
  }
  out.json["length"] = message.bytes.size();
  out.json["hex"] = hex(message.bytes);
  return out;
}

void blame(DecodedMessage& out, const Error& error) {
  out.broken = true;
  if (!out.json.contains("why")) out.json["why"] = printable(error.what());
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

MessageDecoder::MessageDecoder(const Evidence& evidence, Parameters assumed, Tolerance tolerance)
    : binding_(evidence.binding),
      assumed_(std::move(assumed)),
      connection_(begin_connection(evidence, assumed_)),
      tolerance_(std::move(tolerance)) {
  connection_.tolerate(tolerance_);
}

std::vector<DecodedMessage> MessageDecoder::next(const Message& message, std::size_t index) {
  DecodedMessage own = describe(message, index);
  if (message.secured) {
    own.json["note"] = "inside a secure session, not read";
    return {std::move(own)};
  }
  std::vector<DecodedMessage> out{std::move(own)};
  try {
    const Code code = read_header(message.bytes).code;
    if (message.from_requester && code == Code::get_version) listener_ = {};
    explain(out.front(), message.bytes, {parameters(), message.from_requester ? std::nullopt : last_request_, &tolerance_});
    if (message.from_requester && code != Code::respond_if_ready) last_request_ = message.bytes;
    follow(message, index, out);
  } catch (const Error& error) {
    blame(out.front(), error);
  }
  return out;
}

const Parameters& MessageDecoder::parameters() const {
  return connection_.negotiated() || connection_.capabilities() ? connection_.parameters() : assumed_;
}

void MessageDecoder::explain(DecodedMessage& out, View bytes, const DecodeContext& context) {
  tolerance_.begin();
  const std::optional<Fields> fields = decode_fields(bytes, context);
  tell(out, tolerance_.deviations());
  if (!fields) {
    out.json["note"] = "a message that is not read further";
    return;
  }
  out.json["fields"] = fields->fields;
  const View surplus = bytes.subspan(fields->used);
  if (surplus.empty()) return;
  if (connection_.parameters().assumed && surplus.size() > padding_allowed(binding_)) {
    out.json["note"] = cat(surplus.size(), surplus.size() == 1 ? " byte follows" : " bytes follow", " the end of the message");
    return;
  }
  if (surplus.size() > padding_allowed(binding_)) {
    const std::string title = out.json["name"];
    return Reader(bytes, title, &tolerance_).breaks("length", cat(surplus.size(), " bytes after the end of the message"));
  }
  out.json["padding"] = surplus.size();
}

// What the listener puts together: the state that later messages need, and messages that came in chunks.
void MessageDecoder::follow(const Message& message, std::size_t index, std::vector<DecodedMessage>& out) {
  std::optional<Exchange> exchange = listener_.hear(message, index);
  if (!exchange) return;
  const bool whole = exchange->response.size() == message.bytes.size();
  if (!whole) {
    DecodedMessage joined = describe({.from_requester = false, .secured = false, .bytes = exchange->response}, index);
    joined.json["note"] = "put together from chunks";
    try {
      explain(joined, exchange->response, {parameters(), exchange->request, &tolerance_});
    } catch (const Error& error) {
      blame(joined, error);
    }
    out.push_back(std::move(joined));
  }
  try {
    connection_.observe(std::move(*exchange));
  } catch (const Error&) {
    tell(out.back(), connection_.deviations());
    throw;
  }
  tell(out.back(), connection_.deviations());
}

}  // namespace spdm::cmd
