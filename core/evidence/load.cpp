#include "core/evidence/load.h"

#include "core/error.h"
#include "core/evidence/file.h"
#include "core/evidence/pcap.h"
#include "core/file_kinds.h"
#include "core/text.h"

namespace spdm {

Evidence load_evidence(View bytes, std::string_view what) {
  if (bytes.size() > limit_of(FileKind::evidence))
    throw Error(ErrorId::bad_input,
                cat(what, ": ", bytes.size(), " bytes are more than the ", limit_of(FileKind::evidence), " that are read"));
  if (looks_like_pcap(bytes)) return read_pcap(bytes, what);
  const std::string_view text = as_text(bytes);
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin != std::string_view::npos && text[begin] == '{') return read_evidence(text, what);
  throw Error(ErrorId::bad_input, cat(what, bytes.empty() ? ": is empty" : ": is neither an evidence file nor a pcap capture"),
              "give evidence that spdmctl recorded, or a classic pcap capture of MCTP or PCI DOE");
}

}  // namespace spdm
