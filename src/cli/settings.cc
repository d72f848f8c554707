#include "cli/settings.h"

#include <arpa/inet.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <map>
#include <set>

#include "base/text.h"
#include "base/time.h"

namespace securebase::cli {
namespace {

using Node = YAML::Node;
using Reader = std::function<Result<>(const Node& node, const std::string& key)>;
using Readers = std::map<std::string, Reader>;

Error Wrong(const Node& node, const std::string& key, const std::string& what) {
  return InvalidArgument(key,
                         "line " + std::to_string(node.Mark().line + 1) + ": " + key + " " + what);
}

Result<std::string> Text(const Node& node, const std::string& key) {
  if (!node.IsScalar()) return Wrong(node, key, "must be a text");
  return node.Scalar();
}

Reader ReadText(std::string& into) {
  return [&into](const Node& node, const std::string& key) -> Result<> {
    SB_TRY(into, Text(node, key));
    return {};
  };
}

template <class Number>
Reader ReadNumber(Number& into, std::int64_t min, std::int64_t max) {
  return [&into, min, max](const Node& node, const std::string& key) -> Result<> {
    SB_TRY(const std::string text, Text(node, key));
    const auto number = ParseInt(text);
    if (!number || *number < min || *number > max) {
      return Wrong(
          node, key,
          "must be a whole number from " + std::to_string(min) + " to " + std::to_string(max));
    }
    into = static_cast<Number>(*number);
    return {};
  };
}

Reader ReadDuration(Duration& into) {
  return [&into](const Node& node, const std::string& key) -> Result<> {
    SB_TRY(const std::string text, Text(node, key));
    const Result<Duration> duration = ParseDuration(text);
    if (!duration.ok()) return Wrong(node, key, "must be a duration such as 75s");
    into = *duration;
    return {};
  };
}

template <class Value>
Reader ReadChoice(Value& into, std::vector<std::pair<std::string, Value>> choices) {
  return
      [&into, choices = std::move(choices)](const Node& node, const std::string& key) -> Result<> {
        SB_TRY(const std::string text, Text(node, key));
        std::string names;
        for (const auto& [name, value] : choices) {
          if (name == text) {
            into = value;
            return {};
          }
          names += (names.empty() ? "" : ", ") + name;
        }
        return Wrong(node, key, "must be one of " + names);
      };
}

Result<> ReadMap(const Node& node, const std::string& key, const Readers& readers) {
  if (!node.IsMap()) return Wrong(node, key.empty() ? "the file" : key, "must be a mapping");
  std::set<std::string> seen;
  for (const auto& member : node) {
    const std::string name = member.first.IsScalar() ? member.first.Scalar() : "?";
    const std::string full = key.empty() ? name : key + "." + name;
    const auto reader = readers.find(name);
    if (reader == readers.end()) return Wrong(member.first, full, "is no known key");
    if (!seen.insert(name).second) return Wrong(member.first, full, "occurs twice");
    SB_TRY_OK(reader->second(member.second, full));
  }
  return {};
}

Reader ReadMembers(Readers readers) {
  return [readers = std::move(readers)](const Node& node, const std::string& key) {
    return ReadMap(node, key, readers);
  };
}

/// A list whose elements are read by what `readers_of` makes for each.
template <class Element>
Reader ReadList(std::vector<Element>& into, std::function<Readers(Element&)> readers_of) {
  return [&into, readers_of = std::move(readers_of)](const Node& node,
                                                     const std::string& key) -> Result<> {
    if (!node.IsSequence()) return Wrong(node, key, "must be a list");
    for (std::size_t i = 0; i < node.size(); ++i) {
      Element element;
      SB_TRY_OK(ReadMap(node[i], key + "[" + std::to_string(i) + "]", readers_of(element)));
      into.push_back(std::move(element));
    }
    return {};
  };
}

Readers PlanReaders(api::Plan& plan) {
  using api::RateClass;
  auto rate = [&plan](RateClass of) -> Reader {
    return [&plan, of](const Node& node, const std::string& key) {
      return ReadNumber(plan.per_minute[of], 0, 1'000'000)(node, key);
    };
  };
  return {{"name", ReadText(plan.name)},
          {"queries_per_minute", rate(RateClass::kQueries)},
          {"exports_per_minute", rate(RateClass::kExports)},
          {"reports_per_minute", rate(RateClass::kReports)}};
}

Readers LimitReaders(server::HttpLimits& limits) {
  constexpr std::int64_t kGigabyte = 1ll << 30;
  return {{"header_bytes", ReadNumber(limits.header_bytes_max, 1024, 1 << 20)},
          {"body_bytes", ReadNumber(limits.body_bytes_max, 1024, kGigabyte)},
          {"dataset_body_bytes",
           ReadNumber(limits.body_bytes_max_by_prefix.front().second, 1024, kGigabyte)},
          {"connections", ReadNumber(limits.connections_max, 1, 1'000'000)},
          {"idle_timeout", ReadDuration(limits.idle_timeout)},
          {"header_timeout", ReadDuration(limits.header_timeout)},
          {"transfer_grace", ReadDuration(limits.transfer_grace)},
          {"bytes_per_second_min", ReadNumber(limits.bytes_per_second_min, 1, kGigabyte)}};
}

/// The text of a file; the path is what the settings say.
Reader ReadFile(FileSystem& files, std::string& into) {
  return [&files, &into](const Node& node, const std::string& key) -> Result<> {
    SB_TRY(const std::string path, Text(node, key));
    const auto text = files.Read(path);
    if (!text.ok()) return Wrong(node, key, text.error().message());
    into = *text;
    return {};
  };
}

Reader ReadNetworks(std::vector<std::string>& into) {
  return [&into](const Node& node, const std::string& key) -> Result<> {
    if (!node.IsSequence()) return Wrong(node, key, "must be a list");
    for (const Node& element : node) {
      SB_TRY(const std::string text, Text(element, key));
      const auto network = net::Network::Parse(text);
      if (!network.ok()) return Wrong(element, key, network.error().message());
      into.push_back(text);
    }
    return {};
  };
}

Reader ReadTexts(std::vector<std::string>& into) {
  return [&into](const Node& node, const std::string& key) -> Result<> {
    if (!node.IsSequence()) return Wrong(node, key, "must be a list");
    into.clear();
    for (const Node& element : node) {
      SB_TRY(std::string text, Text(element, key));
      into.push_back(std::move(text));
    }
    return {};
  };
}

Readers NotifyReaders(FileSystem& files, server::NotificationOptions& options) {
  return {{"targets_file", ReadFile(files, options.targets)},
          {"public_url", ReadText(options.public_url)},
          {"allow_http", ReadChoice<bool>(options.allow_http, {{"true", true}, {"false", false}})},
          {"allow_networks", ReadNetworks(options.allow_networks)},
          {"ca_file", ReadText(options.ca_file)},
          {"threads", ReadNumber(options.threads, 1, 64)}};
}

Reader ReadLabels(std::vector<std::pair<std::string, std::string>>& into) {
  return [&into](const Node& node, const std::string& key) -> Result<> {
    if (!node.IsMap()) return Wrong(node, key, "must be a mapping");
    for (const auto& label : node) {
      SB_TRY(std::string name, Text(label.first, key));
      SB_TRY(std::string value, Text(label.second, key + "." + name));
      into.emplace_back(std::move(name), std::move(value));
    }
    return {};
  };
}

Reader ReadListen(std::string& address, std::uint16_t& port) {
  return [&address, &port](const Node& node, const std::string& key) -> Result<> {
    SB_TRY(const std::string text, Text(node, key));
    const Result<ListenAddress> listen = ParseListen(text);
    if (!listen.ok()) return Wrong(node, key, "must be ADDRESS:PORT");
    address = listen->address;
    port = listen->port;
    return {};
  };
}

Readers IngestReaders(ingest::IngestSettings& settings) {
  auto target = [](ingest::ScrapeTarget& one) -> Readers {
    return {{"url", ReadText(one.url)},
            {"namespace", ReadText(one.namespace_name)},
            {"labels", ReadLabels(one.labels)},
            {"bearer_token", ReadText(one.bearer_token)}};
  };
  return {
      {"otlp",
       ReadMembers({{"resource_dimensions", ReadTexts(settings.otlp.resource_dimensions)}})},
      {"scrape",
       ReadMembers({{"interval", ReadDuration(settings.scrape.interval)},
                    {"timeout", ReadDuration(settings.scrape.timeout)},
                    {"targets", ReadList<ingest::ScrapeTarget>(settings.scrape.targets, target)}})},
      {"statsd", ReadMembers({{"listen", ReadListen(settings.statsd.address, settings.statsd.port)},
                              {"namespace", ReadText(settings.statsd.namespace_name)},
                              {"interval", ReadDuration(settings.statsd.interval)}})},
  };
}

Readers RetentionReaders(metrics::Retention& retention) {
  return {{"seconds", ReadDuration(retention.seconds)},
          {"minutes", ReadDuration(retention.minutes)},
          {"five_minutes", ReadDuration(retention.five_minutes)},
          {"hours", ReadDuration(retention.hours)}};
}

Readers AllReaders(FileSystem& files, Settings& settings) {
  auto jwt_key = [&files](api::JwtKey& key) -> Readers {
    return {{"algorithm", ReadText(key.algorithm)},
            {"key_id", ReadText(key.key_id)},
            {"secret", ReadText(key.material)},
            {"public_key_file", ReadFile(files, key.material)}};
  };
  return {
      {"data", ReadText(settings.data_folder)},
      {"listen", ReadText(settings.listen)},
      {"auth", ReadText(settings.auth)},
      {"account", ReadText(settings.account)},
      {"region", ReadText(settings.region)},
      {"environment", ReadText(settings.environment)},
      {"syslog_udp", ReadText(settings.syslog_udp)},
      {"syslog_tcp", ReadText(settings.syslog_tcp)},
      {"metrics", ReadMembers({{"retention", ReadMembers(RetentionReaders(settings.retention))}})},
      {"tls", ReadMembers({{"certificate", ReadText(settings.tls_certificate)},
                           {"key", ReadText(settings.tls_key)}})},
      {"threads", ReadMembers({{"io", ReadNumber(settings.io_threads, 1, 256)},
                               {"workers", ReadNumber(settings.worker_threads, 1, 256)}})},
      {"limits", ReadMembers(LimitReaders(settings.limits))},
      {"jwt", ReadMembers({{"issuer", ReadText(settings.jwt.issuer)},
                           {"audience", ReadText(settings.jwt.audience)},
                           {"keys", ReadList<api::JwtKey>(settings.jwt.keys, jwt_key)}})},
      {"dashboards",
       ReadMembers({{"strict", ReadChoice<bool>(settings.strict_dashboards,
                                                {{"true", true}, {"false", false}})}})},
      {"notify", ReadMembers(NotifyReaders(files, settings.notification))},
      {"ingest", ReadMembers(IngestReaders(settings.ingest))},
      {"plans", ReadList<api::Plan>(settings.plans, PlanReaders)},
      {"log",
       ReadMembers(
           {{"level", ReadChoice<LogLevel>(settings.log_level, {{"debug", LogLevel::kDebug},
                                                                {"info", LogLevel::kInfo},
                                                                {"warn", LogLevel::kWarn},
                                                                {"error", LogLevel::kError}})},
            {"format", ReadChoice<LogFormat>(settings.log_format, {{"json", LogFormat::kJson},
                                                                   {"text", LogFormat::kText}})}})},
  };
}

bool IsLowerName(std::string_view text, std::size_t size_max) {
  return !text.empty() && text.size() <= size_max &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
         });
}

}  // namespace

