#include "core/appraisal/encryption_json.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

using namespace spdm;

namespace {

// A link stream that has failed, of traffic class 1; selective ones: idle, and a default one for a TEE with an unknown algorithm.
Bytes registers() {
  Writer out;
  for (const std::uint32_t word :
       {0x0101'0043U, 4U, 0x0708'0001U, 0x8000'0002U, 0U, 0xFF00'0000U, 0U, 0U, 0U, 0U, 0x05C0'4001U, 1U, 0U, 1U})
    out.u32(word);
  return out.take();
}

}  // namespace

TEST_CASE("encryption as JSON: its streams, and what it can") {
  const Json ide = to_json(decode_ide_registers(registers()));
  CHECK(
      ide.dump() ==
      R"({"link_streams":1,"selective_streams":2,"algorithms":["AES-GCM-256"],"ide_km":true,"tee_limited":true,"streams":[)"
      R"({"kind":"link","block":0,"id":7,"enabled":true,"algorithm":"AES-GCM-256","traffic_class":1,"state":"secure","failed":true},)"
      R"({"kind":"selective","block":0,"id":255,"enabled":false,"algorithm":"AES-GCM-256","traffic_class":0,"state":"insecure",)"
      R"("failed":false,"default":false,"tee_limited":false,"address_associations":0},)"
      R"({"kind":"selective","block":1,"id":5,"enabled":true,"algorithm":"0x01","traffic_class":0,"state":"0x01","failed":false,"default":true,)"
      R"("tee_limited":true,"address_associations":0}]})");
  CHECK(to_json(IdeRegisters{.capability = 0x100, .control = 0, .streams = {}, .surplus = 0}).dump() ==
        R"({"link_streams":0,"selective_streams":0,"algorithms":[],"ide_km":false,"tee_limited":false,"streams":[]})");
}

TEST_CASE("encryption as JSON: what the function does not have is not there, and texts are escaped") {
  EncryptionView view;
  CHECK(to_json(view).dump() == R"({"tee_io":false,"bars":[]})");
  view.tee_io = true;
  view.ide = registers();
  view.root_port = "0000:00:01.0";
  view.root_port_ide = registers();
  view.msix_control = 31;
  view.bars = {{2, 0xFE80'0000, 0x4000}};
  Json json = to_json(view);
  CHECK(json["ide"] == to_json(decode_ide_registers(registers())));
  CHECK(json["root_port_ide"] == json["ide"]);
  CHECK(json["root_port"] == "0000:00:01.0");
  CHECK(json["msix_control"] == 31);
  CHECK(json["bars"].dump() == R"([{"index":2,"begin":"00000000fe800000","size":"0000000000004000"}])");
  CHECK_FALSE(json.contains("root_port_unread"));
  view.root_port_unread = "asleep\n";
  CHECK(to_json(view)["root_port_unread"] == "asleep\\x0a");
}
