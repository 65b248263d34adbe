#include "core/wire/ide_km.h"

#include <algorithm>

#include "core/text.h"
#include "core/wire/decode.h"
#include "core/wire/golden.h"
#include "support/pci_requests.h"

using namespace wire;

namespace {

constexpr KeySubStream kTxNpr{0x12};

IdeKmQueryResp answer(std::size_t registers = 5) {
  return {.port = 1, .device_function = 0x28, .bus = 3, .segment = 2, .max_port = 4, .registers = filled(4 * registers, 0x10)};
}

// Refused are cuts, one byte more, and each other ObjectID.
template <class Message>
void only_this_size(const Bytes& good) {
  decode<Message>(good);
  refused_when_cut(good, [](View cut) { decode<Message>(cut); });
  Bytes longer = good;
  longer.push_back(0);
  malformed("", [&] { decode<Message>(longer); });
}

template <class Message>
void only_this_object(Bytes message, std::initializer_list<IdeKmObject> own) {
  for (unsigned object = 0; object < 0x100; ++object) {
    if (std::find(own.begin(), own.end(), static_cast<IdeKmObject>(object)) != own.end()) continue;
    message[0] = static_cast<std::uint8_t>(object);
    malformed("ObjectID", [&] { decode<Message>(message); });
  }
}

// Reserved bytes hold anything.
template <class Message>
Message with_reserved(Bytes message, std::initializer_list<std::size_t> reserved) {
  for (const std::size_t at : reserved) message.at(at) = 0xFF;
  return decode<Message>(message);
}

}  // namespace

TEST_CASE("IDE_KM: the layouts") {
  CHECK(hex(IdeKmQuery{.port = 7}.encode()) == "000007");
  CHECK(hex(answer(2).encode()) ==
        "010001"
        "28030204"
        "1011121314151617");
  CHECK(hex(IdeKmKeyProgAck{.stream = 5, .status = 3, .which = kTxNpr, .port = 1}.encode()) == "03000005031201");
  CHECK(hex(IdeKmKeySet{.stream = 5, .which = kTxNpr, .port = 1}.encode_ack()) == "06000005001201");
  CHECK(hex(pci_requests::k_set_go(5, kTxNpr, 1)) == "04000005001201");
  CHECK(hex(pci_requests::k_set_stop(5, kTxNpr, 1)) == "05000005001201");
}

TEST_CASE("N323 IDE_KM without an ObjectID, or with a reserved one") {
  for (const Word<IdeKmObject>& row : kIdeKmObjects)
    CHECK(ide_km_object_of(Bytes{static_cast<std::uint8_t>(row.value), 0xFF}) == row.value);
  malformed("ObjectID", [] { ide_km_object_of(Bytes{}); });
  malformed("ObjectID: 7 is reserved", [] { ide_km_object_of(Bytes{7}); });
  malformed("ObjectID", [] { ide_km_object_of(Bytes{0xFF}); });
  CHECK(name(IdeKmObject::k_gostop_ack) == "K_GOSTOP_ACK");
}

TEST_CASE("N324 IDE_KM with the ObjectID of another message") {
  only_this_object<IdeKmQuery>(IdeKmQuery{}.encode(), {IdeKmObject::query});
  only_this_object<IdeKmQueryResp>(answer().encode(), {IdeKmObject::query_resp});
  only_this_object<IdeKmKeyProg>(pci_requests::key_prog(1, kTxNpr, 0, Bytes(32), 1), {IdeKmObject::key_prog});
  only_this_object<IdeKmKeyProgAck>(IdeKmKeyProgAck{}.encode(), {IdeKmObject::kp_ack});
  only_this_object<IdeKmKeySet>(IdeKmKeySet{}.encode_ack(), {IdeKmObject::k_set_go, IdeKmObject::k_set_stop, IdeKmObject::k_gostop_ack});
}

TEST_CASE("N325 IDE_KM: messages that are cut or longer") {
  only_this_size<IdeKmQuery>(IdeKmQuery{}.encode());
  only_this_size<IdeKmKeyProg>(pci_requests::key_prog(1, kTxNpr, 0, Bytes(32), 1));
  only_this_size<IdeKmKeyProgAck>(IdeKmKeyProgAck{}.encode());
  only_this_size<IdeKmKeySet>(IdeKmKeySet{}.encode_ack());
}

