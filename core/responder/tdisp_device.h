// TDISP of an emulated device (PCIe r6.x chapter 11): its interfaces, and what has become of them.
#pragma once

#include <list>
#include <optional>

#include "core/responder/ide_device.h"

namespace spdm {

// A request that gets TDISP_ERROR instead of its response.
struct TdispRefusal {
  TdispErrorCode code{};
  std::uint32_t data = 0;
};

class TdispDevice {
 public:
  static constexpr std::size_t kMost = 16;  // interfaces, where the profile names none

  // `ide`: whose keys LOCK_INTERFACE_REQUEST needs; nullptr: the device has no IDE. It must outlive this one.
  TdispDevice(DeviceTdisp profile, const IdeDevice* ide) : profile_(std::move(profile)), ide_(ide) {}

  // Answers one message that came in that session, in at most so many bytes. Throws Error{peer} for what is too short for a header.
  Bytes answer(View message, std::uint32_t session, std::size_t room);
  // An interface whose session is gone, or whose stream has lost keys, has failed.
  void end(std::uint32_t session);
  void check_streams();

 private:
  struct Interface {
    FunctionId function;
    TdiState state{};
    std::uint32_t session = 0;  // that has locked it; 0: somebody else, or nobody
    LockInterface lock = {};
    Block<32> nonce = {};
    std::vector<std::uint8_t> bound = {};  // streams for peers

    bool is_locked() const { return state == TdiState::config_locked || state == TdiState::run; }
  };

  Bytes answer(const TdispHeader& header, Reader& reader, std::uint32_t session, std::size_t room);
  Interface& interface_of(FunctionId function);
  // For what only the session may do that has locked it.
  static void check_owner(const Interface& tdi, std::uint32_t session);
  bool supports(TdispCode request) const;
  bool has_keys(std::uint8_t stream, std::uint32_t session) const { return ide_ == nullptr || ide_->has_keys(stream, session); }
  Bytes report_of(const Interface& tdi) const;

  Bytes capabilities(const Interface& tdi, Reader& reader) const;
  Bytes lock(Interface& tdi, Reader& reader, std::uint32_t session) const;
  Bytes report(const Interface& tdi, Reader& reader, std::size_t room) const;
  void start(Interface& tdi, Reader& reader, std::uint32_t session) const;
  void stop(Interface& tdi, Reader& reader, std::uint32_t session) const;
  void bind(Interface& tdi, Reader& reader, std::uint32_t session) const;
  void unbind(Interface& tdi, Reader& reader, std::uint32_t session) const;
  void set_mmio_attribute(const Interface& tdi, Reader& reader, std::uint32_t session) const;

  DeviceTdisp profile_;
  const IdeDevice* ide_;
  std::list<Interface> interfaces_;
};

}  // namespace spdm
