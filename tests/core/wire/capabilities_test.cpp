#include "core/wire/capabilities.h"

#include "core/wire/decode.h"

using namespace wire;

namespace {

constexpr std::uint32_t kSigns = cap::cert | cap::chal;
constexpr std::uint32_t kSession = kSigns | cap::key_ex | cap::mac | cap::encrypt;

CapabilitiesResponse response(std::uint32_t flags, std::uint32_t room = 1024, std::uint32_t most = 1024) {
  CapabilitiesResponse out;
  out.capabilities.flags = flags;
  out.capabilities.data_transfer_size = room;
  out.capabilities.max_message_size = most;
  return out;
}

CapabilitiesResponse read(View message, std::uint8_t version, bool want_algorithms = false) {
  GetCapabilities request;
  request.want_algorithms = want_algorithms;
  return decode<CapabilitiesResponse>(message, version, request);
}

// A Supported Algorithms block with `tables` tables and no extended algorithms.
Bytes block(std::uint8_t tables, std::size_t length, std::uint8_t extended = 0) {
  Writer out;
  out.u8(tables).u8(0).u16(length).u8(1).u8(2).u32(0x90).u32(3).u32(0).zeros(8).u8(extended).u8(extended).u8(0).u8(1);
  for (unsigned i = 0; i < tables && i < 6; ++i) out.u8(2 + i).u8(0x20).u16(1);
  return out.take();
}

void short_by_one(std::uint8_t version, std::size_t size) {
  const Bytes whole = response(kSigns).encode(version);
  CHECK(whole.size() == size);
  refused_when_cut(whole, [&](View cut) { read(cut, version); });
}

// CAPABILITIES of 1.3 with this Supported Algorithms block.
Bytes with(Bytes supported) {
  CapabilitiesResponse out = response(kSigns);
  out.supported_algorithms = std::move(supported);
  return out.encode(k13);
}

}  // namespace

TEST_CASE("N57 CAPABILITIES of 1.2 and later a byte short") {
  for (const std::uint8_t version : {k12, k13, k14}) short_by_one(version, 20);
}

TEST_CASE("N58 CAPABILITIES of 1.0 and 1.1 a byte short") {
  for (const std::uint8_t version : {k10, k11}) short_by_one(version, 12);
}

