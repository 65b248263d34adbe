// TDISP of the emulated device: what an interface says, what becomes of it, and what is refused.
#include "core/responder/pci_fixture.h"
#include "core/responder/tdisp_device.h"
#include "core/wire/interface_report.h"

using namespace spdm;
using namespace spdm::test;

namespace {

using enum TdispErrorCode;

constexpr std::uint16_t kP2p = lock_flag::bind_p2p;

DeviceProfile p2p_device() {
  DeviceProfile out = pci_device();
  out.tdisp->lock_flags |= kP2p;
  out.tdisp->report.ranges = {{.first_page = 0x100, .pages = 4, .attributes = 1U << 3, .id = 7}, {.first_page = 0x200, .pages = 1}};
  return out;
}

// In RUN, with its streams set up.
PciPeer running(DeviceProfile device = pci_device(), std::uint16_t flags = 0) {
  PciPeer out(std::move(device));
  out.set_up(1);
  out.set_up(2);
  CHECK(out.start(out.lock({.flags = flags, .default_stream = 1})));
  CHECK(out.state() == TdiState::run);
  return out;
}

Bytes lock_bytes(const LockInterface& request = {.default_stream = 1}) { return pci_requests::lock_interface(kFunction, request); }

}  // namespace

TEST_CASE("the life of an interface") {
  for (const std::uint8_t version : session_versions()) {
    CAPTURE(version);
    PciPeer peer(pci_device(), version);
    peer.set_up(1);
    const auto versions = peer.tdi<TdispVersions>(TdispCode::tdisp_version, encode_tdisp(TdispQuestion::version, kFunction));
    CHECK(versions.versions == std::vector<std::uint8_t>{kTdispVersion});
    CHECK(peer.state() == TdiState::config_unlocked);
    const Block<32> nonce = peer.lock({.flags = lock_flag::no_fw_update | lock_flag::lock_msix, .default_stream = 1});
    CHECK(nonce != Block<32>{});
    CHECK(peer.state() == TdiState::config_locked);
    CHECK(peer.start(nonce));
    CHECK(peer.state() == TdiState::run);
    CHECK(peer.stop());
    CHECK(peer.state() == TdiState::config_unlocked);
    CHECK(peer.lock() != nonce);
  }
}

TEST_CASE("capabilities are those that the profile has") {
  const auto ask = [](PciPeer& peer) {
    return peer.tdi<TdispCapabilities>(TdispCode::tdisp_capabilities, GetTdispCapabilities{}.encode(kFunction));
  };
  PciPeer plain;
  const TdispCapabilities few = ask(plain);
  CHECK(few.requests == Block<16>{0xFE});
  CHECK(few.lock_flags == 0x07);
  CHECK(few.address_width == 52);
  CHECK(few.requests_this == 1);
  CHECK(few.requests_all == 1);
  PciPeer more(p2p_device());
  const TdispCapabilities all = ask(more);
  CHECK(all.requests == Block<16>{0xFE, 0x07});
  CHECK(all.lock_flags == 0x0F);
}

TEST_CASE("the report, in portions") {
  DeviceProfile device = pci_device();
  device.tdisp->report = {.info = 1U << 3,
                          .msix_control = 0x1234,
                          .lnr_control = 2,
                          .tph_control = 3,
                          .ranges = {{.first_page = 0x100, .pages = 4, .attributes = 1, .id = 7}, {.first_page = 0x200, .pages = 2}},
                          .device_specific = {1, 2, 3}};
  device.tdisp->portion = 20;
  PciPeer peer(device);
  peer.set_up(1);
  (void)peer.lock({.flags = lock_flag::no_fw_update, .default_stream = 1, .mmio_reporting_offset = 0xD0000000});
  const InterfaceReport shown = decode_interface_report(peer.report());
  CHECK(shown.has_no_fw_update());  // as LOCK_INTERFACE_REQUEST asked
  CHECK(shown.has_ats());
  CHECK(shown.msix_control == 0x1234);
  CHECK(shown.lnr_control == 2);
  CHECK(shown.tph_control == 3);
  REQUIRE(shown.ranges.size() == 2);
  CHECK(shown.ranges[0].first_page == 0xD0100);
  CHECK(shown.ranges[0].is_msix_table());
  CHECK(shown.ranges[0].id == 7);
  CHECK(shown.ranges[1].first_page == 0xD0200);
  CHECK(shown.device_specific == Bytes{1, 2, 3});

  const auto portion = [&](std::uint16_t offset, std::uint16_t length) {
    return peer.tdi<DeviceInterfaceReport>(TdispCode::device_interface_report, GetDeviceInterfaceReport{offset, length}.encode(kFunction));
  };
  const std::size_t whole = peer.report().size();
  CHECK(portion(0, 0xFFFF).portion.size() == 20);
  CHECK(portion(0, 5).portion.size() == 5);
  CHECK(portion(0, 5).remainder == whole - 5);
  CHECK(portion(static_cast<std::uint16_t>(whole - 1), 5).portion.size() == 1);
  CHECK(portion(static_cast<std::uint16_t>(whole - 1), 5).remainder == 0);
}

