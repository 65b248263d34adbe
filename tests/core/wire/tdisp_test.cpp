#include "core/wire/tdisp.h"

#include "core/text.h"
#include "core/wire/decode.h"
#include "core/wire/golden.h"
#include "support/pci_requests.h"

using namespace wire;

namespace {

constexpr FunctionId kFunction{0x01020328};  // segment 2, 03:05.0
constexpr const char* kInterface =
    "0000"
    "28030201"
    "0000000000000000";

std::string message(std::string_view code, std::string_view body = "") { return cat("10", code, kInterface, body); }

// Reads header and body.
template <class Body, class... Args>
Body body_of(View bytes, TdispCode code, const Args&... args) {
  Reader reader(bytes, "test message");
  const TdispHeader header = TdispHeader::decode(reader);
  CHECK(header.version == kTdispVersion);
  CHECK(header.code == code);
  CHECK(header.function == kFunction);
  return Body::decode(reader, args...);
}

// Refused are cuts, and one byte more.
template <class Body>
void only_this_size(const Bytes& bytes, TdispCode code) {
  refused_when_cut(bytes, [](View cut) {
    Reader reader(cut, "test message");
    TdispHeader::decode(reader);
    Body::decode(reader);
  });
  Bytes longer = bytes;
  longer.push_back(0);
  malformed("length", [&] { body_of<Body>(longer, code); });
  body_of<Body>(bytes, code);
}

TdispCapabilities capabilities() {
  return {.dsm = 0x04030201, .requests = {0xFE, 0x01}, .lock_flags = 0x0007, .address_width = 52, .requests_this = 1, .requests_all = 2};
}

MmioRange range(std::uint64_t first = 0x123, std::uint32_t pages = 4) {
  return {.first_page = first, .pages = pages, .attributes = 5, .id = 6};
}

}  // namespace

TEST_CASE("TDISP: the layouts") {
  CHECK(hex(encode_tdisp(TdispQuestion::version, kFunction)) == message("81"));
  CHECK(hex(encode_tdisp(TdispQuestion::state, kFunction)) == message("85"));
  CHECK(hex(TdispVersions{.versions = {0x10, 0x11}}.encode(kFunction)) == message("01", "021011"));
  CHECK(hex(GetTdispCapabilities{.tsm = 0x04030201}.encode(kFunction)) == message("82", "01020304"));
  CHECK(hex(capabilities().encode(kFunction)) == message("02",
                                                         "01020304"
                                                         "fe010000000000000000000000000000"
                                                         "0700"
                                                         "000000"
                                                         "340102"));
  CHECK(hex(DeviceInterfaceState{.state = TdiState::run}.encode(kFunction)) == message("05", "02"));
  CHECK(hex(GetDeviceInterfaceReport{.offset = 0x0102, .length = 0x0304}.encode(kFunction)) == message("84", "02010403"));
  CHECK(hex(DeviceInterfaceReport{.remainder = 0x0102, .portion = {7, 8, 9}}.encode(kFunction)) == message("04",
                                                                                                           "03000201"
                                                                                                           "070809"));
  CHECK(LockInterfaceResponse{.nonce = {9}}.encode(kFunction).size() == 48);
  CHECK(hex(TdispError{.code = TdispErrorCode::invalid_nonce, .data = 3, .extended = {4}}.encode(kFunction)) == message("7f",
                                                                                                                        "02010000"
                                                                                                                        "03000000"
                                                                                                                        "04"));
  CHECK(hex(encode_done(TdispCode::stop_interface_request, kFunction)) == message("07"));
}

TEST_CASE("TDISP: the requests that only tests write") {
  const LockInterface lock{.flags = 0x0102, .default_stream = 3, .mmio_reporting_offset = 0x1000, .p2p_address_mask = 0x2000};
  const Bytes bytes = pci_requests::lock_interface(kFunction, lock);
  CHECK(hex(bytes) == message("83",
                              "0201"
                              "03"
                              "00"
                              "0010000000000000"
                              "0020000000000000"));
  const LockInterface read = body_of<LockInterface>(bytes, TdispCode::lock_interface_request);
  CHECK(read.flags == lock.flags);
  CHECK(read.default_stream == 3);
  CHECK(read.mmio_reporting_offset == 0x1000);
  CHECK(read.p2p_address_mask == 0x2000);
  const Block<32> nonce{1, 2, 3};
  CHECK(body_of<StartInterface>(pci_requests::start_interface(kFunction, nonce), TdispCode::start_interface_request).nonce == nonce);
  CHECK(body_of<P2pStream>(pci_requests::bind_p2p_stream(kFunction, 9), TdispCode::bind_p2p_stream_request).stream == 9);
  CHECK(body_of<P2pStream>(pci_requests::unbind_p2p_stream(kFunction, 9), TdispCode::unbind_p2p_stream_request).stream == 9);
  CHECK(hex(pci_requests::stop_interface(kFunction)) == message("87"));
  const Bytes set = pci_requests::set_mmio_attribute(kFunction, range());
  CHECK(hex(set) == message("8a",
                            "2301000000000000"
                            "04000000"
                            "0500"
                            "0600"));
  CHECK(body_of<SetMmioAttribute>(set, TdispCode::set_mmio_attribute_request).range.pages == 4);
}

