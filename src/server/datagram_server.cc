#include "server/datagram_server.h"

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>
#include <exception>
#include <thread>
#include <utility>
#include <vector>

#include "base/log.h"

namespace securebase::server {
namespace {

namespace asio = boost::asio;
using asio::ip::udp;

constexpr std::size_t kPacketBytesMax = 65'536;  // UDP's own limit

class AsioDatagramServer final : public DatagramServer {
 public:
  explicit AsioDatagramServer(std::function<void(std::string_view)> handle)
      : handle_(std::move(handle)), socket_(context_), packet_(kPacketBytesMax) {}

  ~AsioDatagramServer() override {
    context_.stop();
    if (thread_.joinable()) thread_.join();
  }

  Result<> Open(const DatagramServerOptions& options) {
    boost::system::error_code error;
    const auto address = asio::ip::make_address(options.address, error);
    if (error) return InvalidArgument("address", "no numeric address: " + options.address);
    const udp::endpoint endpoint(address, options.port);
    socket_.open(endpoint.protocol(), error);
    if (!error) {
      boost::system::error_code ignored;  // the system's own size then
      socket_.set_option(
          asio::socket_base::receive_buffer_size(static_cast<int>(options.receive_buffer_bytes)),
          ignored);
      socket_.bind(endpoint, error);
    }
    if (error) {
      return Unavailable("cannot listen on UDP " + options.address + ":" +
                         std::to_string(options.port) + ": " + error.message());
    }
    port_ = socket_.local_endpoint(error).port();
    Receive();
    thread_ = std::thread([this] { context_.run(); });
    return {};
  }

  std::uint16_t port() const override { return port_; }

 private:
  void Receive() {
    socket_.async_receive_from(asio::buffer(packet_), sender_,
                               [this](const boost::system::error_code& error, std::size_t size) {
                                 if (error == asio::error::operation_aborted) return;
                                 if (!error) Handle({packet_.data(), size});
                                 Receive();
                               });
  }

  void Handle(std::string_view packet) {
    try {
      handle_(packet);
    } catch (const std::exception& thrown) {
      Log(LogLevel::kError, "a packet ended by an exception", {{"error", thrown.what()}});
    }
  }

  const std::function<void(std::string_view)> handle_;
  asio::io_context context_;
  udp::socket socket_;
  std::vector<char> packet_;
  udp::endpoint sender_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<DatagramServer>> DatagramServer::Start(
    const DatagramServerOptions& options, std::function<void(std::string_view packet)> handle) {
  auto server = std::make_unique<AsioDatagramServer>(std::move(handle));
  SB_TRY_OK(server->Open(options));
  return std::unique_ptr<DatagramServer>(std::move(server));
}

}  // namespace securebase::server
