// NEGOTIATE_ALGORITHMS and ALGORITHMS, field by field.
#include <nlohmann/json.hpp>

#include "cmd/output/decoders.h"
#include "core/text.h"

namespace spdm::cmd::decoders {

namespace {

template <class Table, class Chosen>
Json names_of(const Table& table, Chosen chosen) {
  Json out = Json::array();
  for (const auto& row : table)
    if (chosen(row)) out.push_back(row.name);
  return out;
}

Json asym_names(std::uint32_t bits, bool pqc) {
  return names_of(asym_algorithms(), [&](const AsymAlgorithm& row) { return row.pqc == pqc && (row.bit & bits) != 0; });
}

Json hash_names(std::uint32_t bits) {
  return names_of(hash_algorithms(), [&](const HashAlgorithm& row) { return (row.bit & bits) != 0; });
}

Json measurement_hash_names(std::uint32_t bits) {
  Json out = hash_names(bits >> 1);
  if ((bits & kRawOnly) != 0) out.push_back("raw");
  return out;
}

Json names_of(AlgType type, std::uint16_t bits) {
  const auto chosen = [&](const auto& row) { return (row.bit & bits) != 0; };
  switch (type) {
    case AlgType::dhe:
    case AlgType::kem:
      return names_of(key_exchange_algorithms(), [&](const auto& row) { return row.kem == (type == AlgType::kem) && chosen(row); });
    case AlgType::aead:
      return names_of(aead_algorithms(), chosen);
    case AlgType::req_base_asym:
    case AlgType::req_pqc_asym:
      return asym_names(bits, type == AlgType::req_pqc_asym);
    case AlgType::key_schedule:
      return (bits & kSpdmKeySchedule) != 0 ? Json::array({"SPDM"}) : Json::array();
  }
  return Json::array();
}

Json table_fields(const std::vector<AlgStruct>& tables) {
  constexpr std::array types{"", "", "dhe", "aead", "req_base_asym", "key_schedule", "req_pqc_asym", "kem"};
  Json out = Json::array();
  for (const AlgStruct& table : tables) {
    const auto type = static_cast<std::size_t>(table.type);
    Json row{{"type", type < types.size() ? std::string(types.at(type)) : cat(type)}, {"bits", quantity(table.supported, 4)}};
    row["names"] = names_of(table.type, table.supported);
    out.push_back(std::move(row));
  }
  return out;
}

}  // namespace

Json negotiate_algorithms(DecodeInput& in) {
  const NegotiateAlgorithms request = NegotiateAlgorithms::decode(in.reader, in.version());
  Json out{{"asym", asym_names(request.base_asym, false)}, {"hash", hash_names(request.base_hash)}};
  if (in.version() >= k14) out["pqc_asym"] = asym_names(request.pqc_asym, true);
  out["measurement_specification"] = quantity(request.measurement_specification, 2);
  if (in.version() >= k12) out["other_params"] = quantity(request.other_params, 2);
  if (in.version() >= k13) out["mel_specification"] = quantity(request.mel_specification, 2);
  if (!request.tables.empty()) out["tables"] = table_fields(request.tables);
  return out;
}

Json algorithms(DecodeInput& in) {
  // Without the offer every selection is taken as offered.
  const auto offer = request_of<NegotiateAlgorithms>(in, [] {
    NegotiateAlgorithms all;
    all.measurement_specification = all.other_params = all.mel_specification = 0xFF;
    all.base_asym = all.base_hash = all.pqc_asym = 0xFFFFFFFF;
    for (const AlgType type :
         {AlgType::dhe, AlgType::aead, AlgType::req_base_asym, AlgType::key_schedule, AlgType::req_pqc_asym, AlgType::kem})
      all.tables.push_back({type, 0xFFFF});
    return all;
  });
  const AlgorithmsResponse response =
      AlgorithmsResponse::decode(in.reader, in.version(), offer, in.parameters().requester, in.parameters().responder);
  Json out{{"asym", asym_names(response.base_asym, false)}, {"hash", hash_names(response.base_hash)}};
  if (in.version() >= k14) out["pqc_asym"] = asym_names(response.pqc_asym, true);
  out["measurement_hash"] = measurement_hash_names(response.measurement_hash);
  out["measurement_specification"] = quantity(response.measurement_specification, 2);
  if (in.version() >= k12) out["other_params"] = quantity(response.other_params, 2);
  if (in.version() >= k13) out["mel_specification"] = quantity(response.mel_specification, 2);
  if (!response.tables.empty()) out["tables"] = table_fields(response.tables);
  return out;
}

}  // namespace spdm::cmd::decoders
