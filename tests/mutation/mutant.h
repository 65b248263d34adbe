// What the sources in the copy ask at each point that can be changed: is the change with this number the one of this run? Which
// points a test reaches, it marks in a shared mapping: so a child, and a process that ends in the middle, have marked theirs, too.
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>

namespace mutation {

struct State {
  int chosen = -1;
  volatile unsigned char* reached = nullptr;
  std::size_t size = 0;

  State() {
    if (const char* number = std::getenv("MUTATION_CHOSEN")) chosen = std::atoi(number);
    const char* file = std::getenv("MUTATION_REACHED");
    if (file == nullptr) return;
    const int descriptor = ::open(file, O_RDWR | O_CLOEXEC);
    struct stat status {};
    if (descriptor < 0 || ::fstat(descriptor, &status) != 0) std::abort();
    size = static_cast<std::size_t>(status.st_size);
    void* memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    if (memory == MAP_FAILED) std::abort();
    reached = static_cast<volatile unsigned char*>(memory);
    ::close(descriptor);
  }
};

inline State& state() {
  static State only;
  return only;
}

// Made before the program confines itself: later it may open nothing.
[[maybe_unused]] inline const State& kEarly = state();

inline bool mutant(int number) {
  State& now = state();
  if (now.reached != nullptr && static_cast<std::size_t>(number) < now.size) now.reached[number] = 1;
  return number == now.chosen;
}

template <class A, class B>
bool less(int number, const A& a, const B& b) {
  return mutant(number) ? a <= b : a < b;
}

template <class A, class B>
bool less_equal(int number, const A& a, const B& b) {
  return mutant(number) ? a < b : a <= b;
}

template <class A, class B>
bool greater(int number, const A& a, const B& b) {
  return mutant(number) ? a >= b : a > b;
}

template <class A, class B>
bool greater_equal(int number, const A& a, const B& b) {
  return mutant(number) ? a > b : a >= b;
}

}  // namespace mutation
