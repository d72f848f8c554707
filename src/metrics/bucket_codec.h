#pragma once

#include <string>

#include "base/bytes.h"
#include "metrics/bucket.h"

namespace securebase::metrics {

/// Buckets as blocks keep them. A bucket of one distinct value is two numbers.
class BucketCodec {
 public:
  static void Encode(const Bucket& bucket, std::string& out);
  /// kInternal for bytes that Encode did not write.
  static Result<Bucket> Decode(ByteReader& reader);
};

}  // namespace securebase::metrics
