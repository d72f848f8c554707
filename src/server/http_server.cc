#include "server/http_server.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <thread>
#include <vector>

#include "base/check.h"
#include "server/internal/connection.h"
#include "server/internal/tls_context.h"

namespace securebase::server {
namespace {

using Acceptor = asio::basic_socket_acceptor<asio::ip::tcp, Executor>;

constexpr std::string_view kTooManyConnections =
    R"({"error":"too many connections","code":"SERVICE_UNAVAILABLE"})";

class AsioHttpServer final : public HttpServer {
 public:
  AsioHttpServer(HttpServerOptions options, http::Handler& handler, const Clock& clock,
                 Random& random)
      : shared_(std::move(options), handler, clock, random) {
    for (std::size_t i = 0; i < std::max<std::size_t>(shared_.options.threads, 1); ++i) {
      threads_.push_back(std::make_unique<IoThread>(shared_));
    }
  }
  ~AsioHttpServer() override { Stop(std::chrono::milliseconds(0)); }

  Result<> Open() {
    if (shared_.options.tls) {
      SB_TRY(tls_, MakeTlsContext(*shared_.options.tls));
    }
    const HttpServerOptions& options = shared_.options;
    IoError error;
    const auto address = asio::ip::make_address(options.address, error);
    if (error) return InvalidArgument("listen", "not a numeric address: " + options.address);
    const asio::ip::tcp::endpoint endpoint(address, options.port);
    acceptor_.emplace(threads_[0]->loop());
    acceptor_->open(endpoint.protocol(), error);
    if (!error) acceptor_->set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor_->bind(endpoint, error);
    if (!error) acceptor_->listen(asio::socket_base::max_listen_connections, error);
    if (error) {
      return Unavailable(fmt::format("cannot listen on {}:{}: {}", options.address, options.port,
                                     error.message()));
    }
    port_ = acceptor_->local_endpoint(error).port();
    return {};
  }

  void Run() {
    asio::co_spawn(threads_[0]->loop(), Accept(), asio::detached);
    for (const auto& thread : threads_) {
      thread->WatchDeadlines();
      running_.emplace_back(
          [loop = &thread->loop(), guard = asio::make_work_guard(thread->loop())] { loop->run(); });
    }
  }

  std::uint16_t port() const override { return port_; }
  std::string url() const override {
    const bool v6 = shared_.options.address.find(':') != std::string::npos;
    return fmt::format("{}://{}{}{}:{}", tls_ ? "https" : "http", v6 ? "[" : "",
                       shared_.options.address, v6 ? "]" : "", port_);
  }

  bool Stop(std::chrono::milliseconds deadline) override {
    std::lock_guard stop_lock(stop_mutex_);
    if (running_.empty()) return true;
    shared_.stopping.store(true);
    asio::post(threads_[0]->loop(), [this] {
      IoError ignored;
      acceptor_->close(ignored);
    });
    for (const auto& thread : threads_) {
      asio::post(thread->loop(), [thread = thread.get()] { thread->CloseIdle(); });
    }
    bool drained = false;
    {
      std::unique_lock lock(shared_.mutex);
      drained = shared_.drained.wait_for(lock, deadline,
                                         [this] { return shared_.connections.load() == 0; });
    }
    for (const auto& thread : threads_) thread->loop().stop();
    for (std::thread& running : running_) running.join();
    running_.clear();
    return drained;
  }

  HttpServerStatistics statistics() const override {
    return {.connections = shared_.connections.load(),
            .accepted = shared_.accepted.load(),
            .refused_connections = shared_.refused_connections.load(),
            .requests = shared_.requests.load(),
            .refused_requests = shared_.refused_requests.load()};
  }

 private:
  Task<> Accept() {
    for (std::size_t next = 0;; next = (next + 1) % threads_.size()) {
      IoThread& thread = *threads_[next];
      TcpSocket socket(thread.loop());
      auto [error] = co_await acceptor_->async_accept(socket, kAwait);
      if (shared_.stopping.load()) co_return;
      if (error) {
        // Out of descriptors, mostly: those in use come back, so wait rather than spin.
        Log(LogLevel::kWarn, "cannot accept a connection", {{"error", error.message()}});
        asio::basic_waitable_timer<std::chrono::steady_clock,
                                   asio::wait_traits<std::chrono::steady_clock>, Executor>
            pause(threads_[0]->loop().get_executor(), std::chrono::milliseconds(100));
        co_await pause.async_wait(kAwait);
        continue;
      }
      shared_.accepted.fetch_add(1);
      if (shared_.connections.fetch_add(1) >= shared_.options.limits.connections_max) {
        RefuseConnection(std::move(socket));
        continue;
      }
      asio::post(thread.loop(), [this, &thread, socket = std::move(socket)]() mutable {
        Begin(thread, std::move(socket));
      });
    }
  }

  void RefuseConnection(TcpSocket socket) {
    shared_.refused_connections.fetch_add(1);
    shared_.ConnectionClosed();
    IoError ignored;
    if (tls_ == nullptr) {
      socket.non_blocking(true, ignored);
      const std::string answer = fmt::format(
          "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\n"
          "Retry-After: 1\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{}",
          kTooManyConnections.size(), kTooManyConnections);
      socket.write_some(asio::buffer(answer), ignored);
      socket.shutdown(asio::socket_base::shutdown_send, ignored);
    }
  }

  /// On the connection's own thread.
  void Begin(IoThread& thread, TcpSocket socket) {
    IoError error;
    const auto remote = socket.remote_endpoint(error);
    std::string peer = error ? std::string() : remote.address().to_string();
    socket.set_option(asio::ip::tcp::no_delay(true), error);
    socket.non_blocking(true, error);  // for the fast path of writing
    if (tls_ == nullptr) {
      Spawn(std::make_unique<Connection<TcpSocket>>(thread, std::move(socket), std::move(peer)),
            thread);
    } else {
      Spawn(std::make_unique<Connection<TlsStream>>(thread, TlsStream(std::move(socket), *tls_),
                                                    std::move(peer)),
            thread);
    }
  }

  template <class Stream>
  void Spawn(std::unique_ptr<Connection<Stream>> connection, IoThread& thread) {
    asio::co_spawn(thread.loop(), Serve(std::move(connection)), [](std::exception_ptr failure) {
      if (failure == nullptr) return;
      // The one catch at the edge: a library threw where we expected a value.
      try {
        std::rethrow_exception(failure);
      } catch (const std::exception& exception) {
        Log(LogLevel::kError, "a connection ended by an exception", {{"error", exception.what()}});
      }
    });
  }

  ServerShared shared_;
  std::unique_ptr<asio::ssl::context> tls_;
  std::vector<std::unique_ptr<IoThread>> threads_;
  std::optional<Acceptor> acceptor_;
  std::uint16_t port_ = 0;
  std::mutex stop_mutex_;
  std::vector<std::thread> running_;  // guarded by stop_mutex_ once running
};

}  // namespace

Result<std::unique_ptr<HttpServer>> HttpServer::Start(HttpServerOptions options,
                                                      http::Handler& handler, const Clock& clock,
                                                      Random& random) {
  auto server = std::make_unique<AsioHttpServer>(std::move(options), handler, clock, random);
  SB_TRY_OK(server->Open());
  server->Run();
  return std::unique_ptr<HttpServer>(std::move(server));
}

}  // namespace securebase::server
