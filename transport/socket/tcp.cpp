#include "transport/socket/tcp.h"

#include "core/error.h"
#include "core/text.h"
#include "transport/base/binding.h"
#include "transport/socket/address.h"

namespace spdm::transport {

namespace {

class TcpLink final : public Link {
 public:
  explicit TcpLink(Stream stream) : stream_(std::move(stream)) {}

  Bytes exchange(View request, Clock::time_point deadline) override {
    // After a failed exchange the answer to an old request may still come: it must not be taken for that of a new one.
    if (!in_step_) throw Error(ErrorId::io, "the connection was given up after an earlier error");
    in_step_ = false;
    stream_.write(wrap(Binding::tcp, request), deadline);
    const TcpHeader header = parse_tcp_header(stream_.read(kTcpHeader, deadline));
    Bytes response = stream_.read(header.payload, deadline);
    if (header.type != kTcpSpdm) malformed("SPDM over TCP header", "message type", "a secured message answers a plain one");
    in_step_ = true;
    return response;
  }

  Binding binding() const override { return Binding::tcp; }
  std::size_t max_receive() const override { return max_message(Binding::tcp); }

 private:
  Stream stream_;
  bool in_step_ = true;
};

}  // namespace

std::unique_ptr<Link> tcp_link(Stream stream) { return std::make_unique<TcpLink>(std::move(stream)); }

Opened open_tcp(std::string_view target, const OpenOptions& options) {
  const SocketTarget parts = parse_socket_target(target, kTcpUsage, {});
  Stream stream = Stream::connect(parts.host, parts.port.value_or(kTcpPort), Clock::now() + options.timeout);
  return {tcp_link(std::move(stream)), {}};
}

}  // namespace spdm::transport
