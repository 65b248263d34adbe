#include "cmd/host/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <filesystem>
#include <system_error>

#include "core/text.h"

namespace spdm::cmd {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::string_view kClearLine = "\r\x1b[K";

double seconds_of(Clock::duration duration) { return std::chrono::duration<double>(duration).count(); }

// "12", or "1.5" below ten.
std::string rate_in_words(double rate) {
  const auto tenths = static_cast<std::uint64_t>(std::llround(rate * 10));
  if (tenths >= 100) return cat((tenths + 5) / 10);
  return cat(tenths / 10, tenths % 10 == 0 ? "" : cat(".", tenths % 10));
}

std::string time_in_words(double seconds) {
  const auto whole = static_cast<std::uint64_t>(std::llround(std::min(seconds, 1e9)));
  if (whole < 120) return cat(whole, " s");
  if (whole < 7200) return cat(whole / 60, " min");
  return cat(whole / 3600, " h");
}

// "3 of 12 devices", "3 recordings".
std::string count_in_words(std::uint64_t done, std::uint64_t total, std::string_view one, std::string_view many) {
  return cat(done, total > 0 ? cat(" of ", total) : "", " ", (total > 0 ? total : done) == 1 ? one : many);
}

// Seconds that are left when the rest takes as long as what was done; 0: it cannot be told.
double time_left(std::uint64_t done, std::uint64_t total, double elapsed) {
  if (done == 0 || total <= done) return 0;
  return elapsed * static_cast<double>(total - done) / static_cast<double>(done);
}

}  // namespace

std::string progress_line(const ProgressState& state, std::size_t width) {
  const double elapsed = std::max(seconds_of(state.elapsed), 0.001);
  std::string out = cat("spdmctl: ", count_in_words(state.done, state.total, state.one, state.many));
  if (state.done > 0) out += cat(", ", rate_in_words(static_cast<double>(state.done) / elapsed), " a second");
  if (state.chain_bytes > 0 && state.done < std::max<std::uint64_t>(state.total, 1))
    out += cat(", ", count_in_words(state.chain_bytes, state.chain_total, "byte", "bytes"), " of certificates");
  double left = state.total > 0 ? time_left(state.done, state.total, elapsed) : time_left(state.bytes, state.total_bytes, elapsed);
  if (state.total == 1) left = time_left(state.chain_bytes, state.chain_total, elapsed);
  out += left > 0 ? cat(", about ", time_in_words(left), " left") : cat(", after ", time_in_words(elapsed));
  return out.substr(0, width);
}

std::uintmax_t bytes_of(const std::vector<std::string>& files) {
  std::uintmax_t out = 0;
  for (const std::string& file : files) {
    std::error_code failure;
    const std::uintmax_t size = std::filesystem::is_regular_file(file, failure) ? std::filesystem::file_size(file, failure) : 0;
    if (failure || size == 0) return 0;
    out += size;
  }
  return out;
}

Progress::Progress(int terminal, Manner manner) : terminal_(terminal), manner_(manner) {
  winsize size{};
  if (::ioctl(terminal, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) width_ = size.ws_col;
  --width_;  // a line that fills its row may go on to the next one
}

void Progress::begin(std::string_view one, std::string_view many, std::uint64_t total, std::uint64_t total_bytes) {
  end();
  const std::lock_guard lock(mutex_);
  state_ = {.one = one, .many = many, .total = total, .total_bytes = total_bytes};
  begin_ = Clock::now();
  try {
    thread_ = std::jthread([this](const std::stop_token& stop) { work(stop); });
  } catch (const std::system_error&) {  // a limit on tasks or on memory: the work goes on without
  }
}

void Progress::add(std::uint64_t done, std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  state_.done += done;
  state_.bytes += bytes;
}

void Progress::add_chain(std::uint64_t more, std::uint64_t total) {
  const std::lock_guard lock(mutex_);
  state_.chain_bytes += more;
  state_.chain_total += total;
}

void Progress::end() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
  const std::lock_guard lock(mutex_);
  clear();
}

std::unique_lock<std::mutex> Progress::step_aside() {
  std::unique_lock lock(mutex_);
  clear();
  return lock;
}

void Progress::work(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  const auto never = [] { return false; };
  wake_.wait_for(lock, stop, manner_.delay, never);
  while (!stop.stop_requested()) {
    state_.elapsed = Clock::now() - begin_;
    write(cat(kClearLine, progress_line(state_, width_)));
    shown_ = true;
    wake_.wait_for(lock, stop, manner_.between, never);
  }
}

// A terminal that is gone is no reason to stop.
void Progress::write(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(terminal_, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

void Progress::clear() {
  if (shown_) write(kClearLine);
  shown_ = false;
}

}  // namespace spdm::cmd
