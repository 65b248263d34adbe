// tsm: who is connected with a platform TSM, and connecting and disconnecting devices.
#include "cmd/tsm.h"

#include <nlohmann/json.hpp>

#include "cmd/attestation.h"
#include "cmd/host/this_host.h"
#include "cmd/options.h"
#include "cmd/output/render.h"
#include "cmd/sub_verbs.h"
#include "core/text.h"
#include "transport/naming.h"
#include "transport/pci/platform.h"

namespace spdm::cmd {

namespace {

using transport::Bdf;
using transport::Host;
using transport::PciDevice;
using transport::Tsm;
using transport::TsmStream;

constexpr std::string_view kSchema = "spdmctl.tsm/1";

struct Options {
  OutputOptions output;
  std::vector<std::string> arguments;
};

// A TSM takes the function, or manages it through another function of the device.
bool is_under_tsm(const PciDevice& device) { return device.platform.tsm_connected || device.platform.tsm_dsm || device.platform.tsm_bound; }

// What `show` tells beside the devices.
struct Links {
  std::vector<Tsm> tsms;
  std::vector<TsmStream> without_tsm;
};

Json to_json(const std::vector<TsmStream>& streams) {
  Json out = Json::array();
  for (const TsmStream& stream : streams) {
    Json one{{"name", printable(stream.name)}};
    if (stream.device) one["device"] = transport::to_string(*stream.device);
    out.push_back(std::move(one));
  }
  return out;
}

Json to_json(const PciDevice& device) {
  Json out{{"bdf", transport::to_string(device.bdf)}};
  if (device.driver) out["driver"] = printable(*device.driver);
  if (const std::optional<std::string> owner = owner_of(device)) out["owner"] = printable(*owner);
  out["platform"] = to_json(device.platform);
  return out;
}

std::string state_of(const PciDevice& device) {
  const PlatformView& platform = device.platform;
  const auto given = [](const std::optional<std::string>& text) { return text && !text->empty(); };
  if (given(platform.tsm_bound)) return cat("bound to a guest by ", printable(*platform.tsm_bound));
  if (given(platform.tsm_connected)) return cat("connected with ", printable(*platform.tsm_connected));
  if (given(platform.tsm_dsm)) return cat("managed by ", printable(*platform.tsm_dsm));
  if (platform.tsm_connected) return "not connected";
  return "no TSM takes it";
}

std::string links_of(const Links& links, const Bdf& bdf) {
  std::string out;
  const auto add = [&](const std::vector<TsmStream>& streams) {
    for (const TsmStream& stream : streams)
      if (stream.device == bdf) out += cat(out.empty() ? ", encrypted link: " : " ", printable(stream.name));
  };
  for (const Tsm& tsm : links.tsms) add(tsm.streams);
  add(links.without_tsm);
  return out;
}

std::string to_text(const Links& links, const std::vector<PciDevice>& devices) {
  std::string out;
  for (const Tsm& tsm : links.tsms)
    out += cat(tsm.name, "  ", tsm.streams.size(), tsm.streams.size() == 1 ? " encrypted link\n" : " encrypted links\n");
  for (const TsmStream& stream : links.without_tsm)
    out += cat("no TSM  encrypted link ", printable(stream.name), stream.device ? cat(" to ", transport::to_string(*stream.device)) : "",
               "\n");
  for (const PciDevice& device : devices)
    out += cat(transport::to_string(device.bdf), "  ", state_of(device), links_of(links, device.bdf), "\n");
  return out.empty() ? "This host has no TSM.\n" : out;
}

Exit show(const Options& options, Console& console) {
  apply(options.output, console);
  const Host host = this_host();
  const std::vector<Bdf> named = transport::functions_named(options.arguments, host);
  work_on_host(console, host, HostUse::look);
  const Links links{transport::tsms_of(host), transport::streams_without_tsm(host)};
  std::vector<PciDevice> devices;
  if (options.arguments.empty()) {
    devices = transport::scan(host);
    std::erase_if(devices, [](const PciDevice& device) { return !is_under_tsm(device); });
  }
  for (const Bdf& bdf : named) devices.push_back(transport::find_device(host, bdf));
  Json document = begin_document(kSchema);
  document["tsms"] = Json::array();
  for (const Tsm& tsm : links.tsms) document["tsms"].push_back(Json{{"name", tsm.name}, {"streams", to_json(tsm.streams)}});
  if (!links.without_tsm.empty()) document["streams_without_tsm"] = to_json(links.without_tsm);
  document["devices"] = Json::array();
  for (const PciDevice& device : devices) document["devices"].push_back(to_json(device));
  document["exit_code"] = 0;
  write_document(console, document, to_text(links, devices));
  return Exit::ok;
}

// [TSM] BDF
std::pair<std::string, Bdf> request_of(const Options& options, const Host& host) {
  if (options.arguments.empty()) throw Error(ErrorId::usage, "no BDF given", "give one PCI function, such as 0000:03:00.0");
  if (options.arguments.size() > 2)
    throw Error(ErrorId::usage, "only one BDF can be given, after the TSM if there are several", "run it once for each function");
  const std::string tsm = options.arguments.size() == 2 ? options.arguments.front() : "";
  if (!tsm.empty() && !transport::is_tsm_name(tsm))
    throw Error(ErrorId::usage, cat("invalid TSM name '", printable(tsm), "'"), "the kernel calls them tsm0, tsm1, ...");
  return {tsm, transport::function_named(options.arguments.back(), host)};
}

enum class Change { connect, disconnect };

Exit change(const Options& options, Console& console, Change change) {
  const bool connect = change == Change::connect;
  apply(options.output, console);
  const Host host = this_host();
  const auto [wanted, bdf] = request_of(options, host);
  work_on_host(console, host, HostUse::change);
  const std::string tsm = (connect ? connect_tsm : disconnect_tsm)(host, bdf, wanted, transport::write_attribute);
  const std::string_view result = connect ? "connected" : "disconnected";
  Json document = begin_document(kSchema);
  document["change"] = Json{{"bdf", transport::to_string(bdf)}, {"tsm", tsm}, {"result", result}};
  document["devices"] = Json::array({to_json(transport::find_device(host, bdf))});
  document["exit_code"] = 0;
  write_document(console, document,
                 connect ? cat(transport::to_string(bdf), ": connected with ", tsm, ", which owns its SPDM now\n")
                         : cat(transport::to_string(bdf), ": disconnected from ", tsm, "\n"));
  return Exit::ok;
}

Action setup(CLI::App& parser) {
  SubVerbs<Options> subs(parser);
  Options& options = subs.options();
  const auto add_sub = [&](const char* name, const char* summary, const char* operand, const char* functions, SubVerbs<Options>::Run run,
                           const char* examples) {
    CLI::App* sub = subs.add(name, summary, run, examples);
    sub->add_option("function", options.arguments, functions)->type_name(operand);
    add_output_options(*sub, options.output);
  };
  constexpr auto* kOne = "One PCI function, and before it a TSM, such as tsm0, where there are several";
  add_sub("show", "Show the TSMs of this host and what is connected with them", "[BDF...]", "Only these PCI functions; default: all", show,
          "  spdmctl tsm show\n"
          "  spdmctl tsm show 0000:03:00.0\n");
  refuse_sub_verb(parser, "status", "show");
  add_sub(
      "connect", "Connect a device to a TSM, which then owns its SPDM", "[TSM] BDF", kOne,
      [](const Options& o, Console& c) { return change(o, c, Change::connect); },
      "  spdmctl tsm connect 0000:03:00.0\n"
      "  spdmctl tsm connect tsm1 0000:03:00.0\n");
  add_sub(
      "disconnect", "Disconnect a device from its TSM", "[TSM] BDF", kOne,
      [](const Options& o, Console& c) { return change(o, c, Change::disconnect); }, "  spdmctl tsm disconnect 0000:03:00.0\n");
  return subs.action();
}

}  // namespace

const Verb tsm_verb{"tsm",
                    "Show, connect and disconnect the platform's own attestation of devices (TSM)",
                    "  spdmctl tsm show\n"
                    "  spdmctl tsm connect 0000:03:00.0\n"
                    "  spdmctl tsm disconnect 0000:03:00.0\n",
                    setup,
                    {.schema = kSchema, .devices = true}};

}  // namespace spdm::cmd
