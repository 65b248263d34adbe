#include "core/evidence/kernel_log.h"

#include <algorithm>
#include <array>

#include "core/crypto/crypto.h"
#include "core/error.h"
#include "core/evidence/cutter.h"
#include "core/evidence/file.h"
#include "core/file_kinds.h"
#include "core/text.h"
#include "core/wire/certificate.h"
#include "core/wire/measurements.h"
#include "core/wire/version.h"

namespace spdm {

namespace {

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
      contradicts("combined_spdm_prefix", "the transcript requires another one");
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
      contradicts("certificate_chain", "another chain was read at that time",
                  "the slot was provisioned anew since, or a file was altered; without this file the transcript is judged on its own");
  }

  const KernelLogEntry& entry_;
  const Cutter& cutter_;
  const Cutter::Signed& said_;
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
    refuse("transcript", cat("has ", entry.transcript.size(), " bytes of messages; the limit is ", kMaxEvidenceBytes));

  Evidence out;
  out.host.target = what;
  out.collector = "the kernel";
  out.binding = Binding::doe;
  Bytes all;
  all.reserve(entry.transcript.size() + entry.signature.size());
  append(all, entry.transcript);
  append(all, entry.signature);
  Cutter cutter(all, out.log, cat(what, "_transcript"));
  cutter.cut();
  if (!cutter.intact()) {
    // The messages are appraised. But the entry's own signature was not verified, so it must not pass.
    out.error = Interruption{ErrorId::bad_input,
                             cat(what, "_transcript: has a message that cannot be understood, so its signature cannot be judged"), ""};
    return out;
  }
  if (!cutter.last()) refuse("transcript", "does not end with a signed message");
  Comparison(entry, cutter, what).check();
  out.nonces.push_back(cutter.last()->requester_nonce);
  return out;
}

}  // namespace spdm
