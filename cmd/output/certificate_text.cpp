#include "cmd/output/certificate_text.h"

#include "cmd/output/wrap.h"
#include "core/text.h"

namespace spdm::cmd {

namespace {

void add(std::string& out, std::string_view name, const std::string& value) {
  if (!value.empty()) out += cat(out.empty() ? "" : ", ", name, " ", value);
}

std::string joined(const std::vector<std::string>& words, std::string_view between = ", ") {
  std::string out;
  for (const std::string& word : words) out += cat(out.empty() ? "" : between, printable(word));
  return out;
}

std::string joined_flags(TcbFlags flags) {
  const std::string out = joined(names_of(flags), " ");
  return out.empty() ? "none" : out;
}

class Lines {
 public:
  explicit Lines(bool verbose) : verbose_(verbose) {}

  void field(std::string_view name, std::string value) {
    if (!value.empty()) out_.push_back({std::string(name), std::move(value)});
  }

  void extension(const ExtensionInfo& in) {
    std::string title = in.name.empty() ? printable(in.oid) : cat(in.name, " (", printable(in.oid), ")");
    if (in.critical) title += ", critical";
    if (!in.fault.empty()) title += cat(", not decoded: ", printable(in.fault));
    if (in.fault.empty() && !in.processed) title += cat(", ", in.size, " bytes, not decoded");
    out_.push_back({"extension", title});
    if (!in.ueid.empty()) more(cat("ueid ", shown(in.ueid)));
    if (in.composite)
      more(cat("version ", in.composite->version, ", device key ", shortened(in.composite->key_sha256, verbose_), ", fwid ",
               shown(in.composite->fwid)));
    if (in.open_dice) open_dice(*in.open_dice);
    if (in.wrapper) wrapper(*in.wrapper);
    for (const TcbInfo& info : in.tcb_infos) tcb_info(info);
  }

  std::vector<NamedLine> take() { return std::move(out_); }

 private:
  void more(std::string line) {
    if (!line.empty()) out_.push_back({"", std::move(line)});
  }

  std::string shown(const Bytes& bytes) const { return shortened(hex(bytes), verbose_); }
  std::string shown(const Fwid& fwid) const { return cat(printable(fwid.algorithm), " ", shown(fwid.digest)); }

  void tcb_info(const TcbInfo& in) {
    std::string line;
    const auto text = [&](std::string_view name, const std::optional<std::string>& value) {
      if (value) add(line, name, value->empty() ? "(empty)" : printable(*value));
    };
    const auto number = [&](std::string_view name, const std::optional<std::uint64_t>& value) {
      if (value) add(line, name, cat(*value));
    };
    text("vendor", in.vendor);
    text("model", in.model);
    text("version", in.version);
    number("svn", in.svn);
    number("layer", in.layer);
    number("index", in.index);
    text("element", in.element);
    for (const Fwid& fwid : in.fwids) add(line, "fwid", shown(fwid));
    if (in.flags) add(line, "flags", joined_flags(*in.flags));
    if (in.flags_mask) add(line, "of", joined_flags(*in.flags_mask));
    if (in.vendor_info) add(line, "vendorInfo", shown(*in.vendor_info));
    if (in.type) add(line, "type", shown(*in.type));
    more(line);
    for (const IntegrityRegister& one : in.integrity_registers) {
      std::string title = "register";
      if (one.name) title += cat(" ", printable(*one.name));
      if (one.number) title += cat(" ", *one.number);
      for (const Fwid& digest : one.digests) title += cat(", ", shown(digest));
      more(title);
    }
  }

  void open_dice(const OpenDiceInput& in) {
    std::string line;
    if (in.mode) add(line, "mode", std::string(name(*in.mode)));
    if (in.profile_name) add(line, "profileName", printable(*in.profile_name));
    more(line);
    const auto bytes = [&](std::string_view name, const std::optional<Bytes>& value) {
      if (value) more(cat(name, " ", shown(*value)));
    };
    bytes("codeHash", in.code_hash);
    bytes("codeDescriptor", in.code_descriptor);
    bytes("configurationHash", in.configuration_hash);
    bytes("configurationDescriptor", in.configuration_descriptor);
    bytes("authorityHash", in.authority_hash);
    bytes("authorityDescriptor", in.authority_descriptor);
  }

  void wrapper(const MessageWrapper& in) {
    std::string line = in.form;
    if (!in.media_type.empty()) add(line, "of", printable(in.media_type));
    if (in.content_format) add(line, "content format", cat(*in.content_format));
    if (in.tag) add(line, "tag", cat(*in.tag));
    if (!in.content.empty()) add(line, "with", in.content);
    more(cat(line, ", ", in.size, " bytes, SHA-256 ", in.sha256));
  }

  bool verbose_;
  std::vector<NamedLine> out_;
};

}  // namespace

std::vector<NamedLine> certificate_lines(const CertificateInfo& certificate, bool verbose) {
  Lines lines(verbose);
  const auto field = [&](std::string_view name, std::string value) { lines.field(name, std::move(value)); };
  field("issuer", printable(certificate.issuer));
  field("valid", cat(certificate.not_before, " to ", certificate.not_after));
  field("key", cat(printable(certificate.key), ", signed with ", printable(certificate.signature_algorithm)));
  field("sha256", certificate.sha256);
  field("authority", certificate.is_ca ? cat("yes", certificate.path_length ? cat(", path length ", *certificate.path_length) : "") : "no");
  field("device info", printable(certificate.device_info));
  field("cma", joined(certificate.cma_identities));
  for (const ExtensionInfo& extension : certificate.extensions) lines.extension(extension);
  if (certificate.more_extensions > 0) field("extensions", cat("and ", certificate.more_extensions, " more"));
  field("policies", joined(certificate.policies));
  field("ocsp", joined(certificate.ocsp));
  field("issuers at", joined(certificate.ca_issuers));
  field("crls at", joined(certificate.crl_distribution_points));
  if (!verbose) return lines.take();
  field("serial", certificate.serial);
  field("key usage", joined(certificate.key_usage));
  field("extended", joined(certificate.extended_key_usage));
  field("spdm", joined(certificate.spdm_oids));
  return lines.take();
}

}  // namespace spdm::cmd
