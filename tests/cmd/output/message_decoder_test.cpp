// Recorded messages in order, with and without the secrets of their sessions. The recordings are those of the golden sessions.
#include "cmd/output/message_decoder.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>

#include "core/evidence/cutter.h"
#include "core/evidence/load.h"
#include "core/file.h"
#include "core/text.h"
#include "core/wire/chunk.h"
#include "core/wire/vendor_defined.h"

using namespace spdm;
using spdm::cmd::DecodedMessage;
using spdm::cmd::MessageDecoder;
using spdm::cmd::text_of;

namespace {

Bytes data(const char* name, FileKind kind) { return read_file(std::filesystem::path(SPDMCTL_SOURCE_DIR "/tests/cli/data") / name, kind); }

Evidence recording(const char* name) { return load_evidence(data(name, FileKind::evidence), name); }

std::vector<SessionSecret> secrets() { return read_session_secrets(data("session-secrets.json", FileKind::session_secrets), "secrets"); }

struct Decoding {
  explicit Decoding(const Evidence& evidence, std::span<const SessionSecret> with = {}) {
    MessageDecoder decoder(evidence, assumed_parameters(k12), {}, with);
    for (std::size_t i = 0; i < evidence.log.size(); ++i)
      for (DecodedMessage& one : decoder.next(evidence.log[i], i)) {
        broken = broken || one.broken;
        messages.push_back(std::move(one.json));
      }
  }
  std::size_t count(const char* key) const {
    return static_cast<std::size_t>(std::count_if(messages.begin(), messages.end(), [&](const Json& one) { return one.contains(key); }));
  }
  // The first message of this name.
  const Json& named(std::string_view name) const {
    return *std::find_if(messages.begin(), messages.end(), [&](const Json& one) { return one.value("name", "") == name; });
  }

  std::vector<Json> messages;
  bool broken = false;
};

std::size_t records(const Evidence& evidence) {
  return static_cast<std::size_t>(std::count_if(evidence.log.begin(), evidence.log.end(), [](const Message& one) { return one.secured; }));
}

}  // namespace

TEST_CASE("messages of a session, and records, are marked with it") {
  const Evidence evidence = recording("session.json");
  const Decoding decoding(evidence);
  CHECK_FALSE(decoding.broken);
  CHECK(decoding.messages.size() == evidence.log.size());
  CHECK(decoding.count("opened") == 0);
  for (const Json& message : decoding.messages) {
    const Message& logged = evidence.log.at(message["index"].get<std::size_t>() - 1);
    CHECK(message.contains("session") == (logged.secured || logged.inside != 0));
    if (message.contains("session")) CHECK(message["session"] == "0xffff8427");
    CHECK(message.contains("fields") == !logged.secured);
    if (logged.secured) CHECK(message["note"] == "inside a secure session, according to the collector");
  }
  CHECK(text_of(decoding.named("HEARTBEAT"), false) == "29 -> HEARTBEAT  1.2  in session 0xffff8427  4 bytes\n");
}

TEST_CASE("with secrets, records that the collector tells of are opened, and told once") {
  const Evidence evidence = recording("session.json");
  const std::vector<SessionSecret> with = secrets();
  const Decoding decoding(evidence, with);
  CHECK_FALSE(decoding.broken);
  CHECK(decoding.messages.size() == evidence.log.size());
  CHECK(decoding.count("opened") == records(evidence));
  CHECK(decoding.named("KEY_EXCHANGE_RSP")["verify_data"] == Json{{{"field", "ResponderVerifyData"}, {"good", true}}});
  CHECK(decoding.count("verify_data") == 2);
}

TEST_CASE("with secrets, what a capture has is shown below its record") {
  const Evidence evidence = recording("session.pcap");
  const Decoding shut(evidence);
  CHECK(shut.messages.size() == evidence.log.size());
  for (const Json& message : shut.messages)
    if (message.contains("session")) CHECK(message["note"] == "inside a secure session, not read");

  const std::vector<SessionSecret> with = secrets();
  const Decoding decoding(evidence, with);
  CHECK_FALSE(decoding.broken);
  CHECK(decoding.messages.size() == evidence.log.size() + records(evidence));
  CHECK(decoding.count("opened") == records(evidence));
  for (std::size_t i = 0; i + 1 < decoding.messages.size(); ++i) {
    const Json &record = decoding.messages[i], &opened = decoding.messages[i + 1];
    if (!record.contains("opened")) continue;
    CHECK(opened["index"] == record["index"]);
    CHECK(opened["from"] == record["from"]);
    CHECK(opened["session"] == record["session"]);
    CHECK(opened.contains("fields"));
  }
  CHECK(text_of(decoding.named("FINISH_RSP"), false) ==
        "20 <- FINISH_RSP  1.2  in session 0xffff6b56  4 bytes\n      RequesterVerifyData is correct\n");
  // The encapsulated certificate is held to what was asked.
  const Json& delivered = decoding.messages.at(21);
  CHECK(delivered["fields"]["encapsulated_response"]["name"] == "CERTIFICATE");
  CHECK(text_of(delivered, false).find("      encapsulated_response: CERTIFICATE  1.2  1574 bytes\n          slot: 0\n") !=
        std::string::npos);
}

