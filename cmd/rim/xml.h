// XML of others, read with all that it could reach out with switched off: no DTD, no entity but the five of XML, no file, no network.
#pragma once

#include <libxml/tree.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/bytes.h"

namespace spdm::rim {

// How much of a document is taken. The parser and the canonical form take time by the square of some of these.
inline constexpr std::size_t kMaxTags = 10'000;       // "<"
inline constexpr std::size_t kMaxNamespaces = 512;    // "xmlns"
inline constexpr std::size_t kMaxAttributes = 1'100;  // "=" between two "<"
inline constexpr unsigned kMaxDepth = 32;             // elements inside of each other

struct FreeDocument {
  void operator()(xmlDoc* document) const { xmlFreeDoc(document); }
};
using Document = std::unique_ptr<xmlDoc, FreeDocument>;

// Reads a document in UTF-8; it has a root. Throws Error{bad_input}, with a line where there is one: for what is no XML, has a DOCTYPE,
// declares another encoding, or is larger than the limits above.
Document parse(View file);

// What a node is called. The name of an element in no namespace has an empty one.
std::string_view local_name(const xmlNode& node);
std::string_view name_space(const xmlNode& node);
inline bool is(const xmlNode& node, std::string_view space, std::string_view name) {
  return local_name(node) == name && name_space(node) == space;
}

// The elements below a node, in their order; nullptr is the end.
const xmlNode* first_element(const xmlNode& parent);
const xmlNode* next_element(const xmlNode& node);

// The value of an attribute without a namespace; nothing when it is not there.
std::optional<std::string> attribute(const xmlNode& node, std::string_view name);
// All attributes: namespace, name, value.
void for_each_attribute(const xmlNode& node,
                        const std::function<void(std::string_view space, std::string_view name, std::string value)>& call);

// "line 12: "; empty where the parser does not know.
std::string line_of(const xmlNode& node);

}  // namespace spdm::rim
