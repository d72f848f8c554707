// What a settings file may say, and that anything else is refused with its place.
#include "cli/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing/temp_folder.h"

namespace securebase::cli {
namespace {

using ::testing::HasSubstr;

class SettingsFileTest : public ::testing::Test {
 protected:
  Result<> Read(std::string_view text) {
    const std::string path = folder_ / "config.yaml";
    EXPECT_TRUE(WriteFileAtomically(PosixFileSystem(), path, text).ok());
    return ReadSettingsFile(PosixFileSystem(), path, settings_);
  }
  std::string ErrorOf(std::string_view text) {
    const Result<> read = Read(text);
    return read.ok() ? "no error" : read.error().message();
  }
  TempFolder folder_;
  Settings settings_;
};

TEST_F(SettingsFileTest, ReadsEveryKey) {
  ASSERT_TRUE(WriteFileAtomically(PosixFileSystem(), folder_ / "id.pem", "PEM").ok());
  const Result<> read = Read(
      "data: /d\nlisten: 127.0.0.1:1\nauth: none\naccount: \"000000000001\"\nregion: eu-west-1\n"
      "environment: prod\ntls: {certificate: c, key: k}\nthreads: {io: 3, workers: 5}\n"
      "metrics: {retention: {seconds: 1h, minutes: 20d, five_minutes: 90d, hours: 500d}}\n"
      "limits: {header_bytes: 2048, body_bytes: 4096, dataset_body_bytes: 8192, connections: 7,\n"
      "  idle_timeout: 1m, header_timeout: 5s, transfer_grace: 6s, bytes_per_second_min: 9}\n"
      "jwt:\n  issuer: i\n  audience: a\n  keys:\n"
      "    - {algorithm: RS256, key_id: one, public_key_file: " +
      (folder_ / "id.pem") +
      "}\n"
      "    - {algorithm: HS256, secret: s}\n"
      "plans:\n  - {name: trial, queries_per_minute: 1, exports_per_minute: 2, "
      "reports_per_minute: 3}\n"
      "log: {level: debug, format: json}\n");

  ASSERT_TRUE(read.ok()) << read.error().message();
  EXPECT_EQ(settings_.data_folder, "/d");
  EXPECT_EQ(settings_.account, "000000000001");
  EXPECT_EQ(settings_.environment, "prod");
  EXPECT_EQ(settings_.retention.seconds, Duration(3'600'000));
  EXPECT_EQ(settings_.retention.hours, std::chrono::hours(500 * 24));
  EXPECT_EQ(settings_.tls_key, "k");
  EXPECT_EQ(settings_.worker_threads, 5u);
  EXPECT_EQ(settings_.limits.body_bytes_max_by_prefix.front().second, 8192u);
  EXPECT_EQ(settings_.limits.idle_timeout, Duration(60'000));
  ASSERT_EQ(settings_.jwt.keys.size(), 2u);
  EXPECT_EQ(settings_.jwt.keys[0].material, "PEM");
  ASSERT_EQ(settings_.plans.size(), 1u);
  EXPECT_EQ(settings_.plans[0].per_minute[api::RateClass::kExports], 2u);
  EXPECT_EQ(settings_.log_format, LogFormat::kJson);
}

TEST_F(SettingsFileTest, LeavesWhatTheFileDoesNotName) {
  ASSERT_TRUE(Read("").ok());
  ASSERT_TRUE(Read("region: eu-west-1\n").ok());
  EXPECT_EQ(settings_.listen, "127.0.0.1:8080");
}

TEST_F(SettingsFileTest, NamesTheLineAndKeyAtFault) {
  EXPECT_THAT(ErrorOf("data: d\nnope: 1\n"),
              HasSubstr("config.yaml: line 2: nope is no known key"));
  EXPECT_THAT(ErrorOf("limits: {bytes: 1}\n"), HasSubstr("limits.bytes is no known key"));
  EXPECT_THAT(ErrorOf("data: a\ndata: b\n"), HasSubstr("data"));
  EXPECT_THAT(ErrorOf("threads: {io: 0}\n"), HasSubstr("threads.io must be a whole number"));
  EXPECT_THAT(ErrorOf("threads: {io: x}\n"), HasSubstr("threads.io must be a whole number"));
  EXPECT_THAT(ErrorOf("data: [a]\n"), HasSubstr("data must be a text"));
  EXPECT_THAT(ErrorOf("limits: 3\n"), HasSubstr("limits must be a mapping"));
  EXPECT_THAT(ErrorOf("- a\n"), HasSubstr("the file must be a mapping"));
  EXPECT_THAT(ErrorOf("plans: {}\n"), HasSubstr("plans must be a list"));
  EXPECT_THAT(ErrorOf("plans: [{name: x, speed: 1}]\n"), HasSubstr("plans[0].speed"));
  EXPECT_THAT(ErrorOf("limits: {idle_timeout: soon}\n"), HasSubstr("must be a duration"));
  EXPECT_THAT(ErrorOf("log: {level: loud}\n"), HasSubstr("one of debug, info, warn, error"));
  EXPECT_THAT(ErrorOf("jwt: {keys: [{public_key_file: /missing}]}\n"), HasSubstr("/missing"));
  EXPECT_THAT(ErrorOf("a: [\n"), HasSubstr("config.yaml"));
  EXPECT_FALSE(ReadSettingsFile(PosixFileSystem(), folder_ / "missing", settings_).ok());
}

TEST(ParseListenTest, ReadsAddresses) {
  auto read = [](std::string_view text, std::string_view address, int port, bool loopback) {
    const Result<ListenAddress> listen = ParseListen(text);
    ASSERT_TRUE(listen.ok()) << text;
    EXPECT_EQ(listen->address, address);
    EXPECT_EQ(listen->port, port);
    EXPECT_EQ(listen->loopback, loopback) << text;
  };
  read("127.0.0.1:80", "127.0.0.1", 80, true);
  read("127.9.9.9:0", "127.9.9.9", 0, true);
  read("localhost:8080", "127.0.0.1", 8080, true);
  read("10.0.0.1:65535", "10.0.0.1", 65535, false);
  read(":8080", "0.0.0.0", 8080, false);
  read("[::1]:8080", "::1", 8080, true);
  read("[::]:8080", "::", 8080, false);
  for (const std::string_view text :
       {"", "8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "example.org:80",
        "[::1:80", "[1.2.3.4]:80", "::1:80"}) {
    EXPECT_FALSE(ParseListen(text).ok()) << text;
  }
}

TEST(CheckSettingsTest, NamesTheOptionAtFault) {
  auto field = [](const std::function<void(Settings&)>& change) {
    Settings settings;
    settings.data_folder = "data";
    change(settings);
    const Result<> checked = CheckSettings(settings);
    return checked.ok() ? std::string("no error") : checked.error().field();
  };
  EXPECT_EQ(field([](Settings&) {}), "no error");
  EXPECT_EQ(field([](Settings& s) { s.data_folder.clear(); }), "data");
  EXPECT_EQ(field([](Settings& s) { s.auth = "maybe"; }), "auth");
  EXPECT_EQ(field([](Settings& s) { s.account = "12"; }), "account");
  EXPECT_EQ(field([](Settings& s) { s.account = "12345678901x"; }), "account");
  EXPECT_EQ(field([](Settings& s) { s.region = "US East"; }), "region");
  EXPECT_EQ(field([](Settings& s) { s.environment = ""; }), "env");
  EXPECT_EQ(field([](Settings& s) { s.retention.minutes = s.retention.hours + Duration(1); }),
            "metrics.retention");
  EXPECT_EQ(field([](Settings& s) { s.tls_key = "k"; }), "tls-cert");
  EXPECT_EQ(field([](Settings& s) { s.jwt.keys = {{.algorithm = "none", .material = "x"}}; }),
            "jwt.keys");
  EXPECT_EQ(field([](Settings& s) { s.jwt.keys = {{.algorithm = "HS256"}}; }), "jwt.keys");
  EXPECT_EQ(field([](Settings& s) { s.plans = {{}}; }), "plans");
}

}  // namespace
}  // namespace securebase::cli
