#include "core/wire/negotiate.h"

#include "core/evidence/expect_error.h"
#include "core/text.h"
#include "core/wire/decode.h"

using namespace wire;

namespace {

NegotiateAlgorithms offer(std::uint8_t version) {
  NegotiateAlgorithms out;
  out.other_params = other_params::opaque_fmt1;
  out.base_asym = 0x90;  // P-256, P-384
  out.base_hash = 0x03;  // SHA-256, SHA-384
  if (version >= k14) out.pqc_asym = 0x03;
  if (version >= k13) out.mel_specification = 1;
  out.tables = {{AlgType::dhe, 0x18}, {AlgType::aead, 0x03}, {AlgType::req_base_asym, 0x90}, {AlgType::key_schedule, 1}};
  if (version >= k14) {
    out.tables.push_back({AlgType::req_pqc_asym, 0x03});
    out.tables.push_back({AlgType::kem, 0x03});
  }
  return out;
}

AlgorithmsResponse selection() {
  AlgorithmsResponse out;
  out.measurement_specification = 1;
  out.other_params = other_params::opaque_fmt1;
  out.measurement_hash = 0x02;
  out.base_asym = 0x80;
  out.base_hash = 0x02;
  return out;
}

struct Sides {
  std::uint32_t requester = 0, responder = cap::cert | cap::chal | cap::meas_sig;
};

AlgorithmsResponse read(View message, std::uint8_t version, const Sides& sides = {}) {
  Capabilities requester, responder;
  requester.flags = sides.requester;
  responder.flags = sides.responder;
  return decode<AlgorithmsResponse>(message, version, offer(version), requester, responder);
}

constexpr std::uint32_t kKeyEx = cap::key_ex | cap::mac | cap::encrypt;

// A selection that misses or has what the case says, with capabilities that make it wrong.
struct Case {
  std::string_view rule;
  std::uint8_t version;
  Sides sides;
  void (*change)(AlgorithmsResponse&);
  const char* field;
};

const Sides kPlain{};
const Sides kBothKeyEx{kKeyEx, kPlain.responder | kKeyEx};

void session_tables(AlgorithmsResponse& out) { out.tables = {{AlgType::dhe, 0x08}, {AlgType::aead, 0x02}, {AlgType::key_schedule, 1}}; }

Bytes change(Bytes message, std::size_t at, std::uint8_t value) {
  message.at(at) = value;
  return message;
}

// ALGORITHMS with these AlgStruct tables.
Bytes tables(std::initializer_list<std::uint32_t> raw, std::uint8_t version) {
  Bytes message = selection().encode(version);
  message[2] = static_cast<std::uint8_t>(raw.size());
  message[4] = static_cast<std::uint8_t>(36 + 4 * raw.size());
  for (const std::uint32_t table : raw) append(message, Writer().u32(table).take());
  return message;
}

}  // namespace

TEST_CASE("N90 ALGORITHMS of 35 bytes") {
  for (const std::uint8_t version : kAllVersions) {
    const Bytes whole = selection().encode(version);
    CHECK(whole.size() == 36);
    refused_when_cut(whole, [&](View cut) { read(cut, version); });
  }
}

TEST_CASE("N91 Length is not the length") {
  for (const std::uint8_t version : kAllVersions)
    for (const std::uint8_t length : Octets{0, 35, 37, 40, 255})
      malformed("Length", [&] { read(change(selection().encode(version), 4, length), version); });
}

