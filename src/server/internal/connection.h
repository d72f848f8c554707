#pragma once

// One client's connection as a coroutine: read a request, have it handled, write the response,
// again. `Stream` is a TCP socket or a TLS stream over one.

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <charconv>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "base/body_stream.h"
#include "base/file_system.h"
#include "base/json.h"
#include "base/log.h"
#include "server/internal/exchange.h"
#include "server/internal/io_thread.h"
#include "server/internal/request_parser.h"
#include "server/internal/response_head.h"

namespace securebase::server {

// The concrete executor in every type: any_io_executor costs a virtual call per operation.
using Executor = asio::io_context::executor_type;
using TcpSocket = asio::basic_stream_socket<asio::ip::tcp, Executor>;
using TlsStream = asio::ssl::stream<TcpSocket>;
template <class T = void>
using Task = asio::awaitable<T, Executor>;
/// Errors come as values: a broken connection is nothing exceptional.
inline constexpr asio::as_tuple_t<asio::use_awaitable_t<Executor>> kAwait{};
using IoError = boost::system::error_code;

template <class Stream>
class Connection final : public TimedConnection {
 public:
  Connection(IoThread& thread, Stream stream, std::string peer)
      : thread_(thread),
        shared_(thread.shared()),
        limits_(shared_.options.limits),
        stream_(std::move(stream)),
        parser_(limits_),
        peer_(std::move(peer)) {
    thread_.Add(this);
  }
  ~Connection() override {
    thread_.Remove(this);
    shared_.ConnectionClosed();
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Serves the client until either side ends it. The caller keeps the connection alive.
  Task<> Run() {
    if constexpr (kTls) {
      SetDeadline(limits_.header_timeout);
      auto [error] = co_await stream_.async_handshake(Stream::server, kAwait);
      if (error) co_return;
    }
    // Not `while (co_await ..)`: g++ 12 lays such a loop's frame out wrongly in a template.
    for (;;) {
      const bool read = co_await ReadRequest();
      if (!read) break;
      const bool again = co_await HandleRequest();
      if (!again) break;
    }
    co_await Close();
  }

  void Expire() override {
    expired_ = true;
    IoError ignored;
    Socket().cancel(ignored);
  }

 private:
  static constexpr bool kTls = std::is_same_v<Stream, TlsStream>;
  // Holds the largest header that is allowed, so that the parser sees it whole.
  static constexpr std::size_t kReadBytes = 16u << 10;
  static constexpr std::size_t kReadBytesMax = 256u << 10;
  static constexpr std::size_t kFileSliceBytes = 256u << 10;

  TcpSocket& Socket() {
    if constexpr (kTls) {
      return stream_.next_layer();
    } else {
      return stream_;
    }
  }

  void SetDeadline(Duration timeout) { deadline = shared_.clock.Monotonic() + timeout; }
  void NoDeadline() { deadline = std::chrono::nanoseconds::max(); }
  Duration TransferTime(std::uint64_t bytes) const {
    return limits_.transfer_grace +
           Duration(static_cast<std::int64_t>(bytes * 1000 / limits_.bytes_per_second_min));
  }

  /// Reads until a request is complete. False: none comes, and what was to be said was said.
  Task<bool> ReadRequest() {
    using State = RequestParser::State;
    bool continued = false;
    std::chrono::nanoseconds body_start{0};
    State phase = State::kHeader;
    bool was_started = false;
    idle = true;
    SetDeadline(limits_.idle_timeout);
    for (;;) {
      FeedParser();
      const State state = parser_.state();
      if (state == State::kDone) break;
      if (state == State::kRefused) {
        co_await Refuse(parser_.refusal().status, parser_.refusal().message);
        co_return false;
      }
      if (!was_started && parser_.started()) {
        was_started = true;
        idle = false;
        SetDeadline(limits_.header_timeout);
      }
      if (state == State::kBody) {
        if (phase == State::kHeader) {
          phase = state;
          body_start = shared_.clock.Monotonic();
        }
        if (parser_.expects_continue() && !continued && begin_ == end_) {
          continued = true;
          if (!co_await WriteText("HTTP/1.1 100 Continue\r\n\r\n")) co_return false;
        }
        deadline = body_start + TransferTime(parser_.body_bytes());
      } else if (idle && shared_.stopping.load(std::memory_order_relaxed)) {
        co_return false;
      }
      MakeRoom(state == State::kBody);
      auto [error, count] = co_await stream_.async_read_some(
          asio::buffer(buffer_.data() + end_, buffer_.size() - end_), kAwait);
      if (error) {
        if (expired_ && !idle) {
          co_await Refuse(408, "the request came too slowly");
        } else if (!idle && error == asio::error::eof) {
          co_await Refuse(400, "the connection ended within the request");
        }
        co_return false;
      }
      end_ += count;
    }
    idle = false;
    NoDeadline();
    co_return true;
  }

  void FeedParser() {
    while (begin_ < end_) {
      const std::size_t taken =
          parser_.Feed(std::string_view(buffer_.data() + begin_, end_ - begin_));
      begin_ += taken;
      const RequestParser::State state = parser_.state();
      if (taken == 0 || state == RequestParser::State::kDone ||
          state == RequestParser::State::kRefused) {
        break;
      }
    }
    if (begin_ == end_) begin_ = end_ = 0;
  }

  void MakeRoom(bool in_body) {
    if (begin_ > 0) {
      buffer_.erase(0, begin_);
      buffer_.resize(std::max(buffer_.size(), kReadBytes));
      end_ -= begin_;
      begin_ = 0;
    }
    const bool large_body = in_body && parser_.body_bytes() >= kReadBytes;
    std::size_t size = std::max(kReadBytes, limits_.header_bytes_max + 1);
    if (large_body) size = kReadBytesMax;
    if (end_ == buffer_.size()) size = std::max(size, end_ + kReadBytes);
    if (buffer_.size() < size || (end_ == 0 && buffer_.size() > size)) buffer_.resize(size);
    if (end_ == 0 && buffer_.capacity() > 2 * size) buffer_.shrink_to_fit();
  }

  /// Has the request handled and writes the response. False: the connection ends.
  Task<bool> HandleRequest() {
    const bool keep_alive_asked = parser_.keep_alive();
    const bool head = parser_.is_head();
    const bool http10 = parser_.is_http10();
    http::Request request = parser_.Take();
    request.peer = peer_;
    request.tls = kTls;
    request.request_id = thread_.NewRequestId();
    request.received_at = shared_.clock.Now();
    request.received_monotonic = shared_.clock.Monotonic();
    request_id_ = request.request_id;
    shared_.requests.fetch_add(1, std::memory_order_relaxed);

    auto exchange = std::make_shared<Exchange>();
    shared_.handler.Handle(std::move(request), MakeRespond(exchange));
    if (!exchange->answered()) co_await Answered(exchange);  // slow path: from another thread

    const http::Response response = exchange->Take();
    const bool keep_alive = keep_alive_asked && !shared_.stopping.load(std::memory_order_relaxed);
    const bool written = co_await WriteResponse(response, keep_alive, head, http10);
    co_return written&& keep_alive;
  }

  /// Suspends until the exchange is answered, from whatever thread, and resumes on this one.
  Task<> Answered(std::shared_ptr<Exchange> exchange) {
    auto suspend = [this, exchange](auto handler) {
      // std::function wants something copyable.
      auto resume = std::make_shared<decltype(handler)>(std::move(handler));
      exchange->WakeWhenAnswered(
          [this, resume] { asio::post(thread_.loop(), [resume] { (*resume)(); }); });
    };
    const asio::use_awaitable_t<Executor> await;
    co_await asio::async_initiate<const asio::use_awaitable_t<Executor>, void()>(std::move(suspend),
                                                                                 await);
  }

  Task<bool> WriteResponse(const http::Response& response, bool keep_alive, bool head,
                           bool http10) {
    if (const auto stream = http::TakeStream(response.body_file)) {
      const bool streamed = co_await WriteStream(response, stream, keep_alive, head, http10);
      stream->Close();
      co_return streamed;
    }
    std::unique_ptr<MappedFile> file;
    std::string_view body = response.body;
    if (!response.body_file.empty()) {
      auto mapped = PosixFileSystem().Map(response.body_file);
      if (!mapped.ok()) {
        Log(LogLevel::kError, "cannot send a file", {{"error", mapped.error().message()}});
        co_await Refuse(500, "the file cannot be read");
        co_return false;
      }
      file = *std::move(mapped);
      body = file->bytes();
    }
    const std::uint64_t length = body.size();
    if (head || !StatusAllowsBody(response.status)) body = {};
    out_.clear();
    AppendResponseHead(out_, response,
                       {.date = thread_.Date(shared_.clock.Now()),
                        .request_id = request_id_,
                        .content_length = length,
                        .keep_alive = keep_alive,
                        .http10 = http10});
    if (file != nullptr) co_return co_await WriteSlices(body);
    co_return co_await Write({asio::buffer(out_), asio::buffer(body)});
  }

  /// A body that is still being written, chunk by chunk until its end, the client's or ours.
  Task<bool> WriteStream(const http::Response& response, std::shared_ptr<http::BodyStream> stream,
                         bool keep_alive, bool head, bool http10) {
    keep_alive = keep_alive && !http10;  // no chunks there: the end of the connection is the end
    out_.clear();
    AppendResponseHead(out_, response,
                       {.date = thread_.Date(shared_.clock.Now()),
                        .request_id = request_id_,
                        .keep_alive = keep_alive,
                        .http10 = http10,
                        .chunked = !http10});
    if (!co_await WriteText(out_)) co_return false;
    if (head) co_return keep_alive;
    for (bool ended = false; !ended;) {
      const std::string bytes = stream->Take(ended);
      if (!bytes.empty()) {
        out_.clear();
        if (!http10) AppendChunkSize(out_, bytes.size());
        out_ += bytes;
        if (!http10) out_ += "\r\n";
        if (!co_await WriteText(out_)) co_return false;
      }
      if (shared_.stopping.load(std::memory_order_relaxed)) ended = true;
      if (!ended) co_await Written(stream);
    }
    if (http10) co_return false;  // the connection's end is the body's
    co_return co_await WriteText("0\r\n\r\n");
  }

  /// Suspends until the stream has something, and resumes on this thread.
  Task<> Written(std::shared_ptr<http::BodyStream> stream) {
    auto suspend = [this, stream](auto handler) {
      auto resume = std::make_shared<decltype(handler)>(std::move(handler));
      stream->WakeWhenWritten(
          [this, resume] { asio::post(thread_.loop(), [resume] { (*resume)(); }); });
    };
    const asio::use_awaitable_t<Executor> await;
    co_await asio::async_initiate<const asio::use_awaitable_t<Executor>, void()>(std::move(suspend),
                                                                                 await);
  }

  static void AppendChunkSize(std::string& out, std::size_t size) {
    std::array<char, 16> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), size, 16).ptr;
    out.append(digits.data(), end);
    out += "\r\n";
  }

