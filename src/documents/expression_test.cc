// What is promised: the grammar and the semantics of DynamoDB's expressions, and the service's own
// error sentences.
#include "documents/expression.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace securebase::documents {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Value Int(std::int64_t value) { return Value(Number::FromInt(value)); }
Value Strings(std::vector<std::string> elements) {
  return Value(Value::Data(StringSet{std::move(elements)}));
}

Item Sample() {
  return {{"id", "i-1"},
          {"price", Int(10)},
          {"title", "blue bicycle"},
          {"flag", Value(true)},
          {"bytes", Value(Value::Data(Binary{"\1\2\3"}))},
          {"tags", Strings({"a", "b"})},
          {"sizes", Value(Value::Data(NumberSet{{Number::FromInt(1), Number::FromInt(2)}}))},
          {"blobs", Value(Value::Data(BinarySet{{"\1", "\2"}}))},
          {"entries", Value(List{Int(1), Value("two"), Value(Item{{"deep", Int(3)}})})},
          {"nested", Value(Item{{"core", Value(Item{{"n", Int(5)}})}, {"extra", "x"}})}};
}

ExpressionContext Context() {
  ExpressionContext::Names names = {{"#name", "name"}, {"#p", "price"}, {"#dot", "a.b"}};
  Item values = {{":ten", Int(10)},
                 {":five", Int(5)},
                 {":i", "i-1"},
                 {":blue", "blue"},
                 {":t", Value(true)},
                 {":list", Value(List{Value("z")})},
                 {":set", Strings({"b", "c"})},
                 {":two", Int(2)},
                 {":b", "b"},
                 {":bin", Value(Value::Data(Binary{"\1\2"}))},
                 {":S", "S"},
                 {":x", "x"},
                 {":empty", ""},
                 {":twoText", "two"},
                 {":map", Value(Item{})},
                 {":bin1", Value(Value::Data(Binary{"\1"}))}};
  auto context = ExpressionContext::Make(names, values);
  EXPECT_TRUE(context.ok());
  return *context;
}

bool Holds(std::string_view text, const Item& item = Sample()) {
  ExpressionContext context = Context();
  auto condition = ParseCondition(text, context);
  EXPECT_TRUE(condition.ok()) << text << ": "
                              << (condition.ok() ? "" : condition.error().message());
  return condition.ok() && Evaluate(*condition, item);
}

std::string ConditionError(std::string_view text) {
  ExpressionContext context = Context();
  auto condition = ParseCondition(text, context, ExpressionKind::kFilter);
  EXPECT_FALSE(condition.ok()) << text;
  if (condition.ok()) return "";
  EXPECT_EQ(condition.error().wire_code(), "ValidationException");
  return condition.error().message();
}

TEST(ConditionTest, HoldsOrNot) {
  auto yes = [](std::string_view text) { EXPECT_TRUE(Holds(text)) << text; };
  auto no = [](std::string_view text) { EXPECT_FALSE(Holds(text)) << text; };
  yes("price = :ten");
  no("price <> :ten");
  no("price < :ten");
  yes("price <= :ten AND price >= :ten");
  yes("price > :five and NOT price < :five");
  yes("#p = :ten");
  yes("price BETWEEN :five AND :ten");
  no("price between :ten and :ten and id = :five");
  yes("id IN (:ten, :i)");
  no("id in (:ten)");
  yes("attribute_exists(nested.core.n)");
  no("attribute_exists(nested.core.m)");
  no("attribute_exists(entries[3])");
  no("attribute_exists(entries.deep)");
  no("attribute_exists(nested[0])");
  yes("attribute_not_exists(absent)");
  yes("attribute_type(title, :S)");
  no("attribute_type(price, :S)");
  yes("begins_with(title, :blue)");
  no("begins_with(price, :blue)");
  yes("begins_with(bytes, :bin)");
  yes("contains(title, :blue)");
  no("contains(title, :ten)");
  yes("contains(tags, :b)");
  yes("contains(sizes, :two)");
  yes("contains(blobs, :bin1)");
  yes("contains(bytes, :bin)");
  yes("contains(entries, :twoText)");
  no("contains(flag, :t)");
  yes("size(title) > :ten");
  yes("size(tags) = :two AND size(sizes) = :two AND size(blobs) = :two AND size(nested) = :two");
  yes("size(bytes) > :two AND size(entries) > :two");
  no("size(flag) > :two");
  no("size(absent) > :two");
  yes("entries[2].deep > :two");
  yes("bytes >= :bin");
  no("flag = :ten OR (id = :i AND price = :five)");
  yes("flag = :t OR price = :five AND price = :five");
  no("(flag = :t OR price = :five) AND price = :five");
  yes("NOT NOT flag = :t");
  yes("nested.extra = :x");
}