TEST_CASE("negotiate: selections that cannot be") {
  const Case cases[] = {
      {"N92", k12, kPlain, [](auto& s) { s.base_asym = 0x90; }, "BaseAsymSel"},
      {"N92", k12, kPlain, [](auto& s) { s.base_hash = 0x03; }, "BaseHashSel"},
      {"N92", k12, kPlain, [](auto& s) { s.measurement_hash = 0x06; }, "MeasurementHashAlgo"},
      {"N92", k12, kPlain, [](auto& s) { s.measurement_specification = 3; }, "MeasurementSpecificationSel"},
      {"N92", k14, kPlain, [](auto& s) { s.base_asym = 0, s.pqc_asym = 3; }, "PqcAsymSel"},
      {"N93", k12, kPlain, [](auto& s) { s.other_params = 3; }, "OtherParamsSelection"},
      {"N94", k12, kPlain, [](auto& s) { s.base_asym = 0x01; }, "BaseAsymSel"},
      {"N94", k12, kPlain, [](auto& s) { s.base_hash = 0x04; }, "BaseHashSel"},
      {"N94", k14, kPlain, [](auto& s) { s.base_asym = 0, s.pqc_asym = 4; }, "PqcAsymSel"},
      {"N98", k14, kPlain, [](auto& s) { s.pqc_asym = 1; }, "PqcAsymSel"},
      {"N99", k14, kBothKeyEx,
       [](auto& s) {
         session_tables(s), s.tables.push_back({AlgType::kem, 1});
       },
       "KEM"},
      {"N99", k14, kBothKeyEx, [](auto& s) { session_tables(s), s.tables.erase(s.tables.begin()); }, "DHE"},
      {"N99", k12, kBothKeyEx, [](auto& s) { session_tables(s), s.tables.erase(s.tables.begin()); }, "DHE"},
      {"N100", k12, {cap::mut_auth, kPlain.responder | cap::mut_auth}, [](auto&) {}, "ReqBaseAsymAlg"},
      {"N100", k13, {cap::ep_info_sig, kPlain.responder}, [](auto&) {}, "ReqBaseAsymAlg"},
      {"N100",
       k14,
       {cap::mut_auth, kPlain.responder | cap::mut_auth},
       [](auto& s) {
         s.tables = {{AlgType::req_base_asym, 0x10}, {AlgType::req_pqc_asym, 1}};
       },
       "ReqBaseAsymAlg"},
      {"N101", k12, kBothKeyEx, [](auto& s) { session_tables(s), s.tables[1].supported = 0; }, "AEAD"},
      {"N102", k12, kBothKeyEx, [](auto& s) { session_tables(s), s.tables.pop_back(); }, "KeySchedule"},
      {"N103", k12, kPlain, [](auto& s) { s.measurement_specification = 0; }, "MeasurementSpecificationSel"},
      {"N104", k12, {0, cap::cert | cap::chal}, [](auto&) {}, "MeasurementSpecificationSel"},
      {"N105", k12, kPlain, [](auto& s) { s.measurement_specification = 2; }, "MeasurementSpecificationSel"},
      {"N106", k12, kPlain, [](auto& s) { s.measurement_hash = 0; }, "MeasurementHashAlgo"},
      {"N106", k12, kPlain, [](auto& s) { s.measurement_hash = 0x100; }, "MeasurementHashAlgo"},
      {"N107", k13, kPlain, [](auto& s) { s.mel_specification = 1; }, "MELspecificationSel"},
      {"N107", k13, {0, kPlain.responder | cap::mel}, [](auto&) {}, "MELspecificationSel"},
      {"N112", k12, kPlain,
       [](auto& s) {
         s.tables = {{AlgType::dhe, 0x18}};
       },
       "AlgStruct.AlgSupported"},
      {"N114", k12, kPlain,
       [](auto& s) {
         s.tables = {{AlgType::dhe, 0x20}};
       },
       "AlgStruct.AlgSupported"},
      {"N115", k12, kBothKeyEx, [](auto&) {}, "DHE"},
      {"N116", k13, kPlain, [](auto& s) { s.other_params |= other_params::multi_key; }, "OtherParamsSelection"},
      {"N116", k13, {cap::multi_key_only, kPlain.responder}, [](auto&) {}, "OtherParamsSelection"},
      {"N117", k12, kPlain, [](auto& s) { s.other_params = other_params::opaque_fmt0; }, "OtherParamsSelection"},
      {"N118", k12, kPlain, [](auto& s) { s.base_asym = 0x01; }, "was not offered"},  // RSA-2048: policy is what is offered
  };
  for (const Case& c : cases) {
    CAPTURE(c.rule);
    CAPTURE(std::string(c.field));
    AlgorithmsResponse out = selection();
    c.change(out);
    malformed(c.field, [&] { read(out.encode(c.version), c.version, c.sides); });
  }
}

TEST_CASE("negotiate: nothing in common breaks no rule, and ends it") {
  const Case cases[] = {
      {"N96", k12, kPlain, [](auto& s) { s.base_hash = 0; }, "BaseHashSel: the device selected no hash"},
      {"N96", k12, kPlain, [](auto& s) { s.base_hash = 0, s.base_asym = 0; }, "BaseHashSel"},
      {"N96",
       k11,
       {cap::psk | cap::mac, cap::psk | cap::mac},
       [](auto& s) { session_tables(s), s.base_hash = 0, s.measurement_specification = 0; },
       "BaseHashSel"},
      {"N97", k12, kPlain, [](auto& s) { s.base_asym = 0; }, "BaseAsymSel: the device selected no signature algorithm"},
      {"N97", k14, kPlain, [](auto& s) { s.base_asym = 0; }, "BaseAsymSel"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.rule);
    AlgorithmsResponse out = selection();
    c.change(out);
    expect_error(ErrorId::no_spdm, std::string(c.field), [&] { read(out.encode(c.version), c.version, c.sides); });
  }
}

