// What is promised: the page and its files with their types, caching, compression and the
// content-security policy; clear answers for what is not there.
#include "web/page.h"

#include <gtest/gtest.h>

#include "base/compression.h"

namespace securebase::web {
namespace {

std::vector<Asset> Assets() {
  return {{"/index.html", "<!doctype html><title>t</title>"}, {"/assets/app-1.js", "let x = 1;"}};
}

http::Response Get(http::Handler& page, std::string path, http::Headers headers = {},
                   std::string method = "GET") {
  http::Request request;
  request.method = std::move(method);
  request.path = std::move(path);
  request.headers = std::move(headers);
  http::Response got;
  page.Handle(std::move(request), [&](http::Response response) { got = std::move(response); });
  return got;
}

TEST(PageTest, ServesThePageAtTheRoot) {
  auto page = MakePage(Assets());
  const http::Response response = Get(*page, "/");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.Get("content-type"), "text/html; charset=utf-8");
  EXPECT_EQ(response.body, "<!doctype html><title>t</title>");
  EXPECT_EQ(response.headers.Get("cache-control"), "no-cache");
}

TEST(PageTest, EveryAnswerCarriesThePolicy) {
  auto page = MakePage(Assets());
  for (const char* path : {"/", "/assets/app-1.js", "/nosuch"}) {
    const http::Response response = Get(*page, path);
    EXPECT_NE(response.headers.Get("content-security-policy").find("script-src 'self'"),
              std::string_view::npos)
        << path;
    EXPECT_EQ(response.headers.Get("x-content-type-options"), "nosniff");
  }
}

TEST(PageTest, FilesWithAHashInTheirNameAreCachedForEver) {
  auto page = MakePage(Assets());
  const http::Response response = Get(*page, "/assets/app-1.js");
  EXPECT_EQ(response.headers.Get("cache-control"), "public, max-age=31536000, immutable");
  EXPECT_EQ(response.headers.Get("content-type"), "text/javascript; charset=utf-8");
}

TEST(PageTest, CompressesForClientsThatTakeIt) {
  auto page = MakePage(Assets());
  http::Headers gzip;
  gzip.Add("Accept-Encoding", "br, gzip;q=0.8");
  const http::Response response = Get(*page, "/", gzip);
  EXPECT_EQ(response.headers.Get("content-encoding"), "gzip");
  EXPECT_EQ(GunzipAll(response.body, 1 << 20).value(), "<!doctype html><title>t</title>");

  http::Headers refused;
  refused.Add("Accept-Encoding", "gzip;q=0");
  EXPECT_EQ(Get(*page, "/", refused).headers.Get("content-encoding"), "");
}

TEST(PageTest, AnUnchangedPageIsNotSentAgain) {
  auto page = MakePage(Assets());
  http::Headers known;
  known.Add("If-None-Match", std::string(Get(*page, "/").headers.Get("etag")));
  const http::Response response = Get(*page, "/", known);
  EXPECT_EQ(response.status, 304);
  EXPECT_TRUE(response.body.empty());
}

TEST(PageTest, SaysWhatIsWrong) {
  auto page = MakePage(Assets());
  EXPECT_EQ(Get(*page, "/nosuch").status, 404);
  const http::Response post = Get(*page, "/", {}, "POST");
  EXPECT_EQ(post.status, 405);
  EXPECT_EQ(post.headers.Get("allow"), "GET, HEAD");
  auto unbuilt = MakePage({});
  EXPECT_EQ(Get(*unbuilt, "/").status, 503);
  EXPECT_NE(Get(*unbuilt, "/").body.find("script/bootstrap --web"), std::string::npos);
}

}  // namespace
}  // namespace securebase::web
