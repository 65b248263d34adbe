#include "transport/storage/storage_link.h"

#include <doctest/doctest.h>

#include "core/evidence/evidence.h"
#include "core/protocol/requester.h"
#include "core/wire/version.h"
#include "support/fake_drive.h"

using namespace spdm;
using namespace spdm::transport;

namespace {

const Bytes kGetVersion{0x10, 0x84, 0, 0};
const Bytes kVersion{0x10, 0x04, 0, 0, 0, 1, 0x00, 0x12};

Clock::time_point soon() { return Clock::now() + std::chrono::milliseconds(200); }

struct Bed {
  fake::DriveState drive;
  std::unique_ptr<Link> link;

  explicit Bed(fake::DriveState state = {}) : drive(std::move(state)) { open(); }
  void open() { link = storage_link(std::make_unique<fake::Drive>(drive)); }
  Bytes ask() { return link->exchange(kGetVersion, soon()); }
};

template <class Use>
Error error_of(const Use& use) {
  try {
    use();
  } catch (const Error& error) {
    return error;
  }
  FAIL("no error");
  return {ErrorId::internal, ""};
}

void refused(Bed& bed, ErrorId id, std::string_view why) {
  const Error error = error_of([&] { bed.ask(); });
  CHECK(error.id == id);
  CAPTURE(error.what());
  CHECK(std::string_view(error.what()).find(why) != std::string_view::npos);
}

bool has_message(View response, View message) {
  return response.size() >= message.size() && equal(response.first(message.size()), message);
}

}  // namespace

TEST_CASE("a drive: three commands to begin with, and two for each exchange") {
  Bed bed;
  bed.drive.answer = [](StorageOperation, View) { return kVersion; };
  bed.link->connect(soon());
  CHECK(bed.drive.commands == std::vector<std::string>{"receive 00 0000 512", "receive e8 0004 64", "receive e8 0008 64"});
  bed.drive.commands.clear();
  CHECK(has_message(bed.ask(), kVersion));
  CHECK(bed.drive.commands == std::vector<std::string>{"send e8 0014 4", "receive e8 0014 4608"});
  for (int i = 0; i < 10; ++i) bed.ask();
  bed.link.reset();
  CHECK(bed.drive.commands.size() == 22);
}

TEST_CASE("a drive: discovery is told, in either byte order") {
  for (const ByteOrder order : {ByteOrder::little, ByteOrder::big}) {
    Bed bed;
    bed.drive.discovery.order = order;
    bed.link->connect(soon());
    HostView host;
    bed.link->describe(host);
    CHECK_FALSE(host.drive);  // of a target that is none
    host.drive.emplace();
    bed.link->describe(host);
    CHECK(host.drive->discovery == bed.drive.discovery);
    CHECK_NOTHROW(bed.ask());
  }
}

TEST_CASE("N374 a drive that does not speak SPDM") {
  SUBCASE("E8h is not on the list") {
    Bed bed;
    bed.drive.protocols = {0x00, 0x01, 0x02, 0xEF};
    refused(bed, ErrorId::no_spdm, "E8h");
    CHECK(bed.drive.commands.size() == 1);
  }
  SUBCASE("the list is empty") {
    Bed bed;
    bed.drive.protocols = {};
    refused(bed, ErrorId::no_spdm, "E8h");
  }
  SUBCASE("it has no messages") {
    Bed bed;
    bed.drive.discovery.operations = 0x06;
    refused(bed, ErrorId::peer, "operations");
  }
}

TEST_CASE("N378 a drive: what waits and was not asked for is thrown away") {
  Bed bed;
  bed.drive.answer = [](StorageOperation, View) { return kVersion; };
  SUBCASE("a message") { bed.drive.waiting = Bytes(5000, 0x11); }
  SUBCASE("a secured message") {
    bed.drive.waiting = Bytes{0, 0, 0, 0, 1, 2, 3, 4};
    bed.drive.waits_as = StorageOperation::secured_message;
  }
  SUBCASE("where pending info is not there") {
    bed.drive.waiting = Bytes{1, 2, 3};
    bed.drive.discovery.operations = 0x22;
  }
  CHECK(has_message(bed.ask(), kVersion));
}

TEST_CASE("N379 a drive that never runs out of old responses") {
  Bed bed;
  bed.drive.waiting = Bytes{0x12, 0x04, 0, 0};
  bed.drive.keeps = true;
  refused(bed, ErrorId::peer, "without an end");
  CHECK(bed.drive.commands.size() < 16);
}

TEST_CASE("N380 a drive that has a response and does not give it") {
  Bed bed;
  bed.drive.waiting = Bytes{0x12, 0x04, 0, 0};
  bed.drive.waits_as = StorageOperation::discovery;  // by no operation that is asked
  refused(bed, ErrorId::busy, "somebody else");
}

