#include "cli/server_process.h"

#include <signal.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <thread>

#include "base/log.h"
#include "base/time.h"
#include "cli/command.h"
#include "server/syslog_receiver.h"

namespace securebase::cli {
namespace {

constexpr std::chrono::seconds kStopDeadline{30};

/// The options as given over the file's over the defaults.
Result<Settings> MergeSettings(CLI::App& app, const ServerOptions& options) {
  Settings settings = options.settings;  // defaults and command line
  if (options.config_path.empty()) return settings;
  Settings file;
  file.listen = settings.listen;  // a command's own defaults
  file.auth = settings.auth;
  file.data_folder = settings.data_folder;
  SB_TRY_OK(ReadSettingsFile(PosixFileSystem(), options.config_path, file));
  auto given = [&app](const char* name) {
    const CLI::Option* option = app.get_option_no_throw(name);
    return option != nullptr && option->count() > 0;
  };
  if (given("--data")) file.data_folder = settings.data_folder;
  if (given("--listen")) file.listen = settings.listen;
  if (given("--auth")) file.auth = settings.auth;
  if (given("--account")) file.account = settings.account;
  if (given("--region")) file.region = settings.region;
  if (given("--env")) file.environment = settings.environment;
  if (given("--tls-cert")) file.tls_certificate = settings.tls_certificate;
  if (given("--tls-key")) file.tls_key = settings.tls_key;
  if (given("--syslog-udp")) file.syslog_udp = settings.syslog_udp;
  if (given("--syslog-tcp")) file.syslog_tcp = settings.syslog_tcp;
  if (given("--threads")) file.io_threads = settings.io_threads;
  if (given("--log-format")) file.log_format = settings.log_format;
  return file;
}

server::ApplicationOptions ApplicationOf(const Settings& settings) {
  server::ApplicationOptions options;
  options.data_folder = settings.data_folder;
  options.home = {settings.account, settings.region};
  options.environment = settings.environment;
  options.retention = settings.retention;
  options.strict_dashboards = settings.strict_dashboards;
  options.ingest = settings.ingest;
  options.authentication_required = settings.auth == "required";
  options.jwt = settings.jwt;
  options.plans = settings.plans;
  options.worker_threads = settings.worker_threads;
  options.notification = settings.notification;
  return options;
}

server::HttpServerOptions HttpOf(const Settings& settings, const ListenAddress& listen) {
  server::HttpServerOptions options{.address = listen.address,
                                    .port = listen.port,
                                    .threads = settings.io_threads,
                                    .limits = settings.limits};
  if (!settings.tls_certificate.empty()) {
    options.tls = server::TlsFiles{settings.tls_certificate, settings.tls_key};
  }
  return options;
}

/// Null where no syslog is asked for.
Result<std::unique_ptr<server::SyslogReceiver>> StartSyslog(const Settings& settings,
                                                            server::Application& application,
                                                            const Clock& clock) {
  server::SyslogOptions options{.account = {settings.account, settings.region}};
  for (const bool udp : {true, false}) {
    const std::string& text = udp ? settings.syslog_udp : settings.syslog_tcp;
    if (text.empty()) continue;
    SB_TRY(const ListenAddress at, ParseListen(text));
    (udp ? options.udp : options.tcp) = server::SyslogAddress{at.address, at.port};
  }
  if (!options.udp && !options.tcp) return std::unique_ptr<server::SyslogReceiver>();
  return server::SyslogReceiver::Start(options, application.stores().logs(), clock);
}

/// SIGTERM and SIGINT, taken by WaitForStop alone: blocked before the first thread starts.
sigset_t BlockStopSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);  // a client that goes away is an error of its connection
  return signals;
}

void WaitForStop(const sigset_t& signals) {
  int signal = 0;
  sigwait(&signals, &signal);
  Log(LogLevel::kInfo, "stopping", {{"signal", signal == SIGTERM ? "SIGTERM" : "SIGINT"}});
}

int CloseAll(server::HttpServer& http, server::Application& application) {
  if (!http.Stop(kStopDeadline)) {
    Log(LogLevel::kWarn, "some requests did not end in time and were cut");
  }
  if (const Result<> closed = application.Close(); !closed.ok()) {
    return Failure(closed.error().message());
  }
  Log(LogLevel::kInfo, "stopped");
  return kExitGood;
}

Result<> WritePort(const std::string& path, std::uint16_t port) {
  if (path.empty()) return {};
  return WriteFileAtomically(PosixFileSystem(), path, std::to_string(port) + "\n");
}

}  // namespace