// Missing attributes and different types: every comparison is false, but that they differ is true.
TEST(ConditionTest, MissingAndDifferentTypes) {
  EXPECT_FALSE(Holds("absent = :ten"));
  EXPECT_FALSE(Holds("absent < :ten OR absent >= :ten"));
  EXPECT_FALSE(Holds("absent BETWEEN :five AND :ten"));
  EXPECT_FALSE(Holds("absent IN (:ten)"));
  EXPECT_FALSE(Holds("begins_with(absent, :blue) OR contains(absent, :blue)"));
  EXPECT_TRUE(Holds("absent <> :ten"));
  EXPECT_TRUE(Holds("title <> :ten"));
  EXPECT_FALSE(Holds("title < :ten OR title >= :ten"));
  EXPECT_FALSE(Holds("price BETWEEN absent AND :ten"));
  EXPECT_TRUE(Holds("id <> :i", {}));
}

TEST(ConditionTest, RefusesWithTheServicesSentences) {
  auto refused = [](std::string_view text, std::string_view message) {
    EXPECT_EQ(ConditionError(text), "Invalid FilterExpression: " + std::string(message)) << text;
  };
  refused("a x b", "Syntax error; token: \"x\", near: \"a x b\"");
  refused("price =", "Syntax error; token: \"<EOF>\", near: \"=\"");
  refused("price = :ten)", "Syntax error; token: \")\", near: \":ten)\"");
  refused("price ! :ten", "Syntax error; token: \"!\", near: \"price ! :ten\"");
  refused("# = :ten", "Syntax error; token: \"#\", near: \"# = :ten\"");
  refused("", "The expression can not be empty;");
  refused("  ", "The expression can not be empty;");
  refused("status = :ten", "Attribute name is a reserved keyword; reserved keyword: status");
  refused("nested.Name = :ten", "Attribute name is a reserved keyword; reserved keyword: Name");
  refused("#x = :ten",
          "An expression attribute name used in the document path is not defined; attribute name: "
          "#x");
  refused("price = :nope",
          "An expression attribute value used in expression is not defined; attribute value: "
          ":nope");
  refused("((price = :ten))", "The expression has redundant parentheses;");
  refused("foo(price)", "Invalid function name; function: foo");
  refused("price = foo(price)", "Invalid function name; function: foo");
  refused("price = contains(title, :blue)",
          "The function is not allowed to be used this way in an expression; function: contains");
  refused("attribute_exists(:ten)",
          "Operator or function requires a document path; operator or function: attribute_exists");
  refused("begins_with(title)",
          "Incorrect number of operands for operator or function; operator or function: "
          "begins_with, number of operands: 1");
  refused("begins_with(title, :ten)",
          "Incorrect operand type for operator or function; operator or function: begins_with, "
          "operand type: N");
  refused("price < :t",
          "Incorrect operand type for operator or function; operator or function: <, operand type: "
          "BOOL");
  refused("attribute_type(price, :x)",
          "Invalid attribute type name found; type: x, valid types: "
          "{B,NULL,SS,BOOL,L,BS,N,NS,S,M}");
  refused("attribute_type(price, :ten)",
          "Incorrect operand type for operator or function; operator or function: attribute_type, "
          "operand type: N");
  refused("price = price",
          "The first operand must be distinct from the remaining operands for this operator or "
          "function; operator: =, first operand: [price]");
  refused("price BETWEEN :ten AND :five",
          "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; "
          "lower bound operand: AttributeValue: {N:10}, upper bound operand: AttributeValue: "
          "{N:5}");
  refused("price BETWEEN :ten AND :x",
          "The BETWEEN operator requires same data type for lower and upper bounds; lower bound "
          "operand: AttributeValue: {N:10}, upper bound operand: AttributeValue: {S:x}");
  refused("entries[99999999999] = :ten",
          "List index is not within the allowable range; index: [99999999999]");
  EXPECT_THAT(ConditionError("entries[x] = :ten"), HasSubstr("Syntax error; token: \"x\""));
  EXPECT_THAT(ConditionError("price = :ten AND"), HasSubstr("Syntax error"));
  EXPECT_THAT(ConditionError("price :ten"), HasSubstr("Syntax error; token: \":ten\""));
  EXPECT_THAT(ConditionError("price IN :ten"), HasSubstr("Syntax error"));
  EXPECT_THAT(ConditionError("price BETWEEN :ten OR :ten"), HasSubstr("Syntax error"));
}

