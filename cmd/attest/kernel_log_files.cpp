#include "cmd/attest/kernel_log_files.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "cmd/host/files.h"
#include "core/error.h"
#include "core/evidence/compression.h"
#include "core/evidence/kernel_log.h"
#include "core/text.h"
#include "core/wire/certificate.h"

namespace spdm::cmd {

namespace {

constexpr std::string_view kTranscript = "_transcript", kSignature = "_signature", kType = "_type", kHash = "_hash_algorithm",
                           kPrefix = "_combined_spdm_prefix", kRequesterNonce = "_requester_nonce", kResponderNonce = "_responder_nonce",
                           kChain = "_certificate_chain";
static_assert(limit_of(FileKind::kernel_chain) == kMaxCertificateChain);

std::filesystem::path file_of(const std::filesystem::path& entry, std::string_view name) { return cat(entry.string(), name); }

// "12_transcript" to 12.
std::optional<std::uint32_t> number_of(const std::string& name) {
  std::uint32_t out = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), out);
  return error == std::errc() && std::string_view(end) == kTranscript ? std::optional(out) : std::nullopt;
}

// Nothing when the file is missing: the link to a chain leads nowhere once its slot has been emptied.
std::optional<Bytes> read_if_there(const std::filesystem::path& entry, std::string_view name, FileKind kind) {
  return read_found(file_of(entry, name), kind);
}

Bytes read_part(const std::filesystem::path& entry, std::string_view name, FileKind kind) {
  if (std::optional<Bytes> out = read_found(file_of(entry, name), kind)) return *std::move(out);
  Error error(ErrorId::bad_input, "No such file or directory");
  error.device = file_of(entry, name).string();
  throw error;
}

// The chain, where it is in the directory of the device: signatures/0_certificate_chain is a link to ../certificates/slot0.
void add_chain(const std::filesystem::path& entry, std::vector<std::filesystem::path>& out) {
  std::error_code failure;
  const std::filesystem::path chain = std::filesystem::canonical(file_of(entry, kChain), failure);
  if (failure) return;
  const std::filesystem::path signatures = std::filesystem::canonical(entry.has_parent_path() ? entry.parent_path() : ".", failure);
  if (!failure && !chain.lexically_relative(signatures.parent_path()).string().starts_with("..")) out.push_back(chain);
}

}  // namespace

bool is_kernel_log_entry(const std::filesystem::path& path) {
  std::error_code ignored;
  return !std::filesystem::exists(path, ignored) && std::filesystem::exists(file_of(path, kTranscript), ignored);
}

bool is_kernel_log(const std::filesystem::path& directory) {
  std::error_code failure;
  if (std::filesystem::is_directory(directory / "signatures", failure)) return true;
  failure.clear();
  for (std::filesystem::directory_iterator it(directory, failure), end; !failure && it != end; it.increment(failure))
    if (number_of(it->path().filename())) return true;
  return false;
}

std::vector<std::filesystem::path> kernel_log_entries(const std::filesystem::path& directory) {
  std::error_code error;
  const std::filesystem::path below = directory / "signatures";
  const std::filesystem::path& signatures = std::filesystem::is_directory(below, error) ? below : directory;
  std::vector<std::uint32_t> numbers;
  for (std::filesystem::directory_iterator it(signatures, error), end; !error && it != end; it.increment(error))
    if (const std::optional<std::uint32_t> number = number_of(it->path().filename())) numbers.push_back(*number);
  if (error || numbers.empty()) {
    const bool refused = error == std::errc::permission_denied;
    Error out(refused ? ErrorId::permission : ErrorId::bad_input, error ? error.message() : "contains no kernel signatures",
              error ? "" : "the kernel writes N_transcript and N_signature there when it authenticates a device");
    out.device = signatures.string();
    throw out;
  }
  std::sort(numbers.begin(), numbers.end());
  std::vector<std::filesystem::path> out;
  out.reserve(numbers.size());
  for (const std::uint32_t number : numbers) out.push_back(signatures / std::to_string(number));
  return out;
}

std::vector<std::filesystem::path> evidence_places(const std::filesystem::path& path) {
  std::vector<std::filesystem::path> out;
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    out.push_back(path);
    try {
      for (const std::filesystem::path& entry : kernel_log_entries(path)) add_chain(entry, out);
    } catch (const Error&) {   // whoever reads it says why
      prepare_to_unpack("-");  // its files may be anything
    }
  } else if (is_kernel_log_entry(path)) {
    for (const std::string_view part : {kTranscript, kSignature, kType, kHash, kPrefix, kRequesterNonce, kResponderNonce})
      out.push_back(file_of(path, part));
    add_chain(path, out);
  } else {
    prepare_to_unpack(path);
    if (path != "-") out.push_back(path);
  }
  return out;
}

Evidence read_kernel_log_entry(const std::filesystem::path& entry) {
  KernelLogEntry files;
  files.transcript = read_part(entry, kTranscript, FileKind::kernel_transcript);
  files.signature = read_part(entry, kSignature, FileKind::kernel_signature);
  files.type = read_if_there(entry, kType, FileKind::kernel_value);
  files.hash_algorithm = read_if_there(entry, kHash, FileKind::kernel_value);
  files.combined_prefix = read_if_there(entry, kPrefix, FileKind::kernel_value);
  files.requester_nonce = read_if_there(entry, kRequesterNonce, FileKind::kernel_value);
  files.responder_nonce = read_if_there(entry, kResponderNonce, FileKind::kernel_value);
  files.certificate_chain = read_if_there(entry, kChain, FileKind::kernel_chain);
  return read_kernel_log(files, entry.string());
}

}  // namespace spdm::cmd