TEST_CASE("N350 TDISP: no request that changes an interface is begun") {
  for (unsigned code = 0; code < 0x100; ++code) {
    CAPTURE(code);
    const bool reads = code < 0x80 || code == 0x81 || code == 0x82 || code == 0x84 || code == 0x85;
    const TdispHeader header{.code = static_cast<TdispCode>(code), .function = kFunction};
    if (reads)
      CHECK(header.begin().size() == kTdispHeaderSize);
    else
      expect_error(ErrorId::internal, "changes an interface", [&] { header.begin(); });
  }
}

TEST_CASE("N335 TDISP: a header that is cut") {
  refused_when_cut(encode_tdisp(TdispQuestion::version, kFunction), [](View cut) {
    Reader reader(cut, "test message");
    TdispHeader::decode(reader);
  });
}

TEST_CASE("A33 reserved bytes of TDISP") {
  Bytes bytes = encode_tdisp(TdispQuestion::version, {kFunction.value | 0xFE000000});
  for (const std::size_t reserved : {2U, 3U, 8U, 15U}) bytes[reserved] = 0xFF;
  bytes[0] = 0x20;
  bytes[1] = 0x99;
  Reader reader(bytes, "test message");
  const TdispHeader header = TdispHeader::decode(reader);
  CHECK(header.version == 0x20);
  CHECK(header.code == static_cast<TdispCode>(0x99));
  CHECK(to_string(header.function) == to_string(kFunction));
  Bytes can = capabilities().encode(kFunction);
  for (const std::size_t reserved : {38U, 39U, 40U}) can[reserved] = 0xFF;
  CHECK(body_of<TdispCapabilities>(can, TdispCode::tdisp_capabilities).address_width == 52);
  Bytes lock = pci_requests::lock_interface(kFunction, {});
  lock[19] = 0xFF;
  CHECK(body_of<LockInterface>(lock, TdispCode::lock_interface_request).default_stream == 0);
}

TEST_CASE("N336 TDISP: a segment that is not valid") {
  Bytes bytes = encode_tdisp(TdispQuestion::version, {0x00020328});
  Reader reader(bytes, "test message");
  malformed("FUNCTION_ID", [&] { TdispHeader::decode(reader); });
  bytes[6] = 0;
  Reader again(bytes, "test message");
  CHECK_FALSE(TdispHeader::decode(again).function.segment());
}

TEST_CASE("TDISP: what does not answer") {
  const TdispHeader asked{.code = TdispCode::get_device_interface_state, .function = kFunction};
  const auto read = [&](std::uint8_t version, TdispCode code, FunctionId function) {
    const Bytes bytes = TdispHeader{version, code, function}.begin().take();
    Reader reader(bytes, "test message");
    return TdispHeader::decode(reader, asked);
  };
  CHECK(read(0x10, TdispCode::device_interface_state, kFunction).function == kFunction);
  CHECK(read(0x10, TdispCode::tdisp_error, kFunction).code == TdispCode::tdisp_error);
  SUBCASE("N337 of another version") {
    malformed("TDISPVersion: 1.1, asked in 1.0", [&] { read(0x11, TdispCode::device_interface_state, kFunction); });
    malformed("TDISPVersion", [&] { read(0x20, TdispCode::tdisp_error, kFunction); });
  }
  SUBCASE("N338 to another request") {
    malformed("MessageType: TDISP_VERSION does not answer GET_DEVICE_INTERFACE_STATE",
              [&] { read(0x10, TdispCode::tdisp_version, kFunction); });
    malformed("MessageType", [&] { read(0x10, TdispCode::get_device_interface_state, kFunction); });
  }
  SUBCASE("N339 about another interface") {
    malformed("INTERFACE_ID: 03:05.0, asked about 0002:03:05.0", [&] { read(0x10, TdispCode::device_interface_state, {0x0328}); });
    malformed("INTERFACE_ID", [&] { read(0x10, TdispCode::tdisp_error, {0x01020329}); });
  }
}

