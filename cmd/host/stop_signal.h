// SIGINT, SIGTERM and SIGHUP end the program, as they do by default. What is not to be left behind is put in order first.
#pragma once

namespace spdm::cmd {

// Sets the handlers. `let_go` is called before the process ends, in a handler or in a thread: it calls only what signal-safety(7) allows.
// A signal that is ignored (nohup) stays so. Call it once.
void stop_on_signals(void (*let_go)() noexcept);

// What has to come to its end before a signal ends the process, such as a session that a device keeps. While one lives, a signal only
// asks (stop_is_asked()); when the last one goes, the process ends as the signal would have ended it. A second signal waits for nobody.
class Unfinished {
 public:
  Unfinished();
  ~Unfinished();
  Unfinished(const Unfinished&) = delete;
  Unfinished& operator=(const Unfinished&) = delete;
};

// Whether a signal has asked the process to end.
bool stop_is_asked();

}  // namespace spdm::cmd
