#pragma once

// The formats. Each reads one input into the sink; rows that do not fit are rejected there.
// Errors: kInvalidArgument when the input is not the format at all or its header lacks a
// required column, and the store's own.

#include <cstdint>
#include <string>
#include <string_view>

#include "analytics/import.h"
#include "analytics/importer/row_sink.h"

namespace securebase::analytics {

Result<> ImportFocus(const ImportInput& input, RowSink& sink);
Result<> ImportCur(const ImportInput& input, RowSink& sink);
/// `source_key`: of all inputs of the import.
Result<> ImportAsff(const ImportInput& input, RowSink& sink, std::string_view source_key);
Result<> ImportPlainCsv(const ImportInput& input, const events::Schema& schema, RowSink& sink,
                        std::string_view source_key);
Result<> ImportNdjson(const ImportInput& input, const events::Schema& schema, RowSink& sink,
                      std::string_view source_key);
Result<> ImportJsonArray(const ImportInput& input, const events::Schema& schema, RowSink& sink,
                         std::string_view source_key);

}  // namespace securebase::analytics