  /// A file, slice by slice: each has its own deadline.
  Task<bool> WriteSlices(std::string_view body) {
    if (!co_await WriteText(out_)) co_return false;
    for (std::size_t at = 0; at < body.size(); at += kFileSliceBytes) {
      if (!co_await WriteText(body.substr(at, kFileSliceBytes))) co_return false;
    }
    co_return true;
  }

  Task<bool> WriteText(std::string_view text) { return Write({asio::buffer(text), {}}); }

  Task<bool> Write(std::array<asio::const_buffer, 2> buffers) {
    if constexpr (!kTls) {
      // Fast path: the socket's buffer takes it all, without a turn of the event loop.
      IoError error;
      std::size_t written = stream_.write_some(buffers, error);
      if (error && error != asio::error::would_block) co_return false;
      for (asio::const_buffer& buffer : buffers) {
        const std::size_t of_this = std::min(written, buffer.size());
        buffer += of_this;
        written -= of_this;
      }
      if (asio::buffer_size(buffers) == 0) co_return true;
    }
    SetDeadline(TransferTime(asio::buffer_size(buffers)));
    auto [error, count] = co_await asio::async_write(stream_, buffers, kAwait);
    NoDeadline();
    co_return !error;
  }

  /// Answers a request that is not handled; the connection then ends, with what the client still
  /// sends read away for a moment: closing at once would reset the connection before it reads
  /// the answer.
  Task<> Refuse(int status, std::string_view message) {
    shared_.refused_requests.fetch_add(1, std::memory_order_relaxed);
    expired_ = false;
    const Instant now = shared_.clock.Now();
    std::string body;
    json::Writer(body)
        .BeginObject()
        .Member("error", message)
        .Member("code", CodeOf(status))
        .Key("details")
        .BeginObject()
        .EndObject()
        .Member("timestamp", FormatIsoMillis(now))
        .EndObject();
    const http::Response response = http::Response::Json(status, std::move(body));
    const std::string id = thread_.NewRequestId();
    out_.clear();
    AppendResponseHead(out_, response,
                       {.date = thread_.Date(now),
                        .request_id = id,
                        .content_length = response.body.size(),
                        .keep_alive = false});
    if (!co_await Write({asio::buffer(out_), asio::buffer(response.body)})) co_return;
    linger_ = true;
  }