TEST(ConditionTest, BoundsSizeNestingAndAlternatives) {
  EXPECT_THAT(ConditionError(std::string(5000, 'a')), HasSubstr("maximum allowed size"));
  std::string nots;
  for (int i = 0; i < 200; ++i) nots += "NOT ";
  EXPECT_THAT(ConditionError(nots + "price = :ten"), HasSubstr("too many nested"));
  EXPECT_FALSE(ConditionError(std::string(2000, '(')).empty());
  std::string in = "price IN (:ten";
  for (int i = 0; i < 100; ++i) in += ",:ten";
  EXPECT_THAT(ConditionError(in + ")"), HasSubstr("too many operands"));
  std::string path = "a";
  for (int i = 0; i < 100; ++i) path += ".a";
  EXPECT_THAT(ConditionError(path + " = :ten"), HasSubstr("nesting"));
}

TEST(ConditionTest, AFilterMayNotMentionTheKey) {
  TableDescription table;
  table.partition_key = {.name = "id"};
  table.sort_key = KeyAttribute{.name = "price"};
  auto check = [&](std::string_view text) {
    ExpressionContext context = Context();
    return CheckFilterAttributes(*ParseCondition(text, context, ExpressionKind::kFilter), table);
  };
  EXPECT_TRUE(check("title = :x AND attribute_exists(nested.id)").ok());
  EXPECT_EQ(check("title = :x OR NOT id = :x").error().message(),
            "Filter Expression can only contain non-primary key attributes: Primary key attribute: "
            "id");
  EXPECT_FALSE(check("size(price) = :ten").ok());
}

TEST(ContextTest, RefusesWrongMaps) {
  auto message = [](std::optional<ExpressionContext::Names> names, std::optional<Item> values) {
    return ExpressionContext::Make(std::move(names), std::move(values)).error().message();
  };
  EXPECT_EQ(message(ExpressionContext::Names{{"x", "y"}}, {}),
            "ExpressionAttributeNames contains invalid key: Syntax error; key: \"x\"");
  EXPECT_EQ(message(ExpressionContext::Names{{"#a-b", "y"}}, {}),
            "ExpressionAttributeNames contains invalid key: Syntax error; key: \"#a-b\"");
  EXPECT_EQ(message({}, Item{{"#v", Int(1)}}),
            "ExpressionAttributeValues contains invalid key: Syntax error; key: \"#v\"");
  EXPECT_EQ(message({}, Item{}), "ExpressionAttributeValues must not be empty");
  EXPECT_EQ(message(ExpressionContext::Names{}, {}), "ExpressionAttributeNames must not be empty");
  EXPECT_THAT(message(ExpressionContext::Names{{"#a", ""}}, {}), HasSubstr("must not be empty"));
  ExpressionContext::Names many;
  for (int i = 0; i < 2001; ++i) many["#a" + std::to_string(i)] = "a";
  EXPECT_THAT(message(many, {}), HasSubstr("more than 2000"));
}

