// One answer, or one device, that stands for several.
#include "core/fleet/sightings.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "core/calendar.h"
#include "core/fleet/shown.h"

using namespace spdm;
using fleet::report_of;

namespace {

constexpr const char *kMonday = "2026-11-23T12:00:00Z", *kLater = "2026-11-23T18:00:00Z", *kTuesday = "2026-11-24T12:00:00Z",
                     *kFriday = "2026-11-27T12:00:00Z";

// The pieces of one run, one after the other.
struct Pieces {
  explicit Pieces(bool nonce = false, std::size_t most = kMaxCompared, std::size_t signatures = kMaxComparedSignatures)
      : sightings(nonce, most, signatures) {}

  // The verdict of a piece, and what speaks against it.
  Report add(Report report) {
    for (Finding& finding : sightings.add(report, shown_device(report))) object(report, std::move(finding));
    sightings.told(report.verdict);
    return report;
  }
  std::string taken_back() {
    std::string out;
    for (const TakenBack& one : sightings.finish().taken_back)
      out += cat(one.place, " ", name(one.told), " ", row(one.id).name, " ", one.other, "\n");
    return out;
  }
  Sightings sightings;
};

bool found(const Report& report, FindingId id) {
  return std::any_of(report.findings.begin(), report.findings.end(), [&](const Finding& finding) { return finding.id == id; });
}

Report shared(Report report, bool is_shared = true, std::optional<std::uint32_t> max_age = {}) {
  report.policy.emplace().shared = is_shared;
  report.policy->max_age = max_age;
  return report;
}

}  // namespace

TEST_CASE("sightings: devices of their own have nothing to say of each other") {
  Pieces pieces;
  CHECK(pieces.add(report_of("a:1", 'a', "one", kMonday, 1)).findings.empty());
  CHECK(pieces.add(report_of("a:2", 'b', "two", kMonday, 2)).findings.empty());
  const Together together = pieces.sightings.finish();
  CHECK(together.passing_devices == 2);
  CHECK(together.taken_back_total == 0);
}

TEST_CASE("sightings: the same answer for two devices") {
  Pieces pieces;
  pieces.add(report_of("fleet.ndjson:1", 'a', "one", kMonday, 1));
  Report copy = report_of("fleet.ndjson:2", 'a', "one", kMonday, 1);
  copy.evidence_sha256 = "another target";
  const Report second = pieces.add(copy);
  CHECK(second.verdict == Verdict::fail);
  CHECK(second.exit == Exit::untrusted);
  REQUIRE(found(second, FindingId::signature_repeated));
  CHECK(second.findings.front().why.find("fleet.ndjson:1 and fleet.ndjson:2 have the same signature") == 0);
  CHECK(check_of(second, Check::signature)->status == CheckStatus::fail);
  // The copy again, the first one again, and a third copy: none of them passes.
  CHECK(pieces.add(copy).verdict == Verdict::fail);
  CHECK(pieces.add(report_of("x", 'a', "one", kMonday, 1)).verdict == Verdict::fail);
  copy.evidence_sha256 = "a third target";
  CHECK(pieces.add(copy).verdict == Verdict::fail);
  const Together together = pieces.sightings.finish();
  REQUIRE(together.taken_back.size() == 1);
  CHECK(together.taken_back.front().place == "fleet.ndjson:1");
  CHECK(together.taken_back.front().other == "fleet.ndjson:2");
  CHECK(together.taken_back_passes == 1);
  CHECK(together.passing_devices == 0);
}

TEST_CASE("sightings: the same piece twice is one piece") {
  Pieces pieces;
  const Report piece = report_of("a", 'a', "one", kMonday, 1);
  pieces.add(piece);
  const Report again = pieces.add(piece);
  CHECK(again.verdict == Verdict::pass);
  CHECK(found(again, FindingId::evidence_repeated));
  CHECK(again.findings.size() == 1);
  CHECK(pieces.sightings.finish().passing_devices == 1);
  // Both are taken back when a copy comes.
  Report copy = report_of("c", 'a', "one", kMonday, 1);
  copy.evidence_sha256 = "another";
  CHECK(pieces.add(copy).verdict == Verdict::fail);
  CHECK(pieces.taken_back() == "a pass signature-repeated c\na pass signature-repeated c\n");
}

