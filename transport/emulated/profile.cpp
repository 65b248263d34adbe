#include "transport/emulated/profile.h"

#include <algorithm>
#include <array>

#include "core/error.h"
#include "core/format/yaml_reader.h"
#include "core/secret.h"
#include "core/text.h"
#include "transport/emulated/profile_files.h"
#include "transport/emulated/profile_pci.h"
#include "transport/emulated/profile_sessions.h"
#include "transport/emulated/profile_storage.h"

namespace spdm::transport {

using yaml::Choice;
using yaml::Section;
using yaml::Value;

namespace {

constexpr std::array kOpaqueFormats{Choice{"fmt0", other_params::opaque_fmt0}, Choice{"fmt1", other_params::opaque_fmt1}};
constexpr std::array kKeyUsages{Choice{"challenge", key_usage::challenge}, Choice{"measurement", key_usage::measurement},
                                Choice{"endpoint-info", key_usage::endpoint_info}, Choice{"key-exchange", key_usage::key_ex}};
constexpr std::array kOperational{Choice{"manufacturing", 1}, Choice{"validation", 2}, Choice{"normal", 4},
                                  Choice{"recovery", 8},      Choice{"rma", 16},       Choice{"decommissioned", 32}};
constexpr std::array kDeviceModes{Choice{"non-invasive-debug-active", 1}, Choice{"invasive-debug-active", 2},
                                  Choice{"non-invasive-debug-was-active-this-reset", 4}, Choice{"invasive-debug-was-active-this-reset", 8},
                                  Choice{"invasive-debug-was-active-ever", 16}};

struct TypeRow {
  std::string_view name;
  MeasurementType type;
  bool raw;  // always a raw bit stream (DSP0274 table "DMTFSpecMeasurementValueType")
};
constexpr std::array kTypes{
    TypeRow{"immutable-rom", MeasurementType::immutable_rom, false},
    TypeRow{"mutable-firmware", MeasurementType::mutable_firmware, false},
    TypeRow{"hardware-configuration", MeasurementType::hardware_configuration, false},
    TypeRow{"firmware-configuration", MeasurementType::firmware_configuration, false},
    TypeRow{"measurement-manifest", MeasurementType::manifest, false},
    TypeRow{"device-mode", MeasurementType::device_mode, true},
    TypeRow{"mutable-firmware-version", MeasurementType::firmware_version, true},
    TypeRow{"mutable-firmware-security-version", MeasurementType::security_version, true},
    TypeRow{"hash-extended", MeasurementType::hash_extend, false},
    TypeRow{"informational", MeasurementType::informational, true},
    TypeRow{"structured-measurement-manifest", MeasurementType::structured_manifest, false},
};

// Words of earlier releases, each with the word of today.
struct Renamed {
  std::string_view old, now;
};
constexpr std::array kRenamed{
    Renamed{"manifest", "measurement-manifest"},
    Renamed{"firmware-version", "mutable-firmware-version"},
    Renamed{"security-version", "mutable-firmware-security-version"},
    Renamed{"hash-extend", "hash-extended"},
    Renamed{"structured-manifest", "structured-measurement-manifest"},
    Renamed{"non-invasive-debug", "non-invasive-debug-active"},
    Renamed{"invasive-debug", "invasive-debug-active"},
    Renamed{"non-invasive-debug-since-reset", "non-invasive-debug-was-active-this-reset"},
    Renamed{"invasive-debug-since-reset", "invasive-debug-was-active-this-reset"},
    Renamed{"invasive-debug-ever", "invasive-debug-was-active-ever"},
};

class Loader {
 public:
  Loader(std::filesystem::path directory, DeviceProfile& out) : files_(std::move(directory)), out_(out) {}

  void load(const Value& root);

 private:
  void capabilities(const Section& in);
  void algorithms(const Section& in);
  void slot(const Section& in);
  void measurement(const Section& in);
  void device_mode(const Section& in);
  void log_entry(const Section& in);
  void endpoint_info(const Value& in);
  void vendor_reply(const Section& in);
  void fault(const Section& in);
  void check_sessions(const Value& in) const;
  void check_measurements(const Value& in);

