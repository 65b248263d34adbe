// The devices of a capture that are spoken with over TCP: each connection that carries SPDM is one.
#pragma once

#include <deque>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/evidence/capture_connection.h"
#include "core/evidence/capture_devices.h"

namespace spdm {

inline constexpr std::size_t kMaxTcpConnections = 16'384;               // of a capture that are known at the same time, left out or not
inline constexpr std::size_t kMaxTcpMarks = 65'536;                     // and of those of which only the ends are known
inline constexpr std::size_t kMaxTcpEndedHeld = std::size_t{4} << 20;   // bytes of connections that were handed on
inline constexpr std::size_t kMaxTcpLabels = 16'384;                    // of devices that were handed on, which are counted
inline constexpr std::size_t kMaxUndecidedHeld = std::size_t{4} << 20;  // bytes that are kept of all that may yet turn out to be of SPDM
inline constexpr std::size_t kTcpGrace = 1'024;  // packets that are waited for segments that come late, once both ends are done

// A connection is of SPDM where its first bytes fit a framing: any message on the ports that are of SPDM (4194, 2323), one that opens a
// conversation on any other, whichever end says it. On the ports of SPDM anything else is an error of the connection; on any other it is
// left out.
class SocketCapture {
 public:
  explicit SocketCapture(CaptureHold& hold) : holds_{hold, undecided_, ended_, waiting_}, devices_(hold) {}

  // What is wrong with a connection, or too much, is an error of its device alone. Throws Error{bad_input} where there are too many
  // connections.
  void add(const TcpSegment& segment);
  bool is_full() const { return devices_.is_full(); }
  // From here on, what ends is handed on with take().
  void begin_to_deliver();
  std::vector<EvidencePart> take() { return std::exchange(done_, {}); }
  // What was not taken, in the order in which SPDM was first seen. A message that has not ended is an error of its device.
  std::vector<EvidencePart> finish();

 private:
  struct Entry {
    std::unique_ptr<TcpConnection> connection;  // without one: it is left out, or has failed
    bool is_listed = false;                     // in idle_
    bool is_mark = false;                       // one of marks_
  };
  using Table = std::map<TcpEnds, Entry>;

  Table::iterator entry_of(const TcpSegment& segment, const TcpEnds& ends);
  void make_room(const PacketPlace& place);
  bool forget(Table::iterator entry, const PacketPlace& place);
  void list(Table::value_type& entry);
  void open(TcpConnection& connection, const TcpSegment& segment, std::size_t sender);
  std::unique_ptr<TcpConnection> made(const TcpEnds& ends, const PacketPlace& first);
  std::unique_ptr<TcpConnection> renewed(const TcpConnection& old);
  bool goes_on_after_end(TcpConnection& connection, const TcpSegment& segment, std::size_t sender);
  bool goes_on(TcpConnection& connection, const TcpSegment& segment, std::size_t sender);
  bool take(TcpConnection& connection, const TcpSegment& segment, std::size_t sender);
  bool keep(TcpConnection& connection, const PacketPlace& place);
  bool keep_undecided(TcpConnection& connection);
  void keep_ended(TcpConnection& connection);
  bool read(TcpConnection& connection, const PacketPlace& place, bool is_over);
  void hear(TcpConnection& connection, const TcpConnection::Heard& heard);
  std::size_t device_of(TcpConnection& connection, Binding binding, const PacketPlace& place);
  std::string new_label(const TcpConnection& connection);
  void fail(TcpConnection& connection, const PacketPlace& place, const Error& error);
  void note_end(TcpConnection& connection, const TcpSegment& segment);
  void deliver_closed(std::size_t packet);
  void end(TcpConnection& connection);
  void fail_renewal(const TcpConnection& connection);

  CaptureHold undecided_{kMaxUndecidedHeld}, ended_{kMaxTcpEndedHeld};
  std::list<TcpConnection*> waiting_;
  TcpHolds holds_;
  Table connections_;
  std::size_t marks_ = 0;                     // connections beyond kMaxTcpConnections: whatever goes on with them is an error
  bool is_full_of_marks_ = false;             // some were forgotten, and that was told
  std::deque<TcpEnds> tails_;                 // of which bytes are kept after the end, the oldest first
  std::deque<TcpEnds> idle_;                  // of which some may be forgotten, the oldest first
  std::map<std::string, std::size_t> names_;  // how many have this label
  CaptureDevices devices_;
  bool delivers_ = false;
  std::deque<std::pair<std::size_t, TcpEnds>> closing_;  // by the packet that has closed them
  std::vector<EvidencePart> done_;
};

}  // namespace spdm