TEST_CASE("sightings: the same answer counts wherever it stands in a piece") {
  Pieces pieces;
  Report first = report_of("a", 'a', "one", kMonday, 1);
  first.signatures.push_back(first.signatures.front());
  first.signatures.back().answer = Bytes(32, 9);
  CHECK(pieces.add(first).findings.empty());
  Report second = report_of("b", 'a', "one", kMonday, 9);
  CHECK(found(pieces.add(second), FindingId::signature_repeated));
  // Within one piece nothing is a copy.
  Report twice = report_of("c", 'c', "one", kMonday, 3);
  twice.signatures.push_back(twice.signatures.front());
  CHECK(pieces.add(twice).findings.empty());
}

TEST_CASE("sightings: what proves nothing takes nobody down") {
  Pieces pieces;
  for (const int what : {0, 1, 2, 3, 4}) {
    Report forged = report_of("forged", 'a', "two", kMonday, 1);
    if (what == 0) forged.signatures.front().result = SignatureResult::bad;
    if (what == 1) forged.slots.front().chain->trust = Trust::untrusted;
    if (what == 2) forged.slots.front().chain->sound = false;
    if (what == 3) forged.slots.front().used = false;
    if (what == 4) forged.checks[1].status = CheckStatus::fail;  // another signature of it is wrong
    CHECK(pieces.add(forged).findings.empty());
  }
  CHECK(pieces.add(report_of("true", 'a', "one", kMonday, 1)).findings.empty());
  CHECK(pieces.taken_back().empty());
}

TEST_CASE("sightings: one key at two hosts") {
  Pieces pieces;
  pieces.add(report_of("a", 'a', "one", kMonday, 1));
  const Report second = pieces.add(report_of("b", 'a', "two", kLater, 2));
  CHECK(second.verdict == Verdict::fail);
  CHECK(second.exit == Exit::untrusted);
  REQUIRE(found(second, FindingId::device_elsewhere));
  CHECK(second.findings.front().why.find("a and b show the same leaf key") == 0);
  CHECK(check_of(second, Check::identity)->status == CheckStatus::fail);
  CHECK(pieces.taken_back() == "a pass device-elsewhere b\n");
}

TEST_CASE("sightings: every earlier piece that is concerned is told, and no other") {
  Pieces pieces;
  pieces.add(report_of("monday", 'a', "one", kMonday, 1));
  pieces.add(report_of("function 1", 'a', "one", kFriday, 2));
  pieces.add(report_of("function 2", 'a', "one", kFriday, 3));
  pieces.add(report_of("other", 'b', "one", kFriday, 4));
  CHECK(found(pieces.add(report_of("b", 'a', "two", kFriday, 5)), FindingId::device_elsewhere));
  CHECK(pieces.taken_back() == "function 1 pass device-elsewhere b\nfunction 2 pass device-elsewhere b\n");
  CHECK(pieces.sightings.finish().passing_devices == 2);
}

TEST_CASE("sightings: one device, counted once") {
  Pieces pieces;
  pieces.add(report_of("monday", 'a', "one", kMonday, 1));
  const Report tuesday = pieces.add(report_of("tuesday", 'a', "ONE", kTuesday, 2));
  CHECK(tuesday.verdict == Verdict::pass);
  CHECK(found(tuesday, FindingId::device_repeated));
  // Nobody knows of which host a capture is.
  CHECK(pieces.add(report_of("capture", 'a', "", "", 3)).verdict == Verdict::pass);
  // It was moved.
  CHECK(pieces.add(report_of("friday", 'a', "two", kFriday, 4)).verdict == Verdict::pass);
  const Together together = pieces.sightings.finish();
  CHECK(together.passing_devices == 1);
  CHECK(together.taken_back_total == 0);
}

