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
#include <string>
#include <utility>

#include "core/descriptor.h"
#include "core/error.h"
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

struct Zlib {
  SharedLibrary library{"libz.so.1", "to read gzip", "zlib1g"};
  decltype(&::inflateInit2_) init = library.function<decltype(init)>("inflateInit2_");
  decltype(&::inflate) inflate = library.function<decltype(inflate)>("inflate");
  decltype(&::inflateReset) reset = library.function<decltype(reset)>("inflateReset");
  decltype(&::inflateEnd) end = library.function<decltype(end)>("inflateEnd");
};

struct Zstd {
  SharedLibrary library{"libzstd.so.1", "to read zstd", "libzstd1"};
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

// What came out, within its limits.
class Unpacked {
 public:
  Unpacked(std::string_view what, std::size_t limit) : what_(what), limit_(limit) {}

  [[noreturn]] void fail(std::string_view why, std::string hint = {}) const {
    throw Error(ErrorId::bad_input, cat(what_, ": ", why), std::move(hint));
  }
  // `consumed`: of the input so far.
  void add(View piece, std::size_t consumed) {
    if (piece.size() > limit_ - out_.size())
      fail(cat("unpacks to more than ", limit_, " bytes, the limit for a file of this kind"), "unpack it, and split it into several files");
    append(out_, piece);
    if (out_.size() > kAnyRatio && out_.size() / kMaxUnpackedRatio > consumed)
      fail(cat("unpacks to more than ", kMaxUnpackedRatio, " times its size, which no capture and no evidence does"));
  }
  Bytes take() { return std::move(out_); }

 private:
  std::string_view what_;
  std::size_t limit_;
  Bytes out_;
};

void unpack_gzip(View bytes, Unpacked& out) {
  const Zlib& library = zlib();
  z_stream stream{};
  constexpr int kGzipAlone = 15 + 16;  // the largest window, with the header of gzip
  if (library.init(&stream, kGzipAlone, ZLIB_VERSION, static_cast<int>(sizeof stream)) != Z_OK) out.fail("zlib could not be started");
  const std::unique_ptr<z_stream, int (*)(z_stream*)> ends(&stream, library.end);
  stream.next_in = const_cast<Bytef*>(bytes.data());  // zlib does not write there
  stream.avail_in = static_cast<uInt>(bytes.size());
  Bytes room(kPiece);
  for (;;) {
    stream.next_out = room.data();
    stream.avail_out = static_cast<uInt>(room.size());
    const int state = library.inflate(&stream, Z_NO_FLUSH);
    if (state != Z_OK && state != Z_STREAM_END && state != Z_BUF_ERROR)
      out.fail(cat("its gzip stream is corrupt", stream.msg != nullptr ? cat(" (", stream.msg, ")") : std::string(), ", near byte ",
                   bytes.size() - stream.avail_in));
    const std::size_t got = room.size() - stream.avail_out;
    out.add(View(room).first(got), bytes.size() - stream.avail_in);
    if (state == Z_STREAM_END) {
      if (stream.avail_in == 0) return;
      if (!begins(bytes.last(stream.avail_in), kGzip)) out.fail("bytes that are not gzip follow the end of its gzip stream");
      library.reset(&stream);  // RFC 1952 2.2: members follow each other
    } else if (stream.avail_in == 0 && got < room.size()) {
      out.fail("its gzip stream is cut off", "copy the file again");
    }
  }
}

void unpack_zstd(View bytes, Unpacked& out) {
  const Zstd& library = zstd();
  const std::unique_ptr<ZSTD_DCtx, std::size_t (*)(ZSTD_DCtx*)> context(library.create(), library.free);
  if (!context || library.is_error(library.set(context.get(), ZSTD_d_windowLogMax, kMaxZstdWindowLog)) != 0)
    out.fail("libzstd could not be started");
  ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
  Bytes room(kPiece);
  for (;;) {
    ZSTD_outBuffer piece{room.data(), room.size(), 0};
    const std::size_t state = library.decompress(context.get(), &piece, &in);
    if (library.is_error(state) != 0)
      out.fail(cat("its zstd stream is corrupt, or takes too much memory (", library.error_name(state), "), near byte ", in.pos),
               "if it is sound, pack it again: zstd -19");
    out.add(View(room).first(piece.pos), in.pos);
    if (state == 0 && in.pos == in.size) return;
    if (in.pos == in.size && piece.pos < room.size()) out.fail("its zstd stream is cut off", "copy the file again");
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

bool is_compressed(View bytes) { return begins(bytes, kGzip) || begins(bytes, kZstd); }

Bytes unpacked(View bytes, std::string_view what, std::size_t limit) try {
  Unpacked out(what, limit);
  if (begins(bytes, kGzip))
    unpack_gzip(bytes, out);
  else
    unpack_zstd(bytes, out);
  return out.take();
} catch (const Error& error) {
  if (error.id != ErrorId::unsupported) throw;
  throw Error(error.id, cat(what, ": ", error.what()), error.hint);
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
    if (!known || begins(*known, kZstd)) zstd();
  } catch (const Error&) {  // NOLINT(bugprone-empty-catch)
  }
}

}  // namespace spdm
