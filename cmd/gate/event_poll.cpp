#include "cmd/gate/event_poll.h"

#include <algorithm>

#include "core/error.h"
#include "core/text.h"

namespace spdm::cmd {

using transport::Bdf;

namespace {

// How long other devices wait for the one whose turn it is: while it opens a session, and while it is asked.
constexpr std::chrono::seconds kOpening{15}, kQuestion{3}, kFarewell{1}, kAllFarewells{5};
constexpr unsigned kMostBusy = 10;

// A session that did not last is followed by the next after a pause, which doubles. Two watchers of one device end each other's
// sessions, and a device may tell of changes without end: both cost an attestation in so long a time. While nobody listens nothing is
// missed: what changed is seen when the next session is opened.
constexpr std::chrono::minutes kLongestPause{5};
constexpr Clock::duration kLasting = 2 * kLongestPause;
constexpr std::size_t kMostPauses = 1024;

bool is_same(const MeasurementBlock& a, const MeasurementBlock& b) {
  return a.index == b.index && a.type == b.type && a.raw == b.raw && a.value == b.value;
}

// Why a session is no use, although the device can be reached: that does not change by itself.
bool lasts(ErrorId id) { return id != ErrorId::busy && id != ErrorId::timeout && id != ErrorId::io; }

}  // namespace

std::optional<Shown> shown_in(const Report& report) {
  const SlotReport* slot = main_slot(report);
  if (!report.connection || slot == nullptr || slot->slot >= kSlots || slot->chain_bytes.empty()) return std::nullopt;
  const Parameters& parameters = report.connection->parameters;
  if (parameters.version < k13 || !parameters.responder.has(cap::event)) return std::nullopt;
  Shown out{.slot = slot->slot, .chain = slot->chain_bytes, .measurements = {}};
  for (const Measurement& measurement : report.measurements) out.measurements.push_back(measurement.block);
  return out;
}

void EventPoll::tell(const Bdf& bdf, const std::string& what) const {
  if (options_.tell) options_.tell(cat(to_string(bdf), ": ", what));
}

void EventPoll::note(const Bdf& bdf, std::optional<Shown> shown) {
  const std::lock_guard lock(mutex_);
  noted_.erase(bdf);
  if (shown) noted_.emplace(bdf, *std::move(shown));
}

void EventPoll::follow(const Bdf& bdf) {
  std::unique_lock lock(mutex_);
  auto noted = noted_.extract(bdf);
  if (noted.empty()) return;
  if (followed_.size() >= kMost && !followed_.contains(bdf)) {
    lock.unlock();
    return tell(bdf, cat("it is not polled for events: ", kMost, " other devices already are"));
  }
  const auto pause = pauses_.find(bdf);
  Followed next{.shown = std::move(noted.mapped()), .due = options_.now(), .opened = {}, .session = nullptr};
  if (pause != pauses_.end()) next.due += pause->second;
  followed_.insert_or_assign(bdf, std::move(next));
}

void EventPoll::leave(const Bdf& bdf) {
  std::unique_lock lock(mutex_);
  noted_.erase(bdf);
  auto followed = followed_.extract(bdf);
  lock.unlock();
  if (!followed.empty()) end(bdf, followed.mapped());
}

void EventPoll::leave_all() {
  std::unique_lock lock(mutex_);
  noted_.clear();
  std::map<Bdf, Followed> all = std::move(followed_);
  followed_.clear();
  lock.unlock();
  const Clock::time_point until = Clock::now() + kAllFarewells;
  for (auto& [bdf, followed] : all)
    if (Clock::now() < until) end(bdf, followed);
}

// A device that somebody else uses just now, or that does not answer, drops the session by itself with the next GET_VERSION.
void EventPoll::end(const Bdf& bdf, Followed& followed) noexcept try {
  if (!followed.session) return;
  const std::unique_ptr<Link> way = options_.open(bdf);
  followed.session->end(*way, Clock::now() + kFarewell);
} catch (const std::exception&) {
}

Clock::time_point EventPoll::due() const {
  const std::lock_guard lock(mutex_);
  Clock::time_point out = Clock::time_point::max();
  for (const auto& [bdf, followed] : followed_) out = std::min(out, followed.due);
  return out;
}

std::vector<Bdf> EventPoll::poll() {
  std::unique_lock lock(mutex_);
  const auto first =
      std::min_element(followed_.begin(), followed_.end(), [](const auto& a, const auto& b) { return a.second.due < b.second.due; });
  if (first == followed_.end() || first->second.due > options_.now()) return {};
  auto turn = followed_.extract(first);
  lock.unlock();
  const Bdf bdf = turn.key();
  After after = After::drop;
  try {
    after = take_turn(bdf, turn.mapped());
  } catch (const std::exception& error) {
    tell(bdf, cat("it is no longer polled for events: ", error.what()));
  }
  lock.lock();
  if (after == After::ask_again) followed_.insert(std::move(turn));
  return after == After::attest ? std::vector{bdf} : std::vector<Bdf>{};
}

EventPoll::After EventPoll::take_turn(const Bdf& bdf, Followed& followed) {
  std::unique_ptr<Link> way;
  try {
    way = options_.open(bdf);
    if (!followed.session) return begin(bdf, followed, *way);
    const std::string event = followed.session->poll(*way, Clock::now() + kQuestion);
    followed.busy = 0;
    followed.due = options_.now() + options_.interval;
    if (event.empty() && !followed.session->is_used_up()) return After::ask_again;
    followed.session->end(*way, Clock::now() + kFarewell);
    if (!event.empty()) return attest(bdf, followed, cat("it reported an event, ", event));
    followed.session.reset();
    followed.due = options_.now();
    return After::ask_again;
  } catch (const Error& error) {
    // What has gone is heard of elsewhere. Whoever owns the device now keeps it: no session of ours, and no GET_VERSION, ends his.
    if (error.id == ErrorId::no_device) return After::drop;
    if (error.id == ErrorId::busy) return put_off(bdf, followed);
    // Whoever answers in another way than its attestation has shown may be somebody else: it is attested once more.
    if (!followed.session && error.id == ErrorId::peer && doubted_.insert(bdf).second)
      return attest(bdf, followed, cat("cannot open a session for events: ", error.what()));
    const bool forbidden = error.id == ErrorId::owned || error.id == ErrorId::permission || error.id == ErrorId::lockdown;
    if (forbidden || (!followed.session && lasts(error.id))) {
      tell(bdf, cat("it is not polled for events: ", error.what()));
      return After::drop;
    }
    if (followed.session) return attest(bdf, followed, cat("the session for events was lost: ", error.what()));
    followed.due = options_.now() + lengthen(bdf);
    return After::ask_again;
  }
}

// The subscription holds now. Between the attestation and it nobody was told of what changed: so both are compared.
EventPoll::After EventPoll::begin(const Bdf& bdf, Followed& followed, Link& way) {
  auto session = std::make_unique<EventSession>(way, followed.shown.slot, Clock::now() + kOpening);
  const std::vector<MeasurementBlock> measured = session->measurements();
  const std::vector<MeasurementBlock>& before = followed.shown.measurements;
  const bool same = before.empty() || std::equal(before.begin(), before.end(), measured.begin(), measured.end(), is_same);
  const bool same_chain = session->chain() == followed.shown.chain;
  followed.opened = options_.now();
  if (!same || !same_chain) {
    session->end(way, Clock::now() + kFarewell);
    return attest(
        bdf, followed,
        cat("its ", same_chain ? "measurements differ from those" : "certificate chain differs from that", " of its attestation"));
  }
  followed.session = std::move(session);
  doubted_.erase(bdf);
  followed.due = options_.now() + options_.interval;
  return After::ask_again;
}

EventPoll::After EventPoll::put_off(const Bdf& bdf, Followed& followed) {
  followed.due = options_.now() + options_.interval;
  if (!followed.session || ++followed.busy < kMostBusy) return After::ask_again;
  return attest(bdf, followed, cat("it was busy ", kMostBusy, " times when it was polled for events"));
}

EventPoll::After EventPoll::attest(const Bdf& bdf, const Followed& followed, const std::string& why) {
  if (followed.session && options_.now() - followed.opened >= kLasting) {
    const std::lock_guard lock(mutex_);
    pauses_.erase(bdf);
  }
  lengthen(bdf);
  tell(bdf, cat(why, ": it is attested again"));
  return After::attest;
}

Clock::duration EventPoll::lengthen(const Bdf& bdf) {
  const std::lock_guard lock(mutex_);
  if (pauses_.size() >= kMostPauses) pauses_.clear();
  Clock::duration& pause = pauses_[bdf];
  const Clock::duration most = std::max<Clock::duration>(kLongestPause, options_.interval);
  pause = pause == Clock::duration::zero() ? options_.interval : std::min(2 * pause, most);
  return pause;
}

Gatekeeper::Attest beside(std::shared_ptr<EventPoll> events, Gatekeeper::Attest attest) {
  return [events = std::move(events), attest = std::move(attest)](const transport::PciDevice& device, const PolicyRule& rule,
                                                                  Clock::time_point deadline) {
    events->leave(device.bdf);
    Report report = attest(device, rule, deadline);
    events->note(device.bdf, shown_in(report));
    return report;
  };
}

}  // namespace spdm::cmd