TEST_CASE("a negative offset of MMIO, and a report that is sent as it is") {
  PciPeer peer;
  peer.set_up(1);
  (void)peer.lock({.default_stream = 1, .mmio_reporting_offset = ~std::uint64_t{0xFFF}});
  CHECK(decode_interface_report(peer.report()).ranges.at(0).first_page == 0xFDFFF);
  DeviceProfile device = pci_device();
  device.tdisp->raw_report = Bytes{1, 2, 3};
  device.tdisp->state = TdiState::run;
  CHECK(PciPeer(device).report() == Bytes{1, 2, 3});
}

TEST_CASE("a report that the requester cannot take whole comes in smaller portions") {
  DeviceProfile device = pci_device();
  device.tdisp->report.device_specific = Bytes(4000, 5);
  device.tdisp->state = TdiState::config_locked;
  device.clear_flags = cap::chunk;
  device.data_transfer_size = device.max_message_size = 300;
  PciPeer peer(device);
  CHECK(decode_interface_report(peer.report()).device_specific.size() == 4000);
  CHECK(peer.last.size() <= 300);
}

TEST_CASE("an interface that somebody else has locked can be looked at") {
  for (const TdiState state : {TdiState::config_locked, TdiState::run}) {
    CAPTURE(name(state));
    DeviceProfile device = pci_device();
    device.tdisp->state = state;
    PciPeer peer(device);
    peer.set_up(1);
    CHECK(peer.state() == state);
    CHECK(decode_interface_report(peer.report()).ranges.size() == 1);
    CHECK(peer.tdisp_refused(lock_bytes()) == invalid_interface_state);
    CHECK(peer.tdisp_refused(pci_requests::stop_interface(kFunction)) == invalid_request);
    CHECK(peer.state() == state);
  }
}

TEST_CASE("Q33 TDISP of another version") {
  PciPeer peer;
  for (const TdispQuestion question : {TdispQuestion::version, TdispQuestion::state}) {
    Bytes message = encode_tdisp(question, kFunction);
    message[0] = 0x20;
    CHECK(peer.tdisp_refused(message) == version_mismatch);
  }
}

TEST_CASE("Q34 TDISP requests that the device does not have") {
  PciPeer peer;
  for (const std::uint8_t code : Bytes{0x00, 0x05, 0x7F, 0x80, 0x88, 0x89, 0x8A, 0x8B, 0x8C, 0xFF}) {
    CAPTURE(code);
    Bytes message = encode_tdisp(TdispQuestion::state, kFunction);
    message[1] = code;
    const TdispError error = PciPeer::tdisp_refusal(peer.tdisp(message));
    CHECK(error.code == unsupported_request);
    CHECK(error.data == code);
  }
}

TEST_CASE("Q35 interfaces that the device does not have") {
  DeviceProfile device = pci_device();
  device.tdisp->functions = {kFunction, FunctionId{0x01020300}};
  PciPeer named(device);
  CHECK(named.state() == TdiState::config_unlocked);
  CHECK(named.state(FunctionId{0x01020300}) == TdiState::config_unlocked);
  CHECK(named.tdisp_refused(encode_tdisp(TdispQuestion::state, FunctionId{0x0300})) == invalid_interface);
  CHECK(named.tdisp_refused(encode_tdisp(TdispQuestion::state, FunctionId{0x01020308})) == invalid_interface);

  PciPeer any;
  CHECK(any.tdisp_refused(encode_tdisp(TdispQuestion::state, FunctionId{0x80000108})) == invalid_interface);
  for (std::uint32_t function = 0; function < TdispDevice::kMost; ++function)
    CHECK(any.state(FunctionId{function}) == TdiState::config_unlocked);
  CHECK(any.tdisp_refused(encode_tdisp(TdispQuestion::state, FunctionId{TdispDevice::kMost})) == invalid_interface);
}

