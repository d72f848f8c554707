#pragma once

// Channels that tell an Event to a named Target: one file each in this folder. The payload of a
// delivery is {"target": name, "event": {..}}, for mail with "recipient" too.

#include <memory>

#include "base/file_system.h"
#include "notify/channel.h"
#include "notify/event.h"
#include "notify/targets.h"

namespace securebase::notify {

/// What they need; outlives them.
struct ChannelParts {
  const CurrentTargets& targets;
  FileSystem& files;  // for secrets
};

std::unique_ptr<Channel> MakeSlackChannel(const ChannelParts& parts);
std::unique_ptr<Channel> MakePagerDutyChannel(const ChannelParts& parts);
std::unique_ptr<Channel> MakeTeamsChannel(const ChannelParts& parts);
std::unique_ptr<Channel> MakeWebhookChannel(const ChannelParts& parts);
std::unique_ptr<Channel> MakeEmailChannel(const ChannelParts& parts);

/// The deliveries that tell `event` to `target`: one, or one a recipient for mail; none where the
/// target does not want events of that type. Ids are derived from the event's and the target's, so
/// that telling again is the same delivery.
std::vector<Delivery> DeliveriesTo(const Target& target, const Event& event,
                                   const Account& account);

}  // namespace securebase::notify
