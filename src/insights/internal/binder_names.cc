#include <algorithm>

#include "base/text.h"
#include "insights/internal/binder.h"

namespace securebase::insights::internal {

void Binder::Fail(std::string message, Span span) const {
  throw SyntaxError{std::move(message), span};
}

std::string Binder::TextOfSpan(Span span) const {
  return std::string(text_.substr(span.start, span.end - span.start));
}

NodePtr Binder::NewNode(Node::Op op) {
  auto node = std::make_unique<Node>();
  node->op = op;
  node->id = plan_->node_count++;
  return node;
}

NodePtr Binder::SlotNode(int slot) const {
  auto node = std::make_unique<Node>();
  node->op = Node::Op::kSlot;
  node->slot = slot;
  return node;
}

NodePtr Binder::CallNode(const Function& function, std::vector<NodePtr> args) {
  NodePtr node = NewNode(Node::Op::kCall);
  node->function = &function;
  node->args = std::move(args);
  return node;
}

NodePtr Binder::TextNode(std::string text) {
  NodePtr node = NewNode(Node::Op::kConst);
  node->text = std::move(text);
  node->constant = Cell::Text(node->text);
  return node;
}

NodePtr Binder::NumberNode(double number) {
  NodePtr node = NewNode(Node::Op::kConst);
  node->constant = Cell::Number(number);
  return node;
}

int Binder::SourceSlot(const std::string& name, bool tree) {
  if (name == "@timestamp") return kTimeSlot;
  if (name == "@ptr") return kPointerSlot;
  for (const SourceField& field : plan_->fields) {
    if (field.name == name && field.tree == tree) return field.slot;
  }
  plan_->fields.push_back({name, tree, NewSlot()});
  return plan_->fields.back().slot;
}

NodePtr Binder::ResolveIn(const std::map<std::string, int>& names, const std::string& name,
                          const std::vector<std::string>& parts, bool tree) {
  if (const auto at = names.find(name); at != names.end()) return SlotNode(at->second);
  // The longest name that the path begins with, then into its value.
  std::string prefix;
  std::optional<std::pair<int, std::size_t>> found;
  for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
    prefix += (i == 0 ? "" : ".") + parts[i];
    if (const auto at = names.find(prefix); at != names.end()) found = {at->second, i + 1};
  }
  if (!found) return nullptr;
  std::vector<NodePtr> args;
  args.push_back(SlotNode(found->first));
  // Where the value is no map, a discovered field of that name is meant.
  if (open_) args.push_back(SlotNode(SourceSlot(name, tree)));
  NodePtr node = CallNode(kPathFunction, std::move(args));
  node->steps.assign(parts.begin() + static_cast<std::ptrdiff_t>(found->second), parts.end());
  return node;
}

NodePtr Binder::ResolveName(const std::string& name, const std::vector<std::string>& parts,
                            Span span, bool tree) {
  if (right_ && parts.size() > 1 && (parts[0] == left_name_ || parts[0] == right_name_)) {
    const std::vector<std::string> rest(parts.begin() + 1, parts.end());
    const std::string rest_name = name.substr(parts[0].size() + 1);
    if (parts[0] == left_name_) {
      if (NodePtr node = ResolveIn(names_, rest_name, rest, tree)) return node;
      return open_ ? SlotNode(SourceSlot(rest_name, tree)) : NewNode(Node::Op::kConst);
    }
    // Computed on the other side, copied by the join.
    NodePtr there = right_->ResolveName(rest_name, rest, span, tree);
    int from = there->slot;
    if (there->op != Node::Op::kSlot) {
      from = right_->NewSlot();
      right_->Compute(std::move(there), from, rest_name);
    }
    for (const auto& [slot, here] : join_->copies) {
      if (slot == from) return SlotNode(here);
    }
    join_->copies.emplace_back(from, NewSlot());
    return SlotNode(join_->copies.back().second);
  }
  if (NodePtr node = ResolveIn(names_, name, parts, tree)) return node;
  for (const bool truth : {true, false}) {
    if (!EqualsIgnoreCase(name, truth ? "true" : "false")) continue;
    NodePtr node = NewNode(Node::Op::kConst);
    node->constant = Cell::Bool(truth);
    return node;
  }
  if (open_) return SlotNode(SourceSlot(name, tree));
  if (strict_) Fail("Unknown symbols found in or after stats: " + name, span);
  return NewNode(Node::Op::kConst);  // missing
}

int Binder::SlotOfName(const Name& name) {
  NodePtr node = ResolveName(name.text, name.parts, name.span);
  if (node->op == Node::Op::kSlot) return node->slot;
  const int slot = NewSlot();
  Compute(std::move(node), slot, name.text);
  return slot;
}

void Binder::Define(const std::string& name, int slot) {
  names_[name] = slot;
  // A column of that name shows the newest definition.
  const auto update = [&](std::vector<Output>& columns) {
    for (Output& column : columns) {
      if (column.name == name) column.slot = slot;
    }
  };
  update(shown_);
  update(made_);
  if (display_) update(*display_);
}

void Binder::Show(const std::string& name, int slot) {
  std::vector<Output>& columns = shown_;
  for (Output& column : columns) {
    if (column.name == name) {
      column.slot = slot;
      return;
    }
  }
  columns.push_back({name, slot});
}

void Binder::Make(const std::string& name, int slot) {
  Define(name, slot);
  for (const Output& column : made_) {
    if (column.name == name) return;
  }
  made_.push_back({name, slot});
}

std::vector<Output> Binder::CurrentColumns() {
  if (display_) return *display_;
  std::vector<Output> columns = shown_;
  if (columns.empty() && !grouped_) {
    for (const char* name : {"@timestamp", "@message"}) {
      const auto at = names_.find(name);
      columns.push_back({name, at != names_.end() ? at->second : SourceSlot(name, false)});
    }
    if (right_) {
      const std::string name = right_name_ + ".@message";
      NodePtr node = ResolveName(name, {right_name_, "@message"}, {});
      if (node->op == Node::Op::kSlot) columns.push_back({name, node->slot});
    }
  }
  for (const Output& made : made_) {
    const bool there = std::any_of(columns.begin(), columns.end(),
                                   [&](const Output& c) { return c.name == made.name; });
    if (!there) columns.push_back(made);
  }
  return columns;
}

void Binder::Close(std::map<std::string, int> names, std::vector<Output> columns) {
  names_ = std::move(names);
  shown_ = std::move(columns);
  made_.clear();
  display_.reset();
  open_ = false;
  grouped_ = true;
  right_name_.clear();
  left_name_.clear();
  plan_->pointers = false;
}

}  // namespace securebase::insights::internal
