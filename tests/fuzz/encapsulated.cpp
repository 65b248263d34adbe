// The encapsulated flow of the requester, wherever it runs: the input asks, and each answer is one that a requester may give.
// Input: what both can do (emulated.h); the place; then one step per message of the flow. Without one the device has no request more.
#include "core/session/encapsulated.h"
#include "core/protocol/session_opener.h"
#include "core/session/handshake.h"
#include "core/session/opener.h"
#include "core/session/requester_seen.h"
#include "core/wire/chunk.h"
#include "core/wire/encapsulated.h"
#include "core/wire/secured_versions.h"
#include "tests/fuzz/emulated.h"

using namespace spdm;

namespace {

class AskingLink : public fuzz::EmulatedLink {
 public:
  AskingLink(const fuzz::Setup& setup, Reader& steps) : EmulatedLink(setup), steps_(steps) {}

  // From now on the input answers. `inside`: the session, nullptr outside of any.
  void ask(const Parameters& parameters, FlowPlace place, SecuredSession* inside, bool implied) {
    parameters_ = &parameters;
    place_ = place;
    inside_ = inside;
    if (implied) asked_ = begin(parameters.version, Code::get_digests).take();
  }

 private:
  SecuredReply pass(View bytes, bool secured) override {
    if (parameters_ == nullptr) return ask_device(bytes, secured);
    const Bytes request = secured ? message_in(bytes) : to_bytes(bytes);
    swaps_ = false;
    const Bytes answer = this->answer(request);
    const bool seals = secured != swaps_ && inside_ != nullptr;
    // The requester knows which number it waits for: under a key that is new it is the first.
    const std::uint64_t number = seals ? kMaxSequence + 1 - inside_->left(Direction::response) : 0;
    return {seals, seals ? record_like(secured ? bytes : Writer().u32(inside_->id()).take(), number, answer) : answer};
  }

  Bytes answer(View request) {
    const std::uint8_t version = parameters_->version;
    const Code code = read_header(request).code;
    if (code == Code::chunk_send) {
      Reader reader(request, "CHUNK_SEND");
      const Chunk chunk = Chunk::decode(reader, code, version);
      ChunkSendAck ack{.early_error = false, .handle = chunk.handle, .sequence = chunk.sequence, .response = {}};
      if (chunk.last) ack.response = next(Code::deliver_encapsulated_response);
      return ack.encode(version);
    }
    if (code == Code::deliver_encapsulated_response) check(request);
    return next(code);
  }

  // What is delivered is what was asked for, or an ERROR.
  void check(View request) {
    Reader reader(request, "DELIVER_ENCAPSULATED_RESPONSE");
    const DeliverEncapsulatedResponse delivered = DeliverEncapsulatedResponse::decode(reader, parameters_->version);
    delivered_ = delivered.id;
    if (!asked_) return;
    fuzz::require(delivered.id == id_ && read_header(delivered.response).version == parameters_->version);
    if (is_error(delivered.response)) return;
    const Code code = read_header(*asked_).code;
    const Parameters ours = of_requester(*parameters_);
    Reader question(*asked_, "request"), response(delivered.response, "response");
    switch (code) {
      case Code::get_digests:
        DigestsResponse::decode(response, ours);
        break;
      case Code::get_certificate: {
        const GetCertificate asked = GetCertificate::decode(question, parameters_->version);
        const CertificateResponse got = CertificateResponse::decode(response, asked, ours);
        fuzz::require(got.portion.size() <= asked.length);
        break;
      }
      case Code::challenge: {
        fuzz::require(place_ == FlowPlace::after_challenge);
        ChallengeAuth::decode(response, Challenge::decode(question, parameters_->version), ours);
        break;
      }
      case Code::key_update: {
        fuzz::require(place_ == FlowPlace::established && inside_ != nullptr);
        const KeyUpdate update = KeyUpdate::decode(question, parameters_->version);
        fuzz::require(update.operation != KeyOperation::update_all_keys);
        update.check_ack(response, parameters_->version);
        break;
      }
      case Code::send_event:
        fuzz::require(place_ == FlowPlace::established && inside_ != nullptr);
        SendEvent::decode(question, parameters_->version);
        expect(response, Code::event_ack, parameters_->version);
        break;
      default:
        fuzz::require(false);
    }
    response.assert_done();
  }

