// CSV, NDJSON and JSON arrays whose columns carry our field names, or are mapped to them.

#include <algorithm>

#include "analytics/datasets.h"
#include "analytics/importer/importers.h"
#include "analytics/importer/record_writer.h"
#include "analytics/importer/tags.h"
#include "base/text.h"

namespace securebase::analytics {
namespace {

/// What a source column becomes.
struct Target {
  enum class Kind { kField, kTag, kTags, kCustomer, kIgnored, kUnknown } kind = Kind::kUnknown;
  std::size_t field = 0;
  std::string tag;
};

/// Source columns to targets: by the mapping, else by name.
class Mapping {
 public:
  Mapping(const events::Schema& schema, const ImportOptions& options)
      : schema_(schema), options_(options) {}

  /// kInvalidArgument naming the mapped field that does not exist.
  Result<> Check() const {
    for (const auto& [field, column] : options_.columns) {
      if (field == "-" || IsTagField(field) || FindField(schema_, field)) continue;
      return InvalidArgument(field, "is no field of " + schema_.dataset + "; fields are " +
                                        FieldList(schema_) + ", tags.NAME");
    }
    return {};
  }

  Target Find(std::string_view column) const {
    for (const auto& [field, source] : options_.columns) {
      if (field == "-") {
        for (std::string_view name : Split(source, ',')) {
          if (EqualsIgnoreCase(Trim(name), column)) return {Target::Kind::kIgnored};
        }
      } else if (EqualsIgnoreCase(source, column)) {
        return ByName(field);
      }
    }
    if (!options_.customer_column.empty() && EqualsIgnoreCase(options_.customer_column, column)) {
      return {Target::Kind::kCustomer};
    }
    return ByName(column);
  }

 private:
  Target ByName(std::string_view name) const {
    if (const auto field = FindField(schema_, name)) return {Target::Kind::kField, *field};
    if (EqualsIgnoreCase(name, "tags")) return {Target::Kind::kTags};
    if (IsTagField(name)) return {Target::Kind::kTag, 0, std::string(name)};
    return {};
  }

  const events::Schema& schema_;
  const ImportOptions& options_;
};

Result<std::vector<Target>> CsvTargets(const CsvRows& rows, const events::Schema& schema,
                                       const ImportOptions& options) {
  const Mapping mapping(schema, options);
  SB_TRY_OK(mapping.Check());
  for (const auto& [field, column] : options.columns) {
    if (field != "-" && !rows.Find(column)) {
      return InvalidArgument(column, "is no column of the file, but mapped to " + field);
    }
  }
  if (!options.customer_column.empty() && !rows.Find(options.customer_column)) {
    return InvalidArgument(options.customer_column, "is no column of the file");
  }
  std::vector<Target> targets;
  for (const std::string& column : rows.header()) {
    Target target = mapping.Find(column);
    const bool repeated = std::any_of(targets.begin(), targets.end(), [&](const Target& other) {
      return target.kind == Target::Kind::kField && other.kind == Target::Kind::kField &&
             other.field == target.field;
    });
    if (repeated) {
      return InvalidArgument(column, "and another column both hold " +
                                         schema.fields[target.field].name +
                                         ": leave one out (-=" + column + ")");
    }
    targets.push_back(std::move(target));
    if (targets.back().kind == Target::Kind::kUnknown) {
      return InvalidArgument(column, "is no field of " + schema.dataset + ": map it (field=" +
                                         column + ") or leave it out (-=" + column +
                                         "); fields are " + FieldList(schema) + ", tags.NAME");
    }
  }
  for (std::size_t field : RecordWriter::Required(schema.dataset)) {
    const bool found = std::any_of(targets.begin(), targets.end(), [&](const Target& target) {
      return target.kind == Target::Kind::kField && target.field == field;
    });
    if (!found) {
      return InvalidArgument(schema.fields[field].name, "is required, but no column has it");
    }
  }
  return targets;
}

/// Sets one JSON record; the problem goes to `writer` or is returned.
class JsonRecords {
 public:
  JsonRecords(const ImportInput& input, const events::Schema& schema, RowSink& sink)
      : input_(input),
        schema_(schema),
        sink_(sink),
        mapping_(schema, sink.options()),
        writer_(schema) {}

  Result<> Check() const { return mapping_.Check(); }

  Result<> Add(events::Import& import, const json::Value& record, std::uint64_t line) {
    if (!record.IsObject()) {
      sink_.Reject(input_, line, "must be a JSON object, not " + std::string(record.TypeName()));
      return {};
    }
    writer_.Begin();
    problem_.clear();
    customer_ = sink_.options().customer_column.empty() ? sink_.options().customer : "";
    for (const auto& [name, value] : record.AsObject()) {
      if (!problem_.empty() || !writer_.problem().empty()) break;
      Member(import, name, value);
    }
    if (problem_.empty()) problem_ = writer_.problem();
    if (problem_.empty()) {
      writer_.Finish(import);
      problem_ = writer_.problem();
    }
    return sink_.End(import, customer_, input_, line, problem_);
  }

