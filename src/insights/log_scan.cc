#include "insights/log_scan.h"

#include <algorithm>
#include <string>
#include <utility>

#include "insights/internal/event_batch.h"

namespace securebase::insights {
namespace {

using ColumnKind = query::Column::Kind;

// Inner nodes of an event's JSON are no columns of the store: they are read from the message.
class TreeSource final : public query::Source {
 public:
  /// `from`: the column of the scan that each field reads; the message is the last one.
  TreeSource(std::unique_ptr<query::Source> source, std::vector<ScanField> fields,
             std::vector<std::size_t> from)
      : source_(std::move(source)), fields_(std::move(fields)), from_(std::move(from)) {
    for (const ScanField& field : fields_) names_.push_back(field.name);
  }
  const std::vector<std::string>& column_names() const override { return names_; }
  const query::ScanStatistics& statistics() const override { return source_->statistics(); }

  Result<bool> Next(query::Batch& batch) override {
    query::Batch read;
    SB_TRY(const bool more, source_->Next(read));
    if (!more) return false;
    batch = query::Batch();
    batch.rows = read.rows;
    batch.selection = std::move(read.selection);
    batch.filtered = read.filtered;
    for (std::size_t i = 0; i < fields_.size(); ++i) {
      const query::Column& column = read.columns[from_[i]];
      batch.columns.push_back(fields_[i].tree
                                  ? WithTrees(column, read.columns.back(), fields_[i].name, batch)
                                  : column);
    }
    return true;
  }

 private:
  static query::Column WithTrees(const query::Column& column, const query::Column& messages,
                                 const std::string& name, const query::Batch& batch) {
    const std::size_t rows = batch.rows;
    if (!column.all_absent &&
        (column.valid.empty() ||
         std::find(column.valid.begin(), column.valid.end(), 0) == column.valid.end())) {
      return column;
    }
    std::vector<std::uint8_t> chosen(rows, batch.filtered ? 0 : 1);
    if (batch.filtered) {
      for (const std::uint16_t row : batch.selection) chosen[row] = 1;
    }
    query::Column out;
    out.type = query::Type::kString;
    out.valid.assign(rows, 0);
    out.kinds.assign(rows, ColumnKind::kString);
    out.codes.assign(rows, 0);
    auto arena = std::make_shared<internal::Arena>();
    auto dictionary = std::make_shared<query::Dictionary>();
    dictionary->values.assign(std::max<std::size_t>(rows, 1), "");
    for (std::size_t row = 0; row < rows; ++row) {
      out.codes[row] = static_cast<std::uint32_t>(row);
      if (chosen[row] == 0) continue;
      if (!column.all_absent && column.IsValid(row)) {
        out.valid[row] = 1;
        std::string text;
        out.kinds[row] = TextOf(column, row, text);
        dictionary->values[row] = arena->Copy(text);
      } else if (!messages.all_absent && messages.IsValid(row)) {
        const internal::Cell tree = internal::InnerNode(messages.StringAt(row), name, *arena);
        if (tree.missing()) continue;
        out.valid[row] = 1;
        out.kinds[row] = ColumnKind::kTree;
        dictionary->values[row] = tree.text();
      }
    }
    dictionary->owner = arena;
    out.dictionary = std::move(dictionary);
    return out;
  }

  static ColumnKind TextOf(const query::Column& column, std::size_t row, std::string& text) {
    switch (column.type) {
      case query::Type::kString:
        text = column.StringAt(row);
        return column.kinds.empty() ? ColumnKind::kString : column.kinds[row];
      case query::Type::kBool:
        text = column.ints[row] != 0 ? "true" : "false";
        return ColumnKind::kBool;
      default:
        column.AppendNumberText(row, text);
        return ColumnKind::kNumber;
    }
  }

  const std::unique_ptr<query::Source> source_;
  const std::vector<ScanField> fields_;
  const std::vector<std::size_t> from_;
  std::vector<std::string> names_;
};

}  // namespace

Result<std::vector<ScanPart>> ScanLogs(const events::LogStore& store, const Account& account,
                                       const ScanRequest& request, std::size_t parts) {
  // The store's own bounds of time.
  constexpr std::int64_t kTimeMin = -62'135'596'800'000, kTimeMax = 253'402'300'799'999;
  events::LogScanRequest scan;
  scan.groups = request.groups;
  scan.start = FromUnixMillis(std::clamp(request.start_ms, kTimeMin, kTimeMax));
  scan.end = FromUnixMillis(std::clamp(request.end_ms, kTimeMin, kTimeMax)) + Duration(1);
  scan.where = request.where;
  scan.newest_first = request.newest_first;
  scan.sources = std::max<std::size_t>(parts, 1);
  std::vector<std::size_t> from;
  bool trees = false;
  for (const ScanField& field : request.fields) {
    trees = trees || field.tree;
    const auto at = std::find(scan.columns.begin(), scan.columns.end(), field.name);
    from.push_back(static_cast<std::size_t>(at - scan.columns.begin()));
    if (at == scan.columns.end()) scan.columns.push_back(field.name);
  }
  const bool same = !trees && scan.columns.size() == request.fields.size();
  if (!same) scan.columns.emplace_back(events::kMessageColumn);
  SB_TRY(auto sources, store.Scan(account, scan));
  std::vector<ScanPart> out;
  for (std::unique_ptr<events::LogSource>& source : sources) {
    ScanPart part;
    part.time_min = request.start_ms;
    part.time_max = request.end_ms;
    if (request.newest_first) {
      part.frontier = [log = source.get()] { return ToUnixMillis(log->frontier()); };
    }
    part.source = std::move(source);
    if (!same) {
      part.source = std::make_unique<TreeSource>(std::move(part.source), request.fields, from);
    }
    out.push_back(std::move(part));
  }
  return out;
}

}  // namespace securebase::insights
