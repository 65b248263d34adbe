// What there is for PCI encryption. It is optional: whatever is missing limits nothing that this program does.

#include <algorithm>

#include "cmd/doctor.h"
#include "cmd/doctor_pieces.h"
#include "transport/pci/encryption.h"
#include "transport/pci/platform.h"

namespace spdm::cmd {

using transport::Bdf;
using transport::EncryptionBrief;
using transport::Host;
using transport::PciDevice;

namespace {

using Lines = std::vector<Diagnosis>;

void tell(Lines& out, const std::string& what, const std::string& remedy = "") {
  out.push_back({Health::good, "encryption", what, remedy});
}

void examine_kernel(Lines& out, const Host& host) {
  std::error_code ignored;
  const bool knows_tsms = std::filesystem::exists(host.root / "sys/class/tsm", ignored);
  if (!knows_tsms)
    return tell(out, "this kernel shows no /sys/class/tsm: it sets up no PCI encryption",
                "Linux 6.19 or newer has it, with CONFIG_PCI_TSM");
  tell(out, transport::tsms_of(host).empty() ? "this kernel knows TSMs, which set up PCI encryption; the platform has registered none"
                                             : "a TSM of this platform can set up PCI encryption");
}

// Only what a file of the kernel says for sure.
void examine_platform(Lines& out, const Host& host) {
  const std::optional<std::string> tio = attribute(host.root / "sys/module/ccp/parameters/tio");
  if (tio == "Y" || tio == "1") tell(out, "AMD SEV-TIO is requested (module parameter ccp.tio)");
  if (tio == "N" || tio == "0") tell(out, "AMD SEV-TIO is off (module parameter ccp.tio)", "start the kernel with ccp.tio=1");
  if (const std::optional<std::string> version = attribute(host.root / "sys/devices/faux/tdx_host/version"))
    tell(out, cat("Intel TDX module ", printable(*version), " is loaded"));
  std::error_code ignored;
  if (std::filesystem::exists(host.root / "sys/firmware/acpi/tables/KEYP", ignored))
    tell(out, "the firmware describes where root ports take their keys (ACPI table KEYP)");
}

struct Counts {
  std::size_t endpoints = 0, tee_io = 0, ide = 0, below_ide = 0, unknown = 0, unknown_port = 0, hidden = 0;
  std::vector<const PciDevice*> enabled;
};

// Nothing where it cannot be read.
std::optional<EncryptionBrief> brief_of(Counts& counts, const Host& host, const Bdf& bdf) {
  try {
    return transport::encryption_brief(host, bdf);
  } catch (const Error& error) {
    if (error.id == ErrorId::permission) ++counts.hidden;
    return std::nullopt;
  }
}

bool is_below_ide(Counts& counts, const Host& host, const Bdf& bdf) {
  try {
    const std::optional<Bdf> port = transport::root_port_of(host, bdf);
    return port && transport::encryption_brief(host, *port).ide;
  } catch (const Error&) {
    ++counts.unknown_port;
    return false;
  }
}

void count(Counts& counts, const Host& host, const PciDevice& device) {
  ++counts.endpoints;
  const std::optional<EncryptionBrief> brief = brief_of(counts, host, device.bdf);
  if (!brief) ++counts.unknown;
  if (!brief) return;
  if (brief->tee_io) ++counts.tee_io;
  if (!brief->ide) return;
  ++counts.ide;
  if (is_below_ide(counts, host, device.bdf)) ++counts.below_ide;
  const std::vector<IdeStream>& streams = brief->ide->streams;
  if (std::any_of(streams.begin(), streams.end(), [](const IdeStream& stream) { return stream.is_enabled(); }))
    counts.enabled.push_back(&device);
}

void examine_functions(Lines& out, const Host& host, const std::vector<PciDevice>& devices) {
  Counts counts;
  for (const PciDevice& device : devices)
    if (!device.is_bridge()) count(counts, host, device);
  if (counts.endpoints == 0) return;
  const std::string endpoints = counted(counts.endpoints, "PCI endpoint");
  std::string what = counts.tee_io + counts.ide == 0 ? cat("TEE-IO and IDE: none of ", endpoints)
                                                     : cat("of ", endpoints, ", ", counts.tee_io, " with TEE-IO and ", counts.ide,
                                                           " with IDE, ", counts.below_ide, " of these below a root port with IDE");
  if (counts.unknown_port > 0) what += cat("; the root port of ", counts.unknown_port, " cannot be read");
  if (counts.unknown > 0) what += cat("; ", counts.unknown, " cannot be read");
  const bool is_more = counts.ide + counts.tee_io + counts.unknown > 0;
  tell(out, what, counts.hidden > 0 ? "run as root" : is_more ? "see: spdmctl list --all" : "");
  if (!counts.enabled.empty())
    tell(out, cat("IDE streams are enabled of ", named(counts.enabled)),
         "spdmctl opens no session with them: another session has set their keys");
}

// Streams that the kernel has set up, by host bridge where it says which.
void examine_streams(Lines& out, const Host& host) {
  std::vector<transport::TsmStream> streams = transport::streams_without_tsm(host);
  for (const transport::Tsm& tsm : transport::tsms_of(host)) streams.insert(streams.end(), tsm.streams.begin(), tsm.streams.end());
  const std::vector<transport::StreamPool> pools = transport::stream_pools_of(host);
  for (const transport::StreamPool& pool : pools) {
    const auto used = std::count_if(streams.begin(), streams.end(),
                                    [&](const transport::TsmStream& stream) { return stream.name.starts_with(cat(pool.bridge, ":")); });
    tell(out, cat(pool.bridge, " has ", pool.available ? std::to_string(*pool.available) : "an unknown number of",
                  " IDE streams left, and ", used, " in use"));
  }
  if (pools.empty() && !streams.empty()) tell(out, cat(counted(streams.size(), "IDE stream"), " in use, according to the kernel"));
}

}  // namespace

void examine_encryption(Lines& out, const Host& host, const std::vector<PciDevice>& devices) {
  examine_kernel(out, host);
  examine_platform(out, host);
  examine_functions(out, host, devices);
  examine_streams(out, host);
}

}  // namespace spdm::cmd
