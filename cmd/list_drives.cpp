#include "cmd/list_drives.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "cmd/attest/drive_scope.h"
#include "cmd/host/parallel.h"
#include "cmd/output/render.h"
#include "cmd/output/table.h"
#include "core/appraisal/drive_json.h"
#include "core/text.h"
#include "transport/storage/storage_link.h"

namespace spdm::cmd {

namespace {

using transport::Drive;

constexpr std::size_t kDrivesAtOnce = 16;

ListedDrive ask(const transport::Host& host, const Drive& drive, transport::DriveOpener& opener, Clock::duration timeout) {
  ListedDrive out{.drive = drive, .target = target_of(drive, host), .protocols = {}, .error = {}};
  try {
    if (drive.asleep) throw Error(ErrorId::unsupported, "is suspended: it was not woken");
    const Clock::time_point deadline = Clock::now() + timeout;
    const std::unique_ptr<transport::SecurityCommands> commands = opener.open(drive.kind, drive.node, true);
    try {
      out.protocols = transport::list_protocols(*commands, deadline);
    } catch (const Error& error) {
      if (error.id != ErrorId::no_spdm) throw;
      out.protocols.emplace();  // it has no such command
    }
    if (out.speaks_spdm()) out.drive.view.discovery = transport::discover(*commands, deadline);
  } catch (const Error& error) {
    out.error = error;
    out.error->device = out.target;
  }
  return out;
}

std::string spdm_text(const ListedDrive& listed) {
  if (listed.speaks_spdm()) return "E8h";
  if (listed.protocols) return "-";
  return listed.drive.asleep ? "asleep" : "unknown";
}

std::string function_text(const ListedDrive& listed) {
  if (!listed.drive.bdf) return "-";
  return cat(to_string(*listed.drive.bdf), listed.has_mailbox ? " (mailbox)" : "");
}

}  // namespace

bool ListedDrive::speaks_spdm() const { return protocols && transport::speaks_spdm(*protocols); }

std::vector<ListedDrive> ask_drives(const transport::Host& host, const std::vector<Drive>& drives, transport::DriveOpener& opener,
                                    const std::vector<transport::PciDevice>& functions, Clock::duration timeout) {
  std::vector<ListedDrive> out;
  in_order<ListedDrive>(
      drives.size(), kDrivesAtOnce, [&](std::size_t i) { return ask(host, drives[i], opener, timeout); },
      [&](ListedDrive listed) {
        listed.has_mailbox = std::any_of(functions.begin(), functions.end(), [&](const transport::PciDevice& function) {
          return listed.drive.bdf == function.bdf && function.has_mailbox();
        });
        out.push_back(std::move(listed));
      });
  return out;
}

Json to_json(const ListedDrive& listed) {
  const Drive& drive = listed.drive;
  Json out{{"target", printable(listed.target)}};
  if (!drive.disk.empty()) out["disk"] = printable(drive.disk);
  out.update(to_json(drive.view));
  if (drive.bdf) out["bdf"] = to_string(*drive.bdf);
  if (drive.bdf) out["mailbox"] = listed.has_mailbox;
  out["asleep"] = drive.asleep;
  out["spdm"] = listed.protocols ? Json(listed.speaks_spdm()) : Json();
  if (listed.protocols) {
    out["protocols"] = Json::array();
    for (const std::uint8_t protocol : *listed.protocols) out["protocols"].push_back(cat("0x", hex(protocol, 2)));
  }
  if (listed.error) out["error"] = error_json(*listed.error);
  return out;
}

std::string to_text(const std::vector<ListedDrive>& drives) {
  if (drives.empty()) return "";
  std::vector<std::array<std::string, 7>> rows{{"DRIVE", "SPDM", "DISK", "VIA", "FUNCTION", "FIRMWARE", "MODEL"}};
  const auto known = [](const std::string& text) { return text.empty() ? std::string("-") : printable(text); };
  for (const ListedDrive& listed : drives)
    rows.push_back({printable(listed.target), spdm_text(listed), known(listed.drive.disk), known(listed.drive.view.transport),
                    function_text(listed), known(listed.drive.view.firmware), known(listed.drive.view.model)});
  return table(rows);
}

}  // namespace spdm::cmd
