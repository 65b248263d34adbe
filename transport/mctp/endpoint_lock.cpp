#include "transport/mctp/endpoint_lock.h"

#include <unistd.h>

#include <charconv>
#include <optional>
#include <utility>

#include "core/error.h"
#include "core/text.h"

namespace spdm::transport {

namespace {

// An answer that takes longer than this is not expected any more.
constexpr std::chrono::seconds kForgotten{30};

// Of the clock that all processes share until the next boot, as the lock file does.
std::int64_t seconds_now() { return std::chrono::duration_cast<std::chrono::seconds>(Clock::now().time_since_epoch()).count(); }

// The number behind `key` in a line of words.
std::optional<std::int64_t> number_in(std::string_view line, std::string_view key) {
  const std::size_t at = line.find(key);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view text = line.substr(at + key.size());
  std::int64_t out = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), out).ec != std::errc()) return std::nullopt;
  return out;
}

constexpr std::string_view kTags = " tags=", kUntil = " until=";

TagSet late_in(std::string_view line) {
  const std::optional<std::int64_t> until = number_in(line, kUntil);
  if (until && *until < seconds_now()) return 0;
  return static_cast<TagSet>(number_in(line, kTags).value_or(0));
}

}  // namespace

EndpointLock::EndpointLock(const Host& host, const MctpAddress& peer)
    : file_(host, cat("mctp-", peer.network, "-", static_cast<unsigned>(peer.eid))), late_(late_in(file_.read())) {}

void EndpointLock::write(std::string line) {
  try {
    file_.write(std::move(line));
  } catch (const Error&) {  // NOLINT(bugprone-empty-catch): the endpoint can be asked all the same
  }
}

void EndpointLock::work_with(TagSet tags) { write(cat(::getpid(), kTags, static_cast<unsigned>(tags | late_))); }

void EndpointLock::end_with(TagSet given_up) {
  const TagSet late = given_up | late_;
  write(late == 0 ? "" : cat(::getpid(), kTags, static_cast<unsigned>(late), kUntil, seconds_now() + kForgotten.count()));
}

}  // namespace spdm::transport
