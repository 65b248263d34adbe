// Extensions of certificates as documents have them.
#include "core/appraisal/extension_json.h"

#include <doctest/doctest.h>

#include <memory>
#include <nlohmann/json.hpp>

using namespace spdm;

TEST_CASE("extension: the firmware that a layer was certified with") {
  ExtensionInfo in;
  TcbInfo& info = in.tcb_infos.emplace_back();
  info.vendor = "ACME";
  info.fwids = {{"SHA-384", {1, 2}}, {"SHA-512", {3}}};
  CHECK(to_json(in)["tcb_infos"].dump() ==
        R"([{"vendor":"ACME","fwids":[{"algorithm":"SHA-384","digest":"0102"},{"algorithm":"SHA-512","digest":"03"}]}])");
}

TEST_CASE("extension: the mode of the Open Profile for DICE") {
  OpenDiceInput dice;
  dice.code_hash = Bytes{0xAB};
  dice.mode = DiceMode::debug;
  ExtensionInfo in;
  in.open_dice = std::make_shared<OpenDiceInput>(dice);
  CHECK(to_json(in)["open_dice"].dump() == R"({"code_hash":"ab","mode":"debug"})");
}
