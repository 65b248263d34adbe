// What issuers say of the layers of a device: which certificates count, and what a policy makes of it. And its firmware (FWID).
#include "core/appraisal/layers.h"

#include <array>
#include <functional>

#include "core/appraisal/fwid.h"
#include "core/appraisal/policy_trial.h"

using namespace trial;

namespace {

TcbInfo layer(std::optional<TcbFlags> flags, std::optional<TcbFlags> mask = {}, std::optional<std::uint64_t> svn = {}) {
  TcbInfo out;
  out.flags = flags;
  out.flags_mask = mask;
  out.svn = svn;
  return out;
}

// A chain of root, issuer and leaf in which these certificates say so.
std::function<void(ChainResult&)> saying(std::vector<TcbInfo> root, std::vector<TcbInfo> issuer, std::vector<TcbInfo> leaf,
                                         std::optional<DiceMode> mode = {}) {
  return [=](ChainResult& chain) {
    chain.anchor.emplace();
    chain.anchor->sha256 = kAnchor;
    chain.certificates.assign(3, {});
    chain.certificates[0].sha256 = kAnchor;
    const auto add = [](CertificateInfo& to, const std::vector<TcbInfo>& infos) {
      if (infos.empty()) return;
      ExtensionInfo& extension = to.extensions.emplace_back();
      extension.name = "tcg-dice-TcbInfo";
      extension.tcb_infos = infos;
    };
    add(chain.certificates[0], root);
    add(chain.certificates[1], issuer);
    add(chain.certificates[2], leaf);
    if (!mode) return;
    OpenDiceInput input;
    input.mode = mode;
    ExtensionInfo& extension = chain.certificates[2].extensions.emplace_back();
    extension.name = "open-dice-input";
    extension.open_dice = std::make_shared<OpenDiceInput>(input);
  };
}

constexpr TcbFlags kDebug = bit_of(TcbFlag::debug), kOther = bit_of(TcbFlag::not_replay_protected);

}  // namespace

TEST_CASE("demand: debug is off in each layer below the anchor") {
  Good trial;
  trial.collect();
  trial.question.rule.require.debug_off = true;
  trial.change_chain = saying({layer(kDebug)}, {layer(kOther)}, {layer(kDebug, kOther)});
  check_met(trial.judge());  // the root speaks for itself, and the mask of the leaf leaves the flag out
  for (const TcbFlag flag : {TcbFlag::debug, TcbFlag::not_secure, TcbFlag::recovery, TcbFlag::not_configured}) {
    trial.change_chain = saying({}, {layer(bit_of(flag))}, {});
    check_unmet(trial.judge(), FindingId::debug_enabled,
                cat("its issuer reports: ", name(flag), ", the rule requires normal operation and no debugging"));
  }
  trial.change_chain = saying({}, {}, {}, DiceMode::debug);
  check_unmet(trial.judge(), FindingId::debug_enabled, "its issuer reports: debug, the rule requires normal operation and no debugging");
  trial.change_chain = saying({}, {}, {}, DiceMode::normal);
  check_met(trial.judge());
}

TEST_CASE("demand: where no device mode is measured, the leaf may say that debug is off") {
  Good trial;
  trial.device.blocks.pop_back();
  trial.collect();
  trial.question.rule.require.debug_off = true;
  CHECK(trial.judge().verdict == Verdict::fail);
  trial.change_chain = saying({}, {}, {}, DiceMode::normal);
  check_met(trial.judge());
  trial.change_chain = saying({}, {}, {layer(kOther, kDebug | kOther)});
  check_met(trial.judge());
  trial.change_chain = saying({}, {}, {layer(kOther)});  // of debug nothing is said
  CHECK(trial.judge().verdict == Verdict::fail);
  trial.change_chain = saying({}, {layer(0, kDebug)}, {});  // of another layer
  CHECK(trial.judge().verdict == Verdict::fail);
}

TEST_CASE("demand: security versions of certified layers count") {
  Good trial;
  trial.collect();
  trial.question.rule.require.min_svn = 5;
  trial.change_chain = saying({layer({}, {}, 1)}, {layer({}, {}, 5)}, {layer({}, {}, 9)});
  check_met(trial.judge());
  trial.change_chain = saying({}, {layer({}, {}, 4)}, {layer({}, {}, 9)});
  check_unmet(trial.judge(), FindingId::firmware_too_old, "it is 4, the rule requires 5 or higher");

  Good none;
  none.device.blocks.erase(none.device.blocks.end() - 2);
  none.collect();
  none.question.rule.require.min_svn = 5;
  CHECK(none.judge().verdict == Verdict::fail);
  none.change_chain = saying({}, {}, {layer({}, {}, 5)});
  check_met(none.judge());
}

