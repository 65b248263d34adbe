#include "cmd/gate/device_state.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cmd/attest/pci_scope.h"
#include "cmd/host/files.h"
#include "cmd/host/run_files.h"
#include "core/crypto/crypto.h"
#include "core/format/json_reader.h"
#include "core/text.h"

namespace spdm::cmd {

namespace {

constexpr std::size_t kFingerprint = 64;  // hex digits of SHA-256
const std::string kFolder = "devices";

// An absent device has the name of its rule instead of an address, and that may hold any character.
std::string file_name(const DeviceState& state) {
  if (!state.bdf.empty() && state.decision != Decision::absent) return cat(state.bdf, ".json");
  return cat("absent-", hex(crypto::hash(*find_hash("SHA-256"), as_bytes(state.rule))).substr(0, 16), ".json");
}

Json raw_json(const DeviceState& state) {
  Json actions = Json::array();
  for (const GateStep step : state.actions) actions.push_back(name(step));
  Json out{{"schema", kStateSchema},
           {"bdf", state.bdf},
           {"time", state.time},
           {"occasion", name(state.occasion)},
           {"decision", name(state.decision)},
           {"verdict", name(state.verdict)},
           {"exit_code", static_cast<int>(state.exit)},
           {"reason", state.reason},
           {"rule", state.rule},
           {"actions", std::move(actions)},
           {"trouble", state.trouble}};
  const auto optional = [&](const char* key, const std::optional<std::string>& value) {
    if (value) out[key] = *value;
  };
  if (!state.drive.empty()) out["drive"] = state.drive;
  optional("driver", state.driver);
  optional("identity", state.identity);
  optional("leaf", state.leaf);
  if (state.version) out["spdm_version"] = version_name(*state.version);
  if (state.same_device) out["same_device"] = *state.same_device;
  optional("former_leaf", state.former_leaf);
  optional("former_identity", state.former_identity);
  optional("former_override", state.former_override);
  optional("instance", state.instance);
  if (state.bound_before) out["bound_before"] = true;
  return out;
}

// The value of the word that comes next.
template <class Table>
auto word(JsonReader& json, const Table& table, std::string_view what) {
  const auto out = value_of(table, json.string());
  if (!out) json.fail(cat("is not a known ", what));
  return *out;
}

Exit exit_code(JsonReader& json) {
  const std::uint64_t code = json.number(255);
  for (const ExitRow& row : exit_codes())
    if (static_cast<std::uint64_t>(row.code) == code) return row.code;
  json.fail("is not a known exit code");
}

std::string fingerprint(JsonReader& json) {
  std::string out(json.string());
  if (out.size() != kFingerprint || out.find_first_not_of("0123456789abcdef") != std::string::npos) json.fail("is not a SHA-256 in hex");
  return out;
}

void read_member(JsonReader& json, std::string_view key, DeviceState& out) {
  if (key == "schema") {
    if (json.string() != kStateSchema) json.fail(cat("is not ", kStateSchema));
  } else if (key == "decision") {
    out.decision = word(json, kDecisions, "decision");
  } else if (key == "occasion") {
    out.occasion = word(json, kOccasions, "occasion");
  } else if (key == "verdict") {
    out.verdict = word(json, kVerdicts, "verdict");
  } else if (key == "exit_code") {
    out.exit = exit_code(json);
  } else if (key == "actions") {
    json.array([&] { out.actions.push_back(word(json, kGateSteps, "action")); });
  } else if (key == "trouble") {
    json.array([&] { out.trouble.emplace_back(json.string()); });
  } else if (key == "leaf") {
    out.leaf = fingerprint(json);
  } else if (key == "former_leaf") {
    out.former_leaf = fingerprint(json);
  } else if (key == "spdm_version") {
    out.version = word(json, kVersions, "version of SPDM");
  } else if (key == "same_device") {
    out.same_device = json.boolean();
  } else if (key == "bound_before") {
    out.bound_before = json.boolean();
  } else {
    const std::string text(json.string());
    if (key == "bdf") out.bdf = text;
    if (key == "time") out.time = text;
    if (key == "reason") out.reason = text;
    if (key == "rule") out.rule = text;
    if (key == "driver") out.driver = text;
    if (key == "identity") out.identity = text;
    if (key == "former_identity") out.former_identity = text;
    if (key == "former_override") out.former_override = text;
    if (key == "instance") out.instance = text;
  }
}

DeviceState parse_state(const std::string& text, const std::string& name) {
  DeviceState out;
  JsonReader json(text, "state");
  json.object({"schema", "bdf", "time", "occasion", "decision", "verdict", "exit_code", "reason", "rule", "actions", "trouble"},
              {"driver", "identity", "leaf", "spdm_version", "same_device", "former_leaf", "former_identity", "former_override", "instance",
               "bound_before"},
              [&](std::string_view key) { read_member(json, key, out); });
  json.finish();
  if (!out.bdf.empty()) {
    const std::optional<transport::Bdf> bdf = transport::parse_bdf(out.bdf);
    if (!bdf || to_string(*bdf) != out.bdf)
      throw Error(ErrorId::bad_input, cat("state: bdf: invalid PCI address '", printable(out.bdf), "'"));
  }
  if (file_name(out) != name) throw Error(ErrorId::bad_input, cat("state: is of another device, ", printable(file_name(out))));
  return out;
}

std::optional<DeviceState> read_one(const RunFolder& folder, const std::string& name) {
  try {
    const std::optional<std::string> text = folder.read(name, FileKind::state);
    if (!text) return std::nullopt;
    return parse_state(*text, name);
  } catch (Error& error) {
    if (error.device.empty()) error.device = folder.path(name).string();
    if (error.hint.empty()) error.hint = "remove it: the next gate run writes a new one";
    throw;
  }
}

}  // namespace

bool is_of(const DeviceState& state, const transport::PciDevice& device) {
  if (!state.identity || state.instance != std::to_string(device.instance)) return false;
  try {
    PciIdentity then = parse_pci_identity(*state.identity), now = device.identity;
    if (!device.mailboxes) then.serial = now.serial = 0;  // it could not be read
    return then == now;
  } catch (const Error&) {  // what stands there is no identity
    return false;
  }
}

bool may_be_used(const DeviceState& state) {
  const bool passed_late = state.decision == Decision::late && state.verdict == Verdict::pass && !is_shut(state);
  return state.decision == Decision::allowed || passed_late;
}

bool was_taken_away(const DeviceState& state) {
  return std::any_of(state.actions.begin(), state.actions.end(),
                     [](GateStep step) { return step == GateStep::removed || step == GateStep::powered_off; });
}

Json to_json(const DeviceState& state) {
  const Json raw = raw_json(state);
  Json out;
  for (const auto& [key, value] : raw.items()) {
    if (key == "schema" || key == "bound_before" || key == "instance" || key.starts_with("former_")) continue;
    if (value.is_string()) {
      out[key] = printable(value.get_ref<const std::string&>());
    } else if (value.is_array()) {
      out[key] = Json::array();
      for (const Json& item : value) out[key].push_back(printable(item.get_ref<const std::string&>()));
    } else {
      out[key] = value;
    }
  }
  return out;
}

void write_state(const transport::Host& host, const DeviceState& state) {
  const std::string text = raw_json(state).dump(2, ' ', false, Json::error_handler_t::replace);
  RunFolder::make(host, kFolder).write(file_name(state), text + "\n");
}

void remove_state(const transport::Host& host, const DeviceState& state) {
  if (const std::optional<RunFolder> folder = RunFolder::open(host, kFolder)) folder->remove(file_name(state));
}

std::optional<DeviceState> read_state(const transport::Host& host, const std::string& bdf) {
  const std::optional<RunFolder> folder = RunFolder::open(host, kFolder);
  if (!folder) return std::nullopt;
  return read_one(*folder, cat(bdf, ".json"));
}

States read_states(const transport::Host& host) {
  States out;
  const std::optional<RunFolder> folder = RunFolder::open(host, kFolder);
  if (!folder) return out;
  const std::vector<std::string> names = folder->names(".json", kMaxStates + 1);
  for (const std::string& name : names) {
    if (out.states.size() + out.problems.size() == kMaxStates) {
      Error& error = out.problems.emplace_back(ErrorId::bad_input, cat("holds more than ", kMaxStates, " states, which is the limit"));
      error.device = folder->path("").string();
      break;
    }
    try {
      if (std::optional<DeviceState> state = read_one(*folder, name)) out.states.push_back(std::move(*state));
    } catch (const Error& error) {
      out.problems.push_back(error);
    }
  }
  std::stable_sort(out.states.begin(), out.states.end(),
                   [](const DeviceState& a, const DeviceState& b) { return transport::parse_bdf(a.bdf) < transport::parse_bdf(b.bdf); });
  return out;
}

bool is_shut(const DeviceState& state) {
  const bool held = std::find(state.actions.begin(), state.actions.end(), GateStep::driver_override) != state.actions.end();
  return state.decision == Decision::blocked || (state.decision == Decision::late && held);
}

bool disagrees(const DeviceState& state, const transport::PciControl& control) {
  const std::optional<transport::Bdf> bdf = transport::parse_bdf(state.bdf);
  if (!bdf) return false;
  const bool held = control.driver_override(*bdf) == kSentinel;
  if (is_shut(state)) return !held || control.driver(*bdf).has_value();
  return state.decision == Decision::allowed && held;
}

std::optional<std::string> leaf_of(const Report& report) {
  const SlotReport* found = nullptr;
  for (const SlotReport& slot : report.slots) {
    if (!slot.chain || slot.chain->certificates.empty()) continue;
    if (found == nullptr || (slot.used && !found->used)) found = &slot;
  }
  if (found == nullptr || found->chain->certificates.back().sha256.size() != kFingerprint) return std::nullopt;
  return found->chain->certificates.back().sha256;
}

std::optional<std::uint8_t> proven_version(const Report& report) {
  if (!report.connection || !report.connection->negotiation_proven) return std::nullopt;
  return report.connection->parameters.version;
}

void compare(DeviceState& state, const DeviceState& before) {
  const bool seen = before.leaf.has_value();
  state.former_leaf = seen ? before.leaf : before.former_leaf;
  state.former_identity = seen ? before.identity : before.former_identity;
  if (!state.former_leaf) return;
  if (before.version && (!state.leaf || state.leaf == state.former_leaf)) state.version = std::max(state.version, before.version);
  if (state.identity != state.former_identity)
    state.same_device = false;
  else if (state.leaf)
    state.same_device = state.leaf == state.former_leaf;
}

}  // namespace spdm::cmd