 private:
  void Member(events::Import& import, const std::string& name, const json::Value& value) {
    const Target target = mapping_.Find(name);
    switch (target.kind) {
      case Target::Kind::kField:
        writer_.SetJson(import, target.field, value);
        return;
      case Target::Kind::kTag:
        return Tag(import, name, target.tag, value);
      case Target::Kind::kTags:
        if (!value.IsObject()) {
          problem_ = name + " must be an object";
          return;
        }
        for (const auto& [key, tag] : value.AsObject()) {
          const std::string field = TagField(key);
          if (field.empty()) {
            problem_ = name + " has a key that is empty, too long or no text";
            return;
          }
          Tag(import, field, field, tag);
        }
        return;
      case Target::Kind::kCustomer:
        if (value.IsString()) {
          customer_ = value.AsString();
        } else {
          problem_ = name + " must be a string";
        }
        return;
      case Target::Kind::kIgnored:
        return;
      case Target::Kind::kUnknown:
        problem_ = name.substr(0, 128) + " is no field of " + schema_.dataset;
        return;
    }
  }

  void Tag(events::Import& import, const std::string& name, const std::string& field,
           const json::Value& value) {
    if (value.IsNull()) return;
    if (!value.IsString()) {
      problem_ = name + " must be a string";
    } else if (value.AsString().size() > kTextBytesMax) {
      problem_ = name + " is longer than 32 KiB";
    } else {
      import.Extra(field, value.AsString());
    }
  }

  const ImportInput& input_;
  const events::Schema& schema_;
  RowSink& sink_;
  const Mapping mapping_;
  RecordWriter writer_;
  std::string customer_;
  std::string problem_;
};

}  // namespace

Result<> ImportPlainCsv(const ImportInput& input, const events::Schema& schema, RowSink& sink,
                        std::string_view source_key) {
  SB_TRY(CsvRows rows, CsvRows::Open(input));
  SB_TRY(const std::vector<Target> targets, CsvTargets(rows, schema, sink.options()));
  SB_TRY(events::Import * import, sink.Open(source_key));
  RecordWriter writer(schema);
  TagParser tags;
  std::string problem;
  while (rows.Next(sink)) {
    writer.Begin();
    problem.clear();
    std::string_view customer =
        sink.options().customer_column.empty() ? std::string_view(sink.options().customer) : "";
    for (std::size_t i = 0; i < targets.size(); ++i) {
      const Target& target = targets[i];
      const std::string_view cell = rows.fields()[i];
      if (target.kind == Target::Kind::kField) {
        writer.SetText(*import, target.field, cell);
      } else if (target.kind == Target::Kind::kCustomer) {
        customer = cell;
      } else if (IsAbsent(cell)) {
        continue;
      } else if (target.kind == Target::Kind::kTag) {
        import->Extra(target.tag, cell);
      } else if (target.kind == Target::Kind::kTags) {
        const TagParser::Tags* parsed = tags.Parse(cell);
        if (parsed == nullptr) {
          problem = rows.header()[i] + " is no JSON object";
          break;
        }
        for (const auto& [field, value] : *parsed) import->Extra(field, value);
      }
    }
    if (problem.empty() && writer.problem().empty()) writer.Finish(*import);
    if (problem.empty()) problem = writer.problem();
    sink.SetPosition(rows.position());
    SB_TRY_OK(sink.End(*import, customer, input, rows.line(), problem));
  }
  return {};
}

Result<> ImportNdjson(const ImportInput& input, const events::Schema& schema, RowSink& sink,
                      std::string_view source_key) {
  JsonRecords records(input, schema, sink);
  SB_TRY_OK(records.Check());
  SB_TRY(events::Import * import, sink.Open(source_key));
  std::string_view rest = input.text;
  if (rest.starts_with("\xEF\xBB\xBF")) rest.remove_prefix(3);
  for (std::uint64_t line = 1; !rest.empty(); ++line) {
    const std::size_t end = rest.find('\n');
    const std::string_view text = Trim(rest.substr(0, end));
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    if (text.empty()) continue;
    sink.SetPosition(input.text.size() - rest.size());
    const auto record = json::Parse(text, {.depth_max = 16, .size_max = 1 << 20});
    if (!record.ok()) {
      const Error& error = record.error();
      sink.Reject(input, line,
                  (error.field().empty() ? "" : error.field() + " ") + error.message());
      continue;
    }
    SB_TRY_OK(records.Add(*import, *record, line));
  }
  return {};
}

Result<> ImportJsonArray(const ImportInput& input, const events::Schema& schema, RowSink& sink,
                         std::string_view source_key) {
  JsonRecords records(input, schema, sink);
  SB_TRY_OK(records.Check());
  auto document = json::Parse(input.text, {.depth_max = 32, .size_max = 1u << 30});
  if (!document.ok()) {
    return Error(ErrorCode::kInvalidArgument, document.error().message(),
                 document.error().field().empty() ? "body" : document.error().field(),
                 "INVALID_REQUEST");
  }
  if (!document->IsArray()) return InvalidArgument("body", "must be a JSON array of records");
  SB_TRY(events::Import * import, sink.Open(source_key));
  std::uint64_t number = 0;
  for (const json::Value& record : document->AsArray()) {
    SB_TRY_OK(records.Add(*import, record, ++number));
  }
  return {};
}

}  // namespace securebase::analytics
