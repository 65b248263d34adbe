#include "core/fleet/expiry.h"

#include <algorithm>
#include <array>

#include "core/calendar.h"
#include "core/crypto/crypto.h"
#include "core/text.h"

namespace spdm {

namespace {

constexpr int kMonths = 24;
constexpr std::size_t kMaxCertificates = 400'000, kMaxNames = 400'000, kMaxBytes = 32U << 20;

// RFC 5280 4.1.2.5: the year 9999 means that a certificate does not expire.
const std::int64_t kNever = *parse_rfc3339("9999-01-01T00:00:00Z");

// Each period ends `days` after `at`; the last two have no such end.
struct Period {
  std::string_view name, words;
  std::int64_t days;
};
constexpr std::array kPeriods{
    Period{"expired", "have expired", 0},
    Period{"30-days", "end within 30 days", 30},
    Period{"90-days", "end within 90 days", 90},
    Period{"1-year", "end within a year", 365},
    Period{"later", "end later", -1},
    Period{"never", "have no end", -1},
};

// A SHA-256 in lower-case hex, as we write it, and nothing else.
bool take_digits(std::string_view text, Block<32>& out) {
  if (text.size() != 2 * out.size()) return false;
  const auto digit = [](char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; };
  for (std::size_t i = 0; i < out.size(); ++i) {
    const int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    out[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  return true;
}

Block<32> hash_of(std::string_view text) {
  const Bytes hash = crypto::hash(*find_hash("SHA-256"), as_bytes(text));
  Block<32> out{};
  std::copy(hash.begin(), hash.end(), out.begin());
  return out;
}

}  // namespace

ExpiryTable::ExpiryTable(std::int64_t at) : at_(at), names_(kMaxNames, kMaxBytes) {
  for (const Period& period : kPeriods) periods_.push_back({std::string(period.name), period.words, 0, 0});
  for (int i = 0; i < kMonths; ++i) {
    months_.push_back({utc_of(month_of(at, i)).substr(0, 7), {}, 0, 0});
    ends_.push_back(month_of(at, i + 1));
  }
}

void ExpiryTable::count(std::int64_t not_after, Counted counted) {
  const auto add = [&](ExpiryPeriod& period) { ++(counted == Counted::certificate ? period.certificates : period.devices); };
  std::size_t index = kPeriods.size() - (not_after >= kNever ? 1 : 2);
  for (std::size_t i = kPeriods.size() - 2; i-- > 0;)
    if (not_after < at_ + kPeriods[i].days * kDay) index = i;
  add(periods_[index]);
  if (not_after < at_) return;
  const auto month = std::upper_bound(ends_.begin(), ends_.end(), not_after);
  if (month != ends_.end()) add(months_[static_cast<std::size_t>(month - ends_.begin())]);
}

std::pair<ExpiryTable::Entry*, bool> ExpiryTable::add_entry(const Block<32>& digest, Entry fresh, std::string_view name) {
  if (entries_.size() == kMaxCertificates) {
    full_ = true;
    return {nullptr, false};
  }
  numbers_.insert(digest, static_cast<std::uint32_t>(entries_.size()));
  if (!name.empty()) fresh.name = names_.id(name);
  return {&entries_.emplace_back(fresh), true};
}

std::pair<ExpiryTable::Entry*, bool> ExpiryTable::entry_of(const std::string& fingerprint) {
  if (fingerprint.empty()) return {nullptr, false};
  Entry fresh;
  const bool is_plain = take_digits(fingerprint, fresh.sha256);
  // What somebody else has written there is an identity, too.
  if (!is_plain) fresh.sha256 = hash_of(fingerprint);
  // Somebody may have written digits that the table takes for those of another certificate. Then their hash is looked for.
  Block<32> digest = fresh.sha256;
  for (int attempt = 0; attempt < 2; ++attempt) {
    const std::optional<std::uint32_t> known = numbers_[digest];
    if (!known) return add_entry(digest, fresh, is_plain ? std::string_view() : fingerprint);
    Entry& entry = entries_[*known];
    if (entry.sha256 == fresh.sha256 && (entry.name == Names::kNone) == is_plain) return {&entry, false};
    digest = hash_of(cat("another one: ", fingerprint));
  }
  full_ = true;
  return {nullptr, false};
}

std::string ExpiryTable::fingerprint_of(const Entry& entry) const {
  return entry.name == Names::kNone ? hex(entry.sha256) : names_[entry.name];
}

std::optional<std::int64_t> ExpiryTable::add(const std::vector<ResultCertificate>& certificates, bool again) {
  std::optional<std::int64_t> first;
  for (std::size_t i = 0; i < certificates.size(); ++i) {
    const ResultCertificate& certificate = certificates[i];
    const std::optional<std::int64_t> not_after = parse_rfc3339(certificate.not_after);
    if (!not_after) continue;
    if (!first || *not_after < *first) first = not_after;
    const auto [entry, is_new] = entry_of(certificate.sha256);
    if (entry == nullptr) continue;
    if (!again || is_new) ++entry->devices;
    if (!is_new) continue;
    const bool is_leaf = i + 1 == certificates.size() && !certificate.is_ca;
    entry->not_after = *not_after;
    entry->role = is_leaf ? CertificateRole::leaf : i == 0 && certificate.is_ca ? CertificateRole::root : CertificateRole::intermediate;
    // Certificates that expire in a year or later are only counted, so their names are not kept.
    if (*not_after < at_ + 365 * kDay) entry->subject = names_.id(certificate.subject);
    count(*not_after, Counted::certificate);
  }
  if (first && !again) count(*first, Counted::device);
  return first;
}

Expiry ExpiryTable::finish(std::size_t most) const {
  Expiry out{periods_, months_, {}, 0};
  std::vector<const Entry*> soon;
  for (const Entry& entry : entries_)
    if (entry.not_after < at_ + 365 * kDay) soon.push_back(&entry);
  std::stable_sort(soon.begin(), soon.end(), [](const Entry* a, const Entry* b) { return a->not_after < b->not_after; });
  out.soonest_total = soon.size();
  soon.resize(std::min(soon.size(), most));
  for (const Entry* entry : soon)
    out.soonest.push_back({names_[entry->subject], fingerprint_of(*entry), utc_of(entry->not_after), entry->role, entry->devices});
  return out;
}

}  // namespace spdm
