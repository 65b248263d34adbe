// CBOR of others: conceptual message wrappers and signatures of collectors around tokens, and around other evidence.
#include "core/evidence/cbor_document.h"

#include <doctest/doctest.h>

#include <array>

#include "core/crypto/jws.h"
#include "core/evidence/eat_trial.h"
#include "core/evidence/file.h"

using namespace spdm;
using eat::collected;
using eat::contains;
using eat::Item;
using eat::judge;
using eat::refused;
using eat::token_of;

namespace {

Item record(Item type, View contents) { return eat::list({std::move(type), eat::bytes(to_bytes(contents))}); }

Item sign1(View payload) {
  return eat::tag(18, eat::list({eat::bytes({0xA1, 0x01, 0x26}), eat::map({}), eat::bytes(to_bytes(payload)), eat::bytes(Bytes(64, 1))}));
}

}  // namespace

TEST_CASE("wrappers of every form, signed and not, hold tokens and other evidence") {
  const trial::Trial trial = collected(k12);
  const Bytes token = token_of(trial.evidence);
  Item tree = cbor::read(token);
  const Bytes plain = eat::encode(tree.items.front());
  // TN() of RFC 9277 appendix B: content format 263 has the tag 1668547081.
  const std::array forms{
      plain,
      eat::encode(eat::tag(61, eat::tag(601, tree.items.front()))),
      eat::encode(eat::tag(55799, tree)),
      eat::encode(record(eat::text("application/eat-ucs+cbor; eat_profile=x"), token)),
      eat::encode(record(eat::number(267), token)),
      eat::encode(record(eat::number(64999), token)),
      eat::encode(eat::tag(1668547081, eat::bytes(token))),
      eat::encode(sign1(token)),
      eat::encode(eat::tag(61, sign1(plain))),
      eat::encode(sign1(eat::encode(record(eat::number(267), token)))),
      to_bytes(as_bytes(cat(R"(["application/eat-ucs+cbor",")", crypto::base64url(token), R"(",4])"))),
      to_bytes(as_bytes(cat(R"({"__cmwc_t":"tag:x","gpu":["application/eat+cwt",")", crypto::base64url(token), R"("]})"))),
      eat::encode(record(eat::text("application/x"), as_bytes(write_evidence(trial.evidence))))};
  for (std::size_t i = 0; i < forms.size(); ++i) {
    CAPTURE(i);
    CHECK(may_hold_several(forms[i]));
    std::vector<EvidencePart> parts = load_parts(forms[i], "token");
    REQUIRE(parts.size() == 1);
    REQUIRE_FALSE(parts.front().error);
    CHECK(judge(trial, parts.front().evidence).verdict == Verdict::pass);
    const bool is_signed = i >= 7 && i <= 9;
    CHECK(contains(parts.front().evidence.collector, "that was not checked") == is_signed);
  }
  const Item collection =
      eat::map({eat::text("__cmwc_t"), eat::text("tag:x"), eat::number(0), record(eat::number(267), token), eat::text("b"),
                eat::tag(1668547081, eat::bytes(token)), eat::text("c"), record(eat::text("application/x"), Bytes{1, 2}), eat::text("d"),
                eat::map({eat::number(1), record(eat::number(267), token)}), eat::text("not evidence"),
                eat::list({eat::text("application/x"), eat::bytes({1}), eat::number(8)})});
  const std::vector<EvidencePart> parts = load_parts(eat::encode(collection), "token");
  REQUIRE(parts.size() == 4);
  CHECK(parts[0].label == "[0][spdm:]");
  CHECK_FALSE(parts[0].error);
  CHECK_FALSE(parts[1].error);
  CHECK(parts[1].label == "[b][spdm:]");
  CHECK(parts[2].label == "[c]");
  CHECK(parts[2].error);
  CHECK(parts[3].label == "[d][1][spdm:]");
}

TEST_CASE("a wrapper that is none, says what is not so, or goes too deep is refused") {
  const Bytes token = token_of(collected(k12).evidence);
  const auto wrapped = [](const Item& item) { return refused(eat::encode(item)); };
  CHECK(contains(wrapped(record(eat::number(267), as_bytes("{\"a\": 1}"))), "is not CBOR"));
  CHECK(contains(wrapped(record(eat::text("application/cmw+json"), token)), "is not JSON"));
  CHECK(contains(wrapped(eat::list({eat::text("a/b"), eat::number(1)})), "not a conceptual message wrapper"));
  CHECK(contains(wrapped(eat::list({eat::text("a/b"), eat::bytes(token), eat::text("x")})), "not a conceptual message wrapper"));
  CHECK(contains(wrapped(eat::list({eat::text("a/b"), eat::bytes(token), eat::number(8)})), "no evidence"));
  CHECK(contains(wrapped(eat::tag(1668547081, eat::text("x"))), "not a byte string"));
  CHECK(contains(wrapped(eat::tag(1668547072, eat::bytes(token))), "unknown tag"));  // no content format has it
  CHECK(contains(wrapped(eat::tag(1668612096, eat::bytes(token))), "unknown tag"));
  CHECK(contains(wrapped(eat::tag(98, eat::bytes(token))), "unknown tag"));
  CHECK(contains(wrapped(eat::tag(601, eat::map({eat::number(1), record(eat::number(267), token)}))), "not a token"));
  CHECK(contains(wrapped(eat::tag(18, eat::list({eat::bytes({}), eat::map({}), eat::bytes(token)}))), "COSE_Sign1"));
  CHECK(contains(wrapped(eat::tag(18, eat::bytes(token))), "COSE_Sign1"));
  CHECK(contains(wrapped(eat::map({eat::bytes({1}), record(eat::number(267), token)})), "keys"));
  Item deep = sign1(token);
  for (int i = 0; i < 6; ++i) deep = sign1(eat::encode(deep));
  CHECK(contains(wrapped(deep), "wrappers inside each other"));
  Item tags = cbor::read(token);
  for (int i = 0; i < 100; ++i) tags = eat::tag(61, std::move(tags));
  CHECK(contains(wrapped(tags), "nests deeper"));
}
