#include "transport/target.h"

#include <array>

#include "core/error.h"
#include "core/text.h"
#include "transport/emulated/emulated.h"
#include "transport/mctp/open.h"
#include "transport/mistaken.h"
#include "transport/naming.h"
#include "transport/pci/open.h"
#include "transport/socket/emu.h"
#include "transport/socket/tcp.h"
#include "transport/storage/open.h"
#include "transport/via.h"

namespace spdm::transport {

namespace {

// One row per kind of target. A new transport adds a row.
constexpr std::array kKinds{
    Kind{"emu", kEmuUsage, "the DMTF emulator's socket, which QEMU speaks, too", open_emu},
    Kind{"emulated", "emulated:PROFILE", "a device emulated in this process, from a profile", open_emulated},
    Kind{"mctp", kMctpUsage, "an endpoint of an MCTP network, such as a device behind a BMC (DSP0275)", open_mctp},
    Kind{"nvme", kNvmeUsage, "the security commands of an NVMe controller (DSP0286)", open_nvme},
    Kind{"pci", kPciUsage, "the DOE mailbox of a PCI function", open_function},
    Kind{"scsi", kScsiUsage, "the security commands of a SCSI or SATA drive (DSP0286)", open_scsi},
    Kind{"tcp", kTcpUsage, "SPDM over TCP (DSP0287)", open_tcp},
};

std::string forms() {
  std::string out;
  for (const Kind& kind : kKinds) out += cat(out.empty() ? "" : ", ", kind.usage);
  return out + ", VENDOR:DEVICE, /dev/nvmeN, all, file:EVIDENCE, pcap:FILE";
}

}  // namespace

std::span<const Kind> kinds() { return kKinds; }

const Kind& kind_of(std::string_view target) {
  const bool is_pci = names_function(target.substr(0, target.find('?')));
  const std::string_view scheme = is_pci ? "pci" : target.substr(0, target.find(':'));
  if (scheme.size() < target.size())
    for (const Kind& kind : kKinds)
      if (kind.scheme == scheme) return kind;
  throw Error(mistaken_target(target, forms()));
}

Opened open(std::string_view target, const OpenOptions& options) {
  const Kind& kind = kind_of(target);
  try {
    const std::string name = canonical(target, options.host);
    Opened opened = kind.open(name, options);
    opened.host.target = name;
    opened.for_session = options.for_session;
    return opened;
  } catch (Error& error) {
    if (error.device.empty()) error.device = target;
    throw;
  }
}

}  // namespace spdm::transport
