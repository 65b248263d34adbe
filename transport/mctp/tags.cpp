#include "transport/mctp/tags.h"

#include <algorithm>
#include <utility>

#include "core/error.h"

namespace spdm::transport {

namespace {

constexpr std::size_t kInTurn = 2;

}  // namespace

void add(TagList& list, std::uint8_t number) {
  std::erase(list, number);
  list.push_back(number);
}

MctpTags::MctpTags(MctpSocket& socket, const MctpAddress& peer, TagList avoid) : socket_(socket), peer_(peer), given_up_(std::move(avoid)) {
  fill();
}

// The kernel gives the lowest that is free: those that are not wanted are held until one comes that is. Where none does, it is the one
// that was given up first.
std::unique_ptr<MctpTag> MctpTags::take() const {
  std::vector<std::unique_ptr<MctpTag>> unwanted;
  const auto given_up = [&](const std::unique_ptr<MctpTag>& tag) { return std::find(given_up_.begin(), given_up_.end(), tag->number()); };
  try {
    for (;;) {
      auto tag = std::make_unique<MctpTag>(socket_, peer_);
      if (given_up(tag) == given_up_.end()) return tag;
      unwanted.push_back(std::move(tag));
    }
  } catch (const Error& error) {
    if (unwanted.empty() || error.id != ErrorId::busy) throw;
  }
  return std::move(
      *std::min_element(unwanted.begin(), unwanted.end(), [&](const auto& a, const auto& b) { return given_up(a) < given_up(b); }));
}

void MctpTags::fill() {
  while (held_.size() < kInTurn) try {
      held_.push_back(take());
    } catch (const Error& error) {
      if (held_.empty() || error.id != ErrorId::busy) throw;
      return;  // one will do
    }
}

const MctpTag& MctpTags::next() {
  if (held_.size() == kInTurn) {
    held_.push_back(std::move(held_.front()));
    held_.pop_front();
  }
  fill();
  return current();
}

void MctpTags::give_up() {
  add(given_up_, current().number());
  held_.pop_front();
}

TagList MctpTags::in_use() const {
  TagList out;
  for (const std::unique_ptr<MctpTag>& tag : held_) out.push_back(tag->number());
  return out;
}

}  // namespace spdm::transport
