#include "transport/socket/emu.h"

#include <utility>

#include "core/error.h"
#include "core/text.h"
#include "transport/base/binding.h"
#include "transport/socket/address.h"
#include "transport/socket/emu_drive.h"
#include "transport/storage/storage_link.h"

namespace spdm::transport {

namespace {

constexpr std::string_view kFrame = "emulator frame";
// How long closing may take; see ~EmuLink.
constexpr auto kFarewell = std::chrono::milliseconds(500);

// The terminating NUL is sent, too: the emulator compares it.
constexpr char kClientHello[] = "Client Hello!";
constexpr char kServerHello[] = "Server Hello!";

template <std::size_t N>
View bytes_of(const char (&text)[N]) {
  return {reinterpret_cast<const std::uint8_t*>(text), N};
}

std::uint32_t transport_type(Binding binding) {
  switch (binding) {
    case Binding::none:
      return 0;
    case Binding::mctp:
      return 1;
    case Binding::doe:
      return 2;
    case Binding::tcp:
      return 3;
    case Binding::storage:
      return 4;  // of NVMe: QEMU's number
  }
  return 0;
}

void put_u32be(Bytes& out, std::uint64_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<std::uint8_t>(value >> shift));
}

std::uint32_t get_u32be(View bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8 | bytes[at + i];
  return value;
}

class EmuLink final : public Link {
 public:
  EmuLink(Dial dial, Binding binding, std::size_t max_receive) : dial_(std::move(dial)), binding_(binding), max_receive_(max_receive) {}
  EmuLink(Stream stream, Binding binding, std::size_t max_receive)
      : stream_(std::move(stream)), binding_(binding), max_receive_(max_receive) {}
  ~EmuLink() override;

  void connect(Clock::time_point deadline) override;
  // Throws Error{peer} for another greeting than the emulator's.
  void greet(Clock::time_point deadline);

  Bytes exchange(View request, Clock::time_point deadline) override;
  SecuredReply exchange_secured(View record, Clock::time_point deadline) override;
  // Binding none has no mark for a secured message (DSP0277 leaves it to the transport), and the emulator takes all for plain.
  bool carries_sessions() const override { return binding_ != Binding::none; }
  // One command and the payload of its answer.
  Bytes transact(Command command, View payload, Clock::time_point deadline);

  Binding binding() const override { return binding_; }
  std::size_t max_receive() const override { return max_receive_; }
  std::size_t max_send() const override { return max_message(binding_); }

 private:
  std::optional<Dial> dial_;      // until it is connected
  std::optional<Stream> stream_;  // from then on
  Binding binding_;
  std::size_t max_receive_;
  bool in_step_ = true;
};

Bytes EmuLink::transact(Command command, View payload, Clock::time_point deadline) {
  // After a failed exchange the late answer must not be taken for the answer to a new request.
  if (!in_step_) throw Error(ErrorId::io, "the connection was given up after an earlier error");
  in_step_ = false;
  stream_->write(encode_frame(binding_, command, payload), deadline);
  Frame frame = read_frame(*stream_, binding_, deadline);
  if (frame.command == Command::unknown) malformed(kFrame, "command", "the peer does not know the command that was sent");
  if (frame.command != command)
    malformed(kFrame, "command",
              cat("0x", hex(static_cast<std::uint32_t>(frame.command), 4), " answers 0x", hex(static_cast<std::uint32_t>(command), 4)));
  in_step_ = true;
  return std::move(frame.payload);
}

void EmuLink::greet(Clock::time_point deadline) {
  if (binding_ != Binding::none && !equal(transact(Command::test, client_hello(), deadline), server_hello()))
    malformed(kFrame, "greeting", "is not \"Server Hello!\"");
}

void EmuLink::connect(Clock::time_point deadline) {
  if (!dial_) return;
  in_step_ = false;  // a connection that failed is not tried again
  stream_ = std::exchange(dial_, std::nullopt)->connect(deadline);
  in_step_ = true;
  greet(deadline);
}

Bytes EmuLink::exchange(View request, Clock::time_point deadline) {
  connect(deadline);  // for callers that did not wait for the connection: the pipeline does
  Unwrapped response = unwrap(binding_, transact(Command::normal, wrap(binding_, request), deadline));
  if (response.secured) malformed(kFrame, "payload", "a secured message answers a plain one");
  return std::move(response.message);
}

SecuredReply EmuLink::exchange_secured(View record, Clock::time_point deadline) {
  if (!carries_sessions())
    throw Error(ErrorId::unsupported, "no session can be opened: binding none cannot tell a secured message from a plain one",
                "use ?binding=doe, mctp, tcp or storage, here and at the peer");
  connect(deadline);
  Unwrapped response = unwrap(binding_, transact(Command::normal, wrap(binding_, record, true), deadline));
  return {response.secured, std::move(response.message)};
}

EmuLink::~EmuLink() {
  if (!stream_) return;
  // CONTINUE lets the emulator serve the next client; without it, closing ends the emulator. We wait for the answer,
  // because the emulator dies of SIGPIPE when it writes to a closed socket.
  try {
    const auto deadline = Clock::now() + kFarewell;
    if (in_step_)
      transact(Command::keep_going, {}, deadline);
    else
      stream_->write(encode_frame(binding_, Command::keep_going, {}), deadline);
  } catch (const Error&) {  // NOLINT(bugprone-empty-catch): a failed farewell loses nothing
  }
}

}  // namespace

