#include "cmd/output/host_text.h"

#include "core/text.h"

namespace spdm::cmd {

namespace {

std::string authenticated_line(const PlatformView& platform) {
  switch (platform.grammar) {
    case AuthenticatedGrammar::verdict:
      if (!platform.is_authenticated) return "the kernel could not find out whether the device can authenticate";
      return *platform.is_authenticated ? "the kernel says: authenticated" : "the kernel says: not authenticated";
    case AuthenticatedGrammar::tsm:
      if (platform.authenticated.empty()) return "no TSM has authenticated the device";
      return cat("TSM ", printable(platform.authenticated), " says: authenticated");
    case AuthenticatedGrammar::unknown:
      return cat("the kernel reports a state that is not known: \"", printable(platform.authenticated), "\"");
    default:
      return "";
  }
}

}  // namespace

std::vector<std::string> platform_lines(const PlatformView& platform) {
  std::vector<std::string> out;
  const auto add = [&](std::string line) {
    if (!line.empty()) out.push_back(std::move(line));
  };
  const auto given = [](const std::optional<std::string>& text) { return text && !text->empty(); };
  add(authenticated_line(platform));
  if (given(platform.tsm_connected)) add(cat("TSM ", printable(*platform.tsm_connected), " is connected and owns SPDM"));
  if (given(platform.tsm_bound)) add(cat("TSM ", printable(*platform.tsm_bound), " has bound the device to a guest"));
  if (given(platform.tsm_dsm)) add(cat("security manager of the device: ", printable(*platform.tsm_dsm)));
  std::string slots;
  for (const std::uint8_t slot : platform.certificate_slots) slots += cat(slots.empty() ? "" : ", ", slot);
  if (!slots.empty()) add(cat("the kernel has read the certificates of slot ", slots));
  if (platform.signatures > 0) add(cat("the kernel keeps ", platform.signatures, platform.signatures == 1 ? " signature" : " signatures"));
  return out;
}

void write_drive(Page& page, const DriveView& drive, bool verbose) {
  std::string words = drive.model.empty() ? "of an unknown model" : printable(drive.model);
  if (!drive.serial.empty()) words += cat(", serial ", printable(drive.serial));
  if (!drive.firmware.empty()) words += cat(", firmware ", printable(drive.firmware));
  page.pair("drive", cat(words, ", ", printable(drive.transport)));
  if (verbose && drive.discovery)
    page.pair("asked by", cat("security protocol E8h (DSP0286 ", drive.discovery->version_text(), "), ", name(drive.discovery->order)));
}

}  // namespace spdm::cmd