TEST_CASE("capabilities: flags that contradict each other") {
  struct Case {
    std::string_view rule;
    std::uint8_t version;
    std::uint32_t flags;
    const char* why;
  };
  constexpr std::uint32_t pairs = cap::get_key_pair_info;
  const std::vector<Case> cases{
      {"N59", k10, kSigns | cap::meas_mask, "MEAS_CAP 11b"},
      {"N59", k12, kSigns | cap::meas_mask, "MEAS_CAP 11b"},
      {"N60", k10, kSigns | cap::meas_fresh, "MEAS_FRESH_CAP"},
      {"N60", k14, kSigns | cap::meas_fresh, "MEAS_FRESH_CAP"},
      {"N61", k10, cap::cert, "must agree"},
      {"N61", k10, cap::chal, "must agree"},
      {"N61", k10, cap::cert | cap::meas_no_sig, "must agree"},
      {"N62", k10, cap::meas_sig, "without CERT_CAP"},
      {"N63", k11, kSession | cap::psk_mask, "PSK_CAP 11b"},
      {"N64", k11, kSigns | cap::key_ex, "neither ENCRYPT_CAP nor MAC_CAP"},
      {"N64", k12, kSigns | cap::psk, "neither ENCRYPT_CAP nor MAC_CAP"},
      {"N65", k11, kSigns | cap::mac, "neither KEY_EX_CAP nor PSK_CAP"},
      {"N65", k11, kSigns | cap::encrypt, "neither KEY_EX_CAP nor PSK_CAP"},
      {"N65", k12, kSigns | cap::hbeat, "neither KEY_EX_CAP nor PSK_CAP"},
      {"N65", k12, kSigns | cap::key_upd, "neither KEY_EX_CAP nor PSK_CAP"},
      {"N65", k12, kSigns | cap::handshake_in_the_clear, "neither KEY_EX_CAP nor PSK_CAP"},
      {"N66", k13, kSigns | cap::event, "EVENT_CAP"},
      {"N67", k11, kSigns | cap::psk | cap::mac | cap::handshake_in_the_clear, "HANDSHAKE_IN_THE_CLEAR_CAP"},
      {"N68", k11, kSigns | cap::pub_key_id, "cannot be combined"},
      {"N69", k11, cap::cert, "nothing that proves it"},
      {"N69", k12, cap::cert | cap::meas_no_sig, "nothing that proves it"},
      {"N69", k13, cap::cert | cap::ep_info_no_sig, "nothing that proves it"},
      {"N69", k12, cap::pub_key_id, "nothing that proves it"},
      {"N70", k11, cap::chal, "neither CERT_CAP nor PUB_KEY_ID_CAP"},
      {"N70", k12, cap::key_ex | cap::mac, "neither CERT_CAP nor PUB_KEY_ID_CAP"},
      {"N70", k12, cap::meas_sig, "neither CERT_CAP nor PUB_KEY_ID_CAP"},
      {"N70", k13, cap::ep_info_sig, "neither CERT_CAP nor PUB_KEY_ID_CAP"},
      {"N70", k11, cap::mut_auth | cap::encap, "neither CERT_CAP nor PUB_KEY_ID_CAP"},
      {"N71", k12, cap::cert | cap::meas_sig | cap::mut_auth, "neither KEY_EX_CAP nor CHAL_CAP"},
      {"N72", k11, kSigns | cap::mut_auth, "without ENCAP_CAP"},
      {"N73", k12, cap::pub_key_id | cap::chal | cap::alias_cert, "ALIAS_CERT_CAP"},
      {"N74", k12, cap::pub_key_id | cap::chal | cap::set_cert, "SET_CERT_CAP"},
      {"N74", k12, kSigns | cap::csr, "CSR_CAP"},
      {"N75", k12, kSigns | cap::cert_install_reset, "CERT_INSTALL_RESET_CAP"},
      {"N76", k13, kSigns | cap::ep_info_mask, "EP_INFO_CAP 11b"},
      {"N76", k13, kSigns | pairs | cap::multi_key_mask, "MULTI_KEY_CAP 11b"},
      {"N77", k13, kSigns | cap::multi_key_neg, "MULTI_KEY_CAP without"},
      {"N77", k13, cap::multi_key_only | pairs, "MULTI_KEY_CAP without"},
      {"N78", k13, cap::pub_key_id | cap::chal | pairs, "several keys"},
      {"N78", k14, cap::pub_key_id | cap::chal | cap::set_key_pair_info, "several keys"},
      {"N79", k14, kSigns | cap::set_key_pair_reset, "SET_KEY_PAIR_RESET_CAP"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.rule);
    CAPTURE(c.flags);
    malformed(c.why, [&] { read(response(c.flags).encode(c.version), c.version); });
  }
}

TEST_CASE("capabilities: flags that are legal") {
  struct Case {
    std::uint8_t version;
    std::uint32_t flags;
  };
  const std::vector<Case> cases{
      {k10, 0},
      {k10, kSigns | cap::meas_no_sig | cap::meas_fresh | cap::cache},
      {k10, cap::cert | cap::meas_sig},
      {k11, kSession | cap::mut_auth | cap::encap | cap::hbeat | cap::key_upd | cap::handshake_in_the_clear | cap::psk},
      {k11, cap::psk_with_context | cap::mac},
      {k12, cap::pub_key_id | cap::meas_sig},
      {k12, kSigns | cap::mut_auth},
      {k12, kSigns | cap::alias_cert | cap::set_cert | cap::csr | cap::cert_install_reset},
      {k13, cap::cert | cap::ep_info_sig},
      {k13, kSigns | cap::multi_key_neg | cap::get_key_pair_info | cap::set_key_pair_info | cap::mel},
      {k14, kSigns | cap::set_key_pair_info | cap::set_key_pair_reset | cap::large_resp},
      {k14, 0},
  };
  for (const Case& c : cases) {
    CAPTURE(c.flags);
    CHECK(read(response(c.flags).encode(c.version), c.version).capabilities.flags == c.flags);
  }
}

TEST_CASE("N80 DataTransferSize below the least") {
  for (const std::uint8_t version : {k12, k13, k14})
    for (const std::uint32_t room : {0U, 41U})
      malformed("DataTransferSize", [&] { read(response(kSigns | cap::chunk, room, 4096).encode(version), version); });
}

TEST_CASE("N81 DataTransferSize above MaxSPDMmsgSize") {
  for (const std::uint8_t version : {k12, k13, k14})
    malformed("more than MaxSPDMmsgSize", [&] { read(response(kSigns | cap::chunk, 4097, 4096).encode(version), version); });
}