TEST_CASE("sightings: how far apart two hosts may show a device") {
  const auto second = [](const char* time, bool nonce, std::optional<std::uint32_t> max_age) {
    Pieces pieces(nonce);
    pieces.add(shared(report_of("a", 'a', "one", kMonday, 1), false, max_age));
    return pieces.add(shared(report_of("b", 'a', "two", time, 2), false, max_age)).verdict;
  };
  CHECK(second(kTuesday, false, {}) == Verdict::fail);
  CHECK(second("2026-11-24T12:00:01Z", false, {}) == Verdict::pass);
  CHECK(second("2026-11-22T12:00:00Z", false, {}) == Verdict::fail);
  CHECK(second("2026-11-22T11:59:59Z", false, {}) == Verdict::pass);
  CHECK(second(kLater, false, 3600) == Verdict::pass);
  CHECK(second("2026-11-23T13:00:00Z", false, 3600) == Verdict::fail);
  CHECK(second(kFriday, false, 7 * 86'400) == Verdict::fail);
  // A nonce of the verifier was answered now, whatever the hosts say of the time. A host that says none hides it.
  CHECK(second("2020-01-01T00:00:00Z", true, {}) == Verdict::fail);
  CHECK(second("", false, {}) == Verdict::fail);
  CHECK(second("yesterday", false, {}) == Verdict::fail);
}

TEST_CASE("sightings: between two times of a host that are near each other there is no room for another host") {
  Pieces pieces;
  pieces.add(report_of("a1", 'a', "one", "2026-11-23T00:00:00Z", 1));
  pieces.add(report_of("a2", 'a', "one", "2026-11-24T20:00:00Z", 2));  // further apart than a window
  pieces.add(report_of("a3", 'a', "one", "2026-11-30T00:00:00Z", 3));
  CHECK(pieces.add(report_of("b1", 'a', "two", "2026-11-23T23:00:00Z", 4)).verdict == Verdict::fail);
  CHECK(pieces.add(report_of("b2", 'a', "two", "2026-11-27T00:00:00Z", 5)).verdict == Verdict::pass);
  CHECK(pieces.taken_back() == "a1 pass device-elsewhere b1\na2 pass device-elsewhere b1\n");
}

TEST_CASE("sightings: a device that hosts may share") {
  Pieces pieces;
  pieces.add(shared(report_of("a", 'a', "one", kMonday, 1)));
  const Report second = pieces.add(shared(report_of("b", 'a', "two", kMonday, 2)));
  CHECK(second.verdict == Verdict::pass);
  CHECK(found(second, FindingId::device_repeated));
  CHECK(pieces.sightings.finish().passing_devices == 1);
  // The rules of both must say so, and a copied answer is none of its own.
  CHECK(found(pieces.add(report_of("c", 'a', "three", kMonday, 3)), FindingId::device_elsewhere));
  Report copy = shared(report_of("d", 'a', "four", kMonday, 1));
  copy.evidence_sha256 = "another";
  CHECK(found(pieces.add(copy), FindingId::signature_repeated));
}

TEST_CASE("sightings: what is more than is compared does not pass") {
  Pieces few(false, 2);
  CHECK(few.add(report_of("a", 'a', "one", kMonday, 1)).verdict == Verdict::pass);
  CHECK(few.add(report_of("b", 'b', "one", kMonday, 2)).verdict == Verdict::pass);
  const Report third = few.add(report_of("c", 'c', "one", kMonday, 3));
  CHECK(third.verdict == Verdict::undetermined);
  CHECK(found(third, FindingId::not_compared));

  Pieces signatures(false, 100, 1);
  CHECK(signatures.add(report_of("a", 'a', "one", kMonday, 1)).verdict == Verdict::pass);
  CHECK(signatures.add(report_of("b", 'b', "one", kMonday, 2)).verdict == Verdict::undetermined);

  Pieces moves;
  Verdict last = Verdict::pass;
  for (int i = 0; i <= static_cast<int>(kMaxSpells); ++i)
    last = moves.add(report_of("a", 'a', cat("host ", i), utc_of(1'700'000'000 + i * 2 * kDay), static_cast<std::uint8_t>(i))).verdict;
  CHECK(last == Verdict::undetermined);
}

TEST_CASE("sightings: many pieces are found again") {
  DigestTable table;
  const auto digest = [](std::uint32_t i) {
    Bytes out(32);
    for (std::size_t b = 0; b < 4; ++b) out[11 - b] = static_cast<std::uint8_t>(i >> (8 * b));  // all begin in the same place
    return out;
  };
  for (std::uint32_t i = 0; i < 3000; ++i) REQUIRE(table.insert(digest(i), i) == i);
  for (std::uint32_t i = 0; i < 3000; ++i) REQUIRE(table.insert(digest(i), 5000) == i);
  CHECK(table.size() == 3000);
  CHECK(!table[digest(3000)]);
  CHECK(table[digest(2999)] == 2999);
}
