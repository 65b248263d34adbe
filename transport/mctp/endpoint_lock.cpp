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

// As the lock file, it begins anew with each boot.
std::int64_t seconds_now() { return std::chrono::duration_cast<std::chrono::seconds>(Clock::now().time_since_epoch()).count(); }

constexpr std::string_view kTags = "tags=", kUntil = "until=";

// What stands behind `key`, up to the next space.
std::string_view word_in(std::string_view line, std::string_view key) {
  const std::size_t at = line.find(key);
  if (at == std::string_view::npos) return {};
  const std::string_view text = line.substr(at + key.size());
  return text.substr(0, text.find(' '));
}

std::optional<std::int64_t> until_in(std::string_view line) {
  const std::string_view text = word_in(line, kUntil);
  std::int64_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}

// A digit each.
TagList tags_in(std::string_view line) {
  TagList out;
  for (const char digit : word_in(line, kTags))
    if (digit >= '0' && digit <= '0' + kTagNumber) add(out, static_cast<std::uint8_t>(digit - '0'));
  return out;
}

std::string text_of(const TagList& tags) {
  std::string out;
  for (const std::uint8_t tag : tags) out += static_cast<char>('0' + tag);
  return out;
}

}  // namespace

EndpointLock::EndpointLock(const Host& host, const MctpAddress& peer)
    : file_(host, cat("mctp-", peer.network, "-", static_cast<unsigned>(peer.eid))) {
  const std::string line = file_.read();
  until_ = until_in(line);
  if (!until_ || *until_ >= seconds_now()) late_ = tags_in(line);
}

void EndpointLock::write(std::string line) {
  try {
    file_.write(std::move(line));
  } catch (const Error&) {  // NOLINT(bugprone-empty-catch): the endpoint can be asked all the same
  }
}

void EndpointLock::work_with(const TagList& tags) { write(cat(::getpid(), " ", kTags, text_of(tags))); }

void EndpointLock::end_with(const TagList& tags) {
  if (tags.empty()) return write("");
  if (tags != late_ || !until_) until_ = seconds_now() + kForgotten.count();
  write(cat(::getpid(), " ", kTags, text_of(tags), " ", kUntil, *until_));
}

}  // namespace spdm::transport
