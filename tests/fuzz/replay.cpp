// Replays inputs through a fuzz target without a fuzzer: each file of the directories given as it is, cut off at each
// byte, and with each bit flipped (long files: at evenly spread places, so that the time is bounded).
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

constexpr std::size_t kPlaces = 120;  // per file

std::size_t replay(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::vector<std::uint8_t> input{std::istreambuf_iterator<char>(stream), {}};
  LLVMFuzzerTestOneInput(input.data(), input.size());
  std::size_t runs = 1;
  const std::size_t step = std::max<std::size_t>(1, input.size() / kPlaces);
  for (std::size_t at = 0; at < input.size(); at += step) {
    // A copy of its own, so that the address sanitizer sees the end.
    const std::vector<std::uint8_t> head(input.begin(), input.begin() + static_cast<std::ptrdiff_t>(at));
    LLVMFuzzerTestOneInput(head.data(), head.size());
    for (unsigned bit = 0; bit < 8; ++bit) {
      const std::uint8_t before = input[at];
      input[at] = static_cast<std::uint8_t>(before ^ (1U << bit));
      LLVMFuzzerTestOneInput(input.data(), input.size());
      input[at] = before;
    }
    runs += 9;
  }
  return runs;
}

}  // namespace

int main(int argc, char** argv) {
  std::size_t files = 0, runs = 0;
  for (int i = 1; i < argc; ++i)
    for (const auto& entry : std::filesystem::recursive_directory_iterator(argv[i]))
      if (entry.is_regular_file()) {
        runs += replay(entry.path());
        ++files;
      }
  std::printf("%zu files, %zu inputs\n", files, runs);
  return files == 0 ? 1 : 0;
}
