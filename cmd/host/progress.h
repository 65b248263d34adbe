// How far long work is: one line on a terminal, which is written again and again, and is gone at the end.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace spdm::cmd {

// Work as it stands. A total of 0 is not known.
struct ProgressState {
  std::string_view one, many;                      // what is counted: "device", "devices"
  std::uint64_t done = 0, total = 0;               // of them
  std::uint64_t bytes = 0, total_bytes = 0;        // of the input
  std::uint64_t chain_bytes = 0, chain_total = 0;  // of certificate chains, of all devices that are asked now
  std::chrono::steady_clock::duration elapsed{0};
};

// "spdmctl: 3 of 12 devices, 1.5 a second, about 6 s left", of at most `width` characters.
std::string progress_line(const ProgressState& state, std::size_t width);

// All functions may be called by several threads.
class Progress {
 public:
  struct Manner {
    std::chrono::milliseconds delay{1000};   // what is done sooner shows nothing
    std::chrono::milliseconds between{200};  // two versions of the line
  };
  // `terminal`: a descriptor that stays open. Asks it for its width.
  explicit Progress(int terminal) : Progress(terminal, Manner()) {}
  Progress(int terminal, Manner manner);
  ~Progress() { end(); }

  // Work begins: a thread writes the line from now on. Call it once the process is confined. Where there is no thread to be had,
  // nothing is shown.
  void begin(std::string_view one, std::string_view many, std::uint64_t total = 0, std::uint64_t total_bytes = 0);
  void add(std::uint64_t done, std::uint64_t bytes = 0);
  // Of a certificate chain: `more` bytes were read. `total`: bytes of a chain that begins; else 0.
  void add_chain(std::uint64_t more, std::uint64_t total);
  // Work is done, or given up. Clears the line.
  void end();

  // Clears the line for other output, and keeps it away until the lock is gone.
  std::unique_lock<std::mutex> step_aside();

 private:
  void work(const std::stop_token& stop);
  void write(std::string_view text);
  void clear();

  const int terminal_;
  const Manner manner_;
  std::size_t width_ = 80;
  std::mutex mutex_;  // of all below
  std::condition_variable_any wake_;
  ProgressState state_;
  std::chrono::steady_clock::time_point begin_;
  bool shown_ = false;
  std::jthread thread_;  // of the one that begins and ends
};

// Bytes of all these files; 0 when one of them is no plain file, so that it cannot be told.
std::uintmax_t bytes_of(const std::vector<std::string>& files);

// Work from here to the end of the block. `progress` may be nullptr: then nothing is shown.
class ProgressOfWork {
 public:
  ProgressOfWork(Progress* progress, std::string_view one, std::string_view many, std::uint64_t total = 0, std::uint64_t total_bytes = 0)
      : progress_(progress) {
    if (progress_ != nullptr) progress_->begin(one, many, total, total_bytes);
  }
  ~ProgressOfWork() {
    if (progress_ != nullptr) progress_->end();
  }
  ProgressOfWork(const ProgressOfWork&) = delete;
  ProgressOfWork& operator=(const ProgressOfWork&) = delete;

  void add(std::uint64_t done, std::uint64_t bytes = 0) const {
    if (progress_ != nullptr) progress_->add(done, bytes);
  }

 private:
  Progress* const progress_;
};

}  // namespace spdm::cmd