TEST_CASE("N95 algorithms that the version does not define, though offered") {
  NegotiateAlgorithms everything;
  everything.base_asym = everything.base_hash = everything.pqc_asym = 0xFFFFFFFF;
  Capabilities responder;
  responder.flags = cap::cert | cap::chal | cap::meas_sig;
  const auto read_offered = [&](const AlgorithmsResponse& out, std::uint8_t version) {
    return decode<AlgorithmsResponse>(out.encode(version), version, everything, Capabilities{}, responder);
  };
  AlgorithmsResponse out = selection();
  out.other_params = 0;
  for (const std::uint32_t asym : {0x0200U, 0x0400U, 0x0800U, 0x1000U}) {
    out.base_asym = asym;
    malformed("BaseAsymSel", [&] { read_offered(out, k11); });
    if (asym == 0x1000)
      malformed("BaseAsymSel", [&] { read_offered(out, k14); });
    else
      CHECK(read_offered(out, k12).base_asym == asym);
  }
  out = selection();
  out.other_params = 0;
  out.base_hash = 0x40;
  malformed("BaseHashSel", [&] { read_offered(out, k11); });
  out.base_hash = 0x80;
  malformed("BaseHashSel", [&] { read_offered(out, k14); });
  out.base_hash = 0x02;
  out.measurement_hash = 0x80;  // SM3
  malformed("MeasurementHashAlgo", [&] { read_offered(out, k11); });
  CHECK(read_offered(out, k12).measurement_hash == 0x80);
  out.measurement_hash = 0x02;
  out.base_asym = 0;
  out.pqc_asym = 1;
  expect_error(ErrorId::no_spdm, "BaseAsymSel", [&] { read_offered(out, k13); });  // reserved there, so nothing is selected
  out.pqc_asym = 0x8000;
  malformed("BaseAsymSel", [&] { read_offered(out, k14); });
}

TEST_CASE("N95 algorithms of sessions that the version does not define, though offered") {
  NegotiateAlgorithms everything = offer(k14);
  for (AlgStruct& table : everything.tables) table.supported = 0xFFFF;
  const std::uint32_t flags = kKeyEx | cap::mut_auth;
  const auto read_offered = [&](AlgType type, std::uint16_t bit, std::uint8_t version, std::uint32_t sides) {
    AlgorithmsResponse out = selection();
    if (version < k12) out.other_params = 0;
    out.tables = {{AlgType::dhe, 0x08}, {AlgType::aead, 0x02}, {AlgType::req_base_asym, 0x10}, {AlgType::key_schedule, 1}};
    if (type == AlgType::kem) out.tables.front() = {AlgType::dhe, 0}, out.tables.push_back({type, 0});
    for (AlgStruct& table : out.tables)
      if (table.type == type) table.supported = bit;
    Capabilities requester, responder;
    requester.flags = sides;
    responder.flags = kPlain.responder | flags;
    return decode<AlgorithmsResponse>(out.encode(version), version, everything, requester, responder);
  };
  const struct {
    AlgType type;
    std::uint16_t bit;
    std::uint8_t version;
    const char* field;
  } cases[] = {
      {AlgType::dhe, 0x80, k14, "DHE"},
      {AlgType::dhe, 0x40, k11, "DHE"},  // SM2
      {AlgType::kem, 0x08, k14, "KEM"},
      {AlgType::aead, 0x10, k14, "AEAD"},
      {AlgType::aead, 0x08, k11, "AEAD"},  // SM4-GCM
      {AlgType::req_base_asym, 0x1000, k14, "ReqBaseAsymAlg"},
      {AlgType::req_base_asym, 0x0200, k11, "ReqBaseAsymAlg"},
      {AlgType::key_schedule, 2, k14, "KeySchedule"},
  };
  for (const auto& c : cases) {
    CAPTURE(std::string(c.field));
    malformed(cat(c.field, ": an algorithm that this version does not define"), [&] { read_offered(c.type, c.bit, c.version, flags); });
    CHECK_NOTHROW(read_offered(c.type, c.bit, c.version, 0));  // nothing comes of it without sessions
  }
  CHECK_NOTHROW(read_offered(AlgType::dhe, 0x40, k12, flags));
  CHECK_NOTHROW(read_offered(AlgType::aead, 0x08, k12, flags));
  CHECK_NOTHROW(read_offered(AlgType::kem, 0x04, k14, flags));
}

