#pragma once

// A way out that goes nowhere: keeps what would be sent and answers as it is told.

#include <deque>
#include <functional>
#include <mutex>
#include <vector>

#include "net/transport.h"

namespace securebase::notify {

class FakeTransport final : public net::Transport {
 public:
  Result<net::HttpClientResponse> Http(const net::HttpClientRequest& request) override {
    const std::lock_guard lock(mutex_);
    requests.push_back(request);
    if (http_answers.empty()) return net::HttpClientResponse{.status = 200, .body = "ok"};
    auto answer = std::move(http_answers.front());
    http_answers.pop_front();
    return answer;
  }
  Result<net::SmtpReply> Smtp(const net::SmtpServer& server, const net::Mail& mail) override {
    const std::lock_guard lock(mutex_);
    servers.push_back(server);
    mails.push_back(mail);
    if (smtp_answers.empty()) return net::SmtpReply{250, "2.0.0 Ok: queued as 1"};
    auto answer = std::move(smtp_answers.front());
    smtp_answers.pop_front();
    return answer;
  }

  void Answer(int status, std::string body = {},
              std::vector<std::pair<std::string, std::string>> headers = {}) {
    http_answers.push_back(net::HttpClientResponse{status, std::move(headers), std::move(body)});
  }

  std::vector<net::HttpClientRequest> requests;
  std::vector<net::SmtpServer> servers;
  std::vector<net::Mail> mails;
  std::deque<Result<net::HttpClientResponse>> http_answers;  // then 200 "ok"
  std::deque<Result<net::SmtpReply>> smtp_answers;           // then 250

 private:
  std::mutex mutex_;
};

}  // namespace securebase::notify
