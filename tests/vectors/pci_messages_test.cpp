// Recorded traffic of the reference implementation: every message of IDE_KM and TDISP in a session that the pre-shared key opens is read,
// and written again it is the same. Needs the captures: SPDMCTL_VECTORS names their folder (session_secrets/, pcap/).
#include <algorithm>
#include <map>

#include "core/session/recorded_sessions.h"
#include "core/text.h"
#include "core/wire/ide_km.h"
#include "core/wire/ide_registers.h"
#include "core/wire/interface_report.h"
#include "core/wire/pci_vendor.h"
#include "support/pci_requests.h"
#include "vectors/recordings.h"

using namespace recordings;
using namespace spdm;

namespace {

using Counts = std::map<std::string, std::size_t>;

std::vector<SessionSecret> secrets_of(const Evidence& evidence) {
  Connection connection(evidence.binding);
  Listener listener;
  for (std::size_t i = 0; i < evidence.log.size(); ++i)
    if (std::optional<Exchange> exchange = listener.hear(evidence.log[i], i)) connection.observe(std::move(*exchange));
  std::vector<SessionSecret> out;
  for (const SessionSeen& seen : connection.sessions()) {
    if (!seen.is_psk()) continue;
    SessionSecret secret;
    secret.id = seen.id;
    secret.kind = SessionKind::psk;
    secret.response_sha256 = session_response_sha256(connection.exchanges()[seen.exchange].response);
    secret.shared = SecretBytes::take(unhex(kPsk, "secret"));
    out.push_back(std::move(secret));
  }
  return out;
}

// Follows what is exchanged in the sessions of one capture.
class Reading {
 public:
  explicit Reading(Counts& counts) : counts_(counts) {}

  void read(const Message& message) {
    const Header header = read_header(message.bytes);
    if (header.code == Code::vendor_defined_request) {
      Reader reader(message.bytes, "VENDOR_DEFINED_REQUEST");
      request_ = VendorDefined::decode_request(reader, header.version);
      reader.assert_done();
      look_at(request_, nullptr);
    } else if (header.code == Code::vendor_defined_response) {
      Parameters parameters;
      parameters.version = header.version;
      Reader reader(message.bytes, "VENDOR_DEFINED_RESPONSE");
      const VendorDefined response = VendorDefined::decode_response(reader, request_, parameters);
      reader.assert_done();
      look_at(response, &request_);
    }
  }

 private:
  void look_at(const VendorDefined& envelope, const VendorDefined* request) {
    if (is_cxl(envelope)) ++counts_["CXL"];
    const std::optional<PciProtocol> protocol = pci_protocol_of(envelope);
    if (!protocol) return;
    const View message = pci_message_of(envelope), asked = request == nullptr ? View{} : pci_message_of(*request);
    if (*protocol == PciProtocol::ide_km)
      ide_km(message, asked);
    else
      tdisp(message, asked);
  }

  // The same, once read and written.
  template <class Message, class... Args>
  Message again(View bytes, const Args&... args) {
    Reader reader(bytes, "message");
    Message out = Message::decode(reader, args...);
    CHECK(hex(out.encode()) == hex(bytes));
    return out;
  }

  template <class Message>
  Message read_only(View bytes) {
    Reader reader(bytes, "message");
    return Message::decode(reader);
  }

  void ide_km(View message, View asked) {
    const IdeKmObject object = ide_km_object_of(message);
    ++counts_[std::string(name(object))];
    switch (object) {
      case IdeKmObject::query:
        again<IdeKmQuery>(message);
        return;
      case IdeKmObject::query_resp:
        decode_ide_registers(again<IdeKmQueryResp>(message, read_only<IdeKmQuery>(asked)).registers);
        return;
      case IdeKmObject::key_prog: {
        const auto in = read_only<IdeKmKeyProg>(message);
        CHECK(in.which.is_known());
        CHECK(in.ifv == 1);
        CHECK(hex(pci_requests::key_prog(in.stream, in.which, in.port, in.key.view(), in.ifv)) == hex(message));
        return;
      }
      case IdeKmObject::kp_ack:
        CHECK(again<IdeKmKeyProgAck>(message, read_only<IdeKmKeyProg>(asked)).status == 0);
        return;
      case IdeKmObject::k_set_go: {
        const auto in = read_only<IdeKmKeySet>(message);
        CHECK(hex(pci_requests::k_set_go(in.stream, in.which, in.port)) == hex(message));
        return;
      }
      case IdeKmObject::k_set_stop: {
        const auto in = read_only<IdeKmKeySet>(message);
        CHECK(hex(pci_requests::k_set_stop(in.stream, in.which, in.port)) == hex(message));
        return;
      }
      case IdeKmObject::k_gostop_ack: {
        Reader reader(message, "K_GOSTOP_ACK");
        CHECK(hex(IdeKmKeySet::decode(reader, read_only<IdeKmKeySet>(asked)).encode_ack()) == hex(message));
        return;
      }
    }
  }

