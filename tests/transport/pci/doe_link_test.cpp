// Whole attestations through simulated mailboxes, and which of several mailboxes is taken.
#include "transport/pci/doe_link.h"

#include "core/protocol/collect.h"
#include "core/responder/fixture.h"
#include "support/fake_link.h"
#include "transport/pci/doe_rig.h"

using namespace rig;

namespace {

// The link owns its configuration space; the test looks on.
class Window final : public ConfigSpace {
 public:
  explicit Window(fake::Function& function) : function_(function) {}
  std::uint32_t read32(std::uint16_t offset) override { return function_.read32(offset); }
  void write32(std::uint16_t offset, std::uint32_t value) override { function_.write32(offset, value); }

 private:
  fake::Function& function_;
};

std::unique_ptr<Link> link_to(fake::Function& function, const DoeLinkOptions& options = {}) {
  return doe_link(std::make_unique<Window>(function), options);
}

const Bytes kHello{0x10, 0x84, 0, 0};

using Profile = std::shared_ptr<const DeviceProfile>;

Profile profile_of(std::uint8_t version, std::uint32_t room) {
  DeviceProfile device = test::new_device();
  device.versions = {version};
  device.data_transfer_size = room;
  return std::make_shared<const DeviceProfile>(std::move(device));
}

Wanted everything(std::uint8_t version) {
  Wanted out;
  out.measurements = MeasurementMode::all;
  out.extension_log = version >= k13;
  out.endpoint_info = version >= k13;
  out.nonce = Block<32>{1, 2, 3};
  return out;
}

MessageLog collect_from(Link& link, const Wanted& wanted) {
  Evidence evidence;
  collect(link, wanted, {}, evidence);
  return evidence.log;
}

MessageLog collect_directly(const Profile& profile, const Wanted& wanted, std::size_t room) {
  Responder responder(profile);
  fake::Link link([&](View request) { return responder.respond(request).bytes; }, Binding::none, room);
  return collect_from(link, wanted);
}

// How many bytes of a message have nothing random in them: what comes before the responder's nonce, and from 1.3 on before
// the context at the end of a request.
std::size_t fixed_size(const Bytes& message) {
  const Header header = read_header(message);
  switch (header.code) {
    case Code::challenge:
    case Code::get_measurements:
      return message.size() - (header.version >= k13 ? 8 : 0);
    case Code::challenge_auth:
      return 4 + 32;  // CertChainHash, SHA-256
    case Code::measurements:
      return 8 + (message[5] | std::size_t{message[6]} << 8);
    case Code::endpoint_info:
      return 4;
    default:
      return message.size();
  }
}

void same_up_to_padding_and_nonces(const MessageLog& direct, const MessageLog& through) {
  REQUIRE(direct.size() == through.size());
  CHECK(direct.size() >= 14);
  for (std::size_t i = 0; i < direct.size(); ++i) {
    const Bytes& a = direct[i].bytes;
    const Bytes& b = through[i].bytes;
    CAPTURE(i);
    REQUIRE(direct[i].from_requester == through[i].from_requester);
    REQUIRE(b.size() == (direct[i].from_requester ? a.size() : (a.size() + 3) / 4 * 4));
    const std::size_t size = fixed_size(a);
    CHECK(equal(View(a).first(size), View(b).first(size)));
    CHECK(View(b).size() - a.size() <= 3);
    for (std::size_t at = a.size(); at < b.size(); ++at) CHECK(b[at] == 0);
  }
}

}  // namespace

TEST_CASE("doe link: an attestation is the same as without a mailbox, in all versions") {
  for (const std::uint8_t version : test::all_versions())
    for (const std::uint8_t capability : std::vector<std::uint8_t>{1, 2}) {
      CAPTURE(version);
      const Profile profile = profile_of(version, kEmuMaxReceive);
      Responder responder(profile);
      Rig rig(capability, [&](View request) { return responder.respond(request).bytes; });
      const std::unique_ptr<Link> link = link_to(rig.function);
      same_up_to_padding_and_nonces(collect_directly(profile, everything(version), kEmuMaxReceive),
                                    collect_from(*link, everything(version)));
      CHECK(rig.box.violations.empty());
      CHECK(rig.box.accesses.abort == 1);
    }
}

