// The commands as a person runs them, in this process: start, ask, stop by signal, exit codes.
#include "cli/server_process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "base/json.h"
#include "base/testing/temp_folder.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/command.h"
#include "net/http_client.h"

namespace securebase::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

struct Outcome {
  int code = -1;
  std::string out;
  std::string err;
};

Outcome RunMain(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "securebase");
  std::vector<const char*> argv;
  for (const std::string& argument : arguments) argv.push_back(argument.c_str());
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  Outcome outcome;
  outcome.code = Main(static_cast<int>(argv.size()), argv.data());
  std::fflush(stdout);
  outcome.out = ::testing::internal::GetCapturedStdout();
  outcome.err = ::testing::internal::GetCapturedStderr();
  return outcome;
}

/// A server command on a thread of the test, stopped as a service manager would.
class RunningServer {
 public:
  RunningServer(const TempFolder& folder, std::vector<std::string> arguments)
      : port_path_(folder / "port") {
    // Before any thread: the signal must reach the command's sigwait, not end the test.
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    arguments.insert(arguments.begin(), "securebase");
    for (const char* more : {"--data", "--listen", "127.0.0.1:0", "--port-file"}) {
      arguments.emplace_back(more);
      if (arguments.back() == "--data") arguments.push_back(folder / "data");
    }
    arguments.push_back(port_path_);
    thread_ = std::thread([this, arguments] {
      std::vector<const char*> argv;
      for (const std::string& argument : arguments) argv.push_back(argument.c_str());
      code_ = Main(static_cast<int>(argv.size()), argv.data());
      ended_ = true;
    });
    while (!PosixFileSystem().Exists(port_path_) && !ended_) std::this_thread::yield();
    if (const auto port = PosixFileSystem().Read(port_path_); port.ok()) {
      url_ = "http://127.0.0.1:" + std::string(Trim(*port));
    }
  }
  ~RunningServer() { Stop(); }

  int Stop() {
    if (!thread_.joinable()) return code_;
    if (!ended_) ::kill(::getpid(), SIGTERM);
    thread_.join();
    static_cast<void>(PosixFileSystem().Remove(port_path_));
    return code_;
  }
  const std::string& url() const { return url_; }

  net::HttpClientResponse Get(const std::string& path, const std::string& key = {}) const {
    net::HttpClient client;
    net::HttpClientRequest request{.url = url_ + path};
    if (!key.empty()) request.headers.emplace_back("Authorization", "Bearer " + key);
    const Result<net::HttpClientResponse> response = client.Send(request);
    EXPECT_TRUE(response.ok());
    return response.ok() ? *response : net::HttpClientResponse();
  }

 private:
  const std::string port_path_;
  std::string url_;
  std::atomic<int> code_{-1};
  std::atomic<bool> ended_{false};
  std::thread thread_;
};

TEST(MainTest, MapsWrongUsageToTwo) {
  EXPECT_EQ(RunMain({"--version"}).out, "securebase 0.1.0\n");
  EXPECT_EQ(RunMain({"--help"}).code, kExitGood);
  EXPECT_EQ(RunMain({}).code, kExitUsage);
  EXPECT_EQ(RunMain({"nonsense"}).code, kExitUsage);
  EXPECT_EQ(RunMain({"serve", "--nonsense"}).code, kExitUsage);
}

TEST(MainTest, ShowsAnExampleOfEveryCommand) {
  for (const Command& command : AllCommands()) {
    const Outcome help = RunMain({command.name, "--help"});
    EXPECT_EQ(help.code, kExitGood) << command.name;
    EXPECT_THAT(help.out, HasSubstr("securebase " + command.name)) << command.name;
  }
}

TEST(ServeTest, RefusesWhatCannotBe) {
  TempFolder folder;
  auto usage = [](std::vector<std::string> arguments, std::string_view message) {
    arguments.insert(arguments.begin(), "serve");
    const Outcome outcome = RunMain(std::move(arguments));
    EXPECT_EQ(outcome.code, kExitUsage) << message;
    EXPECT_THAT(outcome.err, HasSubstr(std::string(message)));
  };
  const std::string data = folder / "data";
  usage({}, "--data is missing");
  usage({"--data", data, "--listen", "nowhere"}, "--listen must be");
  usage({"--data", data, "--listen", "0.0.0.0:0", "--auth", "none"}, "--i-know");
  usage({"--data", data, "--clock", "yesterday"}, "--clock");
  usage({"--data", data, "--account", "1"}, "12 digits");
  usage({"--data", data, "--config", folder / "missing.yaml"}, "missing.yaml");
  usage({"--data", data, "--listen", "127.0.0.1:0", "--tls-cert", "/no.pem", "--tls-key", "/no"},
        "/no.pem");
  EXPECT_EQ(RunMain({"serve", "--data", "/proc/nowhere", "--listen", "127.0.0.1:0"}).code,
            kExitNotMet);
}

