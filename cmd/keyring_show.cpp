// keyring show, check: what the keyring says, and what is wrong with it.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "certstore/keyring_names.h"
#include "cmd/keyring.h"
#include "cmd/parse.h"
#include "core/calendar.h"
#include "core/text.h"

namespace spdm::cmd {

namespace {

using certstore::Entry;
using certstore::Keyring;
using certstore::Problem;

// What makes a certificate worthless as an anchor, although it can be read. RFC 3339 times in UTC compare as text.
std::string weakness_of(const Entry& entry, const std::string& now) {
  if (entry.info().not_after < now) return cat("expired on ", entry.info().not_after);
  if (entry.info().not_before > now) return cat("is not valid before ", entry.info().not_before);
  if (entry.anchor && !entry.info().is_ca) return "is not a certificate authority";
  return {};
}

// An entry that a device escapes by encoding its certificate again.
Problem escapable(const certstore::Denial& denial) {
  Problem out{denial.file,
              "denies a certificate only by its fingerprint, which a re-encoded certificate evades; deny the file of the "
              "certificate (spdmctl keyring deny FILE), then take this entry out"};
  if (denial.origin.starts_with(denial.file + ":")) out.place = denial.origin.substr(denial.file.size() + 1);
  return out;
}

// The first of each kind: a response may have thousands of answers.
void add_problems(const certstore::OcspResponse& response, const std::string& now, std::vector<Problem>& out) {
  const auto& all = response.answers;
  const auto unusable = std::find_if(all.begin(), all.end(), [](const certstore::OcspAnswer& one) { return !one.unusable.empty(); });
  if (unusable != all.end())
    out.push_back({response.file, cat("the OCSP response about serial ", unusable->serial, " cannot be used: ", unusable->unusable)});
  const auto stale = std::find_if(all.begin(), all.end(),
                                  [&](const certstore::OcspAnswer& one) { return !one.next_update.empty() && one.next_update < now; });
  if (stale != all.end())
    out.push_back(
        {response.file, cat("the OCSP response about serial ", stale->serial, " is stale: the next one was due on ", stale->next_update)});
}

std::vector<Problem> problems_of(const Keyring& keyring, std::time_t at) {
  std::vector<Problem> out = keyring.problems();
  const std::string now = utc_of(at);
  for (const Entry& entry : keyring.entries()) {
    if (const std::string why = weakness_of(entry, now); !why.empty()) out.push_back({entry.file, why});
    for (const std::string& fault : certstore::faults_of(entry.der(), entry.scopes))
      out.push_back({entry.file, cat(entry.info().subject, ": ", fault, ": no chain through it is trusted")});
    for (const certstore::Scope& scope : entry.scopes)
      if (scope.not_after && *scope.not_after < at) out.push_back({scope.file, cat("vouches until ", utc_of(*scope.not_after))});
  }
  for (const certstore::Denial& denial : keyring.denials())
    if (denial.kind == certstore::DenialKind::certificate) out.push_back(escapable(denial));
  for (const certstore::Crl& crl : keyring.crls()) {
    if (!crl.unusable.empty()) out.push_back({crl.file, cat("the revocation list of ", crl.issuer, " cannot be used: ", crl.unusable)});
    if (!crl.next_update.empty() && crl.next_update < now)
      out.push_back({crl.file, cat("the revocation list of ", crl.issuer, " is stale: the next one was due on ", crl.next_update)});
  }
  for (const certstore::OcspResponse& response : keyring.ocsp()) add_problems(response, now, out);
  return out;
}

constexpr std::string_view kIndent = "\n               ", kFingerprintIndent = "\n        ";  // a fingerprint just fits the line

std::string text_of(const Entry& entry) {
  std::string out =
      cat("  ", entry.anchor ? "root         " : "intermediate ", printable(entry.info().subject), kFingerprintIndent, "SHA-256 ",
          entry.sha256(), kIndent, entry.info().key, ", valid until ", entry.info().not_after, ", ", printable(entry.file));
  if (!entry.blocked.empty()) out += cat(kIndent, "vouches for nothing: ", printable(entry.blocked));
  for (const certstore::Scope& scope : entry.scopes)
    out += cat(kIndent, "vouches for ", printable(in_words(scope)), ", ", printable(scope.file),
               scope.comment.empty() ? "" : cat(" (", printable(scope.comment), ")"));
  return out + "\n";
}

std::string text_of(const certstore::Crl& crl) {
  return cat("  CRL          ", printable(crl.issuer), kIndent, crl.revocations, " revoked, of ", crl.this_update,
             crl.next_update.empty() ? "" : ", next ", crl.next_update, ", ", printable(crl.file), "\n");
}

// How many certificates the responder says this of.
std::size_t count(const certstore::OcspResponse& response, certstore::OcspStatus status) {
  return static_cast<std::size_t>(std::count_if(response.answers.begin(), response.answers.end(),
                                                [&](const certstore::OcspAnswer& one) { return one.status == status; }));
}

// When the first of its answers is promised anew; empty where none is.
std::string next_update_of(const certstore::OcspResponse& response) {
  std::string out;
  for (const certstore::OcspAnswer& one : response.answers)
    if (!one.next_update.empty() && (out.empty() || one.next_update < out)) out = one.next_update;
  return out;
}

std::string text_of(const certstore::OcspResponse& response) {
  using enum certstore::OcspStatus;
  const std::string next = next_update_of(response);
  return cat("  OCSP         ", printable(response.responder), kIndent, count(response, good), " good, ", count(response, revoked),
             " revoked, ", count(response, unknown), " unknown, of ", response.produced_at, next.empty() ? "" : ", next ", next, ", ",
             printable(response.file), "\n");
}

std::string text_of(const certstore::Denial& denial) {
  return cat("  denied       ", name(denial.kind), " ", denial.sha256, kIndent, printable(denial.origin),
             denial.comment.empty() ? "" : cat(" (", printable(denial.comment), ")"), "\n");
}

std::string text_of(const certstore::Pin& pin) {
  return cat("  pin          ", printable(certstore::in_words(pin.match)), kIndent, name(pin.kind), " ", pin.sha256,
             pin.vouches ? ", vouches by itself" : "", kIndent, printable(pin.origin),
             pin.comment.empty() ? "" : cat(" (", printable(pin.comment), ")"), "\n");
}

Json json_of(const Entry& entry) {
  Json out = to_json(entry.info());
  out["file"] = printable(entry.file);
  out["anchor"] = entry.anchor;
  if (!entry.blocked.empty()) {
    out["blocked"] = true;
    out["why"] = printable(entry.blocked);
  }
  for (const certstore::Scope& scope : entry.scopes) {
    Json& json = out["scopes"].emplace_back(Json{{"file", printable(scope.file)}, {"vouches_for", printable(devices_in_words(scope))}});
    for (const CertModel model : scope.models) json["models"].push_back(name(model));
    if (scope.not_after) json["not_after"] = utc_of(*scope.not_after);
    if (!scope.critical_extensions.empty()) json["critical_extensions"] = scope.critical_extensions;
    if (!scope.comment.empty()) json["comment"] = printable(scope.comment);
  }
  return out;
}

Json json_of(const certstore::Crl& crl) {
  Json out{
      {"issuer", printable(crl.issuer)}, {"file", printable(crl.file)}, {"this_update", crl.this_update}, {"revoked", crl.revocations}};
  if (!crl.next_update.empty()) out["next_update"] = crl.next_update;
  if (!crl.number.empty()) out["number"] = crl.number;
  return out;
}

Json json_of(const certstore::OcspResponse& response) {
  using enum certstore::OcspStatus;
  Json out{{"responder", printable(response.responder)}, {"file", printable(response.file)},
           {"produced_at", response.produced_at},        {"good", count(response, good)},
           {"revoked", count(response, revoked)},        {"unknown", count(response, unknown)}};
  if (const std::string next = next_update_of(response); !next.empty()) out["next_update"] = next;
  return out;
}

Json json_of(const certstore::Denial& denial) {
  Json out{{"kind", name(denial.kind)}, {"sha256", denial.sha256}, {"origin", printable(denial.origin)}};
  if (!denial.comment.empty()) out["comment"] = printable(denial.comment);
  return out;
}

Json json_of(const certstore::Pin& pin) {
  Json out{{"match", printable(certstore::in_words(pin.match))},
           {"kind", name(pin.kind)},
           {"sha256", pin.sha256},
           {"vouches", pin.vouches},
           {"origin", printable(pin.origin)}};
  if (!pin.first_seen.empty()) out["first_seen"] = printable(pin.first_seen);
  if (!pin.comment.empty()) out["comment"] = printable(pin.comment);
  return out;
}

template <class Things>
void show(const char* key, const Things& things, Json& document, std::string& text) {
  document[key] = Json::array();
  for (const auto& thing : things) {
    document[key].push_back(json_of(thing));
    text += text_of(thing);
  }
}

std::string counted(std::size_t count, std::string_view what) { return cat(count, " ", what, count == 1 ? "" : "s"); }

Exit show(const KeyringOptions& options, Console& console, bool check) {
  apply(options.output, console);
  const Keyring keyring = read_keyring(options.trust);
  const std::vector<Problem> problems = check ? problems_of(keyring, time_of(options.trust)) : keyring.problems();
  // A certificate that cannot be read narrows trust. What else does not count, its owner must not overlook.
  const auto is_certificates = [](const Problem& one) {
    return certstore::kind_of(std::filesystem::path(one.file).filename()) == certstore::EntryKind::certificates;
  };
  const bool wrong =
      std::any_of(problems.begin(), problems.end(), [&](const Problem& one) { return check || one.fatal || !is_certificates(one); });
  const Exit exit = wrong ? Exit::usage : Exit::ok;

  Json document = begin_document(kKeyringSchema);
  document["exit_code"] = static_cast<int>(exit);
  std::string text;
  show("certificates", keyring.entries(), document, text);
  show("crls", keyring.crls(), document, text);
  show("ocsp", keyring.ocsp(), document, text);
  show("denied", keyring.denials(), document, text);
  show("pins", keyring.pins(), document, text);
  document["problems"] = Json::array();
  if (keyring.empty())
    text += cat("The keyring is empty: no device is trusted. Add the root of a vendor with: spdmctl keyring add",
                printable(as_given("--keyring", options.trust.keyrings)), " FILE\n");
  for (const Problem& problem : problems) {
    Json& json = document["problems"].emplace_back(Json{{"file", printable(problem.file)}, {"why", printable(problem.why)}});
    if (!problem.place.empty()) json["place"] = problem.place;
    if (problem.fatal) json["fatal"] = true;
    const std::string line =
        cat(problem.fatal ? "problem, and nothing is trusted until it is fixed: " : "problem: ", printable(problem.where()), ": ",
            printable(problem.why));
    text += line + "\n";
    if (console.quiet) console.complain(cat("spdmctl: ", line));
  }
  if (check && problems.empty()) {
    text += counted(keyring.entries().size(), "certificate");
    if (!keyring.crls().empty()) text += cat(", ", counted(keyring.crls().size(), "revocation list"));
    if (!keyring.ocsp().empty()) text += cat(", ", counted(keyring.ocsp().size(), "OCSP response"));
    if (!keyring.denials().empty()) text += cat(", ", keyring.denials().size(), " denied");
    if (!keyring.pins().empty()) text += cat(", ", counted(keyring.pins().size(), "pin"));
    text += ", no problem\n";
  }
  write_document(console, document, text);
  return exit;
}

}  // namespace

Exit show_keyring(const KeyringOptions& options, Console& console) { return show(options, console, false); }
Exit check_keyring(const KeyringOptions& options, Console& console) { return show(options, console, true); }

}  // namespace spdm::cmd
