#include "core/evidence/file.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "core/calendar.h"
#include "core/crypto/crypto.h"
#include "core/error.h"
#include "core/evidence/host_file.h"
#include "core/evidence/message_time.h"
#include "core/file.h"
#include "core/file_kinds.h"
#include "core/format/json_reader.h"
#include "core/text.h"

namespace spdm {

namespace {

// Only UTC, as write_evidence() writes it: evidence has one form.
bool is_utc_time(const std::string& text) { return text.size() > 10 && text[10] == 'T' && text.back() == 'Z' && parse_rfc3339(text); }

Block<32> read_nonce(JsonReader& json) {
  const std::string_view digits = json.string();
  if (digits.size() != 64) json.fail("is not 64 hex digits");
  const Bytes bytes = convert(json, [&] { return unhex(digits, "nonce"); });
  if (bytes.size() != 32) json.fail("is not 64 hex digits");  // spaces between them
  Block<32> out;
  std::copy(bytes.begin(), bytes.end(), out.begin());
  return out;
}

Bytes read_base64(JsonReader& json) {
  const std::string_view text = json.string();
  return convert(json, [&] { return from_base64(text, "data"); });
}

Message read_message(JsonReader& json) {
  Message out{};
  json.object({"from", "data"}, {"time", "secured", "session"}, [&](std::string_view key) {
    if (key == "from") {
      const std::string_view side = json.string();
      out.from_requester = side == "requester";
      if (!out.from_requester && side != "responder") json.fail("is neither \"requester\" nor \"responder\"");
    } else if (key == "time") {
      out.time = parse_message_time(json.string());
      if (!out.time) json.fail("is not a time in UTC with nanoseconds (RFC 3339)");
    } else if (key == "secured") {
      out.secured = json.boolean();
    } else if (key == "session") {
      out.inside = static_cast<std::uint32_t>(json.number(std::numeric_limits<std::uint32_t>::max()));
      if (out.inside == 0) json.fail("is 0; a message outside a session has no such member");
    } else {
      out.bytes = read_base64(json);
      if (out.bytes.empty()) json.fail("is an empty message");
    }
  });
  if (out.secured && out.inside != 0) json.fail("is both secured and the plain text of a session, and can be only one");
  return out;
}

Interruption read_error(JsonReader& json) {
  Interruption out;
  json.object({"id", "message"}, {"hint"}, [&](std::string_view key) {
    const std::string_view text = read_text(json);
    if (key == "message") out.message = text;
    if (key == "hint") out.hint = text;
    if (key != "id") return;
    const ErrorRow* row = find_error(text);
    if (row == nullptr) json.fail(cat("'", printable(text.substr(0, 64)), "' is not the id of an error"));
    out.id = row->id;
  });
  return out;
}

Detached read_detached(JsonReader& json) {
  Detached out;
  std::size_t bytes = 0;
  json.object({"format", "chains"}, {"asym", "hash"}, [&](std::string_view key) {
    if (key == "format") out.format = read_text(json);
    if (key == "asym") {
      const AsymAlgorithm* row = find_asym(json.string());
      if (row == nullptr) json.fail("is not a signature algorithm of SPDM");
      out.asym = row->name;
    }
    if (key == "hash") {
      const HashAlgorithm* row = find_hash(json.string());
      if (row == nullptr) json.fail("is not a hash algorithm of SPDM");
      out.hash = row->name;
    }
    if (key != "chains") return;
    json.array([&] {
      ChainBeside chain;
      json.object({"certificates"}, {"slot"}, [&](std::string_view member) {
        if (member == "slot") chain.slot = static_cast<std::uint8_t>(json.number(7));
        if (member == "certificates") chain.certificates = read_base64(json);
      });
      for (const ChainBeside& other : out.chains)
        if (!chain.slot || !other.slot || *chain.slot == *other.slot) json.fail("is a second chain of a slot");
      if (chain.certificates.empty()) json.fail("has no certificates");
      bytes += chain.certificates.size();
      if (bytes > kMaxChainBytes) json.fail(cat("exceeds the limit of ", kMaxChainBytes, " bytes for all chains together"));
      out.chains.push_back(std::move(chain));
    });
  });
  return out;
}

std::string detached_json(const Detached& detached) {
  std::string out = cat(R"({"format":)", quoted(detached.format));
  if (!detached.asym.empty()) out += cat(R"(,"asym":)", quoted(detached.asym));
  if (!detached.hash.empty()) out += cat(R"(,"hash":)", quoted(detached.hash));
  out += R"(,"chains":[)";
  std::string_view comma;
  for (const ChainBeside& chain : detached.chains) {
    out += cat(comma, "{", chain.slot ? cat(R"("slot":)", *chain.slot, ",") : "", R"("certificates":")", base64(chain.certificates), "\"}");
    comma = ",";
  }
  return out + "]}";
}

}  // namespace

