#include "core/fleet/shown_device.h"

#include <algorithm>

namespace spdm {

namespace {

void add(std::vector<std::string>& out, const std::string& one) {
  if (!one.empty() && std::find(out.begin(), out.end(), one) == out.end()) out.push_back(one);
}

// "/etc/spdmctl/keyring.d/pins/a.yaml:4" to "a.yaml".
std::string file_of(const std::string& origin) {
  const std::string path = origin.substr(0, origin.rfind(':'));
  return path.substr(path.rfind('/') + 1);
}

}  // namespace

ShownDevice shown_device(const Report& report) {
  ShownDevice out;
  const CheckResult* const signatures = check_of(report, Check::signature);
  if (signatures == nullptr || signatures->status != CheckStatus::pass) return out;
  for (const SlotReport& slot : report.slots) {
    if (!slot.used || !slot.chain || !slot.chain->sound || slot.chain->trust != Trust::trusted) continue;
    const std::size_t before = out.answers.size();
    for (const SignatureReport& signature : report.signatures)
      if (signature.slot == slot.slot && signature.result == SignatureResult::good && !signature.answer.empty())
        out.answers.push_back(signature.answer);
    if (out.answers.size() == before) continue;
    const ChainResult& chain = *slot.chain;
    add(out.leaf_keys, chain.leaf_key_sha256);
    if (chain.anchor) add(out.roots, chain.anchor->sha256);
    if (chain.root_fingerprint.size() == 64) add(out.roots, chain.root_fingerprint);
    if (chain.pin) add(out.pins, file_of(chain.pin->origin));
    if (chain.certificates.empty()) continue;
    const CertificateInfo& leaf = chain.certificates.back();
    add(out.device_infos, leaf.device_info);
    for (const std::string& identity : leaf.cma_identities) add(out.identity_texts, identity);
  }
  return out;
}

}  // namespace spdm
