#pragma once

// Notification, wired: targets, queue, channels and topics of one server.

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/file_system.h"
#include "base/http.h"
#include "base/random.h"
#include "base/telemetry.h"
#include "documents/document_store.h"
#include "net/transport.h"
#include "notify/delivery_queue.h"
#include "notify/targets.h"
#include "notify/topics/signer.h"
#include "notify/topics/topic_service.h"

namespace securebase::server {

struct NotificationOptions {
  /// A YAML document with `targets` and `transports`; empty: none.
  std::string targets;
  /// Where clients reach us, for links in messages; empty: what the server listens on.
  std::string public_url;
  bool allow_http = false;
  std::vector<std::string> allow_networks;
  std::string ca_file;  // of the certificates that receivers may have; empty: the system's
  int threads = 4;
};

struct NotificationParts {
  documents::DocumentStore& documents;
  Telemetry& telemetry;
  const Clock& clock;
  Random& random;
  FileSystem& files;
  Account home;
};

/// Thread-safe once open.
class Notification {
 public:
  /// `everything_allowed`: plain http and any address (`--auth none`).
  Notification(const NotificationOptions& options, const NotificationParts& parts,
               bool everything_allowed);
  ~Notification();

  /// Reads the targets, the signing key and what waits. Errors name the field of the targets.
  Result<> Open(const NotificationOptions& options, const std::string& data_folder);
  void Start();
  /// Stopping twice is harmless.
  void Stop();

  notify::DeliveryQueue& queue() { return *queue_; }
  notify::TopicService& topics() { return *topics_; }
  const notify::CurrentTargets& targets() const { return targets_; }

  /// What the server listens on, once it does.
  void SetListenUrl(const std::string& url);
  std::string public_base() const;
  /// The signing certificate where that is its path.
  std::optional<http::Response> Certificate(const std::string& path) const;

 private:
  const NotificationParts parts_;
  const int threads_;
  mutable std::mutex mutex_;
  std::string public_base_;  // guarded by mutex_
  bool base_given_ = false;
  notify::CurrentTargets targets_;
  std::unique_ptr<net::Transport> transport_;
  std::unique_ptr<notify::Signer> signer_;
  std::unique_ptr<notify::DeliveryQueue> queue_;
  std::unique_ptr<notify::TopicService> topics_;
};

}  // namespace securebase::server
