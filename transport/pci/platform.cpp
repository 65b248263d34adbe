#include "transport/pci/platform.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <map>
#include <set>
#include <utility>

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

// "pci0000:00"
bool is_host_bridge(std::string_view name) {
  const std::size_t colon = name.find(':');
  if (!name.starts_with("pci") || colon == std::string_view::npos || colon < 7 || name.size() != colon + 3) return false;
  return name.find_first_not_of("0123456789abcdef", 3) == colon && name.find_first_not_of("0123456789abcdef", colon + 1) == name.npos;
}

// The part "stream1.0.2" of a name that may begin with the host bridge; empty where it is no name of a stream.
std::string_view bare_stream(std::string_view name) {
  if (name.starts_with("pci"))
    if (const std::size_t colon = name.rfind(':'); colon != std::string_view::npos) name.remove_prefix(colon + 1);
  const bool is_stream = name.starts_with("stream") && name.size() > 6 && std::isdigit(static_cast<unsigned char>(name[6])) != 0;
  return is_stream ? name : std::string_view{};
}

// The paths of what a directory holds, sorted; as many as one may hold, and none where it cannot be read.
std::vector<std::filesystem::path> entries_of(const std::filesystem::path& directory) {
  std::vector<std::filesystem::path> out;
  std::error_code error;
  for (std::filesystem::directory_iterator at(directory, error), end; !error && at != end && out.size() < kEntriesMax; at.increment(error))
    out.push_back(at->path());
  std::sort(out.begin(), out.end());
  return out;
}

// A stream, and below which TSM it was found; no name where that was a host bridge.
struct Found {
  TsmStream stream;
  std::string tsm;
};

// The streams in a directory of a TSM or of a host bridge.
void add_streams(std::vector<Found>& out, const std::filesystem::path& directory, std::string_view bridge, const std::string& tsm) {
  for (const std::filesystem::path& file : entries_of(directory)) {
    const std::string name = file.filename().string();
    const std::string_view bare = bare_stream(name);
    if (bare.empty()) continue;
    std::error_code no_link;
    const std::filesystem::path target = std::filesystem::read_symlink(file, no_link);
    const std::optional<Bdf> device = no_link ? std::nullopt : parse_bdf(target.filename().string());
    out.push_back({{bridge.empty() ? name : cat(bridge, ":", bare), device}, tsm});
  }
}

// Host bridges that stand in the path of a function: wherever below /sys/devices they are.
void add_bridges_above_functions(std::set<std::filesystem::path>& out, const std::filesystem::path& devices, const Host& host) {
  std::error_code error;
  for (std::filesystem::directory_iterator at(host.pci() / "devices", error), end; !error && at != end; at.increment(error)) {
    std::error_code gone;
    const std::filesystem::path function = std::filesystem::canonical(at->path(), gone);
    std::filesystem::path path = devices;
    if (gone || function.lexically_relative(devices).string().starts_with("..")) continue;
    for (const std::filesystem::path& part : function.lexically_relative(devices))
      if (path /= part; is_host_bridge(part.string())) out.insert(path);
  }
}

// Host bridges near the top, such as platform/40000000.pcie/pci0000:00, also where no function stands below them.
void add_bridges_below(std::set<std::filesystem::path>& out, const std::filesystem::path& directory, int depth) {
  for (const std::filesystem::path& path : entries_of(directory)) {
    std::error_code error;
    if (!std::filesystem::is_directory(std::filesystem::symlink_status(path, error))) continue;
    if (is_host_bridge(path.filename().string()))
      out.insert(path);
    else if (depth > 0)
      add_bridges_below(out, path, depth - 1);
  }
}

std::set<std::filesystem::path> host_bridges_of(const Host& host) {
  std::set<std::filesystem::path> out;
  std::error_code error;
  const std::filesystem::path devices = std::filesystem::canonical(host.root / "sys/devices", error);
  if (error) return out;
  add_bridges_above_functions(out, devices, host);
  add_bridges_below(out, devices, 2);
  return out;
}

