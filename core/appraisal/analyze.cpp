#include "core/appraisal/analyze.h"

#include "core/appraisal/told_sessions.h"
#include "core/error.h"
#include "core/evidence/budget.h"
#include "core/protocol/detached.h"
#include "core/text.h"

namespace spdm {

namespace {

Finding violation(std::size_t message, std::string why) {
  return {FindingId::protocol_violation, cat("message ", message + 1), std::move(why),
          "look at it with: spdmctl decode; report it to the vendor of the device"};
}

Finding tolerated(std::size_t message, const Deviation& deviation) {
  return {FindingId::rule_tolerated, cat("message ", message + 1, ", ", deviation.rule->name),
          cat(deviation.why, " (", deviation.rule->clause, ")"), cat("it must be: ", deviation.rule->what)};
}

Finding no_common_algorithm(std::size_t message, const Error& error) {
  return {FindingId::no_common_algorithm, cat("message ", message + 1), error.what(), error.hint};
}

Finding resynchronized(std::size_t message) {
  return {FindingId::resynchronized, cat("message ", message + 1),
          "the responder lost its state (RequestResynch), and the connection started again here",
          "only later messages count; if this happens repeatedly, the device resets itself: report it to its vendor"};
}

// Counts what connections keep, beside their messages.
class Kept {
 public:
  // Why no more is looked at; nothing while there is room.
  std::optional<std::string> over(const Exchange& exchange, const Analysis& so_far) {
    const bool opens = exchange.request_code() == Code::get_version || so_far.connections.empty();
    if (opens && so_far.connections.size() == kMaxConnections) return cat("the evidence has more than ", kMaxConnections, " connections");
    if (so_far.findings.size() >= kMaxFindings) return cat("the evidence breaks the protocol more than ", kMaxFindings, " times");
    constexpr std::size_t kHead = 16;  // of a large CERTIFICATE
    if (exchange.request_code() == Code::get_certificate && exchange.response.size() > kHead)
      chain_bytes_ += exchange.response.size() - kHead;
    if (chain_bytes_ > kMaxChainBytes)
      return cat("the certificate chains of all slots and connections have more than ", kMaxChainBytes, " bytes");
    return std::nullopt;
  }
  std::optional<std::string> over_signatures(const Connection& connection) {
    if (!connection.exchanges().empty() && connection.exchanges().back().signature_size != 0) ++signatures_;
    if (signatures_ <= kMaxSignatures) return std::nullopt;
    return cat("the evidence has more than ", kMaxSignatures, " signatures");
  }

 private:
  std::size_t chain_bytes_ = 0, signatures_ = 0;
};

Finding budget_reached(std::size_t message, const std::string& why) {
  return {FindingId::budget_reached, cat("message ", message + 1), cat(why, ": this message and all later ones are ignored"),
          "record one connection at a time; do not use a device that alone sends this much"};
}

// What the parts that others have kept do not show.
void describe_parts(const Evidence& evidence, Analysis& out) {
  const Connection& connection = out.connections.back();
  const Parameters& parameters = connection.parameters();
  if (parameters.assumed)
    out.findings.push_back(
        {FindingId::evidence_detached, "",
         cat("it begins in the middle of a connection: versions, capabilities, algorithms and digests were not seen",
             parameters.asym == nullptr                                 ? ""
             : connection.algorithm_source() == AlgorithmSource::stated ? "; the algorithms are those that the collector states"
                                                                        : "; the algorithms are those that the key of the leaf allows"),
         "a rule can require that the negotiation is signed: require: {negotiation: proven}"});
  if (connection.surplus() != 0 && parameters.asym != nullptr)
    out.findings.push_back({FindingId::surplus_bytes, cat("message ", evidence.log.size()),
                            cat(connection.surplus(), connection.surplus() == 1 ? " byte follows" : " bytes follow",
                                " the end of the message; this is not signed"),
                            "the tool that saved the evidence added it"});
}

// Takes the exchange, and tells which rules it breaks that are tolerated.
void observe(Connection& connection, Exchange exchange, std::size_t message, std::vector<Finding>& findings) {
  const auto tell = [&] {
    for (const Deviation& deviation : connection.deviations()) findings.push_back(tolerated(message, deviation));
  };
  try {
    connection.observe(std::move(exchange));
  } catch (const Error&) {
    tell();
    throw;
  }
  tell();
}

}  // namespace

Analysis analyze(const Evidence& evidence, const Tolerance& tolerance) {
  Analysis out;
  Listener listener;
  Kept kept;
  const ToldSessions told(evidence.log);
  bool broken = false;  // after a violation the rest of the connection is ignored
  for (std::size_t i = 0; i < evidence.log.size(); ++i) {
    const Message& message = evidence.log[i];
    if (message.secured) {
      if (!told.hold_record(message)) ++out.secured_messages;
      continue;
    }
    try {
      if (message.from_requester && read_header(message.bytes).code == Code::get_version) {
        if (listener.asked_to_resynch()) out.findings.push_back(resynchronized(i));
        listener = {};
        broken = false;
      }
      if (broken) continue;
      std::optional<Exchange> exchange = listener.hear(message, i);
      if (!exchange) continue;
      std::optional<std::string> over = kept.over(*exchange, out);
      if (over) {
        out.findings.push_back(budget_reached(i, *over));
        return out;
      }
      if (exchange->request_code() == Code::get_version || out.connections.empty()) {
        // A recording may be cut short by whoever made it. What we ask ourselves begins at the beginning.
        const bool in_the_middle = !evidence.live && exchange->request_code() != Code::get_version;
        out.connections.push_back(in_the_middle ? connection_in_the_middle(evidence) : Connection(evidence.binding));
        if (evidence.detached) out.connections.back().keep_surplus();
        out.connections.back().tolerate(tolerance);
        out.connections.back().provision(evidence.provisioned_key);
      }
      observe(out.connections.back(), std::move(*exchange), i, out.findings);
      over = kept.over_signatures(out.connections.back());
      if (over) {
        out.findings.push_back(budget_reached(i, *over));
        return out;
      }
    } catch (const Error& error) {
      // Nothing else that is observed throws this one.
      out.findings.push_back(error.id == ErrorId::no_spdm ? no_common_algorithm(i, error) : violation(i, error.what()));
      broken = true;
    }
  }
  if (listener.waiting() && !broken && !evidence.error)
    out.findings.push_back({FindingId::capture_incomplete, cat("message ", evidence.log.size()), "the last request has no response",
                            "capture the whole connection"});
  if (!out.connections.empty()) describe_parts(evidence, out);
  if (out.secured_messages != 0)
    out.findings.push_back(
        {FindingId::secured_traffic, "", cat(out.secured_messages, " messages inside a secure session were not read"), ""});
  return out;
}

}  // namespace spdm
