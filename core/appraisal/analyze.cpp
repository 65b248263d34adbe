#include "core/appraisal/analyze.h"

#include "core/error.h"
#include "core/text.h"

namespace spdm {

namespace {

Finding violation(std::size_t message, std::string why) {
  return {FindingId::protocol_violation, cat("message ", message + 1), std::move(why),
          "look at it with: spdmctl decode; report it to the vendor of the device"};
}

Finding resynchronized(std::size_t message) {
  return {FindingId::resynchronized, cat("message ", message + 1),
          "the responder had lost its state (RequestResynch), and the conversation began again here",
          "only what came after it counts; a device that does so again and again resets itself: report it to its vendor"};
}

}  // namespace

Analysis analyze(const Evidence& evidence) {
  Analysis out;
  Listener listener;
  bool broken = false;  // after a violation the rest of the connection is ignored
  for (std::size_t i = 0; i < evidence.log.size(); ++i) {
    const Message& message = evidence.log[i];
    if (message.secured) {
      ++out.secured_messages;
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
      if (exchange->request_code() == Code::get_version || out.connections.empty()) out.connections.emplace_back(evidence.binding);
      out.connections.back().observe(std::move(*exchange));
    } catch (const Error& error) {
      out.findings.push_back(violation(i, error.what()));
      broken = true;
    }
  }
  if (listener.waiting() && !broken && !evidence.error)
    out.findings.push_back({FindingId::capture_incomplete, cat("message ", evidence.log.size()), "the last request has no response",
                            "capture the whole connection"});
  if (out.secured_messages != 0)
    out.findings.push_back(
        {FindingId::secured_traffic, "", cat(out.secured_messages, " messages inside a secure session were not read"), ""});
  return out;
}

}  // namespace spdm
