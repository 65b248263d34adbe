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

ServiceManager::ServiceManager() {
  const std::string_view name = variable("NOTIFY_SOCKET");
  sockaddr_un address{};
  if (name.size() < 2 || name.size() >= sizeof address.sun_path || (name[0] != '/' && name[0] != '@')) return;
  fd_ = Descriptor(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, name.data(), name.size());
  if (address.sun_path[0] == '@') address.sun_path[0] = '\0';  // an abstract name
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
  // Now, because a confined process connects no socket, and reaches no abstract name.
  if (::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0) fd_ = Descriptor();
  const std::optional<long long> whom = number(variable("WATCHDOG_PID"));
  const std::optional<long long> microseconds = number(variable("WATCHDOG_USEC"));
  if (microseconds && (!whom || *whom == ::getpid())) watchdog_ = std::chrono::milliseconds(*microseconds / 2000);
}

void ServiceManager::tell(const std::string& state) const {
  if (fd_.get() >= 0) ::send(fd_.get(), state.data(), state.size(), MSG_NOSIGNAL);
}

}  // namespace spdm::cmd
