#pragma once

// Serves the web page from the binary: no files, no internet.

#include <memory>
#include <vector>

#include "base/http.h"
#include "web/assets.h"

namespace securebase::web {

/// A handler for GET and HEAD of the page's files. `/` is the page; a path below /assets carries
/// a hash of its content in its name and may be cached for ever, the page itself is revalidated
/// by its ETag. Every answer carries the content-security policy (docs/web.md). Files are sent
/// gzip-compressed where the client takes that.
std::unique_ptr<http::Handler> MakePage(std::vector<Asset> assets = EmbeddedAssets());

}  // namespace securebase::web