TEST_CASE("Q36 TDISP requests that are wrong in themselves") {
  PciPeer peer(p2p_device());
  peer.program_all(2);
  CHECK(peer.program(0, kRxPr) == 0);
  const auto refused = [&](const Bytes& message) { return peer.tdisp_refused(message) == invalid_request; };
  SUBCASE("lengths") {
    for (const Bytes& good : {encode_tdisp(TdispQuestion::version, kFunction), encode_tdisp(TdispQuestion::state, kFunction),
                              GetTdispCapabilities{}.encode(kFunction), GetDeviceInterfaceReport{0, 1}.encode(kFunction), lock_bytes(),
                              pci_requests::start_interface(kFunction, {}), pci_requests::stop_interface(kFunction),
                              pci_requests::bind_p2p_stream(kFunction, 1), pci_requests::set_mmio_attribute(kFunction, {.pages = 1})}) {
      CAPTURE(name(static_cast<TdispCode>(good.at(1))));
      Bytes more = good, less = good;
      more.push_back(0);
      less.pop_back();
      CHECK(refused(more));
      if (less.size() >= kTdispHeaderSize)
        CHECK(refused(less));
      else
        CHECK(peer.refused_pci(PciProtocol::tdisp, less) == ErrorCode::invalid_request);
    }
  }
  SUBCASE("LOCK_INTERFACE_REQUEST") {
    CHECK(refused(lock_bytes({.flags = lock_flag::all_request_redirect, .default_stream = 2})));
    CHECK(refused(lock_bytes({.flags = 1U << 15, .default_stream = 2})));
    CHECK(refused(lock_bytes({.default_stream = 1})));  // no keys
    CHECK(refused(lock_bytes({.default_stream = 9})));
    peer.program_all(0);
    CHECK(refused(lock_bytes({.default_stream = 0})));  // a stream of the link
    CHECK(peer.state() == TdiState::config_unlocked);
    (void)peer.lock({.default_stream = 2});
  }
  SUBCASE("GET_DEVICE_INTERFACE_REPORT") {
    (void)peer.lock({.default_stream = 2});
    const auto size = static_cast<std::uint16_t>(peer.report().size());
    CHECK(refused(GetDeviceInterfaceReport{0, 0}.encode(kFunction)));
    CHECK(refused(GetDeviceInterfaceReport{size, 1}.encode(kFunction)));
    CHECK(refused(GetDeviceInterfaceReport{0xFFFF, 0xFFFF}.encode(kFunction)));
  }
}

TEST_CASE("Q36 streams and ranges that cannot be bound or changed") {
  PciPeer peer = running(p2p_device(), kP2p);
  const auto refused = [&](const Bytes& message) { return peer.tdisp_refused(message) == invalid_request; };
  const auto done = [&](TdispCode code, const Bytes& message) { return peer.tdisp(message) == encode_done(code, kFunction); };
  CHECK(refused(pci_requests::bind_p2p_stream(kFunction, 1)));  // the default stream
  CHECK(refused(pci_requests::bind_p2p_stream(kFunction, 0)));  // no keys
  CHECK(refused(pci_requests::unbind_p2p_stream(kFunction, 2)));
  CHECK(done(TdispCode::bind_p2p_stream_request, pci_requests::bind_p2p_stream(kFunction, 2)));
  CHECK(refused(pci_requests::bind_p2p_stream(kFunction, 2)));
  CHECK(done(TdispCode::unbind_p2p_stream_request, pci_requests::unbind_p2p_stream(kFunction, 2)));
  CHECK(refused(pci_requests::unbind_p2p_stream(kFunction, 2)));

  const auto range = [](std::uint64_t first, std::uint32_t pages, std::uint16_t id = 7) {
    return pci_requests::set_mmio_attribute(kFunction, {.first_page = first, .pages = pages, .attributes = 1U << 2, .id = id});
  };
  CHECK(done(TdispCode::set_mmio_attribute_request, range(0x100, 4)));
  CHECK(done(TdispCode::set_mmio_attribute_request, range(0x103, 1)));
  for (const Bytes& message : {range(0x100, 5), range(0xFF, 2), range(0x104, 1), range(0x101, 0xFFFFFFFF), range(0x100, 0),
                               range(0x100, 4, 8), range(0x200, 1, 0)})
    CHECK(refused(message));

  // Without the flag in LOCK_INTERFACE_REQUEST nothing is bound.
  PciPeer without = running(p2p_device());
  CHECK(without.tdisp_refused(pci_requests::bind_p2p_stream(kFunction, 2)) == invalid_request);
}

TEST_CASE("Q37 requests in another state") {
  PciPeer peer(p2p_device());
  peer.set_up(1);
  const auto refused = [&](const Bytes& message) { return peer.tdisp_refused(message) == invalid_interface_state; };
  const Bytes report = GetDeviceInterfaceReport{0, 1}.encode(kFunction), start = pci_requests::start_interface(kFunction, {}),
              stop = pci_requests::stop_interface(kFunction), bind = pci_requests::bind_p2p_stream(kFunction, 2),
              unbind = pci_requests::unbind_p2p_stream(kFunction, 2),
              attribute = pci_requests::set_mmio_attribute(kFunction, {.first_page = 0x100, .pages = 1, .attributes = {}, .id = 7});
  for (const Bytes& message : {report, start, stop, bind, unbind, attribute}) CHECK(refused(message));
  const Block<32> nonce = peer.lock();
  for (const Bytes& message : {lock_bytes(), bind, unbind, attribute}) CHECK(refused(message));
  CHECK(peer.start(nonce));
  for (const Bytes& message : {lock_bytes(), pci_requests::start_interface(kFunction, nonce)}) CHECK(refused(message));
  CHECK(peer.state() == TdiState::run);
  CHECK(peer.stop());
  for (const Bytes& message : {report, pci_requests::start_interface(kFunction, nonce), stop}) CHECK(refused(message));
}

