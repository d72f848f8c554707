#include "base/http.h"

#include <algorithm>

#include "base/compression.h"
#include "base/text.h"

namespace securebase::http {

std::string_view Headers::Get(std::string_view name) const {
  for (const auto& [field, value] : fields_) {
    if (EqualsIgnoreCase(field, name)) return value;
  }
  return {};
}

bool Headers::Has(std::string_view name) const {
  return std::any_of(fields_.begin(), fields_.end(),
                     [&](const auto& field) { return EqualsIgnoreCase(field.first, name); });
}

void Headers::Add(std::string name, std::string value) {
  fields_.emplace_back(std::move(name), std::move(value));
}

void Headers::Set(std::string name, std::string value) {
  std::erase_if(fields_, [&](const auto& field) { return EqualsIgnoreCase(field.first, name); });
  Add(std::move(name), std::move(value));
}

Response Response::Text(int status, std::string body) {
  Response response{.status = status, .body = std::move(body)};
  response.headers.Add("content-type", "text/plain; charset=utf-8");
  return response;
}

Response Response::Json(int status, std::string body) {
  Response response{.status = status, .body = std::move(body)};
  response.headers.Add("content-type", "application/json");
  return response;
}

std::optional<std::vector<std::pair<std::string, std::string>>> ParseForm(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const std::string_view part : Split(text, '&')) {
    if (part.empty()) continue;
    const std::size_t equals = std::min(part.find('='), part.size());
    auto name = PercentDecode(part.substr(0, equals), /*plus_is_blank=*/true);
    auto value = PercentDecode(part.substr(std::min(equals + 1, part.size())),
                               /*plus_is_blank=*/true);
    if (!name || !value || !IsValidUtf8(*name) || !IsValidUtf8(*value)) return std::nullopt;
    pairs.emplace_back(*std::move(name), *std::move(value));
  }
  return pairs;
}

Result<std::string> DecodedBody(const Request& request, std::size_t size_max) {
  std::string_view encoding;
  int encodings = 0;
  for (const auto& [name, value] : request.headers.all()) {
    if (!EqualsIgnoreCase(name, "Content-Encoding")) continue;
    encoding = Trim(value);
    ++encodings;
  }
  const auto decode = [&]() -> Result<std::string> {
    if (encodings > 1) {
      return InvalidArgument("Content-Encoding", "must be given once, with one encoding");
    }
    if (EqualsIgnoreCase(encoding, "gzip")) return GunzipAll(request.body, size_max);
    if (EqualsIgnoreCase(encoding, "zstd")) return UnzstdAll(request.body, size_max);
    if (!encoding.empty() && !EqualsIgnoreCase(encoding, "identity")) {
      return InvalidArgument("Content-Encoding", "must be identity, gzip or zstd");
    }
    if (request.body.size() > size_max) return LimitExceeded("body", "is too large");
    return request.body;
  };
  Result<std::string> body = decode();
  if (body.ok() || !body.error().field().empty()) return body;
  return Error(body.error().code(), body.error().message(), "body");
}

}  // namespace securebase::http
