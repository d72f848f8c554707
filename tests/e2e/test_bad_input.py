"""Bad input over HTTP and to /v1: refused by a 4xx that names the field at fault, with nothing
half-written, by a server that lives on."""
import gzip
import json
import unittest
import urllib.parse

import harness
from hostile import CUSTOMER, FORM, JSON, BadInput, exchange, quoted, send, status_of


class Http(BadInput):
    GET = b"GET /healthz HTTP/1.1\r\nHost: x\r\n"
    POST = b"POST /v1/reports HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
    END = b"Connection: close\r\n\r\n"

    def status(self, expected, data, **options):
        with self.subTest(data[:90]):
            self.assertEqual(status_of(exchange(data, **options)), expected)

    def test_heads_that_are_none(self):
        for data in (
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(40) + b"\r\n\r\n",
            b"GET /healthz\r\n\r\n",
            b"GET /healthz HTTP/0.9\r\nHost: x\r\n\r\n",
            b"GET /healthz HTTP/2.0\r\nHost: x\r\n\r\n",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            b"GET /healthz HTTP/1.1\r\n" + self.END,
            b"GET /healthz HTTP/1.1\nHost: x\n\n",
            b"GET healthz HTTP/1.1\r\nHost: x\r\n" + self.END,
            b"GET /a b HTTP/1.1\r\nHost: x\r\n" + self.END,
            b"GET /\x01 HTTP/1.1\r\nHost: x\r\n" + self.END,
            b"GET /%zz HTTP/1.1\r\nHost: x\r\n" + self.END,
            b"GET /%00 HTTP/1.1\r\nHost: x\r\n" + self.END,
            self.GET + b"Host: y\r\n" + self.END,
            self.GET + b"No colon\r\n" + self.END,
            self.GET + b": no name\r\n" + self.END,
            self.GET + b"Space : x\r\n" + self.END,
            self.GET + b"X: a\0b\r\n" + self.END,
            self.GET + b"X: a\rb\r\n" + self.END,
        ):
            self.status(400, data)

    def test_heads_that_are_too_large(self):
        self.status(431, self.GET + b"X: " + b"a" * 20_000 + b"\r\n" + self.END)
        self.status(431, self.GET + b"".join(b"X%d: a\r\n" % i for i in range(3000)) + self.END)
        self.status(431, b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n" + self.END)

    def test_lengths_that_lie(self):
        for head in (
            b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcde",
            b"Content-Length: -5\r\n\r\n",
            b"Content-Length: +2\r\n\r\n{}",
            b"Content-Length: many\r\n\r\n",
            b"Content-Length: 99999999999999999999\r\n\r\n",
            b'Content-Length: 12\r\n\r\n{"name":"cl"}',
            b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
            b"Transfer-Encoding: chunked\r\n\r\n-1\r\n",
            b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
            b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}XX0\r\n\r\n",
            b"Transfer-Encoding: chunked\r\n\r\n2;" + b"a" * 30_000 + b"\r\n{}\r\n0\r\n\r\n",
        ):
            self.status(400, self.POST + head)
        self.status(400, self.POST + b'Content-Length: 50\r\n\r\n{"name":"cut"}', end=True)
        self.status(501, self.POST + b"Transfer-Encoding: gzip\r\n\r\n")
        self.status(417, self.POST + b"Expect: magic\r\nContent-Length: 2\r\n\r\n{}")
        reports = json.loads(send("GET", "/v1/reports?limit=100", X_Customer_Id="default")[1])
        self.assertFalse({"cut", "cl"} & {report["name"] for report in reports["reports"]})

    def test_bodies_that_are_too_large(self):
        for length in (b"17825792", b"1099511627776"):
            self.status(413, self.POST + b"Content-Length: " + length + b"\r\n\r\n")
        chunk = b"100000\r\n" + b" " * 0x100000 + b"\r\n"
        self.status(413, self.POST + b"Transfer-Encoding: chunked\r\n\r\n" + chunk * 18)
        huge = b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffff0\r\n"
        self.status(413, self.POST + huge)
        self.status(413, self.POST + b"Expect: 100-continue\r\nContent-Length: 99999999999\r\n\r\n")

    def test_nothing_is_read_into_the_next_request(self):
        answer = exchange(self.GET + b"\r\nGARBAGE\r\n\r\n")
        self.assertEqual(status_of(answer), 200)
        self.assertIn(b"HTTP/1.1 400 ", answer)

    def test_paths_that_climb(self):
        for path in ("/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/assets/../../etc/passwd",
                     "/..\\..\\etc\\passwd", "/assets/%2e%2e%2f%2e%2e%2fetc/passwd"):
            status, body = send("GET", path)
            self.assertEqual(status, 404, path)
            self.assertNotIn(b"root:", body)
        for path in ("/v1/analytics/../keys", "/v1/analytics/%2e%2e/keys",
                     "/v1/analytics/..%2fkeys",
                     "/v1/analytics/exports/..%2f..%2fetc", "/v1//analytics", "/v1/analytics/",
                     "/v1/ANALYTICS", "/v1/nothing", "/v1/reports/" + "x" * 2000,
                     "/v1/analytics/exports/none", "/v1/reports/none"):
            self.refused(404, None, "GET", path)

    def test_methods_that_are_wrong(self):
        for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW", "get"):
            self.refused(405, None, method, "/v1/analytics")
        self.assertEqual(send("POST", "/healthz", b"x")[0], 405)
        self.assertEqual(send("POST", "/", b"x")[0], 405)
        amz = {"X_Amz_Target": "DynamoDB_20120810.ListTables"}
        self.assertEqual(send("PUT", "/", "{}", "application/x-amz-json-1.0", **amz)[0], 405)

    def test_customers_that_are_none(self):
        for customer in ("x" * 200, "caf\xe9"):
            self.refused(400, "X-Customer-Id", "GET", "/v1/analytics", X_Customer_Id=customer)


