#include "certstore/keyring_names.h"

#include <algorithm>
#include <array>
#include <system_error>

#include "certstore/ocsp.h"
#include "certstore/read.h"
#include "certstore/x509.h"
#include "core/file.h"
#include "core/letters.h"
#include "core/text.h"

namespace spdm::certstore {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostUnread = 10'000;  // files of a sub-directory that are looked at

struct KindRow {
  std::string_view ending;  // of the file's name
  EntryKind kind;
};

// The first that fits counts.
constexpr std::array kKinds{
    KindRow{".pem", EntryKind::certificates}, KindRow{".crt", EntryKind::certificates}, KindRow{".cer", EntryKind::certificates},
    KindRow{".der", EntryKind::certificates}, KindRow{".crl", EntryKind::crls},         KindRow{".deny.yaml", EntryKind::denials},
    KindRow{".yaml", EntryKind::scope},       KindRow{".yml", EntryKind::misnamed},     KindRow{".ocsp", EntryKind::ocsp}};

// Copies that editors and package managers leave, or that somebody has put aside.
constexpr std::array<std::string_view, 11> kAside{"~",    ".bak", ".old",     ".orig",   ".save",    ".swp",
                                                  ".tmp", ".md",  ".rpmsave", ".rpmnew", ".disabled"};

// Lower-cases names of files for comparing: R2.CRL is a revocation list, too.
std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](char c) { return spdm::lower(c); });
  return text;
}

bool is_aside(const std::string& name) {
  return name.starts_with('.') || name.starts_with("readme") || name.find(".dpkg-") != std::string::npos ||
         name.find(".ucf-") != std::string::npos ||
         std::any_of(kAside.begin(), kAside.end(), [&](std::string_view ending) { return name.ends_with(ending); });
}

// Whether a text has this key of YAML or JSON. Also in one that is broken.
bool has_key(std::string_view text, std::string_view key) {
  return text.find(cat(key, ":")) != std::string_view::npos || text.find(cat(key, "\":")) != std::string_view::npos;
}

bool is_certificate(View contents) {
  return as_text(contents).find("-----BEGIN CERTIFICATE-----") != std::string_view::npos || parse_x509(contents) != nullptr;
}

// Whether a file of a folder that is not read is of a keyring, and whether it narrows trust.
std::optional<bool> narrowing_file(const fs::path& file) {
  const EntryKind kind = kind_of(file.filename());
  if (kind == EntryKind::ignored) return std::nullopt;
  if (kind != EntryKind::certificates && kind != EntryKind::unknown) return true;
  const FileContents content = read_configuration(file, file_kind(EntryKind::crls));
  const std::optional<Slip> slip = slip_of(content.bytes);
  if (kind == EntryKind::certificates || slip) return sounds_narrowing(file) || (slip && slip->narrows);
  return std::nullopt;
}

std::optional<UnreadFolder> survey(const fs::path& folder) {
  std::optional<UnreadFolder> out;
  std::error_code problem;
  std::size_t count = 0;
  fs::recursive_directory_iterator at(folder, fs::directory_options::skip_permission_denied, problem), end;
  for (; !problem && at != end && count < kMostUnread; at.increment(problem), ++count) {
    std::error_code ignored;
    if (!at->is_regular_file(ignored)) continue;
    const std::optional<bool> narrowing = narrowing_file(at->path());
    if (!narrowing) continue;
    if (!out) out = UnreadFolder{folder, ""};
    if (*narrowing && (out->narrowing.empty() || at->path().string() < out->narrowing)) out->narrowing = at->path().string();
  }
  return out;
}

}  // namespace

EntryKind kind_of(const fs::path& relative) { return kind_of(relative.parent_path().string(), relative.filename().string()); }

EntryKind kind_of(std::string_view folder, const std::string& file) {
  const std::string name = lower(file);
  if (is_aside(name)) return EntryKind::ignored;
  const bool pin = folder == kPins;
  if (name == "deny.yaml" && !pin) return EntryKind::denials;
  const auto* const row =
      std::find_if(kKinds.begin(), kKinds.end(), [&](const KindRow& candidate) { return name.ends_with(candidate.ending); });
  if (row == kKinds.end()) return EntryKind::unknown;
  if (!pin || row->kind == EntryKind::misnamed) return row->kind;
  return name.ends_with(".yaml") ? EntryKind::pins : EntryKind::unknown;
}

std::string without_ending(const std::string& name) {
  std::string out = lower(name);
  for (const KindRow& row : kKinds)
    if (row.kind == EntryKind::certificates && out.ends_with(row.ending)) out.resize(out.size() - row.ending.size());
  return out;
}

FileKind file_kind(EntryKind kind) {
  if (kind == EntryKind::certificates) return FileKind::certificates;
  if (kind == EntryKind::ocsp) return FileKind::ocsp;
  return kind == EntryKind::crls || kind == EntryKind::unknown ? FileKind::crl : FileKind::keyring_entry;
}

bool narrows(EntryKind kind) {
  return kind == EntryKind::crls || kind == EntryKind::denials || kind == EntryKind::pins || kind == EntryKind::misnamed ||
         kind == EntryKind::ocsp;
}

bool sounds_narrowing(const fs::path& file) {
  const std::string name = lower(file.filename().string());
  constexpr std::array<std::string_view, 6> kWords{"deny", "denied", "crl", "revoc", "revok", "ocsp"};
  return std::any_of(kWords.begin(), kWords.end(), [&](std::string_view word) { return name.find(word) != std::string::npos; });
}

std::string stem_of(const std::string& name) { return name.substr(0, name.rfind('.')); }

std::string not_a_scope(View contents) {
  const std::string_view text = as_text(contents);
  if (has_key(text, "deny")) return "holds a deny list: name it deny.yaml, or NAME.deny.yaml";
  if (has_key(text, "pins")) return cat("holds pins: put it into the sub-directory ", kPins, ", as NAME.yaml");
  return {};
}

std::optional<Slip> slip_of(View contents) {
  const std::string_view text = as_text(contents);
  if (holds_crl(contents)) return Slip{"holds a revocation list, and is not read: name it NAME.crl", true};
  if (holds_ocsp(contents)) return Slip{"holds an OCSP response, and is not read: name it NAME.ocsp", true};
  if (has_key(text, "version")) {
    if (const std::string why = not_a_scope(contents); !why.empty()) return Slip{cat("is not read, and ", why), true};
    for (const std::string_view key : {"vouches-for", "models", "not-after"})
      if (has_key(text, key)) return Slip{"holds a scope, and is not read: name it as the certificates that it is about, with .yaml", true};
  }
  if (is_certificate(contents)) return Slip{"holds certificates, and is not read: name it NAME.pem, and put it beside the others", false};
  return std::nullopt;
}

std::vector<UnreadFolder> unread_folders(const fs::path& directory) {
  std::vector<UnreadFolder> out;
  for (const fs::path& folder : {directory, directory / kAnchors, directory / kPins}) {
    std::error_code problem, inner;
    for (fs::directory_iterator at(folder, problem), end; !problem && at != end; at.increment(problem)) {
      const std::string name = at->path().filename().string();
      const bool is_read = folder == directory && (name == kAnchors || name == kPins);
      if (is_read || is_aside(lower(name)) || !at->is_directory(inner)) continue;
      if (std::optional<UnreadFolder> found = survey(at->path())) out.push_back(std::move(*found));
    }
  }
  std::sort(out.begin(), out.end(), [](const UnreadFolder& a, const UnreadFolder& b) { return a.folder < b.folder; });
  return out;
}

}  // namespace spdm::certstore
