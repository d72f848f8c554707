#include "net/transport.h"

#include <mutex>
#include <vector>

#include "base/text.h"

namespace securebase::net {
namespace {

/// Clients that nobody uses at the moment. Thread-safe.
template <class Client>
class Pool {
 public:
  template <class Make>
  Client Take(const Make& make) {
    const std::lock_guard lock(mutex_);
    if (clients_.empty()) return make();
    Client client = std::move(clients_.back());
    clients_.pop_back();
    return client;
  }
  void Return(Client client) {
    constexpr std::size_t kKept = 8;
    const std::lock_guard lock(mutex_);
    if (clients_.size() < kKept) clients_.push_back(std::move(client));
  }

 private:
  std::mutex mutex_;
  std::vector<Client> clients_;  // guarded by mutex_
};

class CurlTransport final : public Transport {
 public:
  explicit CurlTransport(TransportOptions options) : options_(std::move(options)) {
    http_options_.connect_timeout = options_.connect_timeout;
    http_options_.timeout = options_.timeout;
    http_options_.response_bytes_max = options_.response_bytes_max;
    http_options_.user_agent = options_.user_agent;
    http_options_.ca_file = options_.ca_file;
    http_options_.addresses = &options_.addresses;
  }

  Result<HttpClientResponse> Http(const HttpClientRequest& request) override {
    const std::string scheme = ToLower(request.url.substr(0, request.url.find(':')));
    if (scheme != "https" && !(scheme == "http" && options_.allow_http)) {
      return InvalidArgument("url", "must be https");
    }
    HttpClient client = http_.Take([&] { return HttpClient(http_options_); });
    Result<HttpClientResponse> response = client.Send(request);
    http_.Return(std::move(client));
    return response;
  }

  Result<SmtpReply> Smtp(const SmtpServer& server, const Mail& mail) override {
    SmtpClient client = smtp_.Take([] { return SmtpClient(); });
    Result<SmtpReply> reply = client.Send(server, mail, &options_.addresses);
    smtp_.Return(std::move(client));
    return reply;
  }

 private:
  const TransportOptions options_;
  HttpClientOptions http_options_;
  Pool<HttpClient> http_;
  Pool<SmtpClient> smtp_;
};

}  // namespace

std::unique_ptr<Transport> MakeTransport(TransportOptions options) {
  return std::make_unique<CurlTransport>(std::move(options));
}

}  // namespace securebase::net
