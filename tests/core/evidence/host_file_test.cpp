#include "core/evidence/host_file.h"

#include "core/text.h"
#include "core/wire/ide_registers.h"
#include "small_evidence.h"

using namespace small_evidence;

TEST_CASE("what the platform said is read as strictly as the rest") {
  const auto refused_platform = [](std::string_view platform, const std::string& why) {
    refused(R"({"target":"x"})", cat(R"({"target":"x","platform":)", platform, "}"), why);
  };
  CHECK(read_evidence(replaced(R"({"target":"x"})", R"({"target":"x","platform":{}})"), "e").host.platform == PlatformView{});
  refused_platform("[]", "host.platform: is not an object");
  refused_platform(R"({"grammar":"absent"})", "host.platform.grammar: is not a grammar");
  refused_platform(R"({"grammar":"verdict","is_authenticated":1})", "host.platform.is_authenticated: is neither");
  refused_platform(R"({"is_authenticated":true})", "host.platform: says 'authenticated' without its grammar");
  refused_platform(R"({"tsm_connected":null})", "host.platform.tsm_connected: is not a string");
  refused_platform(R"({"certificate_slots":[8]})", "host.platform.certificate_slots[0]: is more than 7");
  refused_platform(R"({"certificate_slots":[1,1]})", "host.platform.certificate_slots[1]: is not in ascending order");
  refused_platform(R"({"certificate_slots":["1"]})", "host.platform.certificate_slots[0]: is not a number");
  refused_platform(R"({"signatures":-1})", "host.platform.signatures: is not a number");
  refused_platform(R"({"signatures":01})", "host.platform.signatures: is not a number");
  refused_platform(R"({"signatures":1.5})", "',' or '}' is missing");
  refused_platform(R"({"signatures":65537})", "host.platform.signatures: is more than 65536");
  refused_platform(R"({"signatures":99999999999999999999999})", "host.platform.signatures: is more than 65536");
  refused_platform(R"({"verdict":"pass"})", "unknown key");
}

TEST_CASE("what the host knows of a drive is read as strictly as the rest") {
  const auto with = [](const std::string& members) {
    return replaced(R"({"target":"x"})", cat(R"({"target":"x","drive":{)", members, "}}"));
  };
  const auto discovery = [&](std::string_view members) { return with(cat(R"("transport":"sata","discovery":{)", members, "}")); };
  CHECK(read_evidence(with(R"("transport":"sata")"), "e").host.drive ==
        DriveView{.model = "", .serial = "", .firmware = "", .transport = "sata", .discovery = {}});
  refused(with(""), "host.drive: ");
  refused(with(R"("transport":1)"), "host.drive.transport: is not a string");
  refused(with(R"("transport":"x","vendor":"y")"), "unknown key");
  refused(discovery(R"("version":4096)"), "host.drive.discovery: ");
  refused(discovery(R"("version":65536,"connections":1,"operations":32,"byte_order":"big-endian")"), ".version: is more than 65535");
  refused(discovery(R"("version":4096,"connections":5,"operations":32,"byte_order":"big-endian")"), ".connections: is more than 4");
  refused(discovery(R"("version":4096,"connections":1,"operations":256,"byte_order":"big-endian")"), ".operations: is more than 255");
  refused(discovery(R"("version":4096,"connections":1,"operations":32,"byte_order":"middle")"), ".byte_order: is not a byte order");
}

TEST_CASE("what the host knows of an MCTP endpoint is read as strictly as the rest") {
  const auto with = [](const std::string& members) {
    return replaced(R"({"target":"x"})", cat(R"({"target":"x","mctp":{)", members, "}}"));
  };
  CHECK(read_evidence(with(R"("eid":9)"), "e").host.mctp == MctpView{{}, 9, ""});
  refused(with(""), "host.mctp: ");
  refused(with(R"("eid":256)"), "host.mctp.eid: is more than 255");
  refused(with(R"("eid":"9")"), "host.mctp.eid: is not a number");
  refused(with(R"("eid":9,"network":0)"), "host.mctp.network: is not the number of a network");
  refused(with(R"("eid":9,"network":4294967296)"), "host.mctp.network: is more than 4294967295");
  refused(with(R"("eid":9,"interface":1)"), "host.mctp.interface: is not a string");
  refused(with(R"("eid":9,"tag":1)"), "unknown key");
}

