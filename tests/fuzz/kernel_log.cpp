// The kernel's log of signatures. Input: which files are there, the sizes of the small ones (two bytes each), and the
// files one after the other, the transcript last.
#include <array>

#include "core/evidence/kernel_log.h"
#include "tests/fuzz/fuzz.h"

using namespace spdm;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz::run([&] {
    Reader reader(View(data, size), "fuzz input");
    KernelLogEntry entry;
    const std::uint8_t there = reader.u8("files");
    const auto file = [&] { return to_bytes(reader.take(reader.u16("size"), "file")); };
    entry.signature = file();
    constexpr std::array repeated{&KernelLogEntry::type,
                                  &KernelLogEntry::hash_algorithm,
                                  &KernelLogEntry::combined_prefix,
                                  &KernelLogEntry::requester_nonce,
                                  &KernelLogEntry::responder_nonce,
                                  &KernelLogEntry::certificate_chain};
    for (std::size_t i = 0; i < repeated.size(); ++i)
      if ((there >> i & 1) != 0) entry.*repeated.at(i) = file();
    entry.transcript = to_bytes(reader.rest());

    // Nothing is lost and nothing is made up: the messages are the transcript and the signature.
    const Evidence evidence = read_kernel_log(entry, "fuzz input");
    Bytes all;
    for (const Message& message : evidence.log) append(all, message.bytes);
    append(entry.transcript, entry.signature);
    fuzz::require(all == entry.transcript && !evidence.live);
  });
}
