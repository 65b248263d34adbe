// What the responder refuses, and how; large messages.
#include <random>

#include "core/responder/fixture.h"
#include "core/wire/mel.h"
#include "core/wire/vendor_defined.h"

using namespace spdm;
using namespace spdm::test;

TEST_CASE("order of the first requests") {
  Peer peer(new_device());
  const Bytes capabilities = GetCapabilities{peer.mine, false}.encode(k12);
  const Bytes algorithms = peer.offer.encode(k12);
  CHECK(peer.refused(capabilities).code == ErrorCode::unexpected_request);
  peer.send(GetVersion{}.encode());
  CHECK(peer.refused(algorithms).code == ErrorCode::unexpected_request);
  peer.send(capabilities);
  CHECK(peer.refused(capabilities).code == ErrorCode::unexpected_request);
  CHECK(peer.refused(begin(k12, Code::get_digests).take()).code == ErrorCode::unexpected_request);
  peer.send(algorithms);
  CHECK(peer.refused(algorithms).code == ErrorCode::unexpected_request);
  CHECK_FALSE(is_error(peer.send(begin(k12, Code::get_digests).take())));
}

TEST_CASE("versions") {
  DeviceProfile device = new_device();
  device.versions = {k12, k13};
  Peer peer(device);
  ErrorResponse error = peer.refused(begin(k12, Code::get_version).take());
  CHECK(error.code == ErrorCode::version_mismatch);
  CHECK(error.version == k10);
  CHECK(peer.get<VersionResponse>(GetVersion{}.encode()).entries == std::vector<std::uint16_t>{0x1200, 0x1300});
  error = peer.refused(GetCapabilities{peer.mine, false}.encode(k14));
  CHECK(error.code == ErrorCode::version_mismatch);
  CHECK(error.version == k10);
  peer.connect();
  error = peer.refused(begin(k13, Code::get_digests).take());
  CHECK(error.code == ErrorCode::version_mismatch);
  CHECK(error.version == k12);
}

TEST_CASE("requests that are not known, not supported or not whole") {
  DeviceProfile device = new_device();
  device.clear_flags = cap::chal | cap::mel;
  Peer peer(device, k13);
  peer.connect();
  for (const Code code : {Code::challenge, Code::get_measurement_extension_log, Code::key_exchange, Code::heartbeat, Code{0xAA}}) {
    const ErrorResponse error = peer.refused(begin(k13, code).zeros(40).take());
    CHECK(error.code == ErrorCode::unsupported_request);
    CHECK(error.data == static_cast<std::uint8_t>(code));
  }
  CHECK(peer.refused(Bytes{k13, 0x81}).code == ErrorCode::invalid_request);
  CHECK(peer.refused({}).code == ErrorCode::invalid_request);
  CHECK(peer.refused(begin(k13, Code::get_certificate).u8(0).take()).code == ErrorCode::invalid_request);
  CHECK(peer.refused(begin(k13, Code::get_certificate, 2).u16(0).u16(10).take()).code == ErrorCode::invalid_request);
  CHECK(peer.refused(begin(k13, Code::get_certificate).u16(0xFFF0).u16(10).take()).code == ErrorCode::invalid_request);
  VendorDefined vendor;
  vendor.standard_id = 0;
  vendor.payload = {9};
  CHECK(peer.refused(vendor.encode(Code::vendor_defined_request, k13)).code == ErrorCode::unsupported_request);
  vendor.payload = {1};
  CHECK(peer.vendor(vendor).payload == Bytes{2, 3});
}

