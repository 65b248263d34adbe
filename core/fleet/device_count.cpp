#include "core/fleet/device_count.h"

#include "core/crypto/crypto.h"

namespace spdm {

std::uint32_t DeviceCount::number(bool keyed) {
  keyed_.push_back(keyed);
  return static_cast<std::uint32_t>(keyed_.size() - 1);
}

std::optional<DeviceCount::Seen> DeviceCount::add(const std::string& key, NameId host, NameId device) {
  const bool has_place = Names::known(host) && Names::known(device);
  const std::uint64_t place = std::uint64_t{host} << 32 | device;
  const auto found = has_place ? places_.find(place) : places_.end();
  Seen out;
  out.same_place = found != places_.end();
  // What stood at this place without a key is taken to be the device that shows one now.
  const bool unnamed = out.same_place && !keyed_[found->second];
  const Bytes digest = key.empty() ? Bytes() : crypto::hash(*find_hash("SHA-256"), as_bytes(key));
  const std::optional<std::uint32_t> known = key.empty() ? std::nullopt : keys_[digest];
  out.again = known || (key.empty() ? out.same_place : unnamed);
  if (!has_place && key.empty()) return std::nullopt;
  if ((!out.again && keyed_.size() == most_) || (has_place && !out.same_place && places_.size() == most_)) {
    full_ = true;
    return std::nullopt;
  }
  out.number = known ? *known : out.again ? found->second : number(!key.empty());
  if (!key.empty()) keys_.insert(digest, out.number);
  if (!key.empty() && unnamed) {
    keyed_[found->second] = true;
    if (known) ++merged_;
  }
  if (has_place) places_[place] = out.number;
  return out;
}

}  // namespace spdm
