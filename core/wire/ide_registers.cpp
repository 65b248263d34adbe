#include "core/wire/ide_registers.h"

#include <algorithm>

#include "core/text.h"

namespace spdm {

namespace {

constexpr std::string_view kName = "IDE registers";
constexpr std::uint32_t kAllOnes = 0xFFFFFFFF;            // what an absent function reads as
constexpr std::size_t kWord = 4, kAddressWords = 3;       // words of one address association
constexpr std::uint32_t kAddressCount = 0xF;              // in the capability register of a selective stream
constexpr std::uint32_t kFailMessageReceived = 1U << 31;  // in a status register
constexpr std::size_t kHeader = 4;                        // of the extended capability, in front of the registers

using Read = std::function<std::uint32_t(std::size_t)>;

// Goes over the registers once, front to back (PCIe r6.x 7.9.26).
class Walk {
 public:
  Walk(const Read& read, IdeDepth depth) : read_(read), depth_(depth) {}

  IdeRegisters run() {
    IdeRegisters out;
    out.capability = next();
    out.control = next();
    for (std::size_t i = 0; i < out.link_streams(); ++i) out.streams.push_back(link(i));
    for (std::size_t i = 0; i < out.selective_streams(); ++i) out.streams.push_back(selective(i));
    return out;
  }

 private:
  IdeStream link(std::size_t block) {
    IdeStream out;
    out.block = block;
    out.control = next();
    out.status = next();
    return out;
  }

  IdeStream selective(std::size_t block) {
    IdeStream out;
    out.is_selective = true;
    out.block = block;
    out.capability = next();
    out.control = next();
    out.status = next();
    const std::size_t addresses = out.capability & kAddressCount;  // blocks may differ in this
    if (depth_ == IdeDepth::status) {
      at_ += kWord * (2 + kAddressWords * addresses);
      return out;
    }
    out.rid_1 = next();
    out.rid_2 = next();
    for (std::size_t i = 0; i < addresses; ++i) {
      IdeStream::AddressAssociation address;
      address.first = next();
      address.limit_high = any();
      address.base_high = any();
      out.addresses.push_back(address);
    }
    return out;
  }

  // A register all of whose bits mean something.
  std::uint32_t any() {
    const std::uint32_t value = read_(at_);
    at_ += kWord;
    return value;
  }

  // One with reserved bits, N352.
  std::uint32_t next() {
    const std::size_t at = at_;
    const std::uint32_t value = any();
    if (value == kAllOnes) malformed(kName, cat("register 0x", hex(at + kHeader, 3)), "reads as all ones");
    return value;
  }

  const Read& read_;
  IdeDepth depth_;
  std::size_t at_ = 0;
};

std::string place_of(const IdeStream& stream) { return cat(stream.is_selective ? "selective" : "link", " IDE stream ", stream.block); }

class Comparison {
 public:
  void note(const std::string& where, std::uint32_t first, std::uint32_t second, std::uint32_t ignored = 0) {
    if (((first ^ second) & ~ignored) != 0) out_.push_back({where, first, second});
  }

  void streams(const IdeStream& first, const IdeStream& second) {
    const std::string place = place_of(first);
    note(cat(place, ", capability"), first.capability, second.capability);
    note(cat(place, ", control"), first.control, second.control);
    note(cat(place, ", status"), first.status, second.status, kFailMessageReceived);
    note(cat(place, ", RID association 1"), first.rid_1, second.rid_1);
    note(cat(place, ", RID association 2"), first.rid_2, second.rid_2);
    for (std::size_t i = 0; i < std::min(first.addresses.size(), second.addresses.size()); ++i) {
      const std::string address = cat(place, ", address association ", i);
      note(cat(address, ", register 1"), first.addresses[i].first, second.addresses[i].first);
      note(cat(address, ", limit"), first.addresses[i].limit_high, second.addresses[i].limit_high);
      note(cat(address, ", base"), first.addresses[i].base_high, second.addresses[i].base_high);
    }
  }

  std::vector<IdeDifference> take() { return std::move(out_); }

 private:
  std::vector<IdeDifference> out_;
};

}  // namespace

std::string to_string(const IdeStream& stream) { return cat(place_of(stream), " (id ", stream.id(), ")"); }

std::string ide_algorithm_name(std::uint8_t algorithm) { return algorithm == 0 ? "AES-GCM-256" : cat("0x", hex(algorithm, 2)); }

std::string ide_state_name(std::uint8_t state) { return state == 0 ? "insecure" : state == 2 ? "secure" : cat("0x", hex(state, 2)); }

IdeRegisters walk_ide_registers(const Read& read, IdeDepth depth) { return Walk(read, depth).run(); }

IdeRegisters decode_ide_registers(View registers) {
  Reader reader(registers, kName);
  if (registers.size() % kWord != 0) reader.fail("size", cat(registers.size(), " bytes are not a whole number of registers"));
  // One register after the other: so the reader is where the walk is. N353
  IdeRegisters out = walk_ide_registers([&](std::size_t) { return reader.u32("stream blocks"); });
  out.surplus = reader.remaining();
  return out;
}

std::vector<IdeDifference> differences(const IdeRegisters& first, const IdeRegisters& second) {
  Comparison out;
  out.note("capability", first.capability, second.capability);
  out.note("control", first.control, second.control);
  for (const IdeStream& stream : first.streams) {
    const auto other = std::find_if(second.streams.begin(), second.streams.end(), [&](const IdeStream& candidate) {
      return candidate.is_selective == stream.is_selective && candidate.block == stream.block;
    });
    if (other != second.streams.end()) out.streams(stream, *other);
  }
  return out.take();
}

}  // namespace spdm