View client_hello() { return bytes_of(kClientHello); }
View server_hello() { return bytes_of(kServerHello); }

Bytes encode_frame(Binding binding, Command command, View payload) {
  Bytes out;
  out.reserve(kFrameHeader + payload.size());
  put_u32be(out, static_cast<std::uint32_t>(command));
  put_u32be(out, transport_type(binding));
  put_u32be(out, payload.size());
  append(out, payload);
  return out;
}

FrameHeader parse_frame_header(Binding binding, View header) {
  if (header.size() < kFrameHeader) malformed(kFrame, "header", cat("needs ", kFrameHeader, " bytes, ", header.size(), " came"));
  const std::uint32_t type = get_u32be(header, 4);
  if (type != transport_type(binding))
    malformed(kFrame, "transport type", cat(type, " is not that of binding ", name(binding), " (", transport_type(binding), ")"));
  const std::size_t size = get_u32be(header, 8);
  if (size > kMaxFramePayload) malformed(kFrame, "payload size", cat(size, " is more than ", kMaxFramePayload, " bytes"));
  return {static_cast<Command>(get_u32be(header, 0)), size};
}

std::optional<Frame> next_frame(Stream& stream, Binding binding, Clock::time_point deadline) {
  const std::optional<Bytes> bytes = stream.read_or_end(kFrameHeader, deadline);
  if (!bytes) return std::nullopt;
  const FrameHeader header = parse_frame_header(binding, *bytes);
  return Frame{header.command, stream.read(header.size, deadline)};
}

Frame read_frame(Stream& stream, Binding binding, Clock::time_point deadline) {
  std::optional<Frame> frame = next_frame(stream, binding, deadline);
  if (!frame) throw Error(ErrorId::io, "the peer closed the connection", "check that the peer runs with the same binding");
  return *std::move(frame);
}

std::unique_ptr<Link> emu_link(Stream stream, Binding binding, std::size_t max_receive, Clock::time_point deadline) {
  auto link = std::make_unique<EmuLink>(std::move(stream), binding, max_receive);
  link->greet(deadline);
  return link;
}

Opened open_emu(std::string_view target, const OpenOptions& options) {
  const SocketTarget parts = parse_socket_target(target, kEmuUsage, {"binding", "max"});
  const std::string binding_name = parts.value("binding", name(Binding::doe));
  const std::optional<Binding> binding = binding_of(binding_name);
  if (!binding) throw Error(ErrorId::usage, cat("unknown binding '", printable(binding_name), "'"), kBindingHint);
  const std::size_t limit = parts.number("max", kEmuMaxReceive, 42, max_message(*binding));
  Dial dial(parts.host, parts.port.value_or(*binding == Binding::tcp ? kTcpPort : kEmuPort), Clock::now() + options.timeout);
  if (*binding == Binding::storage) {
    Opened out{storage_link(emu_drive(std::move(dial)), {.max_message = limit}), {}};
    out.host.drive.emplace().transport = kEmulatedDrive;
    return out;
  }
  return {std::make_unique<EmuLink>(std::move(dial), *binding, limit), {}};
}

}  // namespace spdm::transport
