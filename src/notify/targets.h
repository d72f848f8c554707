#pragma once

// Who can be told, and how: the targets and transports of a policy document or of the settings
// (spec: notifications 9, "Schema").

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_system.h"
#include "base/result.h"
#include "net/smtp_client.h"
#include "notify/event.h"

namespace YAML {
class Node;
}

namespace securebase::notify {

/// A secret, by reference: "env:NAME" or "file:/path". Read anew each time it is used, so that it
/// can be changed in place.
struct SecretReference {
  std::string text;

  /// kInvalidArgument for a literal.
  static Result<SecretReference> Parse(std::string_view text);
  /// kUnavailable where the variable or file is missing or empty. A final line end is cut.
  Result<std::string> Read(FileSystem& files) const;
};

struct MailTransport {
  enum class Kind { kSmtp, kSes };
  std::string name;
  Kind kind = Kind::kSmtp;
  std::string from;  // "SecureBase Alerts <alerts@example.com>"
  net::SmtpServer smtp;
  std::optional<SecretReference> user;  // SMTP user name, SES access key id
  std::optional<SecretReference> password;
  std::string ses_region;
  std::string ses_endpoint;  // empty: AWS's own
};

/// One receiver.
struct Target {
  enum class Kind { kSlack, kPagerDuty, kTeams, kWebhook, kEmail, kSns };
  std::string name;
  Kind kind = Kind::kWebhook;
  std::optional<SecretReference> url;       // of Slack, Teams; of a webhook where it is secret
  std::string plain_url;                    // of a webhook
  std::optional<SecretReference> secret;    // PagerDuty's routing key; a webhook's signing secret
  std::string pagerduty_region = "us";      // or "eu"
  std::string pagerduty_url;                // in place of PagerDuty's own address; for tests
  std::map<Severity, std::string> mention;  // Slack: "<!here>"
  std::vector<std::string> to;              // mail addresses
  std::string transport;                    // of mail
  std::vector<std::string> send;            // webhook: event types; empty: all
  std::vector<std::pair<std::string, std::string>> headers;  // webhook: static ones
  std::string topic_arn;
};
/// "slack", "pagerduty", "teams", "webhook", "email", "sns": also the channel's name.
std::string_view ToText(Target::Kind kind);

/// The targets and transports by name; immutable.
struct TargetBook {
  std::map<std::string, Target, std::less<>> targets;
  std::map<std::string, MailTransport, std::less<>> transports;

  const Target* Find(std::string_view name) const;
  /// The transport of a mail target; with an empty name the only one there is.
  const MailTransport* FindTransport(std::string_view name) const;
};

/// Reads the members `targets` and `transports` of a YAML document. Errors: kInvalidArgument whose
/// field is the path ("targets.slack-alerts.webhook_url"): unknown keys (with the nearest known
/// one), wrong kinds, literal secrets, transports that are not there.
Result<TargetBook> ReadTargets(const YAML::Node& document);
/// The same for a file's text. Members other than the two are left alone.
Result<TargetBook> ParseTargets(std::string_view yaml);

/// The book in force, which may be replaced while it is read. Thread-safe.
class CurrentTargets {
 public:
  std::shared_ptr<const TargetBook> Get() const {
    const std::lock_guard lock(mutex_);
    return book_;
  }
  void Set(TargetBook book) {
    auto next = std::make_shared<const TargetBook>(std::move(book));
    const std::lock_guard lock(mutex_);
    book_ = std::move(next);
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const TargetBook> book_ = std::make_shared<const TargetBook>();
};

}  // namespace securebase::notify
