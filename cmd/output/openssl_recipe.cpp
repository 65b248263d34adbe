#include "cmd/output/openssl_recipe.h"

#include <stdlib.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include "certstore/chains.h"
#include "certstore/spki.h"
#include "cmd/host/files.h"
#include "cmd/output/pem.h"
#include "core/appraisal/analyze.h"
#include "core/appraisal/statement_check.h"
#include "core/crypto/crypto.h"
#include "core/crypto/ecdsa_der.h"
#include "core/error.h"
#include "core/text.h"

namespace spdm::cmd {

namespace {

// "out" for "out/": the temporary name is derived from it.
std::filesystem::path without_slash(const std::filesystem::path& directory) {
  return directory.has_filename() ? directory : directory.parent_path();
}

// A directory that is made beside the target and renamed to it; removed unless it was renamed.
class Scaffold {
 public:
  explicit Scaffold(const std::filesystem::path& target) : target_(target) {
    std::string name = (place_of_recipe(target) / cat(".", target.filename().string(), ".XXXXXX")).string();
    if (::mkdtemp(name.data()) == nullptr) fail();
    path_ = name;
  }
  ~Scaffold() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  Scaffold(const Scaffold&) = delete;
  Scaffold& operator=(const Scaffold&) = delete;

  const std::filesystem::path& path() const { return path_; }
  void put_in_place() {
    if (::chmod(path_.c_str(), 0777 & ~creation_mask()) != 0 || ::rename(path_.c_str(), target_.c_str()) != 0) fail();
    path_.clear();
  }

 private:
  [[noreturn]] void fail() const {
    Error error(errno == EACCES || errno == EPERM || errno == EROFS ? ErrorId::permission : ErrorId::io, std::strerror(errno));
    error.device = target_.string();
    throw error;
  }

  std::filesystem::path target_, path_;
};

// SHA384, SHA3-384, SM3, as `openssl dgst` names them.
std::string digest_option(const HashAlgorithm& hash) {
  std::string out = "-";
  for (const char c : hash.openssl) out += static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  return out;
}

bool is_pair(const AsymAlgorithm& asym) { return asym.scheme == SignatureScheme::ecdsa || asym.scheme == SignatureScheme::sm2; }

// The command that checks one signature, run in its folder.
std::string command_of(const AsymAlgorithm& asym, const HashAlgorithm& hash, std::string_view context) {
  using enum SignatureScheme;
  const std::string digest = cat("openssl dgst ", digest_option(hash), " -verify key.pem");
  const std::string message = "openssl pkeyutl -verify -pubin -inkey key.pem -rawin -in message.bin -sigfile signature.bin";
  switch (asym.scheme) {
    case ecdsa:
      return cat(digest, " -signature signature.der message.bin");
    case rsassa:
      return cat(digest, " -signature signature.bin message.bin");
    case rsapss:
      return cat(digest, " -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest -signature signature.bin message.bin");
    case sm2:  // DSP0274 signs with an empty id
      return "openssl dgst -sm3 -verify key.pem -signature signature.der message.bin";
    case ed25519:
      return message;
    default:
      return cat(message, " -pkeyopt hexcontext-string:", hex(View(reinterpret_cast<const std::uint8_t*>(context.data()), context.size())));
  }
}

// What the command takes beyond OpenSSL 3.0; empty: nothing.
std::string_view needs(const AsymAlgorithm& asym) {
  using enum SignatureScheme;
  if (asym.pqc) return "OpenSSL 3.5 or newer: older ones have no such algorithm";
  return asym.scheme == ed448 ? "OpenSSL 3.4 or newer: older ones ignore the context string" : "";
}

struct Signed {
  const Evidence& evidence;
  const Connection& connection;
  const Statement& statement;
  AlgorithmPair algorithms;
  bool is_reversed = false;  // r and s are little-endian
};

// The public key that must check the signature, as DER; empty when the recording has none.
Bytes key_of(const Signed& one, const certstore::Validator& validator) {
  if (one.statement.slot == kProvisionedKey) return one.evidence.provisioned_key;
  const std::optional<certstore::ChainInput> input = certstore::chain_input(one.evidence, one.connection, one.statement.slot);
  if (!input) return {};
  const ChainResult chain = validator.validate(*input);
  return chain.certificates.empty() ? Bytes() : certstore::spki_of(chain.certificates.back().der);
}

// What openssl has to be told of the signature, as the appraisal has found it; else what was negotiated or is most likely.
Signed signed_by(const Evidence& evidence, const Connection& connection, const Statement& statement,
                 const certstore::Validator& validator) {
  Signed out{evidence, connection, statement, {connection.parameters().asym, connection.parameters().hash}};
  const Bytes key = key_of(out, validator);
  if (key.empty()) return out;
  unsigned guesses = 0;
  try {
    if (const std::optional<VerifiedStatement> found =
            check(connection, statement, crypto::PublicKey::from_spki(key), candidates_of(connection), guesses)) {
      out.algorithms = found->algorithms;
      out.is_reversed = found->is_reversed;
    }
  } catch (const Error&) {  // a key that is none: openssl will say so
  }
  return out;
}

// Writes the folder of one signature; returns its part of verify.sh.
std::string write_one(const Signed& one, const certstore::Validator& validator, const std::filesystem::path& directory,
                      const std::string& name) {
  const Parameters& parameters = one.connection.parameters();
  const AsymAlgorithm& asym = *one.algorithms.asym;
  const HashAlgorithm& hash = *one.algorithms.hash;
  const std::string_view context = signing_context(one.statement.kind);
  const std::filesystem::path folder = directory / name;
  std::filesystem::create_directory(folder);

  const Bytes transcript = one.connection.transcript(one.statement);
  const bool prefixed = parameters.version >= k12;
  std::string script = cat("echo '", name, ": ", asym.name, ", ", hash.name, ", SPDM ", version_name(parameters.version), "'\n");
  if (!crypto::supports(hash)) return script + "echo 'not available: the OpenSSL that wrote this script lacks the hash'; failed=1\n\n";
  if (prefixed) write_file(folder / "transcript.bin", transcript);
  write_file(folder / "message.bin",
             prefixed ? crypto::signing_message(parameters.version, context, crypto::hash(hash, transcript)) : transcript);
  write_file(folder / "signature.bin", one.statement.signature);
  if (is_pair(asym))
    write_file(folder / "signature.der",
               crypto::ecdsa_to_der(one.is_reversed ? reversed_numbers(one.statement.signature) : one.statement.signature));
  const Bytes key = key_of(one, validator);
  if (!key.empty()) write_file(folder / "key.pem", to_pem(key, "PUBLIC KEY"));

  if (const std::string_view what = needs(asym); !what.empty()) script += cat("# needs ", what, "\n");
  if (key.empty()) script += "# key.pem is missing: the recording has no key for this signature; put that of the device there\n";
  // From SPDM 1.2 on, the signed message is a prefix and the hash of the transcript.
  if (prefixed)
    script += cat("check sh -c 'cd ", name, " && openssl dgst ", digest_option(hash), " -binary transcript.bin > hash && tail -c ",
                  hash.size, " message.bin | cmp - hash && rm hash'\n");
  return cat(script, "check sh -c 'cd ", name, " && ", command_of(asym, hash, context), "'\n\n");
}

constexpr std::string_view kHead = R"sh(#!/bin/sh
# Checks every signature of a recording with openssl alone. In each folder:
#   key.pem         the public key of the leaf certificate that the device has shown (or the one that its owner provisioned)
#   signature.bin   the signature as it was sent; signature.der: r and s of it as openssl takes them
#   message.bin     what was signed: since SPDM 1.2 a prefix and the hash of transcript.bin, before that the transcript
#   transcript.bin  the messages that the signature covers, one after the other (DSP0274)
# A signature that fits says that the holder of key.pem has sent these messages. Whose key it is, is for the certificates:
# spdmctl certs --export-pem, openssl verify.
cd "$(dirname "$0")" || exit 2
failed=0
check() { "$@" || failed=1; }

)sh";

}  // namespace

