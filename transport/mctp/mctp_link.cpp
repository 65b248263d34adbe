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
  MctpLink(std::unique_ptr<MctpSocket> socket, const MctpAddress& peer, const MctpLinkOptions& options, std::unique_ptr<EndpointLock> lock)
      : socket_(std::move(socket)),
        peer_(peer),
        options_(options),
        lock_(std::move(lock)),
        tags_(*socket_, peer, lock_ ? lock_->late() : TagList()) {
    if (lock_) lock_->work_with(used());
  }
  ~MctpLink() override {
    if (unanswered_) tags_.give_up();
    if (lock_) lock_->end_with(tags_.given_up());
  }
  MctpLink(const MctpLink&) = delete;
  MctpLink& operator=(const MctpLink&) = delete;

  void connect(Clock::time_point deadline) override;
  Bytes exchange(View request, Clock::time_point deadline) override { return transact(kMctpSpdm, request, deadline).bytes; }
  SecuredReply exchange_secured(View record, Clock::time_point deadline) override { return transact(kMctpSecuredSpdm, record, deadline); }
  bool carries_sessions() const override { return true; }
  Binding binding() const override { return Binding::mctp; }
  std::size_t max_receive() const override { return options_.max_message; }

 private:
  SecuredReply transact(std::uint8_t type, View request, Clock::time_point deadline);
  bool is_answer(const MctpHeader& from, std::uint8_t type) const;
  const MctpTag& tag_for_request();
  // By which an answer may come.
  TagList used() const {
    TagList out = tags_.given_up();
    for (const std::uint8_t number : tags_.in_use()) add(out, number);
    return out;
  }

  std::unique_ptr<MctpSocket> socket_;
  MctpAddress peer_;
  MctpLinkOptions options_;
  std::unique_ptr<EndpointLock> lock_;
  MctpTags tags_;
  bool begun_ = false;       // an answer has come
  bool unanswered_ = false;  // a request was sent, or may have been, and its answer can still come
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
  return from.peer == peer_ && fits && from.tag == tags_.current().number();
}

// An answer that may still come must not find its way to us (N387).
const MctpTag& MctpLink::tag_for_request() {
  const bool given_up = std::exchange(unanswered_, false);
  if (given_up) tags_.give_up();
  const MctpTag& out = tags_.next();
  if (given_up && lock_) lock_->work_with(used());
  return out;
}

SecuredReply MctpLink::transact(std::uint8_t type, View request, Clock::time_point deadline) {
  connect(deadline);  // for callers that did not: the pipeline does
  const MctpTag& tag = tag_for_request();
  unanswered_ = true;
  socket_->send({peer_, type, tag.with_owner_bit()}, request);
  std::size_t others = 0;
  while (std::optional<MctpMessage> message = socket_->receive(deadline)) {
    if (!is_answer(message->from, type) || (!begun_ && !may_answer(request, message->bytes))) {
      ++others;
      if (Clock::now() >= deadline) break;  // who sends without end does not keep us (N389)
      continue;
    }
    unanswered_ = false;
    begun_ = true;
    if (message->bytes.size() > options_.max_message)  // N390
      throw Error(ErrorId::peer, cat("a response of ", message->bytes.size(), " bytes; the limit is ", options_.max_message));
    return {message->from.type == kMctpSecuredSpdm, std::move(message->bytes)};
  }
  throw Error(ErrorId::timeout,
              cat("endpoint ", to_string(peer_), " does not answer in time",
                  others == 0 ? "" : cat("; ", others, others == 1 ? " other message was ignored" : " other messages were ignored")),
              "see which endpoints answer: spdmctl list --mctp");
}

}  // namespace

std::unique_ptr<Link> mctp_link(std::unique_ptr<MctpSocket> socket, const MctpAddress& peer, const MctpLinkOptions& options,
                                std::unique_ptr<EndpointLock> lock) {
  return std::make_unique<MctpLink>(std::move(socket), peer, options, std::move(lock));
}

}  // namespace spdm::transport
