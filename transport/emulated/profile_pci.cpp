#include "transport/emulated/profile_pci.h"

#include <array>

#include "core/error.h"
#include "core/text.h"
#include "core/wire/ide_registers.h"

namespace spdm::transport {

using yaml::Choice;
using yaml::Section;
using yaml::Value;

namespace {

constexpr std::array kIdeFeatures{
    Choice{"flow-through", ide_feature::flow_through},
    Choice{"partial-header-encryption", ide_feature::partial_header_encryption},
    Choice{"aggregation", ide_feature::aggregation},
    Choice{"pcrc", ide_feature::pcrc},
    Choice{"configuration-requests", ide_feature::configuration_requests},
    Choice{"tee-limited", ide_feature::tee_limited},
};
constexpr std::array kLockFlags{
    Choice{"no-fw-update", lock_flag::no_fw_update},
    Choice{"cache-line-128", lock_flag::cache_line_128},
    Choice{"lock-msix", lock_flag::lock_msix},
    Choice{"bind-p2p", lock_flag::bind_p2p},
    Choice{"all-request-redirect", lock_flag::all_request_redirect},
};
constexpr std::array kInterfaceInfo{
    Choice{"no-fw-update", 1U << 0}, Choice{"dma-without-pasid", 1U << 1}, Choice{"dma-with-pasid", 1U << 2}, Choice{"ats", 1U << 3},
    Choice{"prs", 1U << 4},
};
constexpr std::array kRangeAttributes{
    Choice{"msix-table", 1U << 0},
    Choice{"msix-pba", 1U << 1},
    Choice{"non-tee", 1U << 2},
    Choice{"updatable", 1U << 3},
};

constexpr std::size_t kMostPorts = 256, kMostFunctions = 256;
constexpr std::size_t kMostReport = 0xFFFF;  // offset and length have 16 bits
constexpr std::uint64_t kPages = std::uint64_t{1} << 52;
constexpr std::uint32_t kMostLinkStreams = 8, kMostSelectiveStreams = 256, kMostAddressBlocks = 15, kAlgorithms = 31;

// Where a function is: {bus, device, function, segment}.
struct Place {
  std::uint8_t bus = 0, device_function = 0;
  std::optional<std::uint8_t> segment;
};

Place place_of(const Value& value) {
  const Section in(value, {"bus", "device", "function", "segment"});
  Place out;
  std::uint32_t device = 0, function = 0;
  in.with("bus", [&](const Value& one) { out.bus = static_cast<std::uint8_t>(one.number(0, 255)); });
  in.with("device", [&](const Value& one) { device = one.number(0, 31); });
  in.with("function", [&](const Value& one) { function = one.number(0, 7); });
  in.with("segment", [&](const Value& one) { out.segment = static_cast<std::uint8_t>(one.number(0, 255)); });
  out.device_function = static_cast<std::uint8_t>(device << 3 | function);
  return out;
}

FunctionId function_of(const Place& place) {
  FunctionId out{static_cast<std::uint32_t>(place.bus) << 8 | place.device_function};
  if (place.segment) out.value |= 1U << 24 | static_cast<std::uint32_t>(*place.segment) << 16;
  return out;
}

std::vector<Value> list_of(const Value& value, std::size_t most) {
  std::vector<Value> out = value.list();
  if (out.empty() || out.size() > most) value.fail(cat(out.size(), " entries"), cat("1 to ", most));
  return out;
}

std::vector<std::uint8_t> stream_ids(const Value& value) {
  std::vector<std::uint8_t> out;
  for (const Value& one : value.list()) out.push_back(static_cast<std::uint8_t>(one.number(0, 255)));
  return out;
}

// Registers as they are; they must be as many as the first of them announces.
Bytes registers_of(const Value& value) {
  Writer writer;
  for (const Value& one : value.list()) writer.u32(one.number(0, 0xFFFFFFFF));
  Bytes out = writer.take();
  try {
    (void)decode_ide_registers(out);
  } catch (const Error& why) {
    value.fail(why.what(), "give all, from the IDE Capability Register on");
  }
  return out;
}

MmioRange range_of(const Value& value) {
  const Section in(value, {"first-page", "pages", "attributes", "id"});
  MmioRange out;
  out.first_page = in.get("first-page").number64(0, kPages - 1);
  out.pages = in.get("pages").number(1, 0xFFFFFFFF);
  if (out.pages > kPages - out.first_page) in.fail("ends beyond the address space", "there are 2^52 pages");
  in.with("attributes", [&](const Value& one) { out.attributes = static_cast<std::uint16_t>(one.choices(kRangeAttributes)); });
  in.with("id", [&](const Value& one) { out.id = static_cast<std::uint16_t>(one.number(0, 0xFFFF)); });
  return out;
}

InterfaceReport report_of(const Value& value) {
  const Section in(value, {"info", "msix-control", "lnr-control", "tph-control", "ranges", "device-specific"});
  InterfaceReport out;
  in.with("info", [&](const Value& one) { out.info = static_cast<std::uint16_t>(one.choices(kInterfaceInfo)); });
  in.with("msix-control", [&](const Value& one) { out.msix_control = static_cast<std::uint16_t>(one.number(0, 0xFFFF)); });
  in.with("lnr-control", [&](const Value& one) { out.lnr_control = static_cast<std::uint16_t>(one.number(0, 0xFFFF)); });
  in.with("tph-control", [&](const Value& one) { out.tph_control = one.number(0, 0xFFFFFFFF); });
  in.with("ranges", [&](const Value& list) {
    for (const Value& one : list.list()) out.ranges.push_back(range_of(one));
  });
  in.with("device-specific", [&](const Value& one) { out.device_specific = one.hex(); });
  if (const std::size_t size = out.encode().size(); size > kMostReport)
    in.fail(cat(size, " bytes do not fit"), cat("a report has at most ", kMostReport));
  return out;
}

}  // namespace

std::optional<DeviceIde> read_ide(const Value& value) {
  DeviceIde out;
  if (value.node().IsScalar()) return value.boolean() ? std::optional(out) : std::nullopt;
  const Section in(value, {"ports", "registers", "link-streams", "selective-streams", "address-blocks", "features", "algorithm",
                           "stream-ids", "secure-streams"});
  in.with("ports", [&](const Value& list) {
    out.ports.clear();
    for (const Value& one : list_of(list, kMostPorts)) {
      const Place place = place_of(one);
      out.ports.push_back({place.bus, place.device_function, place.segment.value_or(0)});
    }
  });
  IdeLayout layout;
  in.with("link-streams", [&](const Value& one) { layout.link_streams = one.number(0, kMostLinkStreams); });
  in.with("selective-streams", [&](const Value& one) { layout.selective_streams = one.number(0, kMostSelectiveStreams); });
  in.with("address-blocks", [&](const Value& one) { layout.address_blocks = one.number(0, kMostAddressBlocks); });
  in.with("features", [&](const Value& one) { layout.features = one.choices(kIdeFeatures); });
  in.with("algorithm", [&](const Value& one) { layout.algorithm = one.number(0, kAlgorithms); });
  in.with("stream-ids", [&](const Value& list) { layout.stream_ids = stream_ids(list); });
  in.with("secure-streams", [&](const Value& list) { layout.secure = stream_ids(list); });
  out.registers = layout.registers();
  in.with("registers", [&](const Value& list) { out.registers = registers_of(list); });
  return out;
}

std::optional<DeviceTdisp> read_tdisp(const Value& value) {
  DeviceTdisp out;
  if (value.node().IsScalar()) return value.boolean() ? std::optional(out) : std::nullopt;
  const Section in(value, {"functions", "address-width", "lock-flags", "state", "report", "raw-report", "portion"});
  in.with("functions", [&](const Value& list) {
    for (const Value& one : list_of(list, kMostFunctions)) out.functions.push_back(function_of(place_of(one)));
  });
  in.with("address-width", [&](const Value& one) { out.address_width = static_cast<std::uint8_t>(one.number(0, 255)); });
  in.with("lock-flags", [&](const Value& one) { out.lock_flags = static_cast<std::uint16_t>(one.choices(kLockFlags)); });
  in.with("state", [&](const Value& one) { out.state = one.word(kTdiStates); });
  in.with("report", [&](const Value& one) { out.report = report_of(one); });
  in.with("raw-report", [&](const Value& one) {
    out.raw_report = one.hex();
    if (out.raw_report->size() > kMostReport) one.fail("does not fit", cat("at most ", kMostReport, " bytes"));
  });
  in.with("portion", [&](const Value& one) { out.portion = static_cast<std::uint16_t>(one.number(1, 0x8000)); });
  return out;
}

}  // namespace spdm::transport
