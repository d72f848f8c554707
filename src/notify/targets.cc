#include "notify/targets.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "base/text.h"

namespace securebase::notify {
namespace {

constexpr std::array<std::string_view, 6> kKinds = {"slack",   "pagerduty", "teams",
                                                    "webhook", "email",     "sns"};

std::size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substituted});
    }
  }
  return row.back();
}

/// One mapping of the document: reads members and knows which were asked for.
class Mapping {
 public:
  static Result<Mapping> Of(const YAML::Node& node, std::string path) {
    if (!node.IsMap()) return InvalidArgument(path, "must be a mapping");
    return Mapping(node, std::move(path));
  }

  std::string PathOf(std::string_view key) const { return path_ + "." + std::string(key); }

  Result<std::string> Text(const char* key, bool required, std::string otherwise = {}) {
    known_.push_back(key);
    const YAML::Node value = node_[key];
    if (!value) {
      if (required) return InvalidArgument(PathOf(key), "is missing");
      return otherwise;
    }
    if (!value.IsScalar()) return InvalidArgument(PathOf(key), "must be text");
    return value.as<std::string>();
  }

  Result<std::optional<SecretReference>> Secret(const char* key, bool required) {
    SB_TRY(const std::string text, Text(key, required));
    if (text.empty() && !required) return std::optional<SecretReference>();
    auto reference = SecretReference::Parse(text);
    if (!reference.ok()) return InvalidArgument(PathOf(key), reference.error().message());
    return std::optional(*std::move(reference));
  }

  /// A text, or a list of them.
  Result<std::vector<std::string>> Texts(const char* key, bool required) {
    known_.push_back(key);
    const YAML::Node value = node_[key];
    std::vector<std::string> texts;
    if (value && value.IsScalar()) texts.push_back(value.as<std::string>());
    if (value && value.IsSequence()) {
      for (const YAML::Node& element : value) {
        if (!element.IsScalar()) return InvalidArgument(PathOf(key), "must be a list of texts");
        texts.push_back(element.as<std::string>());
      }
    }
    if (value && !value.IsScalar() && !value.IsSequence()) {
      return InvalidArgument(PathOf(key), "must be a list of texts");
    }
    if (required && texts.empty()) return InvalidArgument(PathOf(key), "is missing");
    return texts;
  }

  Result<std::vector<std::pair<std::string, std::string>>> Pairs(const char* key) {
    known_.push_back(key);
    std::vector<std::pair<std::string, std::string>> pairs;
    const YAML::Node value = node_[key];
    if (!value) return pairs;
    if (!value.IsMap()) return InvalidArgument(PathOf(key), "must be a mapping");
    for (const auto& entry : value) {
      if (!entry.first.IsScalar() || !entry.second.IsScalar()) {
        return InvalidArgument(PathOf(key), "must map names to texts");
      }
      pairs.emplace_back(entry.first.as<std::string>(), entry.second.as<std::string>());
    }
    return pairs;
  }

