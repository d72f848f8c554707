#include "web/page.h"

#include <string>
#include <unordered_map>

#include "base/bytes.h"
#include "base/compression.h"
#include "base/text.h"

namespace securebase::web {
namespace {

// No inline script or style, nothing from elsewhere, no framing: a stored text that reached the
// page unescaped could still neither run nor send anything.
constexpr std::string_view kContentSecurityPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'";

constexpr std::string_view kNotBuilt =
    "The web page is not part of this build. Build it with script/bootstrap --web, then build "
    "the binary again. The APIs work without it.\n";

std::string_view ContentType(std::string_view path) {
  static constexpr std::pair<std::string_view, std::string_view> kTypes[] = {
      {".html", "text/html; charset=utf-8"},
      {".js", "text/javascript; charset=utf-8"},
      {".css", "text/css; charset=utf-8"},
      {".svg", "image/svg+xml"},
      {".png", "image/png"},
      {".woff2", "font/woff2"},
      {".json", "application/json"},
      {".txt", "text/plain; charset=utf-8"},
  };
  for (const auto& [ending, type] : kTypes) {
    if (path.ends_with(ending)) return type;
  }
  return "application/octet-stream";
}

void AddSecurityHeaders(http::Response& response) {
  response.headers.Set("Content-Security-Policy", std::string(kContentSecurityPolicy));
  response.headers.Set("X-Content-Type-Options", "nosniff");
  response.headers.Set("Referrer-Policy", "no-referrer");
  response.headers.Set("Cross-Origin-Opener-Policy", "same-origin");
}

bool AcceptsGzip(std::string_view accept_encoding) {
  for (std::string_view part : Split(accept_encoding, ',')) {
    const std::string_view coding = Trim(part.substr(0, part.find(';')));
    if (!EqualsIgnoreCase(coding, "gzip") && coding != "*") continue;
    const std::size_t q = part.find("q=");
    const std::optional<double> weight =
        q == std::string_view::npos ? 1.0 : ParseDouble(Trim(part.substr(q + 2)));
    return weight.value_or(0) > 0;
  }
  return false;
}

class Page final : public http::Handler {
 public:
  explicit Page(std::vector<Asset> assets) {
    for (const Asset& asset : assets) {
      File file;
      file.plain = asset.bytes;
      file.type = ContentType(asset.path);
      file.etag = '"' + HexEncode(Fingerprint(asset.bytes)) + '"';
      // Fonts and pictures are compressed already.
      if (file.type.starts_with("text/") || file.type == "image/svg+xml") {
        file.gzip = Gzip(asset.bytes, 9);
      }
      file.immutable = asset.path.starts_with("/assets/");
      files_.emplace(std::string(asset.path), std::move(file));
    }
  }

  void Handle(http::Request request, http::Respond respond) override {
    http::Response response = Answer(request);
    AddSecurityHeaders(response);
    respond(std::move(response));
  }

 private:
  struct File {
    std::string_view plain;
    std::string gzip;  // empty: not worth it
    std::string_view type;
    std::string etag;
    bool immutable = false;
  };

  static std::string Fingerprint(std::string_view bytes) {
    std::string out;
    PutFixed(out, Checksum(bytes));
    return out;
  }

  http::Response Answer(const http::Request& request) const {
    if (request.method != "GET" && request.method != "HEAD") {
      http::Response response = http::Response::Text(405, "Use GET.\n");
      response.headers.Set("Allow", "GET, HEAD");
      return response;
    }
    const auto found = files_.find(request.path == "/" ? "/index.html" : request.path);
    if (found == files_.end()) {
      return files_.empty() && request.path == "/"
                 ? http::Response::Text(503, std::string(kNotBuilt))
                 : http::Response::Text(404, "Nothing is here. The page is at /.\n");
    }
    return Serve(found->second, request);
  }

  static http::Response Serve(const File& file, const http::Request& request) {
    http::Response response;
    response.headers.Set("ETag", file.etag);
    response.headers.Set("Vary", "Accept-Encoding");
    response.headers.Set("Cache-Control",
                         file.immutable ? "public, max-age=31536000, immutable" : "no-cache");
    if (request.headers.Get("If-None-Match") == file.etag) {
      response.status = 304;
      return response;
    }
    response.headers.Set("Content-Type", std::string(file.type));
    if (!file.gzip.empty() && AcceptsGzip(request.headers.Get("Accept-Encoding"))) {
      response.headers.Set("Content-Encoding", "gzip");
      response.body = file.gzip;
    } else {
      response.body = std::string(file.plain);
    }
    return response;
  }

  std::unordered_map<std::string, File> files_;
};

}  // namespace

std::unique_ptr<http::Handler> MakePage(std::vector<Asset> assets) {
  return std::make_unique<Page>(std::move(assets));
}

}  // namespace securebase::web