Settings::Settings() { limits.body_bytes_max_by_prefix = {{"/v1/datasets", 256u << 20}}; }

Result<> ReadSettingsFile(FileSystem& files, const std::string& path, Settings& settings) {
  SB_TRY(const std::string text, files.Read(path));
  Node root;
  try {
    root = YAML::Load(text);
  } catch (const YAML::Exception& error) {
    return InvalidArgument("config", path + ": " + error.what());
  }
  if (root.IsNull()) return {};  // an empty file
  const Result<> read = ReadMap(root, "", AllReaders(files, settings));
  if (!read.ok()) return read.error().Within(path);
  return {};
}

Result<ListenAddress> ParseListen(std::string_view text) {
  const Error malformed = InvalidArgument(
      "listen", "--listen must be ADDRESS:PORT with a numeric address, not " + std::string(text));
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return malformed;
  const auto port = ParseInt(text.substr(colon + 1));
  if (!port || *port < 0 || *port > std::numeric_limits<std::uint16_t>::max()) return malformed;
  std::string address(text.substr(0, colon));
  if (address.empty()) address = "0.0.0.0";
  if (address == "localhost") address = "127.0.0.1";
  in_addr v4{};
  in6_addr v6{};
  bool loopback = false;
  if (address.size() > 2 && address.front() == '[' && address.back() == ']') {
    address = address.substr(1, address.size() - 2);
    if (inet_pton(AF_INET6, address.c_str(), &v6) != 1) return malformed;
    loopback = IN6_IS_ADDR_LOOPBACK(&v6);
  } else {
    if (inet_pton(AF_INET, address.c_str(), &v4) != 1) return malformed;
    loopback = (ntohl(v4.s_addr) >> 24) == 127;
  }
  return ListenAddress{std::move(address), static_cast<std::uint16_t>(*port), loopback};
}

