#include "transport/pci/platform.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>

#include "core/descriptor.h"
#include "core/error.h"
#include "core/text.h"

namespace spdm::transport {

namespace {

constexpr std::size_t kTextMax = 256;                            // of an attribute that holds a name
constexpr std::size_t kEntriesMax = 5 * kMaxPlatformSignatures;  // of a directory that the kernel fills over time

// An unreadable attribute may name an owner: it must not look like none.
const std::string kUnreadable = "(unreadable)";

// The text of an attribute; nothing when it is absent.
std::optional<std::string> short_attribute(const std::filesystem::path& file) {
  try {
    std::optional<std::string> text = read_attribute(file);
    if (text && text->size() > kTextMax) text->resize(kTextMax);
    return text;
  } catch (const Error&) {
    return kUnreadable;
  }
}

bool holds_a_byte(const std::filesystem::path& file) {
  const Descriptor fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  char byte;
  return fd.get() >= 0 && ::read(fd.get(), &byte, 1) == 1;
}

// Counts signatures. The kernel keeps several files for each: "0_signature", "0_transcript", ...
std::size_t signatures_in(const std::filesystem::path& directory) {
  std::size_t count = 0, seen = 0;
  std::error_code error;
  for (std::filesystem::directory_iterator at(directory, error), end; !error && at != end && seen < kEntriesMax; at.increment(error)) {
    const std::string name = at->path().filename().string();
    const std::size_t digits = name.find_first_not_of("0123456789");
    ++seen;
    if (count < kMaxPlatformSignatures && digits > 0 && digits != std::string::npos &&
        std::string_view(name).substr(digits) == "_signature")
      ++count;
  }
  return count;
}

// "stream1.0.2", with or without the host bridge in front: mainline kernels have had both.
bool is_stream(std::string_view name) {
  if (name.starts_with("pci"))
    if (const std::size_t colon = name.rfind(':'); colon != std::string_view::npos) name.remove_prefix(colon + 1);
  return name.starts_with("stream") && name.size() > 6 && std::isdigit(static_cast<unsigned char>(name[6])) != 0;
}

std::vector<TsmStream> streams_of(const std::filesystem::path& tsm) {
  std::vector<TsmStream> out;
  std::error_code error;
  for (std::filesystem::directory_iterator at(tsm, error), end; !error && at != end && out.size() < kEntriesMax; at.increment(error)) {
    const std::string name = at->path().filename().string();
    std::error_code no_link;
    if (!is_stream(name)) continue;
    const std::filesystem::path target = std::filesystem::read_symlink(at->path(), no_link);
    out.push_back({name, no_link ? std::nullopt : parse_bdf(target.filename().string())});
  }
  std::sort(out.begin(), out.end(), [](const TsmStream& a, const TsmStream& b) { return a.name < b.name; });
  return out;
}

}  // namespace

bool is_tsm_name(std::string_view text) {
  return text.starts_with("tsm") && text.size() > 3 && text.size() <= 13 &&
         std::all_of(text.begin() + 3, text.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
}

void interpret_authenticated(const std::optional<std::string>& text, PlatformView& view) {
  view.authenticated = text.value_or("");
  view.is_authenticated.reset();
  if (!text) {  // ENOTTY: the kernel could not find out whether the device can be authenticated
    view.grammar = AuthenticatedGrammar::verdict;
  } else if (*text == "0" || *text == "1") {
    view.grammar = AuthenticatedGrammar::verdict;
    view.is_authenticated = *text == "1";
  } else if (text->empty() || is_tsm_name(*text)) {
    view.grammar = AuthenticatedGrammar::tsm;
    view.is_authenticated = !text->empty();
  } else {
    view.grammar = AuthenticatedGrammar::unknown;
  }
}

PlatformView read_platform(const std::filesystem::path& directory) {
  PlatformView view;
  std::error_code ignored;
  const std::filesystem::path authenticated = directory / "authenticated";
  if (std::filesystem::exists(authenticated, ignored)) {
    try {
      std::optional<std::string> text = read_attribute(authenticated);
      if (text && text->size() > kTextMax) text->resize(kTextMax);
      interpret_authenticated(text, view);
    } catch (const Error&) {  // it is there, but cannot be read
      view.grammar = AuthenticatedGrammar::unknown;
    }
  }
  // Hardly any function has these directories: one look at each saves the looks at their files.
  if (const std::filesystem::path tsm = directory / "tsm"; std::filesystem::exists(tsm, ignored)) {
    view.tsm_connected = short_attribute(tsm / "connect");
    view.tsm_bound = short_attribute(tsm / "bound");
    view.tsm_dsm = short_attribute(tsm / "dsm");
  }
  if (const std::filesystem::path certificates = directory / "certificates"; std::filesystem::exists(certificates, ignored))
    for (std::uint8_t slot = 0; slot < 8; ++slot)
      if (holds_a_byte(certificates / cat("slot", slot))) view.certificate_slots.push_back(slot);
  view.signatures = signatures_in(directory / "signatures");
  return view;
}

std::vector<Tsm> tsms_of(const Host& host) {
  std::vector<Tsm> out;
  std::error_code error;
  const std::filesystem::path all = host.root / "sys/class/tsm";
  for (std::filesystem::directory_iterator at(all, error), end; !error && at != end && out.size() < kEntriesMax; at.increment(error))
    if (const std::string name = at->path().filename().string(); is_tsm_name(name)) out.push_back({name, streams_of(at->path())});
  std::sort(out.begin(), out.end(),
            [](const Tsm& a, const Tsm& b) { return a.name.size() != b.name.size() ? a.name.size() < b.name.size() : a.name < b.name; });
  return out;
}

}  // namespace spdm::transport
