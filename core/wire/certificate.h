// GET_CERTIFICATE / CERTIFICATE (DSP0274, the section of that title; large form since 1.4), and the chain that is read
// portion by portion.
#pragma once

#include "core/wire/digests.h"

namespace spdm {

// Largest chain we take (DSP0274 CERTIFICATE, N140): the 16-bit form holds less than 64 KiB, the large form is bounded by policy.
inline constexpr std::uint32_t kMaxCertificateChain = 1U << 20;

struct GetCertificate {
  std::uint8_t slot = 0;
  bool large = false;                // 1.4 LargeCertChain: 32-bit offset and length
  bool slot_size_requested = false;  // 1.3+
  std::uint32_t offset = 0, length = 0;

  Bytes encode(std::uint8_t version) const;
  static GetCertificate decode(Reader& reader, std::uint8_t version);
};

struct CertificateResponse {
  std::uint8_t slot = 0;
  bool large = false;
  std::uint8_t model = 0;  // 1.3+, CertModel; 0 unless multi-key
  std::uint32_t remainder = 0;
  Bytes portion;

  Bytes encode(std::uint8_t version) const;
  static CertificateResponse decode(Reader& reader, const GetCertificate& request, const Parameters& parameters);
};

// Puts portions together. The first fixes the total, which every later one must confirm: that bounds the loop (DSP0274
// CERTIFICATE, N138, N139).
class ChainReader {
 public:
  void add(const GetCertificate& request, const CertificateResponse& response);
  bool complete() const { return total_ != 0 && chain_.size() == total_; }
  std::uint32_t size() const { return static_cast<std::uint32_t>(chain_.size()); }
  std::uint64_t total() const { return total_; }  // bytes of the chain; 0 before the first portion
  const Bytes& chain() const { return chain_; }
  std::uint8_t model() const { return model_; }

 private:
  Bytes chain_;
  std::uint64_t total_ = 0;
  std::uint8_t model_ = 0;
};

}  // namespace spdm
