// Throw-away chains are good for the validator, and their files appear once.
#include "certstore/throwaway.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "certstore/validate.h"
#include "core/crypto/crypto.h"
#include "core/descriptor.h"
#include "core/error.h"
#include "core/file.h"
#include "core/secret.h"
#include "support/pki.h"
#include "support/temporary.h"

using namespace spdm;
using namespace spdm::certstore;

TEST_CASE("a chain for every algorithm the library has") {
  for (const AsymAlgorithm& algorithm : asym_algorithms()) {
    if (!crypto::supports(algorithm) || algorithm.scheme == SignatureScheme::slhdsa) continue;
    if (algorithm.key_bits > 2048) continue;  // as good as the smaller ones, and slow to make
    CAPTURE(algorithm.name);
    ThrowawayRequest request;
    request.algorithm = &algorithm;
    request.identity = "Vendor=1b36:Device=0010:CC=010802:REV=02:SSVID=1af4:SSID=1100";
    const Throwaway made = make_throwaway(request);
    CHECK(crypto::PrivateKey::from_file_bytes(*made.key, "key").fits(algorithm));

    const support::TemporaryDirectory directory;
    directory.write("root.pem", pki::pem(made.root));
    Keyring keyring;
    keyring.add_directory(directory.path());
    const HashAlgorithm& hash = *find_hash("SHA-384");
    const Bytes chain = pki::spdm_chain(hash, made.root, {made.root, made.intermediate, made.leaf});
    ChainInput input;
    input.chain = chain;
    input.version = k14;
    input.hash = &hash;
    input.asym = &algorithm;
    Options options;
    options.at = std::time(nullptr);
    const ChainResult result = Validator(keyring, options).validate(input);
    for (const Finding& finding : result.findings) CHECK_MESSAGE(finding.severity() != Severity::failure, finding.why);
    CHECK(result.trust == Trust::trusted);
    CHECK(result.sound);
    CHECK(result.certificates.back().device_info == request.device_info);
    CHECK(result.certificates.back().cma_identities == std::vector<std::string>{request.identity});
  }
}

TEST_CASE("a key is as large as its algorithm says") {
  ThrowawayRequest request;
  request.algorithm = find_asym("RSASSA-3072");
  CHECK(crypto::PrivateKey::from_file_bytes(*make_throwaway(request).key, "key").fits(*request.algorithm));
}

TEST_CASE("files appear once, the key for its owner alone") {
  const support::TemporaryDirectory directory;
  ThrowawayRequest request;
  request.algorithm = find_asym("ECDSA-P256");
  const Throwaway made = make_throwaway(request);
  write_throwaway(made, directory.path() / "a" / "b");
  struct stat status = {};
  REQUIRE(::stat((directory.path() / "a/b/key.pem").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  CHECK(read_certificates(made.root, "root").size() == 1);
  try {
    write_throwaway(made, directory.path() / "a" / "b");
    FAIL_CHECK("files were replaced");
  } catch (const Error& why) {
    CHECK(why.id == ErrorId::config);
  }
  const std::filesystem::directory_iterator files(directory.path() / "a" / "b");
  CHECK(std::distance(begin(files), end(files)) == 3);  // no temporary file is left
}

namespace {

// The second line of a key file, each byte inverted: the test itself must not hold what it looks for.
std::array<char, 48> inverted_line(const std::filesystem::path& file) {
  std::array<char, 48> out{};
  const spdm::Descriptor fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  REQUIRE(::pread(fd.get(), out.data(), out.size(), 28 + 65) == static_cast<ssize_t>(out.size()));  // behind "-----BEGIN..." and a line
  for (char& c : out) c = static_cast<char>(~c);
  return out;
}

// How often this process has the line in memory that it may write to.
int copies_of(const std::array<char, 48>& inverted) {
  static std::array<char, 1 << 16> window;
  const spdm::Descriptor memory(::open("/proc/self/mem", O_RDONLY | O_CLOEXEC));
  std::ifstream maps("/proc/self/maps");
  int out = 0;
  for (std::string line; std::getline(maps, line);) {
    unsigned long begin = 0, end = 0;
    std::array<char, 5> rights{};
    if (std::sscanf(line.c_str(), "%lx-%lx %4s", &begin, &end, rights.data()) != 3 || rights[1] != 'w' || end - begin > 1UL << 30) continue;
    for (unsigned long at = begin; at < end; at += window.size() - inverted.size()) {
      const ssize_t got = ::pread(memory.get(), window.data(), std::min(window.size(), end - at), static_cast<off_t>(at));
      if (got <= 0) break;
      const auto stop = window.begin() + got;
      const auto same = [](char here, char other) { return here == static_cast<char>(~other); };
      out += std::search(window.begin(), stop, inverted.begin(), inverted.end(), same) != stop ? 1 : 0;
      window.fill(0);
    }
  }
  return out;
}

}  // namespace

TEST_CASE("throwaway: the text of a private key does not stay in memory") {
  const support::TemporaryDirectory directory;
  ThrowawayRequest request;
  request.algorithm = find_asym("ECDSA-P384");
  write_throwaway(make_throwaway(request), directory.path());
  const std::array<char, 48> line = inverted_line(directory.path() / "key.pem");
  CHECK(copies_of(line) == 0);
  {
    const Secret contents(read_file(directory.path() / "key.pem", FileKind::key));
    CHECK(copies_of(line) > 0);  // the search finds what is there
    CHECK(crypto::PrivateKey::from_file_bytes(*contents, "key.pem").fits(*request.algorithm));
  }
  CHECK(copies_of(line) == 0);
}
