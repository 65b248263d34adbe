#include "core/wire/tee_io.h"

namespace spdm {

namespace {

template <class Names, class Find>
std::uint32_t bits_of(const Names& names, Find find) {
  std::uint32_t out = 0;
  for (const std::string_view name : names) out |= find(name)->bit;
  return out;
}

template <class Mask>
void keep(Mask& mask, std::uint32_t bits) {
  if ((mask & bits) != 0) mask = static_cast<Mask>(mask & bits);
}

}  // namespace

void narrow_to_tee_io(NegotiateAlgorithms& offer) {
  const std::uint32_t signatures = bits_of(kTeeIoSignatures, [](std::string_view name) { return find_asym(name); });
  if ((offer.base_asym & signatures) != 0) offer.pqc_asym = 0;
  keep(offer.base_asym, signatures);
  keep(offer.base_hash, bits_of(kTeeIoHashes, [](std::string_view name) { return find_hash(name); }));
  const std::uint32_t groups = bits_of(kTeeIoKeyExchanges, [](std::string_view name) { return find_key_exchange(name); });
  const std::uint32_t ciphers = bits_of(kTeeIoAeads, [](std::string_view name) { return find_aead(name); });
  bool has_group = false;
  for (AlgStruct& table : offer.tables) {
    has_group = has_group || (table.type == AlgType::dhe && (table.supported & groups) != 0);
    if (table.type == AlgType::dhe) keep(table.supported, groups);
    if (table.type == AlgType::aead) keep(table.supported, ciphers);
  }
  // DSP0274 "NEGOTIATE_ALGORITHMS": a table that offers nothing is left out.
  if (has_group) std::erase_if(offer.tables, [](const AlgStruct& table) { return table.type == AlgType::kem; });
}

}  // namespace spdm
