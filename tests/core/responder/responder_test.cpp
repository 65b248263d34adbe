// Every message of the responder in every version, decoded by the requester's decoders; transcripts by hand.
#include "core/responder/fixture.h"
#include "core/wire/endpoint_info.h"
#include "core/wire/mel.h"
#include "core/wire/vendor_defined.h"

using namespace spdm;
using namespace spdm::test;

namespace {

Bytes joined(std::initializer_list<View> parts) {
  Bytes out;
  for (const View part : parts) append(out, part);
  return out;
}

Bytes get_digests(std::uint8_t version) { return begin(version, Code::get_digests).take(); }

}  // namespace

TEST_CASE("an attestation in every version") {
  for (const std::uint8_t version : all_versions()) {
    CAPTURE(version);
    const DeviceProfile device = new_device();
    Peer peer(device, version);
    peer.connect();
    CHECK(peer.parameters.asym->name == "ECDSA-P256");
    CHECK(peer.parameters.hash->name == "SHA-256");

    Bytes b;
    const Bytes digests_request = get_digests(version);
    const auto digests = peer.get<DigestsResponse>(digests_request, peer.parameters);
    append(b, digests_request);
    append(b, peer.last);
    CHECK(digests.provisioned_slots == 3);

    ChainReader chain;
    while (!chain.complete()) {
      GetCertificate request;
      request.offset = chain.size();
      request.length = 400;
      const Bytes bytes = request.encode(version);
      chain.add(request, peer.get<CertificateResponse>(bytes, request, peer.parameters));
      append(b, bytes);
      append(b, peer.last);
    }
    CHECK(crypto::hash(*peer.parameters.hash, chain.chain()) == digests.slots[0].digest);

    Challenge challenge;
    challenge.summary = Summary::all;
    challenge.nonce.fill(0x55);
    challenge.context.fill(0x66);
    const Bytes challenge_bytes = challenge.encode(version);
    const auto auth = peer.get<ChallengeAuth>(challenge_bytes, challenge, peer.parameters);
    CHECK(auth.cert_chain_hash == digests.slots[0].digest);
    CHECK(auth.slot_mask == 3);
    CHECK(peer.verifies(joined({peer.vca, b}), challenge_bytes, kChallengeAuthContext, *device.slots[0].key));

    // Unsigned exchanges and the signed one share one signature.
    Bytes m = version >= k12 ? peer.vca : Bytes{};
    GetMeasurements count;
    count.operation = kMeasurementCount;
    GetMeasurements all;
    for (GetMeasurements* request : {&count, &all}) {
      const Bytes bytes = request->encode(version);
      const auto response = peer.get<MeasurementsResponse>(bytes, *request, peer.parameters);
      append(m, bytes);
      append(m, peer.last);
      if (request == &count) CHECK(response.count == 4);
      if (request == &all) CHECK(crypto::hash(*peer.parameters.hash, response.record) == auth.summary_hash);
    }
    GetMeasurements one;
    one.signature = true;
    one.operation = 2;
    one.slot = version >= k11 ? 1 : 0;
    const Bytes bytes = one.encode(version);
    const auto response = peer.get<MeasurementsResponse>(bytes, one, peer.parameters);
    CHECK(response.blocks.at(0).value == crypto::hash(*peer.parameters.measurement_hash, text("firmware")));
    if (version >= k12) CHECK(response.content_changed == ContentChanged::unchanged);
    CHECK(peer.verifies(m, bytes, kMeasurementsContext, *device.slots[one.slot].key));

    // The signature has ended M: the next one stands alone.
    (void)peer.get<MeasurementsResponse>(bytes, one, peer.parameters);
    CHECK(peer.verifies(version >= k12 ? View(peer.vca) : View(), bytes, kMeasurementsContext, *device.slots[one.slot].key));
  }
}

TEST_CASE("resets of M1/M2") {
  for (const std::uint8_t version : all_versions()) {
    CAPTURE(version);
    const DeviceProfile device = new_device();
    Peer peer(device, version);
    const crypto::PrivateKey& key = *device.slots[0].key;
    const Challenge challenge;
    const Bytes request = challenge.encode(version);
    const auto challenged = [&](View b) {
      (void)peer.get<ChallengeAuth>(request, challenge, peer.parameters);
      return peer.verifies(joined({peer.vca, b}), request, kChallengeAuthContext, key);
    };
    const auto digests_pair = [&] {
      const Bytes bytes = get_digests(version);
      (void)peer.get<DigestsResponse>(bytes, peer.parameters);
      return joined({bytes, peer.last});
    };

    peer.connect();
    digests_pair();
    CHECK(challenged(digests_pair()));  // GET_DIGESTS begins B anew
    CHECK(challenged({}));              // a CHALLENGE ends it

    peer.connect();
    const Bytes b = digests_pair();
    Challenge wrong;
    wrong.slot = 5;
    CHECK(peer.refused(wrong.encode(version)).code == ErrorCode::invalid_request);
    CHECK(challenged(b));  // a refused CHALLENGE leaves B as it was

    peer.connect();
    digests_pair();
    const GetMeasurements measure;
    (void)peer.get<MeasurementsResponse>(measure.encode(version), measure, peer.parameters);
    CHECK(challenged({}));  // GET_MEASUREMENTS before a CHALLENGE ends B
    const Bytes again = digests_pair();
    (void)peer.get<MeasurementsResponse>(measure.encode(version), measure, peer.parameters);
    CHECK(challenged(again));  // and after one it does not
  }
}

