// TransactWriteItems and TransactGetItems: all or nothing.

#include <algorithm>
#include <list>
#include <utility>

#include "aws/dynamodb/meter.h"
#include "aws/dynamodb/operations.h"
#include "aws/dynamodb/writes.h"
#include "base/bytes.h"
#include "documents/measured_store.h"

namespace securebase::aws::dynamodb {
namespace {

using documents::Change;
using documents::Item;

constexpr std::int64_t kActionsMax = 100;
constexpr std::uint64_t kBytesMax = 4u << 20;
constexpr std::int64_t kTokenSeconds = 600;  // a repeated token means the same transaction so long
constexpr const char* kTokenTable = "securebase-transaction-tokens";
constexpr const char* kActions[] = {"ConditionCheck", "Put", "Delete", "Update"};

/// One action of a TransactWriteItems.
struct Action {
  std::string kind;
  const Value* request = nullptr;
  WriteCall call;
  Item item;  // of a Put
  std::optional<documents::UpdatePlan> plan;
  std::optional<Error> refused;
  std::optional<Item> present;  // what the condition was false of
};

Result<> ReadAction(const CallContext& context, const Value& element, Action& action) {
  for (const char* kind : kActions) {
    const Value* request = element.Find(kind);
    if (request == nullptr) continue;
    if (action.request != nullptr) {
      return Validation("TransactItems can only contain one of Check, Put, Update or Delete",
                        "TransactItems");
    }
    action.kind = kind;
    action.request = request;
  }
  if (action.request == nullptr) {
    return Validation(
        "Invalid Request: TransactWriteRequest should contain Delete or Put or Update request",
        "TransactItems");
  }
  const Value& request = *action.request;
  SB_TRY(auto expressions, ExpressionsOf(request));
  if (const std::string* text = request.Text("UpdateExpression")) {
    SB_TRY(action.plan, documents::ParseUpdate(*text, expressions));
  }
  WriteCall& call = action.call;
  SB_TRY(call.condition, ConditionOf(request, "ConditionExpression", expressions,
                                     documents::ExpressionKind::kCondition));
  SB_TRY_OK(expressions.CheckAllUsed(action.kind == "Update" ? "UpdateExpression"
                                                             : "ConditionExpression"));
  SB_TRY(call.table, OpenTable(context, *request.Text("TableName")));
  if (action.kind != "ConditionCheck") {
    const WriteKind kind = action.kind == "Put"      ? WriteKind::kPut
                           : action.kind == "Delete" ? WriteKind::kDelete
                                                     : WriteKind::kUpdate;
    SB_TRY_OK(CheckWritable(context, call.table, kind));
  }
  if (action.kind == "Put") {
    SB_TRY(action.item, ItemOf(request, "Item"));
    SB_TRY(call.key, documents::KeyOf(call.table.description, action.item));
  } else {
    SB_TRY(Item key, ItemOf(request, "Key"));
    SB_TRY(call.key, KeyOf(context, call.table, std::move(key)));
  }
  if (action.plan) {
    SB_TRY_OK(documents::CheckUpdateAttributes(*action.plan, call.table.description));
  }
  return CheckOwner(call.table, call.key);
}

Result<Change> Mutate(Action& action, const Item* present) {
  if (!action.call.Holds(present)) {
    if (present != nullptr) action.present = *present;
    return ConditionFailed();
  }
  if (action.kind == "ConditionCheck") return Change{};
  if (action.kind == "Put") return Change{Change::Kind::kPut, action.item};
  if (action.kind == "Update") return Updated(action.plan, present, action.call.key);
  return Change{present == nullptr ? Change::Kind::kNone : Change::Kind::kDelete, {}};
}

Error TooLarge() {
  return Validation("Item size in the transaction exceeded the maximum allowed size of 4 MB",
                    "TransactItems");
}

/// Why each action was refused, or "None"; and the exception that says so.
Error Cancelled(CallContext& context, const std::list<Action>& actions) {
  Value::List reasons;
  std::string codes;
  for (const Action& action : actions) {
    std::string code = "None";
    Value reason;
    if (action.refused) {
      const bool condition = action.refused->wire_code() == "ConditionalCheckFailedException";
      code = condition ? "ConditionalCheckFailed" : "ValidationError";
      reason.Set("Code", code);
      reason.Set("Message", action.refused->message());
      if (condition && action.present &&
          action.request->TextOr("ReturnValuesOnConditionCheckFailure", "") == "ALL_OLD") {
        reason.Set("Item", documents::ToWire(*action.present));
      }
    } else {
      reason.Set("Code", code);
    }
    codes += (codes.empty() ? "" : ", ") + code;
    reasons.push_back(std::move(reason));
  }
  context.error_members.Set("CancellationReasons", std::move(reasons));
  return Error(ErrorCode::kConflict,
               "Transaction cancelled, please refer cancellation reasons for specific reasons [" +
                   codes + "]",
               "TransactItems", "TransactionCanceledException");
}

/// The internal table of client tokens, made at its first use.
Result<> MakeTokenTable(CallContext& context) {
  documents::DocumentStore& store = context.stores.documents;
  if (store.DescribeTable(context.account, kTokenTable).ok()) return {};
  documents::TableDescription table;
  table.name = kTokenTable;
  table.internal = true;
  table.partition_key = {.name = "token"};
  table.ttl_attribute = "expires";
  table.created_at = context.now;
  return store.CreateTable(context.account, std::move(table)).map([](const auto&) {});
}

/// Writes the token beside the transaction. `repeated` is set, and the transaction refused, where
/// the same token did the same before.
documents::Write TokenWrite(const CallContext& context, const std::string& token,
                            std::string digest, bool& repeated) {
  const std::int64_t expires = ToUnixMillis(context.now) / 1000 + kTokenSeconds;
  return {kTokenTable,
          {{"token", token}},
          [=, &repeated, digest = std::move(digest)](const Item* present) -> Result<Change> {
            if (present == nullptr) {
              return Change{Change::Kind::kPut,
                            {{"token", token},
                             {"digest", digest},
                             {"expires", documents::Number::FromInt(expires)}}};
            }
            repeated = documents::StringAttribute(*present, "digest") == digest;
            return Error(ErrorCode::kConflict,
                         "Request parameters do not match those of the earlier call with the same "
                         "ClientRequestToken",
                         "ClientRequestToken", "IdempotentParameterMismatchException");
          }};
}

/// What makes two requests the same: everything but the token and what only shapes the answer.
std::string DigestOf(const std::list<Action>& actions) {
  std::string text;
  for (const Action& action : actions) {
    PutBytes(text, action.kind);
    PutBytes(text, documents::EncodeItem(action.call.key));
    PutBytes(text, documents::EncodeItem(action.item));
    for (const char* member : {"TableName", "UpdateExpression", "ConditionExpression"}) {
      PutBytes(text, action.request->TextOr(member, ""));
    }
    if (const json::Value* values = action.request->Document("ExpressionAttributeValues")) {
      PutBytes(text, json::Write(*values));
    }
    for (const auto& [alias, name] : action.request->Entries("ExpressionAttributeNames")) {
      PutBytes(text, alias);
      PutBytes(text, *name.As<std::string>());
    }
  }
  return std::to_string(Checksum(text)) + "-" + std::to_string(text.size());
}

Value AnswerOf(const Value& request, const std::list<Action>& actions, Meter& meter) {
  Value answer = Value::MakeStruct({});
  answer.Set("ConsumedCapacity", meter.Capacities(request));
  std::map<std::string, Value::List> collections;
  for (const Action& action : actions) {
    Value metrics = CollectionMetrics(request, action.call.table, action.call.key);
    if (!metrics.IsNull()) collections[action.call.table.name()].push_back(std::move(metrics));
  }
  if (collections.empty()) return answer;
  Value::Map by_table;
  for (auto& [name, list] : collections) by_table.entries.emplace_back(name, std::move(list));
  answer.Set("ItemCollectionMetrics", std::move(by_table));
  return answer;
}

Result<std::list<Action>> ReadActions(const Value& request, const CallContext& context,
                                      Meter& meter) {
  std::list<Action> actions;
  std::uint64_t bytes = 0;
  for (const Value& element : request.Elements("TransactItems")) {
    Action& action = actions.emplace_back();
    SB_TRY_OK(ReadAction(context, element, action));
    SB_TRY_OK(meter.Admit(action.call.table, documents::Access::kWrite));
    bytes += documents::ItemSize(action.item);
    for (auto other = actions.begin(); &*other != &action; ++other) {
      if (other->call.table.name() != action.call.table.name()) continue;
      if (other->call.key != action.call.key) continue;
      return Validation("Transaction request cannot include multiple operations on one item",
                        "TransactItems");
    }
  }
  if (bytes > kBytesMax) return TooLarge();
  return actions;
}

Result<Value> Write(const Value& request, CallContext& context, Meter& meter) {
  SB_TRY(std::list<Action> actions, ReadActions(request, context, meter));
  std::vector<documents::Write> writes;
  for (Action& action : actions) {
    writes.push_back({action.call.table.name(), action.call.key,
                      [&action](const Item* present) { return Mutate(action, present); },
                      [&action](const Error& error) { action.refused = error; }});
  }
  bool repeated = false;
  std::optional<Error> token_refused;
  if (const std::string* token = request.Text("ClientRequestToken")) {
    SB_TRY_OK(MakeTokenTable(context));
    writes.push_back(TokenWrite(context, *token, DigestOf(actions), repeated));
    writes.back().refused = [&](const Error& error) { token_refused = error; };
  }
  auto results = context.stores.documents.Transact(context.account, std::move(writes));
  if (repeated) {
    for (const Action& action : actions) meter.Read(action.call.table, 2);
    return AnswerOf(request, actions, meter);
  }
  if (!results.ok()) {
    if (token_refused) return *token_refused;
    const bool refused = std::any_of(actions.begin(), actions.end(), [](const Action& action) {
      return action.refused.has_value();
    });
    if (refused) return Cancelled(context, actions);
    return results.error();
  }
  std::size_t i = 0;
  for (const Action& action : actions) {
    const documents::WriteResult& result = (*results)[i++];
    meter.Write(action.call.table, result.before ? &*result.before : nullptr,
                result.after ? &*result.after : nullptr, 2);
  }
  return AnswerOf(request, actions, meter);
}

Result<Value> RunWrite(const Value& request, CallContext& context) {
  Meter meter(context, "TransactWriteItems");
  return meter.Finish(Write(request, context, meter));
}

/// One Get of a TransactGetItems.
struct Get {
  TableView table;
  std::optional<documents::Projection> projection;
  Item key;
};

Result<Get> ReadGet(const CallContext& context, const Value& element, Meter& meter) {
  const Value& request = *element.Find("Get");
  Get get;
  SB_TRY(auto expressions, ExpressionsOf(request));
  SB_TRY(get.projection, ProjectionOf(request, expressions));
  SB_TRY_OK(expressions.CheckAllUsed("ProjectionExpression"));
  SB_TRY(get.table, OpenTable(context, *request.Text("TableName")));
  SB_TRY_OK(meter.Admit(get.table, documents::Access::kRead));
  SB_TRY(Item key, ItemOf(request, "Key"));
  SB_TRY(get.key, KeyOf(context, get.table, std::move(key)));
  return get;
}

Result<Value> Read(const Value& request, CallContext& context, Meter& meter) {
  std::vector<Get> gets;
  std::vector<documents::Write> reads;
  for (const Value& element : request.Elements("TransactItems")) {
    SB_TRY(Get get, ReadGet(context, element, meter));
    // Items are locked together: what is read is of one instant.
    reads.push_back(
        {get.table.name(), get.key, [](const Item*) -> Result<Change> { return Change{}; }});
    gets.push_back(std::move(get));
  }
  SB_TRY(const auto results, context.stores.documents.Transact(context.account, std::move(reads)));
  Value::List responses;
  std::uint64_t bytes = 0;
  for (std::size_t i = 0; i < gets.size(); ++i) {
    Value response = Value::MakeStruct({});
    const std::optional<Item>& item = results[i].before;
    const std::uint64_t size = item ? documents::ItemSize(*item) : 0;
    bytes += size;
    meter.Read(gets[i].table, documents::ReadUnits(size) * 2);
    meter.Returned(gets[i].table, item ? 1 : 0);
    if (item && gets[i].table.Shows(*item)) {
      response.Set("Item", Shown(gets[i].table, *item, gets[i].projection));
    }
    responses.push_back(std::move(response));
  }
  if (bytes > kBytesMax) return TooLarge();
  Value answer = Value::MakeStruct({{"Responses", std::move(responses)}});
  answer.Set("ConsumedCapacity", meter.Capacities(request));
  return answer;
}

Result<Value> RunRead(const Value& request, CallContext& context) {
  Meter meter(context, "TransactGetItems");
  return meter.Finish(Read(request, context, meter));
}

/// Members of every action.
ShapePtr ActionShape(std::vector<Member> more) {
  more.insert(more.end(), {TableNameMember(), Optional("ConditionExpression", Text()),
                           NamesMember(), ValuesMember(), OnConditionFailureMember()});
  return Struct(std::move(more));
}

}  // namespace

Operation TransactWriteItems() {
  const ShapePtr one = Struct(
      {Optional("ConditionCheck", ActionShape({Required("Key", Document())})),
       Optional("Put", ActionShape({Required("Item", Document())})),
       Optional("Delete", ActionShape({Required("Key", Document())})),
       Optional("Update",
                ActionShape({Required("Key", Document()), Required("UpdateExpression", Text())}))});
  return {.name = "TransactWriteItems",
          .role = api::Role::kAnalyst,
          .input = Struct({Required("TransactItems", ListOf(one, 1, kActionsMax)), CapacityMember(),
                           CollectionMetricsMember(), Optional("ClientRequestToken", Text(1, 36))}),
          .run = RunWrite};
}

Operation TransactGetItems() {
  const ShapePtr get = Struct({Required("Key", Document()), TableNameMember(),
                               Optional("ProjectionExpression", Text()), NamesMember()});
  return {.name = "TransactGetItems",
          .input = Struct(
              {Required("TransactItems", ListOf(Struct({Required("Get", get)}), 1, kActionsMax)),
               CapacityMember()}),
          .run = RunRead};
}

}  // namespace securebase::aws::dynamodb
