#include "server/syslog_receiver.h"

#include <algorithm>
#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "base/log.h"
#include "ingest/syslog.h"
#include "server/datagram_server.h"

namespace securebase::server {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using IoError = boost::system::error_code;

constexpr std::chrono::milliseconds kStoreInterval{100};
constexpr std::size_t kMessagesPerWrite = 10'000;

class Receiver final : public SyslogReceiver {
 public:
  Receiver(const SyslogOptions& options, events::LogStore& store, const Clock& clock)
      : options_(options), store_(store), clock_(clock), acceptor_(context_) {}

  ~Receiver() override {
    udp_.reset();
    context_.stop();
    if (tcp_thread_.joinable()) tcp_thread_.join();
    {
      std::lock_guard lock(mutex_);
      stopping_ = true;
      wake_.notify_all();
    }
    if (store_thread_.joinable()) store_thread_.join();
  }

  Result<> Open() {
    if (options_.udp) {
      SB_TRY(udp_,
             DatagramServer::Start({.address = options_.udp->address, .port = options_.udp->port},
                                   [this](std::string_view packet) { Take(std::string(packet)); }));
    }
    if (options_.tcp) SB_TRY_OK(Listen(*options_.tcp));
    store_thread_ = std::thread([this] { StoreWhatComes(); });
    return {};
  }

  std::uint16_t udp_port() const override { return udp_ == nullptr ? 0 : udp_->port(); }
  std::uint16_t tcp_port() const override { return tcp_port_; }
  std::uint64_t dropped() const override {
    std::lock_guard lock(mutex_);
    return dropped_;
  }

 private:
  struct Client {
    explicit Client(tcp::socket from) : socket(std::move(from)) {}
    tcp::socket socket;
    std::array<char, 16 << 10> bytes;
    ingest::SyslogFramer framer;
  };

  Result<> Listen(const SyslogAddress& at) {
    IoError error;
    const auto address = asio::ip::make_address(at.address, error);
    if (error) return InvalidArgument("address", "no numeric address: " + at.address);
    const tcp::endpoint endpoint(address, at.port);
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error) {
      return Unavailable("cannot listen on TCP " + at.address + ":" + std::to_string(at.port) +
                         ": " + error.message());
    }
    tcp_port_ = acceptor_.local_endpoint(error).port();
    Accept();
    tcp_thread_ = std::thread([this] { context_.run(); });
    return {};
  }

  void Accept() {
    acceptor_.async_accept([this](const IoError& error, tcp::socket socket) {
      if (error == asio::error::operation_aborted) return;
      // One too many is closed: its sender tries again.
      if (!error && connections_ < options_.connections_max) {
        ++connections_;
        Read(std::make_shared<Client>(std::move(socket)));
      }
      Accept();
    });
  }

  void Read(std::shared_ptr<Client> client) {
    Client& of = *client;
    of.socket.async_read_some(asio::buffer(of.bytes), [this, client = std::move(client)](
                                                          const IoError& error, std::size_t size) {
      std::vector<std::string> messages;
      if (error) {
        client->framer.End(messages);
      } else {
        client->framer.Feed({client->bytes.data(), size}, messages);
      }
      for (std::string& message : messages) Take(std::move(message));
      if (error) {
        --connections_;
      } else {
        Read(client);
      }
    });
  }

  void Take(std::string message) {
    std::lock_guard lock(mutex_);
    if (waiting_.size() >= options_.waiting_max) {
      ++dropped_;
      return;
    }
    waiting_.push_back(std::move(message));
  }

  void StoreWhatComes() {
    std::unique_lock lock(mutex_);
    for (bool last = false; !last;) {
      wake_.wait_for(lock, kStoreInterval, [this] { return stopping_; });
      last = stopping_;
      std::vector<std::string> messages = std::exchange(waiting_, {});
      lock.unlock();
      Store(messages);
      lock.lock();
    }
  }

  void Store(const std::vector<std::string>& messages) {
    for (std::size_t first = 0; first < messages.size(); first += kMessagesPerWrite) {
      const Instant now = clock_.Now();
      ingest::LogBatch batch(now);
      const std::size_t end = std::min(messages.size(), first + kMessagesPerWrite);
      for (std::size_t i = first; i < end; ++i) ingest::AddSyslog(messages[i], now, batch);
      const Result<> stored = batch.Store(store_, options_.account);
      if (stored.ok()) continue;
      Log(LogLevel::kError, "cannot store syslog messages", {{"error", stored.error().message()}});
      std::lock_guard lock(mutex_);
      dropped_ += end - first;
    }
  }

  const SyslogOptions options_;
  events::LogStore& store_;
  const Clock& clock_;
  std::unique_ptr<DatagramServer> udp_;
  asio::io_context context_;
  tcp::acceptor acceptor_;
  std::uint16_t tcp_port_ = 0;
  std::size_t connections_ = 0;  // of the TCP thread
  std::thread tcp_thread_;
  std::thread store_thread_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<std::string> waiting_;  // guarded by mutex_
  std::uint64_t dropped_ = 0;         // guarded by mutex_
  bool stopping_ = false;             // guarded by mutex_
};

}  // namespace

Result<std::unique_ptr<SyslogReceiver>> SyslogReceiver::Start(const SyslogOptions& options,
                                                              events::LogStore& store,
                                                              const Clock& clock) {
  auto receiver = std::make_unique<Receiver>(options, store, clock);
  SB_TRY_OK(receiver->Open());
  return std::unique_ptr<SyslogReceiver>(std::move(receiver));
}

}  // namespace securebase::server
