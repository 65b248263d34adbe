#include "core/wire/interface_report.h"

#include "core/text.h"

namespace spdm {

namespace {

constexpr std::size_t kRangeSize = 16;

}  // namespace

Bytes InterfaceReport::encode() const {
  Writer writer;
  writer.u16(info).zeros(2).u16(msix_control).u16(lnr_control).u32(tph_control).u32(ranges.size());
  for (const MmioRange& range : ranges) range.encode(writer);
  return writer.u32(device_specific.size()).bytes(device_specific).take();
}

InterfaceReport decode_interface_report(View report) {
  Reader reader(report, "device interface report");
  // PCIe 11.3, DEVICE_INTERFACE_REPORT, N345
  if (report.size() > kMaxInterfaceReport)
    reader.fail("length", cat(report.size(), " bytes, at most ", kMaxInterfaceReport, " are possible"));
  InterfaceReport out;
  out.info = reader.u16("INTERFACE_INFO");
  reader.skip(2, "reserved");
  out.msix_control = reader.u16("MSI_X_MESSAGE_CONTROL");
  out.lnr_control = reader.u16("LNR_CONTROL");
  out.tph_control = reader.u32("TPH_CONTROL");
  const std::uint32_t count = reader.u32("MMIO_RANGE_COUNT");
  // PCIe 11.3, TDI Report Structure, N347: before memory is taken for them.
  if (count > reader.remaining() / kRangeSize)
    reader.fail("MMIO_RANGE_COUNT", cat(count, ", there is room for ", reader.remaining() / kRangeSize));
  out.ranges.reserve(count);
  for (std::uint32_t i = 0; i < count; ++i) out.ranges.push_back(MmioRange::decode(reader));
  const std::uint32_t length = reader.u32("DEVICE_SPECIFIC_INFO_LEN");
  out.device_specific = to_bytes(reader.take(length, "DEVICE_SPECIFIC_INFO"));
  reader.assert_done();  // N346
  return out;
}

}  // namespace spdm