TEST(ContextTest, RefusesWhatNoExpressionUsed) {
  ExpressionContext unused = *ExpressionContext::Make(ExpressionContext::Names{{"#n", "name"}},
                                                      Item{{":v", Int(1)}, {":w", Int(2)}});
  EXPECT_EQ(unused.CheckAllUsed("FilterExpression").error().message(),
            "ExpressionAttributeNames can only be specified when using expressions");
  ASSERT_TRUE(ParseCondition("#n = :v", unused).ok());
  EXPECT_EQ(unused.CheckAllUsed("FilterExpression").error().message(),
            "Value provided in ExpressionAttributeValues unused in expressions: keys: {:w}");
  ASSERT_TRUE(ParseCondition("price = :w", unused).ok());
  EXPECT_TRUE(unused.CheckAllUsed("FilterExpression").ok());

  ExpressionContext values = *ExpressionContext::Make({}, Item{{":v", Int(1)}});
  EXPECT_EQ(values.CheckAllUsed("FilterExpression").error().message(),
            "ExpressionAttributeValues can only be specified when using expressions: "
            "FilterExpression is null");
  ExpressionContext names =
      *ExpressionContext::Make(ExpressionContext::Names{{"#a", "a"}, {"#b", "b"}}, {});
  ASSERT_TRUE(ParseProjection("price", names).ok());
  EXPECT_EQ(names.CheckAllUsed("ProjectionExpression").error().message(),
            "Value provided in ExpressionAttributeNames unused in expressions: keys: {#a, #b}");
}

TEST(ProjectionTest, KeepsThePathsAndNoMore) {
  auto project = [](std::string_view text) {
    ExpressionContext context = Context();
    auto projection = ParseProjection(text, context);
    EXPECT_TRUE(projection.ok()) << text;
    return projection.ok() ? Project(*projection, Sample()) : Item();
  };
  EXPECT_EQ(project("id, #p"), (Item{{"id", "i-1"}, {"price", Int(10)}}));
  EXPECT_EQ(project("nested.core.n"),
            (Item{{"nested", Value(Item{{"core", Value(Item{{"n", Int(5)}})}})}}));
  EXPECT_EQ(project("entries[2].deep, entries[0]"),
            (Item{{"entries", Value(List{Int(1), Value(Item{{"deep", Int(3)}})})}}));
  EXPECT_EQ(project("absent, nested.absent, entries[9], id.x, title[0]"), Item());
  EXPECT_EQ(project("entries.x, nested[0]"), Item());
}

TEST(ProjectionTest, RefusesPathsThatOverlap) {
  auto message = [](std::string_view text) {
    ExpressionContext context = Context();
    return ParseProjection(text, context).error().message();
  };
  EXPECT_EQ(message("nested, nested.core"),
            "Invalid ProjectionExpression: Two document paths overlap with each other; must remove "
            "or rewrite one of these paths; path one: [nested], path two: [nested, core]");
  EXPECT_THAT(message("nested.a, nested[0]"), HasSubstr("conflict with each other"));
  EXPECT_THAT(message("id id"), HasSubstr("Syntax error"));
  EXPECT_THAT(message("id,"), HasSubstr("Syntax error; token: \"<EOF>\""));
}

class KeyConditionTest : public ::testing::Test {
 protected:
  KeyConditionTest() {
    table_.partition_key = {.name = "customer_id"};
    table_.sort_key = KeyAttribute{.name = "price", .type = KeyType::kNumber};
  }
  Result<KeyCondition> Parse(std::string_view text) {
    ExpressionContext context = Context();
    return ParseKeyCondition(text, context, table_);
  }
  std::string Message(std::string_view text) {
    auto key = Parse(text);
    EXPECT_FALSE(key.ok()) << text;
    return key.ok() ? "" : key.error().message();
  }
  TableDescription table_;
};

TEST_F(KeyConditionTest, SelectsAPartitionAndARange) {
  auto only = Parse("customer_id = :x");
  ASSERT_TRUE(only.ok());
  EXPECT_EQ(only->partition, Value("x"));
  EXPECT_FALSE(only->sort);

  auto between = Parse("customer_id = :x AND #p BETWEEN :five AND :ten");
  ASSERT_TRUE(between.ok()) << between.error().message();
  EXPECT_EQ(between->sort->op, SortCondition::Op::kBetween);
  EXPECT_EQ(between->sort->low, Int(5));
  EXPECT_EQ(between->sort->high, Int(10));

  auto reversed = Parse("(price >= :five) AND (customer_id = :x)");
  ASSERT_TRUE(reversed.ok()) << reversed.error().message();
  EXPECT_EQ(reversed->sort->op, SortCondition::Op::kGreaterOrEqual);
  for (const char* op : {"=", "<", "<=", ">"}) {
    EXPECT_TRUE(Parse(std::string("customer_id = :x AND price ") + op + " :ten").ok()) << op;
  }
}

