#include "transport/mctp/tags.h"

#include <vector>

#include "core/error.h"

namespace spdm::transport {

namespace {

constexpr std::size_t kInTurn = 2;

TagSet set_of(const MctpTag& tag) { return static_cast<TagSet>(1U << tag.number()); }

}  // namespace

MctpTags::MctpTags(MctpSocket& socket, const MctpAddress& peer, TagSet avoid) : socket_(socket), peer_(peer), avoid_(avoid) { fill(); }

// The kernel gives the lowest that is free: those that are not wanted are held until one comes that is.
std::unique_ptr<MctpTag> MctpTags::take() const {
  std::vector<std::unique_ptr<MctpTag>> unwanted;
  for (;;) {
    auto tag = std::make_unique<MctpTag>(socket_, peer_);
    if ((set_of(*tag) & (avoid_ | given_up_)) == 0) return tag;
    unwanted.push_back(std::move(tag));
  }
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
  fill();
  held_.push_back(std::move(held_.front()));
  held_.pop_front();
  return current();
}

void MctpTags::give_up() {
  given_up_ |= set_of(current());
  held_.pop_front();
}

TagSet MctpTags::in_use() const {
  TagSet out = 0;
  for (const std::unique_ptr<MctpTag>& tag : held_) out |= set_of(*tag);
  return out;
}

}  // namespace spdm::transport
