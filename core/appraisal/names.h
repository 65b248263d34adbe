// Keeps each of many repeated strings once, under a number. Bounded: the writer of the reports must not be able to
// exhaust the memory.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>

namespace spdm {

using NameId = std::uint32_t;

class Names {
 public:
  static constexpr NameId kNone = 0;  // the empty string: not known
  static constexpr NameId kFull = 1;  // there was no room for it; counts as not known

  Names(std::size_t most, std::size_t most_bytes) : most_(most), most_bytes_(most_bytes) {}

  NameId id(std::string_view name) {
    if (name.empty()) return kNone;
    if (const auto found = ids_.find(name); found != ids_.end()) return found->second;
    if (names_.size() >= most_ || bytes_ + name.size() > most_bytes_) {
      full_ = true;
      return kFull;
    }
    bytes_ += name.size();
    const std::string& kept = names_.emplace_back(name);
    const auto id = static_cast<NameId>(names_.size() + 1);
    ids_.emplace(kept, id);
    return id;
  }
  const std::string& operator[](NameId id) const {
    static const std::string none, full = "(not kept)";
    return id == kNone ? none : id == kFull ? full : names_[id - 2];
  }
  static bool known(NameId id) { return id > kFull; }
  std::size_t size() const { return names_.size(); }  // without those two
  std::size_t bytes() const { return bytes_; }
  bool full() const { return full_; }

 private:
  std::size_t most_, most_bytes_;
  std::deque<std::string> names_;  // a deque: references stay valid
  std::unordered_map<std::string_view, NameId> ids_;
  std::size_t bytes_ = 0;
  bool full_ = false;
};

}  // namespace spdm
