// Writes workload W4 as CSV: make_w4 RECORDS [FILE], to standard output without a file. What reads
// it: `securebase import csv FILE --dataset cost --customer-column customer_id`, and the peers.
#include <algorithm>
#include <cstdio>
#include <string>

#include "base/text.h"
#include "bench/w4.h"

int main(int argc, char** argv) {
  using securebase::bench::W4;
  const auto records = securebase::ParseInt(argc > 1 ? argv[1] : "5000000");
  if (argc > 3 || !records || *records < 1 || *records > 100'000'000) {
    std::fputs("usage: make_w4 [RECORDS, 1 to 100000000] [FILE]\n", stderr);
    return 2;
  }
  std::FILE* file = argc > 2 ? std::fopen(argv[2], "wb") : stdout;
  if (file == nullptr) {
    std::fprintf(stderr, "make_w4: cannot open %s\n", argv[2]);
    return 1;
  }
  const W4 data(static_cast<std::uint64_t>(*records));
  std::string text(W4::CsvHeader());
  bool good = true;
  for (std::uint64_t begin = 0; good && begin < data.records(); begin += 10'000) {
    data.AppendCsv(begin, std::min(begin + 10'000, data.records()), text);
    good = std::fwrite(text.data(), 1, text.size(), file) == text.size();
    text.clear();
  }
  good = std::fclose(file) == 0 && good;
  if (!good) std::fputs("make_w4: cannot write\n", stderr);
  return good ? 0 : 1;
}