TEST_CASE("a record that cannot be opened, and verify data that is wrong, break the run") {
  const std::vector<SessionSecret> with = secrets();
  Evidence record = recording("session.pcap");
  const auto first = std::find_if(record.log.begin(), record.log.end(), [](const Message& one) { return one.secured; });
  first->bytes.back() ^= 1;
  const Decoding changed(record, with);
  CHECK(changed.broken);
  CHECK(changed.count("opened") == 0);
  const Json& broken = changed.messages.at(static_cast<std::size_t>(first - record.log.begin()));
  CHECK(broken["why"].get<std::string>().find("tag") != std::string::npos);
  const std::string text = text_of(broken, false);  // its first line is broken at 80 columns
  CHECK(text.find("secured message  in session 0xffff6b56  28 bytes  (inside a secure\n") != std::string::npos);
  CHECK(text.find(" session, not read)\n      problem: ") != std::string::npos);

  Evidence confirmed = recording("session.pcap");
  std::vector<SessionSecret> adapted = secrets();
  for (Message& message : confirmed.log)
    if (!message.secured && read_header(message.bytes).code == Code::key_exchange_rsp) {
      message.bytes.at(message.bytes.size() - 3) ^= 1;  // ResponderVerifyData; two bytes are padding
      adapted.at(1).response_sha256 = session_response_sha256(View(message.bytes).first(message.bytes.size() - 2));
    }
  const Decoding wrong(confirmed, adapted);
  CHECK(wrong.broken);
  CHECK(wrong.named("KEY_EXCHANGE_RSP")["verify_data"][0]["good"] == false);
  CHECK(wrong.named("KEY_EXCHANGE_RSP")["why"].get<std::string>().starts_with("ResponderVerifyData does not match"));
}

TEST_CASE("a record shows its number where the binding carries it, and one that is cut is broken") {
  Evidence evidence;
  evidence.binding = Binding::mctp;
  evidence.log = {{.from_requester = true, .secured = true, .bytes = {0xFF, 0xFF, 0xFE, 0xFF, 0x02, 0x01, 0, 0}},
                  {.from_requester = true, .secured = true, .bytes = {0xFF, 0xFF, 0xFE}}};
  const Decoding decoding(evidence);
  CHECK(decoding.messages.at(0)["session"] == "0xfffeffff");
  CHECK(decoding.messages.at(0)["sequence_number"] == 0x0102);
  CHECK(text_of(decoding.messages[0], false).starts_with("1 -> secured message  in session 0xfffeffff, number 258  8 bytes  ("));
  CHECK(decoding.broken);
  CHECK(decoding.messages.at(1)["why"].get<std::string>().starts_with("secured message: session id"));
  evidence.binding = Binding::doe;
  CHECK_FALSE(Decoding(evidence).messages.at(0).contains("sequence_number"));
}

TEST_CASE("a request that came in chunks is shown as a whole with its last chunk") {
  VendorDefined request;
  request.payload = Bytes(80, 0x5A);
  const Bytes whole = request.encode(Code::vendor_defined_request, k12);
  constexpr std::size_t kFirst = 60;
  Evidence evidence;
  for (const std::uint16_t sequence : {std::uint16_t{0}, std::uint16_t{1}}) {
    const bool last = sequence == 1;
    const View data = last ? View(whole).subspan(kFirst) : View(whole).first(kFirst);
    const Chunk chunk{.last = last,
                      .handle = 3,
                      .sequence = sequence,
                      .large_message_size = static_cast<std::uint32_t>(whole.size()),
                      .data = to_bytes(data)};
    evidence.log.push_back({.from_requester = true, .secured = false, .bytes = chunk.encode(Code::chunk_send, k12)});
  }
  const Decoding decoding(evidence);
  REQUIRE(decoding.messages.size() == 3);
  const Json& joined = decoding.messages[2];
  CHECK(joined["index"] == 2);
  CHECK(joined["from"] == "requester");
  CHECK(joined["name"] == "VENDOR_DEFINED_REQUEST");
  CHECK(joined["note"] == "reassembled from chunks");
  CHECK(joined["fields"]["payload"] == hex(request.payload));
}

TEST_CASE("the message that completes a chain shows its certificates, and no block of hex") {
  const Evidence evidence = recording("device.json");
  const Decoding decoding(evidence);
  CHECK(decoding.count("certificates") == 1);
  const Json& message = decoding.named("CERTIFICATE");
  REQUIRE(message["certificates"].size() == 3);
  CHECK(message["certificates"][0]["subject"] == message["certificates"][0]["issuer"]);
  CHECK(message["certificates"][2]["sha256"].get<std::string>().size() == 64);
  CHECK(message["fields"].contains("portion"));
  const std::string text = text_of(message, false);
  CHECK(text.find("portion:") == text.npos);
  CHECK(text.find("      certificate 3: ") != text.npos);
  CHECK(text.find("          valid: ") != text.npos);
  CHECK(text_of(message, true).find("portion:\n") != text.npos);  // too long for the line
}

TEST_CASE("what is no chain of certificates is shown as the bytes that it is") {
  Evidence evidence = recording("device.json");
  const auto found = std::find_if(evidence.log.begin(), evidence.log.end(),
                                  [](const Message& one) { return !one.from_requester && one.bytes[1] == 0x02; });
  REQUIRE(found != evidence.log.end());
  found->bytes[8 + 4 + 48] = 0;  // the tag of the first certificate
  const Decoding decoding(evidence);
  CHECK(decoding.count("certificates") == 0);
  CHECK(text_of(decoding.named("CERTIFICATE"), false).find("portion: ") != std::string::npos);
}

TEST_CASE("a message has the time that the recording has of it, and so has what is made of it") {
  Evidence evidence = recording("session.json");
  std::int64_t at = 0;
  for (Message& message : evidence.log) message.time = std::chrono::nanoseconds(++at);
  const std::vector<SessionSecret> with = secrets();
  const Decoding decoding(evidence, with);
  CHECK(decoding.count("time") == decoding.messages.size());
  CHECK(decoding.messages[1]["time"] == "1970-01-01T00:00:00.000000002Z");
  CHECK(text_of(decoding.messages[0], false) == "1 -> GET_VERSION  1.0  4 bytes\n      time: 1970-01-01T00:00:00.000000001Z\n");
}
