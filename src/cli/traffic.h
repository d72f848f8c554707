#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "base/random.h"
#include "net/http_client.h"

namespace securebase::cli {

/// A few requests a second against a server of ours, as its customers might send them, so that a
/// demonstration has something to show. Ends with the object.
class Traffic {
 public:
  explicit Traffic(std::string url);
  ~Traffic();

 private:
  void Run();
  net::HttpClientRequest Post(const std::string& customer, std::string_view path,
                              std::string body) const;
  /// What a day would have brought: reports of the customers' own, an export.
  void SendFirst(net::HttpClient& client);
  void SendOne(net::HttpClient& client, SeededRandom& random);

  const std::string url_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace securebase::cli
