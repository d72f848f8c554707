// Property: whatever the bytes, parsing ends within its limits; an error names a field, and what
// parses names only fields that exist.
#include <cstdint>
#include <string_view>

#include "analytics/datasets.h"
#include "analytics/filter.h"
#include "base/check.h"
#include "query/predicate.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace securebase;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const events::Schema& schema : analytics::Schemas()) {
    const auto filter = analytics::ParseFilters(text, schema);
    if (!filter.ok()) {
      SB_CHECK(filter.error().field().starts_with("filters"));
      continue;
    }
    for (const std::string& field : query::FieldsOf(*filter)) {
      SB_CHECK(analytics::IsTagField(field) || analytics::FindField(schema, field));
    }
  }
  return 0;
}