TEST_F(KeyConditionTest, RefusesWithTheServicesSentences) {
  EXPECT_EQ(Message("price = :ten"), "Query condition missed key schema element: customer_id");
  EXPECT_EQ(Message("another = :x"), "Query condition missed key schema element: customer_id");
  EXPECT_EQ(Message("customer_id = :x AND another = :x"),
            "Query condition missed key schema element: price");
  EXPECT_EQ(Message("customer_id > :x"), "Query key condition not supported");
  EXPECT_THAT(Message("customer_id = :x OR price = :ten"),
              HasSubstr("Invalid operator used in KeyConditionExpression: OR"));
  EXPECT_THAT(Message("customer_id <> :x"), HasSubstr("KeyConditionExpression: <>"));
  EXPECT_THAT(Message("NOT customer_id = :x"), HasSubstr("KeyConditionExpression: NOT"));
  EXPECT_THAT(Message("customer_id IN (:x)"), HasSubstr("KeyConditionExpression: IN"));
  EXPECT_THAT(Message("attribute_exists(customer_id)"), HasSubstr("attribute_exists"));
  EXPECT_THAT(Message("size(customer_id) = :ten"), HasSubstr("size"));
  EXPECT_THAT(Message("customer_id = price"), HasSubstr("compared with a value"));
  EXPECT_THAT(Message("customer_id.x = :x"), HasSubstr("nested attributes"));
  EXPECT_THAT(Message("customer_id = :x AND customer_id = :x"), HasSubstr("one condition per key"));
  EXPECT_THAT(Message("customer_id = :x AND price = :ten AND price = :five"),
              HasSubstr("length 1 or 2 only"));
  EXPECT_THAT(Message("(customer_id = :x AND price = :ten) AND price = :five"),
              HasSubstr("length 1 or 2 only"));
  EXPECT_THAT(Message("customer_id = :ten"), HasSubstr("does not match schema type"));
  EXPECT_THAT(Message("customer_id = :x AND price = :x"), HasSubstr("does not match schema type"));
  EXPECT_THAT(Message("customer_id = :empty"), HasSubstr("Key: customer_id"));
  EXPECT_THAT(Message("customer_id = :x AND begins_with(price, :x)"),
              HasSubstr("does not match schema type"));
  EXPECT_THAT(Message("customer_id ="), HasSubstr("Invalid KeyConditionExpression: Syntax error"));
}

Result<Item> Update(std::string_view text, const Item& item = Sample()) {
  ExpressionContext context = Context();
  SB_TRY(UpdatePlan plan, ParseUpdate(text, context));
  return ApplyUpdate(plan, item);
}

Value After(std::string_view text, const Path& path) {
  auto item = Update(text);
  EXPECT_TRUE(item.ok()) << text << ": " << (item.ok() ? "" : item.error().message());
  const Value* value = item.ok() ? Resolve(*item, path) : nullptr;
  return value ? *value : Value("(missing)");
}

std::string UpdateError(std::string_view text) {
  auto item = Update(text);
  EXPECT_FALSE(item.ok()) << text;
  return item.ok() ? "" : item.error().message();
}