TEST_CASE("TDISP: names") {
  CHECK(to_string(kFunction) == "0002:03:05.0");
  CHECK(to_string(FunctionId{0x010F}) == "01:01.7");
  CHECK(to_string(FunctionId{0x01000000}) == "0000:00:00.0");
  CHECK(name(TdispCode::tdisp_error) == "TDISP_ERROR");
  CHECK(name(TdispCode::vdm_request) == "VDM_REQUEST");
  CHECK(name(static_cast<TdispCode>(0x9A)) == "0x9a");
  CHECK(name(TdispErrorCode::invalid_interface) == "INVALID_INTERFACE");
  CHECK(name(static_cast<TdispErrorCode>(0x200)) == "0x00000200");
  CHECK(response_to(TdispCode::lock_interface_request) == TdispCode::lock_interface_response);
  CHECK_FALSE(is_tdisp_request(TdispCode::tdisp_error));
}

TEST_CASE("N342 TDISP_VERSION without a version") {
  const TdispVersions two = body_of<TdispVersions>(TdispVersions{.versions = {0x10, 0x11}}.encode(kFunction), TdispCode::tdisp_version);
  CHECK(two.versions == Bytes{0x10, 0x11});
  malformed("VERSION_NUM_COUNT: 0", [] { body_of<TdispVersions>(TdispVersions{}.encode(kFunction), TdispCode::tdisp_version); });
}

TEST_CASE("GET_TDISP_CAPABILITIES and TDISP_CAPABILITIES") {
  CHECK(body_of<GetTdispCapabilities>(GetTdispCapabilities{.tsm = 7}.encode(kFunction), TdispCode::get_tdisp_capabilities).tsm == 7);
  const Bytes bytes = capabilities().encode(kFunction);
  const TdispCapabilities read = body_of<TdispCapabilities>(bytes, TdispCode::tdisp_capabilities);
  CHECK(read.dsm == 0x04030201);
  CHECK(read.lock_flags == 7);
  CHECK(read.address_width == 52);
  CHECK(read.requests_this == 1);
  CHECK(read.requests_all == 2);
  for (unsigned code = 0; code < 0x100; ++code) {
    CAPTURE(code);
    CHECK(read.supports(static_cast<TdispCode>(code)) == (code >= 0x81 && code <= 0x88));
  }
}

TEST_CASE("N343 DEVICE_INTERFACE_STATE with a reserved state") {
  for (std::uint8_t state = 0; state < 4; ++state) {
    const Bytes bytes = DeviceInterfaceState{.state = static_cast<TdiState>(state)}.encode(kFunction);
    CHECK(body_of<DeviceInterfaceState>(bytes, TdispCode::device_interface_state).state == static_cast<TdiState>(state));
  }
  for (const std::uint8_t state : Octets{4, 0xFF}) {
    const Bytes bytes = DeviceInterfaceState{.state = static_cast<TdiState>(state)}.encode(kFunction);
    malformed("TDI_STATE", [&] { body_of<DeviceInterfaceState>(bytes, TdispCode::device_interface_state); });
  }
  CHECK(name(TdiState::config_locked) == "config-locked");
}

TEST_CASE("portions of the device interface report") {
  const GetDeviceInterfaceReport asked{.offset = 0x20, .length = 0x10};
  const GetDeviceInterfaceReport read = body_of<GetDeviceInterfaceReport>(asked.encode(kFunction), TdispCode::get_device_interface_report);
  CHECK(read.offset == 0x20);
  CHECK(read.length == 0x10);
  const auto answered = [&](std::uint16_t remainder, std::size_t size) {
    const Bytes bytes = DeviceInterfaceReport{.remainder = remainder, .portion = filled(size, 1)}.encode(kFunction);
    return body_of<DeviceInterfaceReport>(bytes, TdispCode::device_interface_report, asked);
  };
  CHECK(answered(3, 0x10).remainder == 3);
  CHECK(answered(0, 1).portion == Bytes{1});
  SUBCASE("N344 an empty one, or more than was asked for") {
    malformed("PORTION_LENGTH: 0, no progress", [&] { answered(3, 0); });
    malformed("PORTION_LENGTH: 17, at most 16", [&] { answered(3, 0x11); });
  }
  SUBCASE("N345 of a report that is larger than its offsets") {
    CHECK(answered(0xFFFF - 0x30, 0x10).portion.size() == 0x10);
    malformed("REMAINDER_LENGTH: a report of 65536 bytes", [&] { answered(0xFFFF - 0x2F, 0x10); });
    malformed("REMAINDER_LENGTH", [&] { answered(0xFFFF, 0x10); });
  }
}

