#include "cmd/host/this_host.h"

#include <unistd.h>

#include <array>
#include <cstdlib>

namespace spdm::cmd {

transport::Host this_host() {
  transport::Host out;
  if (const char* root = ::secure_getenv("SPDMCTL_SYSROOT"); root != nullptr && *root != '\0') out.root = root;
  return out;
}

std::optional<std::string> host_name() {
  std::array<char, 256> name{};  // POSIX allows 255 bytes
  if (::gethostname(name.data(), name.size() - 1) != 0 || name.front() == '\0') return std::nullopt;
  return name.data();
}

}  // namespace spdm::cmd
