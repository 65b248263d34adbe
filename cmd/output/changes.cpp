#include "cmd/output/changes.h"

#include <algorithm>

#include "cmd/attest/targets.h"
#include "cmd/host/files.h"
#include "core/error.h"
#include "core/fleet/result_reader.h"
#include "core/text.h"

namespace spdm::cmd {

namespace {

// The text of a member, however deep; empty when it is not there or of another kind.
std::string text_at(const Json& json, std::initializer_list<const char*> path) {
  const Json* at = &json;
  for (const char* const key : path) {
    if (!at->is_object()) return {};
    const auto next = at->find(key);
    if (next == at->end()) return {};
    at = &*next;
  }
  if (at->is_string()) return at->get<std::string>();
  return at->is_number_unsigned() ? cat(at->get<std::uint64_t>()) : std::string();
}

const Json& list_at(const Json& json, const char* key) {
  static const Json kEmpty = Json::array();
  if (!json.is_object()) return kEmpty;
  const auto it = json.find(key);
  return it != json.end() && it->is_array() ? *it : kEmpty;
}

// The chain that the verdict is about, as in render_text.
const Json* chain_of(const Json& report) {
  const Json* any = nullptr;
  for (const Json& slot : list_at(report, "slots")) {
    if (!slot.is_object() || !slot.contains("chain")) continue;
    if (slot.contains("used") && slot["used"] == true) return &slot["chain"];
    if (any == nullptr) any = &slot["chain"];
  }
  return any;
}

// Whether both are one PCI function, which earlier reports call as it was named then, such as "03:00.0".
bool is_same_function(const std::string& a, const std::string& b) {
  const std::optional<transport::Bdf> address = address_of(a);
  return address && address == address_of(b);
}

[[noreturn]] void refuse(const std::filesystem::path& file, std::size_t line, const std::string& why) {
  Error error(ErrorId::bad_input, line == 0 ? why : cat("line ", line, ": ", why), "give the output of an earlier spdmctl audit --json");
  error.device = file.string();
  throw error;
}

Json parse(const std::filesystem::path& file, std::size_t line, std::string_view text) {
  try {
    return Json::parse(text);
  } catch (const Json::parse_error& error) {
    refuse(file, line, cat("is not JSON (byte ", error.byte, ")"));
  } catch (const Json::exception&) {
    refuse(file, line, "is not JSON");
  }
}

}  // namespace

EarlierReport::Device EarlierReport::device_of(const Json& report) {
  Device out;
  const auto add = [&](std::string name, std::string value) {
    if (!value.empty()) out.facts.emplace_back(std::move(name), std::move(value));
  };
  out.complete = !report.contains("error");
  add("verdict", text_at(report, {"verdict"}));
  add("SPDM version", text_at(report, {"connection", "version"}));
  add("signature algorithm", text_at(report, {"connection", "algorithms", "asym"}));
  add("hash algorithm", text_at(report, {"connection", "algorithms", "hash"}));
  if (const Json* chain = chain_of(report)) {
    add("root", text_at(*chain, {"root_sha256"}));
    const Json& certificates = list_at(*chain, "certificates");
    if (!certificates.empty()) add("leaf certificate", text_at(certificates.back(), {"sha256"}));
  }
  for (const Json& measurement : list_at(report, "measurements")) {
    const std::string type = text_at(measurement, {"type"}), text = text_at(measurement, {"text"});
    const bool numbered = measurement.is_object() && measurement.contains("index") && measurement["index"].is_number_unsigned();
    const std::string index = numbered ? cat("0x", hex(measurement["index"].get<std::uint64_t>(), 2)) : std::string("without index");
    std::string value = !text.empty() ? text : text_at(measurement, {"security_version"});
    if (value.empty()) value = text_at(measurement, {"value"});
    add(cat("measurement ", index, " (", type, text_at(measurement, {"form"}) == "raw" ? ", raw)" : ")"), value);
  }
  return out;
}

void EarlierReport::add(const Json& report, const std::string& where) {
  if (!report.is_object()) throw Error(ErrorId::bad_input, cat(where, " is not a report"));
  if (const auto judged = report.find("judged"); judged != report.end() && *judged == false)
    throw Error(ErrorId::bad_input, cat(where, ": ", kJudgesNothing));
  const std::string source = text_at(report, {"source"});
  if (source.empty()) return;  // an error that is about no device
  const std::string time = text_at(report, {"time"});
  if (!time.empty() && (time_.empty() || time < time_)) time_ = time;
  devices_.insert_or_assign(source, device_of(report));
}

EarlierReport EarlierReport::read(const std::filesystem::path& file) {
  const Bytes bytes = read_file(file, FileKind::report);
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (text.empty()) refuse(file, 0, "is empty");
  EarlierReport out;
  const auto add = [&](const Json& json, std::size_t line) {
    const std::string schema = text_at(json, {"schema"});
    if (schema != kReportSchema && schema != kReportSchemaBefore)
      refuse(file, line,
             cat("is not a report: its schema is ", schema.empty() ? "missing" : printable(schema), ", not ", kReportSchema, " or ",
                 kReportSchemaBefore));
    try {
      if (!json.contains("devices")) return out.add(json, "it");
      std::size_t index = 0;
      for (const Json& report : list_at(json, "devices")) out.add(report, cat("devices[", index++, "]"));
    } catch (const Error& error) {
      refuse(file, line, error.what());
    }
  };
  // One document over many lines, or one on each.
  const std::size_t end = text.find('\n');
  if (!Json::accept(text.substr(0, end))) {
    add(parse(file, 0, text), 0);
    return out;
  }
  std::size_t number = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t stop = std::min(text.find('\n', at), text.size());
    const std::string_view line = text.substr(at, stop - at);
    at = stop + 1;
    ++number;
    if (line.find_first_not_of(" \t\r") != std::string_view::npos) add(parse(file, number, line), number);
  }
  return out;
}

