#include "cmd/output/report_page.h"

#include <nlohmann/json.hpp>

#include "cmd/host/files.h"
#include "core/crypto/crypto.h"
#include "core/text.h"

namespace spdm::cmd {

namespace {

// The hash of a script or style for Content-Security-Policy: over the text between the tags, as browsers compute it.
std::string source_hash(std::string_view text) { return cat("'sha256-", base64(crypto::hash(*find_hash("SHA-256"), as_bytes(text))), "'"); }

// JSON without the characters that could end the block, or begin a comment or another element.
std::string inert(const Json& data) {
  std::string out;
  for (const char c : data.dump(-1, ' ', true, Json::error_handler_t::replace)) {
    if (c == '<' || c == '>' || c == '&')
      out += cat("\\u00", hex(static_cast<unsigned char>(c), 2));
    else
      out += c;
  }
  return out;
}

// Replaces each marker, which is in the page once. What is put in is not searched again.
std::string filled(std::string_view page, std::initializer_list<std::pair<std::string_view, std::string_view>> parts) {
  std::string out;
  for (const auto& [marker, text] : parts) {
    const std::size_t at = page.find(marker);
    if (at == std::string_view::npos) throw Error(ErrorId::internal, cat("the page has no ", marker));
    out += page.substr(0, at);
    out += text;
    page.remove_prefix(at + marker.size());
  }
  return out += page;
}

}  // namespace

std::string report_page(const Json& document, const FleetSummary& summary) {
  Json data{{"summary", document}, {"devices", Json::array()}, {"texts", summary.texts}};
  for (const DeviceLine& line : summary.devices) {
    Json& device = data["devices"].emplace_back(to_json(line));
    if (line.details) device["details"] = to_json(*line.details);
  }
  const std::string policy = cat("default-src 'none'; style-src ", source_hash(kReportPageCss), "; script-src ", source_hash(kReportPageJs),
                                 "; base-uri 'none'; form-action 'none'");
  return filled(kReportPageHtml,
                {{"{{POLICY}}", policy}, {"{{STYLE}}", kReportPageCss}, {"{{DATA}}", inert(data)}, {"{{SCRIPT}}", kReportPageJs}});
}

}  // namespace spdm::cmd
