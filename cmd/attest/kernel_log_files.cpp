#include "cmd/attest/kernel_log_files.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "cmd/host/files.h"
#include "core/error.h"
#include "core/evidence/kernel_log.h"
#include "core/text.h"
#include "core/wire/certificate.h"

namespace spdm::cmd {

namespace {

constexpr std::string_view kTranscript = "_transcript";
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
  const std::filesystem::path file = file_of(entry, name);
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored)) return std::nullopt;
  return read_file(file, kind);
}

}  // namespace

bool is_kernel_log_entry(const std::filesystem::path& path) {
  std::error_code ignored;
  return !std::filesystem::exists(path, ignored) && std::filesystem::is_regular_file(file_of(path, kTranscript), ignored);
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
    Error out(refused ? ErrorId::permission : ErrorId::bad_input, error ? error.message() : "holds no signatures of the kernel",
              error ? "" : "a kernel that authenticates devices leaves N_transcript and N_signature there");
    out.device = signatures.string();
    throw out;
  }
  std::sort(numbers.begin(), numbers.end());
  std::vector<std::filesystem::path> out;
  out.reserve(numbers.size());
  for (const std::uint32_t number : numbers) out.push_back(signatures / std::to_string(number));
  return out;
}

Evidence read_kernel_log_entry(const std::filesystem::path& entry) {
  KernelLogEntry files;
  files.transcript = read_file(file_of(entry, kTranscript), FileKind::kernel_transcript);
  files.signature = read_file(file_of(entry, "_signature"), FileKind::kernel_signature);
  files.type = read_if_there(entry, "_type", FileKind::kernel_value);
  files.hash_algorithm = read_if_there(entry, "_hash_algorithm", FileKind::kernel_value);
  files.combined_prefix = read_if_there(entry, "_combined_spdm_prefix", FileKind::kernel_value);
  files.requester_nonce = read_if_there(entry, "_requester_nonce", FileKind::kernel_value);
  files.responder_nonce = read_if_there(entry, "_responder_nonce", FileKind::kernel_value);
  files.certificate_chain = read_if_there(entry, "_certificate_chain", FileKind::kernel_chain);
  return read_kernel_log(files, entry.string());
}

}  // namespace spdm::cmd
