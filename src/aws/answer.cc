#include "aws/answer.h"

#include <string>

#include "aws/codec/cbor.h"
#include "aws/codec/json.h"
#include "aws/codec/query.h"

namespace securebase::aws {
namespace {

http::Response Make(const RequestRoute& route, int status, std::string body,
                    std::string_view request_id) {
  http::Response response;
  response.status = status;
  response.body = std::move(body);
  switch (route.protocol) {
    case Protocol::kQuery:
      response.headers.Add("Content-Type", "text/xml");
      break;
    case Protocol::kJson10:
      response.headers.Add("Content-Type", "application/x-amz-json-1.0");
      break;
    case Protocol::kJson11:
      response.headers.Add("Content-Type", "application/x-amz-json-1.1");
      break;
    case Protocol::kCbor:
      response.headers.Add("Content-Type", "application/cbor");
      response.headers.Add("smithy-protocol", "rpc-v2-cbor");
      break;
  }
  response.headers.Add("x-amzn-RequestId", std::string(request_id));
  return response;
}

std::string XmlAnswer(const RequestRoute& route, const Value& value, std::string_view request_id) {
  const std::string& name = route.operation;
  std::string out = "<" + name + "Response xmlns=\"";
  out.append(route.service_or_default().xml_namespace).append("\">");
  if (!value.IsNull()) {
    const std::string content = codec::EncodeXml(value);
    if (content.empty()) {
      out.append("<").append(name).append("Result/>");
    } else {
      out.append("<").append(name).append("Result>").append(content);
      out.append("</").append(name).append("Result>");
    }
  }
  out.append("<ResponseMetadata><RequestId>").append(request_id);
  return out.append("</RequestId></ResponseMetadata></").append(name).append("Response>\n");
}

std::string XmlError(const RequestRoute& route, const Fault& fault, std::string_view request_id) {
  std::string out = "<ErrorResponse xmlns=\"";
  out.append(route.service_or_default().xml_namespace).append("\"><Error><Type>");
  out.append(fault.sender() ? "Sender" : "Receiver").append("</Type><Code>");
  codec::AppendXmlText(out, fault.code);
  out += "</Code>";
  if (!fault.message.empty()) {
    out += "<Message>";
    codec::AppendXmlText(out, fault.message);
    out += "</Message>";
  }
  out.append("</Error><RequestId>").append(request_id);
  return out.append("</RequestId></ErrorResponse>\n");
}

/// Some older shapes spell the member with a capital.
std::string_view MessageMember(const Fault& fault) {
  for (std::string_view shape : {"InternalServiceFault", "TransactionCanceledException",
                                 "IdempotentParameterMismatchException"}) {
    if (fault.shape == shape) return "Message";
  }
  return "message";
}

}  // namespace

http::Response Answer(const RequestRoute& route, const Value& value, std::string_view request_id) {
  switch (route.protocol) {
    case Protocol::kQuery:
      return Make(route, 200, XmlAnswer(route, value, request_id), request_id);
    case Protocol::kCbor:
      return Make(route, 200, codec::EncodeCbor(value), request_id);
    default:
      return Make(route, 200, codec::EncodeJson(value), request_id);
  }
}

http::Response ErrorAnswer(const RequestRoute& route, const Fault& fault, const Value& members,
                           std::string_view request_id) {
  if (route.protocol == Protocol::kQuery) {
    return Make(route, fault.status, XmlError(route, fault, request_id), request_id);
  }
  const ServiceDescription& service = route.service_or_default();
  Value body;
  body.Set("__type", ShapeId(service, fault));
  if (!fault.message.empty()) body.Set(MessageMember(fault), fault.message);
  if (const auto* extra = members.As<Value::Struct>()) {
    for (const auto& [name, value] : extra->fields) body.Set(name, value);
  }
  const bool cbor = route.protocol == Protocol::kCbor;
  const bool unknown_path = cbor && fault.code == "InvalidAction";
  http::Response response =
      Make(route, unknown_path ? 404 : JsonStatus(fault, route.query_mode),
           cbor ? codec::EncodeCbor(body) : codec::EncodeJson(body), request_id);
  if (service.service == Service::kCloudWatch) {
    response.headers.Add("x-amzn-query-error",
                         fault.code + (fault.sender() ? ";Sender" : ";Receiver"));
  }
  return response;
}

}  // namespace securebase::aws
