#include "core/evidence/compression.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "core/descriptor.h"
#include "core/error.h"
#include "core/evidence/capture_source.h"
#include "core/shared_library.h"
#include "core/text.h"

namespace spdm {

namespace {

constexpr std::array<std::uint8_t, 2> kGzip{0x1F, 0x8B};
constexpr std::array<std::uint8_t, 4> kZstd{0x28, 0xB5, 0x2F, 0xFD};
constexpr std::size_t kPiece = std::size_t{64} << 10;

template <std::size_t N>
bool begins(View bytes, const std::array<std::uint8_t, N>& magic) {
  return bytes.size() >= N && std::equal(magic.begin(), magic.end(), bytes.begin());
}

// A frame, or one that is to be skipped: pzstd begins with one (RFC 8878 3.1.2).
bool is_zstd(View bytes) {
  return begins(bytes, kZstd) ||
         (bytes.size() >= 4 && (bytes[0] & 0xF0) == 0x50 && bytes[1] == 0x2A && bytes[2] == 0x4D && bytes[3] == 0x18);
}

struct Zlib {
  SharedLibrary library{"libz.so.1", "to read gzip", "install zlib1g, or unpack the file first"};
  decltype(&::inflateInit2_) init = library.function<decltype(init)>("inflateInit2_");
  decltype(&::inflate) inflate = library.function<decltype(inflate)>("inflate");
  decltype(&::inflateReset) reset = library.function<decltype(reset)>("inflateReset");
  decltype(&::inflateEnd) end = library.function<decltype(end)>("inflateEnd");
};

struct Zstd {
  SharedLibrary library{"libzstd.so.1", "to read zstd", "install libzstd1, or unpack the file first"};
  decltype(&::ZSTD_createDCtx) create = library.function<decltype(create)>("ZSTD_createDCtx");
  decltype(&::ZSTD_freeDCtx) free = library.function<decltype(free)>("ZSTD_freeDCtx");
  decltype(&::ZSTD_DCtx_setParameter) set = library.function<decltype(set)>("ZSTD_DCtx_setParameter");
  decltype(&::ZSTD_decompressStream) decompress = library.function<decltype(decompress)>("ZSTD_decompressStream");
  decltype(&::ZSTD_isError) is_error = library.function<decltype(is_error)>("ZSTD_isError");
  decltype(&::ZSTD_getErrorName) error_name = library.function<decltype(error_name)>("ZSTD_getErrorName");
};

const Zlib& zlib() {
  static const Zlib out;
  return out;
}

const Zstd& zstd() {
  static const Zstd out;
  return out;
}

// One stream, or several one after the other.
class Unpacker {
 public:
  explicit Unpacker(std::string_view what) : what_(what) {}
  virtual ~Unpacker() = default;

  // Takes some of `in`, and returns what came out. At the end of a stream nothing need come out.
  struct Step {
    std::size_t taken = 0, given = 0;
    bool ends = false;  // a stream: all that was taken is out
  };
  virtual Step step(View in, std::span<char> room) = 0;
  // Whether bytes behind a stream begin another one, or are padding.
  virtual bool may_follow(View in) const = 0;
  virtual std::string_view name() const = 0;

  [[noreturn]] void fail(std::string_view why, std::string hint = {}) const {
    throw Error(ErrorId::bad_input, cat(what_, ": ", why), std::move(hint));
  }
  void add(std::size_t taken, std::size_t given) {
    taken_ += taken;
    given_ += given;
    if (given_ > kAnyRatio && given_ / kMaxUnpackedRatio > taken_)
      fail(cat("unpacks to more than ", kMaxUnpackedRatio, " times its size, which no capture and no evidence does"));
  }
  std::size_t taken() const { return taken_; }

 private:
  std::string what_;
  std::size_t taken_ = 0, given_ = 0;
};

class Gunzip final : public Unpacker {
 public:
  explicit Gunzip(std::string_view what) : Unpacker(what) {
    constexpr int kGzipAlone = 15 + 16;  // the largest window, with the header of gzip
    if (library_.init(&stream_, kGzipAlone, ZLIB_VERSION, static_cast<int>(sizeof stream_)) != Z_OK) fail("zlib could not be started");
  }
  Gunzip(const Gunzip&) = delete;
  Gunzip& operator=(const Gunzip&) = delete;
  ~Gunzip() override { library_.end(&stream_); }