TEST_CASE("flags and sizes that a requester must not have") {
  struct Row {
    std::uint8_t version;
    std::uint32_t flags;
    std::uint32_t transfer, message;
    std::string_view rule;
  };
  const std::array rows{
      Row{k12, cap::psk_with_context | cap::mac, 42, 42, "Q1"},
      Row{k12, cap::key_ex, 42, 42, "Q2"},
      Row{k12, cap::mac, 42, 42, "Q2"},
      Row{k13, cap::event, 42, 42, "Q2"},
      Row{k12, cap::psk | cap::mac | cap::handshake_in_the_clear, 42, 42, "Q3"},
      Row{k12, cap::cert | cap::pub_key_id | cap::chal, 42, 42, "Q4"},
      Row{k12, cap::cert, 42, 42, "Q5"},
      Row{k12, cap::chal, 42, 42, "Q6"},
      Row{k13, cap::ep_info_sig, 42, 42, "Q6"},
      Row{k12, cap::mut_auth | cap::cert, 42, 42, "Q7"},
      Row{k11, cap::mut_auth | cap::cert | cap::chal, 0, 0, "Q7"},
      Row{k12, cap::chunk, 41, 100, "Q8"},
      Row{k12, cap::chunk, 101, 100, "Q8"},
      Row{k12, 0, 42, 43, "Q8"},
      Row{k13, cap::ep_info_mask | cap::cert, 42, 42, "Q9"},
      Row{k13, cap::multi_key_neg, 42, 42, "Q9"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.rule);
    Peer peer(new_device(), row.version);
    peer.send(GetVersion{}.encode());
    peer.mine = {0, 0, row.flags, row.transfer, row.message};
    const ErrorResponse error = peer.refused(GetCapabilities{peer.mine, false}.encode(row.version));
    CHECK(error.code == ErrorCode::invalid_request);
    CHECK(error.version == row.version);
  }
  Peer minimal(new_device());
  minimal.mine = {0, 0, 0, 4608, 4608};
  minimal.connect();
  Peer exponent(new_device());
  exponent.send(GetVersion{}.encode());
  exponent.mine.ct_exponent = 32;
  CHECK(exponent.refused(GetCapabilities{exponent.mine, false}.encode(k12)).code == ErrorCode::invalid_request);
}

TEST_CASE("large answers come in chunks") {
  for (const std::uint8_t version : {k12, k13, k14}) {
    CAPTURE(version);
    const DeviceProfile device = new_device();
    Peer peer(device, version);
    peer.mine.data_transfer_size = kMinDataTransferSize;
    peer.connect();
    GetMeasurements request;
    request.signature = true;
    const Bytes bytes = request.encode(version);
    ErrorResponse announced = peer.refused(bytes);
    REQUIRE(announced.code == ErrorCode::large_response);
    const std::uint8_t handle = announced.large_response_handle();

    // Neither another request nor a wrong number ends the transfer.
    CHECK(peer.refused(begin(version, Code::get_digests).take()).code == ErrorCode::unexpected_request);
    CHECK(peer.refused(ChunkGet{handle, 1}.encode(version)).code == ErrorCode::invalid_request);
    CHECK(peer.refused(ChunkGet{static_cast<std::uint8_t>(handle + 1), 0}.encode(version)).code == ErrorCode::invalid_request);
    ChunkAssembler assembler(version, handle, 1U << 20);
    while (!assembler.complete()) {
      const Bytes answer = peer.send(ChunkGet{handle, assembler.next_sequence()}.encode(version));
      CHECK(answer.size() <= kMinDataTransferSize);
      Reader reader(answer, "CHUNK_RESPONSE");
      assembler.add(Chunk::decode(reader, Code::chunk_response, version), "CHUNK_RESPONSE");
    }
    peer.last = assembler.take();
    Reader reader(peer.last, "MEASUREMENTS");
    CHECK(MeasurementsResponse::decode(reader, request, peer.parameters).blocks.size() == 4);
    CHECK(peer.verifies(peer.vca, bytes, kMeasurementsContext, *device.slots[0].key));
    CHECK(peer.refused(ChunkGet{handle, 0}.encode(version)).code == ErrorCode::unexpected_request);
  }
}

