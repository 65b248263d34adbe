// What doctor looks at, one line each.
#pragma once

#include <string>
#include <vector>

#include "core/error.h"
#include "transport/base/host.h"
#include "transport/pci/bus.h"

namespace spdm::cmd {

enum class Health { good, limited, broken };

struct Diagnosis {
  Health health;
  std::string topic, what, remedy;  // as they are shown
  Exit exit = Exit::internal;       // of the program, where it is broken
};

// Examines what attesting PCI devices needs of the host: kernel, lockdown, mailboxes and who has them, TSM, gate and its mode by
// the policy files given, or the system's. Reads only.
void examine_host(std::vector<Diagnosis>& out, const transport::Host& host, const std::vector<std::string>& policies);

// Examines what kernel, platform and devices have for PCI encryption (IDE, TDISP). Reads only, and wakes no device.
void examine_encryption(std::vector<Diagnosis>& out, const transport::Host& host, const std::vector<transport::PciDevice>& devices);

// What there is to ask endpoints of MCTP networks with.
struct MctpState {
  bool kernel_has_it = false;
  bool may_send = false;      // CAP_NET_RAW
  std::size_t endpoints = 0;  // of others, that routes lead to
  std::string problem{};      // why that is not known
};
Diagnosis about_mctp(const MctpState& state);
// Examines that. Of a host whose files are a copy nothing is said: the kernel is another one.
void examine_mctp(std::vector<Diagnosis>& out, const transport::Host& host);

// Examines the initrd images of the installed kernels: whether the gate is in each, as keyring, policy, reference values and program
// are now. Says nothing where there is neither a policy nor a note of an image.
void examine_images(std::vector<Diagnosis>& out, const transport::Host& host);

}  // namespace spdm::cmd
