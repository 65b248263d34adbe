#include "transport/socket/tcp.h"

#include <optional>
#include <utility>

#include "core/error.h"
#include "core/text.h"
#include "transport/base/binding.h"
#include "transport/socket/address.h"

namespace spdm::transport {

namespace {

class TcpLink final : public Link {
 public:
  explicit TcpLink(Stream stream) : stream_(std::move(stream)) {}
  explicit TcpLink(Dial dial) : dial_(std::move(dial)) {}

  void connect(Clock::time_point deadline) override {
    if (!dial_) return;
    in_step_ = false;  // a connection that failed is not tried again
    stream_ = std::exchange(dial_, std::nullopt)->connect(deadline);
    in_step_ = true;
  }

  Bytes exchange(View request, Clock::time_point deadline) override {
    SecuredReply response = transact(request, false, deadline);
    if (response.is_secured) {
      in_step_ = false;
      malformed("SPDM over TCP header", "message type", "a secured message answers a plain one");
    }
    return std::move(response.bytes);
  }

  SecuredReply exchange_secured(View record, Clock::time_point deadline) override { return transact(record, true, deadline); }
  bool carries_sessions() const override { return true; }

  Binding binding() const override { return Binding::tcp; }
  std::size_t max_receive() const override { return max_message(Binding::tcp); }

 private:
  SecuredReply transact(View message, bool secured, Clock::time_point deadline) {
    connect(deadline);  // as EmuLink::exchange
    // After a failed exchange the late answer must not be taken for the answer to a new request.
    if (!in_step_) throw Error(ErrorId::io, "the connection was given up after an earlier error");
    in_step_ = false;
    stream_->write(wrap(Binding::tcp, message, secured), deadline);
    const TcpHeader header = parse_tcp_header(stream_->read(kTcpHeader, deadline));
    Bytes response = stream_->read(header.payload, deadline);
    in_step_ = true;
    return {header.type == kTcpSecuredSpdm, std::move(response)};
  }

  std::optional<Dial> dial_;      // until it is connected
  std::optional<Stream> stream_;  // from then on
  bool in_step_ = true;
};

}  // namespace

std::unique_ptr<Link> tcp_link(Stream stream) { return std::make_unique<TcpLink>(std::move(stream)); }

Opened open_tcp(std::string_view target, const OpenOptions& options) {
  const SocketTarget parts = parse_socket_target(target, kTcpUsage, {});
  return {std::make_unique<TcpLink>(Dial(parts.host, parts.port.value_or(kTcpPort), Clock::now() + options.timeout)), {}};
}

}  // namespace spdm::transport
