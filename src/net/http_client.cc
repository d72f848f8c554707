#include "net/http_client.h"

#include <curl/curl.h>

#include <mutex>

#include "base/text.h"
#include "net/internal/address_guard.h"

namespace securebase::net {
namespace {

struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using HeaderList = std::unique_ptr<curl_slist, FreeList>;

// What the callbacks of one exchange write into.
struct Receiving {
  HttpClientResponse response;
  std::size_t bytes_max = 0;
  bool too_large = false;
  internal::AddressGuard guard;
};

std::size_t OnBody(char* data, std::size_t size, std::size_t count, void* target) {
  auto& receiving = *static_cast<Receiving*>(target);
  const std::size_t bytes = size * count;
  if (receiving.response.body.size() + bytes > receiving.bytes_max) {
    receiving.too_large = true;
    return 0;  // ends the transfer
  }
  receiving.response.body.append(data, bytes);
  return bytes;
}

std::size_t OnHeader(char* data, std::size_t size, std::size_t count, void* target) {
  auto& headers = static_cast<Receiving*>(target)->response.headers;
  const std::string_view line(data, size * count);
  if (line.starts_with("HTTP/")) {
    headers.clear();  // those of a 100 Continue are not the answer's
  } else if (const std::size_t colon = line.find(':'); colon != std::string_view::npos) {
    headers.emplace_back(ToLower(line.substr(0, colon)), Trim(line.substr(colon + 1)));
  }
  return size * count;
}

bool HasLineBreak(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos;
}

Result<HeaderList> MakeHeaders(const HttpClientRequest& request) {
  HeaderList list;
  // Without this curl waits a second for a 100 Continue before it sends a larger body.
  std::vector<std::pair<std::string, std::string>> headers = {{"Expect", ""}};
  headers.insert(headers.end(), request.headers.begin(), request.headers.end());
  for (const auto& [name, value] : headers) {
    if (name.empty() || HasLineBreak(name) || HasLineBreak(value)) {
      return InvalidArgument(ToValidUtf8(name), "a header cannot hold this");
    }
    // "Name:" removes a header of curl's own, "Name;" sends an empty one.
    std::string line = name + ": " + value;
    if (value.empty()) line = name + (name == "Expect" ? ":" : ";");
    curl_slist* longer = curl_slist_append(list.get(), line.c_str());
    if (longer == nullptr) return Internal("no memory for headers");
    static_cast<void>(list.release());
    list.reset(longer);
  }
  return list;
}

Error ErrorOf(CURLcode code, const Receiving& receiving, const char* detail) {
  const std::string text = *detail != '\0' ? detail : curl_easy_strerror(code);
  if (receiving.guard.refused) return Forbidden(receiving.guard.Reason());
  if (receiving.too_large) return LimitExceeded("body", "the answer is too large");
  switch (code) {
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
      return InvalidArgument("url", text);
    case CURLE_OPERATION_TIMEDOUT:
      return Error(ErrorCode::kDeadlineExceeded, text);
    default:
      return Unavailable(text);
  }
}

}  // namespace

std::string_view HttpClientResponse::Header(std::string_view name) const {
  for (const auto& [field, value] : headers) {
    if (field == name) return value;
  }
  return {};
}

struct HttpClient::Handle {
  CURL* curl = nullptr;
  char detail[CURL_ERROR_SIZE] = {};

  Handle() {
    static std::once_flag once;
    std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
    curl = curl_easy_init();
  }
  ~Handle() { curl_easy_cleanup(curl); }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  void Configure(const HttpClientOptions& options) {
    curl_easy_reset(curl);  // keeps the connection
    detail[0] = '\0';
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, detail);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_PROXY, "");  // of the environment: never for our own server
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
                     static_cast<long>(options.connect_timeout.count()));
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(options.timeout.count()));
    curl_easy_setopt(curl, CURLOPT_USERAGENT, options.user_agent.c_str());
    curl_easy_setopt(curl, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    if (!options.ca_file.empty()) {
      curl_easy_setopt(curl, CURLOPT_CAINFO, options.ca_file.c_str());
    }
    if (options.insecure) {
      curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
      curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
    }
  }

  void SetMethod(const HttpClientRequest& request) {
    if (request.method == "GET") {
      curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
    } else if (request.method == "HEAD") {
      curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    } else {
      curl_easy_setopt(curl, CURLOPT_POST, 1L);
      curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request.body.data());
      curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
                       static_cast<curl_off_t>(request.body.size()));
      curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    }
  }
};

HttpClient::HttpClient(HttpClientOptions options)
    : options_(std::move(options)), handle_(new Handle()) {}

HttpClient::~HttpClient() = default;
HttpClient::HttpClient(HttpClient&&) noexcept = default;

Result<HttpClientResponse> HttpClient::Send(const HttpClientRequest& request) {
  if (handle_->curl == nullptr) return Internal("curl cannot be initialised");
  if (HasLineBreak(request.method) || HasLineBreak(request.url)) {
    return InvalidArgument("url", "has a line break");
  }
  SB_TRY(const HeaderList headers, MakeHeaders(request));
  Receiving receiving{.bytes_max = options_.response_bytes_max};
  CURL* curl = handle_->curl;
  handle_->Configure(options_);
  handle_->SetMethod(request);
  curl_easy_setopt(curl, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, OnBody);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &receiving);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, OnHeader);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &receiving);
  if (options_.addresses != nullptr) receiving.guard.Install(curl, *options_.addresses);
  const CURLcode code = curl_easy_perform(curl);
  if (code != CURLE_OK) return ErrorOf(code, receiving, handle_->detail);
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  receiving.response.status = static_cast<int>(status);
  return std::move(receiving.response);
}

}  // namespace securebase::net