TEST_CASE("Q38 START_INTERFACE_REQUEST with another nonce") {
  PciPeer peer;
  peer.set_up(1);
  Block<32> nonce = peer.lock();
  nonce[31] ^= 1;
  CHECK(peer.tdisp_refused(pci_requests::start_interface(kFunction, nonce)) == invalid_nonce);
  CHECK(peer.state() == TdiState::config_locked);
  nonce[31] ^= 1;
  CHECK(peer.start(nonce));
}

TEST_CASE("Q39 another session than the one of LOCK_INTERFACE_REQUEST") {
  PciPeer peer(p2p_device());
  peer.set_up(1);
  const Block<32> nonce = peer.lock({.flags = kP2p, .default_stream = 1});
  SecuredSession first = std::move(*peer.session);
  peer.exchange_keys();
  peer.finish();
  CHECK(peer.state() == TdiState::config_locked);
  CHECK_FALSE(peer.report().empty());
  CHECK(peer.tdisp_refused(pci_requests::start_interface(kFunction, nonce)) == invalid_request);
  CHECK(peer.tdisp_refused(pci_requests::stop_interface(kFunction)) == invalid_request);
  CHECK(peer.ask(first, PciProtocol::tdisp, pci_requests::start_interface(kFunction, nonce)) ==
        encode_done(TdispCode::start_interface_request, kFunction));
  CHECK(peer.tdisp_refused(pci_requests::bind_p2p_stream(kFunction, 2)) == invalid_request);
  CHECK(peer.tdisp_refused(pci_requests::set_mmio_attribute(kFunction, {.first_page = 0x100, .pages = 1, .attributes = {}, .id = 7})) ==
        invalid_request);
  CHECK(peer.state(first) == TdiState::run);
  // Keys of one session are none for another.
  CHECK(peer.tdisp_refused(pci_requests::lock_interface(FunctionId{5}, {.default_stream = 1})) == invalid_request);
}

TEST_CASE("Q40 an interface whose session is gone has failed") {
  DeviceProfile device = pci_device();
  device.sessions->heartbeat_period = 5;
  PciPeer peer(device);
  SteadyTime now{};
  peer.responder.use_clock([&] { return now; });
  peer.set_up(1);
  const bool runs = peer.start(peer.lock());
  CHECK(runs);
  const auto check_failed = [&] {
    CHECK(peer.state() == TdiState::error);
    CHECK(peer.tdisp_refused(GetDeviceInterfaceReport{0, 1}.encode(kFunction)) == invalid_interface_state);
    CHECK(peer.tdisp_refused(lock_bytes()) == invalid_interface_state);
    CHECK(peer.stop());  // anybody may
    CHECK(peer.state() == TdiState::config_unlocked);
  };
  SUBCASE("by END_SESSION") {
    (void)peer.inside(EndSession{}.encode(k12));
    peer.exchange_keys();
    peer.finish();
    check_failed();
  }
  SUBCASE("by GET_VERSION") {
    peer.open_session();
    check_failed();
  }
  SUBCASE("by a record that cannot be opened") {
    Bytes record = peer.session->seal(Direction::request, encode_heartbeat(k12));
    record.back() ^= 1;
    (void)peer.send_record(record);
    peer.exchange_keys();
    peer.finish();
    check_failed();
  }
  SUBCASE("by silence") {
    peer.exchange_keys();
    peer.finish();
    now += std::chrono::seconds(9);
    CHECK(peer.heartbeat());
    CHECK(peer.state() == TdiState::run);
    now += std::chrono::seconds(2);
    check_failed();
  }
}

TEST_CASE("Q40 an interface whose stream has lost a key has failed") {
  PciPeer peer = running();
  CHECK(peer.halt(2, kRxPr));
  CHECK(peer.state() == TdiState::run);
  CHECK(peer.program(1, kRxPr | 1) == 0);
  CHECK(peer.go(1, kRxPr | 1));
  CHECK(peer.halt(1, kRxPr));
  CHECK(peer.state() == TdiState::run);  // the other key set has taken over
  CHECK(peer.halt(1, kRxPr | 1));
  CHECK(peer.state() == TdiState::error);
}

TEST_CASE("a device without IDE locks without keys") {
  DeviceProfile device = pci_device();
  device.ide.reset();
  PciPeer peer(device);
  CHECK(peer.start(peer.lock({.default_stream = 9})));
}
