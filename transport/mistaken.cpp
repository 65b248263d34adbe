#include "transport/mistaken.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <vector>

#include "core/text.h"
#include "transport/pci/address.h"
#include "transport/storage/controller.h"
#include "transport/storage/drives.h"

namespace spdm::transport {

namespace {

constexpr std::string_view kDigits = "0123456789";
constexpr std::string_view kAddressForm = "write it as 0000:03:00.0, or 03:00.0 in domain 0";

bool is_of(std::string_view text, std::string_view characters) {
  return !text.empty() && text.find_first_not_of(characters) == std::string_view::npos;
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

std::vector<std::string_view> parts_of(std::string_view text) {
  std::vector<std::string_view> out;
  for (; text.find(':') != std::string_view::npos; text.remove_prefix(text.find(':') + 1)) out.push_back(text.substr(0, text.find(':')));
  out.push_back(text);
  return out;
}

// What is wrong with [DOMAIN:]BUS:DEVICE.FUNCTION; empty for what does not look like one.
std::string slip_in_address(std::string_view word) {
  if (word.size() > 20 || word.find(':') == std::string_view::npos || !is_of(word, "0123456789abcdefABCDEF:.")) return {};
  const std::size_t dot = word.find('.');
  const std::vector<std::string_view> parts = parts_of(word.substr(0, dot));
  if (std::any_of(parts.begin(), parts.end(), [](std::string_view part) { return part.empty(); }) || parts.size() > 4) return {};
  if (dot == std::string_view::npos) {
    if (parts.size() == 2 && parts[0].size() + parts[1].size() > 4 && parts[0].size() <= 4 && parts[1].size() <= 4)
      return "vendor and device have four hex digits each, as in 1b36:0010";
    const std::string with_dot = cat(word.substr(0, word.rfind(':')), ".", parts.back());
    if (parts.size() > 2 && parts.back().size() == 1 && parse_bdf(with_dot)) return cat("a dot comes before the function: ", with_dot);
    if (parse_bdf(cat(word, ".0"))) return cat("the function is missing: ", word, ".0");
    return {};
  }
  const std::string_view function = word.substr(dot + 1);
  if (parts.size() < 2 || parts.size() > 3 || function.find_first_of(":.") != std::string_view::npos) return {};
  if (!is_of(function, "01234567") || function.size() != 1) return "the function of a PCI address, behind the dot, is 0 to 7";
  if (parse_bdf(cat(parts[parts.size() - 2], ":0.0")) && !parse_bdf(cat("0:", parts.back(), ".0")))
    return "the device of a PCI address, before the dot, is 00 to 1f";
  return std::string(kAddressForm);
}

// "host:2323". Which of the two it is nobody can tell, and so neither is asked.
std::string as_socket(std::string_view word) {
  const std::size_t colon = word.rfind(':');
  if (colon == std::string_view::npos || colon == 0 || word.find_first_of("/?@ ") != std::string_view::npos) return {};
  const std::string_view host = word.substr(0, colon), port = word.substr(colon + 1);
  if (!is_of(port, kDigits) || port.size() > 5) return {};
  if (host.find(':') != std::string_view::npos && !host.starts_with('[')) return {};
  return cat("a socket is named as emu://", printable(host), ":", port == "4194" ? "2323" : port, ", or tcp://", printable(host), ":",
             port == "2323" ? "4194" : port);
}

// "nvme0", "dev/nvme0n1", "sg0".
std::string as_drive(std::string_view word) {
  const std::string node = cat("/dev/", word.starts_with("dev/") ? word.substr(4) : word);
  if (is_nvme_node(node)) {
    const std::size_t number = node.find_first_of(kDigits);
    const std::string digits = node.substr(number, node.find_first_not_of(kDigits, number) - number);
    return cat("did you mean ", node, ", its PCI function, or nvme:/dev/nvme", digits, ", its own commands?");
  }
  if (word.find('/') == std::string_view::npos && kind_of_node(node) == DriveKind::scsi) return cat("did you mean scsi:", node, "?");
  return {};
}

// Endings of what verbs read.
constexpr std::array kEndings{".json", ".ndjson", ".jsonl", ".pcap", ".pcapng", ".cap", ".gz",  ".zst", ".bin", ".hex", ".cbor", ".cose",
                              ".cwt",  ".eat",    ".corim", ".yaml", ".yml",    ".pem", ".der", ".crt", ".cer", ".txt", ".log"};

bool is_file_name(std::string_view word) {
  const std::string ending = lower(std::filesystem::path(word).extension().string());
  return word.find(':') == std::string_view::npos && std::find(kEndings.begin(), kEndings.end(), ending) != kEndings.end();
}

std::string as_address_of_web(std::string_view word) {
  const std::string scheme = lower(word.substr(0, word.find(':')));
  const bool known = scheme == "http" || scheme == "https" || scheme == "ssh" || scheme == "sftp";
  return known && scheme.size() < word.size() ? "nothing is fetched: copy the file to this host, and name it" : "";
}

std::string as_number(std::string_view word) {
  return is_of(word, kDigits) && word.size() <= 3 ? cat("an endpoint of MCTP is named as mctp:", word) : "";
}

std::string as_word(std::string_view word) {
  if (lower(word) == "all") return "did you mean all?";
  if (word.empty() || word.find(':') != std::string_view::npos) return {};
  return "see devices with: spdmctl list; the forms of targets: man spdmctl";
}

// What a word could be, the most certain first.
constexpr std::array kLikenesses{slip_in_address, as_drive, as_socket, as_address_of_web, as_number, as_word};

}  // namespace

Error mistaken_target(std::string_view target, const std::string& forms) {
  const std::string_view word = target.substr(0, target.find('?'));
  Error error(ErrorId::usage, "is neither an existing file nor a target", cat("the forms are ", forms));
  if (is_file_name(word)) {
    const bool profile = word.ends_with(".yaml");
    error = Error(ErrorId::usage, "there is no such file",
                  profile ? cat("a device profile is the target emulated:", printable(word)) : "see devices with: spdmctl list");
  } else {
    for (const auto& likeness : kLikenesses)
      if (std::string hint = likeness(word); !hint.empty()) {
        error.hint = std::move(hint);
        break;
      }
  }
  error.device = target;
  return error;
}

std::string hint_on_address(std::string_view word) {
  for (std::string hint : {slip_in_address(word), as_drive(word)})
    if (!hint.empty()) return hint;
  return std::string(kAddressForm);
}

}  // namespace spdm::transport
