// Prints workload W4 as CSV: make_w4 [RECORDS]. What reads it: `securebase import csv FILE
// --dataset cost --customer-column customer_id`, and the peers' COPY.
#include <algorithm>
#include <cstdio>
#include <string>

#include "base/text.h"
#include "bench/w4.h"

int main(int argc, char** argv) {
  using securebase::bench::W4;
  const auto records = securebase::ParseInt(argc > 1 ? argv[1] : "5000000");
  if (argc > 2 || !records || *records < 1 || *records > 100'000'000) {
    std::fputs("usage: make_w4 [RECORDS, 1 to 100000000]\n", stderr);
    return 2;
  }
  const W4 data(static_cast<std::uint64_t>(*records));
  std::string text(W4::CsvHeader());
  for (std::uint64_t begin = 0; begin < data.records(); begin += 10'000) {
    data.AppendCsv(begin, std::min(begin + 10'000, data.records()), text);
    if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size()) {
      std::fputs("make_w4: cannot write\n", stderr);
      return 1;
    }
    text.clear();
  }
  return 0;
}
