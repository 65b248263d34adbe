// emulate: a device in software, for first tries without hardware, for other requesters, and with faults for tests.
#include <CLI/CLI.hpp>
#include <atomic>
#include <csignal>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>

#include "certstore/throwaway.h"
#include "cmd/attestation.h"
#include "cmd/host/files.h"
#include "cmd/options.h"
#include "cmd/output/render.h"
#include "cmd/parse.h"
#include "cmd/verb.h"
#include "core/text.h"
#include "transport/emulated/endpoint.h"
#include "transport/emulated/profile.h"
#include "transport/emulated/server.h"
#include "transport/emulated/service.h"
#include "transport/mctp/kernel_socket.h"
#include "transport/mctp/routes.h"

namespace spdm::cmd {

namespace {

constexpr std::string_view kServerSchema = "spdmctl.emulated-server/1", kDeviceSchema = "spdmctl.emulated-device/1";

struct EmulateOptions {
  OutputOptions output;
  // Serving a profile:
  std::string profile, listen = "emu://127.0.0.1:2323", port_file;
  bool once = false;
  // Making a new one:
  std::string init, algorithm = "ECDSA-P384", identity, device_info = "Example:Emulated device:0001";
};

std::atomic<transport::Service*> serving = nullptr;

// While this object lives, SIGINT and SIGTERM end the service in good order.
class StopOnSignal {
 public:
  explicit StopOnSignal(transport::Service& service) {
    serving = &service;
    struct sigaction action = {};
    action.sa_handler = [](int) {
      if (transport::Service* running = serving) running->stop();
    };
    ::sigaction(SIGINT, &action, &interrupt_);
    ::sigaction(SIGTERM, &action, &terminate_);
  }
  ~StopOnSignal() {
    ::sigaction(SIGINT, &interrupt_, nullptr);
    ::sigaction(SIGTERM, &terminate_, nullptr);
    serving = nullptr;
  }
  StopOnSignal(const StopOnSignal&) = delete;
  StopOnSignal& operator=(const StopOnSignal&) = delete;

