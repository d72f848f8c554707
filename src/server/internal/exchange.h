#pragma once

// The meeting of one request's connection, on its I/O thread, and its response, from any thread.

#include <atomic>
#include <functional>
#include <memory>
#include <utility>

#include "base/http.h"
#include "base/log.h"

namespace securebase::server {

/// Shared by the connection that waits and the http::Respond that answers. One response; a second
/// one is dropped and logged.
class Exchange {
 public:
  /// From any thread: hands the response over and, where the connection waits already, wakes it.
  void Answer(http::Response response) {
    if (answering_.exchange(true)) {
      Log(LogLevel::kError, "a handler answered twice; the second answer was dropped");
      return;
    }
    response_ = std::move(response);
    if (state_.exchange(State::kAnswered) == State::kWaiting) Wake();
  }

  /// On the I/O thread: whether Take() may be called.
  bool answered() const { return state_.load() == State::kAnswered; }

  /// On the I/O thread, once: `wake` runs when the response comes, on the answering thread; at
  /// once when it has come. It must only post.
  void WakeWhenAnswered(std::function<void()> wake) {
    wake_ = std::move(wake);
    State expected = State::kPending;
    if (!state_.compare_exchange_strong(expected, State::kWaiting)) Wake();
  }

  http::Response Take() { return std::move(response_); }

 private:
  /// Leaves nothing of the connection behind here: a Respond may live longer than it.
  void Wake() {
    const std::function<void()> wake = std::exchange(wake_, nullptr);
    wake();
  }

  enum class State { kPending, kWaiting, kAnswered };
  std::atomic<State> state_{State::kPending};
  std::atomic<bool> answering_{false};
  http::Response response_;     // written before kAnswered, read after
  std::function<void()> wake_;  // written before kWaiting, called after
};

/// The http::Respond of an exchange. When its last copy goes without an answer, the answer is 500:
/// a request never hangs because a handler forgot it.
inline http::Respond MakeRespond(std::shared_ptr<Exchange> exchange) {
  struct Token {
    explicit Token(std::shared_ptr<Exchange> of) : exchange(std::move(of)) {}
    ~Token() {
      if (!used.load()) {
        exchange->Answer(http::Response::Json(
            500, R"({"error":"the request was not answered","code":"INTERNAL_ERROR"})"));
      }
    }
    std::shared_ptr<Exchange> exchange;
    std::atomic<bool> used{false};
  };
  return [token = std::make_shared<Token>(std::move(exchange))](http::Response response) {
    token->used.store(true);
    token->exchange->Answer(std::move(response));
  };
}

}  // namespace securebase::server
