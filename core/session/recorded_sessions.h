// Opens the sessions of a log whose owner has kept their secrets (secrets.h): a listener that follows the log, derives the keys as both
// sides did, and gives the plain text of their secured messages.
#pragma once

#include <deque>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/protocol/connection.h"
#include "core/session/requester_seen.h"
#include "core/session/secrets.h"

namespace spdm {

// Sessions that are open at once. Their keys take memory that is locked.
inline constexpr std::size_t kMaxOpenRecorded = 16;

// ResponderVerifyData or RequesterVerifyData of a message, recomputed.
struct VerifyDataCheck {
  Direction by{};
  bool is_good = false;
};

inline std::string_view verify_data_name(Direction by) { return by == Direction::response ? "ResponderVerifyData" : "RequesterVerifyData"; }

// What came of one message of the log.
struct RecordedMessage {
  std::optional<Message> opened;        // the plain text of a secured message, with Message::inside
  std::vector<VerifyDataCheck> checks;  // of what this message has completed
  // Why a session with a secret cannot be opened, at the first message that shows it; or how the message contradicts others.
  std::string why;
};

class RecordedSessions {
 public:
  // `secrets` must outlive it.
  RecordedSessions(const Evidence& evidence, std::span<const SessionSecret> secrets, const Tolerance& tolerance = {});
  ~RecordedSessions();
  RecordedSessions(const RecordedSessions&) = delete;
  RecordedSessions& operator=(const RecordedSessions&) = delete;

  // Takes the next message of the log of the evidence. Throws nothing for what is wrong with it: a record that cannot be opened ends its
  // session. Where the collector tells, too, what was exchanged in a session that is opened here, both are compared.
  RecordedMessage next(const Message& message, std::size_t index);

  // Whether the collector tells, too, what was exchanged in a session of this id.
  bool is_told(std::uint32_t id) const { return told_.count(id) != 0; }
  // The encapsulated request that waits for its response.
  const std::optional<Bytes>& asked() const { return requester_.asked(); }
  // At the end of the log: the sessions that hold. All their records were opened, all verify data was right, and they hold what the
  // collector tells, where it does. Index in the log of the request that opened each.
  std::set<std::size_t> proven() const;
  // At the end of the log: of which messages of opened sessions only the collector or only a record tells, in words, one per session.
  std::vector<std::string> unmatched() const;

 private:
  struct Session;

  void open(const Message& record, RecordedMessage& out);
  void follow(const Message& message, std::size_t index, RecordedMessage& out);
  void observed(RecordedMessage& out);
  void begin_session(RecordedMessage& out);
  void finish_session(RecordedMessage& out);
  void check_request(Session& session, const Exchange& exchange, RecordedMessage& out);
  void end_sessions();
  Session* find(std::uint32_t id) const;
  Session* in_handshake() const;
  static void note(Session& session, VerifyDataCheck check, RecordedMessage& out);

  Binding binding_;
  std::span<const SessionSecret> secrets_;
  std::set<std::uint32_t> told_;  // sessions whose messages the collector tells
  Listener listener_;
  Connection connection_;
  RequesterSeen requester_;
  std::vector<std::unique_ptr<Session>> sessions_;
};

}  // namespace spdm
