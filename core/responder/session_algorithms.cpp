// What the responder selects for sessions and for the identity of the requester (DSP0274 ALGORITHMS, the AlgStruct tables).
#include <algorithm>

#include "core/responder/responder.h"

namespace spdm {

namespace {

std::uint16_t offered(const std::vector<AlgStruct>& tables, AlgType type) {
  const auto it = std::find_if(tables.begin(), tables.end(), [&](const AlgStruct& table) { return table.type == type; });
  return it == tables.end() ? 0 : it->supported;
}

// A selection: one bit in one of the tables.
struct Selected {
  AlgType type{};
  std::uint16_t bit = 0;
};

AlgType table_of(const KeyExchangeAlgorithm& row) { return row.kem ? AlgType::kem : AlgType::dhe; }
AlgType table_of(const AeadAlgorithm&) { return AlgType::aead; }
AlgType table_of(const AsymAlgorithm& row) { return row.pqc ? AlgType::req_pqc_asym : AlgType::req_base_asym; }

// The first of ours that the requester offers. Of two tables that belong together only one has a selection (1.4).
template <class Row>
Selected first_of(const std::vector<const Row*>& ours, const std::vector<AlgStruct>& tables) {
  for (const Row* row : ours)
    if ((offered(tables, table_of(*row)) & row->bit) != 0) return {table_of(*row), static_cast<std::uint16_t>(row->bit)};
  return {};
}

template <class Row>
void add_all(std::vector<AlgStruct>& tables, const std::vector<const Row*>& rows) {
  for (const Row* row : rows) {
    const AlgType type = table_of(*row);
    auto it = std::find_if(tables.begin(), tables.end(), [&](const AlgStruct& table) { return table.type == type; });
    if (it == tables.end()) it = tables.insert(tables.end(), {type, 0});
    it->supported = static_cast<std::uint16_t>(it->supported | row->bit);
  }
}

}  // namespace

// Each table that was listed comes back, with what is selected of it or with nothing.
void Responder::select_for_sessions(const NegotiateAlgorithms& offer, AlgorithmsResponse& out) const {
  const std::uint8_t version = version_byte();
  const bool key_ex = has(cap::key_ex), sessions = key_ex || has(cap::psk_mask);
  std::vector<Selected> selected;
  // N100: EP_INFO_CAP of the requester needs an algorithm, whether it is asked or not.
  const bool signs_info = version >= k13 && (parameters_.requester.flags & cap::ep_info_mask) == cap::ep_info_sig;
  if (signs_info || (profile_->sessions && has(cap::mut_auth))) {
    static const DeviceSessions any;
    selected.push_back(first_of((profile_->sessions ? *profile_->sessions : any).usable_requester_asym(version), offer.tables));
  }
  if (profile_->sessions) {
    if (key_ex) selected.push_back(first_of(profile_->sessions->usable_key_exchange(version), offer.tables));
    if (sessions) selected.push_back(first_of(profile_->sessions->usable_aead(version), offer.tables));
    const std::uint16_t schedule = offered(offer.tables, AlgType::key_schedule) & kSpdmKeySchedule;
    if (sessions) selected.push_back({AlgType::key_schedule, schedule});
  }
  for (const AlgStruct& table : offer.tables) {
    const auto it = std::find_if(selected.begin(), selected.end(), [&](const Selected& one) { return one.type == table.type; });
    out.tables.push_back({table.type, it == selected.end() ? std::uint16_t{0} : it->bit});
  }
  if (!profile_->sessions) return;

  // What both sides announce and nothing was selected for could only fail later.
  const auto is_selected = [&](AlgType type) { return offered(out.tables, type) != 0; };
  const auto announced = [&](std::uint32_t flag) { return parameters_.both(flag); };
  const bool fails = (announced(cap::key_ex) && !is_selected(AlgType::dhe) && !is_selected(AlgType::kem)) ||
                     ((announced(cap::encrypt) || announced(cap::mac)) && !is_selected(AlgType::aead)) ||
                     ((announced(cap::key_ex) || announced(cap::psk_mask)) && !is_selected(AlgType::key_schedule)) ||
                     (announced(cap::mut_auth) && !is_selected(AlgType::req_base_asym) && !is_selected(AlgType::req_pqc_asym));
  if (fails) throw Refusal{ErrorCode::invalid_request};
}

// For the "Supported Algorithms" block (1.3+).
std::vector<AlgStruct> Responder::supported_tables(std::uint8_t version) const {
  std::vector<AlgStruct> out;
  if (!profile_->sessions) return out;
  const bool sessions = has(cap::key_ex) || has(cap::psk_mask);
  if (has(cap::key_ex)) add_all(out, profile_->sessions->usable_key_exchange(version));
  if (sessions) add_all(out, profile_->sessions->usable_aead(version));
  if (has(cap::mut_auth)) add_all(out, profile_->sessions->usable_requester_asym(version));
  if (sessions) out.push_back({AlgType::key_schedule, kSpdmKeySchedule});
  std::sort(out.begin(), out.end(), [](const AlgStruct& a, const AlgStruct& b) { return a.type < b.type; });
  return out;
}

}  // namespace spdm
