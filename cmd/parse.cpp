#include "cmd/parse.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "core/calendar.h"
#include "core/crypto/aead.h"
#include "core/crypto/crypto.h"
#include "core/crypto/key_agreement.h"
#include "core/error.h"
#include "core/format/yaml_reader.h"
#include "core/suggest.h"
#include "core/text.h"

namespace spdm::cmd {

namespace {

[[noreturn]] void refuse(std::string_view option, std::string_view text, std::string_view why, std::string hint) {
  throw Error(ErrorId::usage, cat(option, ": '", printable(text), "' ", why), std::move(hint));
}

// `fault`: such as "invalid time".
[[noreturn]] void refuse_value(std::string_view option, std::string_view text, std::string_view fault, std::string hint) {
  throw Error(ErrorId::usage, cat(option, ": ", fault, " '", printable(text), "'"), std::move(hint));
}

template <class Table>
std::string names(const Table& table) {
  std::string out;
  for (const auto& row : table) out += cat(out.empty() ? "" : ", ", row.name);
  return out;
}

// `row`: what was found under the name.
template <class Row, class Table>
const Row* supported(const Row* row, std::string_view text, std::string_view option, const Table& table) {
  if (row == nullptr) refuse_value(option, text, "unknown algorithm", cat(guess_from(text, table), "the names are ", names(table)));
  if (!crypto::supports(*row))
    throw Error(ErrorId::unsupported, cat(option, ": ", crypto::library_version(), " lacks ", row->name), "see: spdmctl doctor");
  return row;
}

}  // namespace

Format parse_format(std::string_view text, std::string_view option) {
  if (text.starts_with('=')) text.remove_prefix(1);  // -f=json
  if (const std::optional<Format> format = format_of(text)) return *format;
  refuse_value(option, text, "unknown format",
               cat(guess_from(text, kFormats), "the formats are ", names_of(kPlainFormats, ", "), "; ", names_of(kExportFormats, " and "),
                   " where devices are judged; ", names_of(kTokenFormats), " of collect and verify"));
}

std::chrono::steady_clock::duration parse_duration(std::string_view text, std::string_view option, std::chrono::hours most) {
  const std::optional<std::chrono::milliseconds> out = spdm::parse_duration(text);
  if (!out || out->count() < 1 || *out > most) {
    const bool days = most > std::chrono::hours(24);
    refuse_value(option, text, "invalid duration",
                 cat("give 1ms to ", days ? most.count() / 24 : most.count(), days ? "d" : "h",
                     ", for example 10s, 500ms or 2m; a number alone is seconds"));
  }
  return *out;
}

std::time_t parse_time(std::string_view text) {
  const std::optional<std::int64_t> out = parse_date_or_time(text);
  if (!out) refuse_value("--at", text, "invalid time", "give a date or RFC 3339, for example 2026-06-01 or 2026-06-01T12:00:00Z");
  return *out;
}

std::optional<std::uint8_t> parse_slot(std::string_view text) {
  if (text == "all") return std::nullopt;
  unsigned slot = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), slot);
  if (error != std::errc() || end != text.data() + text.size() || (slot > 7 && slot != 255))
    refuse_value("--slot", text, "invalid slot", "give 0 to 7, all, or 255 for a provisioned key");
  return static_cast<std::uint8_t>(slot);
}

std::size_t parse_jobs(std::string_view text) {
  std::size_t jobs = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), jobs);
  if (error != std::errc() || end != text.data() + text.size() || jobs < 1 || jobs > kMaxJobs)
    refuse_value("--jobs", text, "invalid number", cat("give 1 to ", kMaxJobs));
  return jobs;
}

std::uint8_t parse_version(std::string_view text) {
  if (const std::optional<std::uint8_t> version = value_of(kVersions, text)) return *version;
  refuse_value("--spdm-version", text, "unsupported version", cat("the versions are ", names_of(kVersions, ", ")));
}

const AsymAlgorithm* parse_asym(std::string_view text, std::string_view option) {
  return supported(find_asym(text), text, option, asym_algorithms());
}

const HashAlgorithm* parse_hash(std::string_view text) { return supported(find_hash(text), text, "--hash", hash_algorithms()); }

const KeyExchangeAlgorithm* parse_key_exchange(std::string_view text) {
  return supported(find_key_exchange(text), text, "--key-exchange", key_exchange_algorithms());
}

const AeadAlgorithm* parse_aead(std::string_view text) { return supported(find_aead(text), text, "--aead", aead_algorithms()); }

PciIdentity parse_identity(std::string_view text) {
  try {
    return parse_pci_identity(text);
  } catch (const Error& error) {
    throw Error(ErrorId::usage, cat("--identity: ", error.what()), error.hint);
  }
}

IdentityMatch parse_identity_match(std::string_view text) {
  if (const std::optional<IdentityMatch> how = identity_match_of(text)) return *how;
  refuse_value("--identity-match", text, "unknown value", cat(guess_from(text, kIdentityMatches), "give ", names_of(kIdentityMatches)));
}