TEST_CASE("A33 reserved bytes of IDE_KM") {
  CHECK(with_reserved<IdeKmQuery>({0, 0, 9}, {1}).port == 9);
  CHECK(with_reserved<IdeKmQueryResp>(answer().encode(), {1}).max_port == 4);
  CHECK(with_reserved<IdeKmKeyProg>(pci_requests::key_prog(5, kTxNpr, 1, Bytes(32), 1), {1, 2, 4}).stream == 5);
  CHECK(with_reserved<IdeKmKeyProgAck>({3, 0, 0, 5, 3, 0x12, 1}, {1, 2}).status == 3);
  CHECK(with_reserved<IdeKmKeySet>({4, 0, 0, 5, 0, 0x12, 1}, {1, 2, 4}).which == kTxNpr);
}

TEST_CASE("QUERY_RESP: each field") {
  const IdeKmQueryResp read = decode<IdeKmQueryResp>(answer().encode());
  CHECK(read.port == 1);
  CHECK(read.device_function == 0x28);
  CHECK(read.bus == 3);
  CHECK(read.segment == 2);
  CHECK(hex(read.registers) == hex(answer().registers));
  CHECK(decode<IdeKmQueryResp>(answer(2).encode()).registers.size() == 8);
}

TEST_CASE("N326 QUERY_RESP that ends within a register") {
  const Bytes good = answer().encode();
  for (const std::size_t less : {1U, 2U, 3U})
    malformed("IDE registers", [&] { decode<IdeKmQueryResp>(View(good).first(good.size() - less)); });
}

TEST_CASE("N327 QUERY_RESP with fewer registers, or with more, than there can be") {
  for (const std::size_t registers : {0U, 1U}) malformed("IDE registers", [&] { decode<IdeKmQueryResp>(answer(registers).encode()); });
  refused_when_cut(answer(2).encode(), [](View cut) { decode<IdeKmQueryResp>(cut); });
  const std::size_t most = 2 + 8 * 2 + 256 * 50;
  CHECK(decode<IdeKmQueryResp>(answer(most).encode()).registers.size() == 4 * most);
  malformed("IDE registers: 12819 registers", [&] { decode<IdeKmQueryResp>(answer(most + 1).encode()); });
}

TEST_CASE("N328 QUERY_RESP of another port") {
  CHECK(decode<IdeKmQueryResp>(answer().encode(), IdeKmQuery{.port = 1}).bus == 3);
  malformed("PortIndex: 1, asked for 2", [] { decode<IdeKmQueryResp>(answer().encode(), IdeKmQuery{.port = 2}); });
}

TEST_CASE("N329 KEY_PROG: the key in the order of AES, and the IFV") {
  const Bytes key = filled(32, 0x40);
  const Bytes message = pci_requests::key_prog(9, kTxNpr, 2, key, 0x0102030405060708);
  // Each group of four in reverse; DW 1 of the IFV before DW 0, both little-endian.
  CHECK(hex(message) ==
        "02000009001202"
        "43424140474645444b4a49484f4e4d4c53525150575655545b5a59585f5e5d5c"
        "0403020108070605");
  const IdeKmKeyProg read = decode<IdeKmKeyProg>(message);
  CHECK(hex(read.key.view()) == hex(key));
  CHECK(read.ifv == 0x0102030405060708);
  CHECK(read.stream == 9);
  CHECK(read.which == kTxNpr);
  CHECK(read.port == 2);
  Bytes as_recorded = message;
  for (std::size_t i = 39; i < 47; ++i) as_recorded[i] = i == 43 ? 1 : 0;
  CHECK(decode<IdeKmKeyProg>(as_recorded).ifv == 1);
}

TEST_CASE("KeySubStream") {
  const auto text = [](std::uint8_t value) { return to_string(KeySubStream{value}); };
  CHECK(text(0x00) == "K0 RX PR");
  CHECK(text(0x13) == "K1 TX NPR");
  CHECK(text(0x22) == "K0 TX CPL");
  CHECK(text(0x31) == "K1 RX sub-stream 3");
  for (const std::uint8_t known : Octets{0x00, 0x03, 0x13, 0x23}) CHECK(KeySubStream{known}.is_known());
  for (const std::uint8_t unknown : Octets{0x04, 0x08, 0x30, 0xF0}) CHECK_FALSE(KeySubStream{unknown}.is_known());
}