TEST_CASE("large requests come in chunks") {
  for (const std::uint8_t version : {k12, k13, k14}) {
    CAPTURE(version);
    DeviceProfile device = new_device();
    device.data_transfer_size = kMinDataTransferSize;
    device.send_limit = 4600;
    Peer peer(device, version);
    peer.connect();
    VendorDefined request;
    request.standard_id = 3;
    request.vendor_id = {0x36, 0x1B};
    request.payload = Bytes(100, 7);
    const Bytes message = request.encode(Code::vendor_defined_request, version);
    const auto chunk_of = [&](std::uint32_t sequence, std::size_t& at) {
      Chunk out;
      out.handle = 9;
      out.sequence = sequence;
      out.large_message_size = static_cast<std::uint32_t>(message.size());
      const std::size_t size = std::min(kMinDataTransferSize - Chunk::header_size(sequence), message.size() - at);
      out.data = to_bytes(View(message).subspan(at, size));
      at += size;
      out.last = at == message.size();
      return out;
    };
    std::size_t at = 0;
    Bytes answer;
    for (std::uint32_t sequence = 0; at < message.size(); ++sequence) {
      const Chunk chunk = chunk_of(sequence, at);
      const Bytes ack = peer.send(chunk.encode(Code::chunk_send, version));
      Reader reader(ack, "CHUNK_SEND_ACK");
      answer = ChunkSendAck::decode(reader, chunk, version).response;
      if (!chunk.last) CHECK(peer.refused(begin(version, Code::get_digests).take()).code == ErrorCode::unexpected_request);
    }
    Reader reader(answer, "VENDOR_DEFINED_RESPONSE");
    CHECK(VendorDefined::decode_response(reader, request, peer.parameters).payload == request.payload);

    // A chunk out of turn ends the transfer with an early error.
    at = 0;
    const Chunk wrong = chunk_of(1, at);
    const Bytes ack = peer.send(wrong.encode(Code::chunk_send, version));
    Reader early(ack, "CHUNK_SEND_ACK");
    CHECK(ChunkSendAck::decode(early, wrong, version).early_error);
    CHECK_FALSE(is_error(peer.send(begin(version, Code::get_digests).take())));
  }
}

TEST_CASE("an answer that fits nowhere") {
  Peer peer(new_device());
  peer.mine.flags &= ~cap::chunk;
  peer.mine.data_transfer_size = peer.mine.max_message_size = 200;
  peer.connect();
  GetMeasurements request;
  request.signature = true;
  const ErrorResponse error = peer.refused(request.encode(k12));
  CHECK(error.code == ErrorCode::response_too_large);
  CHECK(error.extended.size() == 4);
  // Certificates come in portions instead.
  GetCertificate certificate;
  certificate.length = 0xFFFF;
  CHECK(peer.get<CertificateResponse>(certificate.encode(k12), certificate, peer.parameters).portion.size() == 192);
}

TEST_CASE("long certificate chains") {
  DeviceProfile device = new_device();
  device.slots[0].certificates = fake_certificates(30'000);
  Peer peer(device, k14);
  peer.connect();
  GetCertificate request;
  request.length = 0xFFFF;
  const ErrorResponse error = peer.refused(request.encode(k14));
  CHECK(error.code == ErrorCode::data_too_large);
  CHECK(error.extended == Writer().u32(90'036).take());
  request.large = true;
  request.length = 1000;
  const auto response = peer.get<CertificateResponse>(request.encode(k14), request, peer.parameters);
  CHECK(response.portion.size() == 1000);
  CHECK(response.remainder == 89'036);
}

// Requests that are nearly right, in any order: each gets an answer, and the responder can always be reset.
TEST_CASE("noise") {
  std::mt19937 random(1);  // the same noise in every run
  const auto below = [&](std::size_t limit) { return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random); };
  for (const std::uint8_t version : all_versions()) {
    CAPTURE(version);
    Peer peer(new_device(), version);
    peer.mine.data_transfer_size = 64;
    const std::vector<Bytes> requests{
        GetVersion{}.encode(),
        GetCapabilities{peer.mine, version >= k13}.encode(version),
        peer.offer.encode(version),
        begin(version, Code::get_digests).take(),
        GetCertificate{.slot = 0, .offset = 0, .length = 100}.encode(version),
        Challenge{}.encode(version),
        GetMeasurements{.signature = true}.encode(version),
        GetMel{0, 1000}.encode(version),
        ChunkGet{1, 0}.encode(version),
        Chunk{false, 1, 0, 100, Bytes(40, 0x81)}.encode(Code::chunk_send, version),
        VendorDefined{3, {0x36, 0x1B}, false, Bytes(20)}.encode(Code::vendor_defined_request, version),
        begin(version, Code::respond_if_ready, 0x83, 1).take(),
    };
    for (int i = 0; i < 400; ++i) {
      if (i % 20 == 0) peer.connect();
      Bytes request = requests[below(requests.size())];
      if (below(3) != 0) request[below(request.size())] = static_cast<std::uint8_t>(below(256));
      if (below(5) == 0) request.resize(below(request.size() + 8));
      CHECK(peer.send(request).size() >= kHeaderSize);
    }
    peer.connect();
  }
}
