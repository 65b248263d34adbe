// What stands between a device and PCI encryption (IDE, TDISP), line by line.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/protocol/inspection_seen.h"
#include "core/wire/interface_report.h"
#include "core/word_table.h"

namespace spdm {

enum class CheckStatus;  // report.h

enum class InspectionItem : std::uint8_t {
  spdm_version,
  certificates,
  signed_measurements,
  key_exchange,
  encryption,
  measurement_specification,
  opaque_format,
  hash,
  signature_algorithm,
  key_exchange_algorithm,
  aead,
  key_schedule,
  tee_io,
  ide,
  root_port_ide,
  free_stream,
  no_owner,
  session,
  session_measurements,
  ide_km,
  ide_registers,
  tdisp,
  interface_state,
  interface_report,
};
inline constexpr std::array kInspectionItems{
    Word{InspectionItem::spdm_version, "spdm-version"},
    Word{InspectionItem::certificates, "certificates"},
    Word{InspectionItem::signed_measurements, "signed-measurements"},
    Word{InspectionItem::key_exchange, "key-exchange"},
    Word{InspectionItem::encryption, "encryption"},
    Word{InspectionItem::measurement_specification, "measurement-specification"},
    Word{InspectionItem::opaque_format, "opaque-format"},
    Word{InspectionItem::hash, "hash"},
    Word{InspectionItem::signature_algorithm, "signature-algorithm"},
    Word{InspectionItem::key_exchange_algorithm, "key-exchange-algorithm"},
    Word{InspectionItem::aead, "aead"},
    Word{InspectionItem::key_schedule, "key-schedule"},
    Word{InspectionItem::tee_io, "tee-io"},
    Word{InspectionItem::ide, "ide"},
    Word{InspectionItem::root_port_ide, "root-port-ide"},
    Word{InspectionItem::free_stream, "free-stream"},
    Word{InspectionItem::no_owner, "no-owner"},
    Word{InspectionItem::session, "session"},
    Word{InspectionItem::session_measurements, "session-measurements"},
    Word{InspectionItem::ide_km, "ide-km"},
    Word{InspectionItem::ide_registers, "ide-registers"},
    Word{InspectionItem::tdisp, "tdisp"},
    Word{InspectionItem::interface_state, "interface-state"},
    Word{InspectionItem::interface_report, "interface-report"},
};
static_assert(is_sound(kInspectionItems));
inline std::string_view name(InspectionItem item) { return row_of(kInspectionItems, item).name; }

// What a device can be ready for. TEE-IO asks for all that IDE asks for.
enum class Readiness : std::uint8_t { ide, tee_io };
inline constexpr std::array kReadinesses{
    Word{Readiness::ide, "ide"},
    Word{Readiness::tee_io, "tee-io"},
};
static_assert(is_sound(kReadinesses));
inline std::string_view name(Readiness readiness) { return row_of(kReadinesses, readiness).name; }
// "IDE", "TEE-IO", for people.
std::string_view words(Readiness readiness);
bool needs(Readiness readiness, InspectionItem item);

struct InspectionLine {
  InspectionItem item{};
  CheckStatus status{};
  std::string detail;  // one line: what was seen, or why it was not
  std::string remedy;  // of one that failed or was not run; may be empty
};

struct Inspection {
  std::vector<InspectionLine> lines;  // in the order of the enumeration, each once
  CheckStatus ide{}, tee_io{};        // ready for it
  std::vector<PortSeen> ports;
  std::vector<TdispSeen> interfaces;
  std::optional<FunctionId> function;  // whose interface the lines are about; nothing when none was asked about
  std::optional<InterfaceReport> report;
  std::optional<IdeRegisters> registers, root_port_registers;  // as configuration space shows them

  const InspectionLine& line(InspectionItem item) const { return lines.at(static_cast<std::size_t>(item)); }
  CheckStatus status(Readiness readiness) const { return readiness == Readiness::ide ? ide : tee_io; }
};

}  // namespace spdm