class Encodings(BadInput):
    PATH = "/v1/analytics/export"
    BODY = b'{"format":"csv","data":[{"a":1}]}'

    def encoded(self, status, field, body, encoding, path=PATH):
        kind = JSON if path == self.PATH else "text/csv"
        self.refused(status, field, "POST", path, body, kind, Content_Encoding=encoding)

    def test_what_is_not_whole(self):
        packed = gzip.compress(self.BODY)
        flipped = packed[:15] + bytes([packed[15] ^ 255]) + packed[16:]
        for body in (packed[:-5], flipped, packed + b"junk", self.BODY, b""):
            self.encoded(400, "body", body, "gzip")
        for body in (b"junk", b"\x28\xb5\x2f\xfd", b""):
            self.encoded(400, "body", body, "zstd")

    def test_encodings_that_are_unknown(self):
        for encoding in ("br", "deflate", "gzip, gzip", "x"):
            self.encoded(400, "Content-Encoding", self.BODY, encoding)

    def test_bombs(self):
        gzip_bomb = gzip.compress(bytes(16 << 20), 1) * 8
        # A frame of 64 zero runs of 128 KB (blocks of type RLE), eight times.
        run = ((128 << 10) << 3 | 1 << 1).to_bytes(3, "little") + b"\0"
        last = ((128 << 10) << 3 | 1 << 1 | 1).to_bytes(3, "little") + b"\0"
        zstd_bomb = (b"\x28\xb5\x2f\xfd\x00\x58" + run * 63 + last) * 16
        for bomb, encoding in ((gzip_bomb, "gzip"), (zstd_bomb, "zstd")):
            self.encoded(413, "body", bomb, encoding)
            self.encoded(413, "body", bomb, encoding, "/v1/datasets/cost/records")
            status, answer = send("POST", "/", bomb, FORM, Content_Encoding=encoding)
            self.assertEqual(status, 413, answer[:200])


