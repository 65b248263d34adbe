#include "core/evidence/host_file.h"

#include <limits>
#include <nlohmann/json.hpp>

#include "core/evidence/budget.h"
#include "core/text.h"
#include "core/wire/ide_registers.h"
#include "core/word_table.h"

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

// Lower-case, without anything between the digits: evidence has one form.
Bytes read_hex(JsonReader& json, std::size_t most) {
  const std::string_view digits = json.string();
  if (digits.size() > 2 * most) json.fail(cat("has ", digits.size(), " digits; the limit is ", 2 * most));
  Bytes out = convert(json, [&] { return unhex(digits, "hex"); });
  if (hex(out) != digits) json.fail("is not hex digits in lower case");
  return out;
}

Bytes read_ide(JsonReader& json) {
  Bytes out = read_hex(json, kMaxIdeRegisters);
  const IdeRegisters registers = convert(json, [&] { return decode_ide_registers(out); });
  if (registers.surplus != 0) json.fail(cat("has ", registers.surplus, " bytes after the last stream"));
  return out;
}

std::uint64_t read_address(JsonReader& json) {
  const Bytes bytes = read_hex(json, 8);
  if (bytes.size() != 8) json.fail("is not 16 hex digits");
  std::uint64_t out = 0;
  for (const std::uint8_t byte : bytes) out = out << 8 | byte;
  return out;
}

PciBar read_bar(JsonReader& json) {
  PciBar out;
  json.object({"index", "begin", "size"}, {}, [&](std::string_view key) {
    if (key == "index") out.index = static_cast<std::uint8_t>(json.number(kPciRom));
    if (key == "begin") out.begin = read_address(json);
    if (key == "size") out.size = read_address(json);
  });
  if (out.size == 0 || out.size - 1 > std::numeric_limits<std::uint64_t>::max() - out.begin) json.fail("is not a range of addresses");
  return out;
}

EncryptionView read_encryption(JsonReader& json) {
  EncryptionView out;
  json.object({"tee_io", "bars"}, {"ide", "root_port", "root_port_ide", "root_port_unread", "msix_control"}, [&](std::string_view key) {
    if (key == "tee_io") out.tee_io = json.boolean();
    if (key == "ide") out.ide = read_ide(json);
    if (key == "root_port") out.root_port = read_text(json);
    if (key == "root_port_ide") out.root_port_ide = read_ide(json);
    if (key == "root_port_unread") out.root_port_unread = read_text(json);
    if (key == "msix_control") out.msix_control = static_cast<std::uint16_t>(json.number(0xFFFF));
    if (key == "bars")
      json.array([&] {
        const PciBar bar = read_bar(json);
        if (!out.bars.empty() && bar.index <= out.bars.back().index) json.fail("is not in ascending order");
        out.bars.push_back(bar);
      });
  });
  if (out.root_port_ide && !out.root_port) json.fail("has registers of a root port without its address");
  if (out.root_port_ide && out.root_port_unread) json.fail("has registers of a root port that could not be read");
  return out;
}

StorageDiscovery read_discovery(JsonReader& json) {
  StorageDiscovery out;
  json.object({"version", "connections", "operations", "byte_order"}, {}, [&](std::string_view key) {
    if (key == "version") out.version = static_cast<std::uint16_t>(json.number(0xFFFF));
    if (key == "connections") out.connections = static_cast<std::uint8_t>(json.number(4));
    if (key == "operations") out.operations = static_cast<std::uint8_t>(json.number(0xFF));
    if (key == "byte_order") {
      const std::optional<ByteOrder> order = value_of(kByteOrders, json.string());
      if (!order) json.fail(cat("is not a byte order (", names_of(kByteOrders), ")"));
      out.order = *order;
    }
  });
  return out;
}

