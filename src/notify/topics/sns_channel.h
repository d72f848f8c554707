#pragma once

// Delivers topics' messages to http, https and mail endpoints. The payload of a delivery is an
// SnsMessage.

#include <functional>
#include <memory>
#include <string>

#include "base/file_system.h"
#include "notify/channel.h"
#include "notify/targets.h"
#include "notify/topics/signer.h"

namespace securebase::notify {

struct SnsChannelParts {
  const Signer& signer;
  const CurrentTargets& targets;  // mail goes by its only transport, or the one called "sns"
  FileSystem& files;
  /// Where clients reach us, known once the server listens.
  std::function<std::string()> public_base;
};

/// The channel called "sns".
std::unique_ptr<Channel> MakeSnsChannel(SnsChannelParts parts);

}  // namespace securebase::notify