  ProfileFiles files_;
  DeviceProfile& out_;
};

void refuse_renamed(const Value& value) {
  const std::string word = value.text();
  for (const Renamed& row : kRenamed)
    if (row.old == word) value.fail(cat("'", word, "' was renamed to ", row.now), cat("write ", row.now));
}

const TypeRow type_row(const Value& value) {
  refuse_renamed(value);
  const std::string word = value.text();
  std::string names = "allowed: ";
  for (const TypeRow& row : kTypes) {
    if (row.name == word) return row;
    names += cat(row.name, ", ");
  }
  if (word.empty() || word[0] < '0' || word[0] > '9') value.fail(cat("'", printable(word), "' is unknown"), names + "or a number");
  return {"", static_cast<MeasurementType>(value.number(0, 127)), false};
}

// Reads a capability flag by its name in core/wire/capabilities.h.
std::uint32_t flag(const Value& value) {
  const std::string word = value.text();
  if (word.starts_with("0x")) return value.number(0, 0xFFFFFFFF);
  std::string names;
  for (int bit = 0; bit < 32; ++bit)
    for (const std::string& name : flag_names(1U << bit)) {
      if (name == word) return 1U << bit;
      names += cat(names.empty() ? "allowed: " : ", ", name);
    }
  value.fail(cat("'", printable(word), "' is unknown"), names);
}

void Loader::capabilities(const Section& in) {
  in.with("set", [&](const Value& list) {
    for (const Value& value : list.list()) out_.set_flags |= flag(value);
  });
  in.with("clear", [&](const Value& list) {
    for (const Value& value : list.list()) out_.clear_flags |= flag(value);
  });
}

void Loader::algorithms(const Section& in) {
  in.with("asym", [&](const Value& list) {
    for (const Value& value : list.list()) out_.asym.push_back(asym_of(value));
  });
  in.with("hash", [&](const Value& list) {
    for (const Value& value : list.list()) out_.hash.push_back(hash_of(value));
  });
  in.with("measurement-hash", [&](const Value& value) {
    out_.measurement_raw_only = value.text() == "raw";
    if (!out_.measurement_raw_only) out_.measurement_hash = hash_of(value);
  });
  in.with("opaque", [&](const Value& list) { out_.opaque_formats = static_cast<std::uint8_t>(list.choices(kOpaqueFormats)); });
}

void Loader::slot(const Section& in) {
  DeviceSlot slot;
  const Value id = in.get("slot");
  slot.id = id.text() == "provisioned" ? kProvisionedKey : static_cast<std::uint8_t>(id.number(0, kSlots - 1));
  const Value key = in.get("key");
  try {
    const Secret contents(files_.read(key));
    slot.key = crypto::PrivateKey::from_file_bytes(*contents, key.text());
  } catch (const Error& why) {
    if (why.id == ErrorId::config) throw;
    key.fail(why.what(), "give a private key in PKCS#8, PEM or DER");
  }
  if (out_.sessions) slot.key_usage |= key_usage::key_ex;
  in.with("chain", [&](const Value& value) { slot.certificates = files_.certificates(value); });
  in.with("root", [&](const Value& value) { slot.root = files_.certificates(value).front(); });
  in.with("raw-chain", [&](const Value& value) { slot.chain = files_.read(value); });
  in.with("model", [&](const Value& value) { slot.model = value.word(kModelsOfChains); });
  in.with("key-pair-id", [&](const Value& value) { slot.key_pair_id = static_cast<std::uint8_t>(value.number(0, 255)); });
  in.with("key-usage", [&](const Value& value) { slot.key_usage = static_cast<std::uint16_t>(value.choices(kKeyUsages)); });
  in.with("multi-key-only", [&](const Value& value) { slot.multi_key_only = value.boolean(); });
  if (slot.id == kProvisionedKey && (!slot.certificates.empty() || !slot.chain.empty()))
    in.fail("a provisioned key has no certificates", "leave chain and raw-chain out, or give the slot a number");
  out_.slots.push_back(std::move(slot));
}

void Loader::measurement(const Section& in) {
  DeviceMeasurement out;
  out.index = static_cast<std::uint8_t>(in.get("index").number(1, 0xFE));
  const TypeRow row = type_row(in.get("type"));
  out.type = row.type;
  out.raw = row.raw;
  in.with("raw", [&](const Value& value) { out.raw = value.boolean(); });
  in.with("tcb", [&](const Value& value) { out.tcb = value.boolean(); });
  in.with("digest", [&](const Value& value) { out.digest = value.hex(); });
  const std::optional<Bytes> value = files_.contents(in);
  if (!value && out.digest.empty() && out.type != MeasurementType::hash_extend)
    in.fail("nothing is measured", "give it one of text, hex, file, number or digest");
  out.value = value.value_or(Bytes{});
  out_.measurements.push_back(std::move(out));
}

void Loader::device_mode(const Section& in) {
  const auto bits = [&](std::string_view key, std::span<const Choice> table) -> std::uint32_t {
    const std::optional<Value> value = in.find(key);
    if (!value) return 0;
    for (const Value& word : value->list()) refuse_renamed(word);
    return value->choices(table);
  };
  const std::uint32_t state = in.get("operational-state").choice(kOperational);
  Writer writer;
  writer.u32(bits("operational-capabilities", kOperational) | state).u32(state);
  writer.u32(bits("device-capabilities", kDeviceModes)).u32(bits("device-state", kDeviceModes));
  out_.measurements.push_back({kDeviceModeIndex, MeasurementType::device_mode, true, writer.take(), {}, {}});
}

void Loader::log_entry(const Section& in) {
  DeviceLogEntry out;
  out.measurement_index = static_cast<std::uint8_t>(in.get("measurement").number(1, 0xFE));
  const TypeRow row = type_row(in.get("type"));
  out.value_type = static_cast<std::uint8_t>(static_cast<unsigned>(row.type) | 0x80);
  const std::optional<Bytes> value = files_.contents(in);
  if (!value) in.fail("nothing is logged", "give it one of text, hex, file, number");
  out.value = *value;
  out_.log.push_back(std::move(out));
}

// Device classes (DSP0274 "EPInfo"): the element length counts what follows it.
void Loader::endpoint_info(const Value& in) {
  const std::vector<Value> classes = in.list();
  Writer writer;
  writer.u8(classes.size()).zeros(3);
  for (const Value& value : classes) {
    const Section section(value, {"registry", "vendor", "sub-ids"});
    Writer element;
    element.u8(section.get("registry").number(0, 11));
    const Bytes vendor = section.find("vendor") ? section.get("vendor").hex() : Bytes{};
    element.u8(vendor.size()).bytes(vendor);
    std::vector<Value> subs;
    section.with("sub-ids", [&](const Value& list) { subs = list.list(); });
    element.u8(subs.size());
    for (const Value& sub : subs) {
      const Bytes bytes = sub.hex();
      element.u8(bytes.size()).bytes(bytes);
    }
    if (element.size() > 0xFF) section.fail("does not fit", "at most 255 bytes");
    writer.u8(element.size()).bytes(element.take());
  }
  out_.endpoint_info = writer.take();
}

void Loader::vendor_reply(const Section& in) {
  DeviceVendorReply out;
  out.standard_id = static_cast<std::uint16_t>(in.get("registry").number(0, 0xFFFF));
  in.with("vendor", [&](const Value& value) { out.vendor_id = value.hex(); });
  in.with("request", [&](const Value& value) { out.request = value.hex(); });
  in.with("response", [&](const Value& value) { out.response = value.hex(); });
  out_.vendor_replies.push_back(std::move(out));
}

void Loader::fault(const Section& in) {
  const Value on = in.get("on"), action = in.get("do");
  try {
    Fault out = parse_fault(on.text(), action.text());
    in.with("first", [&](const Value& value) { out.first = value.number(1, 0xFFFFFFFF); });
    in.with("times", [&](const Value& value) { out.times = value.number(1, 0xFFFFFFFF); });
    in.with("signed", [&](const Value& value) { out.before_signing = value.boolean(); });
    in.with("in-session", [&](const Value& value) { out.in_session = value.boolean(); });
    out_.faults.push_back(std::move(out));
  } catch (const Error& why) {
    if (why.id == ErrorId::config) throw;
    in.fail(why.what(), why.hint);
  }
}

void Loader::check_sessions(const Value& in) const {
  if (out_.sessions && out_.slots.empty() && out_.sessions->psk.empty())
    in.fail("sessions: none is possible without a key", "give slots, or sessions.psk");
  const std::uint32_t secured = 1U << static_cast<unsigned>(StorageOperation::secured_message);
  if ((out_.storage.operations.value_or(0) & secured) != 0 && !out_.sessions)
    in.fail("storage.operations: secured messages are of sessions", "add sessions: true");
  if ((out_.ide || out_.tdisp) && !out_.sessions) in.fail("ide and tdisp: they are answered in sessions only", "add sessions: true");
}

void Loader::check_measurements(const Value& in) {
  auto& list = out_.measurements;
  std::sort(list.begin(), list.end(), [](const auto& a, const auto& b) { return a.index < b.index; });
  const auto twice = std::adjacent_find(list.begin(), list.end(), [](const auto& a, const auto& b) { return a.index == b.index; });
  if (twice != list.end()) in.fail(cat("measurement ", twice->index, " twice"));
}

void Loader::load(const Value& root) {
  const Section in(root, {"name",
                          "versions",
                          "capabilities",
                          "ct-exponent",
                          "data-transfer-size",
                          "max-message-size",
                          "send-limit",
                          "algorithms",
                          "slots",
                          "empty-slots",
                          "measurement-signatures",
                          "content-changed",
                          "measurements",
                          "device-mode",
                          "log",
                          "endpoint-info",
                          "vendor-defined",
                          "opaque-data",
                          "sessions",
                          "ide",
                          "tdisp",
                          "storage",
                          "faults"});
  const auto sections = [&](std::string_view key, std::initializer_list<std::string_view> keys, void (Loader::*read)(const Section&)) {
    in.with(key, [&](const Value& list) {
      for (const Value& value : list.list()) (this->*read)(Section(value, keys));
    });
  };
  in.with("name", [&](const Value& value) { out_.name = value.text(); });
  in.with("versions", [&](const Value& list) {
    out_.versions.clear();
    for (const Value& value : list.list()) out_.versions.push_back(value.word(kVersions));
    if (out_.versions.empty()) list.fail("names no version");
  });
  in.with("capabilities", [&](const Value& value) { capabilities(Section(value, {"set", "clear"})); });
  in.with("ct-exponent", [&](const Value& value) { out_.ct_exponent = static_cast<std::uint8_t>(value.number(0, 255)); });
  in.with("data-transfer-size", [&](const Value& value) { out_.data_transfer_size = value.number(kMinDataTransferSize, 1U << 20); });
  in.with("max-message-size", [&](const Value& value) { out_.max_message_size = value.number(kMinDataTransferSize, 1U << 24); });
  in.with("send-limit", [&](const Value& value) { out_.send_limit = value.number(kMinDataTransferSize, 1U << 20); });
  in.with("algorithms", [&](const Value& value) { algorithms(Section(value, {"asym", "hash", "measurement-hash", "opaque"})); });
  in.with("sessions", [&](const Value& value) { out_.sessions = read_sessions(value, files_); });
  in.with("ide", [&](const Value& value) { out_.ide = read_ide(value); });
  in.with("tdisp", [&](const Value& value) { out_.tdisp = read_tdisp(value); });
  in.with("storage", [&](const Value& value) { out_.storage = read_storage(value); });
  sections("slots", {"slot", "key", "chain", "root", "raw-chain", "model", "key-pair-id", "key-usage", "multi-key-only"}, &Loader::slot);
  in.with("empty-slots", [&](const Value& list) {
    for (const Value& value : list.list()) out_.empty_slots |= static_cast<std::uint8_t>(1U << value.number(0, kSlots - 1));
  });
  in.with("measurement-signatures", [&](const Value& value) { out_.measurement_signatures = value.boolean(); });
  in.with("content-changed", [&](const Value& value) { out_.content_changed = value.word(kContentChanged); });
  sections("measurements", {"index", "type", "text", "hex", "file", "number", "digest", "raw", "tcb"}, &Loader::measurement);
  in.with("device-mode", [&](const Value& value) {
    device_mode(Section(value, {"operational-capabilities", "operational-state", "device-capabilities", "device-state"}));
  });
  check_measurements(in);
  sections("log", {"measurement", "type", "text", "hex", "file", "number"}, &Loader::log_entry);
  in.with("endpoint-info", [&](const Value& value) { endpoint_info(value); });
  sections("vendor-defined", {"registry", "vendor", "request", "response"}, &Loader::vendor_reply);
  in.with("opaque-data", [&](const Value& value) {
    const Section section(value, {"challenge", "measurements"});
    section.with("challenge", [&](const Value& bytes) { out_.challenge_opaque = bytes.hex(); });
    section.with("measurements", [&](const Value& bytes) { out_.measurements_opaque = bytes.hex(); });
  });
  sections("faults", {"on", "do", "first", "times", "signed", "in-session"}, &Loader::fault);
  check_sessions(in);
  if (out_.data_transfer_size > out_.max_message_size) in.fail("data-transfer-size is more than max-message-size");
}

}  // namespace

DeviceProfile load_profile(const std::filesystem::path& path) {
  const Bytes bytes = read_profile_file(path, FileKind::profile);
  return parse_profile(std::string(bytes.begin(), bytes.end()), path);
}

DeviceProfile parse_profile(const std::string& contents, const std::filesystem::path& path) {
  DeviceProfile out;
  const std::string file = path.string();
  Loader(path.parent_path(), out).load(yaml::parse(file, contents));
  return out;
}

}  // namespace spdm::transport
