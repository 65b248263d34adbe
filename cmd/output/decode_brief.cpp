#include "cmd/output/decode_brief.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/evidence/message_time.h"
#include "core/text.h"

namespace spdm::cmd {

namespace {

constexpr std::size_t kColumns = 80;
constexpr std::int64_t kSecond = 1'000'000'000;

std::string padded_left(const std::string& text, std::size_t width) {
  return text.size() < width ? std::string(width - text.size(), ' ') + text : text;
}

std::string shortened(const std::string& text, std::size_t width) {
  return text.size() <= width ? text : cat(std::string_view(text).substr(0, width - 3), "...");
}

// A time before the first message has a sign: a clock may be set meanwhile.
std::string seconds(std::chrono::nanoseconds time, std::size_t decimals) {
  const std::int64_t count = time.count() < 0 ? -time.count() : time.count();
  std::string part = std::to_string(count % kSecond);
  part = std::string(9 - part.size(), '0') + part;
  return cat(time.count() < 0 ? "-" : "", count / kSecond, decimals == 0 ? "" : ".", part.substr(0, decimals));
}

std::string text_in(const Json& fields, const char* key) {
  const auto found = fields.find(key);
  if (found == fields.end() || found->is_null()) return "";
  const Json& value = found->is_array() && found->size() == 1 ? found->front() : *found;
  return value.is_string() ? value.get<std::string>() : value.is_structured() ? "" : value.dump();
}

void add_fact(std::string& out, std::string_view name, const std::string& value) {
  if (!value.empty()) out += cat("  ", name, name.empty() ? "" : " ", value);
}

std::string facts_of(const Json& message) {
  std::string out;
  if (message.contains("note") && !message.contains("fields") && !message.contains("session")) return "  not decoded further";
  if (!message.contains("fields")) return out;
  const Json& fields = message["fields"];
  add_fact(out, "", text_in(fields, "error"));
  add_fact(out, "slot", text_in(fields, "slot"));
  add_fact(out, "offset", text_in(fields, "offset"));
  add_fact(out, "", text_in(fields, "asym"));
  add_fact(out, "", text_in(fields, "hash"));
  add_fact(out, "of", text_in(fields, "operation"));
  if (fields.contains("blocks") && fields["blocks"].is_array()) add_fact(out, "blocks", cat(fields["blocks"].size()));
  return out;
}

}  // namespace

BriefLines::BriefLines(const MessageLog& log) : number_width_(cat(log.size()).size()) {
  std::chrono::nanoseconds last{0};
  for (const Message& message : log) {
    if (!message.time) continue;
    if (!first_) first_ = message.time;
    last = std::max(last, *message.time - *first_);
    for (std::int64_t unit = kSecond; decimals_ < 9 && message.time->count() % unit != 0; unit /= 1000)
      decimals_ = std::max<std::size_t>(decimals_, unit == kSecond ? 3 : unit == kSecond / 1000 ? 6 : 9);
  }
  if (first_) time_width_ = seconds(last, decimals_).size();
}

std::string BriefLines::time_of(const Json& message) const {
  if (!first_) return "";
  const auto time = message.contains("time") ? parse_message_time(message["time"].get<std::string>()) : std::nullopt;
  return padded_left(time ? seconds(*time - *first_, decimals_) : "-", time_width_) + " ";
}

std::string BriefLines::line(const Json& message) const {
  std::string out = message.contains("device") ? cat(message["device"].get<std::string>(), " ") : "";
  out += cat(padded_left(message["index"].dump(), number_width_), " ", time_of(message), message["from"] == "requester" ? "-> " : "<- ");
  if (message.contains("name"))
    out += cat(message["name"].get<std::string>(), " ", message["version"].get<std::string>());
  else
    out += message.contains("session") ? "secured message" : "message";
  out += cat("  ", message["length"].dump(), " bytes");
  // What a reader must not miss stands at the end, and is never cut.
  std::string end = message.contains("session") ? cat("  in ", message["session"].get<std::string>()) : "";
  if (message.contains("why") || message.contains("tolerated")) end += "  breaks a rule";
  return shortened(out + facts_of(message), kColumns - end.size()) + end + "\n";
}

}  // namespace spdm::cmd
