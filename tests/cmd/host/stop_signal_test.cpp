// A signal ends the process, at once or when what is unfinished is done. Each case runs in a process of its own.
#include "cmd/host/stop_signal.h"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <functional>
#include <optional>

using namespace spdm::cmd;

namespace {

int told = -1;  // where the child says that it has let go

void let_go() noexcept {
  if (::write(told, "l", 1) != 1) ::_exit(97);
}

struct End {
  int signal = 0;  // that ended the child; 0 when it ended itself
  int code = 0;    // what it returned
  bool let_go = false;
};

End end_of(const std::function<int()>& body) {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    told = ends[1];
    sigset_t none;  // other tests may have blocked them
    ::sigemptyset(&none);
    ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) std::signal(signal, SIG_DFL);
    ::_exit(body());
  }
  ::close(ends[1]);
  End out;
  char byte = 0;
  out.let_go = ::read(ends[0], &byte, 1) == 1;
  ::close(ends[0]);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  out.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  out.code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
  return out;
}

}  // namespace

TEST_CASE("a signal lets go, and ends the process as it would have without a handler") {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    const End end = end_of([&] {
      stop_on_signals(let_go);
      std::raise(signal);
      return 5;
    });
    CHECK(end.signal == signal);
    CHECK(end.let_go);
  }
}

TEST_CASE("what is unfinished comes to its end before a signal ends the process") {
  const End end = end_of([] {
    stop_on_signals(let_go);
    std::optional<Unfinished> first(std::in_place), second(std::in_place);
    if (stop_is_asked()) return 1;
    std::raise(SIGTERM);
    if (!stop_is_asked()) return 2;
    first.reset();
    if (::access("/", F_OK) != 0) return 3;  // still here
    second.reset();
    return 4;
  });
  CHECK(end.signal == SIGTERM);
  CHECK(end.code == 0);
  CHECK(end.let_go);
}

TEST_CASE("a second signal waits for nobody") {
  const End end = end_of([] {
    stop_on_signals(let_go);
    const Unfinished unfinished;
    std::raise(SIGTERM);
    std::raise(SIGINT);
    return 4;
  });
  CHECK(end.signal == SIGINT);
  CHECK(end.let_go);
}

TEST_CASE("without a signal what is unfinished ends, and nothing else does") {
  const End end = end_of([] {
    stop_on_signals(let_go);
    { const Unfinished unfinished; }
    return 6;
  });
  CHECK(end.code == 6);
  CHECK_FALSE(end.let_go);
}

TEST_CASE("a signal that is ignored stays so") {
  const End end = end_of([] {
    std::signal(SIGHUP, SIG_IGN);
    stop_on_signals(let_go);
    std::raise(SIGHUP);
    return stop_is_asked() ? 1 : 7;
  });
  CHECK(end.code == 7);
}