std::filesystem::path place_of_recipe(const std::filesystem::path& directory) {
  const std::filesystem::path name = without_slash(directory);
  return name.has_parent_path() ? name.parent_path() : ".";
}

void assert_recipe_directory(const std::filesystem::path& directory) {
  std::error_code ignored;
  const std::filesystem::file_status status = std::filesystem::status(directory, ignored);
  if (!std::filesystem::exists(status)) return assert_writable(without_slash(directory));
  written_at(without_slash(directory));  // refuses a way that another user has laid
  if (std::filesystem::is_directory(status) && std::filesystem::is_empty(directory, ignored)) return;
  Error error(ErrorId::usage, "exists and is not an empty directory", "name a new directory");
  error.device = directory.string();
  throw error;
}

std::size_t write_openssl_recipe(const Evidence& evidence, const std::filesystem::path& directory) {
  const Analysis analysis = analyze(evidence);
  const certstore::Validator validator(certstore::Keyring{}, {});
  Scaffold scaffold(without_slash(directory));
  std::string script(kHead);
  std::size_t count = 0, signed_messages = 0;
  for (const Connection& connection : analysis.connections)
    for (const Statement& statement : connection.statements()) {
      ++signed_messages;
      if (connection.parameters().asym == nullptr || connection.parameters().hash == nullptr || statement.signature.empty()) continue;
      if (lacks_negotiation(connection, statement)) continue;
      const std::string title = cat(++count, "-", name(statement.kind), "-slot", statement.slot);
      script += write_one(signed_by(evidence, connection, statement, validator), validator, scaffold.path(), title);
    }
  if (count == 0 && signed_messages != 0)
    throw Error(ErrorId::bad_input, "no signature can be checked: the recording lacks the negotiation, or the chain of the device",
                "record the whole transcript with the certificates");
  if (count == 0) throw Error(ErrorId::bad_input, "nothing was signed in this recording", "record a challenge or signed measurements");
  script += "exit $failed\n";
  const std::filesystem::path verify = scaffold.path() / "verify.sh";
  write_file(verify, script);
  std::filesystem::permissions(
      verify, std::filesystem::perms::owner_exec | std::filesystem::perms::group_exec | std::filesystem::perms::others_exec,
      std::filesystem::perm_options::add);
  scaffold.put_in_place();
  return count;
}

}  // namespace spdm::cmd