TEST_CASE("resets of L1/L2") {
  const DeviceProfile device = new_device();
  for (const std::uint8_t version : all_versions()) {
    CAPTURE(version);
    Peer peer(device, version);
    peer.connect();
    GetMeasurements unsigned_one;
    unsigned_one.operation = 1;
    GetMeasurements signed_one = unsigned_one;
    signed_one.signature = true;
    const Bytes request = signed_one.encode(version);
    const auto alone = [&] {
      (void)peer.get<MeasurementsResponse>(request, signed_one, peer.parameters);
      return peer.verifies(version >= k12 ? View(peer.vca) : View(), request, kMeasurementsContext, *device.slots[0].key);
    };
    const auto measure = [&] { (void)peer.get<MeasurementsResponse>(unsigned_one.encode(version), unsigned_one, peer.parameters); };
    measure();
    CHECK_FALSE(alone());
    measure();
    peer.send(get_digests(version));
    CHECK(alone());
    measure();
    GetMeasurements missing;
    missing.operation = 77;
    CHECK(peer.refused(missing.encode(version)).code == ErrorCode::invalid_request);
    CHECK(alone());
    measure();
    VendorDefined vendor;
    vendor.standard_id = 3;
    vendor.vendor_id = {0x36, 0x1B};
    vendor.payload = {1, 2, 3};
    CHECK(peer.vendor(vendor).payload == vendor.payload);
    CHECK(alone());
  }
}

TEST_CASE("messages of 1.3 and 1.4") {
  const DeviceProfile device = new_device();
  for (const std::uint8_t version : {k13, k14}) {
    CAPTURE(version);
    Peer peer(device, version);
    peer.connect();

    GetMel whole;
    whole.length = 0xFFFFFFFF;
    const Bytes log = peer.get<MelResponse>(whole.encode(version), whole, peer.parameters).portion;
    const std::vector<MelEntry> entries = read_mel(log);
    REQUIRE(entries.size() == 2);
    Bytes extended(peer.parameters.measurement_hash->size);
    for (const MelEntry& entry : entries) {
      append(extended, entry.raw);
      extended = crypto::hash(*peer.parameters.measurement_hash, extended);
    }
    GetMeasurements measure;
    measure.operation = 8;
    CHECK(peer.get<MeasurementsResponse>(measure.encode(version), measure, peer.parameters).blocks.at(0).value == extended);

    GetEndpointInfo plain;
    CHECK(read_device_classes(peer.get<EndpointInfoResponse>(plain.encode(version), plain, peer.parameters).info).size() == 1);
    GetEndpointInfo with_signature = plain;
    with_signature.signature = true;
    with_signature.slot = 1;
    const Bytes request = with_signature.encode(version);
    (void)peer.get<EndpointInfoResponse>(request, with_signature, peer.parameters);
    CHECK(peer.verifies(peer.vca, request, kEndpointInfoContext, *device.slots[1].key));
  }
}

TEST_CASE("raw bit streams") {
  Peer peer(new_device(), k12);
  peer.connect();
  GetMeasurements request;
  request.raw_bit_stream = true;
  const auto response = peer.get<MeasurementsResponse>(request.encode(k12), request, peer.parameters);
  CHECK(response.blocks.at(0).raw);
  CHECK(response.blocks.at(0).value == text("boot rom"));
  CHECK_FALSE(response.blocks.at(2).raw);  // a hash-extend measurement is a digest always

  DeviceProfile raw_only = new_device();
  raw_only.measurement_raw_only = true;
  raw_only.measurements.erase(raw_only.measurements.begin() + 2);
  Peer other(raw_only, k12);
  other.connect();
  CHECK(other.parameters.measurement_raw_only);
  const GetMeasurements all;
  for (const auto& block : other.get<MeasurementsResponse>(all.encode(k12), all, other.parameters).blocks) CHECK(block.raw);
}

