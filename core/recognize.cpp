#include "core/recognize.h"

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "core/encoding.h"
#include "core/text.h"

namespace spdm {

namespace {

using enum FileKind;

constexpr std::size_t kLooked = 64 * kKiB;  // at the beginning of a file

std::string_view without_space(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);  // byte order mark
  text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
  return text;
}

// At the beginning of the text.
bool begins(std::string_view text, std::string_view with) { return without_space(text).starts_with(with); }
bool has(std::string_view text, std::string_view word) { return text.find(word) != std::string_view::npos; }
bool is_xml(std::string_view text) {
  text = without_space(text);
  return text.size() > 1 && text[0] == '<' && (text[1] == '?' || text[1] == '!' || (text[1] >= 'A' && text[1] <= 'z'));
}
bool is_json(std::string_view text) { return begins(text, "{") || begins(text, "["); }
bool is_document(std::string_view text, std::string_view schema) { return begins(text, "{") && has(text, schema); }
// A document of ours has its schema first.
bool begins_document(std::string_view text) {
  text = without_space(text);
  if (!text.starts_with('{')) return false;
  text = without_space(text.substr(1));
  constexpr std::string_view kKey = R"("schema")";
  if (!text.starts_with(kKey)) return false;
  text = without_space(text.substr(kKey.size()));
  return text.starts_with(':') && without_space(text.substr(1)).starts_with(R"("spdmctl.)");
}
bool is_pem(std::string_view text, std::string_view label) {
  text = without_space(text);
  return text.starts_with("-----BEGIN ") && has(text.substr(0, text.find('\n')), label);
}
// A key at the left margin, as of a mapping in YAML.
bool has_key(std::string_view text, std::string_view key) {
  for (std::size_t at = text.find(key); at != std::string_view::npos; at = text.find(key, at + 1))
    if (at == 0 || text[at - 1] == '\n') return true;
  return false;
}

// EFI_VARIABLE_AUTHENTICATION_2 (UEFI 8.2.2): a time, and a WIN_CERTIFICATE_UEFI_GUID with a signature in PKCS #7.
bool is_efi_update(std::string_view text) {
  constexpr std::string_view kHeader("\x00\x02\xf1\x0e\x9d\xd2\xaf\x4a\xdf\x68\xee\x49\x8a\xa9\x34\x7d\x37\x56\x65\xa7", 20);
  return text.substr(std::min<std::size_t>(20, text.size())).starts_with(kHeader);
}

bool is_pcap(std::string_view text) {
  for (const std::string_view magic : {"\xd4\xc3\xb2\xa1", "\xa1\xb2\xc3\xd4", "\x4d\x3c\xb2\xa1", "\xa1\xb2\x3c\x4d", "\x0a\x0d\x0d\x0a"})
    if (text.starts_with(magic)) return true;
  return false;
}

bool is_packed(std::string_view text) { return text.starts_with("\x1f\x8b\x08") || text.starts_with("\x28\xb5\x2f\xfd"); }

// Tags 500 to 502 and 505 of CBOR (draft-ietf-rats-corim).
bool is_corim(std::string_view text) {
  for (const std::string_view tag : {"\xd9\x01\xf4", "\xd9\x01\xf5", "\xd9\x01\xf6", "\xd9\x01\xf9"})
    if (text.starts_with(tag)) return true;
  return false;
}

// Certificate (RFC 5280 4.1): a SEQUENCE with another in it that begins with the version, [0] 2 for v3.
bool is_der_certificate(std::string_view text) {
  for (int depth = 0; depth < 2; ++depth) {
    if (text.size() < 2 || text[0] != 0x30) return false;
    const auto length = static_cast<unsigned char>(text[1]);
    const std::size_t head = length < 0x80 ? 2 : 2 + (length & 0x7FU);
    if (head > 5 || text.size() < head) return false;
    text.remove_prefix(head);
  }
  return text.starts_with(std::string_view("\xA0\x03\x02\x01\x02", 5));
}

struct Row {
  bool (*is)(std::string_view text);
  std::string_view what, takes;
  std::array<FileKind, 6> kinds;  // which such a file may be; the last one repeats
};

constexpr std::array<FileKind, 6> only(FileKind kind) { return {kind, kind, kind, kind, kind, kind}; }

constexpr std::array<FileKind, 6> kXml{rim, profile_contents, rim, rim, rim, rim};

constexpr std::string_view kReadsCertificates = "for certificates, use: spdmctl keyring add, or --root FILE";
constexpr std::string_view kReadsEvidence = "judge it with: spdmctl verify; look at it with: spdmctl decode";

// The first that fits. What a file may be is generous: the reader of the kind says the rest.
const std::array kRows{
    Row{is_pcap, "a capture of traffic (pcap)", kReadsEvidence, only(evidence)},
    Row{is_packed,
        "a compressed file",
        "unpack it first; spdmctl verify and decode read captures and evidence as they are",
        {evidence, profile_contents, evidence, evidence, evidence, evidence}},
    Row{[](std::string_view text) { return is_xml(text) && has(text, "SoftwareIdentity"); }, "a TCG RIM (a SWID tag, in XML)",
        "convert it to reference values with: spdmctl-rim", kXml},
    Row{is_xml, "XML", "no verb reads XML; spdmctl-rim reads TCG RIM", kXml},
    Row{[](std::string_view text) { return is_document(text, R"("spdmctl.evidence/)"); },
        "evidence of spdmctl",
        kReadsEvidence,
        {evidence, evidence_line, report, report, report, report}},
    Row{[](std::string_view text) { return is_document(text, R"("spdmctl.report/)"); }, "a report of spdmctl",
        "sum up reports with: spdmctl report; judge evidence, which collect and --record write, with: spdmctl verify", only(report)},
    Row{[](std::string_view text) { return is_document(text, R"("spdmctl.summary/)"); }, "a summary of spdmctl report",
        "no verb reads it; sum up the reports themselves with: spdmctl report", only(report)},
    Row{[](std::string_view text) { return is_document(text, R"("spdmctl.session-secrets/)"); }, "a file of session secrets",
        "they open the sessions of a recording: spdmctl decode --session-secrets FILE", only(session_secrets)},
    Row{[](std::string_view text) { return begins_document(text); }, "a document of spdmctl for other programs",
        "no verb reads it; evidence, for spdmctl verify, is written by: spdmctl collect", only(report)},
    Row{[](std::string_view text) { return is_json(text) && has(text, R"("SignedMeasurements")"); },
        "signed measurements of a management controller", kReadsEvidence, only(evidence)},
    Row{[](std::string_view text) { return is_json(text) && has(text, R"("evidence")") && has(text, R"("certificate")"); },
        "evidence that others have saved", kReadsEvidence, only(evidence)},
    Row{[](std::string_view text) { return is_pem(text, "CERTIFICATE-----"); },
        "a PEM file of certificates",
        kReadsCertificates,
        {certificates, keyring_entry, root_list, key, kernel_chain, profile_contents}},
    Row{is_der_certificate,
        "a certificate (DER)",
        kReadsCertificates,
        {certificates, keyring_entry, root_list, key, kernel_chain, profile_contents}},
    Row{[](std::string_view text) { return is_pem(text, " CRL-----"); },
        "a revocation list in PEM",
        "put it into crls of the keyring, or beside the certificate of its issuer",
        {crl, certificates, keyring_entry, root_list, ocsp, key}},
    Row{[](std::string_view text) { return is_pem(text, "KEY-----"); },
        "a key in PEM",
        "for keys, use: --provisioned-key, --signer, --sign-key, --host-keys",
        {key, certificates, keyring_entry, profile_contents, root_list, key}},
    Row{is_efi_update, "a signed update of a variable of the firmware (EFI_VARIABLE_AUTHENTICATION_2)",
        "give the variable itself, below /sys/firmware/efi/efivars, or the list in it, an .esl file", only(profile_contents)},
    Row{is_corim, "a CoRIM", "convert it to reference values with: spdmctl reference import", only(corim)},
    Row{[](std::string_view text) { return text.starts_with("\xd2\x84"); },
        "a signed document in CBOR (COSE_Sign1): a CoRIM, or a token",
        "for a CoRIM, use: spdmctl reference import; for a token: spdmctl verify",
        {corim, evidence, corim, corim, corim, corim}},
    Row{[](std::string_view text) { return has_key(text, "rules:") || has_key(text, "defaults:"); },
        "a policy",
        "for a policy, use: --policy FILE",
        {policy, policy_cases, policy, policy, policy, policy}},
    Row{[](std::string_view text) { return has_key(text, "cases:"); }, "a file of policy cases", "run it with: spdmctl policy test",
        only(policy_cases)},
    Row{[](std::string_view text) { return has_key(text, "deny:") || has_key(text, "pins:"); }, "a list of pins or denials of a keyring",
        "put it into a keyring: --keyring DIR; see: man spdmctl-keyring", only(keyring_entry)},
    Row{[](std::string_view text) { return has_key(text, "slots:"); }, "the profile of an emulated device",
        "emulate it with: spdmctl emulate; ask it with: spdmctl auth emulated:FILE", only(profile)},
    Row{[](std::string_view text) { return has_key(text, "devices:") && has(text, "measurements:"); }, "a file of reference values",
        "for reference values, use: --reference FILE", only(references)},
};

}  // namespace

std::optional<Error> wrong_kind(View contents, FileKind wanted) {
  const std::string_view text = as_text(contents.first(std::min(contents.size(), kLooked)));
  // XML says itself how it is encoded.
  if (!is_xml(text))
    if (std::optional<Error> error = wrong_encoding(contents, wanted)) return error;
  const auto found = std::find_if(kRows.begin(), kRows.end(), [&](const Row& row) { return row.is(text); });
  if (found == kRows.end() || std::find(found->kinds.begin(), found->kinds.end(), wanted) != found->kinds.end()) return std::nullopt;
  return Error(ErrorId::bad_input, cat("is ", found->what, "; expected: ", row(wanted).name), std::string(found->takes));
}

void assert_kind(View contents, FileKind wanted) {
  if (const std::optional<Error> error = wrong_kind(contents, wanted)) throw Error(*error);
}

Pieces of_kind(Pieces pieces, FileKind wanted) {
  return [pieces = std::move(pieces), wanted, first = true](std::span<char> room) mutable {
    const std::size_t size = pieces(room);
    if (first) assert_kind(as_bytes(std::string_view(room.data(), size)), wanted);
    first = false;
    return size;
  };
}

}  // namespace spdm
