#pragma once

// Stages that work on any batch of rows: filters, computed columns, parse, unnest, lookups, joins.

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "insights/internal/stage.h"

namespace securebase::insights::internal {

class FilterStage final : public Stage {
 public:
  void Reads(std::vector<int>& slots) const override { SlotsOf(*condition, slots); }
  Result<> Apply(Worker& worker, Frame& frame) const override;
  std::string Explain() const override { return "filter " + text; }

  NodePtr condition;
  std::string text;
};

class ComputeStage final : public Stage {
 public:
  bool removable() const override { return true; }
  void Reads(std::vector<int>& slots) const override { SlotsOf(*node, slots); }
  void Writes(std::vector<int>& slots) const override { slots.push_back(slot); }
  Result<> Apply(Worker& worker, Frame& frame) const override;
  std::string Explain() const override { return "compute " + text; }

  NodePtr node;
  int slot = -1;
  std::string text;
};

/// Globs, as literal text between captures.
struct Glob {
  /// `pattern` to its literal parts, one more than it has stars.
  explicit Glob(std::string_view pattern);
  /// The captures where it first matches; false if nowhere.
  bool Match(std::string_view text, std::vector<std::string_view>& captures) const;

  std::vector<std::string> literals;
};

class ParseStage final : public Stage {
 public:
  bool removable() const override { return !multi; }
  void Reads(std::vector<int>& slots) const override { SlotsOf(*subject, slots); }
  void Writes(std::vector<int>& slots) const override;
  Result<> Apply(Worker& worker, Frame& frame) const override;
  std::string Explain() const override { return "parse " + text; }

  Command::ParseForm form = Command::ParseForm::kGlob;
  bool multi = false;
  NodePtr subject;
  std::unique_ptr<Glob> glob;
  std::shared_ptr<const re2::RE2> regex;
  std::string literal;      // a text that every match of the regex holds
  std::vector<int> groups;  // regex: the group of each output
  std::vector<int> slots;   // outputs
  std::string text;

 private:
  // Writes the captures of one text into `out`, missing where there is none.
  void ParseText(std::string_view text, Arena& arena, std::vector<Cell>& out) const;
  bool MatchRegex(std::string_view text, std::size_t& at, std::vector<Cell>& out) const;
  void ApplyMulti(const Vector& texts, Frame& frame) const;
};

/// unnest, expand: one row an element of a list.
class UnnestStage final : public Stage {
 public:
  void Reads(std::vector<int>& slots) const override { SlotsOf(*list, slots); }
  void Writes(std::vector<int>& slots) const override { slots.push_back(slot); }
  Result<> Apply(Worker& worker, Frame& frame) const override;
  std::string Explain() const override { return text; }

  NodePtr list;
  int slot = -1;
  std::string text;
};

/// lookup, cidrlookup: columns of a table whose keys are equal to fields.
class LookupStage final : public Stage {
 public:
  void Reads(std::vector<int>& slots) const override;
  void Writes(std::vector<int>& slots) const override;
  Result<> Apply(Worker& worker, Frame& frame) const override;
  std::string Explain() const override { return text; }

  std::size_t table = 0;             // number in the plan
  std::vector<std::string> keys;     // columns of the table
  std::vector<NodePtr> fields;       // what they are compared with
  std::vector<std::string> columns;  // wanted of the table
  std::vector<int> slots;            // where they go
  std::vector<NodePtr> present;      // OUTPUTNEW: the field that stays where it has a value
  bool cidr = false;
  std::string text;

  /// kInvalidArgument when the table lacks a column that the query names.
  Result<> Check(const LookupTable& rows) const;

 private:
  struct Index;
  Index MakeIndex(const LookupTable& rows) const;
  std::optional<std::size_t> Find(const Index& index, const std::vector<VectorRef>& wanted,
                                  std::size_t row) const;
};

/// Equality with the rows of a subquery.
class JoinStage final : public Stage {
 public:
  void Reads(std::vector<int>& slots) const override;
  void Writes(std::vector<int>& slots) const override;
  Result<> Apply(Worker& worker, Frame& frame) const override;
  std::string Explain() const override { return text; }

  bool left_outer = false;
  std::size_t subquery = 0;
  std::vector<NodePtr> left;                // keys
  std::vector<int> right;                   // slots of the subquery
  std::vector<std::pair<int, int>> copies;  // slot there, slot here
  std::string text;
};

}  // namespace securebase::insights::internal