TEST(UpdateTest, SetsRemovesAddsAndDeletes) {
  EXPECT_EQ(After("SET price = :five", {"price"}), Int(5));
  EXPECT_EQ(After("set price = price + :five", {"price"}), Int(15));
  EXPECT_EQ(After("SET price = :five - price", {"price"}), Int(-5));
  EXPECT_EQ(After("SET fresh = if_not_exists(fresh, :ten) + :five", {"fresh"}), Int(15));
  EXPECT_EQ(After("SET price = if_not_exists(price, :five)", {"price"}), Int(10));
  EXPECT_EQ(After("SET nested.core.n = :x", {"nested", "core", "n"}), Value("x"));
  EXPECT_EQ(After("SET nested.fresh = :x", {"nested", "fresh"}), Value("x"));
  EXPECT_EQ(After("SET entries[0] = :x", {"entries", std::uint64_t{0}}), Value("x"));
  EXPECT_EQ(After("SET entries[77] = :x", {"entries", std::uint64_t{3}}), Value("x"));
  EXPECT_EQ(After("SET entries = list_append(entries, :list)", {"entries", std::uint64_t{3}}),
            Value("z"));
  EXPECT_EQ(After("SET entries = list_append(:list, entries)", {"entries", std::uint64_t{0}}),
            Value("z"));
  EXPECT_EQ(After("SET #dot = :x", {"a.b"}), Value("x"));
  EXPECT_EQ(After("REMOVE price, nested.extra, absent", {"price"}), Value("(missing)"));
  EXPECT_EQ(After("REMOVE entries[0], entries[1]", {"entries", std::uint64_t{0}}),
            Value(Item{{"deep", Int(3)}}));
  EXPECT_EQ(After("REMOVE entries[9]", {"entries"}).list()->size(), 3u);
  EXPECT_EQ(After("ADD price :five", {"price"}), Int(15));
  EXPECT_EQ(After("ADD fresh :five", {"fresh"}), Int(5));
  EXPECT_EQ(After("ADD tags :set", {"tags"}), Strings({"a", "b", "c"}));
  EXPECT_EQ(After("ADD fresh :set", {"fresh"}), Strings({"b", "c"}));
  EXPECT_EQ(After("DELETE tags :set", {"tags"}), Strings({"a"}));
  EXPECT_EQ(After("DELETE absent :set", {"absent"}), Value("(missing)"));
}

TEST(UpdateTest, ReadsAllOperandsFromTheItemAsItWas) {
  auto item = Update("SET price = id, id = price REMOVE title ADD extra :five DELETE tags :set");
  ASSERT_TRUE(item.ok());
  EXPECT_EQ(item->at("price"), Value("i-1"));
  EXPECT_EQ(item->at("id"), Int(10));
  EXPECT_FALSE(item->contains("title"));
  EXPECT_EQ(item->at("extra"), Int(5));
}

TEST(UpdateTest, ASetThatLosesItsLastElementGoes) {
  Item item = {{"tags", Strings({"b"})}};
  auto after = Update("DELETE tags :set", item);
  ASSERT_TRUE(after.ok());
  EXPECT_TRUE(after->empty());
}

TEST(UpdateTest, NumberAndBinarySetsWorkLikeStringSets) {
  Item values = {{":n", Value(Value::Data(NumberSet{{Number::FromInt(2), Number::FromInt(3)}}))},
                 {":b", Value(Value::Data(BinarySet{{"\2", "\3"}}))}};
  auto apply = [&](std::string_view text) {
    ExpressionContext context = *ExpressionContext::Make({}, values);
    return *ApplyUpdate(*ParseUpdate(text, context), Sample());
  };
  Item added = apply("ADD sizes :n, blobs :b");
  EXPECT_EQ(std::get<NumberSet>(added["sizes"].data()).elements.size(), 3u);
  EXPECT_EQ(std::get<BinarySet>(added["blobs"].data()).elements.size(), 3u);
  Item deleted = apply("DELETE sizes :n, blobs :b");
  EXPECT_EQ(std::get<NumberSet>(deleted["sizes"].data()).elements.size(), 1u);
  EXPECT_EQ(std::get<BinarySet>(deleted["blobs"].data()).elements.size(), 1u);
}

