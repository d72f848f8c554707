#include "query/predicate.h"

#include <algorithm>

namespace securebase::query {
namespace {

using Op = Predicate::Op;
using ZoneOf = std::function<const Zone*(std::string_view field)>;

// How a zone's range lies to a literal: all values below it, all equal, all above, or mixed.
struct Range {
  bool comparable = false;  // false: no value of the column can equal or be ordered to the literal
  int min = 0;              // sign of (minimum - literal)
  int max = 0;
};

template <class T>
int Sign(const T& a, const T& b) {
  return a < b ? -1 : b < a ? 1 : 0;
}

template <class T>
Range RangeOf(const T& min, const T& max, const T& literal) {
  return {.comparable = true, .min = Sign(min, literal), .max = Sign(max, literal)};
}

Range Compare(const Zone& zone, const Literal& literal) {
  switch (zone.type) {
    case Type::kBool:
      if (const bool* b = std::get_if<bool>(&literal)) {
        return RangeOf<std::int64_t>(zone.int_min, zone.int_max, *b ? 1 : 0);
      }
      return {};
    case Type::kInt64:
    case Type::kTime:
      if (const auto* i = std::get_if<std::int64_t>(&literal)) {
        return RangeOf(zone.int_min, zone.int_max, *i);
      }
      if (const double* d = std::get_if<double>(&literal); d != nullptr && *d == *d) {
        return RangeOf(static_cast<double>(zone.int_min), static_cast<double>(zone.int_max), *d);
      }
      return {};
    case Type::kDouble:
      if (const auto* i = std::get_if<std::int64_t>(&literal)) {
        return RangeOf(zone.double_min, zone.double_max, static_cast<double>(*i));
      }
      if (const double* d = std::get_if<double>(&literal); d != nullptr && *d == *d) {
        return RangeOf(zone.double_min, zone.double_max, *d);
      }
      return {};
    case Type::kString:
      if (const auto* s = std::get_if<std::string>(&literal)) {
        return RangeOf<std::string_view>(zone.string_min, zone.string_max, *s);
      }
      return {};
  }
  return {};
}

// Some value may be equal.
bool MayEqual(const Range& r) { return r.comparable && r.min <= 0 && r.max >= 0; }
bool MustEqual(const Range& r) { return r.comparable && r.min == 0 && r.max == 0; }

// `pick` is MayX: some present value may satisfy the comparison.
bool SomeMay(Op op, const Range& r) {
  if (!r.comparable) return false;
  switch (op) {
    case Op::kLess:
      return r.min < 0;
    case Op::kLessOrEqual:
      return r.min <= 0;
    case Op::kGreater:
      return r.max > 0;
    case Op::kGreaterOrEqual:
      return r.max >= 0;
    default:
      return MayEqual(r);
  }
}

bool AllMust(Op op, const Range& r) {
  if (!r.comparable) return false;
  switch (op) {
    case Op::kLess:
      return r.max < 0;
    case Op::kLessOrEqual:
      return r.max <= 0;
    case Op::kGreater:
      return r.min > 0;
    case Op::kGreaterOrEqual:
      return r.min >= 0;
    default:
      return MustEqual(r);
  }
}

bool MayStartWith(const Zone& zone, const Literal& literal) {
  const auto* prefix = std::get_if<std::string>(&literal);
  if (zone.type != Type::kString || prefix == nullptr) return false;
  return zone.string_max >= std::string_view(*prefix) &&
         zone.string_min.substr(0, prefix->size()) <= std::string_view(*prefix);
}

// Some present value may satisfy the condition (one of those that are false where absent).
bool PresentMay(const Predicate& p, const Zone& zone) {
  const auto some = [&](auto&& test) {
    return std::any_of(p.literals.begin(), p.literals.end(), test);
  };
  switch (p.op) {
    case Op::kStartsWith:
      return some([&](const Literal& l) { return MayStartWith(zone, l); });
    case Op::kContains:
      return zone.type == Type::kString;
    case Op::kExists:
      return true;
    default:
      return some([&](const Literal& l) { return SomeMay(p.op, Compare(zone, l)); });
  }
}

// Every present value satisfies the condition; false where that is not known.
bool PresentMust(const Predicate& p, const Zone& zone) {
  switch (p.op) {
    case Op::kStartsWith:
    case Op::kContains:
      return false;
    case Op::kExists:
      return true;
    default:
      return std::any_of(p.literals.begin(), p.literals.end(),
                         [&](const Literal& l) { return AllMust(p.op, Compare(zone, l)); });
  }
}

// The condition of which `p` is the negation, if it is one (they are true where absent).
std::optional<Op> Positive(Op op) {
  switch (op) {
    case Op::kNotEqual:
      return Op::kEqual;
    case Op::kNotIn:
      return Op::kIn;
    case Op::kNotExists:
      return Op::kExists;
    default:
      return std::nullopt;
  }
}

Predicate WithOp(const Predicate& p, Op op) {
  return {.op = op, .children = {}, .field = p.field, .literals = p.literals};
}

bool May(const Predicate& p, const ZoneOf& zone_of);

// Every row of the chunk satisfies the predicate; false where that is not known.
bool Must(const Predicate& p, const ZoneOf& zone_of) {
  const auto child_must = [&](const Predicate& c) { return Must(c, zone_of); };
  switch (p.op) {
    case Op::kTrue:
      return true;
    case Op::kAnd:
      return std::all_of(p.children.begin(), p.children.end(), child_must);
    case Op::kOr:
      return std::any_of(p.children.begin(), p.children.end(), child_must);
    case Op::kNot:
      return !p.children.empty() && !May(p.children.front(), zone_of);
    default:
      break;
  }
  if (const auto positive = Positive(p.op)) return !May(WithOp(p, *positive), zone_of);
  const Zone* zone = zone_of(p.field);
  return zone != nullptr && zone->absent == 0 && PresentMust(p, *zone);
}

bool May(const Predicate& p, const ZoneOf& zone_of) {
  const auto child_may = [&](const Predicate& c) { return May(c, zone_of); };
  switch (p.op) {
    case Op::kTrue:
      return true;
    case Op::kAnd:
      return std::all_of(p.children.begin(), p.children.end(), child_may);
    case Op::kOr:
      return std::any_of(p.children.begin(), p.children.end(), child_may);
    case Op::kNot:
      return p.children.empty() || !Must(p.children.front(), zone_of);
    default:
      break;
  }
  if (const auto positive = Positive(p.op)) return !Must(WithOp(p, *positive), zone_of);
  const Zone* zone = zone_of(p.field);
  return zone != nullptr && zone->absent < zone->rows && PresentMay(p, *zone);
}

void CollectFields(const Predicate& p, std::vector<std::string>& fields) {
  for (const Predicate& child : p.children) CollectFields(child, fields);
  if (!p.field.empty() && std::find(fields.begin(), fields.end(), p.field) == fields.end()) {
    fields.push_back(p.field);
  }
}

}  // namespace

bool MayMatch(const Predicate& predicate, const ZoneOf& zone_of) { return May(predicate, zone_of); }

std::vector<std::string> FieldsOf(const Predicate& predicate) {
  std::vector<std::string> fields;
  CollectFields(predicate, fields);
  return fields;
}

}  // namespace securebase::query
