// What is promised: filter patterns match as the guide's examples and our decisions say, nothing
// malformed passes, and extraction names what the pattern names (spec: logs-api 11).
#include "logs/filter_pattern.h"

#include <gtest/gtest.h>

namespace securebase::logs {
namespace {

bool Matches(std::string_view pattern, std::string_view message) {
  const auto parsed = FilterPattern::Parse(pattern);
  EXPECT_TRUE(parsed.ok()) << pattern;
  return parsed.ok() && parsed->Matches(message);
}

void Yes(std::string_view pattern, std::string_view message) {
  EXPECT_TRUE(Matches(pattern, message)) << pattern << "\n" << message;
}
void No(std::string_view pattern, std::string_view message) {
  EXPECT_FALSE(Matches(pattern, message)) << pattern << "\n" << message;
}
void Bad(std::string_view pattern) {
  const auto parsed = FilterPattern::Parse(pattern);
  ASSERT_FALSE(parsed.ok()) << pattern;
  EXPECT_EQ(parsed.error().message(), "Invalid filter pattern");
  EXPECT_EQ(parsed.error().wire_code(), "InvalidParameterException");
}

std::string Extracted(std::string_view pattern, std::string_view message) {
  const auto parsed = FilterPattern::Parse(pattern);
  if (!parsed.ok()) return "bad";
  const auto values = parsed->Extract(message);
  if (!values) return "none";
  std::string out;
  for (const auto& [name, value] : *values) out += name + "=" + value + "|";
  return out;
}

constexpr std::string_view kAccess =
    R"(127.0.0.1 Prod frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534)";
constexpr std::string_view kService = "INFO 09/25/2014 12:00:00 GET /service/resource/67 1200";

TEST(TermPatternTest, FollowsTheGuide) {
  Yes("ERROR", "[ERROR 400] BAD REQUEST");
  Yes("ERROR ARGUMENTS", "[ERROR 419] MISSING ARGUMENTS");
  No("ERROR ARGUMENTS", "[ERROR 400] BAD REQUEST");
  Yes("?ERROR ?ARGUMENTS", "[ERROR 401] UNAUTHORIZED REQUEST");
  Yes("?ERROR ?ARGUMENTS", "[WARN] ARGUMENTS");
  No("?ERROR ?ARGUMENTS", "[INFO] fine");
  Yes("?ERROR ?ARGUMENTS REQUEST", "[INFO] REQUEST FAILED");
  No("ERROR -ARGUMENTS", "[ERROR 420] INVALID ARGUMENTS");
  Yes("ERROR -ARGUMENTS", "[ERROR 401] UNAUTHORIZED");
  Yes("\"INTERNAL SERVER ERROR\"", "[ERROR 500] INTERNAL SERVER ERROR");
  No("\"INTERNAL SERVER ERROR\"", "INTERNAL ERROR of a SERVER");
  Yes("%AUTHORIZED%", "[ERROR 401] UNAUTHORIZED REQUEST");
  No("%^starting|^initializing%", "skipping initializing");
  Yes("%^starting|^initializing%", "initializing");
}

TEST(TermPatternTest, EdgesOfTheSyntax) {
  for (const char* everything : {"", " ", "\" \"", "\"\"", "  \" \"  "}) {
    Yes(everything, "anything");
    Yes(everything, "");
    EXPECT_TRUE(FilterPattern::Parse(everything)->MatchesEverything());
  }
  No("error", "ERROR");  // the case counts
  Yes("-DEBUG", "INFO");
  No("-DEBUG", "DEBUG");
  Yes("\"hello cruel\"", "hello cruela");
  Yes(R"("say \"hi\"")", R"(I say "hi")");
  Yes(R"("C:\\dir")", R"(in C:\dir)");
  Yes("-\"access denied\" user", "user came in");
  No("-\"access denied\" user", "user: access denied");
  Yes("request-id: foo.bar", "request-id: foo.bar");
  Yes("a - b", "a - b");
  No("a - b", "a b");  // a mark alone is a word
  Yes("é", "caf\u00e9");
  Yes("%\\d{3}% failed", "status 500 failed");
  Yes("-%debug|trace% a", "a");
  No("-%debug|trace% a", "a trace");
  Yes("%gra|ey%", "ey");
  Yes("%\\x41%", "A");
  Bad("\"open");
  Bad("\"a\"b");
  Bad("a\"b\"");
  Bad("%something!%");
  Bad("%(a)%");
  Bad("%open");
  Bad("%%");
  Bad("%a\\b%");
  Bad("%[%");
  Bad("%a{2000}%");
  Bad("%\\x4%");
  Bad("%caf\u00e9%");
  Bad("\xff");
  Bad(std::string(5000, 'x'));
  EXPECT_EQ(FilterPattern::Parse("a \"b c\" ?d -e %f%")->RequiredTexts(),
            (std::vector<std::string>{"a", "b c"}));
  EXPECT_EQ(FilterPattern::Parse("%a% -%b%")->regex_count(), 2u);
  EXPECT_EQ(Extracted("a", "a"), "");
  EXPECT_EQ(Extracted("a", "b"), "none");
}

TEST(JsonPatternTest, FollowsTheGuide) {
  Yes("{ $.sourceIPAddress != 123.123.* }", R"({"sourceIPAddress":"111.111.111.111"})");
  No("{ $.sourceIPAddress != 123.123.* }", R"({"sourceIPAddress":"123.123.1.1"})");
  Yes("{ $.sourceIPAddress = 123.123.* }", R"({"sourceIPAddress":"123.123.1.1"})");
  constexpr std::string_view kArray = R"({"arrayKey":["value","another value"]})";
  Yes("{ $.arrayKey[0] = \"value\" }", kArray);
  Yes("{ $.arrayKey[*] = %val.{2}% }", kArray);
  No("{ $.arrayKey[2] = \"value\" }", kArray);
  Yes("{ $.objectList[1].id = 2 }", R"({"objectList":[{"id":1},{"id":2}]})");
  Yes("{ $.a IS NULL }", R"({"a":null})");
  Yes("{ $.b NOT EXISTS }", R"({"a":null})");
  No("{ $.a NOT EXISTS }", R"({"a":null})");
  No("{ $.b IS NULL }", R"({"a":null})");
  Yes("{ $.['cluster.name'] = \"c\" }", R"({"cluster.name":"c"})");
  Yes("{ $['cluster.name'] = c }", R"({"cluster.name":"c"})");
  constexpr std::string_view kUser = R"({"u":1,"x":2,"y":9})";
  Yes("{ $.u = 1 || $.x = 2 && $.y = 3 }", kUser);
  No("{ ($.u = 1 || $.x = 2) && $.y = 3 }", kUser);
  Yes("{ $.u > 0.5 }", R"({"u":1,"n":1000})");
  Yes("{ $.n = 1e3 }", R"({"u":1,"n":1000})");
}

TEST(JsonPatternTest, ComparesByKind) {
  Yes("{ $.s = 200 }", R"({"s":"200"})");
  Yes("{ $.s = 200 }", R"({"s":200.0})");
  Yes("{ $.s = \"200\" }", R"({"s":200})");
  No("{ $.s = 200 }", R"({"s":"two"})");
  Yes("{ $.s != 200 }", R"({"s":"two"})");
  Yes("{ $.s = 4* }", R"({"s":404})");
  No("{ $.s = 4* }", R"({"s":504})");
  Yes("{ $.s = * }", R"({"s":1})");
  Yes("{ $.s = \"*\" }", R"({"s":""})");
  No("{ $.s = * }", R"({"s":null})");
  No("{ $.s = * }", R"({"s":{}})");
  No("{ $.s = * }", R"({"s":true})");
  Yes("{ $.s = *ab*cd* }", R"({"s":"xxabxcdx"})");
  No("{ $.s = *ab*cd* }", R"({"s":"cdab"})");
  Yes("{ $.s = a*a }", R"({"s":"aa"})");
  No("{ $.s = a*a }", R"({"s":"a"})");
  Yes("{ $.ok = true }", R"({"ok":true})");
  No("{ $.ok != true }", R"({"ok":true})");
  Yes("{ $.ok IS TRUE }", R"({"ok":true})");
  Yes("{ $.ok IS FALSE }", R"({"ok":false})");
  No("{ $.ok IS FALSE }", R"({"ok":0})");
  No("{ $.missing != 1 }", R"({"ok":true})");
  No("{ $.o != 1 }", R"({"o":{"a":2}})");
  No("{ $.n != 1 }", R"({"n":null})");
  Yes("{ $.n <= 5 && $.n >= 5 && $.n < 6 && $.n > 4 }", R"({"n":5})");
  No("{ $.n > 4 }", R"({"n":"five"})");
  Yes("{ $.* = x }", R"({"a":1,"b":"x"})");
  Yes("{ $.a[*].b.c = x }", R"({"a":[{"b":1},{"b":{"c":"x"}}]})");
  No("{ $.a[*] = x }", R"({"a":"x"})");
  No("{ $.a[0] = x }", R"({"a":{"0":"x"}})");
  Yes("{ $.a[*] NOT EXISTS }", R"({"a":[]})");
  Yes("{ $.big = 18446744073709551615 }", R"({"big":18446744073709551615})");
  Yes("{$.m=\"a b\"&&$.k=%^x%}", R"({"m":"a b","k":"xy"})");
  No("{ $.k != %^x% }", R"({"k":"xy"})");
  Yes("{ $.eventName = \"Console\\\"Login\" }", R"({"eventName":"Console\"Login"})");
  Yes("{ $.path = /aws/lambda/x:1 }", R"({"path":"/aws/lambda/x:1"})");
}

TEST(JsonPatternTest, OtherMessagesDoNotMatch) {
  for (const char* message :
       {"", "plain", "[1]", "\"x\"", "{", "{\"a\":1", "{\"a\":1} trailing", "prefix {\"a\":1}"}) {
    No("{ $.a = 1 }", message);
    No("{ $.b NOT EXISTS }", message);
  }
  Yes("{ $.a = 1 }", "  {\"a\":1} \n");
  std::string deep(100'000, '[');
  No("{ $.a = 1 }", "{\"a\":" + deep);
}

TEST(JsonPatternTest, RefusesWhatIsMalformed) {
  for (const char* pattern : {"{",
                              "{}",
                              "{ }",
                              "{ $.a }",
                              "{ $.a = }",
                              "{ a = 1 }",
                              "{ $.a = 1",
                              "{ $.a = 1 } x",
                              "{ $.a IS NOT NULL }",
                              "{ $.a EXISTS }",
                              "{ $.a IS }",
                              "{ $.a IS 1 }",
                              "{ $.a NOT }",
                              "{ $.a > x }",
                              "{ $.a > %x% }",
                              "{ $.a == 1 }",
                              "{ $. = 1 }",
                              "{ $.a[ = 1 }",
                              "{ $.a[x] = 1 }",
                              "{ $.a[-1] = 1 }",
                              "{ $.a[*].b[*] = 1 }",
                              "{ $.['x = 1 }",
                              "{ ($.a = 1 }",
                              "{ $.a = 1 && }",
                              "{ && $.a = 1 }",
                              "{ $.a = 1 $.b = 2 }",
                              "{ $.a = \"x }",
                              "{ $.a = a b }",
                              "{ $.a = %a% && $.b = %b% && $.c = %c% }",
                              "{ $.* = 1 && $.* = 2 && $.* = 3 && $.* = 4 }",
                              "{ $.a like 1 }",
                              "{ $ = 1 }",
                              "{ $.a = %(x)% }",
                              "{ $.a IS NULLS }"}) {
    Bad(pattern);
  }
  Bad("{ " + std::string(200, '(') + "$.a = 1" + std::string(200, ')') + " }");
}

TEST(SpacePatternTest, FollowsTheGuide) {
  Yes("[ip, user, username, timestamp, request =*.html*, status_code = 4*, bytes]", kAccess);
  Yes("[..., status_code = 404 || status_code = 410, bytes]", kAccess);
  Yes("[..., bytes > 1000]", kAccess);
  No("[..., bytes > 2000]", kAccess);
  Yes("[..., request, status=4*,]", kAccess);
  No("[..., request, status=5*,]", kAccess);
  Yes("[w1!=ERROR && w1!=WARNING, w2]", kService);
  No("[w1!=INFO && w1!=WARNING, w2]", kService);
  Yes("[logLevel, date, time, method, url=%/service/resource/[0-9]+$%, response_time]", kService);
  No("[logLevel, date, time, method, url=%/service/resource/[0-9]+$%, response_time]",
     "INFO 09/25/2014 12:00:00 GET /service/resource/67/part/111 1200");
  Yes("[time, request_id, level = ERROR*, ...]", "2026-01-05T10:00:00Z 8f5e ERROR report failed");
  Yes("[time, request_id, level = ERROR*, ...]",
      "2026-01-05T10:00:00Z\t8f5e\tERROR\treport failed");
  No("[time, request_id, level = ERROR*, ...]", "2026-01-05T10:00:00Z\t8f5e\tINFO\tdone");
}

TEST(SpacePatternTest, CountsFields) {
  Yes("[]", "anything at all");
  Yes("[]", "");
  Yes("[a]", "one");
  Yes("[a]", "one two");  // a last plain part takes the rest
  No("[a]", "");
  No("[a, b]", "one");
  Yes("[a, b = two]", "one two");
  No("[a, b = two]", "one two three");  // a last condition wants equal numbers
  Yes("[a = one, ...]", "one");
  Yes("[..., z = one]", "one");
  Yes("[a = 1, ..., z = 3]", "1 3");
  Yes("[a = 1, ..., z = 3]", "1 2 2 3");
  No("[a = 1, ..., z = 3]", "1");
  Yes("[,]", "a b");
  Yes("[A = x && a != y, ...]", "x");
  Yes("[(a = 1 || a = 2) && a != 1, b]", "2 x");
  Yes("[ a , b ]", "  x   y ");
  No("[a < 5, b]", "x y");
  Yes("[a <= 5, b]", "5 y");
  Yes("[a = \"x y\", b]", "\"x y\" z");
  Yes("[a = \"[open\", b]", "[open z");
}

TEST(SpacePatternTest, Extracts) {
  EXPECT_EQ(Extracted("[..., size]", kAccess),
            "$1=127.0.0.1|$2=Prod|$3=frank|$4=10/Oct/2000:13:25:15 -0700|"
            "$5=GET /index.html HTTP/1.0|$6=404|$size=1534|");
  EXPECT_EQ(Extracted("[]", "a b"), "$1=a|$2=b|");
  EXPECT_EQ(Extracted("[ip,,user]", "1.1.1.1 - frank and the rest"),
            "$ip=1.1.1.1|$2=-|$user=frank and the rest|");
  EXPECT_EQ(Extracted("[a, ..., z]", "1 2 3"), "$a=1|$2=2|$z=3|");
  EXPECT_EQ(Extracted("[a = 2, ...]", "1"), "none");
  EXPECT_EQ(Extracted("[a, b]", R"("x \" y" z)"), R"($a=x \" y|$b=z|)");
}

TEST(SpacePatternTest, RefusesWhatIsMalformed) {
  for (const char* pattern :
       {"[", "[a", "[a] b", "[a, ..., b, ...]", "[a = ]", "[= 1]", "[a = 1 && b = 2, c]",
        "[a = 1 || ]", "[a b]", "[a > x]", "[(a = 1, b]", "[a = %(%]", "[a || a = 1]",
        "[a = %a%, b = %b%, c = %c%]", "[a = \"x]", "[....]"}) {
    Bad(pattern);
  }
}

TEST(FieldReferenceTest, ReadsFields) {
  auto read = [](std::string_view pattern, std::string_view reference, std::string_view message) {
    const auto parsed = FilterPattern::Parse(pattern);
    const auto field = FieldReference::Parse(reference, *parsed);
    if (!field.ok()) return std::string("refused");
    return field->Read(message).value_or("none");
  };
  EXPECT_EQ(read("{ $.a = * }", "$.latency", R"({"a":1,"latency":2.5})"), "2.5");
  EXPECT_EQ(read("{ $.a = * }", "$.o.p[1]", R"({"a":1,"o":{"p":[1,true]}})"), "true");
  EXPECT_EQ(read("{ $.a = * }", "$.o", R"({"a":1,"o":{}})"), "none");
  EXPECT_EQ(read("{ $.a = * }", "latency", "{}"), "refused");
  EXPECT_EQ(read("{ $.a = * }", "$.a b", "{}"), "refused");
  EXPECT_EQ(read("[..., size]", "$size", kAccess), "1534");
  EXPECT_EQ(read("[..., size]", "$SIZE", kAccess), "1534");
  EXPECT_EQ(read("[..., size]", "$2", kAccess), "Prod");
  EXPECT_EQ(read("[..., size]", "$other", kAccess), "refused");
  EXPECT_EQ(read("[..., size]", "size", kAccess), "refused");
  EXPECT_EQ(read("ERROR", "$a", "x"), "refused");
}

TEST(JsonPatternTest, ExtractsTheSelectorsUsed) {
  EXPECT_EQ(Extracted("{ $.latency > 1 && $.ok = true && $.latency < 9 && $.x NOT EXISTS }",
                      R"({"latency": 2, "ok": true})"),
            "$.latency=2|$.ok=true|");
  EXPECT_EQ(Extracted("{ $.a = 2 }", R"({"a": 1})"), "none");
}

}  // namespace
}  // namespace securebase::logs
