#include "base/compression.h"

#include <fmt/format.h>
#include <libdeflate.h>
#include <zstd.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>

#include "base/check.h"

namespace securebase {
namespace {

constexpr std::size_t kDeflateRatioMax = 1032;  // no deflate stream grows by more
constexpr std::size_t kFirstBufferMax = 1 << 20;
constexpr std::size_t kKeptContextMax = 8 << 20;

struct Free {
  void operator()(libdeflate_decompressor* d) const { libdeflate_free_decompressor(d); }
  void operator()(libdeflate_compressor* c) const { libdeflate_free_compressor(c); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
};

Error TooLarge(std::size_t size_max) {
  return LimitExceeded({}, fmt::format("is larger than {} bytes when decompressed", size_max));
}

// The last four bytes say how long the last member is. A claim: believed only as far as deflate
// could reach.
std::size_t FirstGunzipSize(std::string_view bytes, std::size_t size_max) {
  std::uint32_t claimed = 0;
  if (bytes.size() >= sizeof claimed) {
    std::memcpy(&claimed, bytes.data() + bytes.size() - sizeof claimed, sizeof claimed);
  }
  const std::size_t likely =
      std::max<std::size_t>(std::min<std::size_t>(claimed, bytes.size() * kDeflateRatioMax), 64);
  return std::min(likely, size_max);
}

// The frame's claim, as far as a small input may make us allocate at once; else the output
// grows as it comes.
std::size_t FirstUnzstdSize(std::string_view bytes, std::size_t size_max) {
  const unsigned long long claimed = ZSTD_getFrameContentSize(bytes.data(), bytes.size());
  std::size_t likely = std::max(bytes.size() * 4, std::size_t{64});
  if (claimed != ZSTD_CONTENTSIZE_UNKNOWN && claimed != ZSTD_CONTENTSIZE_ERROR) {
    likely = std::min<unsigned long long>(claimed, kFirstBufferMax + bytes.size() * 64);
  }
  return std::min(likely, size_max);
}

}  // namespace

Result<std::string> GunzipAll(std::string_view bytes, std::size_t size_max) {
  thread_local const std::unique_ptr<libdeflate_decompressor, Free> decompressor(
      libdeflate_alloc_decompressor());
  SB_CHECK(decompressor != nullptr);
  std::string out(FirstGunzipSize(bytes, size_max), '\0');
  std::size_t used = 0;
  do {
    std::size_t consumed = 0;
    std::size_t produced = 0;
    const libdeflate_result result =
        libdeflate_gzip_decompress_ex(decompressor.get(), bytes.data(), bytes.size(),
                                      out.data() + used, out.size() - used, &consumed, &produced);
    if (result == LIBDEFLATE_INSUFFICIENT_SPACE) {
      if (out.size() >= size_max) return TooLarge(size_max);
      out.resize(out.size() > size_max / 2 ? size_max : out.size() * 2);
      continue;  // the same member again: the doubling bounds the work at twice
    }
    if (result != LIBDEFLATE_SUCCESS) return InvalidArgument({}, "is not whole, valid gzip data");
    bytes.remove_prefix(consumed);
    used += produced;
  } while (!bytes.empty());
  out.resize(used);
  return out;
}

std::string Gzip(std::string_view bytes, int level) {
  thread_local std::unique_ptr<libdeflate_compressor, Free> compressor;
  thread_local int compressor_level = -1;
  if (compressor_level != level) {
    compressor.reset(libdeflate_alloc_compressor(level));
    SB_CHECK(compressor != nullptr);
    compressor_level = level;
  }
  std::string out(libdeflate_gzip_compress_bound(compressor.get(), bytes.size()), '\0');
  const std::size_t size = libdeflate_gzip_compress(compressor.get(), bytes.data(), bytes.size(),
                                                    out.data(), out.size());
  SB_CHECK(size > 0);
  out.resize(size);
  return out;
}

Result<std::string> UnzstdAll(std::string_view bytes, std::size_t size_max) {
  thread_local std::unique_ptr<ZSTD_DCtx, Free> context;
  if (context == nullptr) context.reset(ZSTD_createDCtx());
  SB_CHECK(context != nullptr);
  SB_CHECK(ZSTD_isError(ZSTD_DCtx_reset(context.get(), ZSTD_reset_session_only)) == 0);

  ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
  // One byte more than allowed: the only way to tell "exactly full" from "more to come".
  std::string out(FirstUnzstdSize(bytes, size_max) + 1, '\0');
  std::size_t used = 0;
  std::size_t wanted = 1;  // bytes the decoder still wants; 0 at the end of a frame
  while (wanted != 0 || in.pos < in.size) {
    if (used == out.size()) out.resize(std::min(out.size() * 2, size_max + 1));
    ZSTD_outBuffer target{out.data(), out.size(), used};
    wanted = ZSTD_decompressStream(context.get(), &target, &in);
    used = target.pos;
    if (used > size_max) return TooLarge(size_max);
    const bool starved = wanted != 0 && in.pos == in.size && used < out.size();
    if (ZSTD_isError(wanted) || starved) {
      return InvalidArgument({}, "is not whole, valid Zstandard data");
    }
  }
  out.resize(used);
  // A frame may ask for a window of 128 MiB: this thread does not keep it.
  if (ZSTD_sizeof_DCtx(context.get()) > kKeptContextMax) context.reset();
  return out;
}

std::string Zstd(std::string_view bytes, int level) {
  thread_local const std::unique_ptr<ZSTD_CCtx, Free> context(ZSTD_createCCtx());
  SB_CHECK(context != nullptr);
  std::string out(ZSTD_compressBound(bytes.size()), '\0');
  const std::size_t size =
      ZSTD_compressCCtx(context.get(), out.data(), out.size(), bytes.data(), bytes.size(), level);
  SB_CHECK(ZSTD_isError(size) == 0);
  out.resize(size);
  return out;
}

}  // namespace securebase
