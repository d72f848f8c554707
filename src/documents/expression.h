#pragma once

// The DynamoDB expressions: condition, filter, key condition, projection and update. Parsing
// resolves aliases and values at once, so that what comes out needs no context to run.
// Errors carry the wire code ValidationException and DynamoDB's own sentences; the prefix
// "1 validation error detected: ", which some operations want, is the caller's.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "documents/document_store.h"
#include "documents/value.h"

namespace securebase::documents {

/// One step of a document path: an attribute's name or an index into a list.
using PathStep = std::variant<std::string, std::uint64_t>;
/// Begins with a name. `a.b[0]` is {"a", "b", 0}.
using Path = std::vector<PathStep>;

/// "[a, b, [0]]", as error messages show a path.
std::string ToText(const Path& path);
/// The value at `path`, or null.
const Value* Resolve(const Item& item, const Path& path);

/// ExpressionAttributeNames and ExpressionAttributeValues of one request. Parsing looks them up
/// here and records the use. Not thread-safe; one a request.
class ExpressionContext {
 public:
  /// Aliases with their '#'.
  using Names = std::map<std::string, std::string, std::less<>>;

  /// No names, no values.
  ExpressionContext() = default;
  /// Refuses keys that are no alias ("#x") or value name (":x"), and maps that are present but
  /// empty. `none`: the request had no such parameter.
  static Result<ExpressionContext> Make(std::optional<Names> names, std::optional<Item> values);

  /// Refuses names and values that no parsed expression used; names and values given without any
  /// expression are refused with the sentence for that, where `expression` is the name of the
  /// parameter that is missing ("FilterExpression").
  Result<> CheckAllUsed(std::string_view expression) const;

  // For the parser: null when undefined; a look-up counts as a use.
  const std::string* FindName(std::string_view alias);
  const Value* FindValue(std::string_view name);
  void CountExpression() { ++expressions_; }

 private:
  template <class T>
  struct Entry {
    T value;
    bool used = false;
  };
  std::map<std::string, Entry<std::string>, std::less<>> names_;
  std::map<std::string, Entry<Value>, std::less<>> values_;
  int expressions_ = 0;
};

/// Names the request parameter in errors: "Invalid FilterExpression: ..".
enum class ExpressionKind { kCondition, kFilter, kKeyCondition, kProjection, kUpdate };
std::string_view ToText(ExpressionKind kind);

/// A parsed condition or filter; immutable, cheap to copy.
class Condition {
 public:
  struct Node;
  explicit Condition(std::shared_ptr<const Node> root);
  const Node& root() const { return *root_; }
  /// Names of the top-level attributes that it mentions, sorted, unique.
  const std::vector<std::string>& attributes() const { return attributes_; }

 private:
  std::shared_ptr<const Node> root_;
  std::vector<std::string> attributes_;
};

/// `kind`: kCondition or kFilter.
Result<Condition> ParseCondition(std::string_view text, ExpressionContext& context,
                                 ExpressionKind kind = ExpressionKind::kCondition);
/// An item that does not exist is an empty one.
bool Evaluate(const Condition& condition, const Item& item);
/// kInvalidArgument when a Query's filter mentions an attribute of the table's key.
Result<> CheckFilterAttributes(const Condition& filter, const TableDescription& table);

/// Paths that do not overlap, in the order of the text.
struct Projection {
  std::vector<Path> paths;
};
Result<Projection> ParseProjection(std::string_view text, ExpressionContext& context);
/// The parts of `item` at the paths; missing ones are left out, elements of lists move together.
Item Project(const Projection& projection, const Item& item);

/// What a Query asks for: the partition and, perhaps, a condition on the sort key.
struct KeyCondition {
  Value partition;
  std::optional<SortCondition> sort;
};
Result<KeyCondition> ParseKeyCondition(std::string_view text, ExpressionContext& context,
                                       const TableDescription& table);

/// A parsed update expression; immutable, cheap to copy.
class UpdatePlan {
 public:
  struct Program;
  explicit UpdatePlan(std::shared_ptr<const Program> program);
  const Program& program() const { return *program_; }
  /// Every path that is set, removed, added to or deleted from, in the order of the text.
  const std::vector<Path>& paths() const { return paths_; }

 private:
  std::shared_ptr<const Program> program_;
  std::vector<Path> paths_;
};

Result<UpdatePlan> ParseUpdate(std::string_view text, ExpressionContext& context);
/// kInvalidArgument when the plan touches an attribute of the table's key.
Result<> CheckUpdateAttributes(const UpdatePlan& plan, const TableDescription& table);
/// The item after the update. `before` is the present item, or, where there is none, its key
/// alone. All operands are read from `before`. Neither the size nor the key is checked here: the
/// store does. Project({plan.paths()}, item) gives UPDATED_OLD and UPDATED_NEW.
Result<Item> ApplyUpdate(const UpdatePlan& plan, const Item& before);

/// Whether a name (any case) is one of DynamoDB's reserved words.
bool IsReservedWord(std::string_view name);

}  // namespace securebase::documents
