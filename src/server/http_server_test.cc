// What is promised on the wire: answers in order, limits, time-outs, refusals of what could be
// read in two ways, and a stop that loses nothing. Real sockets; only the clock is not.
#include "server/http_server.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <condition_variable>
#include <fstream>
#include <mutex>
#include <thread>

#include "base/compression.h"
#include "base/testing/manual_clock.h"
#include "base/testing/temp_folder.h"
#include "server/testing/raw_client.h"

namespace securebase::server {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

/// Answers with what it was asked, as the test's paths say.
class EchoHandler final : public http::Handler {
 public:
  void Handle(http::Request request, http::Respond respond) override {
    if (request.path == "/later") {
      std::lock_guard lock(mutex_);
      later_.push_back(std::move(respond));
      arrived_.notify_all();
    } else if (request.path == "/thread") {
      std::thread([respond] { respond(http::Response::Text(200, "from a thread")); }).detach();
    } else if (request.path == "/forget") {
      // Neither keeps nor calls `respond`.
    } else if (request.path == "/twice") {
      respond(http::Response::Text(200, "first"));
      respond(http::Response::Text(200, "second"));
    } else if (request.path == "/file") {
      respond(http::Response{.body_file = file});
    } else if (request.path == "/empty") {
      respond(http::Response{.status = 204});
    } else if (request.path == "/fields") {
      http::Response response = http::Response::Text(200, "x");
      response.headers.Add("X-Split", "a\r\nInjected: yes");
      response.headers.Add("Content-Length", "999");
      response.headers.Add("X-Request-Id", "mine");
      respond(std::move(response));
    } else if (request.path == "/large") {
      respond(http::Response::Text(200, std::string(8u << 20, 'L')));
    } else if (request.path == "/gzip") {
      auto body = http::DecodedBody(request, 1u << 20);
      respond(body.ok() ? http::Response::Text(200, *body)
                        : http::Response::Text(400, body.error().message()));
    } else {
      respond(http::Response::Text(200, request.method + " " + request.path + "?" + request.query +
                                            " " + std::string(request.headers.Get("x-test")) + "|" +
                                            request.body));
    }
  }

  http::Respond TakeLater() {
    std::unique_lock lock(mutex_);
    arrived_.wait(lock, [this] { return !later_.empty(); });
    http::Respond respond = std::move(later_.front());
    later_.erase(later_.begin());
    return respond;
  }

  std::string file;

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<http::Respond> later_;
};

class HttpServerTest : public ::testing::Test {
 protected:
  void Start(HttpServerOptions options = {}) {
    options.timeout_check_interval = Duration(2);
    auto started = HttpServer::Start(std::move(options), handler_, clock_, random_);
    ASSERT_TRUE(started.ok()) << started.error().message();
    server_ = *std::move(started);
  }
  /// Sends on a connection of its own and returns all that comes back until the server closes.
  std::string Exchange(std::string_view bytes) {
    RawClient client(server_->port());
    client.Send(bytes);
    client.FinishSending();
    return client.ReadAll();
  }
  int StatusOf(std::string_view bytes) { return RawClient::Status(Exchange(bytes)); }