 private:
  struct sigaction interrupt_ = {}, terminate_ = {};
};

// The target for requesters: the address that the server listens on, with the port it got.
std::string shown_target(const transport::ServeOptions& options, std::uint16_t port) {
  const bool v6 = options.host.find(':') != std::string::npos;
  std::string out =
      cat(options.framing == transport::Framing::tcp ? "tcp://" : "emu://", v6 ? "[" : "", options.host, v6 ? "]" : "", ":", port);
  if (options.binding) out += cat("?binding=", name(*options.binding));
  return out;
}

using Note = std::function<void(const std::string&)>;

// A device that listens.
struct Listening {
  std::unique_ptr<transport::Service> service;
  std::string target;                      // for requesters
  std::optional<std::uint16_t> port = {};  // of a socket
  Needs needs = {};                        // what it still does when it serves
};

std::shared_ptr<const DeviceProfile> load(const std::string& profile) {
  return std::make_shared<const DeviceProfile>(transport::load_profile(profile));
}

Listening listen_on_socket(const EmulateOptions& options, Note note) {
  transport::ServeOptions how = transport::parse_listen(options.listen);
  how.once = options.once;
  how.note = std::move(note);
  auto server = std::make_unique<transport::Server>(load(options.profile), how);
  const std::uint16_t port = server->port();
  return {.service = std::move(server), .target = shown_target(how, port), .port = port};
}

// On a BMC, control messages are mctpd's.
std::unique_ptr<transport::MctpSocket> bind_to(const transport::MctpAddress& address, const Note& note) {
  using namespace transport;
  try {
    return bind_mctp_socket(address, {kMctpControl, kMctpSpdm, kMctpSecuredSpdm});
  } catch (const Error& error) {
    if (error.id != ErrorId::busy) throw;
    note(cat(error.what(), "; that of control messages is left to it"));
  }
  return bind_mctp_socket(address, {kMctpSpdm, kMctpSecuredSpdm});
}

Listening listen_on_mctp(transport::MctpAddress address, const EmulateOptions& options, Note note) {
  if (options.once) throw Error(ErrorId::usage, "--once: an MCTP endpoint has no connections", "end it with SIGINT or SIGTERM");
  if (!options.port_file.empty())
    throw Error(ErrorId::usage, "--port-file: an MCTP endpoint has no port", "leave it out; requesters use network and EID");
  const auto profile = load(options.profile);
  if (!transport::kernel_has_mctp()) transport::fail_without_mctp();
  const bool any = address.eid == 0;
  if (!any) address = transport::own_address(transport::mctp_routes(), address);
  auto socket = bind_to(address, note);
  return {
      .service = std::make_unique<transport::MctpEndpoint>(profile, std::move(socket), transport::EndpointOptions{.note = std::move(note)}),
      .target = cat("mctp:", any ? "any" : to_string(address)),
      .needs = {.sends_mctp = true}};
}

Exit serve(const EmulateOptions& options, Console& console) {
  assert_distinct({console.file(), options.port_file});
  std::mutex one_line_at_a_time;
  Note note = [&](const std::string& line) {
    if (!console.verbose) return;
    const std::lock_guard lock(one_line_at_a_time);
    console.note(printable(line));
  };
  const std::optional<transport::MctpAddress> endpoint = transport::parse_mctp_listen(options.listen);
  const Listening listening = endpoint ? listen_on_mctp(*endpoint, options, std::move(note)) : listen_on_socket(options, std::move(note));
  const StopOnSignal stop(*listening.service);
  if (!options.port_file.empty()) write_file(options.port_file, cat(*listening.port, "\n"));
  Json document = begin_document(kServerSchema);
  document["target"] = listening.target;
  if (listening.port) document["port"] = *listening.port;
  write_document(console, document, "");  // at once: a reader waits for where to ask, not for the end
  console.note(cat("listening on ", listening.target));
  work_on_files(console, listening.needs);
  listening.service->run();
  return Exit::ok;
}

constexpr std::string_view kProfile =
    R"(# A device profile for "spdmctl emulate" and the target "emulated:". Its keys are for tests only.
name: Emulated device
slots:
  - slot: 0
    chain: chain.pem
    key: key.pem
measurements:
  - {index: 1, type: immutable-rom, text: "boot ROM 1.0"}
  - {index: 2, type: mutable-firmware, text: "firmware 2.3"}
  - {index: 3, type: hardware-configuration, text: "straps: secure boot on"}
  - {index: 4, type: firmware-configuration, text: "configuration 1"}
  - {index: 6, type: mutable-firmware-version, text: "2.3"}
  - {index: 7, type: mutable-firmware-security-version, number: 5}
device-mode:
  operational-capabilities: [manufacturing, normal]
  operational-state: normal
  device-capabilities: [invasive-debug-active]
  device-state: []
# Secure sessions, by the key of its slot:
# sessions: true
# Faults make it misbehave:
# faults:
#   - {on: CHALLENGE_AUTH, do: bad-signature}
#   - {on: MEASUREMENTS, do: not-ready 10 4, times: 1}
)";

Exit init(const EmulateOptions& options, Console& console) {
  certstore::ThrowawayRequest request;
  request.algorithm = parse_asym(options.algorithm, "--algorithm");
  request.device_info = options.device_info;
  request.identity = options.identity;
  if (!request.identity.empty()) (void)parse_identity(request.identity);
  if (std::count(request.device_info.begin(), request.device_info.end(), ':') != 2)
    throw Error(ErrorId::usage, cat("--device-info: '", printable(request.device_info), "' does not have three parts"),
                "write MANUFACTURER:PRODUCT:SERIAL");
  const std::filesystem::path directory = options.init;
  std::vector<std::filesystem::path> files;
  for (const std::string_view file : {"profile.yaml", "root.pem", "chain.pem", "key.pem"}) files.push_back(directory / file);
  for (const std::filesystem::path& file : files) assert_distinct({console.file(), file});
  certstore::write_throwaway(certstore::make_throwaway(request), directory);
  certstore::write_new_file(directory / "profile.yaml", kProfile);

  Json document = begin_document(kDeviceSchema);
  for (const std::filesystem::path& file : files) document["files"].push_back(file.string());
  document["profile"] = (directory / "profile.yaml").string();
  document["root"] = (directory / "root.pem").string();
  const auto word = [&](std::string_view before, const char* file) {
    return printable(shell_word(cat(before, (directory / file).string())));
  };
  write_document(
      console, document,
      cat("Made a throw-away device in ", printable(directory.string()), ". Attest it:\n", "  spdmctl auth --root ", word("", "root.pem"),
          " ", word("emulated:", "profile.yaml"), "\n", "or serve it to others:\n", "  spdmctl emulate ", word("", "profile.yaml"), "\n"));
  return Exit::ok;
}

Action setup(CLI::App& parser) {
  auto options = std::make_shared<EmulateOptions>();
  auto* profile =
      parser.add_option("profile", options->profile, "The device profile (YAML) to serve, unless --init is given")->type_name("PROFILE");
  parser.add_option("--listen", options->listen, "Address to listen on: emu://, tcp:// or mctp:; port 0 selects a free port")
      ->type_name("TARGET")
      ->capture_default_str()
      ->group("Serving");
  parser.add_option("--port-file", options->port_file, "Write the port number to this file once it is open")
      ->type_name("FILE")
      ->group("Serving");
  parser.add_flag("--once", options->once, "Exit after the first connection")->group("Serving");
  auto* init_option =
      parser.add_option("--init", options->init, "Create a throw-away device in this directory instead: keys, certificates, profile")
          ->type_name("DIR")
          ->group("Making a device (with --init)");
  for (auto* option :
       {parser.add_option("--algorithm", options->algorithm, "Algorithm of its keys")->type_name("NAME")->capture_default_str(),
        parser.add_option("--identity", options->identity, "PCI identity in its certificate")->type_name("Vendor=..."),
        parser.add_option("--device-info", options->device_info, "DMTF device information in its certificate")
            ->type_name("MANUFACTURER:PRODUCT:SERIAL")
            ->capture_default_str()})
    option->needs(init_option)->group("Making a device (with --init)");
  init_option->excludes(profile);
  for (const char* const serving : {"--listen", "--port-file", "--once"}) parser.get_option(serving)->excludes(init_option);
  add_output_options(parser, options->output);
  return [options](Console& console) {
    apply(options->output, console);
    if (!options->init.empty()) return init(*options, console);
    if (options->profile.empty()) throw Error(ErrorId::usage, "no PROFILE given", "give a device profile, or make one with --init DIR");
    return serve(*options, console);
  };
}

}  // namespace

const Verb emulate_verb{"emulate",
                        "Emulate a device in software, to try things out and for tests",
                        "  spdmctl emulate --init ./device\n"
                        "  spdmctl emulate ./device/profile.yaml\n"
                        "  spdmctl emulate --listen tcp://127.0.0.1:4194 --once ./device/profile.yaml\n"
                        "  spdmctl emulate --listen mctp:9 ./device/profile.yaml\n",
                        setup,
                        {.schema = kServerSchema},
                        {{{"--init", {.schema = kDeviceSchema}}}}};

}  // namespace spdm::cmd
