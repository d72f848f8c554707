#include "analytics/importer/row_sink.h"

#include <algorithm>

#include "base/text.h"

namespace securebase::analytics {

Result<events::Import*> RowSink::Open(std::string_view source_key) {
  if (last_ < imports_.size() && imports_[last_].first == source_key) {
    return imports_[last_].second.get();
  }
  for (std::size_t i = 0; i < imports_.size(); ++i) {
    if (imports_[i].first == source_key) {
      last_ = i;
      return imports_[i].second.get();
    }
  }
  if (imports_.size() == 1000) {
    return LimitExceeded("billing_period", "one import takes at most 1,000 billing periods");
  }
  SB_TRY(std::unique_ptr<events::Import> import,
         datasets_.BeginImport(options_.account, dataset_, source_key));
  last_ = imports_.size();
  imports_.emplace_back(std::string(source_key), std::move(import));
  return imports_.back().second.get();
}

Result<> RowSink::End(events::Import& import, std::string_view customer, const ImportInput& input,
                      std::uint64_t line, const std::string& problem) {
  if (!problem.empty()) [[unlikely]] {
    import.DiscardRow();
    Reject(input, line, problem);
    return {};
  }
  if (const std::string_view bad = CustomerProblem(customer); !bad.empty()) [[unlikely]] {
    import.DiscardRow();
    Reject(input, line, "customer " + std::string(bad));
    return {};
  }
  SB_TRY_OK(import.EndRow(customer));
  ++report_.rows;
  if (report_.rows % 16'384 == 0 && options_.progress) options_.progress(report_.rows, position_);
  return {};
}

Result<ImportReport> RowSink::Commit() {
  if (report_.rows > 0) {
    for (auto& [key, import] : imports_) {
      if (import->row_count() > 0) SB_TRY_OK(import->Commit());
    }
  }
  if (options_.progress) options_.progress(report_.rows, position_);
  return std::move(report_);
}

std::string_view CustomerProblem(std::string_view customer) {
  if (customer.empty()) return "is missing";
  if (customer.size() > 128) return "is longer than 128 bytes";
  for (char c : customer) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return "holds a control character";
  }
  return {};
}

Result<CsvRows> CsvRows::Open(const ImportInput& input) {
  const std::string_view first = input.text.substr(0, input.text.find('\n'));
  const bool semicolons =
      first.find(',') == std::string_view::npos && first.find(';') != std::string_view::npos;
  CsvRows rows(input, semicolons ? ';' : ',');
  if (!rows.reader_.Next()) return InvalidArgument("header", "is missing: the file is empty");
  if (!rows.reader_.problem().empty()) {
    return InvalidArgument("header", "is no CSV: " + std::string(rows.reader_.problem()));
  }
  for (std::string_view name : rows.reader_.fields()) {
    if (!IsValidUtf8(name)) return InvalidArgument("header", "is not UTF-8");
    if (rows.Find(Trim(name))) {
      return InvalidArgument("header", "names '" + std::string(name) + "' twice");
    }
    rows.header_.emplace_back(Trim(name));
  }
  rows.text_valid_ = IsValidUtf8(input.text);
  return rows;
}

std::optional<std::size_t> CsvRows::Find(std::string_view name) const {
  if (name.empty()) return std::nullopt;
  for (std::size_t i = 0; i < header_.size(); ++i) {
    if (EqualsIgnoreCase(header_[i], name)) return i;
  }
  return std::nullopt;
}

bool CsvRows::Next(RowSink& sink) {
  while (reader_.Next()) {
    std::string problem = Problem();
    if (problem.empty()) return true;
    sink.Reject(input_, reader_.line(), std::move(problem));
  }
  return false;
}

std::string CsvRows::Problem() const {
  if (!reader_.problem().empty()) return std::string(reader_.problem());
  const auto& fields = reader_.fields();
  if (fields.size() != header_.size()) {
    return "has " + std::to_string(fields.size()) + " fields where the header has " +
           std::to_string(header_.size());
  }
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].size() > kTextBytesMax) return header_[i] + " is longer than 32 KiB";
    if (!text_valid_ && !IsValidUtf8(fields[i])) return header_[i] + " is not UTF-8";
  }
  return {};
}

}  // namespace securebase::analytics
