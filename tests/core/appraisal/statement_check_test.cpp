// One signature, and the algorithms that it may be of.
#include "core/appraisal/statement_check.h"

#include "core/appraisal/trial.h"

using namespace trial;

namespace {

struct Signed {
  explicit Signed(std::uint8_t version = k11) : trial(in_version(version)) {
    trial.collect();
    analysis = analyze(trial.evidence);
    key = *trial.device.good_chain(0, 0).leaf_key;
  }

  const Connection& connection() const { return analysis.connections.back(); }
  const Statement& statement() const { return connection().statements().back(); }
  AlgorithmPair right() const { return candidates_of(connection()).front(); }
  // The right key with a hash that was not used.
  AlgorithmPair wrong() const { return {right().asym, find_hash(right().hash->name == "SHA-512" ? "SHA-256" : "SHA-512")}; }

  Trial trial;
  Analysis analysis;
  crypto::PublicKey key;
};

}  // namespace

TEST_CASE("the candidate that fits is found, in any place") {
  const Signed one;
  for (const auto& candidates :
       {std::vector{one.right()}, std::vector{one.wrong(), one.right()}, std::vector{one.wrong(), one.wrong(), one.right()}}) {
    unsigned guesses = 0;
    const auto found = check(one.connection(), one.statement(), one.key, candidates, guesses);
    REQUIRE(found);
    CHECK(found->algorithms.hash == one.right().hash);
    CHECK(found->digest == crypto::hash(*one.right().hash, one.connection().transcript(one.statement())));
    CHECK(!found->is_reversed);
    CHECK(guesses == candidates.size() - 1);
  }
  unsigned guesses = 0;
  CHECK(!check(one.connection(), one.statement(), one.key, {one.wrong()}, guesses));
}

TEST_CASE("guesses end, and the first candidate is always tried") {
  const Signed one;
  unsigned guesses = kMaxGuesses - 1;
  CHECK(check(one.connection(), one.statement(), one.key, {one.wrong(), one.right()}, guesses));
  CHECK(!check(one.connection(), one.statement(), one.key, {one.wrong(), one.right()}, guesses));
  CHECK(check(one.connection(), one.statement(), one.key, {one.right()}, guesses));
}

TEST_CASE("which signatures nobody can check without the negotiation") {
  for (const std::uint8_t version : {k10, k11, k12, k13, k14}) {
    const Signed whole(version);
    for (const Statement& statement : whole.connection().statements()) {
      CHECK(covers_negotiation(whole.connection(), statement) == (statement.kind == SignedMessage::challenge_auth || version >= k12));
      CHECK(!lacks_negotiation(whole.connection(), statement));
    }
  }
}
