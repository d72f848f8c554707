#pragma once

// application/vnd.amazon.eventstream: framed messages with headers and two checksums, many in one
// long response. Source: Smithy's specification of the event stream encoding.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace securebase::aws::codec {

using EventHeaders = std::vector<std::pair<std::string_view, std::string_view>>;

/// One message. Headers are texts, names of at most 255 bytes.
std::string EncodeEvent(const EventHeaders& headers, std::string_view payload);

}  // namespace securebase::aws::codec
