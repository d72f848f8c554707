#pragma once

// What an operation is: a function from a described input to an answer, without a wire.

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aws/gateway.h"
#include "aws/page_token.h"
#include "aws/request_route.h"
#include "aws/shape.h"
#include "aws/value.h"
#include "base/body_stream.h"

namespace securebase::aws {

/// Who calls, on what, and what the call leaves behind beside its answer.
struct CallContext {
  const GatewayDependencies& stores;
  const GatewayOptions& options;
  const PageTokens& tokens;
  Account account;
  api::Caller caller;
  Instant now;
  std::string request_id;
  std::string host;            // as the client addressed us
  bool unsigned_link = false;  // came by a link of a message, which nobody signed
  Protocol protocol = Protocol::kJson11;

  /// The account's 12 digits, as ARNs and answers show them; `account.id` may name a tenancy
  /// within it (docs/decisions/0004).
  std::string account_number() const { return account.id.substr(0, account.id.find('/')); }

  /// Members that an error answer carries beside its message.
  Value error_members;
  /// Set: the answer is this stream of events in place of the operation's value.
  std::shared_ptr<http::BodyStream> stream;
  std::vector<std::pair<std::string, std::string>> headers;
};

/// A request that an operation decodes itself. Views live as long as the call.
struct WireInput {
  Protocol protocol;
  std::string_view body;
  const codec::Form& form;
};

using Finish = std::function<void(Result<Value>)>;

struct Operation {
  std::string name;
  api::Role role = api::Role::kViewer;
  ShapePtr input;
  /// Runs on a worker, may block.
  Result<Value> (*run)(const Value& request, CallContext& context) = nullptr;
  /// Told of a request that could not be decoded, which `run` never sees; for its metrics.
  void (*malformed)(const Error& error, CallContext& context) = nullptr;
  /// In place of `run`: runs on the I/O thread, must not block, finishes exactly once, on any
  /// thread.
  void (*start)(const WireInput& input, CallContext& context, Finish finish) = nullptr;
};

/// Null where AWS's operation is not built here.
const Operation* FindOperation(Service service, std::string_view name);

/// The decoded and checked input.
Result<Value> Decode(const Shape& shape, const WireInput& input);

}  // namespace securebase::aws
