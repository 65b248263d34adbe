#include "core/evidence/host_file.h"

#include <nlohmann/json.hpp>

#include "core/evidence/budget.h"
#include "core/text.h"

namespace spdm {

namespace {

AuthenticatedGrammar read_grammar(JsonReader& json) {
  const std::optional<AuthenticatedGrammar> grammar = grammar_of(json.string());
  if (!grammar || *grammar == AuthenticatedGrammar::absent) json.fail("is not a grammar of 'authenticated' (verdict, tsm, unknown)");
  return *grammar;
}

PlatformView read_platform(JsonReader& json) {
  PlatformView out;
  json.object({},
              {"grammar", "authenticated", "is_authenticated", "tsm_connected", "tsm_bound", "tsm_dsm", "certificate_slots", "signatures"},
              [&](std::string_view key) {
                if (key == "grammar") out.grammar = read_grammar(json);
                if (key == "authenticated") out.authenticated = read_text(json);
                if (key == "is_authenticated") out.is_authenticated = json.boolean();
                if (key == "tsm_connected") out.tsm_connected = read_text(json);
                if (key == "tsm_bound") out.tsm_bound = read_text(json);
                if (key == "tsm_dsm") out.tsm_dsm = read_text(json);
                if (key == "signatures") out.signatures = json.number(kMaxPlatformSignatures);
                if (key == "certificate_slots")
                  json.array([&] {
                    const auto slot = static_cast<std::uint8_t>(json.number(7));
                    if (!out.certificate_slots.empty() && slot <= out.certificate_slots.back()) json.fail("is not in ascending order");
                    out.certificate_slots.push_back(slot);
                  });
              });
  if (out.grammar == AuthenticatedGrammar::absent && (!out.authenticated.empty() || out.is_authenticated))
    json.fail("says 'authenticated' without its grammar");
  return out;
}

// A JSON object; an empty string when the platform says nothing.
std::string platform_json(const PlatformView& view) {
  if (view == PlatformView{}) return "";
  std::string out;
  const auto member = [&](std::string_view key, std::string_view value) { out += cat(out.empty() ? "{" : ",", "\"", key, "\":", value); };
  const auto optional = [&](std::string_view key, const std::optional<std::string>& value) {
    if (value) member(key, quoted(*value));
  };
  if (view.grammar != AuthenticatedGrammar::absent) {
    member("grammar", cat('"', name(view.grammar), '"'));
    member("authenticated", quoted(view.authenticated));
    if (view.is_authenticated) member("is_authenticated", *view.is_authenticated ? "true" : "false");
  }
  optional("tsm_connected", view.tsm_connected);
  optional("tsm_bound", view.tsm_bound);
  optional("tsm_dsm", view.tsm_dsm);
  std::string slots;
  for (const std::uint8_t slot : view.certificate_slots) slots += cat(slots.empty() ? "" : ",", slot);
  if (!slots.empty()) member("certificate_slots", cat("[", slots, "]"));
  if (view.signatures > 0) member("signatures", std::to_string(view.signatures));
  return out + "}";
}

}  // namespace

std::string quoted(const std::string& text) { return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace); }

std::string_view read_text(JsonReader& json) {
  const std::string_view out = json.string();
  if (out.size() > kMaxEvidenceText) json.fail(cat("has ", out.size(), " bytes; a text in evidence has no more than ", kMaxEvidenceText));
  return out;
}

HostView read_host(JsonReader& json) {
  HostView out;
  json.object({"target"}, {"bdf", "identity", "driver", "owner", "slot", "removable", "hostname", "platform"}, [&](std::string_view key) {
    if (key == "platform") {
      out.platform = read_platform(json);
      return;
    }
    const std::string_view text = read_text(json);
    if (key == "target") out.target = text;
    if (key == "bdf") out.bdf = text;
    if (key == "identity") out.identity = convert(json, [&] { return parse_pci_identity(text); });
    if (key == "driver") out.driver = text;
    if (key == "owner") out.owner = text;
    if (key == "slot") out.slot = text;
    if (key == "removable") out.removable = text;
    if (key == "hostname") out.hostname = text;
  });
  return out;
}

std::string host_json(const HostView& host) {
  std::string out = cat(R"({"target":)", quoted(host.target));
  const auto optional = [&](std::string_view key, const std::optional<std::string>& value) {
    if (value) out += cat(",\"", key, "\":", quoted(*value));
  };
  optional("bdf", host.bdf);
  if (host.identity) optional("identity", to_string(*host.identity));
  optional("driver", host.driver);
  optional("owner", host.owner);
  optional("slot", host.slot);
  optional("removable", host.removable);
  optional("hostname", host.hostname);
  if (const std::string platform = platform_json(host.platform); !platform.empty()) out += cat(",\"platform\":", platform);
  return out + "}";
}

}  // namespace spdm
