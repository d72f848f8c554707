#include "base/time_zone.h"

#include <date/tz.h>

#include <exception>

namespace securebase {

Result<TimeZone> TimeZone::Find(std::string_view name) {
  TimeZone found;
  if (name == "UTC") return found;
  try {
    found.zone_ = date::locate_zone(std::string(name));
  } catch (const std::exception&) {
    return InvalidArgument("", "'" + std::string(name) +
                                   "' is no IANA time zone, such as UTC or "
                                   "Europe/Berlin");
  }
  found.name_ = name;
  return found;
}

Instant TimeZone::ToLocal(Instant t) const {
  if (zone_ == nullptr) return t;
  return Instant(zone_->to_local(t).time_since_epoch());
}

std::string TimeZone::Abbreviation(Instant t) const {
  return zone_ == nullptr ? "UTC" : zone_->get_info(t).abbrev;
}

}  // namespace securebase