  std::string_view name() const override { return "gzip"; }
  // RFC 1952 2.2: members follow each other. What is written to tapes and to blocks of a disk is padded with zeros.
  bool may_follow(View in) const override { return in[0] == kGzip[0] || in[0] == 0; }

  Step step(View in, std::span<char> room) override {
    if (between_) {
      if (in[0] == 0) is_padded_ = true;
      if (is_padded_) return pass_padding(in);
      library_.reset(&stream_);
      between_ = false;
    }
    stream_.next_in = const_cast<Bytef*>(in.data());  // zlib does not write there
    stream_.avail_in = static_cast<uInt>(in.size());
    stream_.next_out = reinterpret_cast<Bytef*>(room.data());
    stream_.avail_out = static_cast<uInt>(room.size());
    const int state = library_.inflate(&stream_, Z_NO_FLUSH);
    const Step out{in.size() - stream_.avail_in, room.size() - stream_.avail_out, state == Z_STREAM_END};
    if (state != Z_OK && state != Z_STREAM_END && state != Z_BUF_ERROR)
      fail(cat("its gzip stream is corrupt", stream_.msg != nullptr ? cat(" (", stream_.msg, ")") : std::string(), ", near byte ",
               taken() + out.taken));
    between_ = out.ends;
    return out;
  }

 private:
  Step pass_padding(View in) const {
    const auto zeros = std::find_if(in.begin(), in.end(), [](std::uint8_t byte) { return byte != 0; });
    if (zeros != in.end()) fail("bytes that are not zero follow the padding behind its gzip stream");
    return {in.size(), 0, true};
  }

  const Zlib& library_ = zlib();
  z_stream stream_{};
  bool between_ = false, is_padded_ = false;
};

class Unzstd final : public Unpacker {
 public:
  explicit Unzstd(std::string_view what) : Unpacker(what), context_(library_.create(), library_.free) {
    if (!context_ || library_.is_error(library_.set(context_.get(), ZSTD_d_windowLogMax, kMaxZstdWindowLog)) != 0)
      fail("libzstd could not be started");
  }

  std::string_view name() const override { return "zstd"; }
  bool may_follow(View) const override { return true; }  // the library tells

  // Frames follow each other; the library skips those that are to be skipped (RFC 8878 3.1.2).
  Step step(View in, std::span<char> room) override {
    ZSTD_inBuffer from{in.data(), in.size(), 0};
    ZSTD_outBuffer to{room.data(), room.size(), 0};
    const std::size_t state = library_.decompress(context_.get(), &to, &from);
    if (library_.is_error(state) != 0)
      fail(cat("its zstd stream is corrupt, or takes too much memory (", library_.error_name(state), "), near byte ", taken() + from.pos),
           "if it is sound, pack it again: zstd -19");
    return {from.pos, to.pos, state == 0};
  }

 private:
  const Zstd& library_ = zstd();
  std::unique_ptr<ZSTD_DCtx, std::size_t (*)(ZSTD_DCtx*)> context_;
};

std::unique_ptr<Unpacker> unpacker_of(View beginning, std::string_view what) try {
  if (begins(beginning, kGzip)) return std::make_unique<Gunzip>(what);
  return std::make_unique<Unzstd>(what);
} catch (const Error& error) {
  if (error.id != ErrorId::unsupported) throw;
  throw Error(error.id, cat(what, ": ", error.what()), error.hint);
}

// The bytes of a file, of which the first ones were looked at.
class Packed {
 public:
  // As it is, where it is not packed.
  std::size_t read(std::span<char> room) {
    if (begin_ == end_) return read_(room);
    const std::size_t size = std::min(room.size(), end_ - begin_);
    std::copy_n(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_), size, room.begin());
    begin_ += size;
    return size;
  }

  Packed(Pieces read, Bytes first) : read_(std::move(read)), buffer_(std::move(first)), end_(buffer_.size()) {}

