#include "transport/mctp/mctp_link.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/text.h"
#include "core/wire/header.h"
#include "transport/mctp/control.h"

namespace spdm::transport {

namespace {

// The first message of a connection may find the answer to a request that somebody else has given up: the kernel hands out a tag again
// as soon as it is given back. Only an answer to this request, or an error, is taken for one (N388).
bool may_answer(View request, View response) {
  if (request.size() < kHeaderSize || response.size() < kHeaderSize) return true;  // which is for the requester to refuse
  const Code code = read_header(response).code;
  return code == response_to(read_header(request).code) || code == Code::error;
}

class MctpLink final : public Link {
 public:
  MctpLink(std::unique_ptr<MctpSocket> socket, const MctpAddress& peer, const MctpLinkOptions& options)
      : socket_(std::move(socket)), peer_(peer), options_(options), tag_(*socket_, peer) {}

  void connect(Clock::time_point deadline) override;
  Bytes exchange(View request, Clock::time_point deadline) override { return transact(kMctpSpdm, request, deadline).bytes; }
  SecuredReply exchange_secured(View record, Clock::time_point deadline) override { return transact(kMctpSecuredSpdm, record, deadline); }
  bool carries_sessions() const override { return true; }
  Binding binding() const override { return Binding::mctp; }
  std::size_t max_receive() const override { return options_.max_message; }

 private:
  SecuredReply transact(std::uint8_t type, View request, Clock::time_point deadline);
  bool is_answer(const MctpHeader& from, std::uint8_t type) const;
  void renew_tag();

  std::unique_ptr<MctpSocket> socket_;
  MctpAddress peer_;
  MctpLinkOptions options_;
  MctpTag tag_;
  bool begun_ = false;       // an answer has come
  bool unanswered_ = false;  // a request was sent, or may have been, and its answer can still come
  bool doubtful_ = false;    // the first answer may have been to a request of somebody else, and ours still to come
};

void MctpLink::connect(Clock::time_point deadline) {
  if (!options_.ask_types) return;
  options_.ask_types = false;
  const std::vector<std::uint8_t> types = message_types(*socket_, peer_, deadline);
  if (std::find(types.begin(), types.end(), kMctpSpdm) == types.end())
    throw Error(ErrorId::no_spdm, cat("endpoint ", to_string(peer_), " does not speak SPDM: its message types do not include 5 (DSP0275)"));
}

// The kernel compares only EID and tag, and takes a message type with the bit for an integrity check for one without (N385, N386).
bool MctpLink::is_answer(const MctpHeader& from, std::uint8_t type) const {
  const bool fits = from.type == type || (type == kMctpSecuredSpdm && from.type == kMctpSpdm);  // who has no such session answers plainly
  return from.peer == peer_ && fits && from.tag == tag_.number();
}

// An answer that may still come must not find its way to us (N387).
void MctpLink::renew_tag() {
  try {
    tag_.renew();
  } catch (const Error& error) {
    if (unanswered_ || error.id != ErrorId::busy) throw;  // a doubt is no reason to give up
  }
  unanswered_ = doubtful_ = false;
}

SecuredReply MctpLink::transact(std::uint8_t type, View request, Clock::time_point deadline) {
  connect(deadline);  // for callers that did not: the pipeline does
  if (unanswered_ || doubtful_) renew_tag();
  unanswered_ = true;
  socket_->send({peer_, type, tag_.with_owner_bit()}, request);
  std::size_t others = 0;
  while (std::optional<MctpMessage> message = socket_->receive(deadline)) {
    if (!is_answer(message->from, type) || (!begun_ && !may_answer(request, message->bytes))) {
      ++others;
      if (Clock::now() >= deadline) break;  // who sends without end does not keep us (N389)
      continue;
    }
    unanswered_ = false;
    doubtful_ = !std::exchange(begun_, true);
    if (message->bytes.size() > options_.max_message)  // N390
      throw Error(ErrorId::peer, cat("an answer of ", message->bytes.size(), " bytes; we take ", options_.max_message));
    return {message->from.type == kMctpSecuredSpdm, std::move(message->bytes)};
  }
  throw Error(ErrorId::timeout,
              cat("endpoint ", to_string(peer_), " does not answer in time",
                  others == 0 ? ""
                              : cat("; ", others, others == 1 ? " message that is no answer was" : " messages that are no answers were",
                                    " left aside")),
              "see which endpoints answer: spdmctl list --mctp");
}

}  // namespace

std::unique_ptr<Link> mctp_link(std::unique_ptr<MctpSocket> socket, const MctpAddress& peer, const MctpLinkOptions& options) {
  return std::make_unique<MctpLink>(std::move(socket), peer, options);
}

}  // namespace spdm::transport