Result<> CheckSettings(const Settings& settings) {
  auto digit = [](char c) { return c >= '0' && c <= '9'; };
  if (settings.data_folder.empty()) return InvalidArgument("data", "--data is missing");
  if (settings.auth != "none" && settings.auth != "required") {
    return InvalidArgument("auth", "--auth must be none or required, not " + settings.auth);
  }
  if (settings.account.size() != 12 ||
      !std::all_of(settings.account.begin(), settings.account.end(), digit)) {
    return InvalidArgument("account", "--account must be 12 digits, not " + settings.account);
  }
  if (!IsLowerName(settings.region, 64)) {
    return InvalidArgument("region", "--region must be a name such as us-east-1");
  }
  if (!IsLowerName(settings.environment, 32)) {
    return InvalidArgument("env", "--env must be up to 32 of a-z, 0-9 and -");
  }
  if (settings.tls_certificate.empty() != settings.tls_key.empty()) {
    return InvalidArgument("tls-cert", "--tls-cert and --tls-key belong together");
  }
  for (const api::JwtKey& key : settings.jwt.keys) {
    if (key.algorithm != "HS256" && key.algorithm != "RS256" && key.algorithm != "ES256") {
      return InvalidArgument("jwt.keys", "jwt.keys: algorithm must be HS256, RS256 or ES256");
    }
    if (key.material.empty()) {
      return InvalidArgument("jwt.keys", "jwt.keys: secret or public_key_file is missing");
    }
  }
  for (const ingest::ScrapeTarget& target : settings.ingest.scrape.targets) {
    if (!target.url.starts_with("http://") && !target.url.starts_with("https://")) {
      return InvalidArgument("ingest.scrape.targets",
                             "ingest.scrape.targets: url must begin with http:// or https://");
    }
  }
  const metrics::Retention& kept = settings.retention;
  if (kept.seconds > kept.minutes || kept.minutes > kept.five_minutes ||
      kept.five_minutes > kept.hours) {
    return InvalidArgument("metrics.retention",
                           "metrics.retention: coarser periods must be kept as long as finer ones");
  }
  for (const api::Plan& plan : settings.plans) {
    if (plan.name.empty()) return InvalidArgument("plans", "plans: name is missing");
  }
  return {};
}

}  // namespace securebase::cli
