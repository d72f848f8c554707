// SetAlarmState, EnableAlarmActions, DisableAlarmActions (spec: cloudwatch-api 6.6, 6.8).

#include "aws/cloudwatch/alarm_common.h"
#include "aws/cloudwatch/common.h"
#include "aws/cloudwatch/operations.h"

namespace securebase::aws::cloudwatch {
namespace {

Result<Value> RunSetAlarmState(const Value& request, CallContext& context) {
  const std::string data = request.TextOr("StateReasonData", "");
  if (!data.empty() && !json::Parse(data).ok()) {
    return Error(ErrorCode::kInvalidArgument, "State reason data is not valid JSON",
                 "StateReasonData", "InvalidFormat");
  }
  SB_TRY_OK(context.stores.alarms.store().SetState(
      context.account, *request.Text("AlarmName"),
      *alarms::ParseStateValue(*request.Text("StateValue")), *request.Text("StateReason"), data));
  context.stores.alarms.Wake();
  return Value();
}

template <bool enabled>
Result<Value> RunSwitchActions(const Value& request, CallContext& context) {
  SB_TRY_OK(context.stores.alarms.store().EnableActions(context.account,
                                                        TextsOf(request, "AlarmNames"), enabled));
  return Value();
}

}  // namespace

Operation SetAlarmState() {
  return {.name = "SetAlarmState",
          .role = api::Role::kManager,
          .input = Struct({
              Required("AlarmName", Text(1, 255)),
              Required("StateValue", StateValueShape()),
              Required("StateReason", Text(0, 1023)),
              Optional("StateReasonData", Text(0, 4000)),
          }),
          .run = RunSetAlarmState};
}

Operation EnableAlarmActions() {
  return {.name = "EnableAlarmActions",
          .role = api::Role::kManager,
          .input = Struct({Required("AlarmNames", AlarmNamesShape())}),
          .run = RunSwitchActions<true>};
}

Operation DisableAlarmActions() {
  return {.name = "DisableAlarmActions",
          .role = api::Role::kManager,
          .input = Struct({Required("AlarmNames", AlarmNamesShape())}),
          .run = RunSwitchActions<false>};
}

}  // namespace securebase::aws::cloudwatch
