// Exchanges with a responder: retries after Busy, waits after ResponseNotReady, sends and receives chunks. All waits
// and loops end at a deadline. Every message is logged as it was on the link.
#pragma once

#include <functional>

#include "core/evidence/budget.h"
#include "core/protocol/connection.h"
#include "core/protocol/link.h"

namespace spdm {

struct Limits {
  Clock::duration exchange = std::chrono::seconds(10);  // from a request to its final response, waits included
  Clock::duration total = std::chrono::seconds(120);    // from the first request to the last response
  unsigned busy_retries = 64;
  std::size_t messages = kMaxEvidenceMessages;  // of all exchanges together: bounds responders that answer in tiny portions
  std::size_t bytes = kMaxEvidenceBytes;        // of all messages together
  std::uint32_t max_message = 0x28000;          // our MaxSPDMmsgSize: bytes of one reassembled message
  // Whether the conversation is to end now; may be null. Then no request is sent any more, but END_SESSION.
  bool (*is_stopped)() = nullptr;
};

// Whether an error of Requester::ask() is an ERROR response that ends that request alone: neither Busy nor RequestResynch. `errors`:
// how many the connection had seen before.
bool is_refusal(const Error& error, const Connection& connection, std::size_t errors);

class Requester {
 public:
  Requester(Link& link, MessageLog& log, const Limits& limits) : Requester(link, log, limits, Clock::now() + limits.total) {}
  // `end`: when the total time is over, for a conversation that begins again: it has no time of its own.
  Requester(Link& link, MessageLog& log, const Limits& limits, Clock::time_point end)
      : link_(link), log_(log), limits_(limits), end_(end), connection_(link.binding()) {
    for (const Message& message : log) bytes_ += message.bytes.size();
  }

  // Sends a request and observes its response. Throws Error: peer when the response breaks a rule or is an ERROR, busy
  // when the responder stays Busy; and what the link throws.
  void ask(Bytes request);

  // What answers may break and be read all the same.
  void tolerate(const Tolerance& tolerance) { connection_.tolerate(tolerance); }

  // The responder's provisioned key, for the transcripts of sessions.
  void provision(const Bytes& key) { connection_.provision(key); }

  // From now on messages go through `inside`, which seals them, and are kept as messages of that session; nullptr and 0: outside again.
  // `inside` must outlive its use. `before_each` runs before every request: what keeps the session alive.
  void enter(Link* inside, std::uint32_t session, std::function<void()> before_each = {}) {
    inside_ = inside;
    session_ = session;
    before_each_ = std::move(before_each);
  }
  // Keeps secured messages as they are on the link, too, beside their plain text.
  void keep_records() { keeps_records_ = true; }
  // One of them. For that of a request room was found before it was sealed; Error{peer} where that of a response has none.
  void keep_record(bool from_requester, View record);
  // The transport, whether a session is open or not.
  Link& link() const { return link_; }
  Clock::time_point end() const { return end_; }

  const Connection& connection() const { return connection_; }
  const Limits& limits() const { return limits_; }
  // Keeps room for what a secured message adds: for conversations that are to enter a session.
  void reserve_for_session() { reserved_ = kRecordOverhead; }
  std::uint32_t data_transfer_size() const {
    const std::size_t room = std::max<std::size_t>(link_.max_receive() - std::min(link_.max_receive(), reserved_), kMinDataTransferSize);
    return static_cast<std::uint32_t>(std::min<std::size_t>(room, limits_.max_message));
  }

 private:
  Link& way() { return inside_ == nullptr ? link_ : *inside_; }
  // A message of a session ends where its record says; only what is outside may be padded.
  std::size_t padding() const { return inside_ == nullptr ? padding_allowed(link_.binding()) : 0; }
  // The last message of the log ends here. What a drive had in its buffer behind it is not kept.
  void end_last(std::size_t size);
  Bytes exchange_once(View message, Clock::time_point deadline);
  void assert_within_budget(std::string_view what, std::size_t more) const;
  Bytes respond(View request, Clock::time_point deadline);
  Bytes send(View request, Clock::time_point deadline);
  Bytes send_chunks(View request, Clock::time_point deadline);
  Bytes wait_until_ready(const ErrorResponse& error, View request, Clock::time_point deadline);
  Bytes receive_chunks(const ErrorResponse& error, View request, Clock::time_point deadline);

  Link& link_;
  Link* inside_ = nullptr;
  std::uint32_t session_ = 0;
  std::function<void()> before_each_;
  std::size_t reserved_ = 0;
  bool keeps_records_ = false;
  MessageLog& log_;
  Limits limits_;
  Clock::time_point end_;
  Connection connection_;
  std::uint8_t next_handle_ = 0;
  std::size_t bytes_ = 0;     // in the log
  std::size_t in_front_ = 0;  // of the response in the last message of the log: what CHUNK_SEND_ACK has before it
  unsigned busy_ = 0;         // how often the last request was answered with Busy
  Clock::duration busy_for_{};
};

}  // namespace spdm
