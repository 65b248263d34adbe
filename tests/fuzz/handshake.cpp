// Sessions from the first message to the last, as the requester has them with the emulated device; the input changes the answers.
// Input: what both can do (emulated.h); then one step per answer from KEY_EXCHANGE, PSK_EXCHANGE or CHALLENGE on. Without one the
// answer stays as it is.
#include <algorithm>

#include "core/appraisal/analyze.h"
#include "core/session/opener.h"
#include "core/wire/error_response.h"
#include "core/wire/version.h"
#include "tests/fuzz/emulated.h"

using namespace spdm;

namespace {

class ChangedAnswers : public fuzz::EmulatedLink {
 public:
  ChangedAnswers(const fuzz::Setup& setup, Reader& steps) : EmulatedLink(setup), steps_(steps), version_(setup.version) {}

  bool changes = false;

 private:
  SecuredReply pass(View bytes, bool secured) override {
    SecuredReply reply = ask_device(bytes, secured);
    if (changes && steps_.remaining() > 0) change(reply);
    last_ = reply;
    return reply;
  }

  void change(SecuredReply& reply) {
    Bytes& bytes = reply.bytes;
    const std::uint8_t step = steps_.u8("step");
    switch (step % 10) {
      case 0:
        return;
      case 1: {
        const std::uint16_t at = steps_.u16("place");
        if (!bytes.empty()) bytes[at % bytes.size()] = steps_.u8("value");
        return;
      }
      case 2:
        return bytes.resize(bytes.size() - std::min<std::size_t>(bytes.size(), steps_.u8("size")));
      case 3:
        return append(bytes, steps_.take(steps_.u8("size"), "more"));
      case 4:
        return say(reply, steps_.take(steps_.u16("size"), "message"));
      case 5: {
        const ErrorCode code{steps_.u8("code")};
        const std::uint8_t data = steps_.u8("data");
        return say(reply, ErrorResponse{version_, code, data, to_bytes(steps_.take(data & 7, "extended"))}.encode());
      }
      case 6:
        reply.is_secured = !reply.is_secured;
        return;
      case 7:
        reply = last_;
        return;
      case 8:
        bytes = to_bytes(steps_.take(steps_.u8("size"), "bytes"));
        return;
      default:
        // In the message, where the record is not for it.
        Bytes message = reply.is_secured ? message_in(bytes) : bytes;
        const std::uint8_t at = steps_.u8("place");
        const View more = steps_.take(steps_.u8("size"), "bytes");
        message.insert(message.begin() + std::min<std::ptrdiff_t>(at, static_cast<std::ptrdiff_t>(message.size())), more.begin(),
                       more.end());
        return say(reply, message);
    }
  }

  void say(SecuredReply& reply, View message) {
    reply.bytes = reply.is_secured ? record_like(reply.bytes, number_of(reply.bytes), message) : to_bytes(message);
  }

  Reader& steps_;
  std::uint8_t version_;
  SecuredReply last_;
};

class Run {
 public:
  explicit Run(Reader& reader) : setup_(reader), link_(setup_, reader), requester_(link_, evidence_.log, setup_.limits) {
    evidence_.binding = setup_.binding;
    evidence_.live = true;
    setup_.options.secrets = [this](const SecuredSession& session) {
      // First those of the handshake.
      fuzz::require(session.phase() != SessionPhase::dead && !session.secret(Direction::response).empty());
      fuzz::require(!told_.has_value() ? session.phase() == SessionPhase::handshake : session.phase() >= *told_);
      told_ = session.phase();
    };
  }

  void go() {
    const Opener opener(std::move(setup_.options));
    fuzz::run_with_peer([&] { converse(opener); });
    // No session is left in the requester, whatever became of it.
    link_.changes = false;
    const std::size_t records = link_.records, messages = evidence_.log.size();
    fuzz::run_with_peer([&] { requester_.ask(GetVersion{}.encode()); });
    fuzz::require(link_.records == records && (evidence_.log.size() == messages || evidence_.log.back().inside == 0));
    // Nobody who reads it later may stumble.
    analyze(evidence_);
  }

 private:
  void converse(const Opener& opener) {
    fuzz::negotiate(requester_, setup_, opener);
    link_.changes = true;
    if (setup_.challenges) fuzz::challenge(requester_, setup_, opener);
    const std::unique_ptr<OpenSession> session = opener.open(requester_, setup_.slot, evidence_);
    const SessionSeen& seen = requester_.connection().sessions().back();
    fuzz::require(seen.state == SessionSeen::State::established && told_ == SessionPhase::application);
    fuzz::require(seen.finish.has_value() || (seen.is_psk() && seen.psk_exchange_response->context.empty()));
    fuzz::require((seen.mutual_auth() == MutualAuth::none) == !seen.requester_slot.has_value());
    GetMeasurements request;
    request.operation = kAllMeasurements;
    requester_.ask(request.encode(setup_.version));
    fuzz::require(requester_.connection().exchanges().back().inside == seen.id);
    session->end();
  }

  fuzz::Setup setup_;
  Evidence evidence_;
  ChangedAnswers link_;
  Requester requester_;
  std::optional<SessionPhase> told_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz::run([&] {
    Reader reader(View(data, size), "fuzz input");
    Run(reader).go();
  });
}
