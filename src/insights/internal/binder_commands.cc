#include <re2/re2.h>

#include <algorithm>

#include "base/text.h"
#include "insights/internal/binder.h"

namespace securebase::insights::internal {

void Binder::BindParse(const Command& command) {
  auto stage = std::make_unique<ParseStage>();
  stage->form = command.form;
  stage->multi = command.multi;
  stage->text = TextOfSpan(command.span).substr(6);
  stage->subject = command.items.empty() ? ResolveName("@message", {"@message"}, command.keyword)
                                         : BindExpr(*command.items[0].expr);
  std::vector<std::string> outputs;
  for (const Name& name : command.names) outputs.push_back(name.text);
  switch (command.form) {
    case Command::ParseForm::kGlob: {
      stage->glob = std::make_unique<Glob>(command.text);
      const std::size_t stars = stage->glob->literals.size() - 1;
      // No star and one name captures the text itself.
      if (stars != outputs.size() && !(stars == 0 && outputs.size() == 1)) {
        Fail("the pattern has " + std::to_string(stars) + " * and " +
                 std::to_string(outputs.size()) + " names",
             command.text_span);
      }
      break;
    }
    case Command::ParseForm::kRegex: {
      std::vector<std::string> names;
      stage->regex = CompileRegex(command.text, command.text_span, &names);
      stage->literal = RequiredLiteral(command.text);
      if (!names.empty()) {
        // Names in the pattern win over names behind `as`.
        const std::map<std::string, int>& groups = stage->regex->NamedCapturingGroups();
        for (std::size_t i = 0; i < names.size(); ++i) {
          stage->groups.push_back(groups.at("g" + std::to_string(i)));
        }
        outputs = names;
      } else {
        const int count = stage->regex->NumberOfCapturingGroups();
        if (outputs.empty() || static_cast<int>(outputs.size()) != count) {
          Fail("the regular expression has " + std::to_string(count) + " groups and " +
                   std::to_string(outputs.size()) + " names",
               command.text_span);
        }
        for (int i = 1; i <= count; ++i) stage->groups.push_back(i);
      }
      break;
    }
    case Command::ParseForm::kLogfmt:
      if (outputs.size() != 1) Fail("logfmt makes one map", command.span);
      break;
    case Command::ParseForm::kCsv:
      break;
  }
  for (const std::string& name : outputs) {
    stage->slots.push_back(NewSlot());
    Make(name, stage->slots.back());
  }
  plan_->stages.push_back(std::move(stage));
}

void Binder::BindJsonField(const Command& command) {
  // The path of a text that holds JSON.
  std::vector<NodePtr> parse_args;
  parse_args.push_back(BindTree(*command.items[0].expr));
  std::vector<NodePtr> args;
  args.push_back(CallNode(*FindFunction("jsonparse"), std::move(parse_args)));
  NodePtr node = CallNode(kPathFunction, std::move(args));
  for (std::string_view step : Split(command.text, '.')) {
    // "items[0].id"
    const std::size_t bracket = step.find('[');
    if (bracket != 0) node->steps.emplace_back(step.substr(0, bracket));
    for (std::size_t at = bracket; at != std::string_view::npos && at < step.size();) {
      const std::size_t close = step.find(']', at);
      node->steps.emplace_back(step.substr(at + 1, close - at - 1));
      at = close == std::string_view::npos ? close : step.find('[', close);
    }
  }
  const int slot = NewSlot();
  Compute(std::move(node), slot, command.names[0].text + " = " + TextOfSpan(command.span));
  Make(command.names[0].text, slot);
}

void Binder::BindDedup(const Command& command) {
  auto stage = std::make_unique<DedupStage>();
  stage->text = TextOfSpan(command.span);
  for (const Item& item : command.items) stage->keys.push_back(BindExpr(*item.expr));
  plan_->stages.push_back(std::move(stage));
  dedup_ = true;
}

void Binder::BindUnnest(const Command& command) {
  auto stage = std::make_unique<UnnestStage>();
  stage->text = TextOfSpan(command.span);
  const Name& name = command.names[0];
  stage->list = command.kind == Kind::kUnnest ? BindTree(*command.items[0].expr)
                                              : ResolveName(name.text, name.parts, name.span, true);
  stage->slot = NewSlot();
  Make(name.text, stage->slot);
  plan_->stages.push_back(std::move(stage));
}

void Binder::BindLookup(const Command& command) {
  auto stage = std::make_unique<LookupStage>();
  stage->text = TextOfSpan(command.span);
  stage->cidr = command.kind == Kind::kCidrLookup;
  if (stage->cidr && command.keys.size() != 1) {
    Fail("cidrlookup compares one column", command.span);
  }
  const auto table = std::find(plan_->tables.begin(), plan_->tables.end(), command.text);
  stage->table = static_cast<std::size_t>(table - plan_->tables.begin());
  if (table == plan_->tables.end()) plan_->tables.push_back(command.text);
  for (std::size_t i = 0; i < command.keys.size(); ++i) {
    const Name& field = command.fields[i];
    stage->keys.push_back(command.keys[i].text);
    stage->fields.push_back(ResolveName(field.text, field.parts, field.span));
  }
  for (std::size_t i = 0; i < command.items.size(); ++i) {
    const Name& name = command.names[i];
    stage->columns.push_back(command.items[i].label);
    stage->present.push_back(command.any ? ResolveName(name.text, name.parts, name.span) : nullptr);
    stage->slots.push_back(NewSlot());
  }
  for (std::size_t i = 0; i < command.names.size(); ++i) {
    Make(command.names[i].text, stage->slots[i]);
  }
  plan_->stages.push_back(std::move(stage));
}

void Binder::BindJoin(const Command& command) {
  if (right_) Fail("two join commands", command.keyword);
  if (nested_) Fail("a join within a subquery", command.keyword);
  auto stage = std::make_unique<JoinStage>();
  stage->text = TextOfSpan(command.span);
  const auto option = [&](const char* name, const char* otherwise) {
    const auto at = command.options.find(name);
    return at == command.options.end() ? std::string(otherwise) : at->second;
  };
  const std::string type = ToLower(option("type", "inner"));
  if (type != "inner" && type != "left") {
    Fail("a join's type is inner or left, not " + type, command.span);
  }
  stage->left_outer = type == "left";
  const std::string left = option("left", "left"), right = option("right", "right");
  auto binder = std::make_unique<Binder>(text_, true);
  binder->Bind(*command.query);
  for (std::size_t i = 0; i < command.keys.size(); ++i) {
    Name mine = command.keys[i], theirs = command.fields[i];
    if (mine.parts[0] == right && theirs.parts[0] == left) std::swap(mine, theirs);
    const auto without = [](Name& name, const std::string& prefix) {
      if (name.parts.size() > 1 && name.parts[0] == prefix) {
        name.parts.erase(name.parts.begin());
        name.text = name.text.substr(prefix.size() + 1);
      }
    };
    without(mine, left);
    without(theirs, right);
    stage->left.push_back(ResolveName(mine.text, mine.parts, mine.span));
    stage->right.push_back(binder->SlotOfName(theirs));
  }
  stage->subquery = plan_->subqueries.size();
  plan_->subqueries.push_back({.plan = nullptr, .use = Subquery::Use::kRows});
  left_name_ = left;
  right_name_ = right;
  right_ = std::move(binder);
  join_ = stage.get();
  plan_->stages.push_back(std::move(stage));
}

void Binder::BindAppendCols(const Command& command) {
  if (nested_) Fail("a subquery within a subquery", command.keyword);
  auto stage = std::make_unique<AppendColsStage>();
  stage->text = TextOfSpan(command.span);
  bool replace = false;
  for (const auto& [key, value] : command.options) {
    if (key == "max") {
      const auto count = ParseInt(value);
      if (!count || *count < 1) Fail("max must be a whole number of at least 1", command.span);
      stage->max = static_cast<std::size_t>(*count);
    } else {
      replace = EqualsIgnoreCase(value, "true");
    }
  }
  Binder binder(text_, true);
  std::shared_ptr<Plan> plan = BindNested(*command.query, binder);
  stage->subquery = plan_->subqueries.size();
  plan_->subqueries.push_back({.plan = plan, .use = Subquery::Use::kRows});
  const std::vector<Output> present = CurrentColumns();
  for (const Output& column : plan->columns) {
    const bool there = std::any_of(present.begin(), present.end(),
                                   [&](const Output& c) { return c.name == column.name; });
    if (there && !replace) continue;
    const int slot = NewSlot();
    stage->copies.emplace_back(column.slot, slot);
    Make(column.name, slot);
    if (display_ && !there) display_->push_back({column.name, slot});
  }
  plan_->stages.push_back(std::move(stage));
}

void Binder::BindAddTotals(const Command& command) {
  auto stage = std::make_unique<AddTotalsStage>();
  stage->text = TextOfSpan(command.span);
  std::string name = "Total";
  bool row = true;
  for (const auto& [key, value] : command.options) {
    if (key == "fieldname") {
      name = value;
    } else if (!EqualsIgnoreCase(value, "true") && !EqualsIgnoreCase(value, "false")) {
      Fail(key + " is true or false, not " + value, command.span);
    } else if (key == "row") {
      row = EqualsIgnoreCase(value, "true");
    } else {
      stage->column = EqualsIgnoreCase(value, "true");
    }
  }
  if (command.names.empty()) {
    for (const Output& column : CurrentColumns()) stage->slots.push_back(column.slot);
  }
  for (const Name& field : command.names) stage->slots.push_back(SlotOfName(field));
  if (row) {
    stage->total = NewSlot();
    Make(name, stage->total);
    if (display_) display_->push_back({name, stage->total});
  }
  plan_->stages.push_back(std::move(stage));
}

void Binder::BindAccum(const Command& command) {
  auto stage = std::make_unique<AccumStage>();
  stage->text = TextOfSpan(command.span);
  stage->value = BindExpr(*command.items[0].expr);
  stage->slot = NewSlot();
  const std::string& name = command.items[0].label;
  Make(name, stage->slot);
  if (display_) display_->push_back({name, stage->slot});
  plan_->stages.push_back(std::move(stage));
}

void Binder::BindAutoRegress(const Command& command) {
  auto stage = std::make_unique<AutoRegressStage>();
  stage->text = TextOfSpan(command.span);
  const Item& item = command.items[0];
  stage->value = BindExpr(*item.expr);
  for (std::uint64_t lag = command.count; lag <= command.count_to; ++lag) {
    stage->lags.emplace_back(lag, NewSlot());
    const bool alone = item.has_alias && command.count == command.count_to;
    const std::string name = alone ? item.label : item.label + "_p" + std::to_string(lag);
    Make(name, stage->lags.back().second);
    if (display_) display_->push_back({name, stage->lags.back().second});
  }
  plan_->stages.push_back(std::move(stage));
}

namespace {

bool MatchesGlob(std::string_view glob, std::string_view name) {
  const std::size_t star = glob.find('*');
  if (star == std::string_view::npos) return glob == name;
  if (!name.starts_with(glob.substr(0, star))) return false;
  const std::string_view rest = glob.substr(star + 1);
  for (std::size_t i = star; i <= name.size(); ++i) {
    if (MatchesGlob(rest, name.substr(i))) return true;
  }
  return false;
}

}  // namespace

void Binder::BindFillDown(const Command& command) {
  auto stage = std::make_unique<FillDownStage>();
  stage->text = TextOfSpan(command.span);
  const std::vector<Output> columns = CurrentColumns();
  std::vector<std::pair<std::string, int>> fields;
  if (command.names.empty()) {
    for (const Output& column : columns) fields.emplace_back(column.name, column.slot);
  }
  for (const Name& name : command.names) {
    if (name.text.find('*') == std::string::npos) {
      std::vector<std::string> parts;
      for (std::string_view part : Split(name.text, '.')) parts.emplace_back(part);
      fields.emplace_back(name.text, SlotOfName({name.text, parts, name.span}));
      continue;
    }
    for (const Output& column : columns) {
      if (MatchesGlob(name.text, column.name)) fields.emplace_back(column.name, column.slot);
    }
  }
  for (const auto& [name, slot] : fields) {
    // In a slot of its own: the rows' order still needs @timestamp as it was.
    NodePtr copy = SlotNode(slot);
    const int to = NewSlot();
    Compute(std::move(copy), to, name);
    stage->slots.push_back(to);
    Define(name, to);
  }
  plan_->stages.push_back(std::move(stage));
}

void Binder::BindFillMissing(const Command& command) {
  auto stage = std::make_unique<FillMissingStage>();
  stage->text = TextOfSpan(command.span);
  if (last_stats_ != nullptr) {
    for (const GroupKey& key : last_stats_->keys) {
      if (stage->bin < 0 && periods_.contains(key.slot)) {
        stage->bin = key.slot;
        stage->period = periods_.at(key.slot);
      } else {
        stage->keys.push_back(key.slot);
      }
    }
  }
  if (stage->bin < 0) Fail("fillmissing can only follow stats … by bin()", command.keyword);
  for (const Item& item : command.items) {
    const auto at = names_.find(item.label);
    if (at == names_.end()) {
      Fail("Unknown symbols found in or after stats: " + item.label, item.span);
    }
    stage->fill.emplace_back(at->second, BindExpr(*item.expr));
  }
  plan_->stages.push_back(std::move(stage));
}

void Binder::BindOutlier(const Command& command) {
  auto stage = std::make_unique<OutlierStage>();
  stage->text = TextOfSpan(command.span);
  for (const auto& [key, value] : command.options) {
    if (key == "action") {
      const std::string action = ToLower(value);
      if (action != "transform" && action != "tf" && action != "remove" && action != "rm") {
        Fail("action is transform or remove, not " + value, command.span);
      }
      stage->remove = action.starts_with('r');
    } else if (key == "param") {
      const auto number = ReadNumber(value);
      if (!number || *number < 0) Fail("param must be a number, not " + value, command.span);
      stage->param = *number;
    } else if (!EqualsIgnoreCase(value, "true") && !EqualsIgnoreCase(value, "false")) {
      Fail(key + " is true or false, not " + value, command.span);
    } else if (key == "uselower") {
      stage->use_lower = EqualsIgnoreCase(value, "true");
    } else {
      stage->mark = EqualsIgnoreCase(value, "true");
    }
  }
  for (const Name& name : command.names) {
    const int from = SlotOfName(name);
    stage->fields.emplace_back(from, NewSlot());
    Define(name.text, stage->fields.back().second);
    // The field's own column shows what became of it.
    for (std::vector<Output>* columns : {&shown_, &made_}) {
      for (Output& column : *columns) {
        if (column.slot == from) column.slot = stage->fields.back().second;
      }
    }
  }
  plan_->stages.push_back(std::move(stage));
}

void Binder::BindSessionize(const Command& command) {
  auto stage = std::make_unique<SessionizeStage>();
  stage->text = TextOfSpan(command.span);
  for (const Name& name : command.names) {
    stage->keys.push_back(ResolveName(name.text, name.parts, name.span));
  }
  if (command.period) {
    const std::int64_t begin = FloorTime(0, *command.period);
    stage->max_span_ms = NextPeriod(begin, *command.period) - begin;
  }
  stage->slot = NewSlot();
  Make(command.text, stage->slot);
  if (display_) display_->push_back({command.text, stage->slot});
  plan_->stages.push_back(std::move(stage));
}

void Binder::BindCountFrequent(const Command& command) {
  auto stage = std::make_unique<StatsStage>();
  stage->timed = !grouped_;
  stage->text = TextOfSpan(command.span);
  std::map<std::string, int> names;
  std::vector<Output> columns;
  for (const Item& item : command.items) {
    GroupKey key;
    key.node = BindExpr(*item.expr);
    key.slot = NewSlot();
    names[item.label] = key.slot;
    columns.push_back({item.label, key.slot});
    stage->keys.push_back(std::move(key));
  }
  stage->accumulators.emplace_back();
  stage->calls.emplace_back().slot = NewSlot();
  const int count = stage->calls[0].slot;
  names["_approxcount"] = count;
  columns.push_back({"_approxcount", count});
  last_stats_ = nullptr;
  plan_->stages.push_back(std::move(stage));
  auto sort = std::make_unique<SortStage>();
  sort->text = "sort _approxcount desc";
  sort->keys.push_back({count, true});
  plan_->stages.push_back(std::move(sort));
  Close(std::move(names), std::move(columns));
}

void Binder::BindPattern(const Command& command) {
  auto stage = std::make_unique<PatternStage>();
  stage->text = TextOfSpan(command.span);
  stage->value = BindExpr(*command.items[0].expr);
  std::map<std::string, int> names;
  std::vector<Output> columns;
  const auto add = [&](const char* name, int& slot) {
    slot = NewSlot();
    names[name] = slot;
    columns.push_back({name, slot});
  };
  add("@pattern", stage->pattern);
  add("@ratio", stage->ratio);
  add("@sampleCount", stage->count);
  add("@severityLabel", stage->severity);
  pattern_stage_ = stage.get();
  pattern_command_ = command_;
  last_stats_ = nullptr;
  plan_->stages.push_back(std::move(stage));
  Close(std::move(names), std::move(columns));
}

void Binder::BindCompare(const Command& command, const QueryAst& query) {
  const bool anomaly = command.kind == Kind::kAnomaly;
  if (pattern_stage_ == nullptr) {
    Fail(anomaly ? "Anomaly compilation Failed : Anomaly operation has to be used after Pattern"
                 : "Diff compilation Failed : Diff operation has to be used after Pattern",
         command.keyword);
  }
  if (nested_) Fail("a subquery within a subquery", command.keyword);
  auto stage = std::make_unique<CompareStage>();
  stage->text = TextOfSpan(command.span);
  stage->anomaly = anomaly;
  stage->pattern = pattern_stage_->pattern;
  stage->ratio = pattern_stage_->ratio;
  stage->count = pattern_stage_->count;
  stage->severity = pattern_stage_->severity;
  stage->first = NewSlot();
  stage->second = NewSlot();
  // The same query up to its pattern, over the earlier range. Its slots are numbered alike.
  Binder binder(text_, true);
  binder.Bind(query, pattern_command_ + 1);
  stage->subquery = plan_->subqueries.size();
  constexpr std::int64_t kDay = 86'400'000;
  const std::int64_t shift = command.text == "previousday"     ? kDay
                             : command.text == "previousweek"  ? 7 * kDay
                             : command.text == "previousmonth" ? 30 * kDay
                                                               : 0;
  plan_->subqueries.push_back(
      {.plan = binder.Finish(), .use = Subquery::Use::kEarlier, .shift_ms = shift});
  const char* names[2] = {anomaly ? "@anomalyScore" : "@previousCount",
                          anomaly ? "@anomalyDescription" : "@difference"};
  const int slots[2] = {stage->first, stage->second};
  for (int i = 0; i < 2; ++i) {
    names_[names[i]] = slots[i];
    Show(names[i], slots[i]);
  }
  plan_->stages.push_back(std::move(stage));
}

}  // namespace securebase::insights::internal
