#include "cmd/host/notify.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>

namespace spdm::cmd {

namespace {

std::string_view variable(const char* name) {
  const char* value = ::secure_getenv(name);
  return value == nullptr ? std::string_view() : std::string_view(value);
}

std::optional<long long> number(std::string_view text) {
  long long value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value <= 0) return std::nullopt;
  return value;
}

}  // namespace

ServiceManager::ServiceManager() : socket_(variable("NOTIFY_SOCKET")) {
  if (socket_.size() < 2 || socket_.size() >= sizeof(sockaddr_un::sun_path) || (socket_[0] != '/' && socket_[0] != '@')) {
    socket_.clear();
    return;
  }
  fd_ = Descriptor(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const std::optional<long long> whom = number(variable("WATCHDOG_PID"));
  const std::optional<long long> microseconds = number(variable("WATCHDOG_USEC"));
  if (microseconds && (!whom || *whom == ::getpid())) watchdog_ = std::chrono::milliseconds(*microseconds / 2000);
}

void ServiceManager::tell(const std::string& state) const {
  if (socket_.empty() || fd_.get() < 0) return;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, socket_.data(), socket_.size());
  if (address.sun_path[0] == '@') address.sun_path[0] = '\0';  // an abstract name
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size());
  ::sendto(fd_.get(), state.data(), state.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&address), size);
}

}  // namespace spdm::cmd