Block<32> parse_nonce(std::string_view text) {
  Block<32> out{};
  if (text.size() != 2 * out.size() || text.find_first_not_of("0123456789abcdefABCDEF") != std::string_view::npos)
    refuse_value("--nonce", text, "invalid nonce", "give 32 bytes as 64 hex digits, such as of: openssl rand -hex 32");
  const Bytes bytes = unhex(text, "--nonce");
  std::copy(bytes.begin(), bytes.end(), out.begin());
  return out;
}

Bytes parse_public_key(View file, const std::string& what) {
  constexpr const char* kWanted = "give a public key as DER or PEM SubjectPublicKeyInfo";
  constexpr std::string_view kBegin = "-----BEGIN PUBLIC KEY-----", kEnd = "-----END PUBLIC KEY-----";
  const std::string_view text(reinterpret_cast<const char*>(file.data()), file.size());
  Bytes der = to_bytes(file);
  if (const std::size_t begin = text.find(kBegin); begin != std::string_view::npos) {
    const std::size_t end = text.find(kEnd, begin);
    if (end == std::string_view::npos) throw Error(ErrorId::bad_input, cat(what, ": the PEM block of the public key has no end"));
    std::string body(text.substr(begin + kBegin.size(), end - begin - kBegin.size()));
    std::erase_if(body, [](char c) { return c == '\n' || c == '\r' || c == ' ' || c == '\t'; });
    der = from_base64(body, what);
  } else if (text.find("-----BEGIN ") != std::string_view::npos) {
    throw Error(ErrorId::bad_input, cat(what, ": holds no public key"), kWanted);
  }
  if (der.empty()) throw Error(ErrorId::bad_input, cat(what, ": is empty"), kWanted);
  if (der.front() != 0x30) throw Error(ErrorId::bad_input, cat(what, ": holds no public key"), kWanted);  // no SEQUENCE
  try {
    crypto::PublicKey::from_spki(der);
  } catch (const Error& error) {
    throw Error(error.id, cat(what, ": ", error.what()), kWanted);
  }
  return der;
}

DeviceMatch parse_match(std::string_view text) {
  std::string yaml;
  const std::vector<std::string> given{std::string(text)};  // what follows are views of it
  for (const std::string_view part : split_lists("--match", given)) {
    const std::size_t equals = part.find('=');
    if (equals == std::string_view::npos || part.find_first_of("\"\\\n{}") != std::string_view::npos)
      throw Error(ErrorId::usage, cat("--match: '", printable(part), "' is not KEY=VALUE"), "for example --match vendor=1b36,device=0010");
    yaml += cat(part.substr(0, equals), ": \"", part.substr(equals + 1), "\"\n");
  }
  try {
    return read_device_match(yaml::parse("--match", yaml));
  } catch (const Error& error) {
    throw Error(ErrorId::usage, error.what(), error.hint);
  }
}

VendorDefined parse_vendor_request(std::string_view text) {
  constexpr std::string_view option = "--vendor-request", form = "give STANDARD:VENDOR:PAYLOAD in hex, such as 0003:1234:00ff";
  const std::size_t first = text.find(':'), second = first == std::string_view::npos ? first : text.find(':', first + 1);
  if (second == std::string_view::npos) refuse(option, text, "does not have three parts", std::string(form));
  const auto part = [&](std::string_view digits) {
    try {
      return unhex(digits, option);
    } catch (const Error&) {
      refuse(option, text, cat("has '", printable(digits), "', which is not a whole number of hex bytes"), std::string(form));
    }
  };
  const Bytes standard = part(text.substr(0, first));
  VendorDefined out;
  if (standard.size() != 2) refuse(option, text, "has a standard id that is not of four hex digits (0003 is PCI-SIG)", std::string(form));
  out.standard_id = static_cast<std::uint16_t>(standard[0] << 8 | standard[1]);
  out.vendor_id = part(text.substr(first + 1, second - first - 1));
  out.payload = part(text.substr(second + 1));
  if (out.vendor_id.size() > 0xFF || out.payload.size() > 0xFFFF)
    throw Error(ErrorId::usage, cat(option, ": a vendor id has at most 255 bytes, a payload at most 65535"), std::string(form));
  return out;
}

std::vector<std::string_view> split_lists(std::string_view option, const std::vector<std::string>& arguments) {
  std::vector<std::string_view> out;
  for (std::string_view rest : arguments) {
    if (rest.find_first_not_of(',') == std::string_view::npos) refuse(option, rest, "names nothing", "give a value, or leave it out");
    while (!rest.empty()) {
      const std::size_t comma = std::min(rest.find(','), rest.size());
      if (comma > 0) out.push_back(rest.substr(0, comma));
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
  }
  return out;
}

}  // namespace spdm::cmd
