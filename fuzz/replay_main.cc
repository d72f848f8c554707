// Runs a fuzz target over the files of the folders named on the command line, without libFuzzer,
// so that every build replays the corpora. A folder that does not exist counts as empty; the
// empty input and a few awkward ones are always tried.
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

void Run(const std::string& bytes) {
  // A copy of the exact size, so that a read past the end is a read past an allocation.
  std::vector<std::uint8_t> copy(bytes.begin(), bytes.end());
  LLVMFuzzerTestOneInput(copy.data(), copy.size());
}

}  // namespace

int main(int argc, char** argv) {
  std::size_t count = 0;
  for (const char* text : {"", "\0", "{}", "[]", "\"", "(((((((((", "\xff\xfe", "a=b&a=b"}) {
    Run(text);
    ++count;
  }
  Run(std::string(64 * 1024, '['));
  Run(std::string(4096, '\0'));
  count += 2;
  for (int i = 1; i < argc; ++i) {
    if (!std::filesystem::is_directory(argv[i])) continue;
    for (const auto& entry : std::filesystem::directory_iterator(argv[i])) {
      if (!entry.is_regular_file()) continue;
      std::ifstream file(entry.path(), std::ios::binary);
      Run(std::string(std::istreambuf_iterator<char>(file), {}));
      ++count;
    }
  }
  std::printf("%zu inputs replayed\n", count);
  return 0;
}
