#include "cmd/host/stop_signal.h"

#include <atomic>
#include <csignal>
#include <initializer_list>

namespace spdm::cmd {

namespace {

// Read and written in a handler: nothing there waits for a lock.
std::atomic<int> asked{0};  // the signal
std::atomic<int> unfinished{0};
static_assert(std::atomic<int>::is_always_lock_free);
void (*let_go_of_all)() noexcept = nullptr;

void end_by(int signal) {
  if (let_go_of_all != nullptr) let_go_of_all();
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

void handle(int signal) {
  const bool again = asked.exchange(signal) != 0;
  if (again || unfinished == 0) end_by(signal);
}

}  // namespace

void stop_on_signals(void (*let_go)() noexcept) {
  let_go_of_all = let_go;
  struct sigaction action {};
  action.sa_handler = handle;
  // The signal is not held back in its own handler, where it is raised.
  action.sa_flags = static_cast<int>(SA_NODEFER);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction before {};
    if (::sigaction(signal, nullptr, &before) == 0 && before.sa_handler != SIG_IGN) ::sigaction(signal, &action, nullptr);
  }
}

Unfinished::Unfinished() { ++unfinished; }

Unfinished::~Unfinished() {
  if (--unfinished == 0)
    if (const int signal = asked; signal != 0) end_by(signal);
}

bool stop_is_asked() { return asked != 0; }

}  // namespace spdm::cmd