  EchoHandler handler_;
  ManualClock clock_{FromUnixSeconds(784'111'777)};
  SystemRandom random_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpServerTest, AnswersAndKeepsTheConnection) {
  Start();
  RawClient client(server_->port());

  client.Send("GET /a%20b?c=%20d HTTP/1.1\r\nHost: x\r\nX-Test: v\r\n\r\n");
  const std::string first = client.ReadResponse();
  client.Send("POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc");
  const std::string second = client.ReadResponse();

  EXPECT_THAT(first, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(first, HasSubstr("Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"));
  EXPECT_THAT(first, HasSubstr("X-Request-Id: "));
  EXPECT_EQ(RawClient::Body(first), "GET /a b?c=%20d v|");
  EXPECT_EQ(RawClient::Body(second), "POST /p? |abc");
  EXPECT_EQ(server_->statistics().requests, 2u);
  EXPECT_EQ(server_->statistics().accepted, 1u);
}

TEST_F(HttpServerTest, AnswersPipelinedRequestsInOrder) {
  Start();
  RawClient client(server_->port());

  client.Send(
      "GET /later HTTP/1.1\r\nHost: x\r\n\r\n"
      "POST /two HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi"
      "GET /thread HTTP/1.1\r\nHost: x\r\n\r\n"
      "GET /four HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  handler_.TakeLater()(http::Response::Text(200, "one"));

  EXPECT_EQ(RawClient::Body(client.ReadResponse()), "one");
  EXPECT_EQ(RawClient::Body(client.ReadResponse()), "POST /two? |hi");
  EXPECT_EQ(RawClient::Body(client.ReadResponse()), "from a thread");
  const std::string last = client.ReadResponse();
  EXPECT_EQ(RawClient::Body(last), "GET /four? |");
  EXPECT_THAT(last, HasSubstr("Connection: close\r\n"));
  EXPECT_EQ(client.ReadAll(), "");
}

TEST_F(HttpServerTest, ReadsARequestThatComesByteByByte) {
  Start();
  RawClient client(server_->port());

  for (const char byte : std::string_view("\r\nPOST /slow HTTP/1.1\r\nHost: x\r\n"
                                          "Transfer-Encoding: chunked\r\n\r\n"
                                          "3;a=b\r\nabc\r\n2\r\nde\r\n0\r\nTrailer: t\r\n\r\n")) {
    ASSERT_TRUE(client.Send({&byte, 1}));
  }

  EXPECT_EQ(RawClient::Body(client.ReadResponse()), "POST /slow? |abcde");
}

TEST_F(HttpServerTest, SpeaksHttp10) {
  Start();
  EXPECT_THAT(Exchange("GET /old HTTP/1.0\r\n\r\n"),
              AllOf(HasSubstr("Connection: close\r\n"), HasSubstr("GET /old? |")));

  RawClient client(server_->port());
  client.Send("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_THAT(client.ReadResponse(), HasSubstr("Connection: keep-alive\r\n"));
  client.Send("GET /b HTTP/1.0\r\n\r\n");
  EXPECT_EQ(RawClient::Body(client.ReadResponse()), "GET /b? |");
}

TEST_F(HttpServerTest, AnswersHeadWithoutABody) {
  Start();
  RawClient client(server_->port());

  client.Send("HEAD /h HTTP/1.1\r\nHost: x\r\n\r\nGET /next HTTP/1.1\r\nHost: x\r\n\r\n");

  EXPECT_THAT(client.ReadResponse(/*head=*/true), HasSubstr("Content-Length: 10\r\n"));
  EXPECT_EQ(RawClient::Body(client.ReadResponse()), "GET /next? |");
}

TEST_F(HttpServerTest, SendsNoLengthWhereNoBodyMayBe) {
  Start();
  EXPECT_THAT(Exchange("GET /empty HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
              AllOf(StartsWith("HTTP/1.1 204 No Content\r\n"), Not(HasSubstr("Content-Length"))));
}

TEST_F(HttpServerTest, KeepsItsOwnFieldsAndLetsNoneBeInjected) {
  Start();
  const std::string response =
      Exchange("GET /fields HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(response, HasSubstr("X-Split: a  Injected: yes\r\n"));
  EXPECT_THAT(response, HasSubstr("Content-Length: 1\r\n"));
  EXPECT_THAT(response, HasSubstr("X-Request-Id: mine\r\n"));
  EXPECT_THAT(response, Not(HasSubstr("999")));
}

TEST_F(HttpServerTest, RefusesWhatIsMalformedOrCouldBeReadInTwoWays) {
  Start();
  auto refused = [&](std::string_view bytes, int status = 400) {
    EXPECT_EQ(StatusOf(bytes), status) << bytes;
  };
  refused("nonsense\r\n\r\n");
  refused("GET / HTTP/2.0\r\nHost: x\r\n\r\n");
  refused("GET / HTTP/1.1\r\n\r\n");
  refused("GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n");
  refused("GET / HTTP/1.1\r\nHost: x\r\nBad Name: y\r\n\r\n");
  refused("GET nopath HTTP/1.1\r\nHost: x\r\n\r\n");
  refused("GET * HTTP/1.1\r\nHost: x\r\n\r\n");
  refused("GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n");
  refused("GET /%ff HTTP/1.1\r\nHost: x\r\n\r\n");
  refused("GET /%00 HTTP/1.1\r\nHost: x\r\n\r\n");
  refused("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na");
  refused("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1, 2\r\n\r\na");
  refused("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n");
  refused("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n");
  refused("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n");
  refused(
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
      "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
  refused("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
  refused("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n");
  refused("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501);
  refused("POST / HTTP/1.1\r\nHost: x\r\nExpect: magic\r\n\r\n", 417);
  refused("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nshort");
  EXPECT_EQ(server_->statistics().requests, 0u);
  EXPECT_EQ(server_->statistics().refused_requests, 21u);
}

TEST_F(HttpServerTest, TakesAbsoluteAndAsteriskTargets) {
  Start();
  EXPECT_THAT(Exchange("GET http://x:1/p?q HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
              HasSubstr("GET /p?q |"));
  EXPECT_THAT(Exchange("GET http://x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
              HasSubstr("GET /? |"));
  EXPECT_THAT(Exchange("OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
              HasSubstr("OPTIONS *? |"));
}

TEST_F(HttpServerTest, LimitsHeaderAndBody) {
  HttpServerOptions options;
  options.limits.header_bytes_max = 512;
  options.limits.body_bytes_max = 100;
  options.limits.body_bytes_max_by_prefix = {{"/datasets", 1000}};
  Start(std::move(options));
  const std::string long_field = "X: " + std::string(600, 'x') + "\r\n";
  std::string many_fields;
  for (int i = 0; i < 100; ++i) many_fields += "X-" + std::to_string(i) + ": v\r\n";
  auto post = [](std::string_view path, std::size_t size) {
    return "POST " + std::string(path) + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" +
           "Content-Length: " + std::to_string(size) + "\r\n\r\n" + std::string(size, 'b');
  };
  auto chunked = [](std::string_view path, std::size_t size) {
    char hex[17];
    std::snprintf(hex, sizeof hex, "%zx", size);
    return "POST " + std::string(path) + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" +
           "Transfer-Encoding: chunked\r\n\r\n" + hex + "\r\n" + std::string(size, 'b') +
           "\r\n0\r\n\r\n";
  };

  EXPECT_EQ(StatusOf("GET / HTTP/1.1\r\nHost: x\r\n" + long_field + "\r\n"), 431);
  EXPECT_EQ(StatusOf("GET / HTTP/1.1\r\nHost: x\r\n" + many_fields + "\r\n"), 431);
  EXPECT_EQ(StatusOf("GET /" + std::string(600, 'p')), 431);
  EXPECT_EQ(StatusOf(post("/x", 100)), 200);
  EXPECT_EQ(StatusOf(post("/x", 101)), 413);
  EXPECT_EQ(StatusOf(post("/datasets/a", 1000)), 200);
  EXPECT_EQ(StatusOf(post("/datasets/a", 1001)), 413);
  EXPECT_EQ(StatusOf(chunked("/x", 100)), 200);
  EXPECT_EQ(StatusOf(chunked("/x", 101)), 413);
}

TEST_F(HttpServerTest, CountsHeaderBytesThatComeInPieces) {
  HttpServerOptions options;
  options.limits.header_bytes_max = 512;
  Start(std::move(options));
  RawClient client(server_->port());

  client.Send("GET / HTTP/1.1\r\nHost: x\r\n");
  for (int i = 0; i < 200 && client.Send("X-Piece: value\r\n"); ++i) {
  }

  EXPECT_EQ(RawClient::Status(client.ReadAll()), 431);
}

TEST_F(HttpServerTest, AnswersAnOversizedBodyBeforeItIsRead) {
  HttpServerOptions options;
  options.limits.body_bytes_max = 100;
  Start(std::move(options));
  RawClient client(server_->port());

  client.Send(
      "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
      "Content-Length: 1000000\r\n\r\n");

  EXPECT_EQ(RawClient::Status(client.ReadAll()), 413);
}

TEST_F(HttpServerTest, SaysContinueBeforeTheBody) {
  Start();
  RawClient client(server_->port());

  client.Send("POST /c HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(client.ReadUntil("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.Send("ok");
  EXPECT_EQ(RawClient::Body(client.ReadResponse()), "POST /c? |ok");

  // With the body in the same packet there is nothing to say.
  client.Send("POST /d HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nok");
  EXPECT_EQ(RawClient::Body(client.ReadResponse()), "POST /d? |ok");
}

TEST_F(HttpServerTest, ReadsLargeBodies) {
  Start();
  const std::string body(5u << 20, 'z');
  RawClient client(server_->port());
  std::thread sender([&] {
    client.Send("POST /big HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body.size()) +
                "\r\n\r\n" + body + "GET /after HTTP/1.1\r\nHost: x\r\n\r\n");
  });
  const std::string response = client.ReadResponse();
  sender.join();

  EXPECT_EQ(RawClient::Body(response).size(), body.size() + std::string("POST /big? |").size());
  EXPECT_EQ(RawClient::Body(client.ReadResponse()), "GET /after? |");
}

TEST_F(HttpServerTest, WritesLargeResponsesToASlowReader) {
  Start();
  RawClient client(server_->port());
  client.Send("GET /large HTTP/1.1\r\nHost: x\r\n\r\nGET /n HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(RawClient::Body(client.ReadResponse()), std::string(8u << 20, 'L'));
  EXPECT_EQ(RawClient::Body(client.ReadResponse()), "GET /n? |");
}

TEST_F(HttpServerTest, SendsFiles) {
  TempFolder folder;
  handler_.file = folder.path() + "/export.csv";
  const std::string content(700'000, 'f');
  std::ofstream(handler_.file) << content;
  Start();
  RawClient client(server_->port());

  client.Send("GET /file HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(RawClient::Body(client.ReadResponse()), content);
  client.Send("HEAD /file HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(client.ReadResponse(/*head=*/true), HasSubstr("Content-Length: 700000\r\n"));

  handler_.file += ".missing";
  client.Send("GET /file HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(RawClient::Status(client.ReadAll()), 500);
}

TEST_F(HttpServerTest, AnswersForAHandlerThatDoesNot) {
  Start();
  RawClient client(server_->port());
  client.Send("GET /forget HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(RawClient::Status(client.ReadResponse()), 500);
  client.Send("GET /twice HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(RawClient::Body(client.ReadResponse()), "first");
  client.Send("GET /on HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(RawClient::Body(client.ReadResponse()), "GET /on? |");
}

TEST_F(HttpServerTest, PassesCompressedBodiesOn) {
  Start();
  const std::string packed = Gzip("unpacked");
  EXPECT_THAT(Exchange("POST /gzip HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\n"
                       "Connection: close\r\nContent-Length: " +
                       std::to_string(packed.size()) + "\r\n\r\n" + packed),
              HasSubstr("unpacked"));
}

// Advances the clock until the server has reacted: only whether it does is left to real time.
TEST_F(HttpServerTest, ClosesIdleAndSlowConnections) {
  Start();
  RawClient idle(server_->port());
  idle.Send("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_EQ(RawClient::Status(idle.ReadResponse()), 200);
  RawClient slow_header(server_->port());
  slow_header.Send("GET /b HTTP/1.1\r\nHost");
  RawClient slow_body(server_->port());
  slow_body.Send(
      "POST /c HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
      "Content-Length: 10\r\n\r\n");
  ASSERT_THAT(slow_body.ReadUntil("\r\n\r\n"), HasSubstr("100 Continue"));
  RawClient patient(server_->port());
  patient.Send("GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
  http::Respond respond = handler_.TakeLater();

  std::jthread time([this](std::stop_token stop) {
    while (!stop.stop_requested()) {
      clock_.Advance(Duration(1'000));
      std::this_thread::yield();
    }
  });

  EXPECT_EQ(idle.ReadAll(), "");
  EXPECT_EQ(RawClient::Status(slow_header.ReadAll()), 408);
  EXPECT_EQ(RawClient::Status(slow_body.ReadAll()), 408);
  time.request_stop();
  time.join();
  respond(http::Response::Text(200, "worth the wait"));
  EXPECT_EQ(RawClient::Body(patient.ReadResponse()), "worth the wait");
}

TEST_F(HttpServerTest, BreaksOffAResponseThatNobodyReads) {
  Start();
  RawClient client(server_->port());
  for (int i = 0; i < 8; ++i) client.Send("GET /large HTTP/1.1\r\nHost: x\r\n\r\n");

  while (server_->statistics().requests == 0) std::this_thread::yield();
  while (server_->statistics().connections > 0) {
    clock_.Advance(Duration(1'000));
    std::this_thread::yield();
  }

  EXPECT_LT(client.ReadAll().size(), 64u << 20);
}

TEST_F(HttpServerTest, LimitsConnections) {
  HttpServerOptions options;
  options.limits.connections_max = 1;
  Start(std::move(options));
  RawClient first(server_->port());
  first.Send("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_EQ(RawClient::Status(first.ReadResponse()), 200);

  RawClient second(server_->port());
  EXPECT_EQ(RawClient::Status(second.ReadAll()), 503);

  EXPECT_EQ(server_->statistics().refused_connections, 1u);
  first.Send("GET /b HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(RawClient::Body(first.ReadResponse()), "GET /b? |");
}

TEST_F(HttpServerTest, FinishesWhatItAcceptedWhenItStops) {
  Start();
  RawClient idle(server_->port());
  idle.Send("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_EQ(RawClient::Status(idle.ReadResponse()), 200);
  RawClient busy(server_->port());
  busy.Send("GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
  http::Respond respond = handler_.TakeLater();

  bool drained = false;
  std::thread stopper([&] { drained = server_->Stop(std::chrono::seconds(20)); });
  EXPECT_EQ(idle.ReadAll(), "");
  respond(http::Response::Text(200, "finished"));
  stopper.join();

  EXPECT_THAT(busy.ReadAll(), AllOf(HasSubstr("Connection: close\r\n"), HasSubstr("finished")));
  EXPECT_TRUE(drained);
  EXPECT_THROW(RawClient(server_->port()), std::runtime_error);
  EXPECT_TRUE(server_->Stop(std::chrono::seconds(0)));
}

TEST_F(HttpServerTest, CutsWhatDoesNotFinishInTime) {
  Start();
  RawClient busy(server_->port());
  busy.Send("GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
  http::Respond respond = handler_.TakeLater();

  EXPECT_FALSE(server_->Stop(std::chrono::milliseconds(1)));
  respond(http::Response::Text(200, "too late"));
  server_.reset();

  EXPECT_EQ(busy.ReadAll(), "");
}

TEST_F(HttpServerTest, ListensOnIPv6) {
  Start({.address = "::1"});
  EXPECT_THAT(server_->url(), StartsWith("http://[::1]:"));
}

TEST_F(HttpServerTest, SaysWhyItCannotListen) {
  Start();
  auto error = [&](HttpServerOptions options) {
    auto result = HttpServer::Start(std::move(options), handler_, clock_, random_);
    return result.ok() ? std::string() : result.error().message();
  };
  EXPECT_THAT(error({.port = server_->port()}), HasSubstr("cannot listen on 127.0.0.1:"));
  EXPECT_THAT(error({.address = "example.org"}), HasSubstr("not a numeric address"));
}

class HttpServerTlsTest : public HttpServerTest {
 protected:
  void SetUp() override {
    WriteTestCertificate(Certificate(), Key());
    Start({.tls = TlsFiles{Certificate(), Key()}});
  }
  std::string Certificate() { return folder_.path() + "/cert.pem"; }
  std::string Key() { return folder_.path() + "/key.pem"; }
  TempFolder folder_;
};

TEST_F(HttpServerTlsTest, ServesTls12And13AndNothingOlder) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    RawClient client(server_->port(), {version, version, "http/1.1"});
    ASSERT_TRUE(client.connected());
    EXPECT_EQ(client.alpn(), "http/1.1");
    client.Send("GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /thread HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_EQ(RawClient::Body(client.ReadResponse()), "GET /a? |");
    EXPECT_EQ(RawClient::Body(client.ReadResponse()), "from a thread");
    client.Send("GET /large HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    EXPECT_EQ(RawClient::Body(client.ReadResponse()).size(), 8u << 20);
    EXPECT_EQ(client.ReadAll(), "");
  }
  RawClient old(server_->port(), {TLS1_VERSION, TLS1_1_VERSION, ""});
  EXPECT_FALSE(old.connected());
  RawClient other_protocol(server_->port(), {0, 0, "h2"});
  EXPECT_FALSE(other_protocol.connected());
}

TEST_F(HttpServerTlsTest, SurvivesAPlainClientAndASilentOne) {
  RawClient plain(server_->port());
  plain.Send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  plain.ReadAll();
  RawClient silent(server_->port());
  std::jthread time([this](std::stop_token stop) {
    while (!stop.stop_requested()) {
      clock_.Advance(Duration(1'000));
      std::this_thread::yield();
    }
  });
  EXPECT_EQ(silent.ReadAll(), "");
  time.request_stop();
  time.join();
  RawClient client(server_->port(), {});
  EXPECT_TRUE(client.connected());
}

TEST_F(HttpServerTlsTest, NamesTheFileThatCannotBeUsed) {
  auto error = [&](const std::string& certificate, const std::string& key) {
    auto result = HttpServer::Start({.tls = TlsFiles{certificate, key}}, handler_, clock_, random_);
    return result.ok() ? std::string() : result.error().message();
  };
  const std::string other_key = folder_.path() + "/other.pem";
  WriteTestCertificate(folder_.path() + "/other-cert.pem", other_key);
  EXPECT_THAT(error("/missing.pem", Key()), HasSubstr("/missing.pem"));
  EXPECT_THAT(error(Certificate(), "/missing.pem"), HasSubstr("/missing.pem"));
  EXPECT_THAT(error(Certificate(), other_key), HasSubstr(other_key));
}

}  // namespace
}  // namespace securebase::server
