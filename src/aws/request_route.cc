#include "aws/request_route.h"

#include <utility>

#include "base/text.h"

namespace securebase::aws {
namespace {

constexpr std::string_view kFormType = "application/x-www-form-urlencoded";
constexpr std::string_view kJsonType = "application/x-amz-json-";

bool StartsWithIgnoreCase(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() && EqualsIgnoreCase(text.substr(0, prefix.size()), prefix);
}

/// The raw value of a field in a form or query string, without decoding the rest.
std::string_view RawField(std::string_view form, std::string_view name) {
  std::size_t at = 0;
  while ((at = form.find(name, at)) != form.npos) {
    const std::size_t end = at + name.size();
    const bool starts = at == 0 || form[at - 1] == '&';
    if (starts && end < form.size() && form[end] == '=') {
      return form.substr(end + 1, form.find('&', end) - end - 1);
    }
    at = end;
  }
  return {};
}

void SetService(RequestRoute& route, const ServiceDescription* service, std::string_view name) {
  route.service = service;
  route.service_name = service != nullptr ? service->signing_name : name;
}

/// "/service/{Shape}/operation/{Op}", perhaps below a prefix.
void RouteCborPath(std::string_view path, RequestRoute& route) {
  const auto parts = Split(path, '/');
  if (parts.size() < 4) return;
  const std::size_t n = parts.size();
  if (parts[n - 4] != "service" || parts[n - 2] != "operation") return;
  SetService(route, FindByTarget(parts[n - 3]), parts[n - 3]);
  route.operation = parts[n - 1];
}

void RouteTarget(std::string_view target, RequestRoute& route) {
  const std::size_t dot = target.rfind('.');
  const std::string_view prefix = target.substr(0, dot);
  SetService(route, FindByTarget(prefix), prefix);
  if (dot != target.npos) route.operation = target.substr(dot + 1);
}

void RouteForm(std::string_view action, std::string_view version, std::string_view signing_name,
               RequestRoute& route) {
  route.operation = action;
  route.version = version;
  if (version.empty()) {
    const ServiceDescription* service = FindBySigningName(signing_name);
    const bool query = service != nullptr && !service->query_version.empty();
    SetService(route, query ? service : nullptr, signing_name);
  } else {
    SetService(route, FindByQueryVersion(version), signing_name);
  }
}

}  // namespace

std::optional<Protocol> ProtocolOf(const http::Request& request) {
  if (request.headers.Get("smithy-protocol") == "rpc-v2-cbor" && request.method == "POST") {
    return Protocol::kCbor;
  }
  if (request.path != "/" && !request.path.empty()) return std::nullopt;
  const std::string_view type = request.headers.Get("content-type");
  const bool post = request.method == "POST";
  if (post && StartsWithIgnoreCase(type, kJsonType) && request.headers.Has("x-amz-target")) {
    return type.substr(kJsonType.size()).starts_with("1.1") ? Protocol::kJson11 : Protocol::kJson10;
  }
  if (post && StartsWithIgnoreCase(type, kFormType)) return Protocol::kQuery;
  if (request.method == "GET" && !RawField(request.query, "Action").empty()) {
    return Protocol::kQuery;
  }
  return std::nullopt;
}

const ServiceDescription& RequestRoute::service_or_default() const {
  return service != nullptr ? *service : Describe(Service::kCloudWatch);
}

RequestRoute GuessRoute(const http::Request& request, Protocol protocol,
                        std::string_view signing_name) {
  RequestRoute route;
  route.protocol = protocol;
  route.query_mode = EqualsIgnoreCase(request.headers.Get("x-amzn-query-mode"), "true");
  if (protocol == Protocol::kCbor) {
    RouteCborPath(request.path, route);
  } else if (protocol == Protocol::kQuery) {
    const std::string_view form =
        request.method == "GET" ? std::string_view(request.query) : std::string_view(request.body);
    RouteForm(RawField(form, "Action"), RawField(form, "Version"), signing_name, route);
  } else {
    RouteTarget(request.headers.Get("x-amz-target"), route);
  }
  return route;
}

Result<RequestRoute> FindRoute(const http::Request& request, Protocol protocol,
                               std::string_view body, std::string_view signing_name) {
  RequestRoute route = GuessRoute(request, protocol, signing_name);
  if (protocol != Protocol::kQuery) return route;
  const std::string_view text = request.method == "GET" ? std::string_view(request.query) : body;
  auto form = http::ParseForm(text);
  if (!form) {
    return Error(ErrorCode::kInvalidArgument, "The form cannot be decoded.", "body",
                 "MalformedInput");
  }
  std::string_view action, version;
  for (const auto& [name, value] : *form) {
    if (name != "Action" && name != "Version") continue;
    std::string_view& field = name == "Action" ? action : version;
    if (!field.empty()) {
      return Error(ErrorCode::kInvalidArgument, "The parameter " + name + " is given twice.", name,
                   "MalformedInput");
    }
    field = value;
  }
  if (action.empty()) {
    return Error(ErrorCode::kInvalidArgument, "The request must contain the parameter Action.",
                 "Action", "MissingAction");
  }
  RouteForm(action, version, signing_name, route);
  route.form = *std::move(form);
  return route;
}

}  // namespace securebase::aws