EarlierReport::Device* EarlierReport::find(const std::string& source) {
  auto found = devices_.find(printable(source));
  if (found == devices_.end())
    found = std::find_if(devices_.begin(), devices_.end(), [&](const auto& device) { return is_same_function(device.first, source); });
  // A recording that could not be read then stands there under the name of its file.
  if (const auto file = recording(source); file && found == devices_.end()) found = devices_.find(printable(file->string()));
  return found == devices_.end() ? nullptr : &found->second;
}

void EarlierReport::saw(const std::string& source) {
  if (Device* const found = find(source)) found->seen = true;
}

void EarlierReport::compare(Report& report) {
  std::vector<Change>& out = report.changes.emplace();
  Device* const found = find(report.source);
  if (found == nullptr) {
    out.push_back({"device", "", "new"});
    return;
  }
  Device& before = *found;
  before.seen = true;
  const Device after = device_of(to_json(report));
  const auto value_in = [](const Device& device, const std::string& name) {
    const auto it = std::find_if(device.facts.begin(), device.facts.end(), [&](const auto& fact) { return fact.first == name; });
    return it == device.facts.end() ? std::string() : it->second;
  };
  for (const auto& [name, value] : after.facts) {
    const std::string earlier = value_in(before, name);
    if (earlier != value && (!earlier.empty() || before.complete)) out.push_back({name, earlier, value});
  }
  if (!after.complete) return;
  for (const auto& [name, value] : before.facts)
    if (value_in(after, name).empty()) out.push_back({name, value, ""});
}

std::vector<std::string> EarlierReport::gone(const std::vector<std::string>& targets) const {
  const auto named = [&](const std::string& name) {
    return std::any_of(targets.begin(), targets.end(),
                       [&](const std::string& target) { return target == name || is_same_function(target, name); });
  };
  const bool all = targets.empty() || named(std::string(kAllDevices));
  std::vector<std::string> out;
  for (const auto& [source, device] : devices_)
    if (!device.seen && (all || named(source))) out.push_back(source);
  return out;
}

}  // namespace spdm::cmd
