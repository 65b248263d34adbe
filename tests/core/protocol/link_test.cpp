// What a link does that says nothing of secured messages.
#include "core/protocol/link.h"

#include <doctest/doctest.h>

#include "core/evidence/expect_error.h"
#include "support/fake_link.h"

using namespace spdm;

TEST_CASE("link: without a word of its own, it carries no secured messages and sends none") {
  fake::Link link({Bytes{0x10, 0x04}});
  CHECK(!link.carries_sessions());
  expect_error(ErrorId::unsupported, "carries no secured messages", [&] { link.exchange_secured(Bytes{1, 2, 3, 4}, Clock::now()); });
  CHECK(link.requests.empty());
}

TEST_CASE("link: a secured message is answered with one, or with a plain message") {
  fake::Link link(std::vector<Bytes>{});
  link.answer_secured = [](View record) { return SecuredReply{record.size() > 4, to_bytes(record)}; };
  Link& seam = link;
  CHECK(seam.carries_sessions());
  CHECK(!seam.exchange_secured(Bytes(4), Clock::now()).is_secured);
  CHECK(seam.exchange_secured(Bytes(5), Clock::now()).is_secured);
  CHECK(link.records == std::vector<Bytes>{Bytes(4), Bytes(5)});
}