TEST_CASE("doe link: a message of 100 kB in one object") {
  constexpr std::size_t kRoom = std::size_t{1} << 17;
  DeviceProfile device = test::new_device();
  device.versions = {k14};
  device.data_transfer_size = kRoom;
  device.max_message_size = kRoom;
  device.log = {{8, 0x89, Bytes(30'000, 1)}, {8, 0x89, Bytes(60'000, 2)}, {8, 0x89, Bytes(10'000, 3)}};
  const auto profile = std::make_shared<const DeviceProfile>(std::move(device));
  Responder responder(profile);
  Rig rig(2, [&](View request) { return responder.respond(request).bytes; });
  const std::unique_ptr<Link> link = link_to(rig.function, {.max_receive = kRoom});
  const MessageLog log = collect_from(*link, everything(k14));
  same_up_to_padding_and_nonces(collect_directly(profile, everything(k14), kRoom), log);
  std::size_t largest = 0;
  for (const Message& message : log) largest = std::max(largest, message.bytes.size());
  CHECK(largest > 100'000);
  CHECK(rig.box.violations.empty());
}

TEST_CASE("doe link: limits are those of the mailbox") {
  Rig rig;
  CHECK(link_to(rig.function)->binding() == Binding::doe);
  CHECK(link_to(rig.function)->max_receive() == 4600);
  CHECK(link_to(rig.function)->max_send() == 4600);
  const std::unique_ptr<Link> link = link_to(rig.function, {.max_receive = 41 + 1});
  CHECK(link->max_receive() == 42);
  CHECK(link->exchange(pattern(42), soon()) == padded(pattern(42)));
  expect_error(ErrorId::peer, "an answer of 56 bytes; we take 52", [&] { link->exchange(pattern(48), soon()); });
  CHECK(link->exchange(pattern(42), soon()) == padded(pattern(42)));
}

TEST_CASE("doe link: nothing is touched before the first exchange, and discovery runs once") {
  Rig rig;
  const std::unique_ptr<Link> link = link_to(rig.function);
  CHECK(rig.box.accesses.total() + rig.function.others == 0);
  CHECK(link->exchange(kHello, soon()) == kHello);
  CHECK(link->exchange(kHello, soon()) == kHello);
  CHECK(rig.box.objects == 3 + 2);
  CHECK(rig.box.accesses.abort == 1);
}

TEST_CASE("doe link: the discovery tells whether sessions are carried, at no other access") {
  Rig rig;
  const std::unique_ptr<Link> link = link_to(rig.function);
  CHECK(!link->carries_sessions());
  link->exchange(kHello, soon());
  const std::size_t before = rig.box.accesses.total() + rig.function.others;
  CHECK(link->carries_sessions());
  CHECK(rig.box.accesses.total() + rig.function.others == before);
  const SecuredReply reply = link->exchange_secured(pattern(42), soon());
  CHECK(reply.is_secured);
  CHECK(reply.bytes == padded(pattern(42)));
  rig.box.strike({.first = 0x0001'0001});
  CHECK(!link->exchange_secured(pattern(42), soon()).is_secured);
  CHECK(rig.box.objects == 3 + 3);
  rig.function.leave_after(0);
  expect_error(ErrorId::no_device, "gone", [&] { link->exchange_secured(pattern(42), soon()); });
  rig.function.leave_after(1'000'000);
  expect_error(ErrorId::no_device, "gone", [&] { link->exchange_secured(pattern(42), soon()); });
}

TEST_CASE("doe link: a mailbox without secured CMA-SPDM is asked nothing of the kind") {
  fake::Function function;
  fake::Mailbox& box = function.add(1, {{1, 0}, {1, 1}}, echo);
  function.add(1, {{1, 0}, {1, 1}, {1, 2}}, echo);  // another connection: it is not ours
  const std::unique_ptr<Link> link = link_to(function);
  link->exchange(kHello, soon());
  CHECK(!link->carries_sessions());
  const std::size_t before = box.accesses.total();
  expect_error(ErrorId::unsupported, "carries no secured CMA-SPDM (0001:02)", [&] { link->exchange_secured(pattern(42), soon()); });
  CHECK(box.accesses.total() == before);
  CHECK(link->exchange(kHello, soon()) == kHello);
}

TEST_CASE("doe link: the first mailbox that carries CMA-SPDM is taken") {
  fake::Function function;
  const auto never = [](View) -> Bytes { return {}; };
  function.add(1, {{1, 0}, {0x1E98, 2}}, never);  // CXL: Table Access
  fake::Mailbox& second = function.add(2, {{1, 0}, {1, 1}}, echo);
  fake::Mailbox& third = function.add(2, {{1, 0}, {1, 1}}, never);
  CHECK(link_to(function)->exchange(kHello, soon()) == kHello);
  CHECK(second.objects == 3);
  CHECK(third.accesses.total() == 0);
}

TEST_CASE("doe link: a mailbox that is busy or broken is passed over, but not taken for one without SPDM") {
  for (const int what : {0, 1, 2, 3}) {
    CAPTURE(what);
    fake::Function function;
    fake::Mailbox& first = function.add(1, {{1, 0}, {1, 1}}, echo);
    const DoeLinkOptions options{.limits = short_limits()};
    if (what == 0) first.be_busy(fake::kForEver);
    if (what == 1) first.leave_answer(3);
    if (what == 2) first.strike({.times = fake::kForEver, .silent = true});
    if (what == 3) first.strike({.times = fake::kForEver, .first = 0x0001'0001});
    const ErrorId id = what < 2 ? ErrorId::busy : what == 2 ? ErrorId::timeout : ErrorId::peer;
    expect_error(id, "DOE mailbox at 0x150", [&] { link_to(function, options)->exchange(kHello, soon()); });
    if (what < 2) CHECK(first.accesses.writes() == 0);
    function.add(1, {{1, 0}, {0x1E98, 2}}, echo);
    expect_error(id, "DOE mailbox at 0x150", [&] { link_to(function, options)->exchange(kHello, soon()); });
    function.add(2, {{1, 0}, {1, 1}}, echo);
    CHECK(link_to(function, options)->exchange(kHello, soon()) == kHello);
  }
}

TEST_CASE("doe link: --force aborts what somebody else left") {
  Rig rig;
  rig.box.leave_answer(3);
  CHECK(link_to(rig.function, {.force = true})->exchange(kHello, soon()) == kHello);
  rig.box.be_busy(fake::kForEver);
  CHECK(link_to(rig.function, {.force = true})->exchange(kHello, soon()) == kHello);
  CHECK(rig.box.violations.empty());
}

TEST_CASE("doe link: no mailbox, and none with CMA-SPDM") {
  fake::Function function;
  expect_error(ErrorId::no_spdm, "no DOE mailbox", [&] { link_to(function)->exchange(kHello, soon()); });
  function.add(1, {{1, 0}}, echo);
  expect_error(ErrorId::no_spdm, "1 DOE mailbox, but none carries", [&] { link_to(function)->exchange(kHello, soon()); });
  function.add(2, {{1, 0}, {0x1E98, 2}}, echo);
  expect_error(ErrorId::no_spdm, "2 DOE mailboxes, but none carries", [&] { link_to(function)->exchange(kHello, soon()); });
}

TEST_CASE("doe link: after an error the same link goes on, after the device has left it does not") {
  Rig rig;
  const std::unique_ptr<Link> link = link_to(rig.function, {.limits = short_limits()});
  CHECK(link->exchange(kHello, soon()) == kHello);
  rig.box.strike({.silent = true});
  expect_error(ErrorId::timeout, "no answer", [&] { link->exchange(kHello, soon()); });
  CHECK(link->exchange(kHello, soon()) == kHello);
  rig.function.leave_after(5);
  expect_error(ErrorId::no_device, "gone", [&] { link->exchange(kHello, soon()); });
  rig.function.leave_after(1'000'000);
  expect_error(ErrorId::no_device, "gone", [&] { link->exchange(kHello, soon()); });

  Rig other;
  const std::unique_ptr<Link> never = link_to(other.function);
  other.function.leave_after(0);
  expect_error(ErrorId::no_device, "gone", [&] { never->exchange(kHello, soon()); });
}
