// Secrets of recorded sessions, and the recording that they open, with real cryptography. Input: the size of the secrets, the secrets, and
// a capture.
#include "core/evidence/pcap.h"
#include "core/session/recorded_sessions.h"
#include "tests/fuzz/fuzz.h"

using namespace spdm;

namespace {

void open_all(const Evidence& evidence, const std::vector<SessionSecret>& secrets) {
  RecordedSessions sessions(evidence, secrets);
  std::size_t opened = 0;
  // It throws nothing: what is wrong is told with the message.
  const auto follow = [&]() noexcept {
    for (std::size_t i = 0; i < evidence.log.size(); ++i) {
      const RecordedMessage message = sessions.next(evidence.log[i], i);
      if (!message.opened) continue;
      fuzz::require(evidence.log[i].secured && !message.opened->secured && message.opened->inside != 0);
      ++opened;
    }
  };
  follow();
  // Each was opened with a secret, and each record once.
  fuzz::require(sessions.proven().size() <= secrets.size() && opened <= evidence.log.size());
  for (const std::string& words : sessions.unmatched()) fuzz::require(!words.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz::run([&] {
    Reader reader(View(data, size), "fuzz input");
    const View json = reader.take(reader.u16("size of the secrets"), "secrets");
    const std::vector<SessionSecret> secrets = read_session_secrets(json, "secrets");
    const SecretBytes written = write_session_secrets(secrets);
    const std::vector<SessionSecret> again = read_session_secrets(written.view(), "secrets, written again");
    fuzz::require(again.size() == secrets.size() && equal(write_session_secrets(again).view(), written.view()));

    for (const EvidencePart& part : read_pcap(reader.rest(), "capture"))
      if (!part.error) open_all(part.evidence, secrets);
  });
}
