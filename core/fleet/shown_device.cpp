#include "core/fleet/shown_device.h"

#include <algorithm>

namespace spdm {

namespace {

void add(std::vector<std::string>& out, const std::string& one) {
  if (!one.empty() && std::find(out.begin(), out.end(), one) == out.end()) out.push_back(one);
}

void add_all(std::vector<std::string>& out, const std::vector<std::string>& more) {
  for (const std::string& one : more) add(out, one);
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
    const Proven proven = proven_by(chain);
    add_all(out.leaf_keys, proven.leaf_keys);
    add_all(out.roots, proven.roots);
    add_all(out.device_infos, proven.device_infos);
    add_all(out.identity_texts, proven.identity_texts);
    if (chain.root_fingerprint.size() == 64) add(out.roots, chain.root_fingerprint);
    if (chain.pin) add(out.pins, file_of(chain.pin->origin));
  }
  return out;
}

}  // namespace spdm