class Json(BadInput):
    """What no route takes as JSON, at each that takes JSON."""

    def test_bodies_that_are_not_json(self):
        deep = "[" * 20_000 + "]" * 20_000
        bodies = [b"", b"{", b"nul", b"{'a':1}", b'{"a":1,}', b'{"a":01}', b'{"a":1e999}',
                  b'{"a":"\xff"}', b'{"a":"\\ud800"}', b'{"a":"\x01"}', b"\xef\xbb\xbf{}",
                  b'{"a":1} x', b'{"a":1,"a":2}', deep.encode(), '{"a":1}'.encode("utf-16")]
        for path in ("/v1/reports", "/v1/analytics/export", "/v1/keys", "/v1/loadtests",
                     "/v1/criteria/coverage", "/v1/datasets/cost/records"):
            for body in bodies:
                field = "a" if body.count(b'"a"') == 2 else "body"
                self.refused(400, field, "POST", path, body, JSON)

    def test_bodies_that_are_no_objects(self):
        for path in ("/v1/reports", "/v1/analytics/export", "/v1/keys", "/v1/loadtests",
                     "/v1/criteria/coverage"):
            for body in ("[]", '"x"', "5", "null", "true"):
                self.refused(422, "body", "POST", path, body, JSON)


class Queries(BadInput):
    def test_parameters(self):
        filters = {
            "zz": 1, "service": None, "or": [], "cost": "a",
        }
        cases = [
            ("nope=1", "nope"), ("dateRange=8d", "dateRange"), ("dateRange=", "dateRange"),
            ("dateRange=custom", "startDate"), ("dateRange=custom&startDate=2026-01-01", "endDate"),
            ("dateRange=custom&startDate=2026-02-30&endDate=2026-03-01", "startDate"),
            ("dateRange=custom&startDate=2026-05-01&endDate=2026-01-01", "endDate"),
            ("dateRange=custom&startDate=0000-01-01&endDate=2026-01-01", "startDate"),
            ("dateRange=custom&startDate=2026-01-01&endDate=99999999999999999999", "endDate"),
            ("startDate=2026-01-01", "startDate"), ("dimension=nope", "dimension"),
            ("dimension=service&dimension=region", "dimension"), ("dimension=%00", "dimension"),
            ("dimension=service'%20OR%201=1--", "dimension"), ("granularity=hour", "granularity"),
            ("groupBy=nope", "groupBy"), ("groupBy=,", "groupBy"), ("sort=nope", "sort"),
            ("sort=cost;drop%20table", "sort"), ("metrics=price", "metrics"),
            ("limit=-1", "limit"), ("limit=0", "limit"), ("limit=1e3", "limit"),
            ("limit=99999999999999999999", "limit"), ("limit=%2B5", "limit"), ("limit=x", "limit"),
            ("cursor=abc", "cursor"), ("cursor=", "cursor"), ("cursor=%00%F0%9F%98%80", "cursor"),
        ]
        cases += [(f"filters={quoted({k: v})}", f"filters.{k}") for k, v in filters.items()]
        cases += [(f"filters={quoted({'service': v})}", f"filters.service{at}") for v, at in (
            ({}, ""), ({"zz": 1}, ".zz"), ({"in": []}, ".in"), ({"in": "a"}, ".in"),
            ({"contains": 5}, ".contains"), ({"exists": "yes"}, ".exists"), ({"gt": True}, ".gt"))]
        cases += [("filters=[]", "filters")]
        for query, field in cases:
            self.refused(422, field, "GET", "/v1/analytics?" + query)
        for query in ("dimension=%ff", "dimension=%zz", "dimension=%", "%zz=1"):
            self.refused(400, "query", "GET", "/v1/analytics?" + query)
        for text in ("{", "nul", "", '{"cost":{"gt":1e999}}'):
            self.refused(400, "filters", "GET", "/v1/analytics?filters=" + quoted(text))
        twice = '{"service":"a","service":"b"}'
        self.refused(400, "filters.service", "GET", "/v1/analytics?filters=" + quoted(twice))
        deep = '{"or":[' * 60 + "{}" + "]}" * 60
        self.refused(400, None, "GET", "/v1/analytics?filters=" + quoted(deep))

    def test_text_that_looks_like_code_is_text(self):
        for text in ("' OR 1=1--", "\U0001f600", "${jndi:ldap://x}", "a\u0000b", "<script>"):
            self.assertEqual(self.rows(service=text), [], text)

    def test_the_other_questions(self):
        for path, field in (
            ("analytics/summary?dateRange=1y", "dateRange"),
            ("analytics/summary?dimension=service", "dimension"),
            ("analytics/cost-breakdown", "dimension"),
            ("analytics/cost-breakdown?dimension=", "dimension"),
            ("analytics/cost-breakdown?dimension=service&topN=0", "topN"),
            ("analytics/cost-breakdown?dimension=service&topN=-3", "topN"),
            ("analytics/cost-breakdown?dimension=service&topN=99999999999", "topN"),
            ("analytics/security?severity=bad", "severity"),
            ("analytics/compliance?framework=x", "framework"),
            ("analytics/usage?metric=x", "metric"),
            ("analytics/exports?page=0", "page"), ("analytics/exports?page=-1", "page"),
            ("analytics/exports?limit=101", "limit"),
            ("analytics/exports/x/download", "expires"),
            ("analytics/exports/x/download?expires=-1&token=x", "expires"),
            ("analytics/exports/x/download?expires=99999999999999&token=x", "expires"),
            ("reports?page=0", "page"), ("reports?limit=1000", "limit"),
            ("reports?page=1&page=2", "page"), ("reports/templates?x=1", "x"),
            ("criteria?window=x", "window"), ("criteria?window=0s", "window"),
            ("criteria?window=-5m", "window"), ("criteria?window=999999999d", "window"),
            ("criteria?record=x", "record"), ("criteria/runs?limit=501", "limit"),
            ("monitoring/summary?window=25h", "window"), ("loadtests?limit=0", "limit"),
            ("keys?x=1", "x"),
        ):
            self.refused(422, field, "GET", "/v1/" + path)

    def test_cursors(self):
        ask = "/v1/analytics?dimension=service&limit=1&dateRange=12m"
        answer = json.loads(send("GET", ask, X_Customer_Id="default")[1])
        cursor = next(v for k, v in list(answer.items()) + list(answer["metadata"].items())
                      if "ursor" in k and v)
        quoted_cursor = urllib.parse.quote(cursor, safe="")
        status, _ = send("GET", f"{ask}&cursor={quoted_cursor}", X_Customer_Id="default")
        self.assertEqual(status, 200)
        others = [f"/v1/analytics?{q}&cursor={quoted_cursor}" for q in (
            "dimension=region&limit=1&dateRange=12m", "dimension=service&limit=1&dateRange=7d",
            "dimension=service&limit=1&dateRange=12m&sort=-usage")]
        broken = [cursor[:at] + "!" + cursor[at + 1:] for at in range(0, len(cursor), 5)]
        others += [f"{ask}&cursor={urllib.parse.quote(text, safe='')}" for text in broken]
        others.append(f"{ask}&cursor={urllib.parse.quote(cursor[:-4], safe='')}")
        for path in others:
            self.refused(422, "cursor", "GET", path, X_Customer_Id="default")


