#include "core/session/storage_envelope.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/error.h"
#include "core/text.h"

namespace spdm {

namespace {

constexpr std::string_view kRecord = "secured message";
constexpr std::uint8_t kSpdmMessage = 4;  // of the types of descriptors
constexpr std::size_t kDescriptor = 16;
// DSP0286 is read in two ways: the descriptor follows two or three reserved bytes. The known implementation has it at the first.
constexpr std::array<std::size_t, 2> kBases{3, 4};

// An offset counts from the reserved bytes in front of the record; this much of it is not in what was sealed.
constexpr std::uint32_t kInFront = 14;
// The known implementation counts two bytes too many, encrypted or not. Others may count right: 34, or 32 where nothing is encrypted
// and ApplicationDataLength is not there.
constexpr std::uint32_t kWrittenOffset = 36;
constexpr std::array<std::uint32_t, 3> kOffsetsOfEnvelope{kWrittenOffset, 34, 32};

struct Descriptor {
  std::uint8_t type = 0, status = 0;
  std::uint32_t length = 0, offset = 0;
};

Descriptor descriptor_at(View application, std::size_t base) {
  Reader reader(application.subspan(base, kDescriptor), kRecord);
  Descriptor out;
  reader.skip(1, "reserved");
  out.type = reader.u8("descriptor type");
  out.status = reader.u8("descriptor status");
  reader.skip(1, "reserved");
  out.length = reader.u32("descriptor length");
  out.offset = reader.u32("descriptor offset");
  return out;
}

// The one of both places that holds a descriptor of an SPDM message.
Descriptor find_descriptor(View application) {
  const std::size_t room = application.size() - kStorageEnvelope;
  std::optional<Descriptor> found;
  for (const std::size_t base : kBases) {
    const Descriptor one = descriptor_at(application, base);
    if (one.type != kSpdmMessage || one.length > room) continue;
    if (found) malformed(kRecord, "descriptor", "fits at two places");
    found = one;
  }
  if (!found) malformed(kRecord, "descriptor", cat("none of an SPDM message of at most ", room, " bytes"));
  return *found;
}

std::size_t begin_of_message(std::uint32_t offset) {
  for (const std::uint32_t known : kOffsetsOfEnvelope)
    if (offset == known) return kStorageEnvelope;
  if (offset < kInFront + kStorageEnvelope) malformed(kRecord, "descriptor offset", cat(offset, " lies before the message"));
  return offset - kInFront;
}

}  // namespace

Bytes put_in_envelope(View message) {
  constexpr std::size_t before = kBases.front() - 1, after = kStorageEnvelope - kBases.front() - kDescriptor;
  Writer out;
  out.u8(1).zeros(before);
  out.u8(0).u8(kSpdmMessage).u8(0).u8(0).u32(message.size()).u32(kWrittenOffset).u32(0);
  return out.zeros(after).bytes(message).take();
}

// DSP0286, secured messages, N314.
Bytes take_from_envelope(View application) {
  if (application.size() < kStorageEnvelope)
    malformed(kRecord, "descriptors", cat(application.size(), " bytes, they take ", kStorageEnvelope));
  if (application.front() != 1) malformed(kRecord, "descriptors", cat(application.front(), ", an SPDM message has 1"));
  const Descriptor found = find_descriptor(application);
  if (found.status != 0) malformed(kRecord, "descriptor status", cat("0x", hex(found.status, 2), ", the drive refuses the message"));
  const std::size_t begin = begin_of_message(found.offset);
  if (begin > application.size() || found.length > application.size() - begin)
    malformed(kRecord, "descriptor offset", cat(found.length, " bytes at ", begin, " of ", application.size()));
  return to_bytes(application.subspan(begin, found.length));
}

}  // namespace spdm
