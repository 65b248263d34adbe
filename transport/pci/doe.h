// One DOE mailbox (Data Object Exchange, PCIe r6.x 6.30 and 7.9.24) of one PCI function, driven through its
// configuration space. Objects are those of binding.h.
#pragma once

#include <string>
#include <vector>

#include "core/error.h"
#include "core/protocol/link.h"
#include "transport/base/binding.h"
#include "transport/pci/capabilities.h"
#include "transport/pci/config_space.h"

namespace spdm::transport {

inline constexpr std::uint16_t kDoeCapability = 0x002E;     // extended capability id
inline constexpr std::uint16_t kSerialCapability = 0x0003;  // Device Serial Number

// What a mailbox carries: vendor and type of data objects, as in the names "0001:01" of doe_features/.
struct DoeFeature {
  std::uint16_t vendor = 0;
  std::uint8_t type = 0;

  bool operator==(const DoeFeature&) const = default;
};
inline constexpr DoeFeature kCmaSpdm{0x0001, 0x01};
inline constexpr DoeFeature kSecuredCmaSpdm{0x0001, 0x02};

// "0001:01"
std::string to_string(const DoeFeature& feature);

// An object that answers another one.
struct DoeAnswer {
  std::uint8_t type = 0;
  Bytes payload;  // padding included
};

// How long a mailbox may take (PCIe r6.x 6.30.1 and 6.30.2).
struct DoeLimits {
  Clock::duration busy = std::chrono::seconds(1);      // until BUSY clears before a request
  Clock::duration response = std::chrono::seconds(1);  // from GO to DATA OBJECT READY
  Clock::duration abort = std::chrono::seconds(1);     // until ERROR and BUSY clear after ABORT
  std::size_t max_object = std::size_t{4} << 18;       // bytes of a response, header included, that we take
};

class DoeMailbox {
 public:
  // `config` must outlive the mailbox. Reads nothing but the capability header. Throws Error: no_device, peer when there
  // is no DOE capability at `offset`.
  DoeMailbox(ConfigSpace& config, std::uint16_t offset, const DoeLimits& limits = {});

  // Makes the mailbox ours. It must become idle within DoeLimits::busy: BUSY or DATA OBJECT READY means another
  // process's exchange, and throws Error{busy}; `force` aborts that exchange. Then sends one ABORT, because an object
  // that a process has left half-written cannot be seen.
  void claim(bool force, Clock::time_point deadline);

  // What this mailbox carries (6.30.1.1, DOE Discovery). Each index is asked at most once, so the walk ends.
  std::vector<DoeFeature> discover(Clock::time_point deadline);

  // Sends one object of PCI-SIG's vendor id and returns the payload of the answer, an object of the same type. Throws Error:
  // timeout; busy (another process uses it); peer (ERROR; an answer of another type, of an impossible length, cut short
  // or endless; a mailbox that does not recover after ABORT); no_device when the function is gone; and what `config`
  // throws. The next exchange always begins with a mailbox in a known state: a failed exchange is aborted at once or,
  // when its deadline is over, before the next one. A function that is gone stays gone, a dead mailbox stays dead.
  Bytes exchange(std::uint8_t type, View payload, Clock::time_point deadline);
  // The same for a secured message: its answer may be of type 1, too, a plain message such as ERROR.
  DoeAnswer exchange_secured(View record, Clock::time_point deadline);

  std::uint16_t offset() const { return offset_; }

 private:
  // `accepted`: the types of objects that may answer. The first one is that of the request.
  DoeAnswer transact(View accepted, View payload, std::size_t max_object, Clock::time_point deadline);
  void get_idle(Clock::time_point deadline);
  void send(View object, Clock::time_point deadline);
  void await_answer(Clock::time_point deadline);
  DoeAnswer receive(View accepted, std::size_t max_object, Clock::time_point deadline);
  DoeHeader check_header(View header, View accepted, std::size_t max_object) const;
  void require_ready(std::size_t taken, std::size_t size);
  void drain(std::size_t taken, Clock::time_point deadline);
  void recover(const Error& error, Clock::time_point deadline);
  void abort_exchange(Clock::time_point deadline);

  // STATUS; throws Error{no_device} when the function is gone.
  std::uint32_t status();
  // Polls STATUS until it is as wanted or the time is up. Returns the last one read.
  std::uint32_t wait(bool (*wanted)(std::uint32_t status), Clock::time_point end);
  std::string where() const;  // "DOE mailbox at 0x150"
  Error gone() const;
  Error dead() const;
  void in_time(Clock::time_point deadline) const;

  ConfigSpace& config_;
  std::uint16_t offset_;
  DoeLimits limits_;
  std::uint8_t version_ = 0;  // of the capability; from 2 on DOE 1.1
  bool dirty_ = false;        // an exchange of ours has begun and not ended: ABORT is due
  bool gone_ = false;         // STATUS has read as all ones
  bool dead_ = false;         // ABORT did not help
};

}  // namespace spdm::transport
