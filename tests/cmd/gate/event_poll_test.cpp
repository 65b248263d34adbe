// Devices that are asked for events, and what follows from the answers; with emulated devices and a clock that tests turn.
#include "cmd/gate/event_poll.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "core/evidence/exchange.h"
#include "core/protocol/collect.h"
#include "core/text.h"
#include "support/event_device.h"

using namespace spdm;
using namespace spdm::cmd;
using spdm::transport::Bdf;
using support::event_profile;
using support::EventDevice;
using support::firmware_changes;
using namespace std::chrono_literals;

namespace {

constexpr Bdf kFirst{0, 1, 0, 0}, kSecond{0, 2, 0, 0};

// Asked every ten seconds.
class Poll {
 public:
  explicit Poll(DeviceProfile profile = event_profile()) : device(std::move(profile)) {}

  // As an attestation does it: what the device shows, noted, and it has passed.
  void attested(const Bdf& bdf = kFirst) {
    events.leave(bdf);
    const std::unique_ptr<Link> way = device.way();
    EventSession look(*way, 0, Clock::now() + 10s);
    events.note(bdf, Shown{.slot = 0, .chain = look.chain(), .measurements = look.measurements()});
    look.end(*way, Clock::now() + 10s);
    events.follow(bdf);
  }
  // The turns that are due until so much later. Returned are the devices to be attested again.
  std::vector<Bdf> after(Clock::duration time) {
    const Clock::time_point end = now + time;
    for (;;) {
      const Clock::time_point due = events.due();
      if (due > end) break;
      now = std::max(now, due);
      if (std::vector<Bdf> told = events.poll(); !told.empty()) return told;
    }
    now = end;
    return {};
  }
  bool told(std::string_view what) const {
    return std::any_of(words.begin(), words.end(), [&](const std::string& line) { return line.find(what) != std::string::npos; });
  }

  EventDevice device;
  std::vector<std::string> words;
  Clock::time_point now = Clock::now();
  std::optional<Error> refuses;  // why the device cannot be opened
  bool steals = false;           // somebody else speaks with the device before each question
  unsigned opened = 0;
  EventPoll events{{.interval = 10s,
                    .open = [this](const Bdf&) -> std::unique_ptr<Link> {
                      ++opened;
                      if (refuses) throw Error(*refuses);
                      if (steals) device.restart();
                      return device.way();
                    },
                    .tell = [this](const std::string& what) { words.push_back(what); },
                    .now = [this] { return now; }}};
};

const std::vector<Bdf> kAttestFirst{kFirst};

}  // namespace

TEST_CASE("events: a device that tells of a change is attested again, once, and asked on") {
  Poll poll(event_profile({firmware_changes(2)}));
  CHECK(poll.events.due() == Clock::time_point::max());
  poll.attested();
  CHECK(poll.after(29s).empty());  // it is opened, and asked twice
  CHECK(poll.after(1s) == kAttestFirst);
  CHECK(poll.told("0000:01:00.0: it reported an event, measurement-changed: it is attested again"));
  CHECK(poll.events.due() == Clock::time_point::max());  // until it has passed again
  poll.attested();
  CHECK(poll.after(1h).empty());
  CHECK(poll.words.size() == 1);
}

TEST_CASE("events: a session that is lost is followed by an attestation") {
  Poll poll;
  poll.attested();
  CHECK(poll.after(15s).empty());
  poll.device.restart();
  CHECK(poll.after(10s) == kAttestFirst);
  CHECK(poll.told("the session for events was lost: "));
}

TEST_CASE("events: what changed between attestation and subscription is seen, in measurements and in the chain") {
  for (const bool chain : {false, true}) {
    CAPTURE(chain);
    Poll poll;
    const std::unique_ptr<Link> way = poll.device.way();
    Shown shown;
    {
      EventSession look(*way, 0, Clock::now() + 10s);
      shown = {.slot = 0, .chain = look.chain(), .measurements = look.measurements()};
    }
    if (chain)
      shown.chain.back() ^= 1;
    else
      shown.measurements.at(1).value.back() ^= 1;
    poll.events.note(kFirst, shown);
    poll.events.follow(kFirst);
    CHECK(poll.after(0s) == kAttestFirst);
    CHECK(poll.told(chain ? "its certificate chain differs from that of its attestation"
                          : "its measurements differ from those of its attestation"));
  }
}

TEST_CASE("events: without measurements in the attestation none are compared; one less, or one more, is another") {
  Poll poll;
  const std::unique_ptr<Link> way = poll.device.way();
  EventSession look(*way, 0, Clock::now() + 10s);
  const Shown whole{.slot = 0, .chain = look.chain(), .measurements = look.measurements()};
  const auto begins = [&](Shown shown) {
    poll.events.note(kFirst, std::move(shown));
    poll.events.follow(kFirst);
    return poll.after(5min).empty();
  };
  CHECK(begins({.slot = 0, .chain = whole.chain, .measurements = {}}));
  CHECK(begins(whole));
  Shown less = whole;
  less.measurements.pop_back();
  CHECK_FALSE(begins(less));
  Shown more = whole;
  more.measurements.push_back(more.measurements.back());
  CHECK_FALSE(begins(more));
  Shown raw = whole;
  raw.measurements.front().raw = true;
  CHECK_FALSE(begins(raw));
}

