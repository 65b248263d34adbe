// From a digest to a number, in little memory: 16 bytes for each place of the table, and no allocation for each entry.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include "core/bytes.h"

namespace spdm {

class DigestTable {
 public:
  // Of a SHA-256 so much is kept. Whoever wants another one to be taken for it has to hit these 96 bits.
  static constexpr std::size_t kKept = 12;
  static constexpr std::uint32_t kNone = UINT32_MAX;

  // The number that the digest has: `value`, unless it has one already. The digest has at least kKept bytes, `value` is not kNone.
  std::uint32_t insert(View digest, std::uint32_t value) {
    if ((count_ + 1) * 10 > places_.size() * 9) grow();
    Place& place = find(digest);
    if (place.value != kNone) return place.value;
    std::copy_n(digest.begin(), kKept, place.digest.begin());
    place.value = value;
    ++count_;
    return value;
  }
  std::optional<std::uint32_t> operator[](View digest) const {
    if (places_.empty()) return std::nullopt;
    const Place& place = const_cast<DigestTable*>(this)->find(digest);
    return place.value == kNone ? std::nullopt : std::optional(place.value);
  }
  std::size_t size() const { return count_; }

 private:
  struct Place {
    Block<kKept> digest{};
    std::uint32_t value = kNone;
  };

  // Where the digest is, or where it belongs.
  Place& find(View digest) {
    std::uint64_t start = 0;
    std::memcpy(&start, digest.data(), sizeof start);
    std::size_t i = static_cast<std::size_t>(start) & (places_.size() - 1);
    while (places_[i].value != kNone && !std::equal(places_[i].digest.begin(), places_[i].digest.end(), digest.begin()))
      i = (i + 1) & (places_.size() - 1);
    return places_[i];
  }
  void grow() {
    std::vector<Place> old = std::exchange(places_, std::vector<Place>(std::max<std::size_t>(places_.size() * 2, 64)));
    for (const Place& place : old)
      if (place.value != kNone) find(place.digest) = place;
  }

  std::vector<Place> places_;  // a power of two
  std::size_t count_ = 0;
};

}  // namespace spdm
