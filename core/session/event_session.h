// A session that stays open so that a device can tell of changes in itself (DSP0274 1.3+, "Event mechanism"). Between two questions
// others may use the device: the way to it is lent for each of them. Whoever speaks GET_VERSION with the device meanwhile ends the
// session, and the next question shows that.
#pragma once

#include <memory>
#include <vector>

#include "core/evidence/evidence.h"
#include "core/protocol/requester.h"
#include "core/session/active_session.h"
#include "core/session/opener.h"

namespace spdm {

// What is asked for, as far as the device lists it: events after which it is not what it was, or may not be.
inline constexpr std::array kEventsThatMatter{EventType::event_lost, EventType::measurement_changed, EventType::certificate_changed};

// A link on the way that somebody lends for a while.
class LentLink : public Link {
 public:
  // Takes over what `like` says of itself.
  explicit LentLink(const Link& like);
  // nullptr: it is given back. No exchange takes longer than until `end`.
  void lend(Link* way, Clock::time_point end);

  Bytes exchange(View request, Clock::time_point deadline) override;
  SecuredReply exchange_secured(View record, Clock::time_point deadline) override;
  bool carries_sessions() const override { return carries_sessions_; }
  Binding binding() const override { return binding_; }
  std::size_t max_receive() const override { return max_receive_; }
  std::size_t max_send() const override { return max_send_; }

 private:
  Link& way() const;  // throws Error{io} while there is none

  Link* way_ = nullptr;
  Clock::time_point end_{};
  bool carries_sessions_;
  Binding binding_;
  std::size_t max_receive_, max_send_;
};

class EventSession {
 public:
  // Opens a session with the slot (0..7) of the device, subscribes to events, and then asks for its measurements: what changes later it
  // tells of. All that by `end`. Throws what Requester::ask throws, and no_spdm where the device has none of this.
  EventSession(Link& way, std::uint8_t slot, Clock::time_point end);
  // Forgets the keys. Only end() tells the device.
  ~EventSession();
  EventSession(const EventSession&) = delete;
  EventSession& operator=(const EventSession&) = delete;

  // What the device has shown: the chain of its slot, and its measurements once the subscription held; empty where it has none.
  const Bytes& chain() const { return requester_.connection().chain(slot_).chain(); }
  std::vector<MeasurementBlock> measurements() const;

  // Whether something has happened that matters, by `end`: its name, such as "measurement-changed". Empty when not. Throws as
  // Requester::ask; then the session is of no use any more, unless the error is busy.
  std::string poll(Link& way, Clock::time_point end);
  // Whether it has been asked so often that a new session should take its place: each message is kept.
  bool is_used_up() const;
  // END_SESSION. Throws nothing: a device that does not answer has ended it, or ends it with the next GET_VERSION.
  void end(Link& way, Clock::time_point end) noexcept;

 private:
  void subscribe();
  const Parameters& parameters() const { return requester_.connection().parameters(); }

  std::uint8_t slot_;
  LentLink link_;
  Evidence evidence_;
  Requester requester_;
  std::unique_ptr<ActiveSession> session_;
};

}  // namespace spdm
