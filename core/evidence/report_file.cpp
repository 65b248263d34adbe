#include "core/evidence/report_file.h"

#include "core/error.h"
#include "core/evidence/cutter.h"
#include "core/text.h"

namespace spdm {

bool looks_like_transcript(View bytes) {
  if (bytes.size() < kHeaderSize) return false;
  const Header header = read_header(bytes);
  return header.version >= k10 && header.version <= k14 && (header.code == Code::get_version || header.code == Code::get_measurements);
}

Evidence read_transcript(View bytes, Detached beside, std::string_view what) {
  if (!looks_like_transcript(bytes))
    throw Error(ErrorId::bad_input, cat(what, ": begins with neither GET_VERSION nor GET_MEASUREMENTS"),
                "signed measurements are the bytes of the request, of the response and of its signature");
  Evidence out;
  Cutter cutter(bytes, out.log, std::string(what), Cutter::Surplus::kept);
  cutter.cut();
  out.detached = std::move(beside);
  return out;
}

namespace {

// Upper case, without what the names of services have around those of DSP0274.
std::string plain(std::string_view name) {
  name = name.substr(name.rfind('.') + 1);
  std::string out;
  for (const char c : name)
    if (c != '-' && c != '_' && c != ' ') out += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  for (const std::string_view extra : {"TPMALG", "ECCNIST", "ECCSM2", "EDDSA"})
    if (const std::size_t at = out.find(extra); at != std::string::npos) out.erase(at, extra.size());
  return out;
}

template <class Rows>
const auto& named(const Rows& rows, std::string_view name) {
  const std::string wanted = plain(name);
  for (const auto& row : rows)
    if (plain(row.name) == wanted) return row;
  throw Error(ErrorId::bad_input, cat("unknown SPDM algorithm '", printable(name.substr(0, 64)), "'"));
}

}  // namespace

const AsymAlgorithm& asym_of_service(std::string_view name) { return named(asym_algorithms(), name); }
const HashAlgorithm& hash_of_service(std::string_view name) { return named(hash_algorithms(), name); }

}  // namespace spdm
