// What configuration space and the kernel show of a function's way to PCI encryption.
#include <algorithm>

#include "core/appraisal/inspector.h"
#include "core/error.h"
#include "core/text.h"

namespace spdm {

namespace {

constexpr std::string_view kNotSeen = "its configuration space was not read", kAskHere = "ask it on its host, by its address, as root";

// What a function or port lacks to hold the end of an encrypted link; empty when it lacks nothing. IDE_KM is asked of a device only: the
// keys of a root port come by the registers of its host.
std::string lacks(const IdeRegisters& ide, bool is_device) {
  std::string out;
  const auto need = [&](bool has, std::string_view what) {
    if (!has) out += cat(out.empty() ? "" : ", ", what);
  };
  need(ide.has_selective_streams(), "selective streams");
  need(!is_device || ide.has_ide_km(), "IDE_KM");
  need(ide.has_aes_gcm_256(), "AES-GCM-256");
  return out;
}

std::string streams_of(const IdeRegisters& ide) {
  std::string out = cat(ide.selective_streams(), " selective");
  if (ide.has_link_streams()) out += cat(", ", ide.link_streams(), " link");
  return out + (ide.selective_streams() + ide.link_streams() == 1 ? " stream" : " streams");
}

std::optional<IdeRegisters> decoded(const std::optional<Bytes>& registers) {
  if (!registers) return std::nullopt;
  try {
    return decode_ide_registers(*registers);
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace

void Inspector::look_at_platform() {
  const EncryptionView* view = host_.encryption ? &*host_.encryption : nullptr;
  if (view != nullptr) {
    out_.registers = decoded(view->ide);
    out_.root_port_registers = decoded(view->root_port_ide);
  }
  if (view == nullptr)
    add(InspectionItem::tee_io, CheckStatus::not_run, std::string(kNotSeen), std::string(kAskHere));
  else if (view->tee_io)
    add(InspectionItem::tee_io, CheckStatus::pass, "the function says that it supports TEE-IO");
  else
    add(InspectionItem::tee_io, CheckStatus::fail, "TEE-IO is not set in its Device Capabilities",
        "it may be a setting of the device's firmware, or take another function");
  look_at_ide();
  look_at_root_port();
  look_at_streams();
  look_at_owner();
}

// The keys of a stream came over a session that somebody holds, also where nothing else tells of an owner.
void Inspector::look_at_owner() {
  constexpr InspectionItem kItem = InspectionItem::no_owner;
  constexpr std::string_view kWho = "see: spdmctl tsm show";
  if (!host_.bdf) return add(kItem, CheckStatus::not_run, "it is not a PCI function of this host");
  if (host_.owner) return add(kItem, CheckStatus::fail, cat("SPDM belongs to ", printable(*host_.owner)), std::string(kWho));
  if (!host_.encryption) return add(kItem, CheckStatus::not_run, "its streams were not seen", std::string(kAskHere));
  if (out_.registers)
    for (const IdeStream& stream : out_.registers->streams)
      if (stream.is_enabled()) return add(kItem, CheckStatus::fail, cat(to_string(stream), " is enabled"), std::string(kWho));
  add(kItem, CheckStatus::pass, "nobody else owns its SPDM");
}

void Inspector::look_at_ide() {
  constexpr InspectionItem kItem = InspectionItem::ide;
  if (!host_.encryption) return add(kItem, CheckStatus::not_run, std::string(kNotSeen), std::string(kAskHere));
  if (!host_.encryption->ide)
    return add(kItem, CheckStatus::fail, "the function has no IDE capability",
               "it may be a setting of its firmware; where there are several functions, ask function 0");
  if (!out_.registers) return add(kItem, CheckStatus::fail, "the registers of its IDE capability end within a block");
  if (const std::string lacking = lacks(*out_.registers, true); !lacking.empty())
    return add(kItem, CheckStatus::fail, cat("it has no ", lacking), "keys for it cannot be set over SPDM");
  add(kItem, CheckStatus::pass, streams_of(*out_.registers));
}

void Inspector::look_at_root_port() {
  constexpr InspectionItem kItem = InspectionItem::root_port_ide;
  if (!host_.encryption) return add(kItem, CheckStatus::not_run, std::string(kNotSeen), std::string(kAskHere));
  const std::string port = printable(host_.encryption->root_port.value_or("the root port"));
  if (host_.encryption->root_port_unread)
    return add(kItem, CheckStatus::not_run, cat(port, ": ", printable(*host_.encryption->root_port_unread)), std::string(kAskHere));
  if (!host_.encryption->root_port)
    return add(kItem, CheckStatus::not_run, "there is no root port above the function",
               "a guest is shown none: ask the device on its host");
  if (!host_.encryption->root_port_ide)
    return add(kItem, CheckStatus::fail, cat(port, " has no IDE capability"), "it may be a setting of the system's firmware");
  if (!out_.root_port_registers)
    return add(kItem, CheckStatus::fail, cat(port, ": the registers of its IDE capability end within a block"));
  if (const std::string lacking = lacks(*out_.root_port_registers, false); !lacking.empty())
    return add(kItem, CheckStatus::fail, cat(port, " has no ", lacking));
  add(kItem, CheckStatus::pass, cat(port, ", ", streams_of(*out_.root_port_registers)));
}

void Inspector::look_at_streams() {
  constexpr InspectionItem kItem = InspectionItem::free_stream;
  if (!out_.registers) return add(kItem, CheckStatus::not_run, "its streams were not seen");
  const std::vector<IdeStream>& streams = out_.registers->streams;
  const auto count = [&](auto which) { return static_cast<std::size_t>(std::count_if(streams.begin(), streams.end(), which)); };
  const std::size_t selective = count([](const IdeStream& stream) { return stream.is_selective; });
  const std::size_t in_use = count([](const IdeStream& stream) { return stream.is_selective && stream.is_enabled(); });
  const std::string said = cat(in_use, " of ", selective, " selective streams in use");
  if (in_use < selective) return add(kItem, CheckStatus::pass, said);
  add(kItem, CheckStatus::fail, selective == 0 ? "it has no selective stream" : said,
      selective == 0 ? "" : "who holds them: spdmctl tsm show");
}

}  // namespace spdm
