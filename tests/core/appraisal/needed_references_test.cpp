// The names of documents that a device asks for, and reports that say so.
#include "core/appraisal/needed_references.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/evidence/expect_error.h"
#include "core/text.h"

using namespace spdm;

namespace {

DeviceWords gpu(const std::string& chip, bool is_signed = true) {
  DeviceWords out;
  out.device_info = cat("NVIDIA:", chip, ":48B02D51");
  for (const auto& [name, text] : {std::pair("driver-version", "580.159.03"), std::pair("vbios-version", "96.00.a5.00.01"),
                                   std::pair("project", "g520"), std::pair("project-sku", "0205"), std::pair("chip-sku", "862")})
    out.facts.push_back({name, text, is_signed});
  return out;
}

void set(DeviceWords& device, const std::string& name, const std::string& text) {
  for (DeviceWords::Fact& fact : device.facts)
    if (fact.name == name) fact.text = text;
}

void drop(DeviceWords& device, const std::string& name) {
  std::erase_if(device.facts, [&](const DeviceWords::Fact& fact) { return fact.name == name; });
}

std::vector<std::string> ids_of(const DeviceWords& device) {
  std::vector<std::string> out;
  for (const NeededReference& one : needed_references(device)) out.push_back(one.id);
  return out;
}

std::vector<DeviceWords> read(std::string_view text) {
  std::vector<DeviceWords> out;
  read_words(
      [text](std::span<char> room) mutable {
        const std::size_t size = std::min<std::size_t>({room.size(), text.size(), 7});
        std::copy_n(text.begin(), size, room.begin());
        text.remove_prefix(size);
        return size;
      },
      "reports.json", [&](DeviceWords device) { out.push_back(std::move(device)); });
  return out;
}

}  // namespace

TEST_CASE("needed: GPUs, as NVIDIA spells them") {
  using Ids = std::vector<std::string>;
  CHECK(ids_of(gpu("GH100")) == Ids{"NV_GPU_DRIVER_GH100_580.159.03", "NV_GPU_VBIOS_G520_0205_862_9600A50001"});
  CHECK(ids_of(gpu("GB100")).at(0) == "NV_GPU_CC_DRIVER_GB100_580.159.03");
  DeviceWords blackwell = gpu("GB100");
  blackwell.facts.push_back({"chip-info", "GB202", true});
  CHECK(ids_of(blackwell).at(0) == "NV_GPU_CC_DRIVER_GB202_580.159.03");
  DeviceWords by_subject = gpu("GH100");
  by_subject.device_info.clear();
  by_subject.subject = "CN=GH100 A01 GSP FMC LF,O=NVIDIA Corporation,C=US";
  CHECK(ids_of(by_subject) == ids_of(gpu("GH100")));
  by_subject.subject = "O=NVIDIA Corporation,CN=GH100 A01 GSP FMC LF";
  CHECK(ids_of(by_subject) == ids_of(gpu("GH100")));
  const NeededReference vbios = needed_references(gpu("GH100")).at(1);
  CHECK(vbios.url == "https://rim.attestation.nvidia.com/v1/rim/NV_GPU_VBIOS_G520_0205_862_9600A50001");
  CHECK(vbios.kind == "vbios");
  CHECK(vbios.format == "tcg-rim");
  CHECK(vbios.why.empty());
  CHECK(vbios.facts.size() == 4);
}

TEST_CASE("needed: switches") {
  DeviceWords device;
  device.subject = "CN=LS_10 A01 FSP FMC LF,O=NVIDIA Corporation";
  device.facts.push_back({"vbios-version", "96.10.73.00.0f", true});
  CHECK(ids_of(device) == std::vector<std::string>{"NV_SWITCH_BIOS_5612_0002_890_961073000F"});
  device.subject = "CN=LS_20 A01,O=NVIDIA Corporation";
  CHECK(needed_references(device).at(0).id.empty());
  CHECK(needed_references(device).at(0).why == "how documents for the switch LS20 are called is not known here");
}

TEST_CASE("needed: signed is what a good signature covers, all of it") {
  CHECK(needed_references(gpu("GH100")).at(1).is_signed());
  CHECK_FALSE(needed_references(gpu("GH100", false)).at(1).is_signed());
  DeviceWords one = gpu("GH100");
  one.facts.at(3).is_signed = false;
  CHECK(needed_references(one).at(0).is_signed());
  CHECK_FALSE(needed_references(one).at(1).is_signed());
}

