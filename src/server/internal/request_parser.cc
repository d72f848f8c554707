#include "server/internal/request_parser.h"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <optional>

#include "base/text.h"

namespace securebase::server {
namespace {

namespace beast = boost::beast;
using beast::error_code;
using beast::http::error;
using beast::http::field;
using beast::http::verb;

// A body's memory is reserved up to this at once; beyond, it grows with what really comes.
constexpr std::size_t kReserveMax = 1u << 20;
// Of chunk headers and trailers, which the header's limit does not cover.
constexpr std::size_t kChunkLineMax = 8u << 10;

std::string_view View(beast::string_view text) { return {text.data(), text.size()}; }

Refusal RefusalFor(const error_code& code) {
  if (code == error::header_limit) return {431, "the header is too large"};
  if (code == error::body_limit) return {413, "the body is too large"};
  if (code == error::bad_version) return {400, "malformed request line or HTTP version"};
  if (code == error::bad_method) return {400, "malformed method"};
  if (code == error::bad_target) return {400, "malformed request target"};
  if (code == error::bad_field) return {400, "malformed header field name"};
  if (code == error::bad_content_length || code == error::multiple_content_length) {
    return {400, "malformed or contradicting Content-Length"};
  }
  if (code == error::bad_transfer_encoding) {
    return {400, "Transfer-Encoding is malformed or contradicts Content-Length"};
  }
  if (code == error::bad_chunk || code == error::bad_chunk_extension) {
    return {400, "malformed chunk"};
  }
  return {400, "malformed request"};
}

/// Splits a request target into path and query; false for a target of no known form.
bool SplitTarget(std::string_view target, http::Request& request) {
  if (target == "*") {
    request.target = request.path = "*";
    return request.method == "OPTIONS";
  }
  for (const std::string_view scheme : {"http://", "https://"}) {  // absolute form
    if (target.starts_with(scheme)) {
      target.remove_prefix(scheme.size());
      target.remove_prefix(std::min(target.find_first_of("/?"), target.size()));
      if (target.empty()) target = "/";
      break;
    }
  }
  if (!target.starts_with('/')) return false;
  request.target = target;
  const std::size_t question = std::min(target.find('?'), target.size());
  request.query = target.substr(std::min(question + 1, target.size()));
  const std::string_view path = target.substr(0, question);
  if (path.find('%') == std::string_view::npos) {  // fast path
    request.path = path;
    return true;
  }
  std::optional<std::string> decoded = PercentDecode(path, /*plus_is_blank=*/false);
  if (!decoded || !IsValidUtf8(*decoded) || decoded->find('\0') != std::string::npos) return false;
  request.path = *std::move(decoded);
  return true;
}

/// One request: fills an http::Request from Beast's callbacks.
class Message final : public beast::http::basic_parser<true> {
 public:
  explicit Message(const HttpLimits& limits) : limits_(limits) {
    header_limit(static_cast<std::uint32_t>(limits.header_bytes_max));
    body_limit(limits.body_bytes_max);
  }

  http::Request request;
  std::optional<Refusal> refusal;
  bool http10 = false;
  bool expects_continue = false;

 private:
  void Refuse(int status, std::string message, error_code& code) {
    refusal = Refusal{status, std::move(message)};
    code = error::bad_value;
  }

  void on_request_impl(verb, beast::string_view method, beast::string_view target, int version,
                       error_code& code) override {
    http10 = version == 10;
    request.method = View(method);
    if (!SplitTarget(View(target), request)) {
      return Refuse(400, "the request target is no path, or its escapes are broken", code);
    }
    request.headers.Reserve(16);
    for (const auto& [prefix, bytes_max] : limits_.body_bytes_max_by_prefix) {
      if (request.path.starts_with(prefix)) {
        body_limit(bytes_max);
        break;
      }
    }
  }

  void on_field_impl(field name, beast::string_view name_text, beast::string_view value,
                     error_code& code) override {
    if (is_header_done()) return;  // trailers carry nothing that we use
    switch (name) {
      case field::host:
        if (++host_count_ > 1) return Refuse(400, "more than one Host field", code);
        break;
      case field::content_length:
        if (++length_count_ > 1) return Refuse(400, "more than one Content-Length field", code);
        break;
      case field::transfer_encoding:
        if (!EqualsIgnoreCase(Trim(View(value)), "chunked")) {
          return Refuse(501, "of the transfer encodings only chunked is known", code);
        }
        if (http10) return Refuse(400, "Transfer-Encoding is not part of HTTP/1.0", code);
        break;
      case field::expect:
        if (!EqualsIgnoreCase(Trim(View(value)), "100-continue")) {
          return Refuse(417, "of the expectations only 100-continue is known", code);
        }
        expects_continue = !http10;
        break;
      default:
        break;
    }
    request.headers.Add(std::string(View(name_text)), std::string(View(value)));
  }