class Writes(BadInput):
    def names(self):
        body = json.loads(send("GET", "/v1/reports?limit=100")[1])
        return {report["name"] for report in body["reports"]}

    def test_reports(self):
        before = self.names()

        def config(name, value):
            return {"name": "x", "config": {name: value}}

        for body, field in (
            ({}, "name"), ({"name": 1}, "name"), ({"name": ""}, "name"), ({"name": "  "}, "name"),
            ({"name": None}, "name"), ({"name": "a\0b"}, "name"), ({"name": "x" * 201}, "name"),
            ({"name": "x", "zz": 1}, "zz"), ({"name": "x", "id": "rpt-1"}, "id"),
            ({"name": "x", "customer_id": "other"}, "customer_id"),
            ({"name": "x", "description": 5}, "description"),
            ({"name": "x", "description": "a\0"}, "description"),
            ({"name": "x", "description": "x" * 2001}, "description"),
            ({"name": "x", "config": []}, "config"), (config("zz", 1), "config.zz"),
            (config("dateRange", "zz"), "config.dateRange"),
            (config("startDate", "2026-01-01"), "config.startDate"),
            (config("fields", [1]), "config.fields"), (config("metrics", ["zz"]), "config.metrics"),
            (config("groupBy", ["zz"]), "config.groupBy"),
            (config("visualizations", ["zz"]), "config.visualizations"),
            (config("filters", {"zz": 1}), "config.filters.zz"),
        ):
            self.refused(422, field, "POST", "/v1/reports", body)
        large = {"name": "x", "description": "x" * 300_000}
        self.refused(413, "body", "POST", "/v1/reports", large)
        self.refused(422, "q", "POST", "/v1/reports?q=1", {"name": "x"})
        self.refused(422, "config.dimension", "POST", "/v1/reports/templates/security",
                     {"config": {"dimension": "zz"}})
        self.assertEqual(self.names(), before)

    def test_a_refused_change_changes_nothing(self):
        status, made = send("POST", "/v1/reports", {"name": "kept", "description": "before"})
        self.assertEqual(status, 201, made)
        path = "/v1/reports/" + json.loads(made)["id"]
        self.addCleanup(send, "DELETE", path)
        for body, field in (({"description": "after", "zz": 1}, "zz"),
                            ({"description": "after", "name": 5}, "name"),
                            ({"description": "after", "config": {"metrics": 5}}, "config.metrics")):
            self.refused(422, field, "PUT", path, body)
            self.refused(422, field, "PATCH", path, body)
        self.refused(422, "zz", "POST", path + "/run", {"zz": 1})
        self.refused(409, "name", "POST", "/v1/reports", {"name": "kept"})
        self.assertEqual(send("GET", path)[1], made)

    def test_exports(self):
        data = [{"a": 1}]

        def option(name, value):
            return {"format": "pdf", "data": data, "options": {name: value}}

        def query(name, value):
            return {"format": "csv", "query": {name: value}}

        before = send("GET", "/v1/analytics/exports?limit=100")[1]
        for body, field in (
            ({}, "format"), ({"format": 5, "data": data}, "format"),
            ({"format": "doc", "data": data}, "format"), ({"format": "csv"}, "data"),
            ({"format": "csv", "data": None}, "data"), ({"format": "csv", "data": {}}, "data"),
            ({"format": "csv", "data": [1]}, "data.0"),
            ({"format": "csv", "data": data, "zz": 1}, "zz"),
            ({"format": "csv", "data": data, "name": "x", "reportName": "y"}, "name"),
            ({"format": "csv", "data": data, "reportName": "x" * 300}, "reportName"),
            ({"format": "csv", "data": data, "reportName": "a\r\nX: y"}, "reportName"),
            ({"format": "csv", "data": data, "async": "yes"}, "async"),
            ({"format": "csv", "data": data, "options": []}, "options"),
            ({"format": "csv", "data": data, "reportId": "x"}, "reportId"),
            ({"format": "xlsx", "data": [{"c": "x" * 40_000}]}, "data.0.c"),
            (option("zz", 1), "options.zz"), (option("pageSize", "A0"), "options.pageSize"),
            (option("orientation", "x"), "options.orientation"),
            (option("timezone", "../../etc/passwd"), "options.timezone"),
            (option("locale", "xx"), "options.locale"),
            (option("brandColour", "red;"), "options.brandColour"),
            (option("includeCharts", 1), "options.includeCharts"),
            (query("dimension", "x"), "query.dimension"), (query("limit", -5), "query.limit"),
            (query("filters", 5), "query.filters"), (query("cursor", "x"), "query.cursor"),
            (query("zz", "x"), "query.zz"), ({"format": "csv", "query": []}, "query"),
        ):
            self.refused(422, field, "POST", "/v1/analytics/export", body)
        wide = {"format": "pdf", "data": [{f"c{i}": 1 for i in range(5000)}]}
        self.refused(413, "data.0", "POST", "/v1/analytics/export", wide)
        missing = {"format": "csv", "reportId": "rpt-none"}
        self.refused(404, None, "POST", "/v1/analytics/export", missing)
        self.assertEqual(send("GET", "/v1/analytics/exports?limit=100")[1], before)

    def test_names_of_exports_stay_names(self):
        body = {"format": "csv", "data": [{"a": 1}], "reportName": "../../../etc/pass\U0001f600wd"}
        status, headers, _ = harness.request(
            "POST", self.endpoint + "/v1/analytics/export", body, {"X-Customer-Id": CUSTOMER}
        )
        self.assertEqual(status, 200)
        self.assertNotIn("/", headers["Content-Disposition"])

    def test_keys(self):
        before = send("GET", "/v1/keys")[1]
        for body, field in (({}, "customer"), ({"customer": ""}, "customer"),
                            ({"customer": 5}, "customer"), ({"customer": "a\nb"}, "customer"),
                            ({"customer": "a", "role": "god"}, "role"),
                            ({"customer": "a", "plan": "zz"}, "plan"),
                            ({"customer": "a", "aws": "x"}, "aws"),
                            ({"customer": "a", "zz": 1}, "zz")):
            self.refused(422, field, "POST", "/v1/keys", body)
        self.refused(404, None, "DELETE", "/v1/keys/none")
        self.assertEqual(send("GET", "/v1/keys")[1], before)

    def test_coverage_and_load_tests(self):
        for body, field in (({}, "percent"), ({"percent": 101}, "percent"),
                            ({"percent": "90"}, "percent"), ({"linesCovered": 5}, "linesValid"),
                            ({"linesCovered": -1, "linesValid": 4}, "linesCovered"),
                            ({"linesCovered": 5, "linesValid": 4}, "coverage"),
                            ({"percent": 1, "zz": 1}, "zz"), ({"totals": 5}, "coverage")):
            self.refused(422, field, "POST", "/v1/criteria/coverage", body)
        entity = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><coverage line-rate="&a;"/>'
        for text in ("", "<coverage", entity, '<coverage line-rate="7"/>', "SF:x\nLF:-1\nLH:5\n",
                     b"\xff\xfe"):
            self.refused(422, "coverage", "POST", "/v1/criteria/coverage", text, "text/xml")
        before = send("GET", "/v1/loadtests")[1]
        for body, field in (({}, "requests"), ({"zz": 1}, "zz"), ({"requests": "5"}, "requests"),
                            ({"requests": 1}, "latencySeconds"),
                            ({"requests": 1, "latencySeconds": {"p50": "x"}},
                             "latencySeconds.p50")):
            self.refused(422, field, "POST", "/v1/loadtests", body)
        self.assertEqual(send("GET", "/v1/loadtests")[1], before)


