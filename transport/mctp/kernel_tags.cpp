#include "transport/mctp/kernel_tags.h"

#include <array>
#include <cerrno>
#include <cstring>

#include "core/error.h"
#include "core/text.h"

namespace spdm::transport {

namespace {

// linux/mctp.h, by names of our own: see kernel_socket.cpp.

// SIOCMCTPALLOCTAG2, SIOCMCTPDROPTAG2. The tag comes with the owner bit, and with another that says that it is kept.
struct Tag {
  std::uint32_t network = 0;
  std::uint8_t peer = 0, local = 0;
  std::uint16_t flags = 0;
  std::uint8_t tag = 0;
  std::array<std::uint8_t, 3> pad{};
};
static_assert(sizeof(Tag) == 12);
constexpr unsigned long kTakeTag = 0x89E2, kGiveBackTag = 0x89E3;

// SIOCMCTPALLOCTAG, SIOCMCTPDROPTAG: of older kernels, which do so on this network alone.
struct OldTag {
  std::uint8_t peer = 0, tag = 0;
  std::uint16_t flags = 0;
};
static_assert(sizeof(OldTag) == 4);
constexpr unsigned long kTakeOldTag = 0x89E0, kGiveBackOldTag = 0x89E1;
constexpr std::uint32_t kOldNetwork = 1;

// What was kept has both bits.
constexpr std::uint8_t kTagBits = 0x1F;

}  // namespace

std::uint8_t take_kernel_tag(const Ioctl& ioctl, int socket, const MctpAddress& peer) {
  Tag tag{.network = peer.network, .peer = peer.eid};
  if (ioctl(socket, kTakeTag, &tag) == 0) return tag.tag & kTagBits;
  if ((errno == ENOTTY || errno == EINVAL) && peer.network == kOldNetwork) {
    OldTag old{.peer = peer.eid};
    if (ioctl(socket, kTakeOldTag, &old) == 0) return old.tag & kTagBits;
  }
  const int error = errno;
  const std::string what = cat("MCTP: a tag for endpoint ", to_string(peer));
  if (error == EBUSY) throw Error(ErrorId::busy, cat(what, ": all eight tags are in use"), "try again later");
  if (error == ENOTTY || error == EINVAL)
    throw Error(ErrorId::unsupported, cat(what, ": this kernel cannot reserve one on network ", peer.network), "use a newer kernel");
  throw Error(ErrorId::io, cat(what, ": ", std::strerror(error)));
}

void give_back_kernel_tag(const Ioctl& ioctl, int socket, const MctpAddress& peer, std::uint8_t tag) {
  Tag given{.network = peer.network, .peer = peer.eid, .tag = tag};
  if (ioctl(socket, kGiveBackTag, &given) == 0) return;
  OldTag old{.peer = peer.eid, .tag = tag};
  ioctl(socket, kGiveBackOldTag, &old);  // what cannot be given back ends with the socket
}

}  // namespace spdm::transport
