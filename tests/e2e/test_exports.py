"""Exports read back by other people's readers: csv, json, openpyxl, poppler.

The address comes from SECUREBASE_ENDPOINT, a server without authentication.
"""
import csv
import datetime
import io
import json
import os
import re
import subprocess
import tempfile
import time
import unittest
import urllib.parse

import openpyxl
import requests

ENDPOINT = os.environ.get("SECUREBASE_ENDPOINT", "http://127.0.0.1:8080").rstrip("/")
HEADERS = {"Authorization": "Bearer test", "X-Customer-Id": "export-tests"}


def rows(count):
    return [
        {
            "date": f"2026-01-{i % 28 + 1:02d}",
            "service": f"service-{i % 20:02d}",
            "region": "us-east-1" if i % 2 else "eu-west-1",
            "account": f"{111122223333 + i % 7}",
            "resource": f"i-{i:012x}",
            "usage": i * 3,
            "cost": i * 1.25,
            "at": f"2026-01-{i % 28 + 1:02d}T10:00:00Z",
        }
        for i in range(count)
    ]


def export(**body):
    return requests.post(f"{ENDPOINT}/v1/analytics/export", json=body, headers=HEADERS, timeout=60)


def get(path):
    return requests.get(ENDPOINT + path, headers=HEADERS, timeout=60)


def poppler(tool, pdf, *arguments):
    with tempfile.NamedTemporaryFile(suffix=".pdf") as file:
        file.write(pdf)
        file.flush()
        command = [tool, *arguments, file.name]
        if tool == "pdftotext":
            command.append("-")
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout


class Files(unittest.TestCase):
    def test_csv(self):
        data = [
            {"name": "a,b", "n": 1.5, "nested": {"k": [1, None]}},
            {"name": '=HYPERLINK("x")', "n": -2, "new": "two\nlines"},
        ]
        answer = export(format="csv", reportName="Monthly Cost: Übersicht", data=data)
        self.assertEqual(answer.status_code, 200, answer.text)
        self.assertEqual(answer.headers["Content-Type"], "text/csv; charset=utf-8")
        disposition = answer.headers["Content-Disposition"]
        self.assertRegex(disposition, r'^attachment; filename="monthly-cost-.*-\d{8}T\d{6}Z\.csv"')
        encoded = re.search(r"filename\*=UTF-8''(\S+)$", disposition).group(1)
        self.assertIn("Übersicht", urllib.parse.unquote(encoded))
        read = list(csv.reader(io.StringIO(answer.content.decode(), newline="")))
        self.assertEqual(
            read,
            [
                ["name", "n", "nested", "new"],
                ["a,b", "1.5", '{"k":[1,null]}', ""],
                ["'=HYPERLINK(\"x\")", "-2", "", "two\nlines"],
            ],
        )

    def test_json(self):
        data = [{"a": 1, "b": {"c": [1.5, "ü"]}}, {"a": None}]
        answer = export(format="json", data=data)
        self.assertEqual(answer.headers["Content-Type"], "application/json")
        self.assertEqual(json.loads(answer.content), [data[0], {"a": None, "b": None}])

    def test_xlsx(self):
        for name in ("xlsx", "excel"):
            answer = export(
                format=name,
                name="Costs [all]/2026",
                data=rows(300) + [{"service": "=1+1 \x01", "cost": -0.5}],
                options={"timezone": "Europe/Berlin", "includeCharts": True, "pageSize": "a4"},
            )
            self.assertEqual(answer.status_code, 200, answer.text)
            book = openpyxl.load_workbook(io.BytesIO(answer.content))
            sheet = book.worksheets[0]
            self.assertEqual(sheet.title, "Costs -all--2026")
            self.assertEqual([c.value for c in sheet[1]], list(rows(1)[0]))
            self.assertTrue(all(c.font.bold for c in sheet[1]))
            self.assertEqual(sheet.freeze_panes, "A2")
            self.assertEqual(sheet.auto_filter.ref, "A1:H302")
            self.assertEqual(sheet["A3"].value, datetime.datetime(2026, 1, 2))
            self.assertEqual(sheet["A3"].number_format, "yyyy-mm-dd")
            self.assertEqual(sheet["D2"].value, "111122223333")
            self.assertEqual(sheet["F3"].value, 3)
            self.assertEqual(sheet["G3"].value, 1.25)
            self.assertEqual(sheet["G3"].number_format, "#,##0.00")
            self.assertEqual(sheet["H2"].value, datetime.datetime(2026, 1, 1, 11))
            self.assertEqual(sheet["B302"].data_type, "s")
            self.assertEqual(book.worksheets[1].title, "Chart")

    def test_pdf_repeats_its_header_and_numbers_its_pages(self):
        answer = export(
            format="pdf",
            reportName="Resources",
            data=rows(500),
            options={"includeCharts": True, "timezone": "Asia/Tokyo", "locale": "de-DE"},
        )
        self.assertEqual(answer.status_code, 200, answer.text)
        self.assertEqual(answer.headers["Content-Type"], "application/pdf")
        info = poppler("pdfinfo", answer.content)
        pages = int(re.search(r"Pages:\s+(\d+)", info).group(1))
        self.assertGreater(pages, 5)
        self.assertIn("612 x 792", info)
        texts = poppler("pdftotext", answer.content, "-layout").split("\f")
        self.assertIn("JST", texts[0])
        self.assertIn("500 rows", texts[0])
        for number in range(1, pages + 1):
            text = texts[number - 1]
            self.assertIn(f"Page {number} of {pages}", text)
            self.assertRegex(text, r"date\s+service\s+region\s+account\s+resource\s+usage\s+cost")
        whole = "".join(texts)
        self.assertIn("i-0000000001f3", whole)
        self.assertIn("623,75", whole)
        self.assertIn("2026-01-01 19:00:00", whole)
        fonts = poppler("pdffonts", answer.content)
        self.assertIn("Inter", fonts)

    def test_pdf_takes_every_script_and_shape(self):
        data = [
            {"text": text, "n": 1}
            for text in ("العربية", "日本語の説明", "हिन्दी", "emoji 😀", "x" * 3000, "a\tb\nc")
        ]
        answer = export(format="pdf", data=data, options={"orientation": "landscape"})
        self.assertEqual(answer.status_code, 200, answer.text)
        self.assertIn("日本語", poppler("pdftotext", answer.content))
        self.assertIn("792 x 612", poppler("pdfinfo", answer.content))
        wide = [{f"column {i}": i for i in range(200)}]
        self.assertIn("column 199", poppler("pdftotext", export(format="pdf", data=wide).content))


