#include "transport/storage/scsi_sense.h"

#include <doctest/doctest.h>

using namespace spdm;
using namespace spdm::transport;

namespace {

std::string words(const Bytes& data) {
  const std::optional<Sense> sense = parse_sense(data);
  return sense ? to_string(*sense) : "none";
}

}  // namespace

TEST_CASE("sense data: fixed and with descriptors") {
  CHECK(words({0x70, 0, 0x05, 0, 0, 0, 0, 0x0A, 0, 0, 0, 0, 0x24, 0x00}) == "5/24/00 (invalid field in CDB)");
  CHECK(words({0xF0, 0, 0xE5, 1, 2, 3, 4, 0x0A, 0, 0, 0, 0, 0x20, 0x00, 9}) == "5/20/00 (invalid command operation code)");
  CHECK(words({0x72, 0xF5, 0x26, 0x00, 0, 0, 0, 0}) == "5/26/00 (invalid field in parameter list)");
  CHECK(words({0x72, 0x0B, 0x55, 0x07, 0, 0, 0, 0}) == "b/55/07");
  CHECK(!parse_sense(Bytes{0x72, 0x05, 0x24, 0x00, 0, 0, 0, 0})->is_attention());
  CHECK(parse_sense(Bytes{0x72, 0x06, 0x29, 0x00, 0, 0, 0, 0})->is_attention());
  CHECK(parse_sense(Bytes{0x73, 0x01, 0x00, 0x00, 0, 0, 0, 0})->is_attention());
  CHECK(!parse_sense(Bytes{0x73, 0x01, 0x00, 0x00, 0, 0, 0, 0})->is_success());
  CHECK(parse_sense(Bytes{0x72, 0x01, 0x00, 0x00, 0, 0, 0, 0})->is_success());
}

TEST_CASE("sense data that is cut off, or of no known format") {
  for (const Bytes& data : {Bytes{}, Bytes{0x70}, Bytes(13, 0x70), Bytes(7, 0x72), Bytes(18, 0x00), Bytes(18, 0x7F), Bytes(18, 0x71 + 3)})
    CHECK(words(data) == "none");
}

TEST_CASE("sense data: descriptors that lie about their size") {
  const auto count = [](Bytes descriptors, std::uint8_t length) {
    Bytes data{0x72, 0x01, 0x00, 0x1D, 0, 0, 0, length};
    data.insert(data.end(), descriptors.begin(), descriptors.end());
    return parse_sense(data)->ata_count;
  };
  const Bytes status{0x09, 0x0C, 0, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0, 0x50};
  CHECK(count(status, 14) == 0x80);
  CHECK(count(status, 255) == 0x80);  // more than there is
  CHECK(!count(status, 13));          // less: the descriptor is cut off
  CHECK(!count(status, 0));
  CHECK(!count({0x09, 0x0C, 0, 0, 0, 0x80}, 6));
  CHECK(!count({0x09, 0x00}, 2));
  CHECK(!count({0x00, 0xFF, 0x09, 0x0C}, 4));
  Bytes second{0x00, 0x02, 0x09, 0x0C};
  second.insert(second.end(), status.begin(), status.end());
  CHECK(count(second, 18) == 0x80);
}