TEST_CASE("N108 extended algorithms") {
  malformed("ExtAsymSelCount", [] { read(change(selection().encode(k12), 32, 1), k12); });
  malformed("ExtAsymSelCount", [] { read(change(selection().encode(k12), 33, 1), k12); });
}

TEST_CASE("N109 types of tables that do not exist") {
  for (const std::uint32_t type : {0U, 1U, 8U, 255U}) malformed("AlgType", [&] { read(tables({0x2000 | type}, k14), k14); });
  for (const std::uint32_t type : {6U, 7U}) {
    malformed("AlgType", [&] { read(tables({0x2000 | type}, k13), k13); });
    CHECK(read(tables({0x2000 | type}, k14), k14).tables.size() == 1);
  }
}

TEST_CASE("N110 tables twice or in falling order") {
  malformed("types must be in ascending order", [] { read(tables({0x2002, 0x2002}, k12), k12); });
  malformed("types must be in ascending order", [] { read(tables({0x2003, 0x2002}, k12), k12); });
}

TEST_CASE("N111 AlgCount of a table") {
  for (const std::uint32_t counts : {0x00U, 0x10U, 0x30U, 0xF0U})
    malformed("AlgStruct.AlgCount", [&] { read(tables({counts << 8 | 2}, k12), k12); });
  malformed("AlgCount", [] { read(tables({0x2102, 0}, k12), k12); });
}

TEST_CASE("N113 more tables announced than present") {
  for (const std::uint8_t version : {k11, k12, k13, k14})
    for (const std::uint8_t count : Octets{1, 4, 255})
      malformed("AlgStruct", [&] { read(change(selection().encode(version), 2, count), version); });
}

TEST_CASE("N12 reserved fields of ALGORITHMS") {
  for (const std::uint8_t version : kAllVersions) {
    Bytes message = selection().encode(version);
    message[3] = 0xFF;
    for (std::size_t i = 24; i < 31; ++i) message[i] = 0xFF;
    message[34] = message[35] = 0xFF;
    if (version < k14) message[20] = 0xFF;
    if (version < k13) message[31] = 0xFF;
    if (version < k12) message[7] = 0xFF;
    if (version == k10) message[2] = 0xFF;
    const AlgorithmsResponse out = read(message, version);
    CHECK(out.base_asym == 0x80);
    CHECK(out.pqc_asym == 0);
    CHECK(out.tables.empty());
  }
}

TEST_CASE("A11 zero in a table that was offered") {
  AlgorithmsResponse out = selection();
  out.tables = {{AlgType::dhe, 0}, {AlgType::aead, 0}};
  CHECK(read(out.encode(k12), k12).tables.size() == 2);
  // A table that was not listed may come back with 0.
  Capabilities responder;
  responder.flags = kPlain.responder;
  NegotiateAlgorithms lean = offer(k12);
  lean.tables.clear();
  out.tables = {{AlgType::aead, 0}};
  CHECK(decode<AlgorithmsResponse>(out.encode(k12), k12, lean, Capabilities{}, responder).tables.size() == 1);
}

TEST_CASE("A22 more is selected than the capabilities need") {
  AlgorithmsResponse out = selection();
  session_tables(out);
  CHECK(read(out.encode(k12), k12).tables.size() == 3);
  // MeasurementHashAlgo without a specification.
  out = selection();
  out.measurement_specification = 0;
  CHECK(read(out.encode(k12), k12, {0, cap::cert | cap::chal}).measurement_hash == 2);
}

TEST_CASE("negotiate: one of two families is taken") {
  AlgorithmsResponse out = selection();
  out.base_asym = 0;
  out.pqc_asym = 2;
  CHECK(read(out.encode(k14), k14).pqc_asym == 2);
}