  View ahead() const { return View(buffer_).subspan(begin_, end_ - begin_); }
  void skip(std::size_t size) { begin_ += size; }
  // Returns whether there are more.
  bool read_more() {
    if (begin_ < end_) return true;
    buffer_.resize(kPiece);
    begin_ = 0;
    end_ = read_({reinterpret_cast<char*>(buffer_.data()), buffer_.size()});
    return end_ != 0;
  }

 private:
  Pieces read_;
  Bytes buffer_;
  std::size_t begin_ = 0, end_ = 0;
};

// One read of what comes out; 0 is the end.
std::size_t unpack(Unpacker& unpacker, Packed& packed, bool& inside, std::span<char> room) {
  for (;;) {
    const bool more = packed.read_more();
    if (!more && !inside) return 0;
    if (more && !inside && !unpacker.may_follow(packed.ahead()))
      unpacker.fail(cat("bytes that are not ", unpacker.name(), " follow the end of its ", unpacker.name(), " stream"));
    const Unpacker::Step step = unpacker.step(packed.ahead(), room);
    packed.skip(step.taken);
    unpacker.add(step.taken, step.given);
    inside = !step.ends;
    if (step.given != 0) return step.given;
    if (!more && inside) unpacker.fail(cat("its ", unpacker.name(), " stream is cut off"), "copy the file again");
  }
}

// What a regular file begins with; nothing where only reading it tells.
std::optional<Bytes> beginning(const std::filesystem::path& file) {
  const Descriptor fd(file == "-" ? ::dup(STDIN_FILENO) : ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat about {};
  if (fd.get() < 0 || ::fstat(fd.get(), &about) != 0) return Bytes{};
  if (!S_ISREG(about.st_mode)) return std::nullopt;
  Bytes out(kZstd.size());
  const off_t at = file == "-" ? ::lseek(fd.get(), 0, SEEK_CUR) : 0;
  const ssize_t got = ::pread(fd.get(), out.data(), out.size(), at);
  out.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
  return out;
}

}  // namespace

bool is_compressed(View bytes) { return begins(bytes, kGzip) || is_zstd(bytes); }

Pieces unpacked(Pieces pieces, std::string_view what) {
  Bytes first(kZstd.size());
  std::size_t size = 0, got = 1;
  for (; size < first.size() && got != 0; size += got)
    got = pieces(std::span(reinterpret_cast<char*>(first.data()), first.size()).subspan(size));
  first.resize(size);
  if (!is_compressed(first)) {
    const auto plain = std::make_shared<Packed>(std::move(pieces), std::move(first));
    return [plain](std::span<char> room) { return plain->read(room); };
  }
  const std::shared_ptr<Unpacker> unpacker = unpacker_of(first, what);
  const auto packed = std::make_shared<Packed>(std::move(pieces), std::move(first));
  return [unpacker, packed, inside = true](std::span<char> room) mutable { return unpack(*unpacker, *packed, inside, room); };
}

Bytes unpacked(View bytes, std::string_view what, std::size_t limit) {
  const Pieces pieces = unpacked(pieces_of(bytes), what);
  Bytes out;
  for (std::size_t used = 0;;) {
    out.resize(used + kPiece);
    used += pieces(std::span(reinterpret_cast<char*>(out.data()), out.size()).subspan(used));
    if (used > limit)
      throw Error(ErrorId::bad_input, cat(what, ": unpacks to more than ", limit, " bytes, the limit for a file of this kind"),
                  "unpack it, and split it into several files");
    const bool is_all = used + kPiece == out.size();
    out.resize(used);
    if (is_all) return out;
  }
}

void prepare_to_unpack(const std::filesystem::path& file) {
  std::error_code ignored;
  if (file != "-" && !std::filesystem::is_regular_file(file, ignored) && !std::filesystem::is_fifo(file, ignored)) return;
  // A pipe is not opened twice.
  const std::optional<Bytes> known = std::filesystem::is_fifo(file, ignored) ? std::nullopt : beginning(file);
  try {
    if (!known || begins(*known, kGzip)) zlib();
  } catch (const Error&) {  // NOLINT(bugprone-empty-catch)
  }
  try {
    if (!known || is_zstd(*known)) zstd();
  } catch (const Error&) {  // NOLINT(bugprone-empty-catch)
  }
}

}  // namespace spdm
