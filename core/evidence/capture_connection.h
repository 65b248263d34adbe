// One TCP connection of a capture that is of SPDM, or may be: the framing of its bytes, and the order of what its two ends say.
#pragma once

#include <array>
#include <cstdint>
#include <list>
#include <optional>
#include <string>

#include "core/error.h"
#include "core/evidence/capture_framing.h"
#include "core/evidence/capture_hold.h"
#include "core/evidence/capture_tcp.h"

namespace spdm {

inline constexpr std::size_t kMaxUndecided = std::size_t{64} << 10;  // bytes of one end that are no SPDM, while the other says nothing

using TcpEnds = std::array<IpEndpoint, 2>;  // the lesser one first

bool is_spdm_port(std::uint16_t port);

struct TcpConnection;

// What connections share: the memory of those of SPDM, of those that are not decided, and of those that have ended; and those that are not
// decided and wait for their first bytes, the oldest first.
struct TcpHolds {
  CaptureHold &of_spdm, &undecided, &ended;
  std::list<TcpConnection*>& waiting;
};

struct TcpConnection {
  TcpConnection(const TcpEnds& both, const PacketPlace& begins, const TcpHolds& holds)
      : ends(both), first(begins), held(holds.of_spdm), held_undecided(holds.undecided), held_ended(holds.ended), waiting(holds.waiting) {}
  TcpConnection(const TcpConnection&) = delete;
  TcpConnection& operator=(const TcpConnection&) = delete;
  ~TcpConnection() { stop_waiting(); }

  TcpEnds ends;
  PacketPlace first;
  HeldMemory held, held_undecided;  // its memory, once it is decided or its port is of SPDM, and before
  HeldMemory held_ended;            // and once it was handed on
  std::list<TcpConnection*>& waiting;
  std::optional<std::list<TcpConnection*>::iterator> turn;  // in `waiting`
  std::array<TcpStream, 2> streams;                         // by who sends
  std::optional<std::size_t> opener, requester;             // which end has connected, and which one asks
  std::optional<Framing> framing;                           // nothing: not decided
  std::optional<std::uint32_t> transport;                   // of the emulator's framing
  std::optional<std::size_t> device;
  std::string name;                          // the label of the device
  bool follows_spdm = false;                 // one of SPDM had these ends before, and was cut off
  std::array<bool, 2> strange{};             // what this end has said is no beginning of SPDM, while nothing is decided
  std::array<bool, 2> dropped{};             // and nothing of it is kept any more
  std::array<std::optional<Error>, 2> lost;  // what was wrong with what it said, while nothing was decided; it is dropped
  std::optional<std::size_t> closing;        // the packet with which both ends were done
  bool has_ended = false;                    // it was handed on; the numbers and last bytes of its streams are left

  // A SYN with another sequence number: another connection between the same ends, or somebody who disturbs this one. What follows tells.
  struct Renewal {
    PacketPlace place;
    std::size_t opener = 0;
    std::uint32_t sequence = 0;           // of the first byte of the opener
    std::optional<std::uint32_t> answer;  // and of the other end, which has answered
  };
  std::optional<Renewal> renewal;

  // Nothing but SPDM is expected: its port is of SPDM, or what it follows was SPDM.
  bool has_to_be_spdm() const { return follows_spdm || is_spdm_port(ends[0].port) || is_spdm_port(ends[1].port); }
  // The end that was connected to: by who has opened it, or else by its port.
  std::size_t server() const;
  // "127.0.0.1:2323 from :41234": the responder, and the requester with its address where that is another.
  std::string label() const;
  // Nobody has said anything: nothing of it is lost where it has to be known again.
  bool is_idle() const { return !framing && !device && memory() == 0 && !is_odd(0) && !is_odd(1); }
  // What goes on with it is an error. Its bytes are no longer of use.
  bool is_mark() const { return has_ended || (!framing && !device && !is_idle() && is_spent(0) && is_spent(1)); }
  // Forgets what ends have said that is no beginning of SPDM. Where it turns out to be one, that is an error.
  void drop_strange();
  // Forgets what one end has said, for this reason. Where the connection turns out to be of SPDM, that is its error.
  void lose(std::size_t sender, const Error& error);
  // Forgets what waits for the first bytes of an end.
  void lose_waiting();
  void stop_waiting();
  // Whether an end waits for its first bytes.
  bool waits(std::size_t sender) const { return streams[sender].ready().empty() && streams[sender].gap(); }
  std::size_t memory() const { return streams[0].memory() + streams[1].memory(); }

  // Whether it may be of SPDM: its framing is known, or not decided yet. Throws Error{bad_input} where a port of SPDM carries something
  // else.
  bool decide(const PacketPlace& place);

  struct Heard {
    std::size_t sender = 0;
    FramedMessage framed;
    PacketPlace place;  // of the segment that has completed it
  };
  // The message that is next, until take(). A capture of two interfaces may have an answer before what it answers: the bytes that its
  // sender has acknowledged come first. What is missing is waited for, unless the connection `is_over`. Throws Error{bad_input} naming
  // `place`.
  std::optional<Heard> next(const PacketPlace& place, bool is_over);
  void take(const Heard& heard) { streams[heard.sender].take(heard.framed.size); }

  // Throws Error{bad_input} where something is missing.
  void assert_ended() const;

  // Takes note of a SYN. Whether another connection has begun with the segment: the SYN was answered, and the segment has its place there
  // and none in this one. After the end a SYN is enough.
  bool renews(const TcpSegment& segment, std::size_t sender);

 private:
  bool is_odd(std::size_t sender) const { return strange[sender] || lost[sender]; }
  bool is_spent(std::size_t sender) const { return is_odd(sender) || streams[sender].memory() == 0; }
  using Firsts = std::array<std::optional<FramedMessage>, 2>;
  std::optional<std::uint64_t> needed_before(std::size_t sender) const;
  bool may_be_next(std::size_t sender, const Firsts& firsts, bool is_over) const;
  const PacketPlace& completed(std::size_t sender, const Firsts& firsts) const;
};

}  // namespace spdm
