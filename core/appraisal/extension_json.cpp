#include "core/appraisal/extension_json.h"

#include <nlohmann/json.hpp>

#include "core/appraisal/json_members.h"
#include "core/text.h"

namespace spdm {

namespace {

using json::text;

void write_fwid(JsonWriter& out, const Fwid& in) {
  out.object([&] {
    out.member("algorithm", text(in.algorithm));
    out.member("digest", hex(in.digest));
  });
}

void write_fwids(JsonWriter& out, std::string_view key, const std::vector<Fwid>& fwids) {
  if (!fwids.empty()) out.key(key).array(fwids, [&](const Fwid& fwid) { write_fwid(out, fwid); });
}

void write_register(JsonWriter& out, const IntegrityRegister& in) {
  out.object([&] {
    if (in.name) out.member("name", text(*in.name));
    if (in.number) out.member("number", *in.number);
    write_fwids(out, "digests", in.digests);
  });
}

// Members in the order of the ASN.1, with the names that it has, in the form of keys.
void write_tcb_info(JsonWriter& out, const TcbInfo& in) {
  const auto add = [&](std::string_view key, const std::optional<std::string>& value) {
    if (value) out.member(key, text(*value));
  };
  const auto number = [&](std::string_view key, const std::optional<std::uint64_t>& value) {
    if (value) out.member(key, *value);
  };
  out.object([&] {
    add("vendor", in.vendor);
    add("model", in.model);
    add("version", in.version);
    number("svn", in.svn);
    number("layer", in.layer);
    number("index", in.index);
    write_fwids(out, "fwids", in.fwids);
    if (in.flags) out.strings("flags", names_of(*in.flags));
    if (in.vendor_info) out.member("vendor_info", hex(*in.vendor_info));
    if (in.type) out.member("type", hex(*in.type));
    if (in.flags_mask) out.strings("flags_mask", names_of(*in.flags_mask));
    if (!in.integrity_registers.empty())
      out.key("integrity_registers").array(in.integrity_registers, [&](const IntegrityRegister& one) { write_register(out, one); });
    add("element", in.element);
  });
}

void write_open_dice(JsonWriter& out, const OpenDiceInput& in) {
  const auto add = [&](std::string_view key, const std::optional<Bytes>& value) {
    if (value) out.member(key, hex(*value));
  };
  out.object([&] {
    add("code_hash", in.code_hash);
    add("code_descriptor", in.code_descriptor);
    add("configuration_hash", in.configuration_hash);
    add("configuration_descriptor", in.configuration_descriptor);
    add("authority_hash", in.authority_hash);
    add("authority_descriptor", in.authority_descriptor);
    if (in.mode) out.member("mode", name(*in.mode));
    if (in.profile_name) out.member("profile_name", text(*in.profile_name));
  });
}

void write_wrapper(JsonWriter& out, const MessageWrapper& in) {
  out.object([&] {
    out.member("form", in.form);
    if (!in.media_type.empty()) out.member("media_type", text(in.media_type));
    if (in.content_format) out.member("content_format", *in.content_format);
    if (in.tag) out.member("tag", *in.tag);
    if (in.indicator) out.member("indicator", *in.indicator);
    if (!in.content.empty()) out.member("content", in.content);
    out.member("size", in.size);
    out.member("sha256", in.sha256);
  });
}

void write_composite(JsonWriter& out, const CompositeDeviceId& in) {
  out.object([&] {
    out.member("version", in.version);
    out.member("key_sha256", in.key_sha256);
    write_fwid(out.key("fwid"), in.fwid);
  });
}

}  // namespace

void write_json(JsonWriter& out, const ExtensionInfo& in) {
  out.object([&] {
    out.member("oid", text(in.oid));
    if (!in.name.empty()) out.member("name", in.name);
    out.member("critical", in.critical);
    out.member("processed", in.processed);
    if (!in.fault.empty()) out.member("why", text(in.fault));
    out.member("size", in.size);
    if (!in.tcb_infos.empty()) out.key("tcb_infos").array(in.tcb_infos, [&](const TcbInfo& info) { write_tcb_info(out, info); });
    if (!in.ueid.empty()) out.member("ueid", hex(in.ueid));
    if (in.composite) write_composite(out.key("composite_device_id"), *in.composite);
    if (in.open_dice) write_open_dice(out.key("open_dice"), *in.open_dice);
    if (in.wrapper) write_wrapper(out.key("message"), *in.wrapper);
  });
}

Json to_json(const ExtensionInfo& in) {
  return tree_of([&](JsonWriter& out) { write_json(out, in); });
}

}  // namespace spdm
