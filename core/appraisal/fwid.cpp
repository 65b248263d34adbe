#include "core/appraisal/fwid.h"

#include "core/appraisal/token.h"
#include "core/text.h"

namespace spdm {

namespace {

constexpr const char* kRemedy =
    "the firmware is not the one that the leaf was issued for: do not trust the device, and find out what it runs";

std::string in_words(const Fwid& fwid) { return cat(fwid.algorithm, " ", hex(fwid.digest)); }

std::string listed(const std::vector<Fwid>& fwids) {
  std::string out;
  for (const Fwid& fwid : fwids) out += cat(out.empty() ? "" : " or ", in_words(fwid));
  return out;
}

// The claims of the leaf that are in DER: its issuer's own.
std::vector<const TcbInfo*> infos_of_leaf(const ChainResult& chain) {
  std::vector<const TcbInfo*> out;
  if (chain.certificates.empty()) return out;
  for (const ExtensionInfo& extension : chain.certificates.back().extensions)
    if (!extension.wrapper)
      for (const TcbInfo& info : extension.tcb_infos) out.push_back(&info);
  return out;
}

// Whether both are about one environment, and say so: without a vendor, a model or a type everything would be the same.
bool is_same_environment(const TcbInfo& a, const TcbInfo& b) {
  if (!a.vendor && !a.model && !a.type) return false;
  return a.vendor == b.vendor && a.model == b.model && a.type == b.type && a.layer == b.layer && a.index == b.index;
}

// Compares digests of one algorithm. Where there are several, one has to be the same.
FwidResult compare(const std::vector<Fwid>& leaf, const std::vector<Fwid>& device) {
  FwidResult out = FwidResult::nothing;
  for (const Fwid& ours : leaf)
    for (const Fwid& theirs : device) {
      if (ours.algorithm != theirs.algorithm) continue;
      if (ours.digest == theirs.digest) return FwidResult::match;
      out = FwidResult::mismatch;
    }
  return out;
}

}  // namespace

std::vector<Fwid> fwids_of_leaf(const ChainResult& chain) {
  std::vector<Fwid> out;
  for (const TcbInfo* info : infos_of_leaf(chain)) out.insert(out.end(), info->fwids.begin(), info->fwids.end());
  if (chain.certificates.empty()) return out;
  for (const ExtensionInfo& extension : chain.certificates.back().extensions)
    if (extension.composite) out.push_back(extension.composite->fwid);
  return out;
}

FwidResult compare_fwid(const ChainResult& chain, View digest) {
  FwidResult out = FwidResult::nothing;
  for (const Fwid& fwid : fwids_of_leaf(chain)) {
    if (fwid.digest.size() != digest.size()) continue;
    if (equal(fwid.digest, digest)) return FwidResult::match;
    out = FwidResult::mismatch;
  }
  return out;
}

std::vector<Finding> compare_fwids(const ChainResult& chain, std::span<const Measurement> measurements, std::span<const Bytes> stated,
                                   const std::string& where) {
  std::vector<Finding> out;
  const std::vector<Fwid> leaf = fwids_of_leaf(chain);
  if (leaf.empty()) return out;
  const std::string place = cat("slot ", chain.slot, ", leaf certificate, FWID");
  bool compared = false, any_digest = false, measured = false;
  const auto judge = [&](FwidResult result, const std::vector<Fwid>& certified, const std::string& device, const std::string& source) {
    compared = compared || result != FwidResult::nothing;
    if (result == FwidResult::mismatch)
      out.push_back({FindingId::fwid_mismatch, place,
                     cat("the issuer of the leaf names the firmware ", listed(certified), ", the device names ", device, " in ", source),
                     kRemedy});
  };
  for (const Bytes& digest : stated) judge(compare_fwid(chain, digest), leaf, hex(digest), where);
  for (const Measurement& measurement : measurements) {
    if (!measurement.is_signed) continue;
    for (const EvidenceClaim& claim : claims_of(measurement))
      for (const TcbInfo* info : infos_of_leaf(chain))
        if (!claim.element && is_same_environment(*info, claim))
          judge(compare(info->fwids, claim.fwids), info->fwids, listed(claim.fwids), cat("measurement ", measurement.block.index));
    for (const Fwid& fwid : leaf) {
      any_digest = any_digest || (!measurement.block.raw && measurement.block.value.size() == fwid.digest.size());
      measured = measured || (!measurement.block.raw && measurement.block.value == fwid.digest);
    }
  }
  if (!compared && !measured && any_digest)
    out.push_back(
        {FindingId::fwid_not_measured, place, cat("no measurement is the firmware that the issuer of the leaf names, ", listed(leaf)), {}});
  return out;
}

}  // namespace spdm