void AddServerOptions(CLI::App& app, ServerOptions& options) {
  Settings& settings = options.settings;
  app.add_option("--data", settings.data_folder, "Folder of the data; made where it is missing");
  app.add_option("--listen", settings.listen, "ADDRESS:PORT; port 0 lets the system choose")
      ->capture_default_str();
  app.add_option("--config", options.config_path, "YAML file of settings (docs/configuration.md)");
  app.add_option("--tls-cert", settings.tls_certificate, "PEM file: certificate and its chain");
  app.add_option("--tls-key", settings.tls_key, "PEM file: the certificate's key");
  app.add_option("--account", settings.account, "Default account, 12 digits")
      ->capture_default_str();
  app.add_option("--region", settings.region, "Default region")->capture_default_str();
  app.add_option("--env", settings.environment, "The ENV of names like securebase-ENV-api")
      ->capture_default_str();
  app.add_option("--syslog-udp", settings.syslog_udp, "Take syslog at ADDRESS:PORT over UDP");
  app.add_option("--syslog-tcp", settings.syslog_tcp, "Take syslog at ADDRESS:PORT over TCP");
  app.add_option("--threads", settings.io_threads, "Threads that move bytes")
      ->capture_default_str()
      ->check(CLI::Range(1, 256));
  app.add_option("--log-format", settings.log_format, "text or json")
      ->transform(CLI::Transformer(std::map<std::string, LogFormat>{{"json", LogFormat::kJson},
                                                                    {"text", LogFormat::kText}}));
  app.add_option("--clock", options.clock,
                 "Start the clock at this ISO time: for tests, benches and replays only");
  app.add_option("--port-file", options.port_path, "Write the port to this file once listening");
  app.add_flag("--i-know", options.i_know,
               "Allow --auth none on an address that other machines reach");
}

int RunServer(CLI::App& app, ServerOptions options, const ServerHooks& hooks) {
  const Result<Settings> merged = MergeSettings(app, options);
  if (!merged.ok()) return UsageError(merged.error().message());
  const Settings& settings = *merged;
  if (const Result<> checked = CheckSettings(settings); !checked.ok()) {
    return UsageError(checked.error().message());
  }
  const Result<ListenAddress> listen = ParseListen(settings.listen);
  if (!listen.ok()) return UsageError(listen.error().message());
  if (settings.auth == "none" && !listen->loopback && !options.i_know) {
    return UsageError("--auth none on " + settings.listen +
                      " lets everybody in who reaches it; say --i-know to do so");
  }
  SystemClock clock;
  std::optional<SystemClock> shifted;
  if (!options.clock.empty()) {
    const Result<Instant> start = ParseIso(options.clock);
    if (!start.ok()) return UsageError("--clock: " + start.error().message());
    shifted.emplace(*start);
  }
  const Clock& time = shifted ? *shifted : clock;
  SystemRandom random;

  const sigset_t signals = BlockStopSignals();
  ConfigureLog(settings.log_level, settings.log_format);
  if (shifted) {
    Log(LogLevel::kWarn, "the clock does not show the present: --clock is for tests only",
        {{"now", FormatIso(time.Now())}});
  }
  if (settings.auth == "none") Log(LogLevel::kWarn, "no authentication: every caller is admin");
  auto application =
      server::Application::Open(ApplicationOf(settings), PosixFileSystem(), time, random);
  if (!application.ok()) return Failure(application.error().message());
  if (hooks.before_listen) {
    const Result<> prepared = hooks.before_listen(**application, time, random);
    if (!prepared.ok()) return Failure(prepared.error().message());
  }
  auto http =
      server::HttpServer::Start(HttpOf(settings, *listen), (*application)->handler(), time, random);
  if (!http.ok()) {
    const bool usage = http.error().code() == ErrorCode::kInvalidArgument;
    return usage ? UsageError(http.error().message()) : Failure(http.error().message());
  }
  (*application)->notification().SetListenUrl((*http)->url());
  auto syslog = StartSyslog(settings, **application, time);
  if (!syslog.ok()) return Failure("--syslog: " + syslog.error().message());
  Log(LogLevel::kInfo, "listening on " + (*http)->url(),
      {{"data", settings.data_folder}, {"auth", settings.auth}});
  if (const Result<> written = WritePort(options.port_path, (*http)->port()); !written.ok()) {
    return Failure(written.error().message());
  }
  const std::function<void()> before_stop =
      hooks.listening ? hooks.listening(**application, (*http)->url()) : nullptr;
  WaitForStop(signals);
  if (before_stop) before_stop();
  syslog->reset();
  return CloseAll(**http, **application);
}

}  // namespace securebase::cli
