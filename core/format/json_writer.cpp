#include "core/format/json_writer.h"

#include <nlohmann/json.hpp>

namespace spdm {

namespace {

std::string scalar(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

void begin_line(std::string& out, int indent, int level) {
  if (indent < 0) return;
  out += '\n';
  out.append(static_cast<std::size_t>(indent) * static_cast<std::size_t>(level), ' ');
}

}  // namespace

void append_json(std::string& out, const Json& json, int indent, int level) {
  if (!json.is_structured()) {
    out += scalar(json);
    return;
  }
  const bool object = json.is_object();
  out += object ? '{' : '[';
  bool first = true;
  for (auto it = json.begin(); it != json.end(); ++it) {
    if (!first) out += ',';
    first = false;
    begin_line(out, indent, level + 1);
    if (object) out += scalar(it.key()) + (indent < 0 ? ":" : ": ");
    append_json(out, *it, indent, level + 1);
  }
  if (!first) begin_line(out, indent, level);
  out += object ? '}' : ']';
}

}  // namespace spdm