class Datasets(BadInput):
    PATH = "/v1/datasets/cost/records"
    GOOD = {"date": "2026-01-01", "service": "half", "cost": 1}

    def test_lines_that_are_refused_whole(self):
        for name, values in {
            "cost": ["NaN", "abc", 1e308, True, [1], None],
            "date": ["yesterday", "0001-01-01", "9999-12-31", "2026-02-30", 5, 1e30, -1, None],
            "service": [5, "x" * 100_000, {}],
            "tags": ["x", {"a": 5}, {"a": {"b": 1}}],
            "zz": [1], "customer": ["other"],
        }.items():
            for value in values:
                with self.subTest(f"{name}={str(value)[:40]}"):
                    status, body = send("POST", self.PATH, [{**self.GOOD, name: value}])
                    self.assertEqual(status, 422, body[:300])
                    rejected = json.loads(body)["details"]["rejected"]
                    self.assertEqual(rejected[0]["line"], 1)
                    column = {"cost": "billed_cost", "date": "time"}.get(name, name)
                    self.assertIn(column, rejected[0]["reason"])
        self.assertEqual(self.rows(service="half"), [])

    def test_a_body_that_breaks_off_leaves_nothing(self):
        good = json.dumps(self.GOOD)
        self.refused(400, "body", "POST", self.PATH, f"[{good},{good},{{", JSON)
        self.refused(400, "[1].service", "POST", self.PATH,
                     f'[{good},{{"service":"a","service":"b"}}]', JSON)
        packed = gzip.compress(f"[{good}]".encode())[:-4]
        self.refused(400, "body", "POST", self.PATH, packed, JSON, Content_Encoding="gzip")
        tags = {f"k{i}": "v" for i in range(5000)}
        self.refused(413, None, "POST", self.PATH, [self.GOOD, {**self.GOOD, "tags": tags}])
        self.assertEqual(self.rows(service="half"), [])

    def test_bad_lines_are_told_and_good_ones_kept(self):
        lines = [json.dumps({**self.GOOD, "service": "kept"}), "no json", "[1]",
                 json.dumps({**self.GOOD, "cost": "x"})]
        status, body = send("POST", self.PATH, "\n".join(lines), "application/x-ndjson")
        report = json.loads(body)
        self.assertEqual((status, report["imported"], report["rejectedCount"]), (200, 1, 3), body)
        self.assertEqual([entry["line"] for entry in report["rejected"]], [2, 3, 4])
        self.assertEqual(self.rows(service="kept")[0]["count"], 1)

    def test_csv(self):
        head = b"date,service,cost\n"
        for body, field in (
            (b"", "header"), (b"\n\n", "header"), (bytes(range(128, 256)), "header"),
            ("date,service,cost\n".encode("utf-16"), "header"),
            (b"date,service,cost,zz\n", "zz"), (b"date,service,service,cost\n", "header"),
            (b"service,cost\na,1\n", "time"), (b",".join(b"c%d" % i for i in range(9999)), "c0"),
        ):
            self.refused(422, field, "POST", self.PATH, body, "text/csv")
        for line in (b"2026-01-01,half", b"2026-01-01,half,1,2", b'2026-01-01,"half,1',
                     b"2026-01-01,\xff\xfe,1", b"2026-01-01,half,0x10", b"2026-01-01,half,1e400",
                     b"2026-01-01," + b"a" * 1_000_000 + b",1", b"2026-01-01,half,"):
            with self.subTest(line[:40]):
                status, body = send("POST", self.PATH, head + line + b"\n", "text/csv")
                self.assertEqual(status, 422, body[:300])
                self.assertEqual(json.loads(body)["details"]["rejected"][0]["line"], 2)
        self.assertEqual(self.rows(service="half"), [])

    def test_routes_and_parameters(self):
        self.refused(404, None, "POST", "/v1/datasets/nope/records", [self.GOOD])
        self.refused(422, "x", "POST", self.PATH + "?x=1", [self.GOOD])
        self.refused(422, "Content-Type", "POST", self.PATH, b"x", "application/xml")
        body = b"date,service,cost\n2026-01-01,half,1\n"
        for query, field in (
            ("", "format"), ("format=zz", "format"), ("format=csv&format=csv", "format"),
            ("format=csv&zz=1", "zz"), ("format=csv&part=0", "part"),
            ("format=csv&part=-1", "part"),
            ("format=csv&map=x", "map"), ("format=csv&map=service=a&map=service=b", "map"),
            ("format=csv&map=zz=date", "zz"), ("format=csv&map=service=nope", "nope"),
            ("format=focus", "ChargePeriodStart"), ("format=cur", "line_item_usage_start_date"),
            ("format=asff", "dataset"),
        ):
            path = "/v1/datasets/cost/import" + ("?" + query if query else "")
            self.refused(422, field, "POST", path, body, "text/csv")
        findings = "/v1/datasets/findings/import?format=asff"
        self.refused(400, "body", "POST", findings, b"a,b\n", "text/csv")
        self.refused(422, "Findings", "POST", findings, b'{"Findings":5}', JSON)
        for dataset in ("usage", "findings", "controls"):
            for record in ({}, {"zz": 1}, {"date": "x"}, 5):
                status, answer = send("POST", f"/v1/datasets/{dataset}/records", [record])
                self.assertEqual(status, 422, answer[:200])
        self.assertEqual(self.rows(service="half"), [])


if __name__ == "__main__":
    unittest.main()
