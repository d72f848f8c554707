// What is promised: headers compare without case, forms decode strictly, bodies come out of their
// encoding or are refused with the field's name.
#include "base/http.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/compression.h"

namespace securebase::http {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

TEST(HeadersTest, NamesCompareWithoutCase) {
  Headers headers;
  headers.Add("Host", "a");
  headers.Add("X-Trace", "1");
  headers.Add("x-trace", "2");
  EXPECT_EQ(headers.Get("hOST"), "a");
  EXPECT_EQ(headers.Get("X-TRACE"), "1");
  EXPECT_EQ(headers.Get("missing"), "");
  EXPECT_TRUE(headers.Has("host"));
  EXPECT_FALSE(headers.Has("hos"));

  headers.Set("X-TRACE", "3");
  EXPECT_THAT(headers.all(), ElementsAre(Pair("Host", "a"), Pair("X-TRACE", "3")));
}

TEST(ResponseTest, NamesItsContent) {
  const Response text = Response::Text(404, "no");
  EXPECT_EQ(text.status, 404);
  EXPECT_EQ(text.body, "no");
  EXPECT_EQ(text.headers.Get("Content-Type"), "text/plain; charset=utf-8");
  EXPECT_EQ(Response::Json(200, "{}").headers.Get("content-type"), "application/json");
}

TEST(ParseFormTest, DecodesPairsInOrder) {
  EXPECT_THAT(*ParseForm("b=1+2&a=%C3%A4&b=x%3Dy&flag&e=&&=v&q=a=b"),
              ElementsAre(Pair("b", "1 2"), Pair("a", "\xc3\xa4"), Pair("b", "x=y"),
                          Pair("flag", ""), Pair("e", ""), Pair("", "v"), Pair("q", "a=b")));
  EXPECT_THAT(*ParseForm(""), IsEmpty());
}

TEST(ParseFormTest, RefusesBrokenEscapesAndWrongUtf8) {
  for (const auto* text : {"a=%", "%=a", "a=%zz", "a=%ff", "%c3=a", "a=\xff"}) {
    EXPECT_FALSE(ParseForm(text).has_value()) << text;
  }
}

Request Encoded(std::string body, const char* encoding) {
  Request request;
  request.body = std::move(body);
  if (encoding != nullptr) request.headers.Add("content-encoding", encoding);
  return request;
}

TEST(DecodedBodyTest, UndoesEachEncoding) {
  EXPECT_EQ(*DecodedBody(Encoded("text", nullptr), 100), "text");
  EXPECT_EQ(*DecodedBody(Encoded("text", "identity"), 100), "text");
  EXPECT_EQ(*DecodedBody(Encoded("text", ""), 100), "text");
  EXPECT_EQ(*DecodedBody(Encoded(Gzip("text"), " GZIP"), 100), "text");
  EXPECT_EQ(*DecodedBody(Encoded(Zstd("text"), "zstd"), 100), "text");
}

TEST(DecodedBodyTest, NamesTheFieldAtFault) {
  const auto error_of = [](const Request& request) { return DecodedBody(request, 3).error(); };
  EXPECT_EQ(error_of(Encoded("x", "br")).field(), "Content-Encoding");
  EXPECT_EQ(error_of(Encoded("x", "gzip, zstd")).field(), "Content-Encoding");
  EXPECT_EQ(error_of(Encoded("x", "br")).code(), ErrorCode::kInvalidArgument);
  EXPECT_EQ(error_of(Encoded("x", "gzip")).field(), "body");
  EXPECT_EQ(error_of(Encoded("x", "gzip")).code(), ErrorCode::kInvalidArgument);
  for (const auto& request :
       {Encoded("text", nullptr), Encoded(Gzip("text"), "gzip"), Encoded(Zstd("text"), "zstd")}) {
    EXPECT_EQ(error_of(request).field(), "body");
    EXPECT_EQ(error_of(request).code(), ErrorCode::kLimitExceeded);
  }

  Request twice = Encoded(Gzip("x"), "gzip");
  twice.headers.Add("Content-Encoding", "gzip");
  EXPECT_EQ(error_of(twice).field(), "Content-Encoding");
}

}  // namespace
}  // namespace securebase::http
