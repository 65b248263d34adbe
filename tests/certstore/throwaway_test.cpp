// Throw-away chains are good for the validator, and their files appear once.
#include "certstore/throwaway.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <ctime>
#include <iterator>

#include "certstore/validate.h"
#include "core/crypto/crypto.h"
#include "core/error.h"
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
    CHECK(crypto::PrivateKey::from_file_bytes(made.key, "key").fits(algorithm));

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
