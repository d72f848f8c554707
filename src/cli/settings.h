#pragma once

// What `serve` and `demo` can be told, on the command line or in a file (docs/configuration.md).

#include <optional>
#include <string>
#include <vector>

#include "api/api.h"
#include "base/file_system.h"
#include "base/log.h"
#include "base/result.h"
#include "ingest/settings.h"
#include "metrics/retention.h"
#include "server/http_server.h"
#include "server/notification.h"

namespace securebase::cli {

struct Settings {
  std::string data_folder;
  std::string listen = "127.0.0.1:8080";
  std::string auth = "required";  // or "none"
  std::string account = Account().id;
  std::string region = Account().region;
  std::string environment = "dev";
  metrics::Retention retention;  // of metrics
  std::string tls_certificate;
  std::string tls_key;
  std::string syslog_udp;  // ADDRESS:PORT, empty: no syslog
  std::string syslog_tcp;
  std::size_t io_threads = 2;
  std::size_t worker_threads = 4;
  server::HttpLimits limits;
  api::JwtOptions jwt;
  std::vector<api::Plan> plans;
  server::NotificationOptions notification;
  bool strict_dashboards = false;
  ingest::IngestSettings ingest;
  LogLevel log_level = LogLevel::kInfo;
  LogFormat log_format = LogFormat::kText;

  Settings();
};

/// Reads a YAML file into `settings`: what it does not name keeps its value. Errors:
/// kInvalidArgument naming the file, the line and the key: unknown, twice, or of a wrong kind.
Result<> ReadSettingsFile(FileSystem& files, const std::string& path, Settings& settings);

struct ListenAddress {
  std::string address;  // numeric, without brackets
  std::uint16_t port = 0;
  bool loopback = false;
};

/// Reads "127.0.0.1:8080", "[::1]:8080", "localhost:8080" or ":8080" (all addresses).
/// kInvalidArgument (field "listen") else.
Result<ListenAddress> ParseListen(std::string_view text);

/// Whether the settings fit together: the account's form, the authentication's name, both TLS
/// files or none. kInvalidArgument names the option.
Result<> CheckSettings(const Settings& settings);

}  // namespace securebase::cli
