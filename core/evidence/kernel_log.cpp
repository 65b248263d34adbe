#include "core/evidence/kernel_log.h"

#include <algorithm>
#include <array>

#include "core/crypto/crypto.h"
#include "core/error.h"
#include "core/evidence/file.h"
#include "core/file_kinds.h"
#include "core/text.h"
#include "core/wire/certificate.h"
#include "core/wire/measurements.h"
#include "core/wire/version.h"

namespace spdm {

namespace {

// The values of the last signed message. The other files must agree with them.
struct Signed {
  std::string_view context;
  std::uint8_t slot = 0;
  Block<32> requester_nonce{}, responder_nonce{};
  std::size_t signature_size = 0;
};

class Cutter {
 public:
  Cutter(View bytes, MessageLog& log, std::string_view what) : rest_(bytes), log_(log), what_(what) {}

  void cut() {
    for (std::size_t size = rest_.size(); !rest_.empty(); size = rest_.size()) {
      const std::size_t at = total_ - size;
      last_.reset();
      try {
        cut_exchange();
      } catch (const Error& error) {
        refuse(at, error.what());
      }
    }
  }

  // Whether every message kept every rule.
  bool intact() const { return intact_; }
  const std::optional<Signed>& last() const { return last_; }
  const Parameters& parameters() const { return parameters_; }
  const ChainReader& chain(std::uint8_t slot) const { return chains_.at(slot); }

 private:
  [[noreturn]] void refuse(std::size_t at, std::string_view why) const {
    throw Error(ErrorId::bad_input, cat(what_, "_transcript: at byte ", at, ": ", why),
                "it is no transcript of SPDM messages, or was altered");
  }

  void keep(bool from_requester, std::size_t size) {
    if (const std::optional<std::string> why = intake_.refuses(size))
      throw Error(ErrorId::bad_input, cat("message ", log_.size() + 1, " ", *why));
    log_.push_back({.from_requester = from_requester, .secured = false, .bytes = to_bytes(rest_.first(size))});
    rest_ = rest_.subspan(size);
  }

  // The kernel wrote the requests: one that cannot be read means that this is no transcript. The device wrote the
  // responses: one that breaks a rule is kept for the appraisal.
  template <class Ask, class Answer>
  void exchange(Code code, Ask ask, Answer answer) {
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

  GetCapabilities get_capabilities(Reader& reader) {
    parameters_.version = read_header(rest_).version;
    if (parameters_.version < k10 || parameters_.version > k14) reader.fail("SPDMVersion", "is unknown");
    return GetCapabilities::decode(reader, parameters_.version);
  }

  void cut_exchange() {
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
              const MeasurementsResponse got = MeasurementsResponse::decode(reader, sent, parameters_);
              // 1.0 names no slot: it is the one that was challenged last.
              const std::uint8_t slot = parameters_.version == k10 ? challenged_ : sent.slot;
              if (sent.signature) last_ = {kMeasurementsContext, slot, sent.nonce, got.nonce, got.signature.size()};
            });
      default:
        malformed("the log", "RequestResponseCode", cat(name(code), " is no request that a kernel sends to authenticate a device"));
    }
  }

  View rest_;
  std::size_t total_ = rest_.size();
  MessageLog& log_;
  Intake intake_;
  std::string_view what_;
  bool intact_ = true;
  Parameters parameters_;
  std::array<ChainReader, kSlots> chains_;
  std::optional<Signed> last_;
  std::uint8_t challenged_ = 0;
};

