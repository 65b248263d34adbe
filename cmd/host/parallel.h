// Work in parallel: results in the order of the inputs, or as they come. Memory does not grow with their number.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace spdm::cmd {

template <class Input, class Result>
struct Stream {
  // The next input, or nothing at the end. Called by one thread at a time; may block.
  std::function<std::optional<Input>()> next;
  // The expensive part, by several threads at once.
  std::function<Result(Input)> produce;
  // By the calling thread, one at a time.
  std::function<void(Result)> consume;
  // By the calling thread before it waits for a result: output may be flushed. May be empty.
  std::function<void()> idle = nullptr;

  std::size_t workers = 1;
  bool ordered = true;
  // What an input, and what a result, weighs (bytes, say) until it is consumed. Nothing is read while the sum has reached `budget`.
  std::function<std::size_t(const Input&)> weight = nullptr;
  std::function<std::size_t(const Result&)> result_weight = nullptr;
  std::size_t budget = 1;
  // Inputs that are read and not yet consumed, at the most. 0: four for each worker.
  std::size_t window = 0;
  // Results that may wait for one another while there is work under way. For work that is short: to wake a thread for each result
  // would take a tenth of the time.
  std::size_t batch = 1;
};

namespace detail {

// The threads of one stream, and what they share.
template <class Input, class Result>
class Streaming {
 public:
  explicit Streaming(const Stream<Input, Result>& stream)
      : stream_(stream), window_(stream.window > 0 ? stream.window : stream.workers * 4) {}

  void run() {
    if (stream_.workers <= 1) return one_by_one();
    std::exception_ptr failure;
    {
      std::vector<std::jthread> threads;
      threads.reserve(stream_.workers);
      try {
        for (std::size_t i = 0; i < stream_.workers; ++i) threads.emplace_back([this] { work(); });
      } catch (const std::system_error&) {  // a limit on tasks or on memory: those there are will do
        if (threads.empty()) return one_by_one();
      }
      try {
        while (std::optional<Result> result = take()) stream_.consume(std::move(*result));
      } catch (...) {
        failure = std::current_exception();
      }
      const std::lock_guard lock(mutex_);
      stop_ = true;
      room_.notify_one();
    }
    if (failure) std::rethrow_exception(failure);
  }

 private:
  struct Slot {
    std::optional<Result> result;
    std::exception_ptr failure;
    std::size_t weight = 0, result_weight = 0;
  };

  void one_by_one() {
    while (std::optional<Input> input = stream_.next()) {
      stream_.consume(stream_.produce(std::move(*input)));
      if (stream_.idle) stream_.idle();
    }
  }

  bool done() const { return stop_ || ended_; }

  void work() {
    for (;;) {
      std::unique_lock turn(turn_);
      const std::optional<std::size_t> index = claim();
      if (!index) return;
      Slot slot;
      std::optional<Input> input = read(slot);
      const bool has_input = input.has_value(), failed_to_read = slot.failure != nullptr;
      {
        const std::lock_guard lock(mutex_);
        in_flight_ += slot.weight;
        if (has_input) ++producing_;
        if (!has_input && !failed_to_read) --begun_;  // there was none
        ended_ = ended_ || !has_input;
        if (!has_input) ready_.notify_one();
      }
      turn.unlock();
      if (has_input) produce(*std::move(input), slot);
      if (has_input || failed_to_read) finish(*index, std::move(slot), has_input);
    }
  }

  // Waits for room for another input. Nothing at the end.
  std::optional<std::size_t> claim() {
    std::unique_lock lock(mutex_);
    room_.wait(lock, [&] { return done() || (begun_ - consumed_ < window_ && in_flight_ < stream_.budget); });
    return done() ? std::nullopt : std::optional(begun_++);
  }

  void produce(Input input, Slot& slot) {
    try {
      slot.result = stream_.produce(std::move(input));
      slot.result_weight = stream_.result_weight ? stream_.result_weight(*slot.result) : 0;
    } catch (...) {
      slot.failure = std::current_exception();
    }
  }

  void finish(std::size_t index, Slot slot, bool has_produced) {
    const std::lock_guard lock(mutex_);
    if (has_produced) --producing_;
    slot.weight += slot.result_weight;
    in_flight_ += slot.result_weight;
    done_.emplace(stream_.ordered ? index : finished_++, std::move(slot));
    // Nobody may be left to tell of it later: the others wait for an input, or for room.
    if (done_.contains(consumed_) && (done_.size() >= stream_.batch || producing_ == 0)) ready_.notify_one();
  }

  std::optional<Input> read(Slot& slot) {
    try {
      std::optional<Input> input = stream_.next();
      slot.weight = input && stream_.weight ? stream_.weight(*input) : 0;
      return input;
    } catch (...) {
      slot.failure = std::current_exception();
      return std::nullopt;
    }
  }

  std::optional<Result> take() {
    std::unique_lock lock(mutex_);
    const auto is_there = [&] { return done_.contains(consumed_); };
    if (!is_there() && stream_.idle) {
      lock.unlock();
      stream_.idle();
      lock.lock();
    }
    const auto is_ready = [&] { return is_there() || (ended_ && consumed_ == begun_); };
    // Where results may wait for one another, one may wait for work that is not short after all: but not for long.
    constexpr std::chrono::milliseconds kPatience(50);
    if (stream_.batch <= 1) ready_.wait(lock, is_ready);
    while (!ready_.wait_for(lock, kPatience, is_ready)) {
    }
    if (!is_there()) return std::nullopt;
    Slot slot = std::move(done_.extract(consumed_++).mapped());
    in_flight_ -= slot.weight;
    room_.notify_one();
    if (slot.failure) std::rethrow_exception(slot.failure);
    return std::move(slot.result);
  }

  const Stream<Input, Result>& stream_;
  const std::size_t window_;
  std::map<std::size_t, Slot> done_;      // by index, or by when they were finished
  std::mutex turn_;                       // to read; taken before the other
  std::mutex mutex_;                      // of all that follows
  std::condition_variable room_, ready_;  // for the one whose turn it is, for the one that consumes
  std::size_t begun_ = 0, producing_ = 0, finished_ = 0, consumed_ = 0, in_flight_ = 0;
  bool ended_ = false, stop_ = false;
};

}  // namespace detail

// Results wait within the window and the budget. The first exception ends the run and is thrown here. When the system gives
// no more threads, the run goes on with those there are, or on the calling thread.
template <class Input, class Result>
void run_stream(const Stream<Input, Result>& stream) {
  detail::Streaming<Input, Result>(stream).run();
}

// Calls produce(i) for i in [0, count) on up to `workers` threads and consume(result) on this one, in order.
template <class Result>
void in_order(std::size_t count, std::size_t workers, const std::function<Result(std::size_t)>& produce,
              const std::function<void(Result)>& consume) {
  std::size_t next = 0;
  run_stream<std::size_t, Result>({.next = [&] { return next == count ? std::nullopt : std::optional(next++); },
                                   .produce = produce,
                                   .consume = consume,
                                   .workers = std::min(std::max<std::size_t>(workers, 1), count)});
}

}  // namespace spdm::cmd