namespace {

constexpr std::size_t kPiece = 4 * kKiB;

// The file piece by piece: its hash is computed without ever having it whole.
template <class Put>
void write_pieces(const Evidence& evidence, Put put) {
  std::string out = cat(R"({"schema":")", evidence.detached ? kDetachedSchema : kEvidenceSchema, R"(","collector":)",
                        quoted(evidence.collector), R"(,"time":)", quoted(evidence.time), R"(,"live":)", evidence.live ? "true" : "false",
                        R"(,"binding":")", name(evidence.binding), R"(","host":)", host_json(evidence.host), R"(,"nonces":[)");
  std::string_view comma;
  for (const Block<32>& nonce : evidence.nonces) {
    out += cat(comma, '"', hex(nonce), '"');
    comma = ",";
  }
  out += "]";
  if (!evidence.provisioned_key.empty()) out += cat(R"(,"provisioned_key":")", base64(evidence.provisioned_key), '"');

  if (evidence.detached) out += cat(R"(,"detached":)", detached_json(*evidence.detached));

  if (const std::optional<Interruption>& error = evidence.error) {
    out += cat(R"(,"error":{"id":")", row(error->id).name, R"(","message":)", quoted(error->message));
    out += error->hint.empty() ? "}" : cat(R"(,"hint":)", quoted(error->hint), "}");
  }

  out += R"(,"messages":[)";
  comma = {};
  for (const Message& message : evidence.log) {
    out += comma;
    out += message.from_requester ? R"({"from":"requester",)" : R"({"from":"responder",)";
    if (message.secured) out += R"("secured":true,)";
    // A capture keeps its times itself. Evidence that is made from it is the same bytes as ever, so its hash is the same, too.
    if (message.time && !evidence.collector.empty()) out += cat(R"("time":")", utc_of(*message.time), "\",");
    if (message.inside != 0) out += cat(R"("session":)", message.inside, ",");
    out += R"("data":")";
    out += base64(message.bytes);
    out += "\"}";
    comma = ",";
    if (out.size() < kPiece) continue;
    put(out);
    out.clear();
  }
  put(out);
  put("]}");
}

}  // namespace

std::string write_evidence(const Evidence& evidence) {
  constexpr std::size_t kAround = 128;  // a message and what stands around it
  std::size_t size = 4 * kKiB;
  for (const Message& message : evidence.log) size += (message.bytes.size() + 2) / 3 * 4 + kAround;
  std::string out;
  out.reserve(size);
  write_pieces(evidence, [&](std::string_view piece) { out += piece; });
  return out;
}

std::string evidence_line(const Evidence& evidence, FileKind kind, std::string_view signature) {
  std::string out = write_evidence(evidence);
  if (!signature.empty()) {
    out.pop_back();
    out += cat(R"(,"signature":")", signature, "\"}");
  }
  out += "\n";
  assert_readable(out.size(), kind);
  return out;
}

std::string evidence_sha256(const Evidence& evidence) {
  crypto::Hasher hasher(*find_hash("SHA-256"));
  write_pieces(evidence, [&](std::string_view piece) { hasher.update(as_bytes(piece)); });
  return hex(hasher.finish());
}

Evidence read_evidence(std::string_view text, std::string_view what) {
  if (text.size() > limit_of(FileKind::evidence))
    throw Error(ErrorId::bad_input, cat(what, ": ", text.size(), " bytes exceed the limit of ", limit_of(FileKind::evidence)));
  Evidence out;
  Intake intake;
  JsonReader json(text, what);
  bool is_detached = false;
  json.object({"schema", "collector", "time", "live", "binding", "host", "nonces", "messages"},
              {"provisioned_key", "detached", "error", "signature"}, [&](std::string_view key) {
                if (key == "schema") {
                  const std::string_view schema = json.string();
                  is_detached = schema == kDetachedSchema;
                  if (schema != kEvidenceSchema && !is_detached)
                    json.fail(cat("'", printable(schema.substr(0, 64)), "' is neither ", kEvidenceSchema, " nor ", kDetachedSchema));
                } else if (key == "detached") {
                  out.detached = read_detached(json);
                } else if (key == "collector") {
                  out.collector = read_text(json);
                } else if (key == "time") {
                  out.time = read_text(json);
                  if (!out.time.empty() && !is_utc_time(out.time)) json.fail("is not a time in UTC (RFC 3339)");
                } else if (key == "live") {
                  out.live = json.boolean();
                } else if (key == "binding") {
                  const std::optional<Binding> binding = binding_of(json.string());
                  if (!binding) json.fail("is not a binding (none, mctp, doe, tcp, storage)");
                  out.binding = *binding;
                } else if (key == "host") {
                  out.host = read_host(json);
                } else if (key == "nonces") {
                  json.array([&] { out.nonces.push_back(read_nonce(json)); });
                } else if (key == "provisioned_key") {
                  out.provisioned_key = read_base64(json);
                  if (out.provisioned_key.size() > limit_of(FileKind::key))
                    json.fail(cat("has ", out.provisioned_key.size(), " bytes; the limit for a key is ", limit_of(FileKind::key)));
                } else if (key == "error") {
                  out.error = read_error(json);
                } else if (key == "signature") {
                  out.signature = json.string();
                  if (out.signature.empty() || out.signature.size() > kMaxEvidenceSignature)
                    json.fail(cat("is not 1 to ", kMaxEvidenceSignature, " characters"));
                } else {
                  json.array([&] {
                    Message message = read_message(json);
                    if (const std::optional<std::string> why = intake.refuses(message.bytes.size())) json.fail(*why);
                    out.log.push_back(std::move(message));
                  });
                }
              });
  json.finish();
  if (out.detached.has_value() != is_detached) throw Error(ErrorId::bad_input, cat(what, ": 'detached' belongs only to ", kDetachedSchema));
  if (out.collector.empty() && std::any_of(out.log.begin(), out.log.end(), [](const Message& message) { return message.time.has_value(); }))
    throw Error(ErrorId::bad_input, cat(what, ": messages have times, but no collector is named"));
  return out;
}

}  // namespace spdm
