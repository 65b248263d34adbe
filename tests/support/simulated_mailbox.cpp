#include "support/simulated_mailbox.h"

#include <algorithm>

namespace fake {

namespace {

constexpr std::uint16_t kControl = 0x08, kStatus = 0x0C, kWrite = 0x10, kRead = 0x14;

Bytes bytes_of(const std::vector<std::uint32_t>& dwords, std::size_t from) {
  Bytes out;
  for (std::size_t i = from; i < dwords.size(); ++i)
    for (int shift = 0; shift < 32; shift += 8) out.push_back(static_cast<std::uint8_t>(dwords[i] >> shift));
  return out;
}

}  // namespace

bool Mailbox::ready() const { return !out_.empty() && ready_in_ == 0 && std::chrono::steady_clock::now() >= ready_at_; }

std::uint32_t Mailbox::status() {
  ++accesses.status;
  if (aborting_ > 0) {
    if (aborting_ != kForEver && --aborting_ == 0) abort();
    return 1;
  }
  if (busy_polls_ > 0) {
    if (busy_polls_ != kForEver) --busy_polls_;
    return 1;
  }
  const std::uint32_t seen = (error_ ? 4U : 0U) | (ready() ? 1U << 31 : 0U);
  if (ready_in_ > 0) --ready_in_;
  // From DOE 1.1 on, this mailbox sets BUSY while it works on an answer.
  return seen | (version_ >= 2 && !out_.empty() && !ready() ? 1U : 0U);
}

std::uint32_t Mailbox::read(std::uint16_t reg) {
  if (reg == kStatus) return status();
  if (reg != kRead) {
    ++accesses.other_reads;
    return 0;
  }
  ++accesses.data;
  looked_ = true;
  return ready() ? out_.front() : 0;
}

void Mailbox::write(std::uint16_t reg, std::uint32_t value) {
  if (reg == kRead) return pop();
  if (reg == kWrite) {
    ++accesses.word;
    if (ready() || busy_polls_ > 0 || error_ || aborting_ > 0) violations.push_back("WRITE MAILBOX is written while it is not idle");
    in_.push_back(value);
  } else if (reg == kControl && value == 1U << 31) {
    ++accesses.go;
    go();
  } else if (reg == kControl && value == 1) {
    ++accesses.abort;
    aborting_ = abort_polls_;
    if (aborting_ == 0) abort();
  } else {
    ++accesses.other_writes;
    violations.push_back("a register is written that nobody should write, or CONTROL with other bits");
  }
}

void Mailbox::abort() {
  in_.clear();
  out_.clear();
  error_ = false;
  busy_polls_ = ready_in_ = 0;
}

void Mailbox::pop() {
  ++accesses.pop;
  if (!ready()) {
    error_ = true;  // as QEMU does
    return;
  }
  if (!looked_) violations.push_back("a dword is popped that was not read");
  looked_ = false;
  if (now_.flood && out_.size() == 1) out_.push_back(0xF100DF10);
  out_.pop_front();
  ++popped_;
  if (now_.error_after == popped_) error_ = true;
  if (now_.cut_after == popped_) out_.clear();
}

void Mailbox::go() {
  const std::vector<std::uint32_t> object = std::move(in_);
  in_.clear();
  if (ready()) {
    violations.push_back("GO although an answer waits");
    error_ = true;
    return;
  }
  now_ = Trouble{.times = 0};
  if (trouble_.times > 0) {
    if (trouble_.times != kForEver) --trouble_.times;
    now_ = trouble_;
  }
  if (now_.error_at_go) error_ = true;
  const auto known = [&](const Feature& feature) { return (std::uint32_t{feature.type} << 16 | feature.vendor) == object[0]; };
  // PCIe 6.30.1: a data object that is not understood is discarded silently.
  const std::size_t length = object.size() < 2 ? 0 : object[1] == 0 ? std::size_t{1} << 18 : object[1];
  if (now_.silent || now_.error_at_go || length < 3 || length != object.size()) return;
  if (std::none_of(features_.begin(), features_.end(), known)) return;
  const Bytes payload = bytes_of(object, 2);
  const Bytes out = object[0] == 0x0001 ? discovery(payload) : responder_(payload);
  if (!out.empty()) answer(object[0], out);
}

Bytes Mailbox::discovery(View payload) const {
  if (payload.size() != 4 || payload[1] != (version_ >= 2 ? 2 : 0) || payload[2] != 0 || payload[3] != 0) return {};
  const std::size_t index = payload[0];
  if (index >= features_.size()) return {0xFF, 0xFF, 0xFF, static_cast<std::uint8_t>(index + 1)};
  const Feature& feature = features_[index];
  auto next = static_cast<std::uint8_t>(index + 1 == features_.size() ? 0 : index + 1);
  if (next_lie_ && next_lie_->first == index) next = next_lie_->second;
  return {static_cast<std::uint8_t>(feature.vendor), static_cast<std::uint8_t>(feature.vendor >> 8), feature.type, next};
}

void Mailbox::answer(std::uint32_t first, View payload) {
  const std::size_t dwords = 2 + (payload.size() + 3) / 4;
  out_.push_back(now_.first.value_or(first));
  out_.push_back(now_.length.value_or(static_cast<std::uint32_t>(dwords & 0x3FFFF)));
  for (std::size_t at = 0; at < payload.size(); at += 4) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4 && at + i < payload.size(); ++i) value |= std::uint32_t{payload[at + i]} << (8 * i);
    out_.push_back(value);
  }
  out_.insert(out_.end(), now_.excess, 0xE8CE55E8);
  popped_ = 0;
  ready_in_ = now_.polls;
  ready_at_ = std::chrono::steady_clock::now() + now_.delay;
  ++objects;
}

Function::Function() {
  put(0x00, 0x00101B36);
  put(0x08, 0x01080202);
  put(0x100, 0x00010001);  // AER; add() links what follows
}

Mailbox& Function::add(std::uint8_t version, std::vector<Mailbox::Feature> features, Mailbox::Responder responder) {
  const std::uint16_t at = offset(mailboxes_.size());
  const std::uint16_t before = mailboxes_.empty() ? 0x100 : offset(mailboxes_.size() - 1);
  space_[before / 4] |= std::uint32_t{at} << 20;
  put(at, 0x002E | std::uint32_t{version} << 16);
  mailboxes_.push_back(std::make_unique<Mailbox>(version, std::move(features), std::move(responder)));
  return *mailboxes_.back();
}

bool Function::present() {
  if (!left_) return true;
  if (*left_ == 0) {
    ++absent;
    return false;
  }
  --*left_;
  return true;
}

Mailbox* Function::at(std::uint16_t offset) {
  if (offset < kFirst || (offset - kFirst) % kStep < 0x08 || (offset - kFirst) % kStep >= 0x18) return nullptr;
  const std::size_t index = static_cast<std::size_t>(offset - kFirst) / kStep;
  return index < mailboxes_.size() ? mailboxes_[index].get() : nullptr;
}

std::uint32_t Function::read32(std::uint16_t offset) {
  if (!present()) return 0xFFFFFFFF;
  if (Mailbox* mailbox = at(offset)) return mailbox->read(static_cast<std::uint16_t>((offset - kFirst) % kStep));
  ++others;
  return space_.at(offset / 4);
}

void Function::write32(std::uint16_t offset, std::uint32_t value) {
  if (!present()) return;
  if (Mailbox* mailbox = at(offset)) return mailbox->write(static_cast<std::uint16_t>((offset - kFirst) % kStep), value);
  ++others;
  put(offset, value);
}

}  // namespace fake
