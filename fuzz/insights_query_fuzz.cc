// Property: whatever the bytes, parsing and planning end (no crash, no unbounded depth); an error
// points into the text; what is accepted runs over a few events within its memory limit.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "insights/memory_input.h"
#include "insights/query.h"
#include "insights/run.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace securebase::insights;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const ParseResult query = Parse(text);
  if (!query.ok()) {
    const MalformedQuery& error = query.error();
    if (error.start > error.end || error.end > size || error.message.empty()) std::abort();
    static_cast<void>(error.ToText(text));
    return 0;
  }
  static_cast<void>(query->Explain());
  const MemoryInput input(
      {{1'000, R"({"a":1,"b":"x","c":[1,{"d":2}],"e":true})", "s", "case", 0},
       {2'000, "REPORT RequestId: 1\tDuration: 5.0 ms\tBilled Duration: 5 ms", "s", "case", 0},
       {90'000, "level=error msg=\"a b\" \xC3\xA9", "t", "other", 0}});
  RunOptions options;
  options.end_ms = 100'000;
  options.control.memory_max = 64 << 20;
  static_cast<void>(Run(*query, input, options));
  return 0;
}
