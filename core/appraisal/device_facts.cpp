#include "core/appraisal/device_facts.h"

#include <algorithm>
#include <array>

#include "core/text.h"

namespace spdm {

namespace {

constexpr std::size_t kRowHead = 4;

// How a value is written for people.
enum class Form {
  text,    // padded with zeros
  number,  // little-endian
  vbios,   // 00 A5 00 96 01 ... is 96.00.A5.00.01; or text
  bytes,
};

struct NameRow {
  std::uint16_t type;
  std::string_view name;
  Form form;
};

// GPUs and switches of NVIDIA: "OPAQUE_FIELD_ID_..." in the vendor's verifiers (NVIDIA/nvtrust, NVIDIA/attestation-sdk).
constexpr std::array kNvidia{
    NameRow{1, "certificate-issuer-name", Form::text},
    NameRow{2, "certificate-authority-key-id", Form::bytes},
    NameRow{3, "driver-version", Form::text},
    NameRow{4, "gpu-info", Form::bytes},
    NameRow{5, "sku", Form::bytes},
    NameRow{6, "vbios-version", Form::vbios},
    NameRow{7, "manufacturer-id", Form::bytes},
    NameRow{8, "tamper-detection", Form::bytes},
    NameRow{9, "smc", Form::bytes},
    NameRow{10, "vpr", Form::bytes},
    NameRow{11, "nvdec0-status", Form::bytes},
    NameRow{12, "measurement-counters", Form::bytes},
    NameRow{13, "cpr-info", Form::bytes},
    NameRow{14, "board-id", Form::number},
    NameRow{15, "chip-sku", Form::text},
    NameRow{16, "chip-sku-mod", Form::text},
    NameRow{17, "project", Form::text},
    NameRow{18, "project-sku", Form::text},
    NameRow{19, "project-sku-mod", Form::text},
    NameRow{20, kFwidFact, Form::bytes},
    NameRow{21, "protected-pcie-status", Form::bytes},
    NameRow{22, "switch-pdi", Form::bytes},
    NameRow{23, "floorswept-ports", Form::bytes},
    NameRow{24, "position-id", Form::bytes},
    NameRow{25, "lock-switch-status", Form::bytes},
    NameRow{32, "gpu-link-connections", Form::bytes},
    NameRow{33, "system-enable-status", Form::bytes},
    NameRow{34, "opaque-data-version", Form::number},
    NameRow{35, "chip-info", Form::text},
    NameRow{36, "feature-flag", Form::number},
};

bool is_text(View value) {
  while (!value.empty() && value.back() == 0) value = value.first(value.size() - 1);
  return !value.empty() && std::all_of(value.begin(), value.end(), [](std::uint8_t c) { return c >= ' ' && c < 0x7F; });
}

std::string as_string(View value) {
  while (!value.empty() && value.back() == 0) value = value.first(value.size() - 1);
  return printable(as_text(value));
}

std::string vbios(View value) {
  std::string out;
  for (const std::size_t i : {3U, 2U, 1U, 0U, 4U}) {
    std::string byte = hex(value[i], 2);
    for (char& c : byte)
      if (c >= 'a' && c <= 'f') c = static_cast<char>(c - 'a' + 'A');
    out += cat(out.empty() ? "" : ".", byte);
  }
  return out;
}

std::string shown(View value, Form form) {
  if (form == Form::vbios && value.size() == 8) return vbios(value);
  if ((form == Form::text || form == Form::vbios) && is_text(value)) return as_string(value);
  if (form == Form::number && !value.empty() && value.size() <= 8) {
    std::uint64_t number = 0;
    for (std::size_t i = value.size(); i-- > 0;) number = number << 8 | value[i];
    return std::to_string(number);
  }
  return hex(value);
}

bool is_of_nvidia(const CertificateInfo& leaf) {
  return leaf.device_info.starts_with("NVIDIA:") || leaf.subject.find("O=NVIDIA Corporation") != std::string::npos;
}

}  // namespace

std::optional<std::vector<DeviceFact>> read_rows(View opaque) {
  std::vector<DeviceFact> out;
  while (!opaque.empty()) {
    if (opaque.size() < kRowHead) return std::nullopt;
    const auto number = [&](std::size_t at) { return static_cast<std::uint16_t>(opaque[at] | opaque[at + 1] << 8); };
    const std::size_t size = number(2);
    if (opaque.size() - kRowHead < size) return std::nullopt;
    DeviceFact& fact = out.emplace_back();
    fact.type = number(0);
    fact.value = to_bytes(opaque.subspan(kRowHead, size));
    fact.text = hex(fact.value);
    opaque = opaque.subspan(kRowHead + size);
  }
  if (out.empty()) return std::nullopt;
  return out;
}

void name_facts(std::vector<DeviceFact>& facts, const CertificateInfo& leaf) {
  if (!is_of_nvidia(leaf)) return;
  for (DeviceFact& fact : facts)
    for (const NameRow& row : kNvidia)
      if (row.type == fact.type) {
        fact.name = row.name;
        fact.text = shown(fact.value, row.form);
      }
}

}  // namespace spdm