TEST_CASE("negotiate: what is settled") {
  Capabilities requester, responder;
  requester.flags = cap::chunk;
  responder.flags = kPlain.responder | cap::chunk;
  Parameters out = settle(k12, requester, responder, offer(k12), selection());
  CHECK(out.asym == find_asym("ECDSA-P384"));
  CHECK(out.hash == find_hash("SHA-384"));
  CHECK(out.measurement_hash == find_hash("SHA-256"));
  CHECK(out.opaque_format == other_params::opaque_fmt1);
  CHECK(out.chunking());
  CHECK_FALSE(out.multi_key_responder);
  AlgorithmsResponse raw = selection();
  raw.measurement_hash = kRawOnly;
  out = settle(k12, requester, responder, offer(k12), raw);
  CHECK(out.measurement_raw_only);
  CHECK(out.measurement_hash == nullptr);
  responder.flags |= cap::multi_key_neg;
  NegotiateAlgorithms multi = offer(k13);
  multi.other_params |= other_params::multi_key;
  CHECK(settle(k13, requester, responder, multi, selection()).multi_key_responder);
  CHECK_FALSE(settle(k12, requester, responder, multi, selection()).multi_key_responder);
}

TEST_CASE("negotiate: what is settled for sessions") {
  Parameters out = settle(k12, {}, {}, offer(k12), selection());
  CHECK(out.key_exchange == nullptr);
  CHECK(out.aead == nullptr);
  CHECK(out.req_asym == nullptr);
  CHECK_FALSE(out.key_schedule);
  AlgorithmsResponse chosen = selection();
  chosen.tables = {{AlgType::dhe, 0x10}, {AlgType::aead, 0x04}, {AlgType::req_base_asym, 0x80}, {AlgType::key_schedule, 1}};
  out = settle(k12, {}, {}, offer(k12), chosen);
  CHECK(out.key_exchange == find_key_exchange("secp384r1"));
  CHECK(out.aead == find_aead("ChaCha20-Poly1305"));
  CHECK(out.req_asym == find_asym("ECDSA-P384"));
  CHECK(out.key_schedule);
  chosen.tables = {{AlgType::dhe, 0}, {AlgType::aead, 0x10}, {AlgType::key_schedule, 2}, {AlgType::req_pqc_asym, 2}, {AlgType::kem, 4}};
  out = settle(k14, {}, {}, offer(k14), chosen);
  CHECK(out.key_exchange == find_key_exchange("ML-KEM-1024"));
  CHECK(out.aead == nullptr);
  CHECK(out.req_asym == find_asym("ML-DSA-65"));
  CHECK_FALSE(out.key_schedule);
}

TEST_CASE("negotiate: the algorithm tables of sessions") {
  for (const KeyExchangeAlgorithm& row : key_exchange_algorithms()) {
    CHECK((row.kem ? find_kem(row.bit) : find_dhe(row.bit)) == &row);
    CHECK(find_key_exchange(row.name) == &row);
    CHECK((row.kem || row.request_size == row.response_size));
    CHECK(row.since == (row.kem ? k14 : row.bit == 0x40 ? k12 : k11));
  }
  for (const AeadAlgorithm& row : aead_algorithms()) {
    CHECK(find_aead(row.bit) == &row);
    CHECK(find_aead(row.name) == &row);
  }
  CHECK(find_key_exchange("SECP521R1")->request_size == 132);
  CHECK(find_key_exchange("ffdhe2048")->request_size == 256);
  CHECK(find_key_exchange("ml-kem-512")->response_size == 768);
  CHECK(find_aead("aes-256-gcm")->key_size == 32);
  CHECK(find_dhe(0) == nullptr);
  CHECK(find_dhe(0x18) == nullptr);
  CHECK(find_kem(8) == nullptr);
  CHECK(find_aead(3) == nullptr);
}

TEST_CASE("negotiate: the algorithm tables") {
  for (const AsymAlgorithm& row : asym_algorithms()) {
    CHECK((row.pqc ? find_pqc_asym(row.bit) : find_base_asym(row.bit)) == &row);
    CHECK(find_asym(row.name) == &row);
  }
  for (const HashAlgorithm& row : hash_algorithms()) {
    CHECK(find_hash(row.bit) == &row);
    CHECK(find_hash(row.name) == &row);
    CHECK(find_measurement_hash(row.bit << 1) == &row);
  }
  CHECK(find_asym("ecdsa-p384") == find_asym("ECDSA-P384"));
  CHECK(find_asym("SLH-dsa-shake-128F")->name == "SLH-DSA-SHAKE-128f");
  CHECK(find_hash("sha3-256") == find_hash("SHA3-256"));
  CHECK(find_asym("ecdsap384") == nullptr);
  CHECK(find_hash("") == nullptr);
  for (const std::uint32_t bit : {0U, kRawOnly, 3U, 0x80000000U}) CHECK(find_measurement_hash(bit) == nullptr);
  CHECK(version_name(k14) == "1.4");
  CHECK(version_name(0x15) == "unknown");
}
