// Against a server of this file that answers each connection with given bytes.
#include "net/http_client.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <thread>
#include <vector>

namespace securebase::net {
namespace {

using ::testing::HasSubstr;

// Listens on a port that the system chooses. Reads one request a connection, up to the end of
// its head and a body of `body_bytes`, and answers with the next text.
class CannedServer {
 public:
  explicit CannedServer(std::vector<std::string> answers, std::size_t body_bytes = 0) {
    listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(listener_, 8), 0);
    socklen_t size = sizeof address;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this, answers = std::move(answers), body_bytes] {
      for (const std::string& answer : answers) Serve(answer, body_bytes);
    });
  }
  ~CannedServer() {
    ::shutdown(listener_, SHUT_RDWR);
    Join();
    ::close(listener_);
  }

  std::string Url(const std::string& path) const {
    return "http://127.0.0.1:" + std::to_string(port_) + path;
  }
  /// All that was received; waits for the last answer to be sent.
  const std::string& received() {
    Join();
    return received_;
  }

 private:
  void Join() {
    if (thread_.joinable()) thread_.join();
  }
  void Serve(const std::string& answer, std::size_t body_bytes) {
    const int connection = ::accept(listener_, nullptr, nullptr);
    if (connection < 0) return;
    std::string request;
    char buffer[4096];
    while (true) {
      const std::size_t end = request.find("\r\n\r\n");
      if (end != std::string::npos && request.size() >= end + 4 + body_bytes) break;
      const ssize_t count = ::recv(connection, buffer, sizeof buffer, 0);
      if (count <= 0) break;
      request.append(buffer, static_cast<std::size_t>(count));
    }
    received_ += request;
    // The client may have seen enough and gone.
    static_cast<void>(::send(connection, answer.data(), answer.size(), MSG_NOSIGNAL));
    ::close(connection);
  }

  int listener_ = -1;
  int port_ = 0;
  std::string received_;
  std::thread thread_;
};

TEST(HttpClientTest, GetsStatusHeadersAndBody) {
  CannedServer server(
      {"HTTP/1.1 404 Not Found\r\nX-Thing:  one \r\nContent-Length: 5\r\n"
       "Connection: close\r\n\r\nhello"});
  HttpClient client({.user_agent = "tester"});
  const auto response =
      client.Send({.url = server.Url("/a?b=c"), .headers = {{"X-Key", "value"}, {"X-Empty", ""}}});
  ASSERT_TRUE(response.ok()) << response.error().message();
  EXPECT_EQ(response->status, 404);
  EXPECT_EQ(response->Header("x-thing"), "one");
  EXPECT_EQ(response->Header("x-none"), "");
  EXPECT_EQ(response->body, "hello");
  EXPECT_THAT(server.received(), HasSubstr("GET /a?b=c HTTP/1.1\r\n"));
  EXPECT_THAT(server.received(), HasSubstr("X-Key: value\r\n"));
  EXPECT_THAT(server.received(), HasSubstr("X-Empty:"));
  EXPECT_THAT(server.received(), HasSubstr("User-Agent: tester\r\n"));
}

TEST(HttpClientTest, SendsABodyWithAnyMethod) {
  const std::string ok = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
  CannedServer server({ok, ok}, 5'000);
  HttpClient client;
  const std::string body(5'000, 'b');
  ASSERT_TRUE(client.Send({.method = "POST", .url = server.Url("/p"), .body = body}).ok());
  ASSERT_TRUE(client.Send({.method = "PUT", .url = server.Url("/q"), .body = body}).ok());
  EXPECT_THAT(server.received(), HasSubstr("POST /p HTTP/1.1\r\n"));
  EXPECT_THAT(server.received(), HasSubstr("PUT /q HTTP/1.1\r\n"));
  EXPECT_THAT(server.received(), HasSubstr("Content-Length: 5000\r\n"));
  EXPECT_THAT(server.received(), HasSubstr(body));
  EXPECT_EQ(server.received().find("Expect"), std::string::npos);
}

TEST(HttpClientTest, HeadHasNoBody) {
  CannedServer server({"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\n"});
  HttpClient client;
  const auto response = client.Send({.method = "HEAD", .url = server.Url("/")});
  ASSERT_TRUE(response.ok()) << response.error().message();
  EXPECT_EQ(response->Header("content-length"), "5");
  EXPECT_EQ(response->body, "");
}

TEST(HttpClientTest, HeadersOfAContinueAreNotTheAnswers) {
  CannedServer server(
      {"HTTP/1.1 100 Continue\r\nX-First: 1\r\n\r\n"
       "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"});
  HttpClient client;
  const auto response = client.Send({.url = server.Url("/")});
  ASSERT_TRUE(response.ok()) << response.error().message();
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->Header("x-first"), "");
}

TEST(HttpClientTest, FailuresAreTold) {
  HttpClient client({.connect_timeout = std::chrono::seconds(5)});
  const auto code = [&](const HttpClientRequest& request) {
    const auto response = client.Send(request);
    return response.ok() ? ErrorCode::kInternal : response.error().code();
  };
  EXPECT_EQ(code({.url = "file:///etc/passwd"}), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code({.url = "not a url"}), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code({.url = "http://127.0.0.1/\r\nX: y"}), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code({.method = "GET\r\n", .url = "http://127.0.0.1/"}), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code({.url = "http://127.0.0.1/", .headers = {{"A", "b\r\nC: d"}}}),
            ErrorCode::kInvalidArgument);
  EXPECT_EQ(code({.url = "http://127.0.0.1/", .headers = {{"", "b"}}}),
            ErrorCode::kInvalidArgument);
  std::string closed;
  {
    CannedServer server({});
    closed = server.Url("/");
  }
  EXPECT_EQ(code({.url = closed}), ErrorCode::kUnavailable);
  CannedServer hangs_up({""});
  EXPECT_EQ(code({.url = hangs_up.Url("/")}), ErrorCode::kUnavailable);
}

TEST(HttpClientTest, AnAnswerBeyondTheLimitIsCutOff) {
  CannedServer server({"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\nConnection: close\r\n\r\n" +
                       std::string(2'000, 'x')});
  HttpClient client({.response_bytes_max = 1'000});
  const auto response = client.Send({.url = server.Url("/")});
  ASSERT_FALSE(response.ok());
  EXPECT_EQ(response.error().code(), ErrorCode::kLimitExceeded);
}

TEST(HttpClientTest, ASilentServerIsGivenUp) {
  // Nobody accepts: the system completes the connection, and no answer comes.
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(::listen(listener, 1), 0);
  socklen_t size = sizeof address;
  ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
  HttpClient client({.timeout = Duration(50), .insecure = true});
  const auto response =
      client.Send({.url = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/"});
  ::close(listener);
  ASSERT_FALSE(response.ok());
  EXPECT_EQ(response.error().code(), ErrorCode::kDeadlineExceeded);
}

}  // namespace
}  // namespace securebase::net
