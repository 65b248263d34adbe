// Devices that are asked inside of a session: because the user says so, because a rule may ask for it, and to its end, whatever ends the
// program.
#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <memory>
#include <string>

#include "cmd/attest/gather.h"
#include "cmd/host/stop_signal.h"
#include "core/appraisal/analyze.h"
#include "core/session/opener.h"
#include "support/pki.h"
#include "transport/emulated/emulated.h"

using namespace spdm;
using namespace spdm::cmd;

namespace {

std::shared_ptr<const DeviceProfile> device(bool opens_sessions) {
  auto out = std::make_shared<DeviceProfile>();
  DeviceSlot slot;
  slot.key = pki::sample().leaf.key.private_key();
  slot.certificates = pki::sample().all();
  if (opens_sessions) {
    slot.key_usage |= key_usage::key_ex;
    out->sessions.emplace();
  }
  out->slots.push_back(std::move(slot));
  return out;
}

Target target_of(std::unique_ptr<Link> link, bool for_session = true) {
  Target out{.name = "emulated:x"};
  out.opened = transport::Opened{std::move(link), {}, for_session};
  return out;
}

Wanted inside() {
  Wanted out;
  out.session = std::make_shared<const Opener>(SessionOptions{});
  out.in_session = true;
  out.measurements = MeasurementMode::all;
  return out;
}

std::size_t sessions_in(const Evidence& evidence) {
  const Analysis analysis = analyze(evidence);
  return analysis.connections.empty() ? 0 : analysis.connections.back().sessions().size();
}

// Tells each exchange on a pipe, and has a signal come during the first secured one.
class Signalled final : public Link {
 public:
  Signalled(std::unique_ptr<Link> link, int out) : link_(std::move(link)), out_(out) {}

  Bytes exchange(View request, Clock::time_point deadline) override { return link_->exchange(request, deadline); }
  SecuredReply exchange_secured(View record, Clock::time_point deadline) override {
    if (::write(out_, "s", 1) != 1) ::_exit(97);
    SecuredReply reply = link_->exchange_secured(record, deadline);
    if (!std::exchange(raised_, true)) std::raise(SIGTERM);
    return reply;
  }
  bool carries_sessions() const override { return true; }
  Binding binding() const override { return link_->binding(); }
  std::size_t max_receive() const override { return link_->max_receive(); }

 private:
  std::unique_ptr<Link> link_;
  int out_;
  bool raised_ = false;
};

int let_go_to = -1;
void let_go() noexcept {
  if (::write(let_go_to, "l", 1) != 1) ::_exit(97);
}

}  // namespace

TEST_CASE("a signal during a session: END_SESSION is the last request, and then the process ends by the signal") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    sigset_t none;  // other tests may have blocked them
    ::sigemptyset(&none);
    ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
    std::signal(SIGTERM, SIG_DFL);
    let_go_to = ends[1];
    stop_on_signals(let_go);
    gather(target_of(std::make_unique<Signalled>(transport::emulated_link(device(true)), ends[1])), inside(), {}, nullptr, {});
    ::_exit(5);
  }
  ::close(ends[1]);
  std::string seen;
  for (char one = 0; ::read(ends[0], &one, 1) == 1;) seen += one;
  ::close(ends[0]);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFSIGNALED(status));
  CHECK(WTERMSIG(status) == SIGTERM);
  CHECK(seen == "ssl");  // FINISH, END_SESSION, and no GET_MEASUREMENTS between them
}

TEST_CASE("a rule that asks for a session has one opened, where it could be about the device") {
  auto policy = std::make_shared<Policy>();
  add_policy_file(*policy, "x.yaml", R"(version: 1
rules:
  - name: inside
    match: {target: "emulated:*"}
    require: {session: true}
)");
  const Verifier verifier({.keyring = {}, .options = {}, .policy = policy});
  HostView host;
  host.target = "emulated:x";
  CHECK(verifier.asks_for_session(host));
  const Evidence asked = gather(target_of(transport::emulated_link(device(true))), {}, {}, &verifier, {});
  CHECK_FALSE(asked.error.has_value());
  CHECK(sessions_in(asked) == 1);
  CHECK(verifier.appraise(asked, "x").connection->sessions.size() == 1);

  // What is known of it only now asks for a session, and nobody has looked who owns it.
  const Evidence late = gather(target_of(transport::emulated_link(device(true)), false), {}, {}, &verifier, {});
  REQUIRE(late.error.has_value());
  CHECK(late.error->id == ErrorId::config);
  CHECK(late.log.empty());

  host.target = "tcp://192.0.2.7";
  CHECK_FALSE(verifier.asks_for_session(host));
  Target other = target_of(transport::emulated_link(device(true)));
  other.name = host.target;
  CHECK(sessions_in(gather(std::move(other), {}, {}, &verifier, {})) == 0);

  const Verifier without({.keyring = {}, .options = {}});
  host.target = "emulated:x";
  CHECK_FALSE(without.asks_for_session(host));
}

TEST_CASE("a device that opens no session is told as such, and the rule is not met") {
  auto policy = std::make_shared<Policy>();
  add_policy_file(*policy, "x.yaml", "version: 1\nrules: [{name: inside, match: {}, require: {session: true}}]\n");
  const Verifier verifier({.keyring = {}, .options = {}, .policy = policy});
  Evidence evidence = gather(target_of(transport::emulated_link(device(false))), {}, {}, &verifier, {});
  REQUIRE(evidence.error.has_value());
  CHECK(evidence.error->id == ErrorId::no_spdm);
  const Report report = verifier.appraise(std::move(evidence), "x");
  CHECK(report.verdict == Verdict::fail);
  CHECK(std::any_of(report.findings.begin(), report.findings.end(),
                    [](const Finding& finding) { return finding.id == FindingId::policy_unmet && finding.where == "session"; }));
}
