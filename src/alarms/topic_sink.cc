#include "alarms/topic_sink.h"

namespace securebase::alarms {
namespace {

/// A subject is printable ASCII: an alarm's name may be anything.
std::string SubjectOf(const std::string& text) {
  std::string subject;
  for (const char c : text) subject += c >= ' ' && c < 127 ? c : '?';
  return subject.substr(0, 100);
}

}  // namespace

Result<> TopicSink::Run(const Action& action) {
  SB_TRY_OK(topics_.Publish(action.account, {.topic_arn = action.arn,
                                             .subject = SubjectOf(action.publication.subject),
                                             .message = action.publication.message,
                                             .idempotency_key = action.key}));
  return {};
}

}  // namespace securebase::alarms