DriveView read_drive(JsonReader& json) {
  DriveView out;
  json.object({"transport"}, {"model", "serial", "firmware", "discovery"}, [&](std::string_view key) {
    if (key == "model") out.model = read_text(json);
    if (key == "serial") out.serial = read_text(json);
    if (key == "firmware") out.firmware = read_text(json);
    if (key == "transport") out.transport = read_text(json);
    if (key == "discovery") out.discovery = read_discovery(json);
  });
  return out;
}

std::string drive_json(const DriveView& view) {
  std::string out = cat(R"({"transport":)", quoted(view.transport));
  const auto known = [&](std::string_view key, const std::string& value) {
    if (!value.empty()) out += cat(",\"", key, "\":", quoted(value));
  };
  known("model", view.model);
  known("serial", view.serial);
  known("firmware", view.firmware);
  if (const std::optional<StorageDiscovery>& found = view.discovery)
    out += cat(R"(,"discovery":{"version":)", found->version, R"(,"connections":)", found->connections, R"(,"operations":)",
               found->operations, R"(,"byte_order":")", name(found->order), "\"}");
  return out + "}";
}

MctpView read_mctp(JsonReader& json) {
  MctpView out;
  json.object({"eid"}, {"network", "interface"}, [&](std::string_view key) {
    if (key == "eid") out.eid = static_cast<std::uint8_t>(json.number(0xFF));
    if (key == "network") out.network = static_cast<std::uint32_t>(json.number(0xFFFFFFFF));
    if (out.network == 0U) json.fail("is not the number of a network");
    if (key == "interface") out.interface = read_text(json);
  });
  return out;
}

std::string mctp_json(const MctpView& view) {
  std::string out = cat(R"({"eid":)", static_cast<unsigned>(view.eid));
  if (view.network) out += cat(R"(,"network":)", *view.network);
  if (!view.interface.empty()) out += cat(R"(,"interface":)", quoted(view.interface));
  return out + "}";
}

std::string encryption_json(const EncryptionView& view) {
  std::string out = cat(R"({"tee_io":)", view.tee_io ? "true" : "false");
  if (view.ide) out += cat(R"(,"ide":")", hex(*view.ide), '"');
  if (view.root_port) out += cat(R"(,"root_port":)", quoted(*view.root_port));
  if (view.root_port_ide) out += cat(R"(,"root_port_ide":")", hex(*view.root_port_ide), '"');
  if (view.root_port_unread) out += cat(R"(,"root_port_unread":)", quoted(*view.root_port_unread));
  if (view.msix_control) out += cat(R"(,"msix_control":)", *view.msix_control);
  out += R"(,"bars":[)";
  std::string_view comma;
  for (const PciBar& bar : view.bars) {
    out += cat(comma, R"({"index":)", bar.index, R"(,"begin":")", hex(bar.begin, 16), R"(","size":")", hex(bar.size, 16), "\"}");
    comma = ",";
  }
  return out + "]}";
}

}  // namespace

std::string quoted(const std::string& text) { return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace); }

std::string_view read_text(JsonReader& json) {
  const std::string_view out = json.string();
  if (out.size() > kMaxEvidenceText) json.fail(cat("has ", out.size(), " bytes; the limit for a text in evidence is ", kMaxEvidenceText));
  return out;
}

HostView read_host(JsonReader& json) {
  HostView out;
  json.object({"target"},
              {"bdf", "identity", "driver", "owner", "slot", "removable", "hostname", "platform", "encryption", "drive", "mctp"},
              [&](std::string_view key) {
                if (key == "platform") {
                  out.platform = read_platform(json);
                  return;
                }
                if (key == "encryption") {
                  out.encryption = read_encryption(json);
                  return;
                }
                if (key == "drive") {
                  out.drive = read_drive(json);
                  return;
                }
                if (key == "mctp") {
                  out.mctp = read_mctp(json);
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
  if (host.encryption) out += cat(",\"encryption\":", encryption_json(*host.encryption));
  if (host.drive) out += cat(",\"drive\":", drive_json(*host.drive));
  if (host.mctp) out += cat(",\"mctp\":", mctp_json(*host.mctp));
  return out + "}";
}

}  // namespace spdm
