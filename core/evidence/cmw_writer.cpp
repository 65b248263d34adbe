#include "core/evidence/cmw_writer.h"

#include <nlohmann/json.hpp>

#include "core/crypto/jws.h"
#include "core/format/cbor_writer.h"
#include "core/format/json.h"
#include "core/text.h"

namespace spdm {

std::string media_type_of_token(std::string_view type, std::string_view profile) { return cat(type, "; eat_profile=\"", profile, "\""); }

std::string write_cmw(CmwForm form, std::string_view media_type, View contents) {
  if (form == CmwForm::json) return Json::array({media_type, crypto::base64url(contents)}).dump() + "\n";
  return std::string(as_text(cbor::encode_array({cbor::encode_text(media_type), cbor::encode_bytes(contents)})));
}

}  // namespace spdm
