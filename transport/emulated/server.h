// Serves an emulated device on a socket: the emulator framing, which QEMU and the reference requester speak, or plain
// SPDM over TCP (DSP0287).
#pragma once

#include <atomic>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <thread>

#include "core/responder/responder.h"
#include "transport/emulated/service.h"
#include "transport/socket/socket.h"

namespace spdm::transport {

enum class Framing { emulator, tcp };

struct ServeOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;  // 0: the system chooses
  Framing framing = Framing::emulator;
  // Emulator framing: the only binding that is served; when empty each frame says which one it is for.
  std::optional<Binding> binding;
  bool once = false;             // ends with the first connection
  std::size_t connections = 16;  // at a time; more are closed at once
  // Called with one line about each event of a connection, from several threads.
  std::function<void(const std::string&)> note = [](const std::string&) {};
};

// "emu://HOST[:PORT][?binding=doe|mctp|tcp|storage|none]" or "tcp://HOST[:PORT]"; port 0 is allowed. Throws Error{usage}.
ServeOptions parse_listen(std::string_view target);

// Serves each connection with a responder of its own, fresh from reset.
class Server final : public Service {
 public:
  // Listens; run() begins to serve. Throws as Listener does.
  Server(std::shared_ptr<const DeviceProfile> profile, ServeOptions options);
  ~Server() override;

  std::uint16_t port() const { return listener_.port(); }
  // Serves until stop(), or until the first connection has ended with ServeOptions::once.
  void run() override;
  void stop() override { stopping_ = true; }

 private:
  struct Worker {
    std::atomic<bool> done = false;
    std::thread thread;
  };

  std::optional<Stream> next_client();
  void serve(Stream stream);
  void reap(bool all);

  std::shared_ptr<const DeviceProfile> profile_;
  ServeOptions options_;
  Listener listener_;
  std::atomic<bool> stopping_ = false;
  std::list<Worker> workers_;
};

}  // namespace spdm::transport
