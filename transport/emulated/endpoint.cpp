#include "transport/emulated/endpoint.h"

#include <algorithm>
#include <exception>
#include <thread>
#include <utility>

#include "core/error.h"
#include "core/text.h"
#include "transport/mctp/control.h"

namespace spdm::transport {

namespace {

// Answers that one requester may wait for: as many as it has tags for us (DSP0236, "Message tag").
constexpr std::size_t kMostAnswers = kTagNumber + 1;

// DSP0275: bit 7 asks for an integrity check, and the type comes first. The socket has taken it off.
Unwrapped request_in(const MctpMessage& message) {
  return unwrap(Binding::mctp, Writer().u8(message.from.type).bytes(message.bytes).take());
}

// Why nobody can have asked so; empty when somebody can.
std::string_view wrong_with(const MctpHeader& from) {
  if (from.peer.eid < kFirstEid || from.peer.eid > kLastEid) return "no endpoint has this EID (DSP0236)";
  if ((from.tag & kTagOwner) == 0) return "it is an answer, and nothing was asked";
  return "";
}

}  // namespace

std::optional<MctpAddress> parse_mctp_listen(std::string_view target) {
  constexpr std::string_view scheme = "mctp:";
  if (!target.starts_with(scheme)) return std::nullopt;
  const std::string_view text = target.substr(scheme.size());
  if (text == "any") return MctpAddress{};
  const std::optional<MctpAddress> address = parse_mctp_address(text);
  if (!address)
    throw Error(ErrorId::usage, cat("cannot listen on '", printable(target), "': that is no address of MCTP"),
                "write mctp:EID, mctp:NETWORK:EID or mctp:any; an EID is 8 to 254");
  return address;
}

MctpAddress own_address(std::vector<MctpRoute> routes, const MctpAddress& address) {
  std::erase_if(routes, [&](const MctpRoute& route) { return !route.is_local || !route.leads_to(address); });
  if (routes.empty())
    throw Error(ErrorId::no_device, cat("MCTP endpoint ", to_string(address), " is no address of this host"),
                "give it to an interface first, or listen on mctp:any");
  return {find_endpoint(routes, address).network.value_or(0), address.eid};
}

MctpEndpoint::MctpEndpoint(std::shared_ptr<const DeviceProfile> profile, std::unique_ptr<MctpSocket> socket, EndpointOptions options)
    : profile_(std::move(profile)), socket_(std::move(socket)), options_(std::move(options)) {}

MctpEndpoint::~MctpEndpoint() = default;

void MctpEndpoint::tell(const MctpAddress& peer, std::string_view what) const { options_.note(cat("mctp:", to_string(peer), ": ", what)); }

// Waits until there is something to do: a message, an answer that is due, a stop.
std::optional<MctpMessage> MctpEndpoint::next_message() {
  auto until = Clock::now() + kStopNotice;
  for (const Requester& one : requesters_)
    if (!one.answers.empty()) until = std::min(until, one.answers.front().due);
  try {
    return socket_->receive(until);
  } catch (const Error& why) {
    options_.note(why.what());
    std::this_thread::sleep_for(kStopNotice);  // it may go on to fail
    return std::nullopt;
  }
}

MctpEndpoint::Requester& MctpEndpoint::requester(const MctpAddress& address) {
  const auto known = std::find_if(requesters_.begin(), requesters_.end(), [&](const Requester& one) { return one.address == address; });
  if (known != requesters_.end()) {
    requesters_.splice(requesters_.begin(), requesters_, known);
    return requesters_.front();
  }
  while (!requesters_.empty() && requesters_.size() >= options_.requesters) {
    tell(requesters_.back().address, "requester forgotten for another one");
    requesters_.pop_back();
  }
  tell(address, "new requester");
  return requesters_.emplace_front(Requester{address, Responder(profile_), {}});
}

void MctpEndpoint::answer_control_message(const MctpMessage& message) {
  std::vector<std::uint8_t> types{kMctpSpdm};
  if (profile_->sessions) types.push_back(kMctpSecuredSpdm);
  std::optional<Bytes> bytes = answer_control(message.bytes, types);
  if (!bytes) return tell(message.from.peer, "ignored: it is no request");
  const MctpHeader to{message.from.peer, kMctpControl, static_cast<std::uint8_t>(message.from.tag & kTagNumber)};
  send({to, std::move(*bytes), {}});
}

void MctpEndpoint::take(const MctpMessage& message) {
  const MctpHeader& from = message.from;
  if (const std::string_view why = wrong_with(from); !why.empty()) return tell(from.peer, cat("ignored: ", why));
  if (from.type == kMctpControl) return answer_control_message(message);
  const Unwrapped request = request_in(message);
  Requester& peer = requester(from.peer);
  if (peer.answers.size() >= kMostAnswers)
    return tell(from.peer, cat("ignored: ", kMostAnswers, " requests before it are not answered yet"));
  Reply reply = answer(peer.responder, *profile_, Binding::mctp, request);
  if (reply.action != Reply::Action::answer) return;
  auto due = Clock::now();
  if (!peer.answers.empty()) due = std::max(due, peer.answers.back().due);
  const MctpHeader to{from.peer, reply.secured ? kMctpSecuredSpdm : kMctpSpdm, static_cast<std::uint8_t>(from.tag & kTagNumber)};
  peer.answers.push_back({to, std::move(reply.bytes), due + reply.delay});
}

void MctpEndpoint::send(const Answer& answer) {
  try {
    socket_->send(answer.to, answer.bytes);
  } catch (const Error& why) {
    if (why.id == ErrorId::permission) throw;  // no answer will ever be sent
    tell(answer.to.peer, cat("answer lost: ", why.what()));
  }
}

void MctpEndpoint::send_what_is_due() {
  const auto now = Clock::now();
  for (Requester& one : requesters_)
    for (; !one.answers.empty() && one.answers.front().due <= now; one.answers.pop_front()) send(one.answers.front());
}

void MctpEndpoint::run() {
  while (!stopping_) {
    send_what_is_due();
    const std::optional<MctpMessage> message = next_message();
    if (!message) continue;
    try {
      take(*message);
    } catch (const std::exception& why) {
      tell(message->from.peer, cat("ignored: ", why.what()));
    }
  }
}

}  // namespace spdm::transport