TEST_CASE("multi-key connections") {
  DeviceProfile device = new_device();
  device.slots.push_back(new_slot(4));
  device.slots.back().multi_key_only = true;
  device.slots.back().model = CertModel::generic;
  device.slots.back().key_pair_id = 2;
  device.slots.back().key_usage = key_usage::measurement;
  Peer peer(device, k13);
  peer.connect();
  CHECK(peer.get<DigestsResponse>(get_digests(k13), peer.parameters).supported_slots == 3);

  peer.offer.other_params |= other_params::multi_key;
  peer.connect();
  CHECK(peer.parameters.multi_key_responder);
  const auto digests = peer.get<DigestsResponse>(get_digests(k13), peer.parameters);
  REQUIRE(digests.find(4) != nullptr);
  CHECK(digests.find(4)->model == CertModel::generic);
  CHECK(digests.find(4)->key_pair_id == 2);
  GetCertificate certificate;
  certificate.slot = 4;
  certificate.length = 0xFFFF;
  CHECK(peer.get<CertificateResponse>(certificate.encode(k13), certificate, peer.parameters).model == 3);
  Challenge challenge;
  challenge.slot = 4;  // its key is not for challenges
  CHECK(peer.refused(challenge.encode(k13)).code == ErrorCode::invalid_request);

  const Bytes info = peer.send(begin(k13, Code::get_key_pair_info).u8(2).take());
  CHECK(static_cast<Code>(info.at(1)) == Code::key_pair_info);
  CHECK(info.at(4) == 2);
  CHECK(info.at(22) == 1U << 4);
  CHECK(peer.refused(begin(k13, Code::get_key_pair_info).u8(3).take()).code == ErrorCode::invalid_request);
}

TEST_CASE("a provisioned key") {
  DeviceProfile device = new_device();
  device.slots = {new_slot(kProvisionedKey)};
  Peer peer(device, k12);
  peer.connect();
  CHECK(peer.refused(get_digests(k12)).code == ErrorCode::unsupported_request);
  Challenge challenge;
  challenge.slot = kProvisionedKey;
  const Bytes request = challenge.encode(k12);
  const auto auth = peer.get<ChallengeAuth>(request, challenge, peer.parameters);
  CHECK(auth.cert_chain_hash == crypto::hash(*peer.parameters.hash, device.slots[0].key->public_spki()));
  CHECK(auth.slot_mask == 0);
  CHECK(peer.verifies(peer.vca, request, kChallengeAuthContext, *device.slots[0].key));
}

TEST_CASE("algorithms follow the profile's order") {
  DeviceProfile device = new_device();
  device.slots.push_back(new_slot(0, "P-384"));
  Peer by_keys(device, k14);
  by_keys.connect();
  CHECK(by_keys.parameters.asym->name == "ECDSA-P256");
  device.asym = {find_asym("ECDSA-P384"), find_asym("ECDSA-P256")};
  Peer by_list(device, k14);
  by_list.connect();
  CHECK(by_list.parameters.asym->name == "ECDSA-P384");
  // Slot 1 has no key for P-384: on this connection it is not there.
  CHECK(by_list.get<DigestsResponse>(get_digests(k14), by_list.parameters).provisioned_slots == 1);
  Peer nothing(device, k12);
  nothing.offer.base_asym = 1;
  nothing.send(GetVersion{}.encode());
  nothing.send(GetCapabilities{nothing.mine, false}.encode(k12));
  CHECK(nothing.refused(nothing.offer.encode(k12)).code == ErrorCode::invalid_request);
}

TEST_CASE("a requester that signs ENDPOINT_INFO gets an algorithm, whether it is asked or not") {
  for (const bool sessions : {false, true}) {
    CAPTURE(sessions);
    DeviceProfile device = new_device();
    if (sessions) {
      device.sessions.emplace();
      device.sessions->requester_asym = {find_asym("ECDSA-P256")};
    }
    Peer peer(device, k13);
    peer.mine.flags |= cap::ep_info_sig;
    peer.offer.tables = {{AlgType::req_base_asym, 0x1FF}};
    peer.connect();
    REQUIRE(peer.parameters.req_asym != nullptr);
    CHECK(peer.parameters.req_asym->name == (sessions ? "ECDSA-P256" : "ECDSA-P384"));
    peer.mine.flags &= ~cap::ep_info_mask;
    peer.connect();
    CHECK(peer.parameters.req_asym == nullptr);
  }
}

TEST_CASE("the Supported Algorithms block") {
  Peer peer(new_device(), k13);
  peer.send(GetVersion{}.encode());
  const GetCapabilities request{peer.mine, true};
  const auto response = peer.get<CapabilitiesResponse>(request.encode(k13), k13, request);
  CHECK(response.supported_algorithms.size() == 30);
}