TEST_CASE("events: two watchers of one device, or one that tells of changes without end, cost less and less") {
  Poll poll;
  poll.steals = true;
  unsigned attested = 0;
  const Clock::time_point begin = poll.now;
  std::vector<Clock::duration> pauses;
  while (poll.now - begin < 2h) {
    const Clock::time_point before = poll.now;
    poll.attested();
    ++attested;
    REQUIRE(poll.after(1h) == kAttestFirst);
    pauses.push_back(poll.now - before);
  }
  CHECK(pauses.at(0) == 10s);        // the question
  CHECK(pauses.at(1) == 10s + 10s);  // a pause, and the question
  CHECK(pauses.at(2) == 20s + 10s);
  CHECK(pauses.back() == 5min + 10s);
  CHECK(attested < 30);
}

TEST_CASE("events: a session that lasted makes the next pause short again") {
  Poll poll;
  const auto lost_after = [&](Clock::duration time) {
    const Clock::time_point before = poll.now;
    poll.attested();
    while (poll.now - before < time) REQUIRE(poll.after(10s).empty());
    poll.device.restart();
    REQUIRE(poll.after(10min) == kAttestFirst);
  };
  for (int i = 0; i < 4; ++i) lost_after(3min);
  poll.attested();
  CHECK(poll.events.due() == poll.now + 80s);
  lost_after(15min);
  poll.attested();
  CHECK(poll.events.due() == poll.now + 10s);
}

TEST_CASE("events: a device that somebody else uses is asked later, and attested when that does not end") {
  Poll poll;
  poll.attested();
  CHECK(poll.after(15s).empty());
  poll.refuses.emplace(ErrorId::busy, "another spdmctl uses it");
  CHECK(poll.after(85s).empty());
  poll.refuses.reset();
  CHECK(poll.after(15s).empty());  // the session goes on
  CHECK(poll.words.empty());
  poll.refuses.emplace(ErrorId::busy, "another spdmctl uses it");
  CHECK(poll.after(99s) == kAttestFirst);
  CHECK(poll.told("busy 10 times"));
}

TEST_CASE("events: a device with an owner is left alone") {
  Poll poll;
  poll.attested();
  CHECK(poll.after(15s).empty());
  poll.refuses.emplace(ErrorId::owned, "SPDM of it belongs to somebody else");
  const unsigned before = poll.opened;
  CHECK(poll.after(1h).empty());
  CHECK(poll.opened == before + 1);
  CHECK(poll.told("it is not polled for events: SPDM of it belongs to somebody else"));
  CHECK(poll.events.due() == Clock::time_point::max());
}

TEST_CASE("events: a device that has gone is forgotten, and one that does not answer is attested") {
  Poll poll;
  poll.attested();
  CHECK(poll.after(15s).empty());
  poll.refuses.emplace(ErrorId::no_device, "gone");
  CHECK(poll.after(1h).empty());
  CHECK(poll.words.empty());
  poll.refuses.reset();
  poll.attested();
  CHECK(poll.after(15s).empty());
  poll.refuses.emplace(ErrorId::timeout, "asleep");
  CHECK(poll.after(10s) == kAttestFirst);
}

TEST_CASE("events: a device that can open no session is attested once more, and then left to the other occasions") {
  DeviceProfile profile = event_profile();
  Fault junk;
  junk.on = Code::supported_event_types;
  junk.kind = FaultKind::set;
  junk.number = 8;
  junk.bytes = {0, 1, 2, 3};
  junk.times = 1;
  for (const unsigned first : {2U, 4U}) {  // after those of the attestations here
    junk.first = first;
    profile.faults.push_back(junk);
  }
  Poll poll(std::move(profile));
  poll.attested();
  CHECK(poll.after(1h) == kAttestFirst);  // whoever answers otherwise than before may be somebody else
  CHECK(poll.told("cannot open a session for events: SUPPORTED_EVENT_TYPES: VendorIDLen"));
  poll.attested();
  CHECK(poll.after(1h).empty());
  CHECK(poll.told("it is not polled for events: SUPPORTED_EVENT_TYPES: VendorIDLen"));
  CHECK(poll.words.size() == 2);

  Poll slow;
  slow.attested();
  slow.refuses.emplace(ErrorId::timeout, "asleep");
  CHECK(slow.after(1min).empty());
  slow.refuses.reset();
  CHECK(slow.after(1min).empty());  // tried again
  slow.device.restart();
  CHECK(slow.after(1min) == kAttestFirst);
}

