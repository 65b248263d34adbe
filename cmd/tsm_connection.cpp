#include <algorithm>

#include "cmd/tsm.h"
#include "core/error.h"
#include "core/text.h"
#include "transport/pci/lock.h"
#include "transport/pci/platform.h"

namespace spdm::cmd {

using transport::Bdf;
using transport::Host;
using transport::PciDevice;

namespace {

// The TSM that is meant, of those that this host has.
std::string choose(const Host& host, const std::string& wanted) {
  const std::vector<transport::Tsm> tsms = transport::tsms_of(host);
  if (tsms.empty())
    throw Error(ErrorId::no_device, "this host has no TSM: there is none in /sys/class/tsm",
                "it needs Linux 6.19 or newer with the driver of the platform's security processor or module");
  std::string all;
  for (const transport::Tsm& tsm : tsms) all += cat(all.empty() ? "" : ", ", tsm.name);
  if (wanted.empty() && tsms.size() == 1) return tsms.front().name;
  if (wanted.empty()) throw Error(ErrorId::usage, cat("this host has several TSMs: ", all), "name one of them");
  if (std::none_of(tsms.begin(), tsms.end(), [&](const transport::Tsm& tsm) { return tsm.name == wanted; }))
    throw Error(ErrorId::usage, cat("'", printable(wanted), "' is not a TSM of this host"), cat("there is ", all));
  return wanted;
}

// Finds a device that a TSM takes: the kernel shows tsm/connect for those.
PciDevice find_taken(const Host& host, const Bdf& bdf) {
  PciDevice device = transport::find_device(host, bdf);
  if (device.platform.tsm_connected) return device;
  if (device.platform.tsm_dsm && !device.platform.tsm_dsm->empty())
    throw Error(ErrorId::no_spdm, cat("no TSM takes ", to_string(bdf), " by itself: ", printable(*device.platform.tsm_dsm), " manages it"),
                "connect that function");
  throw Error(ErrorId::no_spdm, cat("no TSM takes ", to_string(bdf), ": the kernel gives it no tsm/connect"),
              "a device needs CMA-SPDM and IDE or TDISP for it, and is connected by its function 0");
}

// Writes the attribute, and says in the words of the attempt why the kernel refused.
void tell_kernel(const WriteAttribute& write, const PciDevice& device, const Host& host, const std::string& attribute,
                 const std::string& tsm) {
  try {
    write(device.directory(host) / "tsm" / attribute, cat(tsm, "\n"));
  } catch (const Error& error) {
    const std::string what = cat("the kernel does not ", attribute, " ", to_string(device.bdf),
                                 attribute == "connect" ? " with " : " from ", tsm, " (", error.what(), ")");
    switch (error.id) {
      case ErrorId::busy:
        throw Error(ErrorId::busy, what, "somebody else has connected it meanwhile; see: spdmctl tsm show");
      case ErrorId::permission:
        throw Error(ErrorId::permission, what, "run it as root");
      case ErrorId::no_device:
        throw Error(ErrorId::no_device, what, "the TSM does not take this device, or one of them is gone");
      default:
        throw Error(error.id, what, "see the kernel log: dmesg");
    }
  }
}

void verify(const Host& host, const Bdf& bdf, const std::string& wanted) {
  const std::string now = transport::find_device(host, bdf).platform.tsm_connected.value_or("");
  if (now == wanted) return;
  throw Error(ErrorId::io,
              cat("the kernel took the request, but ", to_string(bdf), " is ",
                  now.empty() ? "not connected" : cat("connected with ", printable(now))),
              "see the kernel log: dmesg");
}

}  // namespace

std::string connect_tsm(const Host& host, const Bdf& bdf, const std::string& tsm, const WriteAttribute& write) {
  const std::string chosen = choose(host, tsm);
  const PciDevice device = find_taken(host, bdf);
  if (!device.platform.tsm_connected->empty())
    throw Error(ErrorId::owned, cat(to_string(bdf), " is connected with ", printable(*device.platform.tsm_connected), " already"),
                cat("disconnect it first: spdmctl tsm disconnect ", to_string(bdf)));
  // The TSM begins a connection of its own, which must not happen in the middle of an attestation.
  const transport::PciLock lock(host, bdf);
  tell_kernel(write, device, host, "connect", chosen);
  verify(host, bdf, chosen);
  return chosen;
}

std::string disconnect_tsm(const Host& host, const Bdf& bdf, const std::string& tsm, const WriteAttribute& write) {
  const PciDevice device = find_taken(host, bdf);
  const std::string connected = *device.platform.tsm_connected;
  if (connected.empty()) throw Error(ErrorId::usage, cat(to_string(bdf), " is not connected to a TSM"), "see: spdmctl tsm show");
  if (!tsm.empty() && tsm != connected)
    throw Error(ErrorId::usage, cat(to_string(bdf), " is connected with ", printable(connected), ", not with ", printable(tsm)));
  tell_kernel(write, device, host, "disconnect", connected);
  verify(host, bdf, "");
  return connected;
}

}  // namespace spdm::cmd
