#include "transport/emulated/server.h"

#include <array>
#include <system_error>
#include <vector>

#include "core/error.h"
#include "core/text.h"
#include "transport/base/binding.h"
#include "transport/emulated/drive.h"
#include "transport/socket/address.h"
#include "transport/socket/emu.h"
#include "transport/socket/storage_frames.h"
#include "transport/socket/tcp.h"

namespace spdm::transport {

namespace {

// How long a peer may take to finish a frame.
constexpr auto kFrameTime = std::chrono::seconds(30);

constexpr std::array kBindings{Binding::none, Binding::mctp, Binding::doe, Binding::tcp, Binding::storage};

// The binding whose transport type the frame header names.
Binding binding_in(View header) {
  for (const Binding binding : kBindings)
    if (equal(header.subspan(4, 4), View(encode_frame(binding, Command::normal, {})).subspan(4, 4))) return binding;
  malformed("emulator frame", "transport type", cat("0x", hex(header.subspan(4, 4)), " is not served"));
}

// DOE Discovery (PCIe r6.x 6.30.1.1): answers with one entry of what this mailbox carries.
Bytes doe_discovery(View object, bool sessions) {
  std::vector<std::uint8_t> types{kDoeDiscovery, kDoeSpdm};
  if (sessions) types.push_back(kDoeSecuredSpdm);
  Reader reader(object.subspan(kDoeHeader), "DOE discovery");
  const std::uint8_t index = reader.u8("index");
  Writer out;
  if (index < types.size())
    out.u16(kDoeVendorPciSig).u8(types.at(index)).u8(index + 1U < types.size() ? index + 1U : 0);
  else
    out.u16(0xFFFF).u8(0xFF).u8(0);
  return doe_object(kDoeDiscovery, out.take());
}

bool is_doe_discovery(View object) {
  if (object.size() < kDoeHeader) return false;
  const DoeHeader header = parse_doe_header(object);
  return header.vendor == kDoeVendorPciSig && header.type == kDoeDiscovery;
}

// One client, from its first byte to its last.
class Connection {
 public:
  Connection(Stream stream, std::shared_ptr<const DeviceProfile> profile, const ServeOptions& options, const std::atomic<bool>& stopping)
      : stream_(std::move(stream)),
        profile_(std::move(profile)),
        responder_(profile_),
        drive_(profile_),
        options_(options),
        stopping_(stopping) {}

  void run() {
    while (options_.framing == Framing::tcp ? tcp_message() : emulator_frame()) continue;
  }

 private:
  // These return false when the connection is over.
  bool tcp_message();
  bool emulator_frame();
  bool normal(Binding binding, View payload);
  bool storage(Command command, View payload);
  bool answer(Binding binding, View packed, const std::function<Bytes(View)>& frame);

  // Waits for the first `size` bytes of the next message, however long it takes; nothing at the end or when the server
  // stops.
  std::optional<Bytes> begin(std::size_t size);
  // Waits; false when the server stops meanwhile.
  bool pause(std::chrono::milliseconds time);
  Clock::time_point soon() const { return Clock::now() + kFrameTime; }
  bool updates_keys() const { return profile_->sessions && profile_->sessions->key_updates == KeyUpdates::both; }