  void tdisp(View message, View asked) {
    Reader reader(message, "TDISP");
    TdispHeader header;
    if (asked.empty()) {
      header = TdispHeader::decode(reader);
    } else {
      Reader request(asked, "TDISP");
      header = TdispHeader::decode(reader, TdispHeader::decode(request));
    }
    const FunctionId function = header.function;
    ++counts_[name(header.code)];
    switch (header.code) {
      case TdispCode::get_tdisp_version:
      case TdispCode::get_device_interface_state:
        return same(message, encode_tdisp(static_cast<TdispQuestion>(header.code), function));
      case TdispCode::tdisp_version:
        return same(message, TdispVersions::decode(reader).encode(function));
      case TdispCode::get_tdisp_capabilities:
        return same(message, GetTdispCapabilities::decode(reader).encode(function));
      case TdispCode::tdisp_capabilities: {
        const TdispCapabilities can = TdispCapabilities::decode(reader);
        CHECK(can.supports(TdispCode::stop_interface_request));
        CHECK_FALSE(can.supports(TdispCode::bind_p2p_stream_request));
        return same(message, can.encode(function));
      }
      case TdispCode::device_interface_state:
        return same(message, DeviceInterfaceState::decode(reader).encode(function));
      case TdispCode::get_device_interface_report:
        return same(message, GetDeviceInterfaceReport::decode(reader).encode(function));
      case TdispCode::device_interface_report:
        return report(message, reader, asked, function);
      case TdispCode::lock_interface_request:
        return same(message, pci_requests::lock_interface(function, LockInterface::decode(reader)));
      case TdispCode::lock_interface_response:
        return same(message, LockInterfaceResponse::decode(reader).encode(function));
      case TdispCode::start_interface_request:
        return same(message, pci_requests::start_interface(function, StartInterface::decode(reader).nonce));
      case TdispCode::start_interface_response:
        return same(message, encode_done(TdispCode::start_interface_request, function));
      case TdispCode::stop_interface_request:
        return same(message, pci_requests::stop_interface(function));
      case TdispCode::stop_interface_response:
        return same(message, encode_done(TdispCode::stop_interface_request, function));
      default:
        FAIL("not expected in these captures: " << name(header.code));
    }
  }

  void report(View message, Reader& reader, View asked, FunctionId function) {
    Reader request(asked, "GET_DEVICE_INTERFACE_REPORT");
    request.skip(kTdispHeaderSize, "header");
    const GetDeviceInterfaceReport wanted = GetDeviceInterfaceReport::decode(request);
    const DeviceInterfaceReport answer = DeviceInterfaceReport::decode(reader, wanted);
    same(message, answer.encode(function));
    if (wanted.offset == 0) report_.clear();
    REQUIRE(wanted.offset == report_.size());
    append(report_, answer.portion);
    if (answer.remainder != 0) return;
    ++counts_["report"];
    const InterfaceReport whole = decode_interface_report(report_);
    CHECK(whole.ranges.size() == 4);
    same(report_, whole.encode());
  }

  static void same(View bytes, const Bytes& written) { CHECK(hex(written) == hex(bytes)); }

  Counts& counts_;
  VendorDefined request_;
  Bytes report_;
};

}  // namespace

TEST_CASE("recorded messages of IDE_KM and TDISP" * doctest::skip(folder().empty())) {
  Counts counts;
  for (const char* part : {"pcap", "session_secrets"})
    for (const fs::directory_entry& entry : fs::directory_iterator(folder() / part)) {
      if (entry.path().extension() != ".pcap") continue;
      const std::string file = entry.path().filename().string();
      if (file.find("session") == std::string::npos && file.find("psk") == std::string::npos) continue;
      CAPTURE(file);
      const Evidence evidence = capture(entry.path());
      const std::vector<SessionSecret> secrets = secrets_of(evidence);
      if (secrets.empty()) continue;
      RecordedSessions sessions(evidence, secrets);
      Reading reading(counts);
      for (std::size_t i = 0; i < evidence.log.size(); ++i)
        if (const RecordedMessage message = sessions.next(evidence.log[i], i); message.opened) reading.read(*message.opened);
    }
  for (const auto& [what, count] : counts) MESSAGE(what << ": " << count);
  // Two captures have them all.
  CHECK(counts["QUERY"] == 2);
  CHECK(counts["QUERY_RESP"] == 2);
  for (const char* each : {"KEY_PROG", "KP_ACK", "K_SET_GO", "K_SET_STOP"}) CHECK(counts[each] == 12);
  CHECK(counts["K_GOSTOP_ACK"] == 24);
  for (const char* each : {"GET_TDISP_VERSION", "TDISP_VERSION", "GET_TDISP_CAPABILITIES", "TDISP_CAPABILITIES", "LOCK_INTERFACE_REQUEST",
                           "LOCK_INTERFACE_RESPONSE", "START_INTERFACE_REQUEST", "START_INTERFACE_RESPONSE", "STOP_INTERFACE_REQUEST",
                           "STOP_INTERFACE_RESPONSE", "report"})
    CHECK(counts[each] == 2);
  CHECK(counts["GET_DEVICE_INTERFACE_STATE"] == 8);
  CHECK(counts["DEVICE_INTERFACE_STATE"] == 8);
  CHECK(counts["GET_DEVICE_INTERFACE_REPORT"] == 4);
  CHECK(counts["DEVICE_INTERFACE_REPORT"] == 4);
  CHECK(counts["CXL"] == 40);
}
