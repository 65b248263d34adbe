// A PCI function with DOE mailboxes, as its configuration space shows them: what a requester may meet, from a good
// device to one that floods, sticks or goes away. It shares no code with the engine under test, counts every access by
// kind, and notes what a requester must not do.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/bytes.h"
#include "transport/pci/config_space.h"

namespace fake {

using spdm::Bytes;
using spdm::View;

inline constexpr unsigned kForEver = std::numeric_limits<unsigned>::max();

// What goes wrong with the next `times` objects; then the mailbox behaves.
struct Trouble {
  unsigned times = 1;
  unsigned polls = 0;                           // STATUS reads from GO until DATA OBJECT READY
  std::chrono::microseconds delay{0};           // the same in real time
  bool silent = false;                          // no answer ever
  bool error_at_go = false;                     // ERROR instead of an answer
  std::optional<std::size_t> error_after = {};  // ERROR once so many dwords were popped
  std::optional<std::size_t> cut_after = {};    // the object is lost once so many dwords were popped
  std::size_t excess = 0;                       // dwords behind the object
  bool flood = false;                           // dwords without end behind the object
  std::optional<std::uint32_t> first = {};      // dword 0 of the answer: vendor and type
  std::optional<std::uint32_t> length = {};     // dword 1 of the answer
};

struct Accesses {
  std::size_t status = 0, data = 0, pop = 0;  // STATUS read, READ MAILBOX read and written
  std::size_t word = 0, go = 0, abort = 0;    // WRITE MAILBOX and CONTROL written
  std::size_t other_reads = 0, other_writes = 0;

  std::size_t writes() const { return pop + word + go + abort + other_writes; }
  std::size_t total() const { return status + data + other_reads + writes(); }
};

class Mailbox {
 public:
  struct Feature {
    std::uint16_t vendor;
    std::uint8_t type;
  };
  // Answers the payload of an object, padding included, with the payload of its answer.
  using Responder = std::function<Bytes(View payload)>;

  Mailbox(std::uint8_t version, std::vector<Feature> features, Responder responder)
      : version_(version), features_(std::move(features)), responder_(std::move(responder)) {}

  void strike(Trouble trouble) { trouble_ = trouble; }
  void be_busy(unsigned polls) { busy_polls_ = polls; }        // BUSY for so many STATUS reads
  void abort_slowly(unsigned polls) { abort_polls_ = polls; }  // so many STATUS reads until an ABORT is done; for good
  // As another process left it: a request without GO, an answer that nobody fetched.
  void leave_request(std::size_t dwords) { in_.assign(dwords, 0xDEADBEEF); }
  void leave_answer(std::size_t dwords) { out_.assign(dwords, 0xDEADBEEF); }
  // DOE Discovery says this after an index instead of the truth.
  void lie_about_next(std::uint8_t after, std::uint8_t next) { next_lie_ = {after, next}; }

  std::uint32_t read(std::uint16_t reg);
  void write(std::uint16_t reg, std::uint32_t value);

  Accesses accesses;
  std::vector<std::string> violations;  // what a requester must not do
  std::size_t objects = 0;              // that were answered

 private:
  std::uint32_t status();
  void go();
  void abort();
  void pop();
  Bytes discovery(View payload) const;
  void answer(std::uint32_t first, View payload);
  bool ready() const;

  std::uint8_t version_;
  std::vector<Feature> features_;
  Responder responder_;

  std::vector<std::uint32_t> in_;
  std::deque<std::uint32_t> out_;
  bool error_ = false, looked_ = false;
  std::size_t popped_ = 0;
  unsigned busy_polls_ = 0, abort_polls_ = 0, aborting_ = 0;
  unsigned ready_in_ = 0;
  std::chrono::steady_clock::time_point ready_at_{};
  Trouble trouble_{.times = 0};
  Trouble now_{.times = 0};  // what strikes the object at hand
  std::optional<std::pair<std::uint8_t, std::uint8_t>> next_lie_;
};

class Function : public spdm::transport::ConfigSpace {
 public:
  Function();

  // A DOE capability at the end of the list.
  Mailbox& add(std::uint8_t version, std::vector<Mailbox::Feature> features, Mailbox::Responder responder);
  std::uint16_t offset(std::size_t mailbox) const { return static_cast<std::uint16_t>(kFirst + mailbox * kStep); }
  Mailbox& mailbox(std::size_t index = 0) { return *mailboxes_.at(index); }

  // Everything reads as all ones after so many more accesses.
  void leave_after(std::size_t accesses) { left_ = accesses; }
  void put(std::uint16_t offset, std::uint32_t value) { space_.at(offset / 4) = value; }

  std::uint32_t read32(std::uint16_t offset) override;
  void write32(std::uint16_t offset, std::uint32_t value) override;

  std::size_t others = 0;  // accesses outside of the registers of mailboxes
  std::size_t absent = 0;  // accesses after it has left

 private:
  static constexpr std::uint16_t kFirst = 0x150, kStep = 0x20;

  bool present();
  Mailbox* at(std::uint16_t offset);

  std::vector<std::uint32_t> space_ = std::vector<std::uint32_t>(1024);
  std::vector<std::unique_ptr<Mailbox>> mailboxes_;
  std::optional<std::size_t> left_;
};

}  // namespace fake
