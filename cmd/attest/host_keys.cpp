#include "cmd/attest/host_keys.h"

#include <algorithm>
#include <array>
#include <vector>

#include "certstore/spki.h"
#include "core/crypto/pem.h"
#include "core/encoding.h"
#include "core/error.h"
#include "core/evidence/file.h"
#include "core/file.h"
#include "core/guard.h"
#include "core/text.h"

namespace spdm::cmd {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kType = "spdmctl-evidence+jws", kEnding = ".pem";
constexpr std::size_t kMaxHostKeys = 100'000;
constexpr const char* kWanted = "DIR/NAME.pem is the public key, or a certificate, of the host NAME";

std::string payload_for(const std::string& sha256) { return cat(R"({"evidence_sha256":")", sha256, R"("})"); }

[[noreturn]] void refuse(const fs::path& file, std::string_view why, std::string hint = kWanted) {
  Error error(ErrorId::config, std::string(why), std::move(hint));
  error.device = file.string();
  throw error;
}

// The names in the directory that are those of keys, sorted.
std::vector<fs::path> key_files(const fs::path& directory) {
  constexpr std::array kSlips{".pem", ".crt", ".cer", ".der", ".pub", ".key"};
  std::vector<fs::path> out;
  std::error_code failure;
  for (fs::directory_iterator it(directory, failure), end; !failure && it != end; it.increment(failure)) {
    const std::string name = it->path().filename().string();
    if (name.starts_with('.')) continue;
    if (name.ends_with(kEnding)) {
      if (out.size() == kMaxHostKeys) refuse(directory, cat("holds more than ", kMaxHostKeys, " keys"));
      out.push_back(it->path());
    } else if (std::any_of(kSlips.begin(), kSlips.end(), [&](const char* ending) { return has_ending(name, ending); })) {
      refuse(it->path(), "is not named NAME.pem and would be ignored");
    }
  }
  if (failure) {
    Error error(failure == std::errc::permission_denied ? ErrorId::permission : ErrorId::config, failure.message(), kWanted);
    error.device = directory.string();
    throw error;
  }
  if (out.empty()) refuse(directory, "contains no host keys");
  std::sort(out.begin(), out.end());
  return out;
}

// DER SubjectPublicKeyInfo of the one key in the file; empty when the name is masked by a link to /dev/null.
Bytes read_spki(const fs::path& file) {
  const FileContents contents = read_configuration(file, FileKind::key);
  if (contents.is(FileContents::State::refused)) {
    Error error(ErrorId::permission, contents.why, contents.hint);
    error.device = file.string();
    throw error;
  }
  if (contents.is(FileContents::State::mask)) return {};
  if (!contents.is(FileContents::State::whole)) refuse(file, contents.why);
  Bytes out;
  std::size_t keys = 0;
  if (const std::optional<Error> wrong = wrong_encoding(contents.bytes, FileKind::key)) refuse(file, wrong->what(), wrong->hint);
  try {
    crypto::for_each_pem_block(contents.bytes, file.string(), [&](std::string_view label, View der, std::size_t) {
      if (label == "PUBLIC KEY") out = to_bytes(der);
      if (label == "CERTIFICATE") out = certstore::spki_of(der);
      ++keys;
    });
  } catch (const Error& error) {
    throw Error(ErrorId::config, error.what(), error.hint);
  }
  if (keys != 1 || out.empty())
    refuse(file, keys > 1 ? "holds more than one key or certificate" : "holds no public key and no certificate");
  return out;
}

}  // namespace

std::string sign_collection(const Evidence& evidence, const crypto::PrivateKey& key) {
  return crypto::sign_jws(key, kType, payload_for(evidence_sha256(evidence)));
}

HostKeys::HostKeys(const fs::path& directory) : directory_(directory) {
  if (const std::string why = exposure(directory, {}); !why.empty()) refuse(directory, cat(why, "; ", remedy_of_exposure({})));
  for (const fs::path& file : key_files(directory)) {
    const Bytes spki = read_spki(file);
    if (spki.empty()) continue;
    try {
      Key key{file.stem().string(), file.string(), crypto::JwsVerifier(spki, kType)};
      if (const std::string weakness = key.verifier.weakness(); !weakness.empty()) refuse(file, weakness);
      const auto [place, is_new] = keys_.emplace(key.host, std::move(key));
      headers_.emplace(place->second.verifier.header(), &place->second);
    } catch (const Error& error) {
      if (!error.device.empty()) throw;
      refuse(file, error.what(), error.hint.empty() ? kWanted : error.hint);
    }
  }
}

const HostKeys::Key* HostKeys::signer_of(const std::string& token) const {
  const auto found = headers_.find(crypto::jws_header_of(token));
  return found != headers_.end() && found->second->verifier.payload_of(token) ? found->second : nullptr;
}

CollectionCheck HostKeys::check(const Evidence& evidence) const {
  const auto not_good = [](CollectionSignature signature, std::string why) { return CollectionCheck{signature, "", "", std::move(why)}; };
  if (evidence.signature.empty())
    return not_good(CollectionSignature::missing, "no host signed the evidence: host data in it is only claimed");
  if (!evidence.host.hostname) return not_good(CollectionSignature::wrong, "the evidence is signed but names no host");
  const std::string& host = *evidence.host.hostname;
  const auto named = keys_.find(host);
  if (named != keys_.end()) {
    const Key& key = named->second;
    const std::optional<std::string> payload = key.verifier.payload_of(evidence.signature);
    if (payload && *payload == payload_for(evidence.sha256)) return {CollectionSignature::good, host, key.file, ""};
    if (payload) return not_good(CollectionSignature::wrong, cat("the host ", host, " signed other evidence: this evidence was altered"));
  }
  if (const Key* const signer = signer_of(evidence.signature))
    return not_good(CollectionSignature::wrong, cat("the evidence names the host ", host, ", but the key in ", signer->file, " signed it"));
  if (named != keys_.end())
    return not_good(CollectionSignature::wrong, cat("the signature does not verify with the key in ", named->second.file));
  if (headers_.contains(crypto::jws_header_of(evidence.signature)))
    return not_good(CollectionSignature::wrong, "the signature does not verify with the key that it names");
  return not_good(CollectionSignature::unknown_key,
                  cat("the host ", host, " has no key in ", directory_.string(), ": host data in the evidence is only claimed"));
}

}  // namespace spdm::cmd
