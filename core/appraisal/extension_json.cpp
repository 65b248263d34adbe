#include "core/appraisal/extension_json.h"

#include <nlohmann/json.hpp>

#include "core/text.h"

namespace spdm {

namespace {

Json text(std::string_view hostile) { return printable(hostile); }

Json fwid_json(const Fwid& in) { return {{"algorithm", text(in.algorithm)}, {"digest", hex(in.digest)}}; }

// Members in the order of the ASN.1, with the names that it has, in the form of keys.
Json tcb_info_json(const TcbInfo& in) {
  Json out = Json::object();
  const auto add = [&](const char* key, const std::optional<std::string>& value) {
    if (value) out[key] = text(*value);
  };
  const auto number = [&](const char* key, const std::optional<std::uint64_t>& value) {
    if (value) out[key] = *value;
  };
  add("vendor", in.vendor);
  add("model", in.model);
  add("version", in.version);
  number("svn", in.svn);
  number("layer", in.layer);
  number("index", in.index);
  for (const Fwid& fwid : in.fwids) out["fwids"].push_back(fwid_json(fwid));
  if (in.flags) out["flags"] = names_of(*in.flags);
  if (in.vendor_info) out["vendor_info"] = hex(*in.vendor_info);
  if (in.type) out["type"] = hex(*in.type);
  if (in.flags_mask) out["flags_mask"] = names_of(*in.flags_mask);
  for (const IntegrityRegister& one : in.integrity_registers) {
    Json& json = out["integrity_registers"].emplace_back(Json::object());
    if (one.name) json["name"] = text(*one.name);
    if (one.number) json["number"] = *one.number;
    for (const Fwid& fwid : one.digests) json["digests"].push_back(fwid_json(fwid));
  }
  add("element", in.element);
  return out;
}

Json open_dice_json(const OpenDiceInput& in) {
  Json out = Json::object();
  const auto add = [&](const char* key, const std::optional<Bytes>& value) {
    if (value) out[key] = hex(*value);
  };
  add("code_hash", in.code_hash);
  add("code_descriptor", in.code_descriptor);
  add("configuration_hash", in.configuration_hash);
  add("configuration_descriptor", in.configuration_descriptor);
  add("authority_hash", in.authority_hash);
  add("authority_descriptor", in.authority_descriptor);
  if (in.mode) out["mode"] = name(*in.mode);
  if (in.profile_name) out["profile_name"] = text(*in.profile_name);
  return out;
}

Json wrapper_json(const MessageWrapper& in) {
  Json out{{"form", in.form}};
  if (!in.media_type.empty()) out["media_type"] = text(in.media_type);
  if (in.content_format) out["content_format"] = *in.content_format;
  if (in.tag) out["tag"] = *in.tag;
  if (in.indicator) out["indicator"] = *in.indicator;
  if (!in.content.empty()) out["content"] = in.content;
  out["size"] = in.size;
  out["sha256"] = in.sha256;
  return out;
}

}  // namespace

Json to_json(const ExtensionInfo& in) {
  Json out{{"oid", text(in.oid)}};
  if (!in.name.empty()) out["name"] = in.name;
  out["critical"] = in.critical;
  out["processed"] = in.processed;
  if (!in.fault.empty()) out["why"] = text(in.fault);
  out["size"] = in.size;
  for (const TcbInfo& info : in.tcb_infos) out["tcb_infos"].push_back(tcb_info_json(info));
  if (!in.ueid.empty()) out["ueid"] = hex(in.ueid);
  if (in.composite)
    out["composite_device_id"] =
        Json{{"version", in.composite->version}, {"key_sha256", in.composite->key_sha256}, {"fwid", fwid_json(in.composite->fwid)}};
  if (in.open_dice) out["open_dice"] = open_dice_json(*in.open_dice);
  if (in.wrapper) out["message"] = wrapper_json(*in.wrapper);
  return out;
}

}  // namespace spdm
