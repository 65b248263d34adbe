// A map with a budget of bytes. Where that is spent, it forgets what was not asked for the longest, one after the other: so no order of
// questions costs more than another, and what does not fit any more is no cliff for what does.
#pragma once

#include <cstddef>
#include <list>
#include <unordered_map>
#include <utility>

namespace spdm::certstore {

// Not for several threads at once.
template <class Key, class Value, class Hash = std::hash<Key>>
class Lru {
 public:
  explicit Lru(std::size_t budget) : budget_(budget) {}

  // nullptr: it is not there. The value stays where it is until something is inserted.
  const Value* find(const Key& key) {
    const auto found = index_.find(key);
    if (found == index_.end()) return nullptr;
    items_.splice(items_.begin(), items_, found->second);
    return &found->second->value;
  }

  // `bytes`: what it costs. Does nothing where the key is there already, or the value alone is more than a quarter of the budget.
  void insert(const Key& key, Value value, std::size_t bytes) {
    if (bytes > budget_ / 4 || index_.count(key) != 0) return;
    items_.push_front({key, std::move(value), bytes});
    index_.emplace(key, items_.begin());
    used_ += bytes;
    while (used_ > budget_) forget_oldest();
  }

  // False: there is nothing left.
  bool forget_oldest() {
    if (items_.empty()) return false;
    used_ -= items_.back().bytes;
    index_.erase(items_.back().key);
    items_.pop_back();
    return true;
  }

  std::size_t size() const { return index_.size(); }

 private:
  struct Item {
    Key key;
    Value value;
    std::size_t bytes;
  };

  std::size_t budget_, used_ = 0;
  std::list<Item> items_;  // the one that was asked for last is the first
  std::unordered_map<Key, typename std::list<Item>::iterator, Hash> index_;
};

}  // namespace spdm::certstore
