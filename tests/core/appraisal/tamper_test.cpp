// A recorded conversation with one bit changed, anywhere: never a pass. The only bits that may change without notice are
// those that no exchange holds: what wraps a chunk, and what an ERROR says beside its code.
#include "core/appraisal/trial.h"

using namespace trial;

namespace {

bool same_exchanges(const Evidence& a, const Evidence& b) {
  const Analysis left = analyze(a), right = analyze(b);
  if (left.connections.size() != 1 || right.connections.size() != 1) return false;
  const Exchanges &x = left.connections[0].exchanges(), &y = right.connections[0].exchanges();
  return std::equal(x.begin(), x.end(), y.begin(), y.end(),
                    [](const Exchange& p, const Exchange& q) { return p.request == q.request && p.response == q.response; });
}

// Changes one bit of every byte of every message, or all bits of every response. Returns how many were tried.
std::size_t change_bits(const Trial& trial, bool all_bits) {
  REQUIRE(trial.judge().verdict == Verdict::pass);
  std::size_t tried = 0, unnoticed = 0;
  Evidence altered = trial.evidence;
  for (std::size_t i = 0; i < altered.log.size(); ++i) {
    if (all_bits && altered.log[i].from_requester) continue;
    for (std::size_t at = 0; at < altered.log[i].bytes.size(); ++at)
      for (unsigned bit = 0; bit < 8; ++bit) {
        if (!all_bits && bit != (at * 5 + i) % 8) continue;
        std::uint8_t& byte = altered.log[i].bytes[at];
        byte ^= static_cast<std::uint8_t>(1U << bit);
        ++tried;
        const Report report = trial.judge(altered);
        if (report.verdict == Verdict::pass) {
          ++unnoticed;
          CHECK_MESSAGE(same_exchanges(trial.evidence, altered), "message ", i, " byte ", at, " bit ", bit);
        } else {
          CHECK_MESSAGE(report.exit != Exit::ok, "message ", i, " byte ", at, " bit ", bit);
        }
        byte ^= static_cast<std::uint8_t>(1U << bit);
      }
  }
  MESSAGE(tried << " bits changed, " << unnoticed << " of them outside of every exchange");
  return tried;
}

fake::Profile small(std::uint8_t version) {
  fake::Profile out = in_version(version);
  out.chain_size = 120;
  return out;
}

}  // namespace

TEST_CASE("tampering: one bit of every byte, in every version") {
  for (const std::uint8_t version : {k10, k11, k12, k13, k14}) {
    CAPTURE(version_name(version));
    Trial trial(small(version));
    trial.wanted.measurements = MeasurementMode::each;
    trial.collect();
    CHECK(change_bits(trial, false) > 500);
  }
}

TEST_CASE("tampering: every bit of every response") {
  fake::Profile profile = small(k12);
  profile.opaque = {1, 0, 0, 0, 3, 2, 0x36, 0x1B, 2, 0, 0xAB, 0xCD};
  Trial trial(profile);
  trial.collect();
  CHECK(change_bits(trial, true) > 4000);
}

TEST_CASE("tampering: one bit of every byte, in chunks") {
  for (const std::uint8_t version : {k13, k14}) {
    fake::Profile profile = small(version);
    profile.room = 64;
    profile.send_limit = 64;
    Trial trial(profile);
    trial.collect();
    CHECK(change_bits(trial, false) > 500);
  }
}

TEST_CASE("tampering: whole messages left out or swapped") {
  Trial trial(small(k12));
  trial.wanted.measurements = MeasurementMode::none;  // signed measurements would pass without the CHALLENGE
  trial.question.user.depth = Depth::authenticate;
  trial.collect();
  CHECK(trial.judge().verdict == Verdict::pass);
  const MessageLog& log = trial.evidence.log;
  for (std::size_t i = 0; i < log.size(); ++i)
    for (const std::size_t count : {1U, 2U}) {
      CAPTURE(i);
      Evidence altered = trial.evidence;
      const auto at = altered.log.begin() + static_cast<std::ptrdiff_t>(i);
      if (i + count <= log.size()) altered.log.erase(at, at + static_cast<std::ptrdiff_t>(count));
      if (i + count <= log.size()) CHECK(trial.judge(altered).verdict != Verdict::pass);
      altered = trial.evidence;
      if (i + count < log.size()) std::swap(altered.log[i], altered.log[i + count]);
      if (i + count < log.size()) CHECK(trial.judge(altered).verdict != Verdict::pass);
    }
}
