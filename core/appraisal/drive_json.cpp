#include "core/appraisal/drive_json.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/text.h"

namespace spdm {

namespace {

// By name, and by number where the number has none.
Json operations_json(std::uint8_t operations) {
  Json out = Json::array();
  for (unsigned i = 0; i < 8; ++i) {
    if ((static_cast<unsigned>(operations) >> i & 1U) == 0) continue;
    const auto* const row = std::find_if(kStorageOperations.begin(), kStorageOperations.end(),
                                         [&](const auto& word) { return static_cast<unsigned>(word.value) == i; });
    out.push_back(row == kStorageOperations.end() ? std::to_string(i) : std::string(row->name));
  }
  return out;
}

}  // namespace

Json to_json(const DriveView& view) {
  Json out{{"model", printable(view.model)},
           {"serial", printable(view.serial)},
           {"firmware", printable(view.firmware)},
           {"transport", printable(view.transport)}};
  if (const std::optional<StorageDiscovery>& found = view.discovery)
    out["discovery"] = Json{{"version", found->version_text()},
                            {"connections", found->connections},
                            {"operations", operations_json(found->operations)},
                            {"byte_order", name(found->order)}};
  return out;
}

}  // namespace spdm
