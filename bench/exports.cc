// W5: a PDF of 500 rows x 8 columns with a chart, and an XLSX of 100,000 x 6, without the store
// around them. CPU time, median of 5, after one run that loads fonts; the first PDF of the process
// is shown beside it.
//
//   build/bench/exports [--tiny] [--out FOLDER]

#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_system.h"
#include "base/random.h"
#include "reports/export.h"

namespace securebase {
namespace {

constexpr int kRuns = 5;
constexpr const char* kServices[] = {"AmazonEC2", "AmazonS3",       "AWSLambda", "AmazonRDS",
                                     "AmazonVPC", "AmazonDynamoDB", "AWSKMS",    "AmazonCloudFront",
                                     "AmazonECS", "AmazonRoute53",  "AmazonSNS", "AWSGlue"};
constexpr const char* kRegions[] = {"us-east-1", "eu-west-1", "ap-southeast-2", "us-west-2"};

double CpuSeconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

std::string Day(std::uint64_t i) { return FormatDate(FromUnixSeconds(1'780'272'000 + i * 86'400)); }

double Cents(Random& random, std::uint64_t below) {
  return static_cast<double>(random.Below(below)) / 100;
}

reports::ExportTable PdfTable(std::size_t rows) {
  SeededRandom random(5);
  reports::ExportTable table{.title = rows == 500 ? "Monthly cost by resource" : "All resources"};
  for (const char* name :
       {"date", "service", "region", "account", "resource", "usage", "cost", "effectiveCost"}) {
    table.columns.push_back({.name = name});
  }
  for (std::size_t i = 0; i < rows; ++i) {
    table.rows.push_back({Day(i % 30), kServices[random.Below(12)], kRegions[random.Below(4)],
                          fmt::format("{:012d}", 111'122'223'333 + random.Below(20)),
                          fmt::format("i-0{:012x}", random.Next() >> 16),
                          static_cast<std::int64_t>(random.Below(100'000)),
                          Cents(random, 2'000'000), Cents(random, 1'500'000)});
  }
  reports::DetectColumnTypes(table);
  return table;
}

reports::ExportTable XlsxTable(std::size_t rows) {
  SeededRandom random(6);
  reports::ExportTable table{.title = "Cost records"};
  for (const char* name : {"date", "customer", "service", "region", "cost", "usage"}) {
    table.columns.push_back({.name = name});
  }
  for (std::size_t i = 0; i < rows; ++i) {
    table.rows.push_back({Day(i % 90), fmt::format("customer-{:03d}", random.Below(200)),
                          kServices[random.Below(12)], kRegions[random.Below(4)],
                          Cents(random, 1'000'000),
                          static_cast<std::int64_t>(random.Below(5'000))});
  }
  reports::DetectColumnTypes(table);
  return table;
}

struct Figure {
  double first_ms = 0;
  double median_ms = 0;
  reports::ExportFile file;
};

Figure Measure(const reports::ExportTable& table, reports::ExportFormat format,
               const reports::ExportOptions& options) {
  Figure figure;
  std::vector<double> times;
  for (int run = 0; run <= kRuns; ++run) {
    const double begin = CpuSeconds();
    auto file = reports::Export(table, format, options, FromUnixSeconds(1'782'864'000));
    const double ms = (CpuSeconds() - begin) * 1e3;
    if (!file.ok()) {
      fmt::print(stderr, "export failed: {}\n", file.error().message());
      std::exit(1);
    }
    figure.file = *std::move(file);
    if (run == 0) {
      figure.first_ms = ms;
    } else {
      times.push_back(ms);
    }
  }
  std::nth_element(times.begin(), times.begin() + kRuns / 2, times.end());
  figure.median_ms = times[kRuns / 2];
  return figure;
}

int Main(bool tiny, const std::string& out) {
  reports::ExportOptions charts;
  charts.include_charts = true;
  struct Job {
    const char* name;
    reports::ExportTable table;
    reports::ExportFormat format;
    reports::ExportOptions options;
  };
  const std::size_t big = tiny ? 1'000 : 100'000;
  const Job jobs[] = {
      {"pdf, 500 x 8 and a chart", PdfTable(500), reports::ExportFormat::kPdf, charts},
      {"pdf, 1,000 x 8", PdfTable(1'000), reports::ExportFormat::kPdf, {}},
      {tiny ? "xlsx, 1,000 x 6" : "xlsx, 100,000 x 6",
       XlsxTable(big),
       reports::ExportFormat::kXlsx,
       {}},
      {tiny ? "csv, 1,000 x 6" : "csv, 100,000 x 6",
       XlsxTable(big),
       reports::ExportFormat::kCsv,
       {}},
      {tiny ? "pdf, 1,000 x 6" : "pdf, 100,000 x 6",
       XlsxTable(big),
       reports::ExportFormat::kPdf,
       {}},
  };
  for (const Job& job : jobs) {
    const Figure figure = Measure(job.table, job.format, job.options);
    fmt::print("{:<28} {:9.1f} ms CPU (first of the process {:.1f} ms), {} bytes\n", job.name,
               figure.median_ms, figure.first_ms, figure.file.bytes.size());
    if (out.empty()) continue;
    const auto written = WriteFileAtomically(PosixFileSystem(), out + "/" + figure.file.file_name,
                                             figure.file.bytes);
    if (!written.ok()) fmt::print(stderr, "{}\n", written.error().message());
  }
  return 0;
}

}  // namespace
}  // namespace securebase

int main(int argc, char** argv) {
  bool tiny = false;
  std::string out;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--tiny") {
      tiny = true;
    } else if (argument == "--out" && i + 1 < argc) {
      out = argv[++i];
    } else {
      fmt::print(stderr, "usage: exports [--tiny] [--out FOLDER]\n");
      return 2;
    }
  }
  return securebase::Main(tiny, out);
}