namespace {

// A leaf with this DiceTcbInfo.
ChainResult leaf_with(const TcbInfo& info) {
  ChainResult out;
  out.certificates.emplace_back();
  ExtensionInfo& extension = out.certificates.back().extensions.emplace_back();
  extension.name = "tcg-dice-TcbInfo";
  extension.tcb_infos = {info};
  return out;
}

TcbInfo firmware(const Bytes& digest) {
  TcbInfo out;
  out.vendor = "ACME";
  out.model = "Widget";
  out.layer = 1;
  out.type = Bytes{1, 2};
  out.fwids = {{"SHA-384", digest}};
  return out;
}

Measurement digest_of(std::uint8_t index, const Bytes& value) {
  Measurement out;
  out.block = {index, MeasurementType::mutable_firmware, false, value};
  out.is_signed = true;
  return out;
}

// Concise evidence of the same environment, with this digest (of 48 bytes).
Measurement concise_evidence(const Bytes& digest) {
  Measurement out;
  Bytes value = unhex(
      "d9023ba100a1008182a100a400d90230420102016441434d4502665769646765740301"
      "81a101a10281820758"
      "30",
      "evidence");
  append(value, digest);
  out.block = {0xFD, MeasurementType::manifest, true, value};
  out.is_signed = true;
  return out;
}

std::string ids(const std::vector<Finding>& findings) {
  std::string out;
  for (const Finding& finding : findings) out += cat(out.empty() ? "" : ",", row(finding.id).name);
  return out;
}

}  // namespace

TEST_CASE("fwid: what the device states as that of its leaf") {
  const ChainResult chain = leaf_with(firmware(Bytes(48, 1)));
  CHECK(fwids_of_leaf(chain) == std::vector<Fwid>{{"SHA-384", Bytes(48, 1)}});
  CHECK(compare_fwid(chain, Bytes(48, 1)) == FwidResult::match);
  CHECK(compare_fwid(chain, Bytes(48, 2)) == FwidResult::mismatch);
  CHECK(compare_fwid(chain, Bytes(32, 1)) == FwidResult::nothing);
  CHECK(compare_fwid({}, Bytes(48, 1)) == FwidResult::nothing);
  const std::array same{Bytes(48, 1)};
  const std::array other{Bytes(48, 2)};
  CHECK(ids(compare_fwids(chain, {}, same, "opaque data")) == "");
  const std::vector<Finding> wrong = compare_fwids(chain, {}, other, "opaque data");
  REQUIRE(ids(wrong) == "fwid-mismatch");
  CHECK(wrong[0].why == cat("the issuer of the leaf names the firmware SHA-384 ", hex(Bytes(48, 1)), ", the device names ",
                            hex(Bytes(48, 2)), " in opaque data"));
}

TEST_CASE("fwid: of RIoT") {
  ChainResult chain;
  chain.certificates.emplace_back();
  CompositeDeviceId id;
  id.fwid = {"SHA-384", Bytes(48, 1)};
  chain.certificates.back().extensions.emplace_back().composite = std::make_shared<CompositeDeviceId>(id);
  CHECK(compare_fwid(chain, Bytes(48, 1)) == FwidResult::match);
}

TEST_CASE("fwid: concise evidence about the same environment") {
  const ChainResult chain = leaf_with(firmware(Bytes(48, 1)));
  const std::array same{concise_evidence(Bytes(48, 1))};
  CHECK(ids(compare_fwids(chain, same)) == "");
  std::array other{concise_evidence(Bytes(48, 2))};
  CHECK(ids(compare_fwids(chain, other)) == "fwid-mismatch");
  other[0].is_signed = false;
  CHECK(ids(compare_fwids(chain, other)) == "");
  other[0].is_signed = true;
  TcbInfo elsewhere = firmware(Bytes(48, 1));
  elsewhere.layer = 2;
  CHECK(ids(compare_fwids(leaf_with(elsewhere), other)) == "");
  TcbInfo nameless;
  nameless.fwids = {{"SHA-384", Bytes(48, 1)}};
  CHECK(ids(compare_fwids(leaf_with(nameless), other)) == "");
}

TEST_CASE("fwid: where nothing says that both are the same it is a note") {
  const ChainResult chain = leaf_with(firmware(Bytes(48, 1)));
  const std::array measured{digest_of(1, Bytes(48, 3)), digest_of(2, Bytes(48, 1))};
  const std::array others{digest_of(1, Bytes(48, 3))};
  const std::array shorter{digest_of(1, Bytes(32, 1))};
  CHECK(ids(compare_fwids(chain, measured)) == "");
  CHECK(ids(compare_fwids(chain, others)) == "fwid-not-measured");
  CHECK(ids(compare_fwids(chain, shorter)) == "");
  const std::array stated{Bytes(48, 1)};
  CHECK(ids(compare_fwids(chain, others, stated, "opaque data")) == "");  // it was compared
}

TEST_CASE("layers: below the anchor; without one, below the root") {
  ChainResult chain;
  CHECK(first_certified(chain) == 0);
  chain.certificates.assign(3, {});
  for (std::size_t i = 0; i < 3; ++i) {
    chain.certificates[i].sha256 = cat(i);
    chain.certificates[i].subject = cat("CN=", i);
    chain.certificates[i].issuer = cat("CN=", i == 0 ? 0 : i - 1);
  }
  CHECK(first_certified(chain) == 1);
  chain.certificates[0].issuer = "CN=above";
  CHECK(first_certified(chain) == 0);
  chain.anchor.emplace();
  chain.anchor->sha256 = "1";
  CHECK(first_certified(chain) == 2);
  chain.anchor->sha256 = "of the keyring only";
  CHECK(first_certified(chain) == 0);
}