  static std::string_view CodeOf(int status) {
    switch (status) {
      case 408:
        return "REQUEST_TIMEOUT";
      case 413:
        return "PAYLOAD_TOO_LARGE";
      case 500:
        return "INTERNAL_ERROR";
      case 501:
        return "NOT_IMPLEMENTED";
      default:
        return "INVALID_REQUEST";
    }
  }

  Task<> Close() {
    constexpr Duration kGoodbye{2'000};
    constexpr std::size_t kLingerBytesMax = 64u << 20;
    expired_ = false;
    SetDeadline(kGoodbye);
    if constexpr (kTls) {
      auto [error] = co_await stream_.async_shutdown(kAwait);
      if (error) co_return;
    }
    IoError ignored;
    Socket().shutdown(asio::socket_base::shutdown_send, ignored);
    buffer_.resize(kReadBytes);
    for (std::size_t total = 0; linger_ && total < kLingerBytesMax && !expired_;) {
      auto [error, count] = co_await Socket().async_read_some(asio::buffer(buffer_), kAwait);
      if (error) break;
      total += count;
    }
  }

  IoThread& thread_;
  ServerShared& shared_;
  const HttpLimits& limits_;
  Stream stream_;
  RequestParser parser_;
  const std::string peer_;
  std::string buffer_;  // bytes read: [begin_, end_) are not parsed yet
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::string out_;         // head of the response being written
  std::string request_id_;  // of the request being answered
  bool expired_ = false;
  bool linger_ = false;
};

/// Runs a connection and owns it.
template <class Stream>
Task<> Serve(std::unique_ptr<Connection<Stream>> connection) {
  co_await connection->Run();
}

}  // namespace securebase::server
