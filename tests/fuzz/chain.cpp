// Certificate chains from a device. Input: version, hash, algorithm, options, then certificates (with a Length and a
// RootHash that fit put before them, so that not every input ends there) or the whole chain.
#include "certstore/validate.h"
#include "tests/fuzz/fuzz.h"

using namespace spdm;

namespace {

// The first certificate: a DER sequence with a two-byte length, as they all are; else everything.
View first(View certificates) {
  if (certificates.size() < 4 || certificates[1] != 0x82) return certificates;
  const std::size_t size = 4 + std::size_t{certificates[2]} * 256 + certificates[3];
  return certificates.first(std::min(size, certificates.size()));
}

Bytes with_header(const HashAlgorithm& hash, View certificates) {
  Writer out;
  out.u32(4 + hash.size + certificates.size());
  return out.bytes(crypto::hash(hash, first(certificates))).bytes(certificates).take();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const spdm::certstore::Keyring keyring;
  if (size < 4 || size > 0x8000) return 0;
  const HashAlgorithm& hash = fuzz::pick(hash_algorithms(), data[1]);
  const View rest = View(data, size).subspan(4);
  const Bytes chain = (data[3] & 1) == 0 && crypto::supports(hash) ? with_header(hash, rest) : to_bytes(rest);
  spdm::certstore::ChainInput input;
  input.chain = chain;
  input.version = static_cast<std::uint8_t>(0x10 + data[0] % 5);
  input.hash = &hash;
  input.asym = &fuzz::pick(asym_algorithms(), data[2]);
  // No Error is meant to come out: what is wrong with a chain is a finding. Nobody is trusted: the keyring is empty.
  const ChainResult result = spdm::certstore::Validator(keyring, {}).validate(input);
  fuzz::require(result.trust != Trust::trusted && !result.findings.empty());
  return 0;
}
