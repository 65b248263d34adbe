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

}  // namespace

void Console::out(std::string_view text) {
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
void Console::complain(const Error& error) const { note(one_line(error)); }
void Console::note(std::string_view line) const { write_all(STDERR_FILENO, cat(line, "\n")); }

bool is_terminal() { return ::isatty(STDOUT_FILENO) == 1; }

bool wants_color(bool forbidden) {
  const char* no_color = ::secure_getenv("NO_COLOR");
  const char* terminal = ::secure_getenv("TERM");
  if (forbidden || (no_color != nullptr && *no_color != '\0')) return false;
  return is_terminal() && terminal != nullptr && std::string_view(terminal) != "dumb";
}

}  // namespace spdm::cmd