TEST_CASE("N381 a drive that reports success and sends nothing") {
  Bed bed;
  bed.drive.answer = [](StorageOperation, View) { return Bytes(4, 0); };
  refused(bed, ErrorId::peer, "sends nothing");
}

TEST_CASE("N382 a drive whose response does not fit") {
  Bed bed;
  bed.drive.keeps = true;  // as some do: success, nothing sent, the response stays
  bed.drive.answer = [](StorageOperation, View) { return Bytes(9000, 0); };
  refused(bed, ErrorId::peer, "a response of 9000 bytes; we take 4600");
}

TEST_CASE("a drive that needs time refuses to be received from, and is asked again") {
  Bed bed;
  bed.drive.answer = [](StorageOperation, View) { return kVersion; };
  bed.link->connect(soon());
  SUBCASE("pending info tells when") { bed.drive.not_ready = 3; }
  CHECK(has_message(bed.ask(), kVersion));
}

TEST_CASE("N383 a drive that never has a response") {
  Bed bed;
  bed.link->connect(soon());
  bed.drive.not_ready = 1'000'000;
  refused(bed, ErrorId::timeout, "no response in time");
  // It comes late: the link leaves nothing behind.
  bed.drive.not_ready = 2;
  bed.link.reset();
  CHECK_FALSE(bed.drive.waiting);
}

TEST_CASE("N384 an exchange that was given up does not answer the next one") {
  Bed bed;
  bed.link->connect(soon());
  bed.drive.answer = [](StorageOperation, View) { return Bytes{0x10, 0x7F, 1, 0}; };
  bed.drive.not_ready = 1'000'000;
  refused(bed, ErrorId::timeout, "");
  bed.drive.not_ready = 0;
  bed.drive.answer = [](StorageOperation, View) { return kVersion; };
  CHECK(has_message(bed.ask(), kVersion));
}

TEST_CASE("a message that fails on its way may have arrived: its answer is not left in the drive") {
  Bed bed;
  bed.link->connect(soon());
  bed.drive.after_send = [] { throw Error(ErrorId::timeout, "the kernel has cancelled the command"); };
  refused(bed, ErrorId::timeout, "cancelled");
  CHECK(bed.drive.waiting);
  SUBCASE("at the end") { bed.link.reset(); }
  SUBCASE("before the next message") {
    bed.drive.after_send = [] {};
    bed.drive.answer = [](StorageOperation, View) { return kVersion; };
    CHECK(has_message(bed.ask(), kVersion));
  }
  CHECK_FALSE(bed.drive.waiting);
}

TEST_CASE("a drive that refuses a message") {
  Bed bed;
  bed.link->connect(soon());
  bed.drive.waiting = Bytes{1};
  refused(bed, ErrorId::peer, "refuses a message of 4 bytes: NVMe status 0x4002");
}

TEST_CASE("a drive that is removed: its error stays what it is, and nothing waits") {
  Bed bed;
  bed.link->connect(soon());
  bed.drive.before = [] { throw Error(ErrorId::no_device, "gone"); };
  refused(bed, ErrorId::no_device, "gone");
  CHECK_NOTHROW(bed.link.reset());
}

TEST_CASE("N373 what follows a message is of no meaning, and is not kept") {
  Bed bed;
  bed.drive.behind = 0xA5;
  bed.drive.answer = [](StorageOperation, View) { return kVersion; };
  MessageLog log;
  Requester requester(*bed.link, log, Limits{});
  requester.ask(kGetVersion);
  REQUIRE(log.size() == 2);
  CHECK(log[1].bytes == kVersion);
  CHECK(requester.connection().exchanges().back().response == kVersion);
}

TEST_CASE("what follows an ERROR is not kept either") {
  Bed bed;
  bed.drive.behind = 0xA5;
  bed.drive.answer = [](StorageOperation, View) { return Bytes{0x10, 0x7F, 0x07, 0x84}; };
  MessageLog log;
  Requester requester(*bed.link, log, Limits{});
  CHECK(error_of([&] { requester.ask(kGetVersion); }).id == ErrorId::peer);
  REQUIRE(log.size() == 2);
  CHECK(log[1].bytes == Bytes{0x10, 0x7F, 0x07, 0x84});
}

TEST_CASE("a drive carries sessions where discovery says so") {
  Bed bed;
  bed.link->connect(soon());
  CHECK(bed.link->carries_sessions());
  bed.drive.discovery.operations = 0x26;
  bed.open();
  bed.link->connect(soon());
  CHECK_FALSE(bed.link->carries_sessions());
  CHECK(error_of([&] { bed.link->exchange_secured(Bytes{1, 2, 3, 4}, soon()); }).id == ErrorId::unsupported);
}
