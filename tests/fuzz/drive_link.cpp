// A drive that answers as it likes. Input: what it does with each command (refuse it, or fill the buffer), and how much it writes.
#include "core/evidence/evidence.h"
#include "core/protocol/requester.h"
#include "tests/fuzz/fuzz.h"
#include "transport/storage/storage_link.h"

using namespace spdm;
using namespace spdm::transport;

namespace {

constexpr unsigned kMostCommands = 256;

class HostileDrive final : public SecurityCommands {
 public:
  HostileDrive(View input, unsigned& commands) : input_(input), commands_(commands) {}

  Completion send(std::uint8_t, std::uint16_t, View data, Clock::time_point) override {
    fuzz::require(!data.empty());
    return next(0);
  }
  Completion receive(std::uint8_t, std::uint16_t, std::size_t allocation, Clock::time_point) override {
    fuzz::require(allocation <= (64U << 10));
    return next(allocation);
  }

 private:
  Completion next(std::size_t allocation) {
    fuzz::require(++commands_ < kMostCommands);
    if (input_.size() < 3) throw Error(ErrorId::no_device, "the drive is gone");
    const bool refuses = input_[0] == 0;
    const std::size_t size = std::min({std::size_t{input_[1]} | std::size_t{input_[2]} << 8U, input_.size() - 3, allocation});
    Completion out;
    if (refuses) out.refusal = "NVMe status 0x4002";
    out.data.assign(input_.begin() + 3, input_.begin() + 3 + static_cast<std::ptrdiff_t>(size));
    out.data.resize(allocation);
    input_ = input_.subspan(3 + size);
    return out;
  }

  View input_;
  unsigned& commands_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  unsigned commands = 0;
  MessageLog log;
  HostView host;
  host.drive.emplace();
  return fuzz::run_with_peer([&] {
    const std::unique_ptr<Link> link = storage_link(std::make_unique<HostileDrive>(View(data, size), commands));
    link->connect(Clock::now());
    link->describe(host);
    fuzz::require(host.drive->discovery && host.drive->discovery->has(StorageOperation::message));
    Limits limits;
    limits.exchange = Clock::duration::zero();
    Requester requester(*link, log, limits);
    requester.ask(Bytes{0x10, 0x84, 0, 0});
    // What is kept ends where the message ends.
    fuzz::require(log.back().bytes == requester.connection().exchanges().back().response);
    link->exchange_secured(Bytes{1, 0, 0, 0, 0, 0, 16, 0}, Clock::now());
  });
}
