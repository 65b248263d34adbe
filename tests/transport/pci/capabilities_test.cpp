// The list of capabilities in the first 256 bytes. That of extended space is tested with mailboxes (doe_test.cpp).
#include "transport/pci/capabilities.h"

#include "transport/pci/doe_rig.h"

using namespace rig;

namespace {

fake::Function function_with(std::uint32_t header_type = 0) {
  fake::Function out;
  out.put(0x04, 0x0010'0002);
  out.put(0x0C, header_type << 16);
  out.put(0x34, 0x40);
  out.put(0x40, 0x0002'5010);
  out.put(0x50, 0x8003'0011);
  return out;
}

using List = std::vector<Capability>;
const List kBoth{{kExpressCapability, 0x40}, {kMsixCapability, 0x50}};

}  // namespace

TEST_CASE("capabilities: in the order of the list") {
  fake::Function function = function_with();
  CHECK(capabilities_of(function) == kBoth);
  function.put(0x34, 0xFFFF'FF43);  // reserved bits of a pointer, and of the register that it is in
  function.put(0x40, 0x0002'5310);
  CHECK(capabilities_of(function) == kBoth);
  fake::Function bridge = function_with(0x81);
  CHECK(capabilities_of(bridge) == kBoth);
  fake::Function card_bus = function_with(2);
  card_bus.put(0x14, 0x50);
  CHECK(capabilities_of(card_bus) == List{{kMsixCapability, 0x50}});
}

TEST_CASE("capabilities: none") {
  fake::Function function = function_with();
  function.put(0x34, 0);
  CHECK(capabilities_of(function).empty());
  fake::Function without = function_with();
  without.put(0x04, 0x0000'0002);  // Status has no Capabilities List
  CHECK(capabilities_of(without).empty());
}

TEST_CASE("N356 capabilities: a list that ends nowhere, or elsewhere") {
  fake::Function function = function_with();
  function.put(0x50, 0x8003'4011);
  expect_error(ErrorId::peer, "no end", [&] { capabilities_of(function); });
  CHECK(function.others < 100);
  function.put(0x50, 0x8003'3C11);
  expect_error(ErrorId::peer, "capabilities: next: 0x3c is inside the header", [&] { capabilities_of(function); });
  function.put(0x50, 0xFFFF'FFFF);
  expect_error(ErrorId::peer, "0x50 reads as all ones", [&] { capabilities_of(function); });
  for (const std::size_t accesses : {0U, 1U, 2U, 3U}) {
    fake::Function leaving = function_with();
    leaving.leave_after(accesses);
    expect_error(ErrorId::no_device, "gone", [&] { capabilities_of(leaving); });
  }
}

TEST_CASE("capabilities: as many as fit") {
  fake::Function function = function_with();
  for (std::uint32_t at = 0x40; at < 0x100; at += 4) function.put(static_cast<std::uint16_t>(at), ((at + 4) << 8 & 0xFF00) | 0x09);
  CHECK(capabilities_of(function).size() == 48);
}