// "sha3-384" of the kernel and "SHA3-384" of OpenSSL are "sha3384", "SM3" is "sm3".
std::string plain(std::string_view algorithm) {
  std::string out;
  for (const char c : algorithm)
    if (c != '-' && c != '\n') out += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

std::string text_of(const Bytes& file) {
  std::string out(file.begin(), file.end());
  while (out.ends_with('\n')) out.pop_back();
  return out;
}

class Comparison {
 public:
  Comparison(const KernelLogEntry& entry, const Cutter& cutter, std::string_view what)
      : entry_(entry), cutter_(cutter), said_(*cutter.last()), what_(what) {}

  void check() const {
    check_signature_size();
    if (entry_.type && text_of(*entry_.type) != said_.context) contradicts("type", cat("the last message is ", said_.context));
    const HashAlgorithm* hash = cutter_.parameters().hash;
    if (entry_.hash_algorithm && hash != nullptr && plain(text_of(*entry_.hash_algorithm)) != plain(hash->openssl))
      contradicts("hash_algorithm", cat(hash->name, " was negotiated"));
    if (entry_.combined_prefix && !equal(*entry_.combined_prefix, prefix()))
      contradicts("combined_spdm_prefix", "another one belongs to it");
    if (entry_.requester_nonce && !equal(*entry_.requester_nonce, said_.requester_nonce))
      contradicts("requester_nonce", "the request has another one");
    if (entry_.responder_nonce && !equal(*entry_.responder_nonce, said_.responder_nonce))
      contradicts("responder_nonce", "the response has another one");
    check_chain();
  }

 private:
  [[noreturn]] void contradicts(std::string_view file, std::string_view why,
                                std::string hint = "the files do not belong together, or one was altered") const {
    throw Error(ErrorId::bad_input, cat(what_, '_', file, ": is not that of the transcript: ", why), std::move(hint));
  }

  void check_signature_size() const {
    if (said_.signature_size != entry_.signature.size())
      contradicts("signature", cat(said_.signature_size, " bytes were negotiated, not ", entry_.signature.size()));
  }

  Bytes prefix() const {
    if (cutter_.parameters().version < k12) return {};
    return crypto::signing_message(cutter_.parameters().version, said_.context, {});
  }

  // The link shows the chain that the slot holds now; the transcript has the chain that it held then. They may differ.
  void check_chain() const {
    if (!entry_.certificate_chain || said_.slot >= kSlots) return;
    const ChainReader& chain = cutter_.chain(said_.slot);
    const std::size_t head = 4 + cutter_.parameters().hash_size();
    if (!chain.complete() || chain.chain().size() < head) return;
    if (!equal(View(chain.chain()).subspan(head), *entry_.certificate_chain))
      contradicts("certificate_chain", "another chain was read then",
                  "the slot was provisioned anew since, or a file was altered; without this file the transcript is judged on its own");
  }

  const KernelLogEntry& entry_;
  const Cutter& cutter_;
  const Signed& said_;
  std::string_view what_;
};

}  // namespace

Evidence read_kernel_log(const KernelLogEntry& entry, std::string_view what) {
  const auto refuse = [&](std::string_view file, std::string_view why) {
    throw Error(ErrorId::bad_input, cat(what, '_', file, ": ", why));
  };
  if (entry.transcript.empty()) refuse("transcript", "is empty");
  if (entry.signature.empty()) refuse("signature", "is empty");
  if (const std::size_t limit = limit_of(FileKind::kernel_transcript); entry.transcript.size() > limit)
    refuse("transcript", cat("is larger than ", limit, " bytes"));
  if (entry.transcript.size() > kMaxEvidenceBytes)
    refuse("transcript", cat("has ", entry.transcript.size(), " bytes of messages, and no more than ", kMaxEvidenceBytes, " are read"));

  Evidence out;
  out.host.target = what;
  out.collector = "the kernel";
  out.binding = Binding::doe;
  Bytes all;
  all.reserve(entry.transcript.size() + entry.signature.size());
  append(all, entry.transcript);
  append(all, entry.signature);
  Cutter cutter(all, out.log, what);
  cutter.cut();
  if (!cutter.intact()) {
    // The messages are appraised. But the entry's own signature was not verified, so it must not pass.
    out.error = Interruption{ErrorId::bad_input,
                             cat(what, "_transcript: a message in it cannot be understood, and the signature not be judged"), ""};
    return out;
  }
  if (!cutter.last()) refuse("transcript", "does not end with a signed message");
  Comparison(entry, cutter, what).check();
  out.nonces.push_back(cutter.last()->requester_nonce);
  return out;
}

}  // namespace spdm
