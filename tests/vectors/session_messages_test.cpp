// Recorded traffic of the reference implementation: every message of a session that came in the clear is read, and written again it is
// the same. Needs the captures: SPDMCTL_VECTORS names their folder (pcap/, session_secrets/).
#include <doctest/doctest.h>

#include <algorithm>
#include <map>

#include "core/evidence/exchange.h"
#include "core/text.h"
#include "core/wire/encapsulated.h"
#include "core/wire/finish.h"
#include "core/wire/psk_exchange.h"
#include "core/wire/secured_versions.h"
#include "vectors/recordings.h"

using namespace spdm;
using namespace recordings;

namespace {

using Counts = std::map<std::string, std::size_t>;

// Follows one capture.
class Reading {
 public:
  Reading(Binding binding, Counts& counts) : binding_(binding), counts_(counts) {}

  void read(const Exchange& exchange) {
    request_ = exchange.request;
    response_ = exchange.response;
    if (exchange.is_error()) return;
    switch (exchange.request_code()) {
      case Code::get_version:
        p_ = {};
        return;
      case Code::get_capabilities:
        return capabilities();
      case Code::negotiate_algorithms:
        return algorithms();
      case Code::key_exchange:
        return key_exchange();
      case Code::finish:
        same<Finish>(request_, p_);
        same<FinishResponse>(response_, p_);
        return;
      case Code::psk_exchange:
        return psk_exchange();
      case Code::get_encapsulated_request:
        CHECK(equal(encode_get_encapsulated_request(p_.version), View(request_).first(kHeaderSize)));
        CHECK(is_request(read_header(same<EncapsulatedRequest>(response_, p_.version).request).code));
        return;
      case Code::deliver_encapsulated_response:
        return encapsulated();
      default:
        return;
    }
  }

 private:
  void capabilities() {
    p_.version = read_header(request_).version;
    Reader request(request_, "GET_CAPABILITIES"), response(response_, "CAPABILITIES");
    const GetCapabilities sent = GetCapabilities::decode(request, p_.version);
    p_.requester = sent.capabilities;
    p_.responder = CapabilitiesResponse::decode(response, p_.version, sent).capabilities;
  }

  void algorithms() {
    Reader request(request_, "NEGOTIATE_ALGORITHMS"), response(response_, "ALGORITHMS");
    const NegotiateAlgorithms offer = NegotiateAlgorithms::decode(request, p_.version);
    const AlgorithmsResponse selection = AlgorithmsResponse::decode(response, p_.version, offer, p_.requester, p_.responder);
    p_ = settle(p_.version, p_.requester, p_.responder, offer, selection);
  }

  void key_exchange() {
    REQUIRE(p_.key_exchange != nullptr);
    REQUIRE(p_.aead != nullptr);
    CHECK(p_.key_schedule);
    const KeyExchange asked = same<KeyExchange>(request_, p_);
    versions(asked.opaque, same<KeyExchangeResponse>(response_, asked, p_).opaque);
  }

  void psk_exchange() {
    const PskExchange asked = same<PskExchange>(request_, p_);
    const PskExchangeResponse answer = same<PskExchangeResponse>(response_, asked, p_);
    versions(asked.opaque, answer.opaque);
    CHECK_FALSE(answer.context.empty());
  }

  void encapsulated() {
    const std::uint8_t id = same<DeliverEncapsulatedResponse>(request_, p_.version).id;
    same<EncapsulatedResponseAck>(response_, p_.version, id);
  }

  // The list and the selection are read, and written again they are the same.
  void versions(const Bytes& list, const Bytes& selection) {
    const std::vector<std::uint16_t> listed = decode_secured_versions(list, p_, "request");
    const std::optional<std::uint16_t> selected = decode_secured_selection(selection, p_, "response");
    REQUIRE(selected);
    CHECK(std::find(listed.begin(), listed.end(), *selected) != listed.end());
    CHECK(hex(encode_secured_versions(p_, listed)) == hex(list));
    CHECK(hex(encode_secured_selection(p_, *selected)) == hex(selection));
    CHECK(decode_aead_limit(selection, p_, "response") == kNoAeadLimit);
  }

  template <class Message, class... Args>
  Message same(const Bytes& bytes, const Args&... args) {
    const std::string what = name(read_header(bytes).code);
    CAPTURE(what);
    ++counts_[what];
    Reader reader(bytes, what);
    Message out = Message::decode(reader, args...);
    CHECK(reader.remaining() <= padding_allowed(binding_));
    CHECK(hex(out.encode(p_.version)) == hex(View(bytes).first(reader.offset())));
    return out;
  }

  Binding binding_;
  Counts& counts_;
  Parameters p_;
  Bytes request_, response_;
};

}  // namespace

TEST_CASE("recorded messages of sessions" * doctest::skip(folder().empty())) {
  Counts counts;
  for (const char* part : {"pcap", "session_secrets"})
    for (const fs::directory_entry& entry : fs::directory_iterator(folder() / part)) {
      if (entry.path().extension() != ".pcap") continue;
      const std::string file = entry.path().filename().string();
      CAPTURE(file);
      const Evidence evidence = capture(entry.path());
      Reading reading(evidence.binding, counts);
      Listener listener;
      for (std::size_t i = 0; i < evidence.log.size(); ++i) {
        if (evidence.log[i].secured) continue;
        if (const std::optional<Exchange> exchange = listener.hear(evidence.log[i], i)) reading.read(*exchange);
      }
    }
  for (const auto& [what, count] : counts) MESSAGE(what << ": " << count);
  for (const Code code : {Code::key_exchange, Code::psk_exchange, Code::finish, Code::finish_rsp}) CHECK(counts[name(code)] > 0);
}