TEST_CASE("N330 KP_ACK about another key") {
  const auto read = [](std::uint8_t stream, KeySubStream which, std::uint8_t port) {
    const IdeKmKeyProg sent = decode<IdeKmKeyProg>(pci_requests::key_prog(5, kTxNpr, 1, Bytes(32), 1));
    decode<IdeKmKeyProgAck>(IdeKmKeyProgAck{.stream = stream, .status = 0, .which = which, .port = port}.encode(), sent);
  };
  read(5, kTxNpr, 1);
  malformed("StreamID: 6, asked for 5", [&] { read(6, kTxNpr, 1); });
  malformed("KeySubStream: K0 RX NPR, asked for K0 TX NPR", [&] { read(5, {0x10}, 1); });
  malformed("PortIndex: 0, asked for 1", [&] { read(5, kTxNpr, 0); });
}

TEST_CASE("N331 K_GOSTOP_ACK about another key") {
  const auto read = [](std::uint8_t stream, KeySubStream which, std::uint8_t port) {
    const IdeKmKeySet sent = decode<IdeKmKeySet>(pci_requests::k_set_go(5, kTxNpr, 1));
    decode<IdeKmKeySet>(IdeKmKeySet{.stream = stream, .which = which, .port = port}.encode_ack(), sent);
  };
  read(5, kTxNpr, 1);
  malformed("StreamID: 6, asked for 5", [&] { read(6, kTxNpr, 1); });
  malformed("KeySubStream: K1 TX NPR, asked for K0 TX NPR", [&] { read(5, {0x13}, 1); });
  malformed("PortIndex: 0, asked for 1", [&] { read(5, kTxNpr, 0); });
  malformed("ObjectID: K_SET_GO does not answer K_SET_STOP",
            [] { decode<IdeKmKeySet>(pci_requests::k_set_go(5, kTxNpr, 1), decode<IdeKmKeySet>(pci_requests::k_set_stop(5, kTxNpr, 1))); });
}

TEST_CASE("N332 KP_ACK with a reserved status") {
  CHECK(decode<IdeKmKeyProgAck>(Bytes{3, 0, 0, 5, 9, 0x21, 6}).status == 9);
  CHECK(status_name(9) == "status 9");
  CHECK(status_name(0) == "success");
  CHECK(status_name(4) == "unspecified failure");
}

TEST_CASE("IDE_KM: what answers what") {
  CHECK(response_to(IdeKmObject::query) == IdeKmObject::query_resp);
  CHECK(response_to(IdeKmObject::key_prog) == IdeKmObject::kp_ack);
  CHECK(response_to(IdeKmObject::k_set_go) == IdeKmObject::k_gostop_ack);
  CHECK(response_to(IdeKmObject::k_set_stop) == IdeKmObject::k_gostop_ack);
  for (const IdeKmObject response : {IdeKmObject::query_resp, IdeKmObject::kp_ack, IdeKmObject::k_gostop_ack})
    CHECK_FALSE(response_to(response));
}

TEST_CASE("KP_ACK, K_SET_GO and K_SET_STOP: each field") {
  const IdeKmKeyProgAck ack = decode<IdeKmKeyProgAck>(Bytes{3, 0, 0, 5, 9, 0x21, 6});
  CHECK(ack.stream == 5);
  CHECK(ack.status == 9);
  CHECK(ack.which.value == 0x21);
  CHECK(ack.port == 6);
  const IdeKmKeySet stop = decode<IdeKmKeySet>(pci_requests::k_set_stop(5, kTxNpr, 6));
  CHECK(stop.object == IdeKmObject::k_set_stop);
  CHECK(stop.stream == 5);
  CHECK(stop.which == kTxNpr);
  CHECK(stop.port == 6);
  CHECK(decode<IdeKmKeySet>(pci_requests::k_set_go(5, kTxNpr, 6)).object == IdeKmObject::k_set_go);
  CHECK(decode<IdeKmKeySet>(stop.encode_ack()).object == IdeKmObject::k_gostop_ack);
}