TEST(ServeTest, RequiresKeysThatTheCommandLineMakes) {
  TempFolder folder;
  const Outcome made = RunMain(
      {"key", "create", "--customer", "acme", "--role", "admin", "--data", folder / "data"});
  ASSERT_EQ(made.code, kExitGood) << made.err;
  EXPECT_THAT(made.out, StartsWith("sbk_"));
  const std::string key(Trim(made.out));
  const std::string config = folder / "config.yaml";
  ASSERT_TRUE(WriteFileAtomically(PosixFileSystem(), config,
                                  "data: overridden\nenvironment: test\nlog: {level: error}\n")
                  .ok());

  RunningServer server(folder, {"serve", "--config", config, "--clock", "2026-06-01T00:00:00Z"});
  ASSERT_FALSE(server.url().empty());
  EXPECT_EQ(server.Get("/readyz").status, 200);
  EXPECT_EQ(server.Get("/v1/reports").status, 401);
  EXPECT_EQ(server.Get("/v1/reports", key).status, 200);
  EXPECT_EQ(server.Get("/").status, 200);

  const Outcome second = RunMain({"serve", "--data", folder / "data", "--listen", "127.0.0.1:0"});
  EXPECT_EQ(second.code, kExitNotMet);
  EXPECT_THAT(second.err, HasSubstr("cannot open " + (folder / "data")));

  const std::vector<std::string> target = {"--endpoint", server.url(), "--key", key};
  auto online = [&target](std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), target.begin(), target.end());
    return RunMain(std::move(arguments));
  };
  const Outcome pair = online({"key", "create", "--aws", "--role", "viewer"});
  EXPECT_EQ(pair.code, kExitGood) << pair.err;
  EXPECT_THAT(pair.out, StartsWith("AKIA"));
  const std::string id = pair.out.substr(0, pair.out.find('\n'));
  EXPECT_THAT(online({"key", "list"}).out, HasSubstr(id));
  EXPECT_EQ(online({"key", "delete", id}).code, kExitGood);
  EXPECT_EQ(online({"key", "delete", id}).code, kExitNotMet);
  EXPECT_EQ(online({"key", "create", "--customer", "b", "--plan", "nonsense"}).code, kExitNotMet);
  EXPECT_EQ(RunMain({"key", "list", "--endpoint", server.url(), "--key", "wrong"}).code,
            kExitNotMet);

  EXPECT_EQ(server.Stop(), kExitGood);
  EXPECT_EQ(RunMain({"key", "list", "--endpoint", server.url(), "--key", key}).code, kExitNotMet);
}

TEST(KeyTest, WorksOnTheFolderOfAStoppedServer) {
  TempFolder folder;
  const std::vector<std::string> target = {"--data", folder / "data"};
  auto key = [&target](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "key");
    arguments.insert(arguments.end(), target.begin(), target.end());
    return RunMain(std::move(arguments));
  };
  const Outcome pair = key({"create", "--aws"});
  ASSERT_EQ(pair.code, kExitGood) << pair.err;
  EXPECT_EQ(Split(Trim(pair.out), '\n').size(), 2u);
  const std::string id = pair.out.substr(0, pair.out.find('\n'));
  EXPECT_THAT(key({"list"}).out, HasSubstr(id));
  EXPECT_EQ(key({"delete", id}).code, kExitGood);
  EXPECT_EQ(key({"delete", id}).code, kExitNotMet);
  EXPECT_EQ(key({"create"}).code, kExitUsage);
  EXPECT_EQ(key({"create", "--customer", "a\nb"}).code, kExitUsage);
  EXPECT_EQ(key({"list", "--endpoint", "http://127.0.0.1:1"}).code, kExitUsage);
  EXPECT_EQ(RunMain({"key", "list"}).code, kExitUsage);
  EXPECT_EQ(RunMain({"key", "create", "--customer", "a"}).code, kExitUsage);
}

TEST(DemoTest, HasDataOfItsCustomersAndTheSameKeyAgain) {
  TempFolder folder;
  std::string key;
  for (int start = 0; start < 2; ++start) {
    RunningServer server(folder, {"demo"});
    ASSERT_FALSE(server.url().empty());
    const auto answer =
        json::Parse(server.Get("/v1/analytics?dateRange=30d&dimension=service").body);
    ASSERT_TRUE(answer.ok());
    const json::Value* rows = answer->Find("data");
    ASSERT_NE(rows, nullptr);
    EXPECT_FALSE(rows->AsArray().empty());
    // The traffic has begun when the first customer's report is there.
    while (server.Get("/v1/reports").body.find("rpt-") == std::string::npos) {
      std::this_thread::yield();
    }
    EXPECT_EQ(server.Stop(), kExitGood);
    const Result<std::string> kept = PosixFileSystem().Read(folder / "data/demo.key");
    ASSERT_TRUE(kept.ok());
    if (start > 0) {
      EXPECT_EQ(*kept, key);
    }
    key = *kept;
  }
}

}  // namespace
}  // namespace securebase::cli
