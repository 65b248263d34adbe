#include "core/appraisal/needed_references.h"

#include <algorithm>

#include "core/text.h"

namespace spdm {

namespace {

// The service that has the documents of NVIDIA, and the names of its GPUs' and switches' in NVIDIA/attestation-sdk: GpuEvidence and
// SwitchEvidence, get_..._rim_id(). Those of NICs are in NVIDIA's documentation of it.
constexpr std::string_view kService = "https://rim.attestation.nvidia.com/v1/rim/";
constexpr std::string_view kTcgRim = "tcg-rim", kCorim = "corim";
constexpr std::string_view kDriver = "driver", kVbios = "vbios", kSwitchBios = "switch-bios", kNicFirmware = "nic-firmware";

bool is_letter_or_digit(char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }

// A part of an id, which becomes a part of an address: what the device says must be plain.
bool is_plain(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return is_letter_or_digit(c) || c == '.' || c == '-'; });
}

std::string upper(std::string text) {
  for (char& c : text)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return text;
}

std::string without(std::string text, char what) {
  std::erase(text, what);
  return text;
}

// "GH100", of the leaf: "NVIDIA:GH100:48B0..." in its device info, else the first word of its common name, as in "CN=GH100 GSP FMC LF".
std::string chip_of(const DeviceWords& device) {
  std::string_view text = device.device_info;
  std::size_t begin = text.starts_with("NVIDIA:") ? 7 : std::string_view::npos;
  if (begin == std::string_view::npos) {
    text = device.subject;
    begin = text.starts_with("CN=") ? 3 : text.find(",CN=");
    if (begin == std::string_view::npos) return {};
    if (begin != 3) begin += 4;
  }
  std::size_t end = begin;
  while (end < text.size() && (is_letter_or_digit(text[end]) || text[end] == '_')) ++end;
  return without(std::string(text.substr(begin, end - begin)), '_');
}

// Puts an id together of what the device says.
class Maker {
 public:
  Maker(const DeviceWords& device, std::string_view kind, std::string_view format) : device_(device) {
    out_.kind = kind;
    out_.format = format;
  }

  Maker& add(std::string_view text) {
    out_.id += text;
    return *this;
  }

  // A fact, as it is spelled in ids.
  Maker& add_fact(
      std::string_view name, std::string (*spell)(std::string) = [](std::string text) { return text; }) {
    const DeviceWords::Fact* fact = device_.fact(name);
    if (fact == nullptr) {
      missing_ += cat(missing_.empty() ? "the device does not say its " : ", ", name);
      return *this;
    }
    out_.facts.push_back(*fact);
    if (!is_plain(fact->text)) {
      strange_ = cat("what the device says of its ", name, " is not a part of a name: ", fact->text);
      return *this;
    }
    return add(spell(fact->text));
  }

  NeededReference done() {
    out_.why = !strange_.empty() ? strange_ : missing_;
    if (!out_.why.empty()) out_.id.clear();
    if (!out_.id.empty()) out_.url = cat(kService, out_.id);
    return std::move(out_);
  }

  NeededReference unknown(std::string why) {
    out_.id.clear();
    out_.why = std::move(why);
    return std::move(out_);
  }

 private:
  const DeviceWords& device_;
  NeededReference out_;
  std::string missing_, strange_;
};

std::string spell_version(std::string text) { return upper(without(std::move(text), '.')); }

NeededReference driver_of(const DeviceWords& device, const std::string& chip) {
  Maker maker(device, kDriver, kTcgRim);
  if (chip == "GH100") return maker.add("NV_GPU_DRIVER_GH100_").add_fact("driver-version").done();
  if (chip.starts_with("GB")) {
    maker.add("NV_GPU_CC_DRIVER_");
    // Early ones do not say their chip; NVIDIA's verifier takes this one then.
    if (device.fact("chip-info") != nullptr)
      maker.add_fact("chip-info");
    else
      maker.add("GB100");
    return maker.add("_").add_fact("driver-version").done();
  }
  return maker.unknown(
      cat("how documents for ", chip.empty() ? "a chip without a name" : cat("the chip ", chip), " are called is not known here"));
}

NeededReference switch_bios_of(const DeviceWords& device, const std::string& chip) {
  Maker maker(device, kSwitchBios, kTcgRim);
  // A switch says no project of its own: NVIDIA's verifier has these for all of this kind.
  if (chip == "LS10") return maker.add("NV_SWITCH_BIOS_5612_0002_890_").add_fact("vbios-version", spell_version).done();
  return maker.unknown(cat("how documents for the switch ", chip, " are called is not known here"));
}

bool is_mellanox(const DeviceWords& device) { return device.identity.starts_with("Vendor=15b3:"); }

NeededReference nic_firmware_of(const DeviceWords& device) {
  const std::string_view chip = device.identity.starts_with("Vendor=15b3:Device=1021") ? "CX7" : "CHIP";
  return Maker(device, kNicFirmware, kCorim)
      .unknown(cat("it would be NV_NIC_FIRMWARE_", chip,
                   "_VERSION_PARTNUMBER; neither the version of the firmware nor the part number is in what is signed, nor beside it"));
}

}  // namespace

bool NeededReference::is_signed() const {
  return !facts.empty() && std::all_of(facts.begin(), facts.end(), [](const DeviceWords::Fact& fact) { return fact.is_signed; });
}

std::vector<NeededReference> needed_references(const DeviceWords& device) {
  // Facts have names only where the leaf is NVIDIA's.
  if (device.fact("vbios-version") != nullptr || device.fact("driver-version") != nullptr) {
    const std::string chip = chip_of(device);
    if (chip.starts_with("LS")) return {switch_bios_of(device, chip)};
    return {driver_of(device, chip), Maker(device, kVbios, kTcgRim)
                                         .add("NV_GPU_VBIOS_")
                                         .add_fact("project", upper)
                                         .add("_")
                                         .add_fact("project-sku", upper)
                                         .add("_")
                                         .add_fact("chip-sku", upper)
                                         .add("_")
                                         .add_fact("vbios-version", spell_version)
                                         .done()};
  }
  if (is_mellanox(device)) return {nic_firmware_of(device)};
  return {};
}

}  // namespace spdm
