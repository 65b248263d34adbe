#include "core/appraisal/measurement.h"

#include <algorithm>
#include <array>
#include <bit>
#include <nlohmann/json.hpp>

#include "core/appraisal/manifest.h"
#include "core/crypto/crypto.h"
#include "core/text.h"

namespace spdm {

namespace {

struct TypeRow {
  MeasurementType type;
  std::string_view name, redfish;
};

constexpr std::array kTypes{
    TypeRow{MeasurementType::immutable_rom, "immutable-rom", "ImmutableROM"},
    TypeRow{MeasurementType::mutable_firmware, "mutable-firmware", "MutableFirmware"},
    TypeRow{MeasurementType::hardware_configuration, "hardware-configuration", "HardwareConfiguration"},
    TypeRow{MeasurementType::firmware_configuration, "firmware-configuration", "FirmwareConfiguration"},
    TypeRow{MeasurementType::manifest, "measurement-manifest", "MeasurementManifest"},
    TypeRow{MeasurementType::device_mode, "device-mode", ""},
    TypeRow{MeasurementType::firmware_version, "mutable-firmware-version", "MutableFirmwareVersion"},
    TypeRow{MeasurementType::security_version, "mutable-firmware-security-version", "MutableFirmwareSecurityVersionNumber"},
    TypeRow{MeasurementType::hash_extend, "hash-extended", ""},
    TypeRow{MeasurementType::informational, "informational", ""},
    TypeRow{MeasurementType::structured_manifest, "structured-measurement-manifest", ""},
};

const TypeRow* find(MeasurementType type) {
  const auto it = std::find_if(kTypes.begin(), kTypes.end(), [&](const TypeRow& row) { return row.type == type; });
  return it == kTypes.end() ? nullptr : &*it;
}

constexpr std::array kOperational{"manufacturing", "validation", "normal", "recovery", "rma", "decommissioned"};
constexpr std::array kDeviceModes{"non-invasive-debug-active", "invasive-debug-active", "non-invasive-debug-was-active-this-reset",
                                  "invasive-debug-was-active-this-reset", "invasive-debug-was-active-ever"};

template <std::size_t N>
std::vector<std::string> bit_names(std::uint32_t bits, const std::array<const char*, N>& names) {
  std::vector<std::string> out;
  for (unsigned bit = 0; bit < 32; ++bit)
    if ((bits >> bit & 1) != 0) out.push_back(bit < N ? names.at(bit) : cat("bit-", bit));
  return out;
}

std::string where(const MeasurementBlock& block) { return cat("measurement ", block.index, " (", name(block.type), ")"); }

void read_device_mode(Measurement& out, std::vector<Finding>& findings) {
  const Bytes& value = out.block.value;
  if (value.size() != 16) {
    findings.push_back(
        {FindingId::measurement_malformed, where(out.block), cat("a device mode has 16 bytes, this one has ", value.size()), ""});
    return;
  }
  Reader reader(value, "device mode");
  DeviceMode mode;
  mode.operational_capabilities = reader.u32("OperationalModeCapabilities");
  mode.operational_state = reader.u32("OperationalModeState");
  mode.device_capabilities = reader.u32("DeviceModeCapabilities");
  mode.device_state = reader.u32("DeviceModeState");
  out.device_mode = mode;
  if (std::popcount(mode.operational_state) > 1 || (mode.operational_state & ~mode.operational_capabilities) != 0)
    findings.push_back({FindingId::debug_mode, where(out.block),
                        cat("OperationalModeState 0x", hex(mode.operational_state, 8), " is not one of the modes 0x",
                            hex(mode.operational_capabilities, 8), " that the device has"),
                        "ask the vendor what the device means by it"});
  constexpr std::uint32_t normal = 1U << 2;
  std::string state;
  for (const std::string& bit : operational_names(mode.operational_state & ~normal)) state += cat(state.empty() ? "" : ", ", bit);
  for (const std::string& bit : device_mode_names(mode.device_state)) state += cat(state.empty() ? "" : ", ", bit);
  if (!state.empty())
    findings.push_back({FindingId::debug_mode, where(out.block), cat("the device reports: ", state),
                        "do not rely on its other measurements until this is explained"});
}

// DSP0274 measurement block, N205: a security version number should be 8 bytes, in little-endian order. A shorter one is as clear.
void read_security_version(Measurement& out, std::vector<Finding>& findings) {
  const Bytes& value = out.block.value;
  constexpr std::size_t kSize = 8;
  if (!value.empty() && value.size() <= kSize) {
    std::uint64_t number = 0;
    for (std::size_t i = 0; i < value.size(); ++i) number |= std::uint64_t{value[i]} << (8 * i);
    out.security_version = number;
  }
  if (value.size() == kSize) return;
  findings.push_back({FindingId::svn_size, where(out.block),
                      cat("a security version number should have 8 bytes, this one has ", value.size(),
                          out.security_version ? cat(": read as ", *out.security_version) : std::string(", and is not read")),
                      "confirm with its vendor that this is the number"});
}

// DSP0274 "Structured measurement manifest": a standards body or vendor header says who defines what follows.
void read_manifest_header(Measurement& out) {
  const View body = out.block.value;
  if (out.block.type != MeasurementType::structured_manifest || !out.block.raw || body.size() < 2) return;
  const std::uint8_t registry = body[0];
  const std::size_t length = body[1];
  if (body.size() < 2 + length || !vendor_length_fits(registry, length)) return;
  out.manifest_format = std::string(registry_name(registry));
  if (length != 0) out.manifest_format += cat(" ", hex(body.subspan(2, length)));
}

// What a person reads of it stays out of the report; its bytes are there, whole, and are what is compared and signed.
void tell_room(const MeasurementBlock& block, std::string_view why, std::vector<Finding>& findings) {
  findings.push_back({FindingId::budget_reached, where(block), cat("is shown as bytes and not decoded: ", why),
                      "read this measurement by itself (--index), or its bytes with another tool"});
}

// CBOR is what TCG and OCP manifests are made of; a value that is not exactly one CBOR item stays a byte string.
void read_cbor(Measurement& out, std::vector<Finding>& findings, ReadableRoom& room) {
  try {
    const std::optional<cbor::Item> manifest = read_manifest(out.block, {.items = room.items});
    if (!manifest) return;
    std::string text = cbor::to_json(*manifest).dump(-1, ' ', true, Json::error_handler_t::replace);
    const std::size_t size = text.size() + extent(name_manifest(*manifest));
    if (size > room.bytes) throw cbor::Oversized(cat("its manifest expands to ", size, " bytes, and all together have ", kMaxReadable));
    room.bytes -= size;
    room.items -= cbor::count(*manifest);
    out.manifest = std::move(text);
  } catch (const cbor::Oversized& error) {
    tell_room(out.block, error.what(), findings);
  }
}

void read_text(Measurement& out, std::vector<Finding>& findings, ReadableRoom& room) {
  std::string text = printable(as_text(out.block.value));
  if (text.size() > room.bytes)
    return tell_room(out.block, cat("all texts and manifests together have no more than ", kMaxReadable, " bytes"), findings);
  room.bytes -= text.size();
  out.text = std::move(text);
}

bool is_text(View value) {
  return !value.empty() && std::all_of(value.begin(), value.end(), [](std::uint8_t byte) { return byte >= 0x20 && byte < 0x7F; });
}

}  // namespace

std::string name(MeasurementType type) {
  const TypeRow* row = find(type);
  return row == nullptr ? cat("type-0x", hex(static_cast<std::uint8_t>(type), 2)) : std::string(row->name);
}

std::string_view redfish_name(MeasurementType type) {
  const TypeRow* row = find(type);
  return row == nullptr ? "" : row->redfish;
}

std::vector<std::string> operational_names(std::uint32_t bits) { return bit_names(bits, kOperational); }
std::vector<std::string> device_mode_names(std::uint32_t bits) { return bit_names(bits, kDeviceModes); }

Measurement decode_measurement(MeasurementBlock own, std::uint8_t version, std::vector<Finding>& findings, ReadableRoom& room) {
  Measurement out;
  out.block = std::move(own);
  const MeasurementBlock& block = out.block;
  const MeasurementType type = block.type;
  const bool raw_only = type == MeasurementType::device_mode || type == MeasurementType::firmware_version ||
                        type == MeasurementType::security_version || (type == MeasurementType::informational && version >= k13);
  // DSP0274 measurement block, N205, N319: a digest of such a value cannot be appraised.
  if (raw_only && !block.raw)
    findings.push_back(
        {FindingId::measurement_malformed, where(block), "is a digest, this type must be a raw bit stream", "report it to the vendor"});
  // DSP0274 measurement block, N318: reserved from 1.2 on. Devices put the manifests of other standards bodies there,
  // so it is no failure.
  if (version >= k12 && block.index >= 0xF0 && block.index <= 0xFC)
    findings.push_back({FindingId::reserved_index, where(block), "indices 0xF0 to 0xFC are reserved", ""});
  if (!block.raw) return out;

  if (type == MeasurementType::device_mode) read_device_mode(out, findings);
  if (type == MeasurementType::security_version) {
    read_security_version(out, findings);
  }
  if (type == MeasurementType::manifest || type == MeasurementType::structured_manifest) {
    read_manifest_header(out);
    read_cbor(out, findings, room);
  }
  const bool textual =
      type == MeasurementType::firmware_version || type == MeasurementType::informational || type == MeasurementType::manifest;
  if (textual && !out.manifest && is_text(block.value)) read_text(out, findings, room);
  return out;
}

Bytes replay_extension(const std::vector<MelEntry>& entries, std::uint8_t measurement_index, const HashAlgorithm& hash) {
  Bytes value(hash.size, 0);
  for (const MelEntry& entry : entries) {
    if (entry.measurement_index != measurement_index) continue;
    append(value, entry.raw);
    value = crypto::hash(hash, value);
  }
  return value;
}

}  // namespace spdm
