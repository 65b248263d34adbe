#include "cmd/host/console.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "core/text.h"

namespace spdm::cmd {

namespace {

constexpr std::size_t kFlushAt = 64 * 1024;

// Returns 0, or errno.
int write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

std::string one_line(const Error& error) {
  std::string out = "spdmctl: ";
  if (!error.device.empty() && !std::string_view(error.what()).starts_with(error.device)) out += error.device + ": ";
  out += error.what();
  if (!error.hint.empty()) out += "; " + error.hint;
  return printable(out);
}

// A terminal that can do more than write letters one after the other.
bool is_screen(int fd) {
  const char* const terminal = ::secure_getenv("TERM");
  return ::isatty(fd) == 1 && terminal != nullptr && std::string_view(terminal) != "dumb";
}

bool is_set(const char* variable) {
  const char* const value = ::secure_getenv(variable);
  return value != nullptr && *value != '\0';
}

// "0" says no.
bool forces(const char* variable) { return is_set(variable) && std::string_view(::secure_getenv(variable)) != "0"; }

}  // namespace

void Console::out(std::string_view text) {
  if (quiet && format == Format::text && file_.empty()) return;
  if (text.size() < kFlushAt) {
    pending_ += text;
    if (pending_.size() >= kFlushAt) flush();
    return;
  }
  flush();
  put(text);  // it is not copied: it may be all that a device has sent
}

void Console::flush() {
  const std::string text = std::move(pending_);
  pending_.clear();
  put(text);
}

void Console::put(std::string_view text) {
  if (reader_gone_) return;
  if (!file_.empty()) {
    if (text.empty()) return;
    reader_gone_ = true;  // until it is written: when writing fails, the document about the error must not try again
    if (!in_making_) in_making_ = std::make_unique<FileInMaking>(file_);
    in_making_->write(as_bytes(text));
    reader_gone_ = false;
    return;
  }
  if (text.empty()) return;
  const std::unique_lock lock = aside();
  const int failure = write_all(STDOUT_FILENO, text);
  if (failure == EPIPE) {
    reader_gone_ = true;
  } else if (failure != 0) {
    reader_gone_ = true;  // the document about this error must not try again
    throw Error(ErrorId::io, cat("standard output: ", std::strerror(failure)));
  }
}

void Console::write_to(const std::filesystem::path& file) {
  assert_writable(file);
  file_ = file;
}

void Console::finish() {
  flush();
  if (file_.empty()) finished_ = true;
  if (file_.empty() || reader_gone_ || (finished_ && !in_making_)) return;
  reader_gone_ = true;  // as in flush()
  if (!in_making_) in_making_ = std::make_unique<FileInMaking>(file_);
  in_making_->finish();
  in_making_.reset();
  finished_ = true;
  reader_gone_ = false;
}

void Console::discard() {
  if (file_.empty()) return;
  pending_.clear();
  in_making_.reset();
}

// When stderr fails, there is no place left to report it.
void Console::complain(const Error& error) const { complain(one_line(error)); }

void Console::complain(std::string_view line) const {
  const std::unique_lock lock = aside();
  write_all(STDERR_FILENO, cat(line, "\n"));
}

void Console::note(std::string_view line) const {
  if (!quiet) complain(line);
}

// The line of progress is on the same screen as what is written now.
std::unique_lock<std::mutex> Console::aside() const { return progress_ ? progress_->step_aside() : std::unique_lock<std::mutex>(); }

void Console::show_progress() {
  if (!quiet && !progress_ && is_screen(STDERR_FILENO)) progress_ = std::make_unique<Progress>(STDERR_FILENO);
}

bool is_terminal() { return ::isatty(STDOUT_FILENO) == 1; }

bool wants_color(Color color, bool to_file) {
  if (color != Color::automatic) return color == Color::always;
  if (to_file || is_set("NO_COLOR")) return false;
  return forces("FORCE_COLOR") || forces("CLICOLOR_FORCE") || is_screen(STDOUT_FILENO);
}

}  // namespace spdm::cmd
