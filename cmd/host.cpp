#include "cmd/host.h"

#include <cstdlib>

namespace cmd {

transport::Host this_host() {
  transport::Host out;
  if (const char* root = std::getenv("SPDMCTL_ROOT"); root != nullptr && *root != '\0') out.root = root;
  return out;
}

}  // namespace cmd