TEST_CASE("needed: what cannot be said is said") {
  DeviceWords device = gpu("GH100");
  drop(device, "project");
  drop(device, "chip-sku");
  const NeededReference vbios = needed_references(device).at(1);
  CHECK(vbios.id.empty());
  CHECK(vbios.url.empty());
  CHECK(vbios.why == "the device does not say its project, chip-sku");
  drop(device, "driver-version");
  CHECK(needed_references(device).at(0).why == "the device does not say its driver-version");
  CHECK(needed_references(gpu("GX900")).at(0).why == "how documents for the chip GX900 are called is not known here");
  CHECK(needed_references(gpu("")).at(0).why == "how documents for a chip without a name are called is not known here");
  CHECK(needed_references({}).empty());

  DeviceWords nic;
  nic.identity = "Vendor=15b3:Device=1021:CC=020000:REV=00";
  const NeededReference firmware = needed_references(nic).at(0);
  CHECK(firmware.format == "corim");
  CHECK(firmware.id.empty());
  CHECK(firmware.why.starts_with("it would be NV_NIC_FIRMWARE_CX7_VERSION_PARTNUMBER"));
  CHECK_FALSE(firmware.is_signed());
  nic.identity = "Vendor=8086:Device=1021:CC=020000:REV=00";
  CHECK(needed_references(nic).empty());
}

TEST_CASE("needed: what a device says becomes no part of an address unless it is plain") {
  for (const char* bad : {"../../etc", "580 159", "580\\x0a", "a?b", "a#b", "a%2f", "580&x", "580_159", ""}) {
    DeviceWords device = gpu("GH100");
    set(device, "driver-version", bad);
    CHECK(needed_references(device).at(0).id.empty());
    CHECK(needed_references(device).at(0).why.starts_with("what the device says of its driver-version is not a part of a name"));
    set(device, "project", bad);
    CHECK(needed_references(device).at(1).id.empty());
  }
  DeviceWords device = gpu("GB100");
  device.facts.push_back({"chip-info", "GB/../100", true});
  CHECK(needed_references(device).at(0).id.empty());
}

TEST_CASE("needed: words of a report that was made here, and of one that was read") {
  Report report;
  report.source = "gpu.json";
  report.host.identity = parse_pci_identity("Vendor=10de:Device=2330:CC=030200:REV=A1");
  SlotReport& slot = report.slots.emplace_back();
  slot.used = true;
  CertificateInfo leaf;
  leaf.subject = "CN=GH100 A01 GSP FMC LF,O=NVIDIA Corporation";
  leaf.device_info = "NVIDIA:GH100:1";
  slot.chain.emplace().certificates = {CertificateInfo{}, leaf};
  report.facts = {{3, "driver-version", {}, "590.12", true}, {99, "", {}, "00", true}, {6, "vbios-version", {}, "96.00.A5.00.01", false}};
  const DeviceWords words = words_of(report);
  CHECK(words.source == "gpu.json");
  CHECK(words.device_info == "NVIDIA:GH100:1");
  CHECK(words.facts.size() == 2);

  Json document{{"schema", kReportSchema}, {"devices", Json::array({to_json(report), to_json(report)})}};
  for (const DeviceWords& again : read(document.dump(1))) {
    CHECK(again.source == words.source);
    CHECK(again.subject == words.subject);
    CHECK(again.device_info == words.device_info);
    CHECK(again.identity == words.identity);
    CHECK(again.fact("driver-version")->is_signed);
    CHECK_FALSE(again.fact("vbios-version")->is_signed);
    CHECK(again.facts.size() == 2);
  }
  Json line = to_json(report);
  line["schema"] = kReportSchema;
  CHECK(read(line.dump() + "\n" + line.dump()).size() == 2);
}

TEST_CASE("needed: the leaf is that of the slot whose key has signed") {
  const auto slot = [](bool used, const std::string& subject) {
    return cat(R"({"used": )", used ? "true" : "false", R"(, "chain": {"certificates": [{"subject": "CN=root"}, {"subject": ")", subject,
               R"("}]}})");
  };
  const auto subject_of = [&](const std::string& slots) {
    return read(cat(R"({"schema": "spdmctl.report/2", "slots": [)", slots, "]}")).at(0).subject;
  };
  CHECK(subject_of(slot(false, "a") + "," + slot(true, "b") + "," + slot(true, "c")) == "b");
  CHECK(subject_of(slot(false, "a") + "," + slot(false, "b")) == "a");
  CHECK(subject_of(R"({"used": true})").empty());
}

TEST_CASE("needed: other documents are no reports") {
  const auto refuse = [](const std::string& text, const std::string& part) { expect_error(ErrorId::bad_input, part, [&] { read(text); }); };
  refuse("", "reports.json, line 1");
  refuse("{}", "has no \"schema\"");
  refuse(R"({"schema": "spdmctl.list/2"})", "is not spdmctl.report/2");
  refuse(R"({"schema": "spdmctl.report/2", "slots": 3})", "reports.json, line 1");
  refuse(R"({"schema": "spdmctl.report/2"} x)", "reports.json, line 1");
}