  /// Call last: refuses what nobody asked for.
  Result<> Finish() const {
    for (const auto& entry : node_) {
      const std::string key = entry.first.IsScalar() ? entry.first.as<std::string>() : "?";
      if (std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
      const std::string* nearest = nullptr;
      for (const std::string& known : known_) {
        if (nearest == nullptr || EditDistance(key, known) < EditDistance(key, *nearest)) {
          nearest = &known;
        }
      }
      return InvalidArgument(
          PathOf(key), "is no known key" + (nearest ? "; did you mean " + *nearest + "?" : ""));
    }
    return {};
  }

 private:
  Mapping(const YAML::Node& node, std::string path) : node_(node), path_(std::move(path)) {}
  const YAML::Node node_;
  const std::string path_;
  std::vector<std::string> known_;
};

Result<> CheckHeaders(const Mapping& mapping,
                      const std::vector<std::pair<std::string, std::string>>& headers) {
  for (const auto& [name, value] : headers) {
    const std::string lower = ToLower(name);
    if (lower.starts_with("webhook-") || lower == "host" || lower == "content-length" ||
        lower == "idempotency-key" || ContainsControlCharacter(name + value)) {
      return InvalidArgument(mapping.PathOf("headers") + "." + name, "cannot be set");
    }
  }
  return {};
}

Result<> ReadTarget(Mapping& mapping, Target& target) {
  switch (target.kind) {
    case Target::Kind::kSlack: {
      SB_TRY(target.url, mapping.Secret("webhook_url", true));
      SB_TRY(const auto mentions, mapping.Pairs("mention"));
      for (const auto& [severity, mention] : mentions) {
        const auto parsed = ParseSeverity(severity);
        if (!parsed.ok()) {
          return InvalidArgument(mapping.PathOf("mention") + "." + severity, "is no severity");
        }
        target.mention[*parsed] = mention;
      }
      return {};
    }
    case Target::Kind::kPagerDuty: {
      SB_TRY(target.secret, mapping.Secret("routing_key", true));
      SB_TRY(target.pagerduty_region, mapping.Text("region", false, "us"));
      SB_TRY(target.pagerduty_url, mapping.Text("url", false));
      if (target.pagerduty_region != "us" && target.pagerduty_region != "eu") {
        return InvalidArgument(mapping.PathOf("region"), "must be us or eu");
      }
      return {};
    }
    case Target::Kind::kTeams: {
      SB_TRY(target.url, mapping.Secret("workflow_url", true));
      return {};
    }
    case Target::Kind::kWebhook: {
      SB_TRY(target.plain_url, mapping.Text("url", true));
      if (SecretReference::Parse(target.plain_url).ok()) {
        SB_TRY(target.url, mapping.Secret("url", true));
        target.plain_url.clear();
      }
      SB_TRY(target.secret, mapping.Secret("secret", false));
      SB_TRY(target.send, mapping.Texts("send", false));
      SB_TRY(target.headers, mapping.Pairs("headers"));
      return CheckHeaders(mapping, target.headers);
    }
    case Target::Kind::kEmail: {
      SB_TRY(target.to, mapping.Texts("to", true));
      SB_TRY(target.transport, mapping.Text("transport", false));
      for (const std::string& address : target.to) {
        if (address.find('@') == address.npos || ContainsControlCharacter(address)) {
          return InvalidArgument(mapping.PathOf("to"), "\"" + address + "\" is no mail address");
        }
      }
      return {};
    }
    case Target::Kind::kSns: {
      SB_TRY(target.topic_arn, mapping.Text("topic_arn", true));
      return {};
    }
  }
  return {};
}

Result<Target> ReadTarget(const std::string& name, const YAML::Node& node) {
  SB_TRY(Mapping mapping, Mapping::Of(node, "targets." + name));
  SB_TRY(const std::string type, mapping.Text("type", true));
  const auto kind = std::find(kKinds.begin(), kKinds.end(), type);
  if (kind == kKinds.end()) {
    return InvalidArgument(mapping.PathOf("type"),
                           "must be one of slack, pagerduty, teams, webhook, email, sns");
  }
  Target target{.name = name, .kind = static_cast<Target::Kind>(kind - kKinds.begin())};
  SB_TRY_OK(ReadTarget(mapping, target));
  SB_TRY_OK(mapping.Finish());
  return target;
}

Result<> ReadSmtp(Mapping& mapping, MailTransport& transport) {
  constexpr std::array<std::string_view, 4> kModes = {"starttls", "tls", "opportunistic", "plain"};
  constexpr std::array<int, 4> kPorts = {587, 465, 25, 25};
  SB_TRY(transport.smtp.host, mapping.Text("host", true));
  SB_TRY(const std::string mode, mapping.Text("mode", false, "starttls"));
  const auto known = std::find(kModes.begin(), kModes.end(), mode);
  if (known == kModes.end()) {
    return InvalidArgument(mapping.PathOf("mode"),
                           "must be one of starttls, tls, opportunistic, plain");
  }
  const auto index = static_cast<std::size_t>(known - kModes.begin());
  transport.smtp.security = static_cast<net::SmtpServer::Security>(index);
  SB_TRY(const std::string port, mapping.Text("port", false, std::to_string(kPorts[index])));
  const auto number = ParseInt(port);
  if (!number || *number < 1 || *number > 65535) {
    return InvalidArgument(mapping.PathOf("port"), "must be a port number");
  }
  transport.smtp.port = static_cast<int>(*number);
  SB_TRY(transport.smtp.helo, mapping.Text("helo", false));
  SB_TRY(transport.smtp.ca_file, mapping.Text("ca_file", false));
  SB_TRY(transport.user, mapping.Secret("user", false));
  SB_TRY(transport.password, mapping.Secret("password", false));
  const bool secret = index < 2;
  if (transport.user && !secret) {
    return InvalidArgument(mapping.PathOf("user"), "is sent over TLS only: mode starttls or tls");
  }
  return {};
}

Result<MailTransport> ReadTransport(const std::string& name, const YAML::Node& node) {
  SB_TRY(Mapping mapping, Mapping::Of(node, "transports." + name));
  SB_TRY(const std::string type, mapping.Text("type", true));
  MailTransport transport{.name = name};
  SB_TRY(transport.from, mapping.Text("from", true));
  if (transport.from.find('@') == transport.from.npos || ContainsControlCharacter(transport.from)) {
    return InvalidArgument(mapping.PathOf("from"), "is no mail address");
  }
  if (type == "smtp") {
    SB_TRY_OK(ReadSmtp(mapping, transport));
  } else if (type == "ses") {
    transport.kind = MailTransport::Kind::kSes;
    SB_TRY(transport.ses_region, mapping.Text("region", true));
    SB_TRY(transport.ses_endpoint, mapping.Text("endpoint", false));
    if (transport.ses_endpoint == "default") transport.ses_endpoint.clear();
    SB_TRY(transport.user, mapping.Secret("access_key_id", true));
    SB_TRY(transport.password, mapping.Secret("secret_access_key", true));
  } else {
    return InvalidArgument(mapping.PathOf("type"), "must be smtp or ses");
  }
  SB_TRY_OK(mapping.Finish());
  return transport;
}

}  // namespace

