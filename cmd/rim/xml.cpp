#include "cmd/rim/xml.h"

#include <libxml/parser.h>
#include <libxml/xmlerror.h>

#include <algorithm>
#include <cctype>
#include <mutex>

#include "core/error.h"
#include "core/text.h"

namespace spdm::rim {

namespace {

[[noreturn]] void fail(const std::string& why, const std::string& hint = {}) { throw Error(ErrorId::bad_input, why, hint); }

constexpr const char* kWanted = "give a TCG RIM: a SWID tag in XML (.swidtag), as the vendor publishes it";

std::string_view text_of(const xmlChar* text) { return text == nullptr ? "" : reinterpret_cast<const char*>(text); }

// What libraries would print is told by the one error that is thrown.
void say_nothing(void* /*context*/, const char* /*format*/, ...) {}  // NOLINT(cert-dcl50-cpp): the type is the library's

xmlParserInput* load_nothing(const char* /*url*/, const char* /*id*/, xmlParserCtxt* /*context*/) { return nullptr; }

void prepare_library() {
  static std::once_flag once;
  std::call_once(once, [] {
    xmlInitParser();
    xmlSetExternalEntityLoader(load_nothing);
    xmlSetGenericErrorFunc(nullptr, say_nothing);
  });
}

// A DTD is refused where it begins, so that nothing that it declares is ever read.
void refuse_doctype(void* context, const xmlChar* /*name*/, const xmlChar* /*public_id*/, const xmlChar* /*system_id*/) {
  auto* parser = static_cast<xmlParserCtxt*>(context);
  *static_cast<bool*>(parser->_private) = true;
  xmlStopParser(parser);
}

struct FreeParser {
  void operator()(xmlParserCtxt* parser) const {
    if (parser->myDoc != nullptr) xmlFreeDoc(parser->myDoc);
    xmlFreeParserCtxt(parser);
  }
};
using Parser = std::unique_ptr<xmlParserCtxt, FreeParser>;

std::size_t count_of(std::string_view text, std::string_view what) {
  std::size_t out = 0;
  for (std::size_t at = text.find(what); at != std::string_view::npos; at = text.find(what, at + what.size())) ++out;
  return out;
}

// Before the parser sees it: where an element has very many attributes or namespaces, its time grows by the square. An attribute
// cannot hold "<", so all of one element stand between two of these.
void assert_modest(std::string_view text) {
  if (count_of(text, "<") > kMaxTags) fail(cat("has more than ", kMaxTags, " tags"), kWanted);
  if (count_of(text, "xmlns") > kMaxNamespaces) fail(cat("declares more than ", kMaxNamespaces, " namespaces"), kWanted);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t next = std::min(text.find('<', at + 1), text.size());
    if (count_of(text.substr(at, next - at), "=") > kMaxAttributes)
      fail(cat("has an element with more than ", kMaxAttributes, " attributes"), kWanted);
    at = next;
  }
}

// UTF-8 is what nearly all is in, and the only encoding whose decoder is no code of others. The parser is told so, whatever the
// document declares; one that declares another would be read as something that its author has not written.
void assert_utf8(std::string_view text) {
  if (text.find('\0') != std::string_view::npos) fail("is not in UTF-8: it has bytes that are zero", kWanted);
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  if (!text.starts_with("<?xml")) return;
  const std::string_view head = text.substr(0, std::min(text.find("?>"), text.size()));
  std::size_t at = head.find("encoding");
  if (at == std::string_view::npos) return;
  at = head.find_first_of("\"'", at);
  const std::size_t end = at == std::string_view::npos ? at : head.find(head[at], at + 1);
  std::string name(end == std::string_view::npos ? "" : head.substr(at + 1, end - at - 1));
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  if (name != "UTF-8" && name != "US-ASCII" && name != "ASCII")
    fail(cat("is in the encoding '", printable(name), "'"), "only UTF-8 is read");
}

void assert_flat(const xmlNode& node, unsigned depth) {
  if (depth > kMaxDepth) fail(cat(line_of(node), "has more than ", kMaxDepth, " nested elements"), kWanted);
  for (const xmlNode* child = first_element(node); child != nullptr; child = next_element(*child)) assert_flat(*child, depth + 1);
}

// The library's words, without the line break at their end.
std::string why_of(xmlParserCtxt& parser) {
  const xmlError* error = xmlCtxtGetLastError(&parser);
  if (error == nullptr || error->message == nullptr) return "no reason given";
  std::string out = error->message;
  out.erase(out.find_last_not_of(" \n") + 1);
  return error->line > 0 ? cat("line ", error->line, ": ", out) : out;
}

void refuse_other_kinds(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) fail("is empty", kWanted);
  if (text[first] == '{') fail("is JSON, not XML", "extract the document from the answer of a RIM service: jq -r .rim FILE | base64 -d");
  const auto byte = static_cast<unsigned char>(text.front());
  if (byte >= 0xD0 && byte <= 0xDB) fail("is CBOR, not XML", "a CoRIM is read by: spdmctl reference import");
}

}  // namespace