  Stream stream_;
  std::shared_ptr<const DeviceProfile> profile_;
  Responder responder_;
  EmulatedDrive drive_;  // the same device, asked in another way
  const ServeOptions& options_;
  const std::atomic<bool>& stopping_;
};

std::optional<Bytes> Connection::begin(std::size_t size) {
  std::optional<Bytes> first;
  while (!first) {
    if (stopping_) return std::nullopt;
    try {
      // One byte only: a read that times out then loses nothing.
      first = stream_.read_or_end(1, Clock::now() + kStopNotice);
      if (!first) return std::nullopt;
    } catch (const Error& why) {
      if (why.id != ErrorId::timeout) throw;
    }
  }
  append(*first, stream_.read(size - 1, soon()));
  return first;
}

bool Connection::pause(std::chrono::milliseconds time) {
  const auto end = Clock::now() + time;
  while (!stopping_ && Clock::now() < end) std::this_thread::sleep_until(std::min(end, Clock::now() + kStopNotice));
  return !stopping_;
}

bool Connection::answer(Binding binding, View packed, const std::function<Bytes(View)>& frame) {
  const Reply reply = transport::answer(responder_, *profile_, binding, unwrap(binding, packed));
  if (!pause(reply.delay) || reply.action == Reply::Action::close) return false;
  if (reply.action == Reply::Action::silence) return true;
  stream_.write(frame(wrap(binding, reply.bytes, reply.secured)), soon());
  return true;
}

bool Connection::tcp_message() {
  std::optional<Bytes> message = begin(kTcpHeader);
  if (!message) return false;
  append(*message, stream_.read(parse_tcp_header(*message).payload, soon()));
  return answer(Binding::tcp, *message, [](View packed) { return to_bytes(packed); });
}

bool Connection::normal(Binding binding, View payload) {
  const auto frame = [&](View packed) { return encode_frame(binding, Command::normal, packed); };
  if (binding != Binding::doe || !is_doe_discovery(payload)) return answer(binding, payload, frame);
  stream_.write(frame(doe_discovery(payload, profile_->sessions.has_value())), soon());
  return true;
}

bool Connection::storage(Command command, View payload) {
  const StorageHeader header = parse_storage_header(payload);
  const View data = payload.subspan(kStorageHeader);
  const bool sends = command == Command::send;
  if (data.size() != (sends ? header.length : 0))
    malformed("emulator frame of a drive", "length", cat(header.length, ", ", data.size(), " bytes came"));
  const DriveReply reply =
      sends ? drive_.send(header.protocol, header.specific, data) : drive_.receive(header.protocol, header.specific, header.length);
  if (reply.closes) return false;
  stream_.write(encode_frame(Binding::storage, Command::status, encode_storage_status(reply.status)), soon());
  if (!sends && reply.status == kNvmeGood) stream_.write(encode_frame(Binding::storage, Command::receive, reply.data), soon());
  return true;
}

bool Connection::emulator_frame() {
  const std::optional<Bytes> bytes = begin(kFrameHeader);
  if (!bytes) return false;
  const Binding binding = options_.binding ? *options_.binding : binding_in(*bytes);
  const FrameHeader header = parse_frame_header(binding, *bytes);
  const Bytes payload = stream_.read(header.size, soon());
  const auto reply = [&](Command command, View content) { stream_.write(encode_frame(binding, command, content), soon()); };
  const bool is_of_drive = header.command == Command::send || header.command == Command::receive;
  if (binding == Binding::storage && is_of_drive) return storage(header.command, payload);
  switch (header.command) {
    case Command::normal:
      if (binding != Binding::storage) return normal(binding, payload);
      reply(Command::unknown, {});
      return true;
    case Command::test:
      reply(Command::test, server_hello());
      return true;
    case Command::keep_going:
    case Command::shutdown:  // it ends the reference responder; here other clients may follow
      reply(header.command, {});
      return false;
    case Command::key_update:  // such a device does so without being told
      reply(updates_keys() ? header.command : Command::unknown, {});
      return true;
    default:
      reply(Command::unknown, {});
      return true;
  }
}

}  // namespace

ServeOptions parse_listen(std::string_view target) {
  ServeOptions out;
  const std::string_view scheme = target.substr(0, target.find(':'));
  if (scheme != "emu" && scheme != "tcp")
    throw Error(ErrorId::usage, cat("cannot listen on '", printable(target), "'"),
                "write emu://HOST:PORT[?binding=doe|mctp|tcp|storage|none], tcp://HOST:PORT, mctp:[NETWORK:]EID or mctp:any");
  out.framing = scheme == "tcp" ? Framing::tcp : Framing::emulator;
  // parse_socket_target() refuses port 0, which is allowed for listening.
  std::string text(target);
  const std::size_t zero = text.substr(0, text.find('?')).rfind(":0");
  const bool any_port = zero != std::string::npos && (zero + 2 == text.size() || text[zero + 2] == '?');
  if (any_port) text.erase(zero, 2);
  const SocketTarget parts =
      out.framing == Framing::tcp ? parse_socket_target(text, kTcpUsage, {}) : parse_socket_target(text, kEmuUsage, {"binding"});
  if (const std::string word = parts.value("binding", ""); !word.empty()) {
    out.binding = binding_of(word);
    if (!out.binding) throw Error(ErrorId::usage, cat("unknown binding '", printable(word), "'"), kBindingHint);
  }
  out.host = parts.host;
  const bool tcp = out.framing == Framing::tcp || out.binding == Binding::tcp;
  out.port = any_port ? 0 : parts.port.value_or(tcp ? kTcpPort : kEmuPort);
  return out;
}

Server::Server(std::shared_ptr<const DeviceProfile> profile, ServeOptions options)
    : profile_(std::move(profile)), options_(std::move(options)), listener_(options_.host, options_.port) {}

Server::~Server() {
  stop();
  reap(true);
}

std::optional<Stream> Server::next_client() {
  while (!stopping_) {
    try {
      return listener_.accept(Clock::now() + kStopNotice);
    } catch (const Error& why) {
      if (why.id == ErrorId::timeout) continue;
      // Out of descriptors or memory: other connections may free some.
      options_.note(why.what());
      std::this_thread::sleep_for(kStopNotice);
    }
  }
  return std::nullopt;
}

void Server::serve(Stream stream) {
  try {
    Connection(std::move(stream), profile_, options_, stopping_).run();
    options_.note("connection closed");
  } catch (const std::exception& why) {
    options_.note(cat("connection closed: ", why.what()));
  }
}

void Server::reap(bool all) {
  workers_.remove_if([&](Worker& worker) {
    if (!all && !worker.done) return false;
    if (worker.thread.joinable()) worker.thread.join();
    return true;
  });
}

void Server::run() {
  while (std::optional<Stream> stream = next_client()) {
    options_.note("connection opened");
    if (options_.once) return serve(*std::move(stream));
    reap(false);
    if (workers_.size() >= options_.connections) {
      options_.note(cat("connection refused: ", options_.connections, " are open already"));
      continue;
    }
    Worker& worker = workers_.emplace_back();
    try {
      worker.thread = std::thread([this, &worker, client = std::make_shared<Stream>(*std::move(stream))] {
        serve(std::move(*client));
        worker.done = true;
      });
    } catch (const std::system_error& why) {  // no more threads: this client is refused, the others go on
      options_.note(cat("connection refused: ", why.what()));
      workers_.pop_back();
    }
  }
  reap(true);
}

}  // namespace spdm::transport
