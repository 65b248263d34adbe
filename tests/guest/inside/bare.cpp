// One exchange with a DOE mailbox at 0x100, again and again, without anything around it: GET_VERSION, as fast as
// configuration space takes it. Prints milliseconds per exchange; without arguments, nanoseconds of a steady clock.
#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <initializer_list>

namespace {

int config = -1;

std::uint32_t get(int offset) {
  std::uint32_t value = 0;
  if (pread(config, &value, 4, offset) != 4) std::exit(1);
  return value;
}

void put(int offset, std::uint32_t value) {
  if (pwrite(config, &value, 4, offset) != 4) std::exit(1);
}

void exchange() {
  constexpr int kControl = 0x108, kStatus = 0x10C, kWrite = 0x110, kRead = 0x114;
  if ((get(kStatus) & 1) != 0) std::exit(2);
  for (const std::uint32_t dword : {0x00010001u, 3u, 0x00008410u}) put(kWrite, dword);
  put(kControl, 1u << 31);
  for (int i = 0; get(kStatus) >> 31 == 0; ++i)
    if (i == 100'000) std::exit(3);
  while (get(kStatus) >> 31 != 0) {
    get(kRead);
    put(kRead, 0);
  }
}

}  // namespace

int main(int count, char** arguments) {
  if (count == 1) return std::printf("%lld\n", static_cast<long long>(std::chrono::steady_clock::now().time_since_epoch().count())) < 0;
  if (count != 3) return 1;
  config = open(arguments[1], O_RDWR);
  const int times = std::atoi(arguments[2]);
  put(0x108, 1);
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < times; ++i) exchange();
  const std::chrono::duration<double, std::milli> taken = std::chrono::steady_clock::now() - begin;
  std::printf("%.3f\n", taken.count() / times);
}
