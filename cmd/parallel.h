// Work in parallel, results in order.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace cmd {

// Calls produce(i) for i in [0, count) on up to `workers` threads and consume(result) on this one, in order. Not more
// than a few results per worker wait at a time, so memory does not grow with `count`. The first exception of either
// ends the run and is thrown here. Where the system gives no more threads, it goes on with those there are, or with none.
template <class Result>
void in_order(std::size_t count, std::size_t workers, const std::function<Result(std::size_t)>& produce,
              const std::function<void(Result)>& consume) {
  workers = std::min(std::max<std::size_t>(workers, 1), count);
  const auto one_by_one = [&] {
    for (std::size_t i = 0; i < count; ++i) consume(produce(i));
  };
  if (workers <= 1) return one_by_one();

  struct Slot {
    std::optional<Result> result;
    std::exception_ptr failure;
  };
  std::vector<Slot> window(workers * 4);
  std::mutex mutex;
  std::condition_variable room, ready;
  std::size_t next = 0, consumed = 0;
  bool stop = false;

  const auto work = [&] {
    std::unique_lock lock(mutex);
    for (;;) {
      room.wait(lock, [&] { return stop || next == count || next < consumed + window.size(); });
      if (stop || next == count) return;
      const std::size_t index = next++;
      lock.unlock();
      Slot slot;
      try {
        slot.result = produce(index);
      } catch (...) {
        slot.failure = std::current_exception();
      }
      lock.lock();
      window[index % window.size()] = std::move(slot);
      ready.notify_one();
    }
  };

  std::exception_ptr failure;
  {
    std::vector<std::jthread> threads;
    threads.reserve(workers);
    try {
      for (std::size_t i = 0; i < workers; ++i) threads.emplace_back(work);
    } catch (const std::system_error&) {  // a limit on tasks or on memory
      if (threads.empty()) return one_by_one();
    }
    for (std::size_t i = 0; i < count && !failure; ++i) {
      Slot slot;
      {
        std::unique_lock lock(mutex);
        Slot& waited_for = window[i % window.size()];
        ready.wait(lock, [&] { return waited_for.result || waited_for.failure; });
        slot = std::exchange(waited_for, {});
        ++consumed;
      }
      room.notify_one();
      try {
        if (slot.failure) std::rethrow_exception(slot.failure);
        consume(std::move(*slot.result));
      } catch (...) {
        failure = std::current_exception();
      }
    }
    const std::lock_guard lock(mutex);
    stop = true;
    room.notify_all();
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace cmd
