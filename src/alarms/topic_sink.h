#pragma once

#include "alarms/action.h"
#include "notify/topics/topic_service.h"

namespace securebase::alarms {

/// Runs actions that name a topic: publishes AWS's alarm JSON to it. `topics` outlives the sink.
class TopicSink final : public ActionSink {
 public:
  explicit TopicSink(notify::TopicService& topics) : topics_(topics) {}
  Result<> Run(const Action& action) override;

 private:
  notify::TopicService& topics_;
};

}  // namespace securebase::alarms
