// The engine of DOE mailboxes against a simulated one: what it accesses, and what becomes of every fault.
#include "transport/pci/doe.h"

#include "transport/pci/doe_rig.h"

using namespace rig;
using std::chrono::microseconds;
using std::chrono::milliseconds;

namespace {

using Versions = std::vector<std::uint8_t>;
using Sizes = std::vector<std::size_t>;

// The exchange fails so, and the one after it is as if nothing had been.
void fails_then_works(std::string_view rule, const fake::Trouble& trouble, ErrorId id, const std::string& why, std::uint8_t version) {
  CAPTURE(rule);
  CAPTURE(why);
  Rig rig(version);
  DoeMailbox mailbox = rig.open(short_limits());
  rig.box.strike(trouble);
  expect_error(id, why, [&] { mailbox.exchange(kDoeSpdm, pattern(16), soon()); });
  CHECK(rig.box.accesses.abort == 1);
  CHECK(mailbox.exchange(kDoeSpdm, pattern(16), soon()) == pattern(16));
  CHECK(rig.box.violations.empty());
}

std::size_t forced(std::size_t request, std::size_t response) { return (request + 8 + 3) / 4 + 1 + 2 * ((response + 8 + 3) / 4); }

}  // namespace

TEST_CASE("doe: extended capabilities are found in the order of the list") {
  fake::Function function;
  CHECK(find_extended(function, 0x0001) == std::vector<std::uint16_t>{0x100});
  CHECK(find_extended(function, kDoeCapability).empty());
  function.add(1, {}, echo);
  function.add(2, {}, echo);
  CHECK(find_extended(function, kDoeCapability) == std::vector<std::uint16_t>{0x150, 0x170});
  function.put(0x170, function.read32(0x170) | 0xFFB0'0000);  // reserved bits of the next pointer are no part of it
  function.put(0xFF8, 0x0001'002E);
  CHECK(find_extended(function, kDoeCapability) == std::vector<std::uint16_t>{0x150, 0x170, 0xFF8});
  CHECK(function.mailbox().accesses.total() == 0);
  expect_error(ErrorId::peer, "does not fit", [&] { DoeMailbox(function, 0xFF8); });
}

TEST_CASE("doe: a list of capabilities that ends nowhere, or elsewhere") {
  fake::Function function;
  function.put(0x100, 0);  // no extended capabilities
  CHECK(find_extended(function, kDoeCapability).empty());
  function.put(0x100, 0xFFFFFFFF);  // no extended space
  CHECK(find_extended(function, kDoeCapability).empty());
  function.put(0x100, 0x1001'0001);
  expect_error(ErrorId::peer, "no end", [&] { find_extended(function, kDoeCapability); });
  CHECK(function.others < 1000);
  function.put(0x100, 0x2001'0001);
  function.put(0x200, 0x1001'002E);
  expect_error(ErrorId::peer, "no end", [&] { find_extended(function, kDoeCapability); });
  function.put(0x200, 0x0401'002E);
  expect_error(ErrorId::peer, "outside", [&] { find_extended(function, kDoeCapability); });
  function.put(0x200, 0xFFFFFFFF);
  expect_error(ErrorId::peer, "all ones", [&] { find_extended(function, kDoeCapability); });
  function.leave_after(1);
  expect_error(ErrorId::no_device, "gone", [&] { find_extended(function, kDoeCapability); });
}

TEST_CASE("doe: a mailbox is where a DOE capability is") {
  Rig rig;
  expect_error(ErrorId::peer, "not DOE", [&] { DoeMailbox(rig.function, 0x100); });
  rig.function.leave_after(0);
  expect_error(ErrorId::no_device, "gone", [&] { rig.open(); });
}

TEST_CASE("doe: an exchange accesses what the sizes force, and STATUS four times") {
  for (const std::uint8_t version : Versions{1, 2})
    for (const std::size_t size : Sizes{1, 2, 3, 4, 5, 42, 600}) {
      Rig rig(version);
      DoeMailbox mailbox = rig.open();
      const std::size_t others = rig.function.others;
      CHECK(mailbox.exchange(kDoeSpdm, pattern(size), soon()) == padded(pattern(size)));
      const fake::Accesses& seen = rig.box.accesses;
      CHECK(seen.word == 2 + (size + 3) / 4);
      CHECK(seen.go == 1);
      CHECK(seen.data == 2 + (size + 3) / 4);
      CHECK(seen.pop == seen.data);
      CHECK(seen.status == 4);  // idle before, the answer is there, it is all there, nothing is left
      CHECK(seen.abort == 0);
      CHECK(seen.other_reads + seen.other_writes == 0);
      CHECK(rig.function.others == others);
      CHECK(rig.box.violations.empty());
    }
}

TEST_CASE("doe: objects of many sizes up to the largest there is, at most 5 percent over what they force") {
  for (const std::size_t size : Sizes{4600, 100'000, kDoeMaxObject - kDoeHeader}) {
    for (const std::uint8_t version : Versions{1, 2}) {
      Rig rig(version);
      DoeMailbox mailbox = rig.open();
      const Bytes sent = pattern(size);
      CHECK((mailbox.exchange(kDoeSpdm, sent, soon()) == padded(sent)));
      CHECK((mailbox.exchange(kDoeSecuredSpdm, sent, soon()) == padded(sent)));
      CHECK(rig.box.accesses.total() * 100 <= forced(size, size) * 2 * 105);
      CHECK(rig.box.accesses.total() - rig.box.accesses.status == forced(size, size) * 2);
      CHECK(rig.box.violations.empty());
    }
  }
  Rig rig;
  DoeMailbox mailbox = rig.open();
  expect_error(ErrorId::internal, "carries", [&] { mailbox.exchange(kDoeSpdm, pattern(kDoeMaxObject - 7), soon()); });
}

TEST_CASE("doe: a secured message is answered with one, or with a plain message, and with nothing else") {
  for (const std::uint8_t version : Versions{1, 2}) {
    Rig rig(version);
    DoeMailbox mailbox = rig.open();
    const DoeAnswer secured = mailbox.exchange_secured(pattern(42), soon());
    CHECK(secured.type == kDoeSecuredSpdm);
    CHECK(secured.payload == padded(pattern(42)));
    rig.box.strike({.first = 0x0001'0001});
    const DoeAnswer plain = mailbox.exchange_secured(pattern(42), soon());
    CHECK(plain.type == kDoeSpdm);
    CHECK(plain.payload == padded(pattern(42)));
    for (const std::uint32_t first : {0x0000'0001U, 0x0003'0001U, 0x0002'8086U}) {
      rig.box.strike({.first = first});
      expect_error(ErrorId::peer, "answers one of type 0001:02", [&] { mailbox.exchange_secured(pattern(42), soon()); });
    }
    CHECK(mailbox.exchange(kDoeSpdm, pattern(8), soon()) == pattern(8));
    CHECK(rig.box.violations.empty());
  }
}

TEST_CASE("doe: discovery tells what a mailbox carries, in both versions") {
  for (const std::uint8_t version : Versions{1, 2, 3}) {
    Rig rig(version);
    CHECK(rig.open().discover(soon()) == std::vector<DoeFeature>{{1, 0}, kCmaSpdm, kSecuredCmaSpdm});
    CHECK(rig.box.objects == 3);
    CHECK(rig.box.violations.empty());
  }
  CHECK(to_string(kCmaSpdm) == "0001:01");
  CHECK(to_string({0x1B36, 0xFF}) == "1b36:ff");
}

TEST_CASE("N311 doe: discovery has an end, whatever the mailbox says") {
  for (const std::uint8_t next : Versions{1, 2}) {
    Rig rig;
    rig.box.lie_about_next(2, next);
    expect_error(ErrorId::peer, "does not come after 2", [&] { rig.open().discover(soon()); });
    CHECK(rig.box.objects == 3);
  }
  fake::Function function;
  std::vector<fake::Mailbox::Feature> many(256, {0x8086, 7});
  many.front() = {1, 0};
  function.add(2, many, echo);
  DoeMailbox mailbox(function, function.offset(0));
  CHECK(mailbox.discover(soon()).size() == 256);
  CHECK(function.mailbox().objects == 256);

  Rig rig;
  rig.box.strike({.length = 4});  // discovery takes no more than it asked for
  expect_error(ErrorId::peer, "an answer of 16 bytes; we take 12", [&] { rig.open().discover(soon()); });
  rig.box.strike({.length = 2});
  expect_error(ErrorId::peer, "DOE Discovery: vendor", [&] { rig.open().discover(soon()); });
  rig.box.strike({.silent = true});
  expect_error(ErrorId::timeout, "no answer within 20 ms", [&] { rig.open(short_limits()).discover(soon()); });
  CHECK(rig.open().discover(soon()).size() == 3);
}

TEST_CASE("doe: what another process left in a mailbox") {
  Rig rig;
  DoeMailbox mailbox = rig.open(short_limits());
  rig.box.leave_request(3);  // cannot be seen, and would spoil the first exchange
  mailbox.claim(false, soon());
  CHECK(rig.box.accesses.abort == 1);
  CHECK(mailbox.exchange(kDoeSpdm, pattern(8), soon()) == pattern(8));

  rig.box.leave_answer(4);
  expect_error(ErrorId::busy, "another exchange", [&] { mailbox.claim(false, soon()); });
  CHECK(rig.box.accesses.abort == 1);
  rig.box.be_busy(fake::kForEver);
  expect_error(ErrorId::busy, "another exchange", [&] { mailbox.claim(false, soon()); });
  CHECK(rig.box.accesses.abort == 1);
  mailbox.claim(true, soon());
  CHECK(rig.box.accesses.abort == 2);
  CHECK(mailbox.exchange(kDoeSpdm, pattern(8), soon()) == pattern(8));
  CHECK(rig.box.violations.empty());
}

TEST_CASE("doe: without a claim, half a request of somebody else spoils one exchange and no more") {
  Rig rig;
  DoeMailbox mailbox = rig.open(short_limits());
  rig.box.leave_request(3);
  expect_error(ErrorId::timeout, "no answer", [&] { mailbox.exchange(kDoeSpdm, pattern(8), soon()); });
  CHECK(mailbox.exchange(kDoeSpdm, pattern(8), soon()) == pattern(8));
}

TEST_CASE("doe: an answer that somebody else waits for is left alone") {
  Rig rig;
  DoeMailbox mailbox = rig.open(short_limits());
  rig.box.leave_answer(4);
  expect_error(ErrorId::busy, "somebody else's request", [&] { mailbox.exchange(kDoeSpdm, pattern(8), soon()); });
  CHECK(rig.box.accesses.writes() == 0);
  CHECK(rig.box.accesses.data == 0);
}

TEST_CASE("N310 doe: BUSY is waited for, but not for ever") {
  Rig rig;
  DoeMailbox mailbox = rig.open(short_limits());
  rig.box.be_busy(5);
  CHECK(rig.open().exchange(kDoeSpdm, pattern(8), soon()) == pattern(8));
  CHECK(rig.box.accesses.status == 5 + 4);
  rig.box.be_busy(fake::kForEver);
  expect_error(ErrorId::busy, "stays BUSY", [&] { mailbox.exchange(kDoeSpdm, pattern(8), soon()); });
  CHECK(rig.box.accesses.abort == 0);
  CHECK(rig.box.violations.empty());
}

TEST_CASE("doe: every fault has its error, and the next exchange works") {
  for (const std::uint8_t version : Versions{1, 2}) {
    fails_then_works("N310", {.silent = true}, ErrorId::timeout, "no answer within 20 ms", version);
    fails_then_works("N310", {.error_at_go = true}, ErrorId::peer, "reports ERROR instead of an answer", version);
    fails_then_works("N310", {.error_after = 3}, ErrorId::peer, "reports ERROR after 24 of 24 bytes", version);
    fails_then_works("N310", {.error_after = 6}, ErrorId::peer, "reports ERROR after its answer", version);
    fails_then_works("N310", {.cut_after = 5}, ErrorId::peer, "cut short", version);
    fails_then_works("N310", {.cut_after = 3}, ErrorId::peer, "reports ERROR", version);
    fails_then_works("N310", {.cut_after = 0x10, .length = 0x400}, ErrorId::peer, "reports ERROR after 1024 of 4096", version);
    fails_then_works("N310", {.flood = true}, ErrorId::peer, "the answer does not end", version);
    fails_then_works("N309", {.first = 0x0002'0001}, ErrorId::peer, "type 0001:02 answers one of type 0001:01", version);
    fails_then_works("N309", {.first = 0x0001'8086}, ErrorId::peer, "type 8086:01 answers", version);
    fails_then_works("N309", {.first = 0x0101'0001}, ErrorId::peer, "reserved byte", version);
    fails_then_works("N309", {.length = 1}, ErrorId::peer, "less than the header", version);
    fails_then_works("N309", {.length = 7}, ErrorId::peer, "cut short: it should have 28 bytes", version);
    fails_then_works("N309", {.length = 0x4001}, ErrorId::peer, "an answer of 65540 bytes; we take 65536", version);
    fails_then_works("N309", {.length = 0}, ErrorId::peer, "an answer of 1048576 bytes", version);
    fails_then_works("N309", {.length = 0x0004'0006}, ErrorId::peer, "reserved bits", version);
  }
}

TEST_CASE("doe: dwords beyond the object are drained") {
  for (const fake::Trouble& trouble : {fake::Trouble{.excess = 1}, fake::Trouble{.excess = 1000}}) {
    Rig rig;
    DoeMailbox mailbox = rig.open();
    rig.box.strike(trouble);
    CHECK(mailbox.exchange(kDoeSpdm, pattern(16), soon()) == pattern(16));
    CHECK(rig.box.accesses.pop == 6 + trouble.excess);
    CHECK(mailbox.exchange(kDoeSpdm, pattern(16), soon()) == pattern(16));
    CHECK(rig.box.accesses.abort == 0);
    CHECK(rig.box.violations.empty());
  }
  // A length that is too small: what it says is the answer, the rest is excess.
  Rig rig;
  DoeMailbox mailbox = rig.open();
  rig.box.strike({.length = 3});
  CHECK(mailbox.exchange(kDoeSpdm, pattern(16), soon()) == pattern(4));
  rig.box.strike({.length = 2});
  CHECK(mailbox.exchange(kDoeSpdm, pattern(16), soon()).empty());
  CHECK(mailbox.exchange(kDoeSpdm, pattern(16), soon()) == pattern(16));
}

TEST_CASE("doe: a flood ends at the deadline, too") {
  Rig rig;
  DoeMailbox mailbox = rig.open();
  rig.box.strike({.times = 1, .polls = 0, .delay = milliseconds(100), .flood = true});
  expect_error(ErrorId::timeout, "timed out", [&] { mailbox.exchange(kDoeSpdm, pattern(16), Clock::now() + milliseconds(102)); });
  CHECK(mailbox.exchange(kDoeSpdm, pattern(16), soon()) == pattern(16));
}

TEST_CASE("doe: ERROR before a request is aborted away") {
  Rig rig;
  rig.function.write32(static_cast<std::uint16_t>(rig.function.offset(0) + 0x14), 0);  // a pop with no object
  DoeMailbox mailbox = rig.open();
  CHECK(mailbox.exchange(kDoeSpdm, pattern(16), soon()) == pattern(16));
  CHECK(rig.box.accesses.abort == 1);
  CHECK(rig.box.violations.empty());
}

TEST_CASE("doe: a slow ABORT is waited for; one that does not help is the end of the mailbox") {
  Rig rig;
  rig.box.abort_slowly(4);
  rig.open().claim(false, soon());
  rig.box.abort_slowly(fake::kForEver);
  DoeMailbox mailbox = rig.open(short_limits());
  rig.box.strike({.silent = true});
  expect_error(ErrorId::peer, "no answer within 20 ms; DOE mailbox at 0x150: ABORT does not recover it",
               [&] { mailbox.exchange(kDoeSpdm, pattern(16), soon()); });
  const std::size_t accesses = rig.box.accesses.total();
  try {
    mailbox.exchange(kDoeSpdm, pattern(16), soon());
    FAIL("a dead mailbox answers");
  } catch (const Error& error) {
    CHECK(error.id == ErrorId::peer);
    CHECK(error.hint.find("reset the device") == 0);
  }
  expect_error(ErrorId::peer, "ABORT does not recover it", [&] { mailbox.claim(true, soon()); });
  CHECK(rig.box.accesses.total() <= accesses + 1);
}

TEST_CASE("doe: an ABORT that the deadline leaves no time for is made up for") {
  Rig rig;
  DoeMailbox mailbox = rig.open();
  rig.box.abort_slowly(20);
  rig.box.strike({.silent = true});
  const auto begin = Clock::now();
  expect_error(ErrorId::timeout, "no answer in time", [&] { mailbox.exchange(kDoeSpdm, pattern(16), begin + milliseconds(50)); });
  CHECK(Clock::now() - begin < milliseconds(900));  // not the second of the DOE limits
  CHECK(mailbox.exchange(kDoeSpdm, pattern(16), soon()) == pattern(16));
  CHECK(rig.box.accesses.abort == 2);
  CHECK(rig.box.violations.empty());
}

TEST_CASE("doe: no time left means no access") {
  Rig rig;
  DoeMailbox mailbox = rig.open();
  expect_error(ErrorId::timeout, "timed out", [&] { mailbox.exchange(kDoeSpdm, pattern(16), Clock::now()); });
  CHECK(rig.box.accesses.total() == 0);
}

TEST_CASE("doe: a device that goes away is noticed wherever it happens, and stays gone") {
  std::size_t failures = 0;
  for (std::size_t accesses = 0;; ++accesses) {
    Rig rig;
    DoeMailbox mailbox = rig.open();
    rig.function.leave_after(accesses);
    try {
      mailbox.exchange(kDoeSpdm, pattern(16), soon());
      break;
    } catch (const Error& error) {
      CAPTURE(error.what());
      CHECK(error.id == ErrorId::no_device);
      rig.function.leave_after(1'000'000);  // another one came in its place
      expect_error(ErrorId::no_device, "gone", [&] { mailbox.exchange(kDoeSpdm, pattern(16), soon()); });
      ++failures;
    }
  }
  CHECK(failures == forced(16, 16) + 4);
}

TEST_CASE("doe: a device that goes away in a large answer is noticed soon") {
  Rig rig;
  DoeMailbox mailbox = rig.open();
  constexpr std::size_t kSize = 100'000, kHalf = kSize / 4 + kSize / 4;  // the request, and half of the answer
  rig.function.leave_after(kHalf);
  expect_error(ErrorId::no_device, "gone", [&] { mailbox.exchange(kDoeSpdm, pattern(kSize), soon()); });
  CHECK(rig.function.absent <= 2 * 256 + 1);
  CHECK(rig.box.accesses.abort == 0);
}

TEST_CASE("doe: waiting costs few looks") {
  Rig rig;
  DoeMailbox mailbox = rig.open();
  rig.box.strike({.polls = 3});
  mailbox.exchange(kDoeSpdm, pattern(16), soon());
  CHECK(rig.box.accesses.status == 3 + 4);
  const std::size_t before = rig.box.accesses.total();
  rig.box.strike({.delay = milliseconds(100)});
  mailbox.exchange(kDoeSpdm, pattern(16), soon());
  // The spinning at the beginning makes up most of them; how many it makes depends on the machine.
  MESSAGE("looks while waiting for 100 ms: ", rig.box.accesses.total() - before - forced(16, 16));
  CHECK(rig.box.accesses.total() - before < 3000);
}

// Run it with --no-skip: how much later than the mailbox is the engine?
TEST_CASE("doe: bench: reaction to an answer that takes its time" * doctest::skip()) {
  for (const microseconds delay : {microseconds(0), microseconds(50), microseconds(1000), microseconds(20'000), microseconds(200'000)}) {
    Rig rig;
    DoeMailbox mailbox = rig.open();
    const int rounds = delay > milliseconds(10) ? 10 : 200;
    rig.box.strike({.times = fake::kForEver, .delay = delay});
    Clock::duration sum{0}, worst{0};
    for (int round = 0; round < rounds; ++round) {
      const auto begin = Clock::now();
      mailbox.exchange(kDoeSpdm, pattern(16), soon());
      const auto late = Clock::now() - begin - delay;
      sum += late;
      worst = std::max(worst, late);
    }
    const auto us = [](Clock::duration time) { return std::chrono::duration_cast<microseconds>(time).count(); };
    MESSAGE("ready after ", delay.count(), " us: ", us(sum / rounds), " us later on average, ", us(worst), " us at worst, ",
            rig.box.accesses.status / static_cast<std::size_t>(rounds), " looks at STATUS");
  }
}
