// keyring: what this host trusts, how far, and what is wrong with it.
#include "cmd/keyring.h"

#include "cmd/sub_verbs.h"

namespace spdm::cmd {

namespace {

using Subs = SubVerbs<KeyringOptions>;

CLI::App* add_sub(Subs& subs, const char* name, const char* summary, Subs::Run run, const char* examples) {
  CLI::App* sub = subs.add(name, summary, run, examples);
  add_output_options(*sub, subs.options().output);
  add_repeatable(*sub, "--keyring", subs.options().trust.keyrings, "Keyring directory to use instead of the system's")
      ->type_name("DIR")
      ->envname("SPDMCTL_KEYRING");
  return sub;
}

// Sub-verbs that ask a device have the options of the verbs that do.
// `operand`: how the device stands in the usage line.
CLI::App* add_device_sub(Subs& subs, const char* name, const char* summary, const char* operand, Subs::Run run, const char* examples) {
  CLI::App* sub = subs.add(name, summary, run, examples);
  add_output_options(*sub, subs.options().output);
  add_trust_options(*sub, subs.options().trust);
  add_protocol_options(*sub, subs.options().protocol);
  add_targets(*sub, subs.options().arguments, operand);
  return sub;
}

void add_changing(Subs& subs) {
  KeyringOptions& options = subs.options();
  CLI::App* adding = add_sub(subs, "add", "Trust the certificates of files", add_files,
                             "  spdmctl keyring add vendor-root.pem\n"
                             "  spdmctl keyring add --name nvme-vendor.pem - < root.der\n");
  adding->add_option("file", options.arguments, "PEM or DER files; - is standard input")->type_name("FILE...");
  adding->add_option("--name", options.name, "Name in the keyring; default: that of the file")->type_name("NAME");
  adding->add_flag("--overwrite", options.overwrite, "Replace a file of that name");
  adding->add_flag("--allow-non-ca", options.allow_non_ca, "Also accept certificates that are not certificate authorities");
  refuse_option(*adding, "--force",
                "give --overwrite to replace a file, --allow-non-ca for a certificate that is not a certificate authority");
  CLI::App* removing = add_sub(subs, "remove", "Remove a certificate, which is then no longer trusted", remove_named,
                               "  spdmctl keyring remove vendor-root.pem\n");
  removing->add_option("name", options.arguments, "File name or SHA-256 fingerprint")->type_name("NAME|FINGERPRINT");
  removing->add_flag("--force", options.force, "Remove a file of several certificates");
  CLI::App* denying = add_sub(subs, "deny", "Put certificates or keys on the deny list", deny_fingerprints,
                              "  spdmctl keyring deny --comment \"key stolen in May\" leaf.pem\n"
                              "  spdmctl keyring deny --key leaf.pem\n");
  denying->add_option("fingerprint", options.arguments, "SHA-256 fingerprints, or PEM or DER files")->type_name("FINGERPRINT|FILE...");
  denying->add_flag("--key", options.key, "Deny public keys: by their fingerprints, or those in files");
  denying->add_flag("--tbs", options.tbs, "Deny signed parts (TBSCertificate): by their fingerprints, or those in files");
  denying->add_option("--comment", options.comment, "Reason, for the list and for reports")->type_name("REASON");
  CLI::App* unpinning = add_sub(subs, "unpin", "Remove the pin of a device", unpin_device, "  spdmctl keyring unpin 0000:03:00.0\n");
  unpinning->add_option("name", options.arguments, "Name of the pin, or the target")->type_name("NAME|TARGET");
  unpinning->add_flag("--force", options.force, "Remove a file of several pins");
}

void add_asking(Subs& subs) {
  KeyringOptions& options = subs.options();
  CLI::App* explaining =
      add_device_sub(subs, "explain", "Show which root or pin vouches for a device, or what is missing", "TARGET...", explain_trust,
                     "  spdmctl keyring explain 0000:03:00.0\n"
                     "  spdmctl keyring explain --root vendor-root.pem device.json\n");
  CLI::App* pinning =
      add_device_sub(subs, "pin", "Attest a device, and accept only the same key or certificate from now on", "TARGET", pin_device,
                     "  spdmctl keyring pin 0000:03:00.0\n"
                     "  spdmctl keyring pin --vouch --by certificate 0000:03:00.0\n");
  for (CLI::App* sub : {explaining, pinning}) add_policy_options(*sub, options.policy);
  pinning->add_option("--by", options.by, "leaf-key, certificate or root; default: leaf-key")->type_name("WHAT");
  pinning->add_flag("--vouch", options.vouch, "Trust this device by the pin alone, without a root");
  CLI::App* importing =
      add_device_sub(subs, "import", "Trust roots from the firmware, from a kernel, or from a device's own chain", "[TARGET]", import_roots,
                     "  spdmctl keyring import 0000:03:00.0\n"
                     "  spdmctl keyring import --efi devdb\n"
                     "  spdmctl keyring import --fingerprint 9F86... 0000:03:00.0\n");
  add_repeatable(*importing, "--efi", options.efi, "A signature database of the firmware: db, devdb, or an .esl file")->type_name("FILE");
  add_repeatable(*importing, "--kernel", options.kernel, "Concatenated certificates, as kernels list them; - is standard input")
      ->type_name("FILE");
  add_repeatable(*importing, "--fingerprint", options.fingerprints, "Trust the certificate with this SHA-256 fingerprint")
      ->type_name("SHA256");
  importing->add_flag("--yes", options.yes, "Trust all of them, without comparing fingerprints");
  importing->add_option("--name", options.name, "Name in the keyring")->type_name("NAME");
  importing->add_flag("--overwrite", options.overwrite, "Replace a file of that name");
}

Action setup(CLI::App& parser) {
  Subs subs(parser);
  add_sub(subs, "show", "Show all entries, and files that cannot be used", show_keyring,
          "  spdmctl keyring show\n"
          "  spdmctl keyring show --json --keyring ./roots\n");
  refuse_sub_verb(parser, "list", "show");
  CLI::App* check =
      add_sub(subs, "check", "Like show, and report what is expired, stale or not an authority; exit code 2 on problems", check_keyring,
              "  spdmctl keyring check\n"
              "  spdmctl keyring check --quiet --at 2027-01-01 || echo renew\n");
  check->add_option("--at", subs.options().trust.at, "Time at which certificates must be valid; default: now")->type_name("TIME");
  add_changing(subs);
  add_asking(subs);
  return subs.action();
}

}  // namespace

const Verb keyring_verb{"keyring",
                        "Show, check and change what this host trusts",
                        "  spdmctl keyring show\n"
                        "  spdmctl keyring add vendor-root.pem\n"
                        "  spdmctl keyring explain 0000:03:00.0\n"
                        "  spdmctl keyring pin 0000:03:00.0\n",
                        setup,
                        {.schema = kKeyringSchema},
                        {{{"explain", kReportDocument}}}};

}  // namespace spdm::cmd
