#include "core/wire/header.h"

#include "core/text.h"
#include "core/wire/algorithms.h"

namespace spdm {

Header read_header(View message) {
  Reader reader(message, "SPDM message");
  Header header;
  header.version = reader.u8("SPDMVersion");
  header.code = static_cast<Code>(reader.u8("RequestResponseCode"));
  header.param1 = reader.u8("Param1");
  header.param2 = reader.u8("Param2");
  return header;
}

Header expect(Reader& reader, Code code, std::uint8_t version) {
  const Header header = read_header(reader.take(kHeaderSize, "header"));
  if (header.code != code) reader.fail("RequestResponseCode", cat("expected ", name(code), ", got ", name(header.code)));
  if (header.version != version)
    reader.breaks("SPDMVersion", cat("expected 0x", hex(version, 2), " (", version_name(version), "), got 0x", hex(header.version, 2)));
  return header;
}

Writer begin(std::uint8_t version, Code code, std::uint8_t param1, std::uint8_t param2) {
  Writer writer;
  writer.u8(version).u8(static_cast<std::uint8_t>(code)).u8(param1).u8(param2);
  return writer;
}

}  // namespace spdm
