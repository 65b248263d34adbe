#include "transport/naming.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <optional>

#include "core/error.h"
#include "core/text.h"
#include "transport/mistaken.h"
#include "transport/storage/controller.h"

namespace spdm::transport {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostTold = 8;  // addresses in an error

struct Ids {
  std::uint16_t vendor = 0, device = 0;
};

std::optional<std::uint16_t> hex_number(std::string_view text) {
  std::uint16_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out, 16);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return out;
}

// "1b36:0010", as lspci -n shows it. An address has a dot, so neither is taken for the other.
std::optional<Ids> ids_of(std::string_view word) {
  if (word.size() != 9 || word[4] != ':') return std::nullopt;
  const std::optional<std::uint16_t> vendor = hex_number(word.substr(0, 4)), device = hex_number(word.substr(5));
  if (!vendor || !device) return std::nullopt;
  return Ids{*vendor, *device};
}

std::string_view without_slash(std::string_view path) {
  while (path.ends_with('/')) path.remove_suffix(1);
  return path;
}

std::string_view last_of(std::string_view path) { return path.substr(path.rfind('/') + 1); }

// Other paths of the kernel are files: signatures that it keeps below a device are evidence.
bool is_kernel_path(std::string_view word) { return word.starts_with("/sys/") && parse_bdf(last_of(without_slash(word))).has_value(); }

// Ids of the kernel are "0x1b36".
bool has_id(const fs::path& file, std::uint16_t id) {
  const std::string text = attribute(file).value_or("");
  return text.starts_with("0x") && hex_number(std::string_view(text).substr(2)) == id;
}

// Nothing is read of the devices themselves: one that is asleep stays so.
Bdf function_with(const Ids& ids, const Host& host) {
  const fs::path directory = host.pci() / "devices";
  const std::optional<std::vector<std::string>> names = entries(directory);
  if (!names)
    throw Error(ErrorId::no_device, cat("this host shows no PCI bus: ", printable(directory.string()), " cannot be read"),
                "is /sys mounted?");
  std::vector<Bdf> found;
  for (const std::string& name : *names)
    if (const std::optional<Bdf> bdf = parse_bdf(name); bdf && has_id(directory / name / "vendor", ids.vendor))
      if (has_id(directory / name / "device", ids.device)) found.push_back(*bdf);
  if (found.empty()) throw Error(ErrorId::no_device, "no PCI function of this host has this vendor and device", "see: spdmctl list --all");
  if (found.size() == 1) return found.front();
  std::sort(found.begin(), found.end());
  std::string all;
  for (std::size_t i = 0; i < std::min(found.size(), kMostTold); ++i) all += cat(i == 0 ? "" : ", ", to_string(found[i]));
  if (found.size() > kMostTold) all += cat(" and ", found.size() - kMostTold, " more");
  throw Error(ErrorId::usage, cat("fits ", found.size(), " PCI functions: ", all), "name them by their addresses");
}

// The directory that the path leads to has to be the function's own, as the bus has it: a name alone says nothing.
Bdf function_at(std::string_view path, const Host& host) {
  std::error_code failure;
  const fs::path real = fs::canonical(host.root / fs::path(without_slash(path)).relative_path(), failure);
  if (failure) throw Error(ErrorId::no_device, cat("there is no such device: ", failure.message()), "see: spdmctl list --all");
  const std::optional<Bdf> bdf = parse_bdf(real.filename().string());
  if (bdf && fs::canonical(host.pci() / "devices" / to_string(*bdf), failure) == real) return *bdf;
  throw Error(ErrorId::usage, "is not the directory of a PCI function", "name it as in /sys/bus/pci/devices/0000:03:00.0");
}

Bdf function_of(std::string_view node, const Host& host) {
  const Drive drive = controller_of(host, node);
  if (drive.bdf) return *drive.bdf;
  const std::string way = drive.view.transport.empty() ? "" : cat(" (", printable(drive.view.transport), ")");
  throw Error(ErrorId::no_device, cat("is no PCI function: its controller ", drive.name, " is reached over fabrics", way),
              cat("ask it by its commands: nvme:/dev/", drive.name));
}

Bdf look_up(std::string_view word, const Host& host) {
  if (const std::optional<Bdf> bdf = parse_bdf(word)) return *bdf;
  if (const std::optional<Ids> ids = ids_of(word)) return function_with(*ids, host);
  if (is_kernel_path(word)) return function_at(word, host);
  if (is_nvme_node(word)) return function_of(word, host);
  throw Error(ErrorId::usage, cat("invalid PCI address '", printable(word), "'"), hint_on_address(word));
}

}  // namespace

bool names_function(std::string_view word) { return parse_bdf(word) || ids_of(word) || is_kernel_path(word) || is_nvme_node(word); }

Bdf function_named(std::string_view word, const Host& host) try { return look_up(word, host); } catch (Error& error) {
  if (error.device.empty() && names_function(word)) error.device = word;
  throw;
}

std::vector<Bdf> functions_named(const std::vector<std::string>& words, const Host& host) {
  std::vector<Bdf> out;
  for (const std::string& word : words) {
    const Bdf bdf = function_named(word, host);
    if (std::find(out.begin(), out.end(), bdf) == out.end()) out.push_back(bdf);
  }
  return out;
}

std::string canonical(std::string_view target, const Host& host) {
  const std::string_view word = target.substr(0, target.find('?'));
  if (!names_function(word)) return std::string(target);
  return cat(to_string(function_named(word, host)), target.substr(word.size()));
}

}  // namespace spdm::transport
