#include <arpa/inet.h>

#include <array>
#include <cstring>

#include "base/text.h"
#include "insights/internal/expression.h"
#include "insights/internal/json_text.h"
#include "insights/internal/subnet.h"

// Source: logs-insights, Functions, JSON and structures; IP.

namespace securebase::insights::internal {
namespace {

Cell JsonParse(CallContext& context, const Cell* a, std::size_t) {
  if (a[0].kind == Kind::kTree) return a[0];
  if (a[0].kind != Kind::kString || !IsTree(a[0].text())) return {};
  return context.Keep(Minify(Trim(a[0].text())), Kind::kTree);
}

Cell JsonStringify(CallContext& context, const Cell* a, std::size_t) {
  if (a[0].missing()) return {};
  std::string out;
  AppendJson(out, a[0]);
  return context.Keep(out);
}

std::string_view ListText(CallContext& context, const Cell& cell) {
  return cell.kind == Kind::kTree || cell.kind == Kind::kString ? context.Text(cell)
                                                                : std::string_view();
}

Cell JsonArraySize(CallContext& context, const Cell* a, std::size_t) {
  std::size_t size = 0;
  if (!JsonElements(ListText(context, a[0]), *context.arena, [&](Cell) { ++size; })) return {};
  return Cell::Number(static_cast<double>(size));
}

// Exact: text equals text only, numbers by value.
Cell JsonArrayContains(CallContext& context, const Cell* a, std::size_t) {
  bool found = false;
  const Cell wanted = a[1];
  const bool list = JsonElements(ListText(context, a[0]), *context.arena, [&](Cell element) {
    const bool text = element.kind == Kind::kString;
    if (text != (wanted.kind == Kind::kString)) return;
    found = found ||
            (text ? element.text() == wanted.text() : Compare(element, Comparison::kEqual, wanted));
  });
  if (a[0].missing()) return {};
  return Cell::Bool(list && found);
}

constexpr Function kStructures[] = {
    {"jsonparse", 1, 1, JsonParse, "t"},
    {"jsonstringify", 1, 1, JsonStringify, "t"},
    {"jsonarraysize", 1, 1, JsonArraySize, "t"},
    {"jsonarraycontains", 2, 2, JsonArrayContains, "t"},
};

std::optional<Address> AddressOf(CallContext& context, const Cell& cell) {
  if (cell.missing() || cell.kind == Kind::kTree) return std::nullopt;
  return ReadAddress(context.Text(cell));
}

Cell IsValid(CallContext& context, const Cell* a, std::size_t) {
  return Cell::Bool(AddressOf(context, a[0]).has_value());
}
Cell IsValidV4(CallContext& context, const Cell* a, std::size_t) {
  const auto address = AddressOf(context, a[0]);
  return Cell::Bool(address && address->v4);
}
Cell IsValidV6(CallContext& context, const Cell* a, std::size_t) {
  const auto address = AddressOf(context, a[0]);
  return Cell::Bool(address && !address->v4);
}

Cell InSubnet(CallContext& context, const Cell* a, int family) {
  const auto address = AddressOf(context, a[0]);
  if (!address || a[1].missing()) return Cell::Bool(false);
  const auto subnet = ReadSubnet(context.Text(a[1], 1));
  return Cell::Bool(subnet && (family == 0 || address->v4 == (family == 4)) &&
                    subnet->Contains(*address));
}
Cell IsInSubnet(CallContext& context, const Cell* a, std::size_t) {
  return InSubnet(context, a, 0);
}
Cell IsV4InSubnet(CallContext& context, const Cell* a, std::size_t) {
  return InSubnet(context, a, 4);
}
Cell IsV6InSubnet(CallContext& context, const Cell* a, std::size_t) {
  return InSubnet(context, a, 6);
}

Cell ToNumberV4(CallContext& context, const Cell* a, std::size_t) {
  const auto address = AddressOf(context, a[0]);
  if (!address || !address->v4) return Cell::Number(0);
  double number = 0;
  for (int i = 12; i < 16; ++i) number = number * 256 + address->bytes[static_cast<std::size_t>(i)];
  return Cell::Number(number);
}

template <std::size_t kSize>
bool InOneOf(const Address& address, const char* const (&subnets)[kSize]) {
  for (const char* text : subnets) {
    if (const auto subnet = ReadSubnet(text); subnet && subnet->Contains(address)) return true;
  }
  return false;
}
constexpr const char* kPrivate[] = {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"};
// IANA's special-purpose registries.
constexpr const char* kReserved[] = {
    "0.0.0.0/8",    "100.64.0.0/10",  "127.0.0.0/8",   "169.254.0.0/16",  "192.0.0.0/24",
    "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
    "224.0.0.0/4",  "240.0.0.0/4",    "::/128",        "::1/128",         "64:ff9b::/96",
    "100::/64",     "2001::/23",      "2001:db8::/32", "fc00::/7",        "fe80::/10",
    "ff00::/8"};

Cell IsPrivate(CallContext& context, const Cell* a, std::size_t) {
  const auto address = AddressOf(context, a[0]);
  return Cell::Bool(address && InOneOf(*address, kPrivate));
}
Cell IsReserved(CallContext& context, const Cell* a, std::size_t) {
  const auto address = AddressOf(context, a[0]);
  return Cell::Bool(address && InOneOf(*address, kReserved));
}
Cell IsPublic(CallContext& context, const Cell* a, std::size_t) {
  const auto address = AddressOf(context, a[0]);
  return Cell::Bool(address && !InOneOf(*address, kPrivate) && !InOneOf(*address, kReserved));
}

constexpr Function kAddresses[] = {
    {"isvalidip", 1, 1, IsValid},           {"isvalidipv4", 1, 1, IsValidV4},
    {"isvalidipv6", 1, 1, IsValidV6},       {"isipinsubnet", 2, 2, IsInSubnet},
    {"isipv4insubnet", 2, 2, IsV4InSubnet}, {"isipv6insubnet", 2, 2, IsV6InSubnet},
    {"ipv4tonumber", 1, 1, ToNumberV4},     {"isprivateip", 1, 1, IsPrivate},
    {"ispublicip", 1, 1, IsPublic},         {"isreservedip", 1, 1, IsReserved},
};

}  // namespace

std::optional<Address> ReadAddress(std::string_view text) {
  if (text.empty() || text.size() > 45) return std::nullopt;
  const std::string copy(text);
  Address address;
  if (inet_pton(AF_INET, copy.c_str(), address.bytes.data() + 12) == 1) {
    address.v4 = true;
    return address;
  }
  if (inet_pton(AF_INET6, copy.c_str(), address.bytes.data()) == 1) return address;
  return std::nullopt;
}

std::optional<Subnet> ReadSubnet(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto address = ReadAddress(text.substr(0, slash));
  if (!address) return std::nullopt;
  const int most = address->v4 ? 32 : 128;
  std::int64_t bits = most;
  if (slash != std::string_view::npos) {
    const auto given = ParseInt(text.substr(slash + 1));
    if (!given || *given < 0 || *given > most) return std::nullopt;
    bits = *given;
  }
  return Subnet{*address, static_cast<int>(bits)};
}

bool Subnet::Contains(const Address& other) const {
  if (other.v4 != address.v4) return false;
  const int from = address.v4 ? 96 : 0;
  for (int bit = from; bit < from + bits; ++bit) {
    const auto byte = static_cast<std::size_t>(bit / 8);
    const unsigned mask = 0x80u >> (bit % 8);
    if ((address.bytes[byte] & mask) != (other.bytes[byte] & mask)) return false;
  }
  return true;
}

std::span<const Function> StructureFunctions() { return kStructures; }
std::span<const Function> AddressFunctions() { return kAddresses; }

const Function* FindFunction(std::string_view name) {
  for (const auto table : {NumericFunctions(), GeneralFunctions(), StringFunctions(),
                           DateFunctions(), StructureFunctions(), AddressFunctions()}) {
    for (const Function& function : table) {
      if (function.name == name) return &function;
    }
  }
  return nullptr;
}

std::vector<std::string_view> FunctionNames() {
  std::vector<std::string_view> names;
  for (const auto table : {NumericFunctions(), GeneralFunctions(), StringFunctions(),
                           DateFunctions(), StructureFunctions(), AddressFunctions()}) {
    for (const Function& function : table) names.push_back(function.name);
  }
  return names;
}

}  // namespace securebase::insights::internal