  void on_header_impl(error_code& code) override {
    if (host_count_ == 0 && !http10) Refuse(400, "the Host field is missing", code);
  }

  void on_body_init_impl(const boost::optional<std::uint64_t>& length, error_code&) override {
    if (length) request.body.reserve(std::min<std::size_t>(*length, kReserveMax));
  }
  std::size_t on_body_impl(beast::string_view body, error_code&) override {
    request.body.append(body.data(), body.size());
    return body.size();
  }
  void on_chunk_header_impl(std::uint64_t, beast::string_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view body, error_code&) override {
    request.body.append(body.data(), body.size());
    return body.size();
  }
  void on_finish_impl(error_code&) override {}
  void on_response_impl(int, beast::string_view, int, error_code&) override {}

  const HttpLimits& limits_;
  int host_count_ = 0;
  int length_count_ = 0;
};

}  // namespace

struct RequestParser::Impl {
  explicit Impl(const HttpLimits& limits_in) : limits(limits_in) { message.emplace(limits); }

  const HttpLimits& limits;
  std::optional<Message> message;
  State state = State::kHeader;
  Refusal refusal;
  std::size_t header_bytes = 0;  // taken so far, of this request
  bool started = false;

  void Refuse(Refusal why) {
    refusal = std::move(why);
    state = State::kRefused;
  }
};

RequestParser::RequestParser(const HttpLimits& limits) : impl_(std::make_unique<Impl>(limits)) {}
RequestParser::~RequestParser() = default;

std::size_t RequestParser::Feed(std::string_view bytes) {
  Impl& impl = *impl_;
  std::size_t skipped = 0;
  if (!impl.started) {
    // A line end before the request line is what some clients send after a body (RFC 9112, 2.2).
    while (bytes.starts_with("\r\n")) {
      bytes.remove_prefix(2);
      skipped += 2;
    }
    if (bytes.empty() || bytes == "\r") return skipped;
    impl.started = true;
  }
  const bool in_header = impl.state == State::kHeader;
  error_code code;
  const std::size_t taken = impl.message->put({bytes.data(), bytes.size()}, code);
  if (in_header) impl.header_bytes += taken;
  if (code && code != error::need_more) {
    impl.Refuse(impl.message->refusal.value_or(RefusalFor(code)));
    return skipped + taken;
  }
  if (in_header && impl.header_bytes > impl.limits.header_bytes_max) {
    impl.Refuse({431, "the header is too large"});
  } else if (impl.message->is_done()) {
    impl.state = State::kDone;
  } else if (impl.message->is_header_done()) {
    impl.state = State::kBody;
    if (code == error::need_more && bytes.size() - taken > kChunkLineMax) {
      impl.Refuse({400, "a chunk's header or the trailer is too large"});
    }
  } else if (impl.header_bytes + bytes.size() - taken > impl.limits.header_bytes_max) {
    impl.Refuse({431, "the header is too large"});
  }
  return skipped + taken;
}

RequestParser::State RequestParser::state() const { return impl_->state; }
const Refusal& RequestParser::refusal() const { return impl_->refusal; }
bool RequestParser::started() const { return impl_->started; }
bool RequestParser::keep_alive() const { return impl_->message->keep_alive(); }
bool RequestParser::is_head() const { return impl_->message->request.method == "HEAD"; }
bool RequestParser::is_http10() const { return impl_->message->http10; }
bool RequestParser::expects_continue() const { return impl_->message->expects_continue; }
std::size_t RequestParser::body_bytes() const { return impl_->message->request.body.size(); }

http::Request RequestParser::Take() {
  http::Request request = std::move(impl_->message->request);
  impl_->message.emplace(impl_->limits);
  impl_->state = State::kHeader;
  impl_->header_bytes = 0;
  impl_->started = false;
  return request;
}

}  // namespace securebase::server