Document parse(View file) {
  prepare_library();
  const std::string_view text(reinterpret_cast<const char*>(file.data()), file.size());
  refuse_other_kinds(text);
  assert_utf8(text);
  assert_modest(text);
  const Parser parser(xmlNewParserCtxt());
  if (!parser) throw std::bad_alloc();
  bool doctype = false;
  parser->_private = &doctype;
  parser->sax->internalSubset = refuse_doctype;
  parser->sax->externalSubset = refuse_doctype;
  // Neither XML_PARSE_HUGE, which lifts the limits of the library, nor anything that loads, replaces entities or includes.
  constexpr int kOptions = XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_IGNORE_ENC | XML_PARSE_COMPACT;
  Document out(xmlCtxtReadMemory(parser.get(), text.data(), static_cast<int>(text.size()), nullptr, "UTF-8", kOptions));
  if (doctype) fail("has a document type declaration (DOCTYPE), which is not read", "a TCG RIM needs none");
  if (!out || parser->wellFormed != 1 || parser->nsWellFormed != 1) fail(cat("is not valid XML: ", printable(why_of(*parser))), kWanted);
  const xmlNode* root = xmlDocGetRootElement(out.get());
  if (root == nullptr || out->intSubset != nullptr || out->extSubset != nullptr) fail("is not valid XML", kWanted);
  assert_flat(*root, 1);
  return out;
}

std::string_view local_name(const xmlNode& node) { return text_of(node.name); }

std::string_view name_space(const xmlNode& node) { return node.ns == nullptr ? "" : text_of(node.ns->href); }

namespace {

const xmlNode* element_from(const xmlNode* node) {
  while (node != nullptr && node->type != XML_ELEMENT_NODE) node = node->next;
  return node;
}

std::string value_of(const xmlAttr& attribute) {
  const std::unique_ptr<xmlChar, void (*)(xmlChar*)> value(xmlNodeListGetString(attribute.doc, attribute.children, 1),
                                                           [](xmlChar* text) { xmlFree(text); });
  return std::string(text_of(value.get()));
}

}  // namespace

const xmlNode* first_element(const xmlNode& parent) { return element_from(parent.children); }

const xmlNode* next_element(const xmlNode& node) { return element_from(node.next); }

std::optional<std::string> attribute(const xmlNode& node, std::string_view name) {
  for (const xmlAttr* one = node.properties; one != nullptr; one = one->next)
    if (one->ns == nullptr && text_of(one->name) == name) return value_of(*one);
  return std::nullopt;
}

void for_each_attribute(const xmlNode& node,
                        const std::function<void(std::string_view space, std::string_view name, std::string value)>& call) {
  for (const xmlAttr* one = node.properties; one != nullptr; one = one->next)
    call(one->ns == nullptr ? "" : text_of(one->ns->href), text_of(one->name), value_of(*one));
}

std::string line_of(const xmlNode& node) {
  const long line = xmlGetLineNo(&node);
  return line > 0 ? cat("line ", line, ": ") : "";
}

}  // namespace spdm::rim
