// doctor: what this host can and cannot do, and what to do about it.
#include <linux/capability.h>
#include <unistd.h>
#include <nlohmann/json.hpp>

#include <memory>

#include "cmd/attest/policy_files.h"
#include "cmd/doctor.h"
#include "cmd/doctor_pieces.h"
#include "cmd/host/layers.h"
#include "cmd/host/this_host.h"
#include "cmd/options.h"
#include "cmd/output/render.h"
#include "cmd/verb.h"
#include "core/appraisal/references.h"
#include "core/crypto/aead.h"
#include "core/crypto/key_agreement.h"
#include "core/text.h"
#include "transport/target.h"

namespace spdm::cmd {

namespace {

using Lines = std::vector<Diagnosis>;

constexpr std::string_view kSchema = "spdmctl.doctor/2";

std::string_view name(Health health) {
  constexpr std::array names{"ok", "limited", "broken"};
  return names.at(static_cast<std::size_t>(health));
}

template <class Table>
std::string missing_of(const Table& table) {
  std::string out;
  for (const auto& row : table)
    if (!crypto::supports(row)) out += cat(out.empty() ? "" : ", ", row.name);
  return out;
}

// What CMA asks of every device (PCIe 6.31): without these hardly any device can be attested.
bool lacks_needed() {
  for (const std::string_view needed : {"RSASSA-3072", "ECDSA-P256", "ECDSA-P384"})
    if (!crypto::supports(*find_asym(needed))) return true;
  for (const std::string_view needed : {"SHA-256", "SHA-384"})
    if (!crypto::supports(*find_hash(needed))) return true;
  return false;
}

void examine_crypto(Lines& out) {
  const std::string library = crypto::library_version();
  const std::string asym = missing_of(asym_algorithms()), hash = missing_of(hash_algorithms());
  if (lacks_needed()) {
    out.push_back({Health::broken, "crypto", cat(library, " lacks algorithms that every device may need: ", asym, " ", hash),
                   "install OpenSSL with its default provider enabled"});
    return;
  }
  if (asym.empty() && hash.empty()) return out.push_back({Health::good, "crypto", cat(library, " has every algorithm of SPDM 1.4"), ""});
  out.push_back({Health::limited, "crypto", cat(library, " cannot verify ", asym, asym.empty() || hash.empty() ? "" : ", ", hash),
                 "they are not offered to devices; OpenSSL 3.5 or newer has them"});
}

// What sessions take, beside signatures.
void examine_sessions(Lines& out) {
  const std::string library = crypto::library_version();
  std::vector<KeyExchangeAlgorithm> known;  // SM2 is none that any OpenSSL exchanges keys with
  for (const KeyExchangeAlgorithm& row : key_exchange_algorithms())
    if (!row.openssl.empty()) known.push_back(row);
  const std::string exchanges = missing_of(known), ciphers = missing_of(aead_algorithms());
  if (exchanges.empty() && ciphers.empty())
    return out.push_back({Health::good, "sessions", cat(library, " has every key exchange and cipher that sessions are opened with"), ""});
  out.push_back({Health::limited, "sessions", cat(library, " lacks ", exchanges, exchanges.empty() || ciphers.empty() ? "" : ", ", ciphers),
                 "no session is opened with them; OpenSSL 3.5 or newer has ML-KEM"});
}

Diagnosis broken(const char* topic, const Error& error, const std::string& remedy) {
  return {Health::broken, topic, printable(cat(error.device, error.device.empty() ? "" : ": ", error.what())), remedy, Exit::usage};
}

void examine_keyring(Lines& out, const TrustOptions& trust) {
  const certstore::Keyring keyring = read_keyring(trust);
  if (trust.keyrings.empty()) {
    std::string layers;
    for (const auto& directory : layers_of("keyring.d"))
      if (std::filesystem::is_directory(directory)) layers += cat(layers.empty() ? "" : ", ", directory.string());
    out.push_back({Health::good, "keyring", layers.empty() ? "none of its directories exists" : cat("reads ", layers), ""});
  }
  for (const certstore::Problem& problem : keyring.problems())
    out.push_back({Health::broken, "keyring", cat(printable(problem.where()), ": ", printable(problem.why)), "repair or remove the file",
                   Exit::usage});
  if (keyring.empty())
    out.push_back({Health::limited, "keyring", "is empty: no device is trusted",
                   printable(cat("add the root of a vendor with: spdmctl keyring add", as_given("--keyring", trust.keyrings), " FILE"))});
  else
    out.push_back(
        {Health::good, "keyring", cat(keyring.entries().size(), keyring.entries().size() == 1 ? " certificate" : " certificates"), ""});
}

// A policy that cannot be used keeps the gate closed, and no verb appraises.
void examine_policy(Lines& out, const std::vector<std::string>& paths) {
  try {
    const std::vector<DropIn> files = policy_drop_ins(paths);
    if (files.empty()) return out.push_back({Health::good, "policy", "none: devices must authenticate, and nothing more", ""});
    const std::size_t rules = load_policy(paths).rules.size() - 1;
    out.push_back({Health::good, "policy",
                   cat(files.size(), files.size() == 1 ? " file, " : " files, ", rules, rules == 1 ? " rule" : " rules"), ""});
  } catch (const Error& error) {
    out.push_back(broken("policy", error, printable(cat("see all that is wrong with: spdmctl policy check", as_given("--policy", paths)))));
  }
}

void examine_references(Lines& out, const TrustOptions& trust) {
  try {
    const std::shared_ptr<const References> references = read_references(trust);
    const std::size_t entries = references ? references->devices.size() : 0;
    out.push_back({Health::good, "references",
                   references ? cat(entries, entries == 1 ? " entry" : " entries") : "none: measurements are compared with nothing", ""});
  } catch (const Error& error) {
    std::string check = "spdmctl reference check";  // it takes the paths as arguments, and no variable
    for (const std::string& path : trust.references) check += cat(" ", shell_word(path));
    out.push_back(broken("references", error, printable(cat("see all that is wrong with: ", check))));
  }
}

void examine_privileges(Lines& out) {
  const std::string who = cat("runs as uid ", ::geteuid());
  if (has_capability(CAP_SYS_ADMIN))
    out.push_back({Health::good, "privileges", cat(who, " with CAP_SYS_ADMIN"), ""});
  else
    out.push_back({Health::limited, "privileges",
                   cat(who, " without CAP_SYS_ADMIN: the configuration space of PCI devices is out of reach"),
                   "run as root for PCI devices; sockets and recordings need nothing"});
}

void examine_transports(Lines& out) {
  for (const transport::Kind& kind : transport::kinds())
    out.push_back({Health::good, "transport", cat(kind.usage, ": ", kind.summary), ""});
}

struct Options {
  OutputOptions output;
  TrustOptions trust;
  std::vector<std::string> policy;
};

Exit run(const Options& options, Console& console) {
  apply(options.output, console);
  Lines lines;
  examine_crypto(lines);
  examine_sessions(lines);
  examine_keyring(lines, options.trust);
  examine_policy(lines, options.policy);
  examine_references(lines, options.trust);
  examine_privileges(lines);
  examine_host(lines, this_host(), options.policy);
  examine_images(lines, this_host());
  examine_transports(lines);

  Exit exit = Exit::ok;
  Json document = begin_document(kSchema);
  document["checks"] = Json::array();
  std::string text;
  for (const Diagnosis& line : lines) {
    if (line.health == Health::broken) exit = line.exit;
    Json json{{"topic", line.topic}, {"state", name(line.health)}, {"why", line.what}};
    if (!line.remedy.empty()) json["remedy"] = line.remedy;
    document["checks"].push_back(std::move(json));
    std::string state(name(line.health)), topic = line.topic;
    state.resize(9, ' ');
    topic.resize(12, ' ');
    text += cat(state, topic, line.what, "\n");
    if (!line.remedy.empty()) text += cat(std::string(21, ' '), "-> ", line.remedy, "\n");
  }
  document["exit_code"] = static_cast<int>(exit);
  write_document(console, document, text);
  return exit;
}

Action setup(CLI::App& parser) {
  auto options = std::make_shared<Options>();
  add_output_options(parser, options->output);
  add_keyring_options(parser, options->trust);
  add_policy_path(parser, options->policy, "Look at the policy of this file or directory, in place of the system's", "Policy");
  add_reference_option(parser, options->trust);
  return [options](Console& console) { return run(*options, console); };
}

}  // namespace

const Verb doctor_verb{"doctor",
                       "Say what this host can and cannot do, and why",
                       "  spdmctl doctor\n"
                       "  spdmctl doctor --json\n",
                       setup,
                       {.schema = kSchema}};

}  // namespace spdm::cmd
