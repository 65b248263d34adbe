// Decoded messages as text.
#include <algorithm>

#include "cmd/output/decode_certificates.h"
#include "cmd/output/message_decoder.h"
#include "cmd/output/pci_fields.h"
#include "cmd/output/wrap.h"
#include "core/text.h"

namespace spdm::cmd {

namespace {

std::string shown(const std::string& text, bool whole) {
  return text.find_first_not_of("0123456789abcdef") == std::string::npos ? shortened(text, whole) : text;
}

std::string value_text(const Json& value, bool whole) {
  if (value.is_string()) return shown(value.get<std::string>(), whole);
  if (value.is_array()) {
    std::string out;
    for (const Json& item : value) out += cat(out.empty() ? "" : ", ", value_text(item, whole));
    return out.empty() ? "none" : out;
  }
  if (!value.is_object()) return value.dump();
  std::string out;
  for (const auto& [key, item] : value.items())
    if (!item.is_string() || !item.get_ref<const std::string&>().empty())
      out += cat(out.empty() ? "" : ", ", key, " ", value_text(item, whole));
  return out;
}

constexpr std::string_view kIndent = "      ";

std::string fields_text(const Json& fields, bool whole, const std::string& indent);

bool is_list_of_things(const Json& value) { return value.is_array() && !value.empty() && value.front().is_object(); }

// Fields of their own that do not fit into a line.
bool has_lists(const Json& value) {
  return value.is_object() && std::any_of(value.begin(), value.end(), [](const Json& item) { return is_list_of_things(item); });
}

// What an encapsulated message and a message of IDE_KM or TDISP have beside their fields.
bool is_inner(const Json& value) { return value.is_object() && value.contains("name") && value.contains("length"); }

// Such a message, as if it stood on its own.
std::string inner_text(const std::string& key, const Json& message, bool whole, const std::string& indent) {
  std::string out = cat(indent, key, ": ", message["name"].get<std::string>());
  if (message.contains("version")) out += cat("  ", message["version"].get<std::string>());
  if (message.contains("interface")) out += cat("  of ", message["interface"].get<std::string>());
  out += cat("  ", message["length"].dump(), " bytes");
  if (message.contains("note")) out += cat("  (", message["note"].get<std::string>(), ")");
  out += "\n";
  if (message.contains("fields")) out += fields_text(message["fields"], whole, indent + "    ");
  if (message.contains("hex") && (!message.contains("fields") || whole))
    out += cat(indent, "    hex: ", message["hex"].get<std::string>(), "\n");
  return out;
}

std::string fields_text(const Json& fields, bool whole, const std::string& indent) {
  std::string out;
  for (const auto& [key, value] : fields.items()) {
    if (value.is_string() && value.get_ref<const std::string&>().empty()) continue;
    // Lists of things with several fields: one a line.
    if (is_list_of_things(value))
      for (const Json& item : value) out += cat(indent, key, ": ", value_text(item, whole), "\n");
    else if (is_inner(value))
      out += inner_text(key, value, whole, indent);
    else if (has_lists(value))
      out += cat(indent, key, ":\n", fields_text(value, whole, indent + "    "));
    else
      out += cat(indent, key, ": ", value_text(value, whole), "\n");
  }
  return out;
}

}  // namespace

std::string text_of(const Json& message, bool whole) {
  std::string out = message.contains("device") ? cat(message["device"].get<std::string>(), " ") : std::string();
  out += cat(message["index"].dump(), message["from"] == "requester" ? " -> " : " <- ");
  const bool opened = message.contains("opened");
  if (message.contains("name"))
    out += cat(message["name"].get<std::string>(), "  ", message["version"].get<std::string>());
  else if (message.contains("session"))
    out += "secured message";
  if (message.contains("session")) out += cat("  in session ", message["session"].get<std::string>());
  if (message.contains("sequence_number")) out += cat(", number ", message["sequence_number"].dump());
  out += cat("  ", message["length"].dump(), " bytes");
  if (opened) out += "  (opened)";
  if (message.contains("note")) out += cat("  (", message["note"].get<std::string>(), ")");
  if (message.contains("hidden")) out += "  (a key is replaced by zeros)";
  out += "\n";
  if (message.contains("time")) out += cat(kIndent, "time: ", message["time"].get<std::string>(), "\n");
  if (message.contains("fields")) {
    Json fields = message["fields"];
    if (message.contains("certificates") && !whole) fields.erase("portion");  // they say what is in it
    out += fields_text(fields, whole, std::string(kIndent));
  }
  if (message.contains("certificates")) out += certificates_text(message["certificates"], kIndent);
  if (message.contains("verify_data"))
    for (const Json& check : message["verify_data"])
      if (check["good"].get<bool>()) out += cat(kIndent, check["field"].get<std::string>(), " is correct\n");
  if (message.contains("tolerated"))
    for (const Json& told : message["tolerated"]) out += cat("      tolerated: ", told.get<std::string>(), "\n");
  if (message.contains("why")) out += cat("      problem: ", message["why"].get<std::string>(), "\n");
  if ((!message.contains("fields") && !opened) || message.contains("why") || whole)
    out += cat("      hex: ", message["hex"].get<std::string>(), "\n");
  return fitted(out);
}

std::string interface_report_text(const Json& report, bool whole) {
  std::string out = cat("device interface report  ", report["length"].dump(), " bytes\n");
  if (report.contains("fields")) out += fields_text(report["fields"], whole, std::string(kIndent));
  if (report.contains("why")) out += cat(kIndent, "problem: ", report["why"].get<std::string>(), "\n");
  if (report.contains("why") || whole) out += cat(kIndent, "hex: ", report["hex"].get<std::string>(), "\n");
  return out;
}

}  // namespace spdm::cmd