TEST(UpdateTest, RefusesWithTheServicesSentences) {
  EXPECT_EQ(UpdateError("SET price = :ten SET id = :x"),
            "Invalid UpdateExpression: The \"SET\" section can only be used once in an update "
            "expression;");
  EXPECT_EQ(UpdateError("SET nested = :x, nested.core = :x"),
            "Invalid UpdateExpression: Two document paths overlap with each other; must remove or "
            "rewrite one of these paths; path one: [nested], path two: [nested, core]");
  EXPECT_EQ(UpdateError(" "), "Invalid UpdateExpression: The expression can not be empty;");
  EXPECT_EQ(
      UpdateError("SET price = price + :x"),
      "Invalid UpdateExpression: Incorrect operand type for operator or function; operator or "
      "function: +, operand type: S");
  EXPECT_EQ(
      UpdateError("SET entries = list_append(entries, :x)"),
      "Invalid UpdateExpression: Incorrect operand type for operator or function; operator or "
      "function: list_append, operand type: S");
  EXPECT_THAT(UpdateError("SET price = id + :five"), HasSubstr("has an incorrect data type"));
  EXPECT_THAT(UpdateError("SET entries = list_append(id, :list)"),
              HasSubstr("has an incorrect data type"));
  EXPECT_EQ(UpdateError("SET price = absent"),
            "The provided expression refers to an attribute that does not exist in the item");
  for (const char* text :
       {"SET absent.x = :x", "SET id.x = :x", "SET id[0] = :x", "SET nested.absent.x = :x",
        "SET entries[9].x = :x", "SET nested.extra.x.y = :x", "REMOVE absent.x"}) {
    EXPECT_EQ(UpdateError(text),
              "The document path provided in the update expression is invalid for update")
        << text;
  }
  EXPECT_EQ(UpdateError("ADD price :x"),
            "Invalid UpdateExpression: Incorrect operand type for operator or function; operator: "
            "ADD, operand type: STRING, typeSet: ALLOWED_FOR_ADD_OPERAND");
  EXPECT_THAT(UpdateError("DELETE tags :ten"), HasSubstr("ALLOWED_FOR_DELETE_OPERAND"));
  EXPECT_THAT(UpdateError("ADD id :five"), HasSubstr("has an incorrect data type"));
  EXPECT_THAT(UpdateError("DELETE id :set"), HasSubstr("has an incorrect data type"));
  EXPECT_THAT(UpdateError("SET price = size(id)"), HasSubstr("not allowed in an update"));
  EXPECT_THAT(UpdateError("SET price = foo(id)"), HasSubstr("Invalid function name"));
  EXPECT_THAT(UpdateError("SET price = if_not_exists(:ten, :ten)"),
              HasSubstr("requires a document path"));
  EXPECT_THAT(UpdateError("SET price = if_not_exists(price)"), HasSubstr("number of operands: 1"));
  EXPECT_THAT(UpdateError("PUT price = :ten"), HasSubstr("Syntax error; token: \"PUT\""));
  EXPECT_THAT(UpdateError("SET price :ten"), HasSubstr("Syntax error"));
  EXPECT_THAT(UpdateError("ADD price price"), HasSubstr("Syntax error"));
  std::string deep = "SET price = ";
  for (int i = 0; i < 300; ++i) deep += "(";
  EXPECT_THAT(UpdateError(deep), HasSubstr("too many nested"));
}

TEST(UpdateTest, MayNotTouchTheKey) {
  TableDescription table;
  table.partition_key = {.name = "id"};
  ExpressionContext context = Context();
  auto plan = ParseUpdate("SET title = :x REMOVE id", context);
  ASSERT_TRUE(plan.ok());
  EXPECT_THAT(plan->paths(), ElementsAre(Path{"title"}, Path{"id"}));
  EXPECT_EQ(CheckUpdateAttributes(*plan, table).error().message(),
            "One or more parameter values were invalid: Cannot update attribute id. This attribute "
            "is part of the key");
  table.partition_key = {.name = "other"};
  table.sort_key = KeyAttribute{.name = "third"};
  EXPECT_TRUE(CheckUpdateAttributes(*plan, table).ok());
}

TEST(ReservedWordTest, KnowsTheList) {
  for (const char* word :
       {"name", "status", "timestamp", "region", "usage", "data", "ttl", "ABORT", "Zone"}) {
    EXPECT_TRUE(IsReservedWord(word)) << word;
  }
  for (const char* word : {"id", "price", "customer_id", "created_at", "", "nam"}) {
    EXPECT_FALSE(IsReservedWord(word)) << word;
  }
}

TEST(PathTest, PrintsAsMessagesShowIt) {
  EXPECT_EQ(ToText(Path{"a", "b", std::uint64_t{0}}), "[a, b, [0]]");
}

}  // namespace
}  // namespace securebase::documents
