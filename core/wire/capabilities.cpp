#include "core/wire/capabilities.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "core/text.h"
#include "core/wire/algorithms.h"

namespace spdm {

namespace {

// Bits that exist for a responder. Unknown bits are no error and are never acted on (DSP0274 CAPABILITIES, N84).
std::uint32_t known_flags(std::uint8_t version) {
  switch (version) {
    case k10:
      return 0x0000003F;
    case k11:
      return 0x0001FFFF;
    case k12:
      return 0x003FFFFF;
    case k13:
      return 0x3FFFFFFF;
    default:
      return 0xFFFFFFFF;
  }
}

struct FlagName {
  std::uint32_t mask, value;
  std::string_view name;
};

constexpr std::array kFlagNames{
    FlagName{cap::cache, cap::cache, "CACHE_CAP"},
    FlagName{cap::cert, cap::cert, "CERT_CAP"},
    FlagName{cap::chal, cap::chal, "CHAL_CAP"},
    FlagName{cap::meas_mask, cap::meas_no_sig, "MEAS_CAP(no signature)"},
    FlagName{cap::meas_mask, cap::meas_sig, "MEAS_CAP(signature)"},
    FlagName{cap::meas_fresh, cap::meas_fresh, "MEAS_FRESH_CAP"},
    FlagName{cap::encrypt, cap::encrypt, "ENCRYPT_CAP"},
    FlagName{cap::mac, cap::mac, "MAC_CAP"},
    FlagName{cap::mut_auth, cap::mut_auth, "MUT_AUTH_CAP"},
    FlagName{cap::key_ex, cap::key_ex, "KEY_EX_CAP"},
    FlagName{cap::psk_mask, cap::psk, "PSK_CAP"},
    FlagName{cap::psk_mask, cap::psk_with_context, "PSK_CAP(context)"},
    FlagName{cap::encap, cap::encap, "ENCAP_CAP"},
    FlagName{cap::hbeat, cap::hbeat, "HBEAT_CAP"},
    FlagName{cap::key_upd, cap::key_upd, "KEY_UPD_CAP"},
    FlagName{cap::handshake_in_the_clear, cap::handshake_in_the_clear, "HANDSHAKE_IN_THE_CLEAR_CAP"},
    FlagName{cap::pub_key_id, cap::pub_key_id, "PUB_KEY_ID_CAP"},
    FlagName{cap::chunk, cap::chunk, "CHUNK_CAP"},
    FlagName{cap::alias_cert, cap::alias_cert, "ALIAS_CERT_CAP"},
    FlagName{cap::set_cert, cap::set_cert, "SET_CERT_CAP"},
    FlagName{cap::csr, cap::csr, "CSR_CAP"},
    FlagName{cap::cert_install_reset, cap::cert_install_reset, "CERT_INSTALL_RESET_CAP"},
    FlagName{cap::ep_info_mask, cap::ep_info_no_sig, "EP_INFO_CAP(no signature)"},
    FlagName{cap::ep_info_mask, cap::ep_info_sig, "EP_INFO_CAP(signature)"},
    FlagName{cap::mel, cap::mel, "MEL_CAP"},
    FlagName{cap::event, cap::event, "EVENT_CAP"},
    FlagName{cap::multi_key_mask, cap::multi_key_only, "MULTI_KEY_CAP(only)"},
    FlagName{cap::multi_key_mask, cap::multi_key_neg, "MULTI_KEY_CAP(negotiable)"},
    FlagName{cap::get_key_pair_info, cap::get_key_pair_info, "GET_KEY_PAIR_INFO_CAP"},
    FlagName{cap::set_key_pair_info, cap::set_key_pair_info, "SET_KEY_PAIR_INFO_CAP"},
    FlagName{cap::set_key_pair_reset, cap::set_key_pair_reset, "SET_KEY_PAIR_RESET_CAP"},
    FlagName{cap::large_resp, cap::large_resp, "LARGE_RESP_CAP"},
};

// DSP0274 CAPABILITIES, table "Flag fields definitions for the responder": one line for each of the rules N59 to N79.
// Contradicting flags mean a broken responder or a change on the path.
void check_flags(const Reader& reader, std::uint32_t flags, std::uint8_t version) {
  const auto any = [&](std::uint32_t mask) { return (flags & mask) != 0; };
  const auto field = [&](std::uint32_t mask) { return flags & mask; };
  const auto forbid = [&](bool broken, std::string_view why) {
    if (broken) reader.breaks("Flags", cat("0x", hex(flags, 8), ": ", why));
  };

  forbid(field(cap::meas_mask) == cap::meas_mask, "MEAS_CAP 11b is reserved");              // N59
  forbid(any(cap::meas_fresh) && !any(cap::meas_mask), "MEAS_FRESH_CAP without MEAS_CAP");  // N60
  if (version == k10) {
    if (field(cap::meas_mask) == cap::meas_sig)
      forbid(!any(cap::cert), "signed measurements without CERT_CAP");  // N62
    else
      forbid(any(cap::cert) != any(cap::chal), "CERT_CAP and CHAL_CAP must agree in 1.0");  // N61
    return;
  }

  const bool session = any(cap::key_ex) || any(cap::psk_mask);
  const bool v13 = version >= k13;
  const bool signs_measurements = field(cap::meas_mask) == cap::meas_sig;
  const bool signs_endpoint_info = v13 && field(cap::ep_info_mask) == cap::ep_info_sig;
  forbid(field(cap::psk_mask) == cap::psk_mask, "PSK_CAP 11b is reserved");                                       // N63
  forbid(session && !any(cap::encrypt | cap::mac), "a session capability with neither ENCRYPT_CAP nor MAC_CAP");  // N64
  forbid(!session && any(cap::encrypt | cap::mac | cap::handshake_in_the_clear | cap::hbeat | cap::key_upd),
         "session features with neither KEY_EX_CAP nor PSK_CAP");                                                  // N65
  forbid(!session && v13 && any(cap::event), "EVENT_CAP with neither KEY_EX_CAP nor PSK_CAP");                     // N66
  forbid(!any(cap::key_ex) && any(cap::handshake_in_the_clear), "HANDSHAKE_IN_THE_CLEAR_CAP without KEY_EX_CAP");  // N67
  forbid(any(cap::cert) && any(cap::pub_key_id), "CERT_CAP and PUB_KEY_ID_CAP cannot be combined");                // N68
  if (any(cap::cert | cap::pub_key_id))
    forbid(!any(cap::chal | cap::key_ex) && !signs_measurements && !signs_endpoint_info,
           "an identity but nothing that proves it");  // N69
  else
    forbid(any(cap::chal | cap::key_ex | cap::mut_auth) || signs_measurements || signs_endpoint_info,
           "signatures with neither CERT_CAP nor PUB_KEY_ID_CAP");                                                   // N70
  forbid(any(cap::mut_auth) && !any(cap::key_ex | cap::chal), "MUT_AUTH_CAP with neither KEY_EX_CAP nor CHAL_CAP");  // N71
  if (version == k11) forbid(any(cap::mut_auth) && !any(cap::encap), "MUT_AUTH_CAP without ENCAP_CAP");              // N72
  if (version >= k12) {
    forbid(any(cap::alias_cert) && !any(cap::cert), "ALIAS_CERT_CAP without CERT_CAP");  // N73
    forbid(any(cap::set_cert) && !any(cap::cert), "SET_CERT_CAP without CERT_CAP");      // N74
    forbid(any(cap::csr) && !any(cap::set_cert), "CSR_CAP without SET_CERT_CAP");        // N74
    forbid(any(cap::cert_install_reset) && !any(cap::csr | cap::set_cert),
           "CERT_INSTALL_RESET_CAP without CSR_CAP or SET_CERT_CAP");  // N75
  }
  if (v13) {
    forbid(field(cap::ep_info_mask) == cap::ep_info_mask, "EP_INFO_CAP 11b is reserved");        // N76
    forbid(field(cap::multi_key_mask) == cap::multi_key_mask, "MULTI_KEY_CAP 11b is reserved");  // N76
    forbid(any(cap::multi_key_mask) && !(any(cap::get_key_pair_info) && any(cap::cert)),
           "MULTI_KEY_CAP without GET_KEY_PAIR_INFO_CAP and CERT_CAP");  // N77
    forbid(any(cap::pub_key_id) && any(cap::multi_key_mask | cap::get_key_pair_info | cap::set_key_pair_info),
           "PUB_KEY_ID_CAP with several keys");  // N78
  }
  if (version >= k14)
    forbid(any(cap::set_key_pair_reset) && !any(cap::set_key_pair_info),
           "SET_KEY_PAIR_RESET_CAP without SET_KEY_PAIR_INFO_CAP");  // N79
}

// Reads the 16 bytes after the header, or as many of them as the version has.
Capabilities read_fields(Reader& reader, std::uint8_t version) {
  Capabilities out;
  reader.skip(1, "reserved");
  out.ct_exponent = reader.u8("CTExponent");
  out.ext_flags = reader.u16("ExtFlags");
  out.flags = reader.u32("Flags");
  if (version >= k12) {
    out.data_transfer_size = reader.u32("DataTransferSize");
    out.max_message_size = reader.u32("MaxSPDMmsgSize");
  }
  return out;
}

void write_fields(Writer& writer, const Capabilities& in, std::uint8_t version) {
  writer.u8(0).u8(in.ct_exponent).u16(version >= k14 ? in.ext_flags : 0).u32(in.flags);
  if (version >= k12) writer.u32(in.data_transfer_size).u32(in.max_message_size);
}

void check_sizes(const Reader& reader, Capabilities& in, std::uint8_t version) {
  // DSP0274 CAPABILITIES, N83: it is a shift count for a time in us, and 2^31 us is more than any device needs
  // (CVE-2023-32690).
  if (in.ct_exponent > 31) reader.breaks("CTExponent", cat(in.ct_exponent, ", at most 31 makes sense"));
  if (version < k12) return;
  if (in.data_transfer_size < kMinDataTransferSize)  // DSP0274 CAPABILITIES, N80
    reader.breaks("DataTransferSize", cat(in.data_transfer_size, ", at least ", kMinDataTransferSize, " is required"));
  in.data_transfer_size = std::max(in.data_transfer_size, kMinDataTransferSize);  // chunks are cut by it
  if (in.data_transfer_size > in.max_message_size)                                // DSP0274 CAPABILITIES, N81
    reader.breaks("DataTransferSize", cat(in.data_transfer_size, " is more than MaxSPDMmsgSize ", in.max_message_size));
  if (!in.has(cap::chunk) && in.data_transfer_size != in.max_message_size)  // DSP0274 CAPABILITIES, N82
    reader.breaks("DataTransferSize",
                  cat(in.data_transfer_size, " differs from MaxSPDMmsgSize ", in.max_message_size, " without CHUNK_CAP"));
}

// "Supported Algorithms" block: fixed part 30 bytes, then 4 bytes per extended algorithm and per table.
Bytes read_supported_algorithms(Reader& reader) {
  constexpr std::size_t fixed = 30;
  Reader peek(reader.rest(), reader.message());
  const std::uint8_t tables = peek.u8("SupportedAlgorithms.Param1");
  peek.skip(1, "SupportedAlgorithms.Param2");
  const std::size_t length = peek.u16("SupportedAlgorithms.Length");
  peek.skip(22, "SupportedAlgorithms");
  const std::size_t extended = std::size_t{peek.u8("ExtAsymCount")} + peek.u8("ExtHashCount");
  // DSP0274 CAPABILITIES, N87, N88: with another length the fields after it would be read from the wrong place.
  if (length != fixed + 4 * (extended + tables))
    reader.fail("SupportedAlgorithms.Length", cat(length, ", the counts make ", fixed + 4 * (extended + tables)));
  return to_bytes(reader.take(length, "SupportedAlgorithms"));
}

}  // namespace

std::vector<std::string> flag_names(std::uint32_t flags) {
  std::vector<std::string> out;
  for (const FlagName& row : kFlagNames)
    if ((flags & row.mask) == row.value) out.emplace_back(row.name);
  return out;
}

Bytes GetCapabilities::encode(std::uint8_t version) const {
  Writer writer = begin(version, Code::get_capabilities, version >= k13 && want_algorithms ? 1 : 0);
  if (version >= k11) write_fields(writer, capabilities, version);
  return writer.take();
}

GetCapabilities GetCapabilities::decode(Reader& reader, std::uint8_t version) {
  GetCapabilities out;
  const Header header = expect(reader, Code::get_capabilities, version);
  out.want_algorithms = version >= k13 && (header.param1 & 1) != 0;
  if (version >= k11) out.capabilities = read_fields(reader, version);
  return out;
}

Bytes CapabilitiesResponse::encode(std::uint8_t version) const {
  Writer writer = begin(version, Code::capabilities, supported_algorithms.empty() ? 0 : 1);
  write_fields(writer, capabilities, version);
  writer.bytes(supported_algorithms);
  return writer.take();
}

std::optional<SupportedAlgorithms> CapabilitiesResponse::supported() const {
  if (supported_algorithms.empty()) return std::nullopt;
  Reader reader(supported_algorithms, "CAPABILITIES");
  reader.skip(6, "SupportedAlgorithms");
  SupportedAlgorithms out;
  out.base_asym = reader.u32("BaseAsymAlgo");
  out.base_hash = reader.u32("BaseHashAlgo");
  out.pqc_asym = reader.u32("PqcAsymAlgo");
  return out;
}

CapabilitiesResponse CapabilitiesResponse::decode(Reader& reader, std::uint8_t version, const GetCapabilities& request) {
  CapabilitiesResponse out;
  const Header header = expect(reader, Code::capabilities, version);
  out.capabilities = read_fields(reader, version);
  check_flags(reader, out.capabilities.flags, version);
  check_sizes(reader, out.capabilities, version);
  out.capabilities.flags &= known_flags(version);
  if (version >= k13 && (header.param1 & 1) != 0) {
    // DSP0274 CAPABILITIES, N85: only a requester that asked for the block knows that it is there.
    if (!request.want_algorithms) reader.breaks("Param1", "a Supported Algorithms block that was not asked for");
    out.supported_algorithms = read_supported_algorithms(reader);
  }
  return out;
}

}  // namespace spdm
