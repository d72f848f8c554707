// What the cases of the specification leave open: each command and function, by a row or two.

#include <gtest/gtest.h>

#include <atomic>

#include "insights/testing/cases.h"

namespace securebase::insights {
namespace {

constexpr std::int64_t kBase = 1'767'607'200'000;  // 2026-01-05T10:00:00Z

std::vector<MemoryEvent> Events(const std::vector<std::string>& messages) {
  std::vector<MemoryEvent> events;
  for (const std::string& message : messages) {
    MemoryEvent event;
    event.timestamp_ms = kBase + static_cast<std::int64_t>(events.size()) * 1000;
    event.message = message;
    events.push_back(std::move(event));
  }
  return events;
}

RunOptions Options() {
  RunOptions options;
  options.start_ms = kBase;
  options.end_ms = kBase + 3'600'999;
  options.now_ms = kBase + 5'500;
  return options;
}

/// Rows as "a,b;c,d", "-" for missing.
std::string Ask(const std::string& text, const std::vector<MemoryEvent>& events,
                RunOptions options = Options()) {
  const ParseResult query = Parse(text);
  if (!query.ok()) return "! " + query.error().message;
  const MemoryInput input(events);
  const auto answer = insights::Run(*query, input, options);
  if (!answer.ok()) return "! " + answer.error().message();
  std::string out;
  for (const auto& row : answer->table.rows) {
    if (!out.empty()) out += ';';
    for (std::size_t c = 0; c < row.size(); ++c) out += (c > 0 ? "," : "") + row[c].value_or("-");
  }
  return out;
}

std::string Value(const std::string& expr, const std::string& message = "{}") {
  return Ask("fields " + expr + " as x", Events({message}));
}

TEST(InsightsFunctionsTest, Numbers) {
  EXPECT_EQ(Value("round(2.5)"), "3");
  EXPECT_EQ(Value("round(-2.5)"), "-3");
  EXPECT_EQ(Value("round(2.675, 2)"), "2.68");
  EXPECT_EQ(Value("round(1234, -2)"), "1200");
  EXPECT_EQ(Value("toInt(\"12.9\")"), "12");
  EXPECT_EQ(Value("toInt(3000000000)"), "-");
  EXPECT_EQ(Value("toLong(\"9007199254740993\")"), "9007199254740993");
  EXPECT_EQ(Value("toNumber(\"x\")"), "-");
  EXPECT_EQ(Value("sqrt(0-1)"), "-");
  EXPECT_EQ(Value("log(0)"), "-");
  EXPECT_EQ(Value("greatest(a, 2, \"x\")", R"({"a":1})"), "2");
  EXPECT_EQ(Value("least(a, 2)", R"({"b":1})"), "2");
  EXPECT_EQ(Value("haversine(0, 0, 0, 1)"), "111.1949");
  EXPECT_EQ(Value("-2 ^ 2"), "4");
  EXPECT_EQ(Value("-7 % 3"), "-1");
  EXPECT_EQ(Value("2 ^ 3 ^ 2"), "512");
  EXPECT_EQ(Value("1 - -1"), "2");
  EXPECT_EQ(Value("a-1", R"({"a":3})"), "2");
  EXPECT_EQ(Value("0.000000035 * 100"), "0.0000035");
  EXPECT_EQ(Value("1/3"), "0.3333");
  EXPECT_EQ(Value("1e3 + 0.5"), "1000.5");
  EXPECT_EQ(Value("a", R"({"a":1.50})"), "1.50");
  EXPECT_EQ(Value("a", R"({"a":12345678901234567890})"), "12345678901234567890");
  EXPECT_EQ(Value("a = 12345678901234567891", R"({"a":12345678901234567890})"), "0");
  EXPECT_EQ(Value("a + true", R"({"a":"x"})"), "-");
  EXPECT_EQ(Value("t + 1", R"({"t":true})"), "2");
}

TEST(InsightsFunctionsTest, Strings) {
  EXPECT_EQ(Value("strcontains(\"ABC\", \"bc\", true)"), "1");
  EXPECT_EQ(Value("strcontains(\"ABC\", \"bc\")"), "0");
  EXPECT_EQ(Value("split(\"a,b\", \",\")"), "[\"a\",\"b\"]");
  EXPECT_EQ(Value("regexReplace(\"a-b\", \"(\\w)-(\\w)\", \"$2$1\")"), "ba");
  EXPECT_EQ(Value("regex_replace(\"abc\", \"b\", \"\")"), "ac");
  EXPECT_EQ(Value("toupper(\"straße é\")"), "STRAßE É");
  EXPECT_EQ(Value("substr(\"naïve\", 2, 1)"), "ï");
  EXPECT_EQ(Value("urlencode(\"a b\")"), "a+b");
  EXPECT_EQ(Value("urldecode(\"a+b%2\")"), "-");
  EXPECT_EQ(Value("base64decode(\"!\")"), "-");
  EXPECT_EQ(Value("decToHex(0)"), "0x0");
  EXPECT_EQ(Value("hexToDec(\"zz\")"), "-");
  EXPECT_EQ(Value("concat(a, \"-\", b)", R"({"b":1})"), "-1");
  EXPECT_EQ(Value("strlen(a)"), "-");
  EXPECT_EQ(Value("replace(\"aXbX\", \"X\", \"\")"), "ab");
  EXPECT_EQ(Value("trim(\"  a\t\")"), "a");
  EXPECT_EQ(Value("ltrim(@log)"), "000000000000:case");
}

TEST(InsightsFunctionsTest, Times) {
  EXPECT_EQ(Value("datefloor(@timestamp, 1w)"), "2026-01-05 00:00:00.000");
  EXPECT_EQ(Value("datefloor(@timestamp, 1mo)"), "2026-01-01 00:00:00.000");
  EXPECT_EQ(Value("dateceil(@timestamp, 1q)"), "2026-04-01 00:00:00.000");
  EXPECT_EQ(Value("datefloor(@timestamp, 1y)"), "2026-01-01 00:00:00.000");
  EXPECT_EQ(Value("bin(2days)"), "2026-01-05 00:00:00.000");
  EXPECT_EQ(Value("now()"), "1767607205");
  EXPECT_EQ(Value("queryEndTime()"), "1767610800000");
  EXPECT_EQ(Value("queryTimeRange()"), "3600000");
  EXPECT_EQ(Value("toMillis(\"2022-01-14T13:18:31-08:00\")"), "1642195111000");
  EXPECT_EQ(Value("strftime(@timestamp, \"%d %b %Y %H:%M:%S.%L %z\", \"Europe/Berlin\")"),
            "05 Jan 2026 11:00:00.000 +0100");
  EXPECT_EQ(Value("formatDate(@timestamp, \"%A %j %p %I %s %%\")"),
            "Monday 005 AM 10 1767607200 %");
  EXPECT_EQ(Value("parseDate(\"05/Jan/2026:10:00:00 +0100\", \"dd/MMM/yyyy:HH:mm:ss Z\")"),
            "1767603600000");
  EXPECT_EQ(Value("parseDate(\"2026-07-01 12:00\", \"yyyy-MM-dd HH:mm\", \"Europe/Berlin\")"),
            "1782900000000");
  EXPECT_EQ(Value("parseDate(\"20260105T100000Z\", \"yyyyMMdd'T'HHmmssX\")"), "1767607200000");
  EXPECT_EQ(Value("parseDate(\"nope\", \"yyyy\")"), "-");
  EXPECT_EQ(Value("@timestamp > \"2026-01-05 09:59:59.000\""), "1");
  EXPECT_EQ(Value("@timestamp - 1"), "1767607199999");
}

TEST(InsightsFunctionsTest, Structures) {
  const std::string event = R"({"m":{"a":[1,{"b":"x"}],"c":null},"l":"[1,2]","n":{"k.v":7}})";
  EXPECT_EQ(Value("ispresent(m)", event), "1");
  EXPECT_EQ(Value("ispresent(m.zz)", event), "0");
  EXPECT_EQ(Value("jsonStringify(m)", event), R"({"a":[1,{"b":"x"}],"c":null})");
  EXPECT_EQ(Value("m", event), "-");
  EXPECT_EQ(Value("m.a.1.b", event), "x");
  EXPECT_EQ(Value("m.a[1].b", event), "x");
  EXPECT_EQ(Value("jsonArraySize(m.a)", event), "2");
  EXPECT_EQ(Value("jsonArraySize(l)", event), "2");
  EXPECT_EQ(Value("jsonArrayContains(l, 2)", event), "1");
  EXPECT_EQ(Value("jsonArrayContains(l, \"2\")", event), "0");
  EXPECT_EQ(Value("jsonParse(@message).n.`k.v`", event), "7");
  EXPECT_EQ(Value("jsonParse(@message).m", event), R"({"a":[1,{"b":"x"}],"c":null})");
  EXPECT_EQ(Value("jsonParse(\"[1, 2]\")[toNumber(\"1\")]"), "2");
  EXPECT_EQ(Value("jsonParse(\"{bad\")"), "-");
  EXPECT_EQ(Value("toupper(jsonParse(@message))", event), "-");
  EXPECT_EQ(Value("jsonParse(@message) = jsonParse(@message)", event), "0");
}

TEST(InsightsFunctionsTest, Addresses) {
  EXPECT_EQ(Value("isReservedIP(\"127.0.0.1\")"), "1");
  EXPECT_EQ(Value("isPublicIP(\"10.0.0.1\")"), "0");
  EXPECT_EQ(Value("isIpv6InSubnet(\"2001:db8::1\", \"2001:db8::/33\")"), "1");
  EXPECT_EQ(Value("isIpInSubnet(\"10.0.0.1\", \"nonsense\")"), "0");
  EXPECT_EQ(Value("ISIPINSUBNET(\"10.9.0.1\", \"10.8.0.0/15\")"), "1");
}

TEST(InsightsComparisonTest, BooleansTextAndNumbers) {
  EXPECT_EQ(Value("t = \"true\"", R"({"t":true})"), "1");
  EXPECT_EQ(Value("t = 0", R"({"t":false})"), "1");
  EXPECT_EQ(Value("t = \"x\"", R"({"t":true})"), "0");
  EXPECT_EQ(Value("t != \"x\"", R"({"t":true})"), "1");
  EXPECT_EQ(Value("a < \"b\"", R"({"a":"abc"})"), "1");
  EXPECT_EQ(Value("a == '007'", R"({"a":7})"), "1");
  EXPECT_EQ(Value("not (none = 1)"), "1");
  EXPECT_EQ(Value("none not in [1]"), "0");
  EXPECT_EQ(Value("a in [b, 3]", R"({"a":2,"b":"2.0"})"), "1");
  EXPECT_EQ(Value("a like b", R"({"a":"hello","b":"ell"})"), "1");
  EXPECT_EQ(Value("a !~ /^h/", R"({"a":"hello"})"), "0");
  EXPECT_EQ(Value("a = true and b != TRUE", R"({"a":true,"b":false})"), "1");
  EXPECT_EQ(Value("a && !b", R"({"a":true,"b":""})"), "1");
}

TEST(InsightsStatsTest, LessCommonStatistics) {
  const auto events = Events({R"({"v":1,"k":"b"})", R"({"v":"x","k":"a"})", R"({"v":3,"k":"b"})"});
  EXPECT_EQ(Ask("stats min(v), max(v), sum(v), avg(v), count(distinct k)", events), "x,3,4,2,2");
  EXPECT_EQ(Ask("stats values(k) as x", events), R"(["a","b"])");
  EXPECT_EQ(Ask("stats topk(1, k) as x", events), R"(["b"])");
  EXPECT_EQ(Ask("stats min(@timestamp) as x", events), "1767607200000");
  EXPECT_EQ(Ask("stats rate(v, 1s) as x", Events({R"({"v":1})", R"({"v":4})"})), "3");
  EXPECT_EQ(Ask("stats median(v), percentile(v, 99.9)", Events({R"({"v":1})", R"({"v":2})"})),
            "1.5,2");
  EXPECT_EQ(Ask("stats count(*) by histogram(v, 2) as b", Events({R"({"v":1})", R"({"v":3.5})"})),
            "0,1;2,1");
  EXPECT_EQ(Ask("stats count(*) by bin(1h) offset 30m", Events({"a"})),
            "2026-01-05 10:00:00.000,1");
  EXPECT_EQ(Ask("stats count_over_time(v), sum_over_time(v) by k", events), "a,1,0;b,2,4");
  EXPECT_EQ(Ask("stats sum(v)/count(*)*2 + 1 as x, x * 2 as y", Events({R"({"v":3})"})), "7,14");
  EXPECT_EQ(Ask("stats count(*) by k | sort count(*) desc | limit 1", events), "b,2");
  EXPECT_EQ(Ask("stats avg(none), count(*), sum(none), max(none)", {}), "-,0,0,-");
  EXPECT_EQ(Ask("stats count(*) by none", {}), "");
  EXPECT_EQ(Ask("stats greatest(max(v), 10) as g", Events({R"({"v":3})"})), "10");
  EXPECT_EQ(Ask("stats if(count(*) > 1, \"many\", \"few\") as x", events), "many");
}

TEST(InsightsStatsTest, ManyValuesAreStillRight) {
  std::vector<MemoryEvent> events;
  for (int i = 1; i <= 110'000; ++i) {
    MemoryEvent event;
    event.timestamp_ms = kBase + i % 1000;
    event.message = "{\"v\":" + std::to_string(i) + "}";
    events.push_back(std::move(event));
  }
  const std::string text =
      Ask("stats pct(v, 50) as a, pct(v, 99) as b, count_distinct(v) as c, max(v) as d", events);
  double a = 0, b = 0, c = 0, d = 0;
  ASSERT_EQ(std::sscanf(text.c_str(), "%lf,%lf,%lf,%lf", &a, &b, &c, &d), 4) << text;
  EXPECT_NEAR(a, 55'000, 550);
  EXPECT_NEAR(b, 108'900, 1089);
  EXPECT_NEAR(c, 110'000, 2200);
  EXPECT_EQ(d, 110'000);
}

TEST(InsightsCommandsTest, TablesOfRows) {
  const auto events = Events({R"({"b":5,"c":1})", R"({"b":7})", R"({"b":1,"c":3})"});
  EXPECT_EQ(Ask("fields b | sort @timestamp asc | autoregress b", events), "5,-;7,5;1,7");
  EXPECT_EQ(Ask("fields b | tail 2", events), "7;5");
  EXPECT_EQ(Ask("fields b, c | sort b asc | addtotals col=true fieldname=T", events),
            "1,3,4;5,1,6;7,-,7;13,4,17");
  EXPECT_EQ(Ask("fields b, c | addtotals row=false col=true | tail 1", events), "13,4");
  EXPECT_EQ(Ask("fields b | sort b asc | outlier b param=0", events),
            "! unexpected symbol found =, expected a field name at line 1 and position 40");
  EXPECT_EQ(Ask("fields b | sort @timestamp asc | outlier param=0 b", events), "5;6;1");
  EXPECT_EQ(Ask("fields b | outlier action=remove param=0 uselower=true b", events), "5");
  EXPECT_EQ(Ask("fields c | sort @timestamp asc | filldown *", events), "1;1;3");
  EXPECT_EQ(
      Ask("fields b | sort b asc | appendcols ( fields c as d | sort @timestamp asc )", events),
      "1,1;5,-;7,3");
  EXPECT_EQ(Ask("stats count(*) as n by bin(1s) as t | fillmissing with 0 for n | display n",
                {events[0], events[2]}),
            "1;0;1");
  EXPECT_EQ(Ask("fields b | unmask b | head 1", events), "1");
  EXPECT_EQ(Ask("fields b | dedup none | limit 2", events), "1;7");
  EXPECT_EQ(Ask("estimate", events), "33,3");
  EXPECT_EQ(Ask("extend x = b * 2 | filter x > 9 | display x | sort x asc", events), "10;14");
}

TEST(InsightsCommandsTest, Sessions) {
  auto events = Events({R"({"u":"a"})", R"({"u":"b"})", R"({"u":"a"})"});
  events[2].timestamp_ms += 3'000'000;
  EXPECT_EQ(Ask("fields u | sessionize u maxspan 10m as s | sort @timestamp asc", events),
            "a,1;b,2;a,3");
  EXPECT_EQ(Ask("fields u | sessionize u maxspan 2h | sort @timestamp asc", events), "a,1;b,2;a,1");
}

TEST(InsightsCommandsTest, LookupsByAddressAndByAbsence) {
  RunOptions options = Options();
  auto table = ReadLookupTable("net,name,zone\n10.0.0.0/8,wide,x\n10.1.0.0/16,\"near, by\",\n");
  ASSERT_TRUE(table.ok());
  options.lookups["nets"] = std::make_shared<const LookupTable>(*table);
  const auto events = Events({R"({"ip":"10.1.2.3","name":"mine"})", R"({"ip":"10.2.0.1"})"});
  EXPECT_EQ(Ask("fields ip | cidrlookup nets net as ip OUTPUT name as n, zone | sort ip asc",
                events, options),
            "10.1.2.3,near, by,;10.2.0.1,wide,x");
  EXPECT_EQ(
      Ask("fields ip | cidrlookup nets net as ip OUTPUTNEW name | sort ip asc", events, options),
      "10.1.2.3,mine;10.2.0.1,wide");
  EXPECT_EQ(Ask("lookup nets none as ip OUTPUT name", events, options),
            "! the lookup table has no column 'none'");
  EXPECT_EQ(Ask("lookup gone ip OUTPUT name", events, options),
            "! the lookup table 'gone' does not exist");
  EXPECT_FALSE(ReadLookupTable("").ok());
  EXPECT_FALSE(ReadLookupTable("a\n1,2\n").ok());
  EXPECT_FALSE(ReadLookupTable("[1]").ok());
}

TEST(InsightsCommandsTest, JoinsOuterAndTurnedAround) {
  std::vector<MemoryEvent> events =
      Events({R"({"id":1,"x":"p"})", R"({"id":2,"x":"q"})", R"({"id":1,"y":"s"})"});
  events[2].group = "other";
  RunOptions options = Options();
  options.groups = {"case"};
  EXPECT_EQ(Ask("join type=left left=a right=b where b.id = a.id (SOURCE 'other') "
                "| fields a.x as x, b.y as y | sort x asc",
                events, options),
            "p,s;q,-");
  EXPECT_EQ(Ask("join where left.id = right.id (SOURCE 'other' | stats count(*) as n by id) "
                "| display x, right.n",
                events, options),
            "p,1");
}

TEST(InsightsCommandsTest, ParsesInAllForms) {
  EXPECT_EQ(
      Ask("parse @message 'a=\"*\", b=*' as a, b | display a, b", Events({"x a=\"1 2\", b=3 4"})),
      "1 2,3 4");
  EXPECT_EQ(
      Ask("parse @message \"success\" as ok | stats count(ok) as n", Events({"success", "no"})),
      "1");
  EXPECT_EQ(Ask("parse @message /(?<@a>\\d+)\\/(?<b>x)?/ | display @a, b", Events({"12/y"})),
            "12,-");
  EXPECT_EQ(Ask("parse @message csv as a, b, c | display a, b, c", Events({"1,\"x,\"\"y\"\"\""})),
            "1,x,\"y\",-");
  EXPECT_EQ(Ask("parse @message logfmt as m | display m.a, m.b, m.flag",
                Events({"a=\"q \\\"r\\\"\" b= flag"})),
            "q \"r\",,true");
  EXPECT_EQ(Ask("expand l | display l", Events({R"({"l":[]})", R"({"l":[1,"b"]})"})), "1;b");
}

TEST(InsightsPatternTest, TemplatesOfLines) {
  const auto events =
      Events({"[INFO] Request time: 15 ms", "[INFO] Request time: 200 ms",
              "[ERROR] user ann failed", "[ERROR] user bob failed", "[INFO] Request time: 3 ms"});
  EXPECT_EQ(
      Ask("pattern @message", events),
      "[INFO] Request time: <Time-1> ms,0.6,3,INFO;[ERROR] user <Token-1> failed,0.4,2,ERROR");
  RunOptions options = Options();
  options.start_ms = kBase + 2000;
  options.end_ms = kBase + 4999;
  // Before: the three seconds from 9:59:59.
  EXPECT_EQ(
      Ask("pattern @message | diff | display @pattern, @sampleCount, @previousCount, @difference",
          events, options),
      "[ERROR] user <Token-1> failed,2,0,2;[INFO] Request time: <Time-1> ms,1,2,-1");
  EXPECT_EQ(
      Ask("pattern @message | anomaly | filter @anomalyScore > 0.2 | display @anomalyDescription",
          events, options),
      "new: not seen in the range before");
}

TEST(InsightsErrorsTest, SayWhatAndWhere) {
  const auto error = [](const std::string& text) {
    const ParseResult query = Parse(text);
    return query.ok() ? std::string("parses") : query.error().message;
  };
  EXPECT_EQ(
      error("fields a |\n  filtr a = 1"),
      "unexpected symbol found filtr, expected a command (fields, filter, stats, sort, limit, "
      "parse, …) at line 2 and position 3");
  EXPECT_NE(error("fields uper(a)").find("unknown function uper, did you mean upper?"),
            std::string::npos);
  EXPECT_NE(error("fields strlen()").find("wrong number of arguments"), std::string::npos);
  EXPECT_NE(error("filter a like /(/").find("invalid regular expression"), std::string::npos);
  EXPECT_NE(error("parse @message \"* *\" as a").find("2 * and 1 names"), std::string::npos);
  EXPECT_NE(error("limit 0").find("from 1 to 100000"), std::string::npos);
  EXPECT_NE(error("limit 1000000").find("from 1 to 100000"), std::string::npos);
  EXPECT_NE(error("limit 1.5").find("whole number"), std::string::npos);
  EXPECT_NE(error("stats topk(2, a) by b").find("topk"), std::string::npos);
  EXPECT_NE(error("stats a by b").find("Unknown symbols found in or after stats: a"),
            std::string::npos);
  EXPECT_NE(error("stats pct(a, 101)").find("0 to 100"), std::string::npos);
  EXPECT_NE(error("filter (a = 1").find("')'"), std::string::npos);
  EXPECT_NE(error("relevantfields a where b = 1").find("not supported"), std::string::npos);
  EXPECT_NE(error("fields a | SOURCE 'x'").find("SOURCE"), std::string::npos);
  EXPECT_NE(error("join where left.a=right.a (limit 1) | join where left.a=right.a (limit 1)")
                .find("two join"),
            std::string::npos);
  EXPECT_NE(error("filter a in (SOURCE 'x' | filter b in (SOURCE 'y'))").find("subquery"),
            std::string::npos);
  EXPECT_NE(
      error("stats count(*) by bin(5m) | stats max(`count(*)`) by bin(5m)").find("@timestamp"),
      std::string::npos);
  EXPECT_NE(error("filter " + std::string(300, '(') + "a").find("deep"), std::string::npos);
  EXPECT_NE(error(std::string(10'001, 'a')).find("10000"), std::string::npos);
  EXPECT_NE(error("filter a = '\xff'").find("UTF-8"), std::string::npos);
  EXPECT_NE(error("fields bin(5)").find("period"), std::string::npos);
  EXPECT_EQ(error("| fields a | | sort a desc |"), "parses");
  const ParseResult query = Parse("fields é, nosuch(é)");
  ASSERT_FALSE(query.ok());
  EXPECT_EQ(query.error().start, 10u);
  EXPECT_EQ(query.error().end, 19u);
  EXPECT_EQ(query.error().ToError().wire_code(), "MalformedQueryException");
}

TEST(InsightsRunTest, RangesOfStartQuery) {
  const auto range = RangeOf(10, 20);
  ASSERT_TRUE(range.ok());
  EXPECT_EQ(range->start_ms, 10'000);
  EXPECT_EQ(range->end_ms, 20'999);
  EXPECT_EQ(RangeOf(kBase, kBase + 5)->end_ms, kBase + 5);
  EXPECT_EQ(RangeOf(20, 10).error().wire_code(), "MalformedQueryException");
}

TEST(InsightsRunTest, LimitsOfRowsMemoryAndPatience) {
  std::vector<std::string> messages;
  for (int i = 0; i < 12'000; ++i) messages.push_back("{\"k\":\"key-" + std::to_string(i) + "\"}");
  auto events = Events(messages);
  for (MemoryEvent& event : events) event.timestamp_ms = kBase;
  const auto rows = [&](const std::string& text, const RunOptions& options) {
    const MemoryInput input(events);
    const auto answer = insights::Run(*Parse(text), input, options);
    return answer.ok() ? static_cast<int>(answer->table.rows.size()) : -1;
  };
  RunOptions options = Options();
  EXPECT_EQ(rows("fields k", options), 10'000);
  EXPECT_EQ(rows("fields k | limit 11000", options), 11'000);
  options.limit = 7;
  EXPECT_EQ(rows("fields k | limit 11000", options), 7);
  options.limit.reset();
  options.control.memory_max = 100'000;
  EXPECT_EQ(rows("stats count(*) by k", options), -1);
  EXPECT_NE(Ask("stats count(*) by k", events, options).find("memory limit"), std::string::npos);
  std::atomic<bool> cancelled{true};
  options = Options();
  options.control.cancelled = &cancelled;
  EXPECT_EQ(Ask("stats count(*)", events, options), "! the query was cancelled");
}

TEST(InsightsRunTest, PartialResultsWhileItRuns) {
  std::vector<MemoryEvent> events = Events(std::vector<std::string>(100'000, "x"));
  for (MemoryEvent& event : events) event.timestamp_ms = kBase;
  RunOptions options = Options();
  int reports = 0;
  std::string partial;
  options.on_progress = [&](const Progress& progress) {
    ++reports;
    EXPECT_GE(progress.fraction, 0);
    EXPECT_LE(progress.fraction, 1);
    partial = testing::ToText(progress.partial());
  };
  EXPECT_EQ(Ask("stats count(*) as n", events, options), "100000");
  EXPECT_GT(reports, 0);
  EXPECT_NE(partial.find("n="), std::string::npos);
}

TEST(InsightsExplainTest, TheOptimiserSaysWhatItDid) {
  const ParseResult query = Parse(
      "SOURCE 'g' | fields @message, a*2 as unused, b | sort @timestamp desc "
      "| filter level = \"ERROR\" and @message like /time(out)?/ | display b | limit 5");
  ASSERT_TRUE(query.ok());
  const std::string plan = query->Explain();
  EXPECT_EQ(plan.find("unused"), std::string::npos) << plan;
  EXPECT_NE(plan.find("skipping what cannot satisfy: level = \"ERROR\" and @message like"),
            std::string::npos)
      << plan;
  // The sort meets its limit.
  EXPECT_LT(plan.find("filter @message"), plan.find("sort @timestamp"));
  EXPECT_EQ(query->columns(), std::vector<std::string>{"b"});
  EXPECT_TRUE(query->has_pointers());
  EXPECT_EQ(Parse("stats count(*) by bin(5m) as t")->time_column(), "t");
}

}  // namespace
}  // namespace securebase::insights
