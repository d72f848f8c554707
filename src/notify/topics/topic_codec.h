#pragma once

#include "documents/value.h"
#include "notify/topics/topic_service.h"

namespace securebase::notify {

documents::Item ToItem(const Topic& topic);
Topic TopicFromItem(const documents::Item& item);
documents::Item ToItem(const Subscription& subscription);
Subscription SubscriptionFromItem(const documents::Item& item);

}  // namespace securebase::notify
