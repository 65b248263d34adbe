#include "cmd/list_endpoints.h"

#include <doctest/doctest.h>

#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>

using namespace spdm;
using namespace spdm::cmd;
using transport::MctpAddress;
using transport::MctpHeader;
using transport::MctpMessage;
using transport::MctpNeighbour;

namespace {

constexpr std::uint8_t kGetMessageTypes = 0x05;  // DSP0236, table of command codes

struct Network {
  std::map<MctpAddress, std::vector<std::uint8_t>> types;  // of those that answer
  std::set<MctpAddress> refused;                           // the kernel lets nothing be sent to
  std::set<MctpAddress> asked;
  std::mutex mutex;
};

// Answers Get Message Type Support at once.
class Socket final : public transport::MctpSocket {
 public:
  explicit Socket(Network& network) : network_(network) {}

  void send(const MctpHeader& to, View message) override {
    const std::lock_guard lock(network_.mutex);
    if (network_.refused.contains(to.peer)) throw Error(ErrorId::permission, "sending takes CAP_NET_RAW");
    network_.asked.insert(to.peer);
    const auto at = network_.types.find(to.peer);
    if (at == network_.types.end() || to.type != kMctpControl || message[1] != kGetMessageTypes) return;
    Bytes answer{static_cast<std::uint8_t>(message[0] & 0x1F), kGetMessageTypes, 0, static_cast<std::uint8_t>(at->second.size())};
    append(answer, at->second);
    answers_.push_back({{to.peer, to.type, static_cast<std::uint8_t>(to.tag & transport::kTagNumber)}, answer});
  }
  std::optional<MctpMessage> receive(Clock::time_point) override {
    if (answers_.empty()) return std::nullopt;
    MctpMessage out = std::move(answers_.front());
    answers_.pop_front();
    return out;
  }
  std::uint8_t take_tag(const MctpAddress&) override { return transport::kTagOwner; }
  void give_back_tag(const MctpAddress&, std::uint8_t) override {}

 private:
  Network& network_;
  std::deque<MctpMessage> answers_;
};

MctpSockets sockets(Network& network, int count) {
  MctpSockets out;
  for (int i = 0; i < count; ++i) out.push_back(std::make_unique<Socket>(network));
  return out;
}

constexpr std::chrono::milliseconds kTimeout{50};

}  // namespace

TEST_CASE("list: endpoints that nobody has asked") {
  const std::vector<ListedEndpoint> endpoints = listed({{{1, 8}, "mctpi2c4", true, false}, {{1, 9}, "mctpi2c4", false, true}});
  REQUIRE(endpoints.size() == 2);
  CHECK(to_text(endpoints) ==
        "ENDPOINT  SPDM     LOCAL  INTERFACE\n"
        "mctp:1:8  unknown  yes    mctpi2c4\n"
        "mctp:1:9  unknown  no     mctpi2c4\n");
  CHECK(to_json(endpoints[1]) ==
        Json::parse(
            R"({"target": "mctp:1:9", "network": 1, "eid": 9, "interface": "mctpi2c4", "local": false, "spdm": null, "secured": null})"));
  CHECK(to_json(endpoints[0])["local"] == true);
  CHECK(endpoints[0].may_speak_spdm());
  CHECK(to_text({}).empty());
}

TEST_CASE("list --mctp: each endpoint of others is asked once, and says what it takes") {
  Network network;
  network.types = {{{1, 9}, {0, 5, 6}}, {{1, 10}, {0, 5}}, {{2, 9}, {0, 1}}};
  std::vector<ListedEndpoint> endpoints = listed({{{1, 8}, "mctpi2c4", true, false},
                                                  {{1, 9}, "mctpi2c4", false, false},
                                                  {{1, 10}, "mctpi2c4", false, true},
                                                  {{2, 9}, "mctpserial0", false, false}});
  ask_endpoints(endpoints, sockets(network, 2), kTimeout);
  CHECK(network.asked == std::set<MctpAddress>{{1, 9}, {1, 10}, {2, 9}});
  CHECK(to_text(endpoints) ==
        "ENDPOINT   SPDM          LOCAL  INTERFACE\n"
        "mctp:1:8   unknown       yes    mctpi2c4\n"
        "mctp:1:9   yes, secured  no     mctpi2c4\n"
        "mctp:1:10  yes           no     mctpi2c4\n"
        "mctp:2:9   -             no     mctpserial0\n");
  const Json secured = to_json(endpoints[1]), plain = to_json(endpoints[2]), other = to_json(endpoints[3]);
  CHECK(secured["message_types"] == Json{"0x00", "0x05", "0x06"});
  CHECK(secured["spdm"] == true);
  CHECK(secured["secured"] == true);
  CHECK(plain["secured"] == false);
  CHECK(other["spdm"] == false);
  CHECK_FALSE(endpoints[3].may_speak_spdm());
}

TEST_CASE("list --mctp: who does not answer, and who cannot be asked") {
  Network network;
  network.refused = {{1, 11}};
  std::vector<ListedEndpoint> endpoints =
      listed({{{1, 9}, "mctpi2c4", false, false}, {{1, 10}, "mctpi2c4", false, true}, {{1, 11}, "mctpi2c4", false, true}});
  ask_endpoints(endpoints, sockets(network, 3), kTimeout);
  for (const ListedEndpoint& listed : endpoints) REQUIRE(listed.error);
  CHECK(endpoints[0].error->id == ErrorId::timeout);
  CHECK(endpoints[0].error->device == "mctp:1:9");
  CHECK(endpoints[0].may_speak_spdm());
  // An EID of a range is nobody's, unless it answers.
  CHECK_FALSE(endpoints[1].is_there());
  CHECK_FALSE(endpoints[1].may_speak_spdm());
  CHECK(to_text({endpoints[1]}).find("no answer") != std::string::npos);
  CHECK(endpoints[2].error->id == ErrorId::permission);
  CHECK(endpoints[2].may_speak_spdm());
  CHECK(to_json(endpoints[2])["error"]["id"] == "permission");
}

TEST_CASE("list --mctp: more endpoints than sockets, and none") {
  Network network;
  std::vector<MctpNeighbour> many;
  for (int eid = transport::kFirstEid; eid <= transport::kLastEid; ++eid) {
    const MctpAddress address{3, static_cast<std::uint8_t>(eid)};
    network.types[address] = {5};
    many.push_back({address, "lo", false, true});
  }
  std::vector<ListedEndpoint> endpoints = listed(many);
  ask_endpoints(endpoints, sockets(network, 4), kTimeout);
  CHECK(network.asked.size() == 247);
  for (const ListedEndpoint& listed : endpoints) CHECK(listed.speaks_spdm());
  std::vector<ListedEndpoint> none;
  ask_endpoints(none, {}, kTimeout);
  std::vector<ListedEndpoint> local = listed({{{1, 8}, "lo", true, false}});
  ask_endpoints(local, {}, kTimeout);
  CHECK_FALSE(local[0].types);
}
