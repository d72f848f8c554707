#include "insights/internal/vector.h"

#include <utility>

namespace securebase::insights::internal {
namespace {

template <class T>
std::vector<T> Pick(const std::vector<T>& from, std::span<const std::uint32_t> rows) {
  std::vector<T> out(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) out[i] = from[rows[i]];
  return out;
}

}  // namespace

VectorRef ConstVector(Cell cell, std::size_t size) {
  auto vector = std::make_shared<Vector>();
  vector->constant = cell;
  vector->size = size;
  return vector;
}

VectorRef CellVector(std::vector<Cell> cells, std::shared_ptr<const void> owner) {
  auto vector = std::make_shared<Vector>();
  vector->form = Vector::Form::kCells;
  vector->size = cells.size();
  vector->cells = std::move(cells);
  vector->owner = std::move(owner);
  return vector;
}

VectorRef Gather(const VectorRef& from, std::span<const std::uint32_t> rows) {
  if (!from) return nullptr;
  auto vector = std::make_shared<Vector>();
  vector->form = from->form;
  vector->size = rows.size();
  vector->constant = from->constant;
  vector->number_kind = from->number_kind;
  vector->decimals = from->decimals;
  vector->owner = from->owner;
  switch (from->form) {
    case Vector::Form::kConst:
      break;
    case Vector::Form::kCells:
      vector->cells = Pick(from->cells, rows);
      break;
    case Vector::Form::kNumbers:
      vector->numbers = Pick(from->numbers, rows);
      break;
    case Vector::Form::kTimes:
      vector->times = Pick(from->times, rows);
      break;
    case Vector::Form::kDict:
      vector->codes = std::make_shared<std::vector<std::uint32_t>>(Pick(*from->codes, rows));
      vector->dictionary = from->dictionary;
      break;
  }
  return vector;
}

void Frame::Take(std::span<const std::uint32_t> chosen) {
  for (VectorRef& vector : slots) {
    if (vector) vector = Gather(vector, chosen);
  }
  rows = chosen.size();
}

}  // namespace securebase::insights::internal
