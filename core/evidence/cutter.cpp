#include "core/evidence/cutter.h"

#include <algorithm>
#include <iterator>

#include "core/error.h"
#include "core/text.h"
#include "core/wire/version.h"

namespace spdm {

Parameters assumed_parameters(std::uint8_t version) {
  Parameters out;
  out.assumed = true;
  out.version = version;
  out.requester.flags = out.responder.flags = 0xFFFFFFFF;
  out.measurement_specification = kDmtfMeasurementSpecification;
  return out;
}

void Cutter::cut() {
  if (!rest_.empty()) begin_in_the_middle();
  for (std::size_t size = rest_.size(); !rest_.empty(); size = rest_.size()) {
    const std::size_t at = total_ - size;
    const std::optional<Signed> before = last_;
    try {
      cut_exchange();
    } catch (const Error& error) {
      if (before && surplus_ == Surplus::kept) {
        append(log_.back().bytes, rest_);
        last_ = before;
        return;
      }
      refuse(at, error.what());
    }
  }
}

void Cutter::begin_in_the_middle() {
  if (rest_.size() < kHeaderSize) refuse(0, "is shorter than the header of a message");
  const Header header = read_header(rest_);
  if (header.code == Code::get_version) return;
  if (header.version < k10 || header.version > k14) refuse(0, cat("SPDMVersion 0x", hex(header.version, 2), " is unknown"));
  parameters_ = assumed_parameters(header.version);
}

void Cutter::refuse(std::size_t at, std::string_view why) const {
  throw Error(ErrorId::bad_input, cat(place_, ": at byte ", at, ": ", why), "it is not a transcript of SPDM messages, or was altered");
}

void Cutter::keep(bool from_requester, std::size_t size) {
  if (size > kMaxCutMessage)
    throw Error(ErrorId::bad_input,
                cat("message ", log_.size() + 1, " has ", size, " bytes; the limit for one message is ", kMaxCutMessage));
  if (const std::optional<std::string> why = intake_.refuses(size))
    throw Error(ErrorId::bad_input, cat("message ", log_.size() + 1, " ", *why));
  log_.push_back({.from_requester = from_requester, .secured = false, .bytes = to_bytes(rest_.first(size))});
  rest_ = rest_.subspan(size);
}

template <class Ask, class Answer>
void Cutter::exchange(Code code, Ask ask, Answer answer) {
  const std::string asked = name(code), answered = name(response_to(code));
  last_.reset();  // the entry's signature is that of the last message only
  Reader request(rest_, asked);
  const auto sent = ask(request);
  keep(true, request.offset());
  Reader response(rest_, answered);
  try {
    answer(response, sent);
    keep(false, response.offset());
  } catch (const Error&) {
    intact_ = false;
    if (!rest_.empty()) keep(false, rest_.size());
  }
}

GetCapabilities Cutter::get_capabilities(Reader& reader) {
  parameters_.version = read_header(rest_).version;
  if (parameters_.version < k10 || parameters_.version > k14) reader.fail("SPDMVersion", "is unknown");
  return GetCapabilities::decode(reader, parameters_.version);
}

void Cutter::cut_exchange() {
  const Code code = read_header(rest_).code;
  switch (code) {
    case Code::get_version:
      return exchange(
          code, [&](Reader& reader) { return expect(reader, code, k10); },
          [&](Reader& reader, const Header&) {
            VersionResponse::decode(reader);
            parameters_ = {};
            chains_ = {};
          });
    case Code::get_capabilities:
      return exchange(
          code, [&](Reader& reader) { return get_capabilities(reader); },
          [&](Reader& reader, const GetCapabilities& sent) {
            parameters_.requester = sent.capabilities;
            parameters_.responder = CapabilitiesResponse::decode(reader, parameters_.version, sent).capabilities;
          });
    case Code::negotiate_algorithms:
      return exchange(
          code, [&](Reader& reader) { return NegotiateAlgorithms::decode(reader, parameters_.version); },
          [&](Reader& reader, const NegotiateAlgorithms& sent) {
            const Parameters& p = parameters_;
            const auto selected = AlgorithmsResponse::decode(reader, p.version, sent, p.requester, p.responder);
            parameters_ = settle(p.version, p.requester, p.responder, sent, selected);
          });
    case Code::get_digests:
      return exchange(
          code, [&](Reader& reader) { return expect(reader, code, parameters_.version); },
          [&](Reader& reader, const Header&) { DigestsResponse::decode(reader, parameters_); });
    case Code::get_certificate:
      return exchange(
          code, [&](Reader& reader) { return GetCertificate::decode(reader, parameters_.version); },
          [&](Reader& reader, const GetCertificate& sent) {
            chains_.at(sent.slot).add(sent, CertificateResponse::decode(reader, sent, parameters_));
          });
    case Code::challenge:
      return exchange(
          code, [&](Reader& reader) { return Challenge::decode(reader, parameters_.version); },
          [&](Reader& reader, const Challenge& sent) {
            const ChallengeAuth got = ChallengeAuth::decode(reader, sent, parameters_);
            challenged_ = sent.slot;
            last_ = {kChallengeAuthContext, sent.slot, sent.nonce, got.nonce, got.signature.size()};
          });
    case Code::get_measurements:
      return exchange(
          code, [&](Reader& reader) { return GetMeasurements::decode(reader, parameters_.version); },
          [&](Reader& reader, const GetMeasurements& sent) {
            MeasurementsResponse got = MeasurementsResponse::decode(reader, sent, parameters_);
            if (parameters_.assumed && sent.signature) got.signature = to_bytes(reader.take(reader.remaining(), "Signature"));
            // 1.0 names no slot: it is the one that was challenged last.
            const std::uint8_t slot = parameters_.version == k10 ? challenged_ : sent.slot;
            if (sent.signature) last_ = {kMeasurementsContext, slot, sent.nonce, got.nonce, got.signature.size()};
            std::move(got.blocks.begin(), got.blocks.end(), std::back_inserter(measured_));
          });
    default:
      malformed("the log", "RequestResponseCode", cat(name(code), " is not a request of a transcript of signed messages"));
  }
}

}  // namespace spdm
