#include "core/wire/negotiate.h"

#include <algorithm>
#include <bit>

#include "core/error.h"
#include "core/text.h"

namespace spdm {

namespace {

constexpr std::string_view kUndefined = "an algorithm that this version does not define";

AlgType last_alg_type(std::uint8_t version) { return version >= k14 ? AlgType::kem : AlgType::key_schedule; }

std::uint16_t supported_of(const std::vector<AlgStruct>& tables, AlgType type) {
  const auto it = std::find_if(tables.begin(), tables.end(), [&](const AlgStruct& table) { return table.type == type; });
  return it == tables.end() ? 0 : it->supported;
}

std::vector<AlgStruct> read_tables(Reader& reader, unsigned count, std::uint8_t version) {
  std::vector<AlgStruct> tables;
  for (unsigned i = 0; i < count; ++i) {
    const std::uint8_t type = reader.u8("AlgStruct.AlgType");
    const std::uint8_t counts = reader.u8("AlgStruct.AlgCount");
    const std::uint16_t supported = reader.u16("AlgStruct.AlgSupported");
    // DSP0274 ALGORITHMS, N109
    if (type < static_cast<std::uint8_t>(AlgType::dhe) || type > static_cast<std::uint8_t>(last_alg_type(version)))
      reader.breaks("AlgStruct.AlgType", cat(type, " does not exist in ", version_name(version)));
    // DSP0274 ALGORITHMS, N110: with a table twice it is ambiguous which one counts.
    if (!tables.empty() && type <= static_cast<std::uint8_t>(tables.back().type))
      reader.breaks("AlgStruct.AlgType",
                    cat(type, " after ", static_cast<unsigned>(tables.back().type), ", types must be in ascending order"));
    // DSP0274 ALGORITHMS, N111
    if (counts >> 4 != 2) reader.fail("AlgStruct.AlgCount", cat("fixed part of ", counts >> 4, " bytes, 2 are defined"));
    tables.push_back({static_cast<AlgType>(type), supported});
    reader.skip(std::size_t{4} * (counts & 0x0FU), "AlgStruct.AlgExternal");
    if ((counts & 0x0F) != 0) reader.breaks("AlgStruct.AlgCount", "external algorithms, none were offered");  // DSP0274 ALGORITHMS, N111
  }
  return tables;
}

void write_tables(Writer& writer, const std::vector<AlgStruct>& tables) {
  for (const AlgStruct& table : tables) writer.u8(static_cast<std::uint8_t>(table.type)).u8(0x20).u16(table.supported);
}

// DSP0274 ALGORITHMS: a selection is nothing or exactly one bit (N92), among the bits that were offered (N94, N95).
void check_selection(const Reader& reader, std::string_view field, std::uint32_t selected, std::uint32_t offered) {
  if (std::popcount(selected) > 1) reader.breaks(field, cat("0x", hex(selected, 8), " selects more than one"));
  if ((selected & ~offered) != 0) reader.breaks(field, cat("0x", hex(selected, 8), " was not offered (0x", hex(offered, 8), ")"));
}

// DSP0274 ALGORITHMS: where the two have no algorithm in common the responder answers zero. That breaks no rule, and ends it there.
[[noreturn]] void none_in_common(std::string_view field, std::string_view what) {
  throw Error(ErrorId::no_spdm, cat("ALGORITHMS: ", field, ": the device selected no ", what, ": it has none of those that were offered"),
              "offer others (--asym, --hash) where this host can verify them, see: spdmctl doctor");
}

// DSP0274 ALGORITHMS, N95: of what nobody defines no size is known, so that nothing that depends on it could be read.
template <class Algorithm>
void check_defined(const Reader& reader, std::string_view field, const Algorithm* algorithm, std::uint8_t version) {
  if (algorithm == nullptr) reader.fail(field, kUndefined);
  if (algorithm->since > version) reader.breaks(field, kUndefined);
}

const KeyExchangeAlgorithm* key_exchange_of(const AlgorithmsResponse& in) {
  const std::uint16_t dhe = supported_of(in.tables, AlgType::dhe);
  return dhe != 0 ? find_dhe(dhe) : find_kem(supported_of(in.tables, AlgType::kem));
}

const AsymAlgorithm* requester_asym_of(const AlgorithmsResponse& in) {
  const std::uint16_t base = supported_of(in.tables, AlgType::req_base_asym);
  return base != 0 ? find_base_asym(base) : find_pqc_asym(supported_of(in.tables, AlgType::req_pqc_asym));
}

// DSP0274 ALGORITHMS, N96 to N107: what the capabilities force a responder to select. Selecting more is no error.
void check_required(const Reader& reader, const AlgorithmsResponse& in, std::uint8_t version, const NegotiateAlgorithms& offer,
                    const Capabilities& requester, const Capabilities& responder) {
  const auto both = [&](std::uint32_t flag) { return requester.has(flag) && responder.has(flag); };
  const bool v14 = version >= k14;
  const bool measures = responder.has(cap::meas_mask);
  const bool signs = responder.has(cap::cert | cap::chal) || (responder.flags & cap::meas_mask) == cap::meas_sig || both(cap::key_ex) ||
                     (version >= k13 && (responder.flags & cap::ep_info_mask) == cap::ep_info_sig);

  if ((signs || both(cap::psk_mask)) && in.base_hash == 0) none_in_common("BaseHashSel", "hash");  // DSP0274 ALGORITHMS, N96
  if (signs && in.base_asym == 0 && in.pqc_asym == 0)                                              // DSP0274 ALGORITHMS, N97
    none_in_common("BaseAsymSel", "signature algorithm");
  if (in.base_asym != 0 && in.pqc_asym != 0) reader.breaks("PqcAsymSel", "selected together with BaseAsymSel");  // DSP0274 ALGORITHMS, N98

  const std::uint16_t dhe = supported_of(in.tables, AlgType::dhe), kem = supported_of(in.tables, AlgType::kem);
  if (v14 && dhe != 0 && kem != 0) reader.breaks("KEM", "selected together with DHE");  // DSP0274 ALGORITHMS, N99
  if (both(cap::key_ex) && dhe == 0 && kem == 0) reader.breaks("DHE", "no key exchange selected although both sides have KEY_EX_CAP");
  if (both(cap::key_ex) && dhe != 0) check_defined(reader, "DHE", key_exchange_of(in), version);
  if (both(cap::key_ex) && dhe == 0 && kem != 0) check_defined(reader, "KEM", key_exchange_of(in), version);
  const bool requester_signs = both(cap::mut_auth) || (version >= k13 && (requester.flags & cap::ep_info_mask) == cap::ep_info_sig);
  const std::uint16_t req_asym = supported_of(in.tables, AlgType::req_base_asym), req_pqc = supported_of(in.tables, AlgType::req_pqc_asym);
  if (requester_signs && (req_asym == 0) == (req_pqc == 0))
    reader.breaks("ReqBaseAsymAlg", "exactly one algorithm must be selected");  // DSP0274 ALGORITHMS, N100
  if (requester_signs && (req_asym != 0 || req_pqc != 0)) check_defined(reader, "ReqBaseAsymAlg", requester_asym_of(in), version);
  const bool protects = both(cap::encrypt) || both(cap::mac);
  const std::uint16_t aead = supported_of(in.tables, AlgType::aead);
  if (protects && aead == 0)  // DSP0274 ALGORITHMS, N101
    reader.breaks("AEAD", "none selected although both sides have ENCRYPT_CAP or MAC_CAP");
  if (protects && aead != 0) check_defined(reader, "AEAD", find_aead(aead), version);
  const std::uint16_t schedule = supported_of(in.tables, AlgType::key_schedule);
  if ((both(cap::key_ex) || both(cap::psk_mask)) && schedule != kSpdmKeySchedule)  // DSP0274 ALGORITHMS, N102, N95
    reader.breaks("KeySchedule", schedule == 0 ? "none selected although sessions are possible" : kUndefined);

  const bool wants_dmtf = measures && offer.measurement_specification != 0;
  if (wants_dmtf != (in.measurement_specification != 0))  // DSP0274 ALGORITHMS, N103, N104
    reader.breaks("MeasurementSpecificationSel",
                  cat(in.measurement_specification, wants_dmtf ? ", DMTF was offered and MEAS_CAP is set" : ", nothing to select"));
  const HashAlgorithm* measurement_hash = find_measurement_hash(in.measurement_hash);
  if (in.measurement_specification != 0 && in.measurement_hash != kRawOnly &&
      (measurement_hash == nullptr || measurement_hash->since > version))  // DSP0274 ALGORITHMS, N95, N106
    reader.breaks("MeasurementHashAlgo", cat("0x", hex(in.measurement_hash, 8), " is not a hash algorithm"));
  if (version >= k13) {
    const bool wants_mel = responder.has(cap::mel) && offer.mel_specification != 0;
    if (wants_mel != (in.mel_specification != 0))  // DSP0274 ALGORITHMS, N107
      reader.breaks("MELspecificationSel",
                    cat(in.mel_specification, wants_mel ? ", DMTF was offered and MEL_CAP is set" : ", nothing to select"));
    // DSP0274 ALGORITHMS, N116: our MULTI_KEY_CAP 00b forbids, 01b (only) forces, 10b leaves it free.
    const bool multi = (in.other_params & other_params::multi_key) != 0;
    const std::uint32_t ours = requester.flags & cap::multi_key_mask;
    if (multi && ours == 0) reader.breaks("OtherParamsSelection", "RequesterMultiKeyConnSel without our MULTI_KEY_CAP");
    if (!multi && ours == cap::multi_key_only) reader.breaks("OtherParamsSelection", "RequesterMultiKeyConnSel missing");
  }
}

}  // namespace

Bytes NegotiateAlgorithms::encode(std::uint8_t version) const {
  const std::vector<AlgStruct> listed = version >= k11 ? tables : std::vector<AlgStruct>{};
  Writer writer = begin(version, Code::negotiate_algorithms, static_cast<std::uint8_t>(listed.size()));
  writer.u16(32 + 4 * listed.size());
  writer.u8(measurement_specification).u8(version >= k12 ? other_params : 0).u32(base_asym).u32(base_hash);
  writer.u32(version >= k14 ? pqc_asym : 0).zeros(8);
  writer.u8(0).u8(0).u8(0).u8(version >= k13 ? mel_specification : 0);
  write_tables(writer, listed);
  return writer.take();
}

NegotiateAlgorithms NegotiateAlgorithms::decode(Reader& reader, std::uint8_t version) {
  NegotiateAlgorithms out;
  const Header header = expect(reader, Code::negotiate_algorithms, version);
  const std::size_t length = reader.u16("Length");
  out.measurement_specification = reader.u8("MeasurementSpecification");
  out.other_params = reader.u8("OtherParamsSupport");
  out.base_asym = reader.u32("BaseAsymAlgo");
  out.base_hash = reader.u32("BaseHashAlgo");
  out.pqc_asym = reader.u32("PqcAsymAlgo");
  reader.skip(8, "reserved");
  const std::size_t extended = std::size_t{reader.u8("ExtAsymCount")} + reader.u8("ExtHashCount");
  reader.skip(1, "reserved");
  out.mel_specification = reader.u8("MELspecification");
  reader.skip(4 * extended, "ExtAsym and ExtHash");
  if (version >= k11) out.tables = read_tables(reader, header.param1, version);
  if (length != reader.offset()) reader.fail("Length", cat(length, ", the message has ", reader.offset()));
  if (version < k12) out.other_params = 0;
  if (version < k13) out.mel_specification = 0;
  if (version < k14) out.pqc_asym = 0;
  return out;
}

Bytes AlgorithmsResponse::encode(std::uint8_t version) const {
  const std::vector<AlgStruct> listed = version >= k11 ? tables : std::vector<AlgStruct>{};
  Writer writer = begin(version, Code::algorithms, static_cast<std::uint8_t>(listed.size()));
  writer.u16(36 + 4 * listed.size());
  writer.u8(measurement_specification).u8(version >= k12 ? other_params : 0).u32(measurement_hash).u32(base_asym).u32(base_hash);
  writer.u32(version >= k14 ? pqc_asym : 0).zeros(7).u8(version >= k13 ? mel_specification : 0);
  writer.u8(0).u8(0).zeros(2);
  write_tables(writer, listed);
  return writer.take();
}

AlgorithmsResponse AlgorithmsResponse::decode(Reader& reader, std::uint8_t version, const NegotiateAlgorithms& offer,
                                              const Capabilities& requester, const Capabilities& responder) {
  AlgorithmsResponse out;
  const Header header = expect(reader, Code::algorithms, version);
  const std::size_t length = reader.u16("Length");
  out.measurement_specification = reader.u8("MeasurementSpecificationSel");
  out.other_params = reader.u8("OtherParamsSelection");
  out.measurement_hash = reader.u32("MeasurementHashAlgo");
  out.base_asym = reader.u32("BaseAsymSel");
  out.base_hash = reader.u32("BaseHashSel");
  out.pqc_asym = reader.u32("PqcAsymSel");
  reader.skip(7, "reserved");
  out.mel_specification = reader.u8("MELspecificationSel");
  const std::uint8_t ext_asym = reader.u8("ExtAsymSelCount"), ext_hash = reader.u8("ExtHashSelCount");
  reader.skip(2, "reserved");
  // DSP0274 ALGORITHMS, N108
  if (ext_asym != 0 || ext_hash != 0) reader.breaks("ExtAsymSelCount", "extended algorithms selected, none were offered");
  reader.skip(std::size_t{4} * (ext_asym + ext_hash), "ExtAsymSel");
  if (version < k12) out.other_params = 0;                                       // reserved there
  if (version < k13) out.mel_specification = 0;                                  // reserved there
  if (version < k14) out.pqc_asym = 0;                                           // reserved there
  if (version >= k11) out.tables = read_tables(reader, header.param1, version);  // 1.0 has no tables, Param1 is reserved there
  // DSP0274 ALGORITHMS, N91: signatures cover the message, so its end must be unambiguous.
  if (length != reader.offset()) reader.breaks("Length", cat(length, ", the fields end at ", reader.offset()));

  // DSP0274 ALGORITHMS, N105
  check_selection(reader, "MeasurementSpecificationSel", out.measurement_specification, offer.measurement_specification);
  check_selection(reader, "BaseAsymSel", out.base_asym, offer.base_asym);
  check_selection(reader, "BaseHashSel", out.base_hash, offer.base_hash);
  check_selection(reader, "PqcAsymSel", out.pqc_asym, offer.pqc_asym);
  check_selection(reader, "MELspecificationSel", out.mel_specification, offer.mel_specification);
  check_selection(reader, "OtherParamsSelection", out.other_params & other_params::opaque_mask,  // DSP0274 ALGORITHMS, N93, N117
                  offer.other_params & other_params::opaque_mask);
  if (std::popcount(out.measurement_hash) > 1)
    reader.breaks("MeasurementHashAlgo", cat("0x", hex(out.measurement_hash, 8), " selects more than one"));
  // DSP0274 ALGORITHMS, N114: a table that we did not list may come back with value 0. Any other value was not offered.
  for (const AlgStruct& table : out.tables)
    check_selection(reader, "AlgStruct.AlgSupported", table.supported, supported_of(offer.tables, table.type));  // DSP0274 ALGORITHMS, N112
  const AsymAlgorithm* asym = out.base_asym != 0 ? find_base_asym(out.base_asym) : find_pqc_asym(out.pqc_asym);
  if (out.base_asym != 0 || out.pqc_asym != 0) check_defined(reader, "BaseAsymSel", asym, version);
  if (out.base_hash != 0) check_defined(reader, "BaseHashSel", find_hash(out.base_hash), version);
  check_required(reader, out, version, offer, requester, responder);
  return out;
}

Parameters settle(std::uint8_t version, const Capabilities& requester, const Capabilities& responder, const NegotiateAlgorithms& offer,
                  const AlgorithmsResponse& selection) {
  Parameters out;
  out.version = version;
  out.requester = requester;
  out.responder = responder;
  out.asym = selection.base_asym != 0 ? find_base_asym(selection.base_asym) : find_pqc_asym(selection.pqc_asym);
  out.hash = find_hash(selection.base_hash);
  out.measurement_specification = selection.measurement_specification;
  out.measurement_hash = find_measurement_hash(selection.measurement_hash);
  out.measurement_raw_only = selection.measurement_hash == kRawOnly;
  out.mel_specification = selection.mel_specification;
  out.opaque_format = selection.other_params & other_params::opaque_mask;
  if (version >= k13) {
    out.multi_key_responder = (offer.other_params & other_params::multi_key) != 0 && responder.has(cap::multi_key_mask);
    out.multi_key_requester = (selection.other_params & other_params::multi_key) != 0;
  }
  out.key_exchange = key_exchange_of(selection);
  out.aead = find_aead(supported_of(selection.tables, AlgType::aead));
  out.req_asym = requester_asym_of(selection);
  out.key_schedule = supported_of(selection.tables, AlgType::key_schedule) == kSpdmKeySchedule;
  return out;
}

}  // namespace spdm