TEST_CASE("N82 two sizes although there are no chunks") {
  for (const std::uint8_t version : {k12, k13, k14})
    malformed("without CHUNK_CAP", [&] { read(response(kSigns, 42, 4096).encode(version), version); });
}

TEST_CASE("capabilities: sizes that are legal") {
  for (const std::uint8_t version : {k12, k13, k14}) {
    CHECK(read(response(kSigns, 42, 42).encode(version), version).capabilities.data_transfer_size == 42);
    CHECK(read(response(kSigns | cap::chunk, 42, 0xFFFFFFFF).encode(version), version).capabilities.max_message_size == 0xFFFFFFFF);
  }
}

TEST_CASE("N83 CTExponent is no shift count (CVE-2023-32690)") {
  for (const std::uint8_t version : kAllVersions)
    for (const unsigned exponent : {0U, 31U, 32U, 64U, 255U}) {
      CapabilitiesResponse out = response(kSigns);
      out.capabilities.ct_exponent = static_cast<std::uint8_t>(exponent);
      if (exponent <= 31)
        CHECK(read(out.encode(version), version).capabilities.ct_exponent == exponent);
      else
        malformed("CTExponent", [&] { read(out.encode(version), version); });
    }
}

TEST_CASE("N84 flags that the version does not know are masked") {
  CHECK(read(response(kSigns | 0xFFFFFFC0).encode(k10), k10).capabilities.flags == kSigns);
  CHECK(read(response(kSigns | 0xFFFE0000).encode(k11), k11).capabilities.flags == kSigns);
  CHECK(read(response(kSigns | 0xFFC00000).encode(k12), k12).capabilities.flags == kSigns);
  CHECK(read(response(kSigns | 0xC0000000).encode(k13), k13).capabilities.flags == kSigns);
}

TEST_CASE("capabilities: the Supported Algorithms block") {
  const Bytes good = block(4, 46);
  CHECK(read(with(good), k13, true).supported_algorithms == good);
  CHECK(read(with(good), k13, true).supported()->base_asym == 0x90);
  refused_when_cut(with(good), [](View cut) { read(cut, k13, true); });
}

TEST_CASE("N85 a Supported Algorithms block that was not asked for") {
  malformed("not asked for", [] { read(with(block(4, 46)), k13, false); });
}

TEST_CASE("N86 the Supported Algorithms block is announced and not there") {
  Bytes bare = response(kSigns).encode(k13);
  bare[2] = 1;
  malformed("SupportedAlgorithms", [&] { read(bare, k13, true); });
}

TEST_CASE("N87 Length of the Supported Algorithms block") {
  for (const std::size_t length : {0U, 29U, 30U, 45U, 47U, 50U, 0xFFFFU})
    malformed("SupportedAlgorithms.Length", [&] { read(with(block(4, length)), k13, true); });
}

TEST_CASE("N88 a Supported Algorithms block with more tables and extended algorithms than data") {
  malformed("SupportedAlgorithms", [] { read(with(block(255, 30 + 4 * 255)), k13, true); });
  malformed("SupportedAlgorithms", [] { read(with(block(255, 30 + 4 * (255 + 510), 255)), k13, true); });
}

TEST_CASE("A10 the block was asked for and is not sent") {
  for (const std::uint8_t version : {k13, k14}) CHECK(read(response(kSigns).encode(version), version, true).supported_algorithms.empty());
}

TEST_CASE("N12 reserved fields of CAPABILITIES") {
  for (const std::uint8_t version : kAllVersions) {
    Bytes message = response(kSigns).encode(version);
    message[2] = 0xFE, message[3] = 0xFF, message[4] = 0xFF, message[6] = 0xFF, message[7] = 0xFF;
    CHECK(read(message, version, true).supported_algorithms.empty());
  }
  Bytes message = response(kSigns).encode(k12);
  message[2] = 0x01;  // reserved there
  CHECK(read(message, k12).supported_algorithms.empty());
}

TEST_CASE("capabilities: the names of flags") {
  CHECK(flag_names(kSigns | cap::meas_sig | cap::psk) ==
        std::vector<std::string>{"CERT_CAP", "CHAL_CAP", "MEAS_CAP(signature)", "PSK_CAP"});
  CHECK(flag_names(0).empty());
}