TEST_CASE("LOCK_INTERFACE_RESPONSE") {
  const Block<32> nonce{1, 2, 3};
  CHECK(body_of<LockInterfaceResponse>(LockInterfaceResponse{.nonce = nonce}.encode(kFunction), TdispCode::lock_interface_response).nonce ==
        nonce);
}

TEST_CASE("MMIO ranges") {
  const auto read = [](const MmioRange& in) {
    Writer writer;
    in.encode(writer);
    return decode<MmioRange>(writer.take());
  };
  const MmioRange good = read(range());
  CHECK(good.first_page == 0x123);
  CHECK(good.pages == 4);
  CHECK(good.id == 6);
  CHECK(good.is_msix_table());
  CHECK(good.is_non_tee());
  CHECK_FALSE(good.is_msix_pba());
  CHECK_FALSE(good.is_updatable());
  SUBCASE("N348 without a page") {
    malformed("no pages", [&] { read(range(1, 0)); });
  }
  SUBCASE("N349 beyond 64 bits of addresses") {
    constexpr std::uint64_t kEnd = std::uint64_t{1} << 52;
    CHECK(read(range(kEnd - 1, 1)).pages == 1);
    CHECK(read(range(kEnd - 0xFFFFFFFF, 0xFFFFFFFF)).pages == 0xFFFFFFFF);
    malformed("do not end within 64 bits", [&] { read(range(kEnd - 1, 2)); });
    malformed("do not end within 64 bits", [&] { read(range(kEnd, 1)); });
    malformed("do not end within 64 bits", [&] { read(range(0xFFFFFFFFFFFFFFFF, 1)); });
    malformed("id 6, first page 0xfffffffffffffffe", [&] { read(range(0xFFFFFFFFFFFFFFFE, 0xFFFFFFFF)); });
  }
}

TEST_CASE("TDISP_ERROR") {
  const Bytes bytes = TdispError{.code = TdispErrorCode::busy, .data = 7, .extended = {1, 2}}.encode(kFunction);
  const TdispError read = body_of<TdispError>(bytes, TdispCode::tdisp_error);
  CHECK(read.code == TdispErrorCode::busy);
  CHECK(read.data == 7);
  CHECK(read.extended == Bytes{1, 2});
}

TEST_CASE("N341 TDISP: messages that are cut or longer") {
  only_this_size<TdispVersions>(TdispVersions{.versions = {0x10, 0x11}}.encode(kFunction), TdispCode::tdisp_version);
  only_this_size<GetTdispCapabilities>(GetTdispCapabilities{}.encode(kFunction), TdispCode::get_tdisp_capabilities);
  only_this_size<TdispCapabilities>(capabilities().encode(kFunction), TdispCode::tdisp_capabilities);
  only_this_size<DeviceInterfaceState>(DeviceInterfaceState{}.encode(kFunction), TdispCode::device_interface_state);
  only_this_size<GetDeviceInterfaceReport>(GetDeviceInterfaceReport{}.encode(kFunction), TdispCode::get_device_interface_report);
  only_this_size<DeviceInterfaceReport>(DeviceInterfaceReport{.remainder = 1, .portion = filled(5, 1)}.encode(kFunction),
                                        TdispCode::device_interface_report);
  only_this_size<LockInterface>(pci_requests::lock_interface(kFunction, {}), TdispCode::lock_interface_request);
  only_this_size<LockInterfaceResponse>(LockInterfaceResponse{}.encode(kFunction), TdispCode::lock_interface_response);
  only_this_size<StartInterface>(pci_requests::start_interface(kFunction, {}), TdispCode::start_interface_request);
  only_this_size<P2pStream>(pci_requests::bind_p2p_stream(kFunction, 9), TdispCode::bind_p2p_stream_request);
  only_this_size<P2pStream>(pci_requests::unbind_p2p_stream(kFunction, 9), TdispCode::unbind_p2p_stream_request);
  only_this_size<SetMmioAttribute>(pci_requests::set_mmio_attribute(kFunction, range()), TdispCode::set_mmio_attribute_request);
  // What is behind the data of an error is of its vendor.
  refused_when_cut(TdispError{}.encode(kFunction), [](View cut) {
    Reader reader(cut, "test message");
    TdispHeader::decode(reader);
    TdispError::decode(reader);
  });
}
