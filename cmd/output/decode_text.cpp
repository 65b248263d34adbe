// Decoded messages as text.
#include "cmd/output/message_decoder.h"
#include "core/text.h"

namespace spdm::cmd {

namespace {

std::string shortened(const std::string& text, bool whole) {
  constexpr std::size_t kShown = 64;
  const bool digits = text.size() > kShown && text.find_first_not_of("0123456789abcdef") == std::string::npos;
  return whole || !digits ? text : cat(text.substr(0, kShown), "... (", text.size() / 2, " bytes)");
}

std::string value_text(const Json& value, bool whole) {
  if (value.is_string()) return shortened(value.get<std::string>(), whole);
  if (value.is_array()) {
    std::string out;
    for (const Json& item : value) out += cat(out.empty() ? "" : ", ", value_text(item, whole));
    return out.empty() ? "none" : out;
  }
  if (!value.is_object()) return value.dump();
  std::string out;
  for (const auto& [key, item] : value.items()) out += cat(out.empty() ? "" : ", ", key, " ", value_text(item, whole));
  return out;
}

}  // namespace

std::string text_of(const Json& message, bool whole) {
  std::string out = cat(message["index"].dump(), message["from"] == "requester" ? " -> " : " <- ");
  if (message.contains("name")) out += cat(message["name"].get<std::string>(), "  ", message["version"].get<std::string>());
  out += cat("  ", message["length"].dump(), " bytes");
  if (message.contains("note")) out += cat("  (", message["note"].get<std::string>(), ")");
  out += "\n";
  if (message.contains("fields"))
    for (const auto& [key, value] : message["fields"].items()) {
      // Lists of things with several fields: one a line.
      if (value.is_array() && !value.empty() && value.front().is_object())
        for (const Json& item : value) out += cat("      ", key, ": ", value_text(item, whole), "\n");
      else
        out += cat("      ", key, ": ", value_text(value, whole), "\n");
    }
  if (message.contains("tolerated"))
    for (const Json& told : message["tolerated"]) out += cat("      tolerated: ", told.get<std::string>(), "\n");
  if (message.contains("why")) out += cat("      problem: ", message["why"].get<std::string>(), "\n");
  if (!message.contains("fields") || message.contains("why") || whole) out += cat("      hex: ", message["hex"].get<std::string>(), "\n");
  return out;
}

}  // namespace spdm::cmd
