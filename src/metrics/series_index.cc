#include "metrics/series_index.h"

#include <bit>

#include "base/bytes.h"
#include "base/check.h"

namespace securebase::metrics {
namespace {

constexpr std::size_t kChunkBytes = 1 << 20;

std::uint64_t Mix(std::uint64_t a, std::uint64_t b) {
  return (a ^ std::rotl(b, 29)) * 0x9E3779B97F4A7C15;
}

std::uint64_t HashOfMetric(std::string_view before_unit, std::string_view dimensions) {
  return Mix(Checksum(before_unit), Checksum(dimensions));
}

std::uint64_t HashOfDimension(std::string_view name, std::string_view value) {
  return Mix(Checksum(name), Checksum(value));
}

// Of a namespace and dimension names that follow in their order.
class SchemaHash {
 public:
  explicit SchemaHash(std::string_view namespace_name) : hash_(~Checksum(namespace_name)) {}
  void Add(std::string_view name) { hash_ = Mix(hash_, Checksum(name)); }
  std::uint64_t value() const { return hash_; }

 private:
  std::uint64_t hash_;
};

}  // namespace

void IdTable::Reserve(std::size_t count) {
  if (count_ > 0) return;  // grows as it is filled
  slots_.assign(std::bit_ceil(std::max<std::size_t>(64, count * 4 / 3 + 1)), 0);
  mask_ = slots_.size() - 1;
}

/// A filter made ready: what is compared for every candidate.
struct SeriesIndex::Search {
  explicit Search(const MetricFilter& wanted) : filter(wanted) {
    if (filter.dimension_names) {
      names = *filter.dimension_names;
      std::sort(names.begin(), names.end());
    }
    if (filter.active_since) {
      // A bucket that starts within the second counts.
      active_since_s = ToUnixSeconds(*filter.active_since + std::chrono::milliseconds(999));
    }
    if (filter.after) {
      after_key = EncodeSeriesKey({}, *filter.after, "");
      after = ViewSeriesKey(after_key);
    }
  }
  const MetricFilter& filter;
  std::vector<std::string> names;
  std::optional<std::int64_t> active_since_s;
  std::string after_key;
  std::optional<SeriesKeyView> after;
};

SeriesId SeriesIndex::IdOf(std::string_view key) {
  if (const std::optional<SeriesId> known = Find(key)) return *known;
  // Slow path: a series not seen before.
  SB_CHECK(Insert(key, Checksum(key)));
  return size() - 1;
}

std::optional<SeriesId> SeriesIndex::Find(std::string_view key) const {
  return by_key_.Find(Checksum(key), [&](SeriesId id) { return KeyOf(id) == key; });
}

bool SeriesIndex::Restore(SeriesId id, std::string_view key) {
  return id == size() && !Find(key) && Insert(key, Checksum(key));
}

void SeriesIndex::Reserve(std::size_t count) {
  keys_.reserve(count);
  last_active_s_.reserve(count);
  by_key_.Reserve(count);
  by_metric_.Reserve(count);
}

std::string_view SeriesIndex::Keep(std::string_view key) {
  if (key.size() > chunk_free_) {
    chunk_free_ = std::max(kChunkBytes, key.size());
    chunks_.push_back(std::make_unique_for_overwrite<char[]>(chunk_free_));
    // The rest of a chunk is found from its end: chunks of more than the usual size are full.
    if (chunk_free_ > kChunkBytes) {
      std::copy(key.begin(), key.end(), chunks_.back().get());
      chunk_free_ = 0;
      return {chunks_.back().get(), key.size()};
    }
  }
  char* at = chunks_.back().get() + (kChunkBytes - chunk_free_);
  std::copy(key.begin(), key.end(), at);
  chunk_free_ -= key.size();
  return {at, key.size()};
}

SeriesKeyView SeriesIndex::View(SeriesId id) const { return *ViewSeriesKey(KeyOf(id)); }

std::uint64_t SeriesIndex::MetricHash(SeriesId id) const {
  const SeriesKeyView key = View(id);
  return HashOfMetric(key.before_unit, key.dimensions);
}

bool SeriesIndex::Insert(std::string_view bytes, std::uint64_t hash) {
  if (!ViewSeriesKey(bytes) || bytes.size() > std::numeric_limits<std::uint32_t>::max() ||
      size() == kNone) {
    return false;
  }
  const SeriesId id = size();
  const std::string_view kept = Keep(bytes);
  const SeriesKeyView key = *ViewSeriesKey(kept);
  keys_.push_back({kept.data(), static_cast<std::uint32_t>(kept.size()), kNone});
  last_active_s_.push_back(std::numeric_limits<std::int64_t>::min());
  by_key_.Insert(hash, id, [this](SeriesId other) { return Checksum(KeyOf(other)); });

  const std::uint64_t metric_hash = HashOfMetric(key.before_unit, key.dimensions);
  const std::optional<SeriesId> first = by_metric_.Find(metric_hash, [&](SeriesId other) {
    const SeriesKeyView has = View(other);
    return has.before_unit == key.before_unit && has.dimensions == key.dimensions;
  });
  if (first) {
    keys_[id].next_unit = keys_[*first].next_unit;
    keys_[*first].next_unit = id;
    return true;
  }
  by_metric_.Insert(metric_hash, id, [this](SeriesId other) { return MetricHash(other); });
  Post(id, key);
  return true;
}

void SeriesIndex::Post(SeriesId id, const SeriesKeyView& key) {
  AccountEntry& account = accounts_[Account{std::string(key.account_id), std::string(key.region)}];
  auto names = account.namespaces.find(key.namespace_name);
  if (names == account.namespaces.end()) {
    names = account.namespaces.try_emplace(std::string(key.namespace_name)).first;
  }
  auto entry = names->second.find(key.name);
  if (entry == names->second.end()) {
    entry = names->second.try_emplace(std::string(key.name)).first;
  }
  entry->second.metrics.push_back(id);
  SchemaHash schema(key.namespace_name);
  key.VisitDimensions([&](std::string_view name, std::string_view value) {
    schema.Add(name);
    account.postings[HashOfDimension(name, value)].push_back(id);
    return true;
  });
  account.postings[schema.value()].push_back(id);
}

std::vector<SeriesIndex::UnitId> SeriesIndex::Find(const Account& account,
                                                   const Metric& metric) const {
  const std::string bytes = EncodeSeriesKey(account, metric, "");
  const SeriesKeyView wanted = *ViewSeriesKey(bytes);
  const std::optional<SeriesId> first =
      by_metric_.Find(HashOfMetric(wanted.before_unit, wanted.dimensions), [&](SeriesId id) {
        const SeriesKeyView has = View(id);
        return has.before_unit == wanted.before_unit && has.dimensions == wanted.dimensions;
      });
  std::vector<UnitId> units;
  for (SeriesId id = first.value_or(kNone); id != kNone; id = keys_[id].next_unit) {
    units.push_back({View(id).unit, id});
  }
  std::sort(units.begin(), units.end(),
            [](const UnitId& a, const UnitId& b) { return a.unit < b.unit; });
  return units;
}

bool SeriesIndex::IsActive(SeriesId metric, std::int64_t since_s) const {
  for (SeriesId id = metric; id != kNone; id = keys_[id].next_unit) {
    if (last_active_s_[id] >= since_s) return true;
  }
  return false;
}

bool SeriesIndex::Passes(SeriesId metric, const SeriesKeyView& key, const Search& search) const {
  const MetricFilter& filter = search.filter;
  if (search.active_since_s && !IsActive(metric, *search.active_since_s)) return false;
  if (filter.namespace_name && key.namespace_name != *filter.namespace_name) return false;
  if (filter.name && key.name != *filter.name) return false;
  std::size_t met = 0, position = 0;
  bool schema = true;
  key.VisitDimensions([&](std::string_view name, std::string_view value) {
    for (const Dimension& wanted : filter.dimensions) {
      met += wanted.name == name && (wanted.value.empty() || wanted.value == value) ? 1 : 0;
    }
    schema = !filter.dimension_names ||
             (position < search.names.size() && search.names[position] == name);
    ++position;
    return schema;
  });
  return schema && met == filter.dimensions.size() &&
         (!filter.dimension_names || position == search.names.size());
}

// Every metric that passes is in any of the postings that the filter names: the shortest is the
// cheapest to go through. Null: the filter names none.
const std::vector<SeriesId>* SeriesIndex::SmallestPosting(const AccountEntry& account,
                                                          const Search& search) const {
  static const std::vector<SeriesId> kNothing;
  const std::vector<SeriesId>* smallest = nullptr;
  const auto consider = [&](std::uint64_t hash) {
    const auto found = account.postings.find(hash);
    const std::vector<SeriesId>* posting =
        found == account.postings.end() ? &kNothing : &found->second;
    if (smallest == nullptr || posting->size() < smallest->size()) smallest = posting;
  };
  for (const Dimension& wanted : search.filter.dimensions) {
    if (!wanted.value.empty()) consider(HashOfDimension(wanted.name, wanted.value));
  }
  if (search.filter.namespace_name && search.filter.dimension_names) {
    SchemaHash schema(*search.filter.namespace_name);
    for (const std::string& name : search.names) schema.Add(name);
    consider(schema.value());
  }
  return smallest;
}

// Names are put in order when somebody asks: series mostly come in bursts, at a start.
void SeriesIndex::SortNames(const NameEntry& entry) const {
  std::lock_guard lock(sort_mutex_);
  if (entry.sorted == entry.metrics.size()) return;
  // The store's lock keeps writers out, and this one other readers.
  auto& unsorted = const_cast<NameEntry&>(entry);
  const auto before = [this](SeriesId a, SeriesId b) {
    return CompareMetrics(View(a), View(b)) < 0;
  };
  const auto middle = unsorted.metrics.begin() + static_cast<std::ptrdiff_t>(unsorted.sorted);
  std::sort(middle, unsorted.metrics.end(), before);
  std::inplace_merge(unsorted.metrics.begin(), middle, unsorted.metrics.end(), before);
  unsorted.sorted = unsorted.metrics.size();
}

bool SeriesIndex::VisitName(const NameEntry& entry, const Search& search,
                            const MetricVisitor& visit) const {
  SortNames(entry);
  auto at = entry.metrics.begin();
  if (search.after) {
    at = std::upper_bound(at, entry.metrics.end(), *search.after,
                          [this](const SeriesKeyView& after, SeriesId id) {
                            return CompareMetrics(after, View(id)) < 0;
                          });
  }
  Metric metric;
  for (; at != entry.metrics.end(); ++at) {
    const SeriesKeyView key = View(*at);
    if (!Passes(*at, key, search)) continue;
    MetricOf(key, metric);
    if (!visit(metric)) return false;
  }
  return true;
}

void SeriesIndex::VisitPosting(const std::vector<SeriesId>& posting, const Search& search,
                               const MetricVisitor& visit) const {
  std::vector<SeriesKeyView> found;
  for (const SeriesId id : posting) {
    const SeriesKeyView key = View(id);
    if (!Passes(id, key, search)) continue;
    if (!search.after || CompareMetrics(*search.after, key) < 0) found.push_back(key);
  }
  std::sort(found.begin(), found.end(), [](const SeriesKeyView& a, const SeriesKeyView& b) {
    return CompareMetrics(a, b) < 0;
  });
  Metric metric;
  for (const SeriesKeyView& key : found) {
    MetricOf(key, metric);
    if (!visit(metric)) return;
  }
}

void SeriesIndex::VisitMetrics(const Account& account, const MetricFilter& filter,
                               const MetricVisitor& visit) const {
  const auto entry = accounts_.find(account);
  if (entry == accounts_.end()) return;
  const auto& namespaces = entry->second.namespaces;
  const Search search(filter);
  const std::vector<SeriesId>* posting = SmallestPosting(entry->second, search);
  if (posting != nullptr && filter.namespace_name && filter.name) {
    const auto names = namespaces.find(*filter.namespace_name);
    if (names == namespaces.end()) return;
    const auto name = names->second.find(*filter.name);
    if (name == names->second.end()) return;
    if (name->second.metrics.size() < posting->size()) posting = nullptr;
  }
  if (posting != nullptr) {
    VisitPosting(*posting, search, visit);
    return;
  }
  const std::string first = std::max(filter.namespace_name.value_or(""),
                                     search.after ? filter.after->namespace_name : "");
  for (auto names = namespaces.lower_bound(first); names != namespaces.end(); ++names) {
    if (filter.namespace_name && names->first != *filter.namespace_name) return;
    for (const auto& [name, metrics] : names->second) {
      if (filter.name && name != *filter.name) continue;
      if (search.after && names->first == filter.after->namespace_name &&
          name < filter.after->name) {
        continue;
      }
      if (!VisitName(metrics, search, visit)) return;
    }
  }
}

}  // namespace securebase::metrics