  Bytes next(Code code) {
    asked_.reset();
    const std::uint8_t version = parameters_->version;
    using Payload = EncapsulatedResponseAck::Payload;
    if (steps_.remaining() == 0) return wrap(code, Payload::none, {});
    const std::uint8_t step = steps_.u8("step");
    switch (step % 8) {
      case 0:
      case 1: {
        ++id_;
        Bytes inner = {version};
        append(inner, steps_.take(steps_.u8("size"), "request"));
        asked_ = inner;
        return wrap(code, Payload::request, std::move(inner));
      }
      case 2: {
        // Another version, another number, bytes after it.
        id_ = steps_.u8("id");
        const std::uint8_t zeros = steps_.u8("zeros") & 7;
        Bytes inner = to_bytes(steps_.take(steps_.u8("size"), "request"));
        inner.resize(inner.size() + zeros);
        return wrap(code, Payload::request, std::move(inner));
      }
      case 3:
        return wrap(code, Payload::none, {});
      case 4:
        return wrap(code, Payload::slot, {steps_.u8("slot")});
      case 5: {
        const ErrorCode error{steps_.u8("code")};
        const std::uint8_t data = steps_.u8("data");
        return ErrorResponse{version, error, data, to_bytes(steps_.take(data & 7, "extended"))}.encode();
      }
      case 6:
        swaps_ = true;
        return wrap(code, Payload::none, {});
      default:
        return to_bytes(steps_.take(steps_.u8("size"), "answer"));
    }
  }

  Bytes wrap(Code code, EncapsulatedResponseAck::Payload payload, Bytes inner) const {
    const std::uint8_t version = parameters_->version;
    if (code == Code::get_encapsulated_request) {
      if (payload == EncapsulatedResponseAck::Payload::request) return EncapsulatedRequest{id_, std::move(inner)}.encode(version);
      const ErrorCode nothing = version >= k13 ? ErrorCode::no_pending_requests : ErrorCode::unexpected_request;
      return ErrorResponse{version, nothing, 0, {}}.encode();
    }
    EncapsulatedResponseAck ack;
    ack.payload = payload;
    ack.id = id_;
    ack.ack_id = delivered_;
    if (payload == EncapsulatedResponseAck::Payload::slot)
      ack.slot = inner.front();
    else
      ack.request = std::move(inner);
    return ack.encode(version);
  }

  Reader& steps_;
  const Parameters* parameters_ = nullptr;
  FlowPlace place_{};
  SecuredSession* inside_ = nullptr;
  std::optional<Bytes> asked_;
  std::uint8_t id_ = 0, delivered_ = 0;
  bool swaps_ = false;
};

// A session whose handshake goes on.
std::unique_ptr<ActiveSession> handshake(Requester& requester, const SessionOptions& options) {
  const Parameters& parameters = requester.connection().parameters();
  PskExchange request;
  request.session_id = 1;
  request.context = Bytes(32);
  request.opaque = encode_secured_versions(parameters, kSecuredVersions);
  requester.ask(request.encode(parameters.version));
  KeySchedule schedule = KeySchedule::from_psk(suite_of(parameters), options.psk);
  const SessionSeen& seen = opened(requester, "PSK_EXCHANGE_RSP");
  std::unique_ptr<ActiveSession> out = begin_session(requester, options, seen, std::move(schedule), Bytes(32));
  out->enter();
  return out;
}

void run(Reader& reader) {
  Reader copy = reader;
  const fuzz::Setup setup(reader);
  const Opener opener(fuzz::Setup(copy).options);
  const std::uint8_t where = reader.u8("place");
  const bool implied = (where & 0x80) != 0;
  constexpr std::array places{FlowPlace::after_challenge, FlowPlace::handshake, FlowPlace::established};
  const FlowPlace place = fuzz::pick(places, where & 3);
  const bool inside = (where & 0x40) != 0 && place != FlowPlace::after_challenge;

  AskingLink link(setup, reader);
  MessageLog log;
  Requester requester(link, log, setup.limits);
  const SessionOptions& options = setup.options;
  const RequesterIdentity* identity = options.identity ? &*options.identity : nullptr;
  fuzz::negotiate(requester, setup, opener);
  // Whoever cannot sign is not asked by CHALLENGE_AUTH.
  if (place == FlowPlace::after_challenge && !requester.connection().parameters().both(cap::mut_auth)) return;
  std::unique_ptr<ActiveSession> session;
  if (inside && place == FlowPlace::handshake) session = handshake(requester, options);
  if (inside && place == FlowPlace::established) session = open_by_psk(requester, options);
  SessionLink* const way = session ? &session->link() : nullptr;

  EncapsulatedFlow flow(requester, place, identity, way);
  flow.take_events([](const std::vector<Event>& events) { fuzz::require(!events.empty() && events.size() <= kMaxEvents); });
  link.ask(requester.connection().parameters(), place, session ? &session->session() : nullptr, implied);
  if (implied)
    flow.run_with_digests();
  else if (place == FlowPlace::established)
    flow.run_if_pending();
  else
    flow.run();
  fuzz::require(flow.slot() < kSlots);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz::run_with_peer([&] {
    Reader reader(View(data, size), "fuzz input");
    run(reader);
  });
}