TEST_CASE("events: who leaves a session says so") {
  Poll poll;
  poll.attested();
  CHECK(poll.after(15s).empty());
  const unsigned before = poll.opened;
  poll.events.leave(kFirst);
  CHECK(poll.opened == before + 1);
  CHECK(poll.events.due() == Clock::time_point::max());
  poll.events.leave(kFirst);
  CHECK(poll.opened == before + 1);
  poll.attested();
  CHECK(poll.after(5min).empty());
  poll.refuses.emplace(ErrorId::busy, "another spdmctl uses it");
  poll.events.leave_all();  // it does not wait
  CHECK(poll.events.due() == Clock::time_point::max());
}

TEST_CASE("events: so many devices, and no more; a device that was not noted is not asked") {
  Poll poll;
  poll.events.follow(kSecond);
  CHECK(poll.events.due() == Clock::time_point::max());
  for (std::uint8_t i = 0; i < EventPoll::kMost; ++i) {
    const Bdf bdf{0, static_cast<std::uint8_t>(i + 3), 0, 0};
    poll.events.note(bdf, Shown{});
    poll.events.follow(bdf);
  }
  CHECK(poll.words.empty());
  poll.events.note(kFirst, Shown{});
  poll.events.follow(kFirst);
  CHECK(poll.told("0000:01:00.0: it is not polled for events: 32 other devices already are"));
}

TEST_CASE("events: from the attestation to the event, and to the next attestation, which sees what has changed") {
  EventDevice device(event_profile({firmware_changes(1)}));
  Clock::time_point now = Clock::now();
  const auto events = std::make_shared<EventPoll>(
      EventPoll::Options{.interval = 10s, .open = [&](const Bdf&) { return device.way(); }, .tell = nullptr, .now = [&] { return now; }});
  // What the gate does, without a verdict.
  std::vector<Bytes> firmware;
  const Gatekeeper::Attest attest = beside(events, [&](const transport::PciDevice&, const PolicyRule&, Clock::time_point) {
    const std::unique_ptr<Link> way = device.way();
    Wanted wanted;
    wanted.measurements = MeasurementMode::all;
    Evidence evidence;
    collect(*way, wanted, Limits{}, evidence);
    Connection seen(evidence.binding);
    Listener listener;
    for (std::size_t i = 0; i < evidence.log.size(); ++i)
      if (std::optional<Exchange> exchange = listener.hear(evidence.log[i], i)) seen.observe(std::move(*exchange));
    Report report;
    report.connection.emplace().parameters = seen.parameters();
    SlotReport& slot = report.slots.emplace_back();
    slot.chain_bytes = seen.chain(0).chain();
    slot.chain.emplace();
    slot.used = true;
    for (const MeasurementBlock& block : seen.measurements().back().response.blocks) report.measurements.emplace_back().block = block;
    firmware.push_back(report.measurements.at(1).block.value);
    return report;
  });
  transport::PciDevice function;
  function.bdf = kFirst;
  attest(function, PolicyRule{}, Clock::now() + 10s);
  events->follow(kFirst);
  std::vector<Bdf> told;
  for (int i = 0; i < 3 && told.empty(); ++i) {
    now = events->due();
    told = events->poll();
  }
  REQUIRE(told == kAttestFirst);
  attest(function, PolicyRule{}, Clock::now() + 10s);
  events->follow(kFirst);
  CHECK(firmware.at(0) != firmware.at(1));
  now = events->due();
  CHECK(events->poll().empty());  // a session again, and nothing differs
  attest(function, PolicyRule{}, Clock::now() + 10s);
  CHECK(events->due() == Clock::time_point::max());  // it has left the session, and not passed yet
}

TEST_CASE("events: what a report shows of a device") {
  Report report;
  CHECK_FALSE(shown_in(report));
  report.connection.emplace();
  report.connection->parameters.version = k13;
  report.connection->parameters.responder.flags = cap::event;
  SlotReport slot;
  slot.slot = 2;
  slot.chain_bytes = Bytes(40, 1);
  slot.used = true;
  slot.chain.emplace();
  report.slots.push_back(slot);
  Measurement measurement;
  measurement.block = {1, MeasurementType::mutable_firmware, false, Bytes(32, 2)};
  report.measurements.push_back(measurement);
  const std::optional<Shown> shown = shown_in(report);
  REQUIRE(shown);
  CHECK(shown->slot == 2);
  CHECK(shown->chain == slot.chain_bytes);
  CHECK(shown->measurements.at(0).value == Bytes(32, 2));
  report.connection->parameters.version = k12;
  CHECK_FALSE(shown_in(report));
  report.connection->parameters.version = k14;
  CHECK(shown_in(report));
  report.connection->parameters.responder.flags = 0;
  CHECK_FALSE(shown_in(report));
  report.connection->parameters.responder.flags = cap::event;
  report.slots.at(0).slot = kProvisionedKey;
  CHECK_FALSE(shown_in(report));
}
