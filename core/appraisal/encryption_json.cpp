#include "core/appraisal/encryption_json.h"

#include <nlohmann/json.hpp>

#include "core/text.h"

namespace spdm {

namespace {

Json stream_json(const IdeStream& stream) {
  Json out{{"kind", stream.is_selective ? "selective" : "link"},
           {"block", stream.block},
           {"id", stream.id()},
           {"enabled", stream.is_enabled()},
           {"algorithm", ide_algorithm_name(stream.algorithm())},
           {"traffic_class", stream.traffic_class()},
           {"state", ide_state_name(stream.state())},
           {"failed", stream.has_failed()}};
  if (stream.is_selective) {
    out["default"] = stream.is_default();
    out["tee_limited"] = stream.is_tee_limited();
    out["address_associations"] = stream.capability & 0xF;
  }
  return out;
}

}  // namespace

Json to_json(const IdeRegisters& registers) {
  Json out{{"link_streams", registers.link_streams()}, {"selective_streams", registers.selective_streams()}};
  out["algorithms"] = Json::array();
  if (registers.has_aes_gcm_256()) out["algorithms"].push_back(ide_algorithm_name(0));
  out["ide_km"] = registers.has_ide_km();
  out["tee_limited"] = registers.is_tee_limited_supported();
  out["streams"] = Json::array();
  for (const IdeStream& stream : registers.streams) out["streams"].push_back(stream_json(stream));
  if (registers.surplus != 0) out["surplus"] = registers.surplus;
  return out;
}

Json to_json(const EncryptionView& view) {
  Json out{{"tee_io", view.tee_io}};
  if (view.ide) out["ide"] = to_json(decode_ide_registers(*view.ide));
  if (view.root_port) out["root_port"] = printable(*view.root_port);
  if (view.root_port_ide) out["root_port_ide"] = to_json(decode_ide_registers(*view.root_port_ide));
  if (view.root_port_unread) out["root_port_unread"] = printable(*view.root_port_unread);
  if (view.msix_control) out["msix_control"] = *view.msix_control;
  out["bars"] = Json::array();
  for (const PciBar& bar : view.bars)
    out["bars"].push_back(Json{{"index", bar.index}, {"begin", hex(bar.begin, 16)}, {"size", hex(bar.size, 16)}});
  return out;
}

}  // namespace spdm
