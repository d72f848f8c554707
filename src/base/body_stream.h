#pragma once

// Bodies of answers without an end in sight. An answer refers to its stream by a name in the place
// of a file's path (http::Response::body_file).

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace securebase::http {

/// A body that is written while it is sent, for answers without an end in sight. One producer, one
/// connection; thread-safe.
class BodyStream {
 public:
  /// Appends to what is to be sent. False: the client is gone or takes nothing any more, so the
  /// producer can stop.
  bool Write(std::string_view bytes);
  /// No more will come.
  void End();

  // The connection's side.

  /// What was written since, possibly nothing. `ended`: it is the last.
  std::string Take(bool& ended);
  /// `wake` runs once, on the writing thread, when there is something to take; at once where there
  /// is already. It must only post.
  void WakeWhenWritten(std::function<void()> wake);
  /// The client is gone.
  void Close();

 private:
  static constexpr std::size_t kBufferMax = 8u << 20;

  std::mutex mutex_;
  std::string buffer_;          // guarded by mutex_
  bool ended_ = false;          // guarded by mutex_
  bool closed_ = false;         // guarded by mutex_
  std::function<void()> wake_;  // guarded by mutex_
};

/// A name for the stream, for Response::body_file; the stream is kept until it is taken.
std::string OfferStream(std::shared_ptr<BodyStream> stream);
/// The stream of that name, once; null where the text is no such name, but a file's path.
std::shared_ptr<BodyStream> TakeStream(std::string_view name);

}  // namespace securebase::http