class Background(unittest.TestCase):
    def finished(self, accepted):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            status = get(accepted["statusUrl"]).json()
            if status["status"] not in ("pending", "running"):
                return status
            time.sleep(0.05)
        self.fail("the export did not end")

    def test_large_exports_are_accepted_and_downloaded(self):
        answer = export(format="xlsx", reportName="Large", data=rows(5000))
        self.assertEqual(answer.status_code, 202, answer.text)
        accepted = answer.json()
        self.assertEqual(answer.headers["Location"], accepted["statusUrl"])
        status = self.finished(accepted)
        self.assertEqual((status["status"], status["progress"], status["rows"]), ("done", 100, 5000))
        file = get(status["downloadUrl"])
        self.assertEqual(file.status_code, 200)
        self.assertEqual(len(file.content), status["bytes"])
        book = openpyxl.load_workbook(io.BytesIO(file.content), read_only=True)
        self.assertEqual(sum(1 for _ in book.worksheets[0].rows), 5001)
        self.assertIn(status["id"], [e["id"] for e in get("/v1/analytics/exports").json()["exports"]])

    def test_links_are_signed(self):
        accepted = export(format="csv", data=[], **{"async": True}).json()
        link = self.finished(accepted)["downloadUrl"]
        self.assertEqual(get(link).status_code, 200)
        self.assertEqual(get(link + "x").status_code, 403)
        self.assertEqual(get(re.sub(r"expires=\d+", "expires=4102444800", link)).status_code, 403)
        stranger = {**HEADERS, "X-Customer-Id": "somebody-else"}
        self.assertEqual(requests.get(ENDPOINT + link, headers=stranger, timeout=60).status_code, 404)


class Refusals(unittest.TestCase):
    def refused(self, field, status=422, **body):
        answer = export(**body)
        self.assertEqual(answer.status_code, status, answer.text)
        self.assertIn(field, answer.json()["details"], answer.text)

    def test_names_the_field(self):
        self.refused("format", format="doc", data=[])
        self.refused("data", format="csv")
        self.refused("data.1", format="csv", data=[{}, 3])
        self.refused("sheet", format="csv", data=[], sheet="x")
        for name, value in {
            "locale": "xx",
            "timezone": "Mars",
            "pageSize": "a5",
            "orientation": "up",
            "brandColor": "blue",
            "watermark": "x",
        }.items():
            self.refused(f"options.{name}", format="pdf", data=[], options={name: value})
        self.refused("query.colour", format="csv", query={"colour": "red"})
        self.refused("data.0.a", format="xlsx", data=[{"a": "x" * 40000}])

    def test_broken_json(self):
        answer = requests.post(
            f"{ENDPOINT}/v1/analytics/export", data=b'{"format": ', headers=HEADERS, timeout=60
        )
        self.assertEqual(answer.status_code, 400)


if __name__ == "__main__":
    unittest.main()