// Whose stream it is: what the device says that it is connected with; else the TSM that it was found below; else nobody's.
std::string tsm_of(const Host& host, const Found& found) {
  if (!found.stream.device) return found.tsm;
  const std::filesystem::path device = host.pci() / "devices" / to_string(*found.stream.device);
  const std::optional<std::string> connected = short_attribute(device / "tsm/connect");
  return connected && is_tsm_name(*connected) ? *connected : found.tsm;
}

std::vector<std::string> names_of_tsms(const Host& host) {
  std::vector<std::string> out;
  for (const std::filesystem::path& entry : entries_of(host.root / "sys/class/tsm"))
    if (const std::string name = entry.filename().string(); is_tsm_name(name)) out.push_back(name);
  std::sort(out.begin(), out.end(),
            [](const std::string& a, const std::string& b) { return a.size() != b.size() ? a.size() < b.size() : a < b; });
  return out;
}

// Kernels differ in where they show a stream, and may show one at several places: to one device, a stream of one number is one.
std::pair<std::optional<Bdf>, std::string> identity_of(const TsmStream& stream) {
  return {stream.device, stream.device ? std::string(bare_stream(stream.name)) : stream.name};
}

// All streams, each with its TSM. Host bridges come first: their names are the longer ones.
std::vector<Found> streams_of(const Host& host, const std::vector<std::string>& tsms) {
  std::vector<Found> all;
  for (const std::filesystem::path& bridge : host_bridges_of(host)) add_streams(all, bridge, bridge.filename().string(), "");
  for (const std::string& tsm : tsms) {
    const std::filesystem::path directory = host.root / "sys/class/tsm" / tsm;
    for (const std::filesystem::path& entry : entries_of(directory))
      if (const std::string name = entry.filename().string(); is_host_bridge(name)) add_streams(all, entry, name, tsm);
    add_streams(all, directory, "", tsm);
  }
  std::map<std::pair<std::optional<Bdf>, std::string>, Found> once;
  for (Found& found : all) {
    found.tsm = tsm_of(host, found);
    if (std::find(tsms.begin(), tsms.end(), found.tsm) == tsms.end()) found.tsm.clear();
    Found& kept = once.try_emplace(identity_of(found.stream), found).first->second;
    if (kept.tsm.empty()) kept.tsm = found.tsm;
  }
  std::vector<Found> out;
  out.reserve(once.size());
  for (const auto& [identity, found] : once) out.push_back(found);
  std::sort(out.begin(), out.end(), [](const Found& a, const Found& b) { return a.stream.name < b.stream.name; });
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
  const std::vector<std::string> names = names_of_tsms(host);
  if (names.empty()) return {};
  const std::vector<Found> streams = streams_of(host, names);
  std::vector<Tsm> out;
  for (const std::string& name : names) {
    Tsm& tsm = out.emplace_back(Tsm{name, {}});
    for (const Found& found : streams)
      if (found.tsm == name) tsm.streams.push_back(found.stream);
  }
  return out;
}

std::vector<StreamPool> stream_pools_of(const Host& host) {
  std::vector<StreamPool> out;
  for (const std::filesystem::path& bridge : host_bridges_of(host)) {
    const std::optional<std::string> text = short_attribute(bridge / "available_secure_streams");
    if (!text) continue;
    StreamPool& pool = out.emplace_back(StreamPool{bridge.filename().string(), 0});
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), *pool.available);
    if (error != std::errc() || end != text->data() + text->size()) pool.available.reset();
  }
  return out;
}

std::vector<TsmStream> streams_without_tsm(const Host& host) {
  std::vector<TsmStream> out;
  for (const Found& found : streams_of(host, names_of_tsms(host)))
    if (found.tsm.empty()) out.push_back(found.stream);
  return out;
}

}  // namespace spdm::transport
