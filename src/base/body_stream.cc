#include "base/body_stream.h"

#include <map>
#include <utility>

namespace securebase::http {
namespace {

constexpr std::string_view kPrefix = "stream:";

struct Offered {
  std::mutex mutex;
  std::map<std::string, std::shared_ptr<BodyStream>, std::less<>> streams;  // guarded by mutex
  std::uint64_t count = 0;                                                  // guarded by mutex
};

Offered& AllOffered() {
  static Offered offered;
  return offered;
}

}  // namespace

bool BodyStream::Write(std::string_view bytes) {
  std::function<void()> wake;
  {
    std::lock_guard lock(mutex_);
    if (closed_ || ended_ || buffer_.size() + bytes.size() > kBufferMax) return false;
    buffer_ += bytes;
    wake = std::exchange(wake_, nullptr);
  }
  if (wake) wake();
  return true;
}

void BodyStream::End() {
  std::function<void()> wake;
  {
    std::lock_guard lock(mutex_);
    ended_ = true;
    wake = std::exchange(wake_, nullptr);
  }
  if (wake) wake();
}

std::string BodyStream::Take(bool& ended) {
  std::lock_guard lock(mutex_);
  ended = ended_;
  return std::exchange(buffer_, {});
}

void BodyStream::WakeWhenWritten(std::function<void()> wake) {
  {
    std::lock_guard lock(mutex_);
    if (buffer_.empty() && !ended_) {
      wake_ = std::move(wake);
      return;
    }
  }
  wake();
}

void BodyStream::Close() {
  std::lock_guard lock(mutex_);
  closed_ = true;
  wake_ = nullptr;
}

std::string OfferStream(std::shared_ptr<BodyStream> stream) {
  Offered& offered = AllOffered();
  std::lock_guard lock(offered.mutex);
  std::string name = std::string(kPrefix) + std::to_string(++offered.count);
  offered.streams[name] = std::move(stream);
  return name;
}

std::shared_ptr<BodyStream> TakeStream(std::string_view name) {
  if (!name.starts_with(kPrefix)) return nullptr;
  Offered& offered = AllOffered();
  std::lock_guard lock(offered.mutex);
  const auto found = offered.streams.find(name);
  if (found == offered.streams.end()) return nullptr;
  std::shared_ptr<BodyStream> stream = std::move(found->second);
  offered.streams.erase(found);
  return stream;
}

}  // namespace securebase::http