Result<SecretReference> SecretReference::Parse(std::string_view text) {
  const bool known = (text.starts_with("env:") && text.size() > 4) ||
                     (text.starts_with("file:") && text.size() > 5);
  if (!known) {
    return InvalidArgument("",
                           "must be a reference, env:NAME or file:/path, never the secret itself");
  }
  return SecretReference{.text = std::string(text)};
}

Result<std::string> SecretReference::Read(FileSystem& files) const {
  std::string value;
  if (text.starts_with("env:")) {
    const char* variable = std::getenv(text.c_str() + 4);
    if (variable != nullptr) value = variable;
  } else {
    SB_TRY(value, files.Read(text.substr(5)));
  }
  while (!value.empty() && (value.back() == '\n' || value.back() == '\r')) value.pop_back();
  if (value.empty()) return Unavailable("the secret " + text + " is not set");
  return value;
}

std::string_view ToText(Target::Kind kind) { return kKinds[static_cast<std::size_t>(kind)]; }

const Target* TargetBook::Find(std::string_view name) const {
  const auto found = targets.find(name);
  return found == targets.end() ? nullptr : &found->second;
}

const MailTransport* TargetBook::FindTransport(std::string_view name) const {
  if (name.empty()) return transports.size() == 1 ? &transports.begin()->second : nullptr;
  const auto found = transports.find(name);
  return found == transports.end() ? nullptr : &found->second;
}

Result<TargetBook> ReadTargets(const YAML::Node& document) {
  TargetBook book;
  for (const char* member : {"transports", "targets"}) {
    const YAML::Node all = document[member];
    if (!all) continue;
    if (!all.IsMap()) return InvalidArgument(member, "must be a mapping");
    for (const auto& entry : all) {
      const std::string name = entry.first.as<std::string>();
      if (std::string_view(member) == "targets") {
        SB_TRY(Target target, ReadTarget(name, entry.second));
        book.targets.emplace(name, std::move(target));
      } else {
        SB_TRY(MailTransport transport, ReadTransport(name, entry.second));
        book.transports.emplace(name, std::move(transport));
      }
    }
  }
  for (const auto& [name, target] : book.targets) {
    if (target.kind != Target::Kind::kEmail || book.FindTransport(target.transport)) continue;
    return InvalidArgument(
        "targets." + name + ".transport",
        target.transport.empty() ? "is missing: there is not exactly one" : "names no transport");
  }
  return book;
}

Result<TargetBook> ParseTargets(std::string_view yaml) {
  try {
    const YAML::Node document = YAML::Load(std::string(yaml));
    if (document.IsNull()) return TargetBook{};
    if (!document.IsMap()) return InvalidArgument("", "the document must be a mapping");
    return ReadTargets(document);
  } catch (const YAML::Exception& exception) {
    return InvalidArgument("", exception.what());
  }
}

}  // namespace securebase::notify