TEST_CASE("what the host saw of PCI encryption is read as strictly as the rest") {
  const auto with = [](const std::string& members) {
    return replaced(R"({"target":"x"})", cat(R"({"target":"x","encryption":{"tee_io":false,"bars":[])", members, "}}"));
  };
  CHECK(read_evidence(with(""), "e").host.encryption == EncryptionView{});
  CHECK_FALSE(read_evidence(kSmall, "e").host.encryption);
  const EncryptionView unread = *read_evidence(with(R"(,"root_port":"0:1.0","root_port_unread":"asleep")"), "e").host.encryption;
  CHECK(unread.root_port_unread == "asleep");
  CHECK(unread.root_port == "0:1.0");
  const auto refused_member = [&](const std::string& member, const std::string& why) {
    refused(with("," + member), "host.encryption" + why);
  };
  refused(R"({"target":"x"})", R"({"target":"x","encryption":{}})", "host.encryption: ");
  refused(R"({"target":"x"})", R"({"target":"x","encryption":{"tee_io":1,"bars":[]}})", "host.encryption.tee_io: is neither");
  refused_member(R"("ide":"")", ".ide: IDE registers: stream blocks");
  refused_member(R"("ide":"0000000000")", ".ide: IDE registers: size: 5 bytes are not a whole number of registers");
  refused_member(R"("ide":"0100000000000000")", ".ide: IDE registers: stream blocks");
  refused_member(R"("ide":"ffffffff00000000")", ".ide: IDE registers: register 0x004: reads as all ones");
  refused_member(R"("ide":"000000000000000000000000")", ".ide: has 4 bytes after the last stream");
  refused_member(R"("ide":"0A00000000000000")", ".ide: is not hex digits in lower case");
  refused_member(R"("ide":"00 00000000000000")", ".ide: is not hex digits in lower case");
  refused_member(R"("ide":"0x")", ".ide: ");
  refused_member(cat(R"("ide":")", std::string(2 * kMaxIdeRegisters + 2, '0'), '"'), ".ide: has 7674 digits; the limit is 7672");
  refused_member(R"("ide":null)", ".ide: is not a string");
  refused_member(R"("root_port_ide":"0000000000000000")", ": has registers of a root port without its address");
  refused_member(R"("root_port":"x","root_port_ide":"0000000000000000","root_port_unread":"")",
                 ": has registers of a root port that could not be read");
  refused_member(R"("msix_control":65536)", ".msix_control: is more than 65535");
  refused_member(R"("streams":[])", ": unknown key");
  const auto refused_bars = [](const std::string& bars, const std::string& why) {
    refused(R"({"target":"x"})", cat(R"({"target":"x","encryption":{"tee_io":true,"bars":[)", bars, "]}}"), "host.encryption.bars" + why);
  };
  const auto bar = [](int index, std::string_view begin, std::string_view size) {
    return cat(R"({"index":)", index, R"(,"begin":")", begin, R"(","size":")", size, "\"}");
  };
  constexpr std::string_view kNone = "0000000000000000", kOne = "0000000000000001", kLast = "ffffffffffffffff";
  refused_bars(bar(7, kNone, kOne), "[0].index: is more than 6");
  refused_bars(bar(0, kNone, kOne) + "," + bar(0, kNone, kOne), "[1]: is not in ascending order");
  refused_bars(bar(0, "00", kOne), "[0].begin: is not 16 hex digits");
  refused_bars(bar(0, kNone, "000000000000000001"), "[0].size: has 18 digits; the limit is 16");
  refused_bars(bar(0, kNone, kNone), "[0]: is not a range of addresses");
  refused_bars(bar(0, kLast, "0000000000000002"), "[0]: is not a range of addresses");
  refused_bars(R"({"index":0})", "[0]: ");
  CHECK(read_evidence(
            replaced(R"({"target":"x"})", cat(R"({"target":"x","encryption":{"tee_io":true,"bars":[)", bar(6, kLast, kOne), "]}}")), "e")
            .host.encryption->bars.front()
            .begin == 0xFFFF'FFFF'FFFF'FFFF);
}
