#pragma once

// What an alarm tells the world when its state changes (spec: cloudwatch-api 6.12).

#include <string>

#include "alarms/alarm.h"

namespace securebase::alarms {

/// One change of state, told to others.
struct Publication {
  std::string subject;  // "ALARM: \"name\" in US East (N. Virginia)", at most 100 characters
  std::string message;  // AWS's alarm JSON, as a topic publishes it
  std::string event;    // the EventBridge event "CloudWatch Alarm State Change"
};

/// "US East (N. Virginia)" for us-east-1; the code itself for a region it does not know.
std::string RegionName(std::string_view region);

/// `event_id`: a UUID, or anything unique.
Publication PublicationOf(const Alarm& alarm, bool after_mute, std::string_view event_id);

}  // namespace securebase::alarms
