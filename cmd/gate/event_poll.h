// Devices that tell of changes in themselves, for `watch --events`: with each that passed a session stays open (event_session.h), in
// which it is asked now and then whether something has happened. What the answer leads to is always the same: it is attested again.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "cmd/gate/gatekeeper.h"
#include "core/session/event_session.h"
#include "transport/pci/address.h"

namespace spdm::cmd {

// What a device has shown when it was attested: what its session must be compared with, because a change between the two is told by
// nobody.
struct Shown {
  std::uint8_t slot = 0;
  Bytes chain;
  std::vector<MeasurementBlock> measurements;  // empty: none were asked for
};
// Nothing where the device tells of no events, or has no chain to open a session with.
std::optional<Shown> shown_in(const Report& report);

class EventPoll {
 public:
  static constexpr std::size_t kMost = 32;  // devices, each with the keys of a session

  struct Options {
    Clock::duration interval{};  // from one question to the next
    // Opens the way to a device. It is closed after each question: others may use the device in between.
    std::function<std::unique_ptr<Link>(const transport::Bdf&)> open;
    std::function<void(const std::string&)> tell;         // in words, why a device is attested again, or is not asked
    std::function<Clock::time_point()> now = Clock::now;  // for tests
  };
  explicit EventPoll(Options options) : options_(std::move(options)) {}
  // Ends the sessions, in little time.
  ~EventPoll() { leave_all(); }
  EventPoll(const EventPoll&) = delete;
  EventPoll& operator=(const EventPoll&) = delete;

  // Before the device is asked by somebody else here: its session ends. Thread-safe, like note().
  void leave(const transport::Bdf& bdf);
  void leave_all();
  // What the device has shown.
  void note(const transport::Bdf& bdf, std::optional<Shown> shown);
  // The device has passed: from now on it is asked, if what it has shown was noted.
  void follow(const transport::Bdf& bdf);

  // When poll() has something to do.
  Clock::time_point due() const;
  // Asks the one device whose turn it is. Returns it when it is to be attested again. Throws nothing.
  std::vector<transport::Bdf> poll();

 private:
  struct Followed {
    Shown shown;
    Clock::time_point due, opened;
    std::unique_ptr<EventSession> session;  // nullptr: it is to be opened
    unsigned busy = 0;                      // questions in a row that nobody took
  };
  // What became of a device's turn.
  enum class After { ask_again, attest, drop };

  After take_turn(const transport::Bdf& bdf, Followed& followed);
  After begin(const transport::Bdf& bdf, Followed& followed, Link& way);
  After put_off(const transport::Bdf& bdf, Followed& followed);
  After attest(const transport::Bdf& bdf, const Followed& followed, const std::string& why);
  void end(const transport::Bdf& bdf, Followed& followed) noexcept;
  // The pause before the next session, twice as long as it was.
  Clock::duration lengthen(const transport::Bdf& bdf);
  void tell(const transport::Bdf& bdf, const std::string& what) const;

  Options options_;
  std::set<transport::Bdf> doubted_;       // attested once more, because no session could be opened; only poll() uses it
  mutable std::mutex mutex_;               // of the members below
  std::map<transport::Bdf, Shown> noted_;  // attested, and not judged yet
  std::map<transport::Bdf, Followed> followed_;
  std::map<transport::Bdf, Clock::duration> pauses_;  // before the next session, of devices whose sessions do not last
};

// The attestation of a gate, beside the sessions: a device leaves its session before it is asked, and what it has shown is noted.
Gatekeeper::Attest beside(std::shared_ptr<EventPoll> events, Gatekeeper::Attest attest);

}  // namespace spdm::cmd
