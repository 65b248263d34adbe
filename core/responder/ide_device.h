// IDE_KM of an emulated device (PCIe r6.x 6.33.3): its ports, and the keys of their streams.
#pragma once

#include <array>
#include <list>
#include <optional>
#include <span>
#include <utility>

#include "core/responder/pci_profile.h"
#include "core/secret_bytes.h"
#include "core/wire/ide_km.h"
#include "core/wire/ide_registers.h"

namespace spdm {

class IdeDevice {
 public:
  static constexpr std::size_t kMost = 64;  // streams that have keys

  explicit IdeDevice(DeviceIde profile) : profile_(std::move(profile)) {}

  // Answers one message that came in that session. Throws Error{peer} for what IDE_KM has no answer to.
  Bytes answer(View message, std::uint32_t session);
  // The session is gone, and the keys that came in it.
  void end(std::uint32_t session);

  // Whether all sub-streams of a selective stream, in both directions, have keys that came in that session.
  bool has_keys(std::uint8_t stream, std::uint32_t session) const;
  // The key as AES takes it, and its IFV, for tests; empty where there is none.
  View key(std::uint8_t port, std::uint8_t stream, KeySubStream which) const;
  std::uint64_t ifv(std::uint8_t port, std::uint8_t stream, KeySubStream which) const;
  // The registers of a port as QUERY shows them: what the profile has, with the states that keys have led to.
  Bytes registers(std::uint8_t port) const;

 private:
  static constexpr std::size_t kKeySize = 32, kKeys = 12;  // two key sets, two directions, three sub-streams

  struct Key {
    bool is_there = false, goes = false;
    std::uint64_t ifv = 0;
  };
  // A stream that has keys, or has had some.
  struct Stream {
    std::uint8_t port = 0, id = 0;
    std::uint32_t session = 0;
    SecretBytes secrets = SecretBytes(kKeys * kKeySize);
    std::array<Key, kKeys> keys = {};

    std::span<std::uint8_t> secret(std::size_t index) { return secrets.writable().subspan(index * kKeySize, kKeySize); }
    void forget(std::size_t index);
    bool has_any_key() const;
    // Of each sub-stream and direction one of the two key sets.
    bool has_all_keys() const;
    bool is_secure() const;
  };

  static std::size_t index_of(KeySubStream which);
  Bytes query(View message) const;
  Bytes program(View message, std::uint32_t session);
  KeyProgStatus program(const IdeKmKeyProg& request, std::uint32_t session);
  Bytes set_key(View message, std::uint32_t session);
  // The first block of the registers with this Stream ID, as the profile has it.
  std::optional<IdeStream> block_of(std::uint8_t stream) const;
  Stream* find(std::uint8_t port, std::uint8_t id);
  const Stream* find(std::uint8_t port, std::uint8_t id) const;

  DeviceIde profile_;
  std::list<Stream> streams_;
};

}  // namespace spdm
