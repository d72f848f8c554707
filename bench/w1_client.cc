#include "bench/w1_client.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <vector>

#include "base/bytes.h"
#include "base/http.h"
#include "net/sigv4.h"

namespace securebase::bench {
namespace {

double Seconds() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

/// A keep-alive connection with at most one request under way. Ends the program on an error.
class Connection {
 public:
  explicit Connection(const std::string& address) {
    const std::size_t colon = address.rfind(':');
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<std::uint16_t>(std::atoi(address.c_str() + colon + 1)));
    inet_pton(AF_INET, address.substr(0, colon).c_str(), &to.sin_addr);
    socket_ = socket(AF_INET, SOCK_STREAM, 0);
    const int on = 1;
    setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(socket_, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) Stop("cannot connect");
  }
  ~Connection() { close(socket_); }

  void Send(const std::string& request) {
    Receive();
    started_ = Seconds();
    waiting_ = true;
    for (std::size_t at = 0; at < request.size();) {
      const ssize_t sent = send(socket_, request.data() + at, request.size() - at, 0);
      if (sent <= 0) Stop("cannot send");
      at += static_cast<std::size_t>(sent);
    }
  }
  void Receive() {
    if (!waiting_) return;
    waiting_ = false;
    std::string answer;
    std::size_t end = std::string::npos;
    while ((end = answer.find("\r\n\r\n")) == std::string::npos) More(answer);
    std::string head = answer.substr(0, end);
    std::transform(head.begin(), head.end(), head.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (head.compare(9, 1, "2") != 0) Stop(answer.c_str());
    const std::size_t length = head.find("content-length:");
    const std::size_t body =
        length == std::string::npos ? 0 : std::strtoull(head.c_str() + length + 15, nullptr, 10);
    while (answer.size() < end + 4 + body) More(answer);
    slowest_ = std::max(slowest_, Seconds() - started_);
  }
  double slowest() const { return slowest_; }

 private:
  void More(std::string& answer) {
    char buffer[4096];
    const ssize_t got = recv(socket_, buffer, sizeof buffer, 0);
    if (got <= 0) Stop("the server closed the connection");
    answer.append(buffer, static_cast<std::size_t>(got));
  }
  [[noreturn]] static void Stop(const char* what) {
    std::fprintf(stderr, "%s\n", what);
    std::exit(1);
  }
  int socket_ = -1;
  bool waiting_ = false;
  double started_ = 0;
  double slowest_ = 0;
};

struct Sample {
  std::int64_t time_ms;
  double value;
};

/// One datum: a series and its samples.
struct Item {
  const W1Series* series;
  std::vector<Sample> samples;
};

// CBOR: what a PutMetricData needs.
void PutHead(std::string& out, int major, std::uint64_t n) {
  const auto first = static_cast<char>(major << 5);
  if (n < 24) {
    out.push_back(static_cast<char>(first | static_cast<char>(n)));
  } else if (n < 256) {
    out.push_back(static_cast<char>(first | 24));
    out.push_back(static_cast<char>(n));
  } else {
    out.push_back(static_cast<char>(first | 25));
    out.push_back(static_cast<char>(n >> 8));
    out.push_back(static_cast<char>(n));
  }
}
void PutCborText(std::string& out, std::string_view text) {
  PutHead(out, 3, text.size());
  out += text;
}
void PutCborDouble(std::string& out, double value) {
  out.push_back(static_cast<char>(0xFB));
  const std::uint64_t bits = __builtin_bswap64(std::bit_cast<std::uint64_t>(value));
  out.append(reinterpret_cast<const char*>(&bits), 8);
}

std::string CborBody(const std::vector<Item>& items) {
  std::string out;
  PutHead(out, 5, 2);
  PutCborText(out, "Namespace");
  PutCborText(out, "Bench");
  PutCborText(out, "MetricData");
  PutHead(out, 4, items.size());
  for (const Item& item : items) {
    PutHead(out, 5, 4);
    PutCborText(out, "MetricName");
    PutCborText(out, item.series->name);
    PutCborText(out, "Dimensions");
    PutHead(out, 4, 4);
    for (const auto& [name, value] : DimensionsOf(*item.series)) {
      PutHead(out, 5, 2);
      PutCborText(out, "Name");
      PutCborText(out, name);
      PutCborText(out, "Value");
      PutCborText(out, value);
    }
    PutCborText(out, "Timestamp");
    out.push_back(static_cast<char>(0xC1));
    PutCborDouble(out, static_cast<double>(item.samples.front().time_ms) / 1000);
    if (item.samples.size() == 1) {
      PutCborText(out, "Value");
      PutCborDouble(out, item.samples.front().value);
    } else {
      PutCborText(out, "Values");
      PutHead(out, 4, item.samples.size());
      for (const Sample& sample : item.samples) PutCborDouble(out, sample.value);
    }
  }
  return out;
}

std::string JsonBody(const std::vector<Item>& items) {
  std::string out = R"({"Namespace":"Bench","MetricData":[)";
  for (const Item& item : items) {
    out += out.back() == '[' ? "" : ",";
    fmt::format_to(std::back_inserter(out), R"({{"MetricName":"{}","Dimensions":[)",
                   item.series->name);
    for (const auto& [name, value] : DimensionsOf(*item.series)) {
      fmt::format_to(std::back_inserter(out), R"({}{{"Name":"{}","Value":"{}"}})",
                     out.back() == '[' ? "" : ",", name, value);
    }
    fmt::format_to(std::back_inserter(out), R"(],"Timestamp":{})",
                   item.samples.front().time_ms / 1000);
    if (item.samples.size() == 1) {
      fmt::format_to(std::back_inserter(out), R"(,"Value":{}}})", item.samples.front().value);
    } else {
      out += R"(,"Values":[)";
      for (const Sample& sample : item.samples) {
        fmt::format_to(std::back_inserter(out), "{}{}", out.back() == '[' ? "" : ",", sample.value);
      }
      out += "]}";
    }
  }
  return out + "]}";
}

void PutProto(std::string& out, int field, std::string_view bytes) {
  out.push_back(static_cast<char>(field << 3 | 2));
  PutBytes(out, bytes);
}

std::string RemoteWriteBody(const std::vector<Item>& items) {
  std::string out, series, label, sample;
  const auto put_label = [&](std::string_view name, std::string_view value) {
    label.clear();
    PutProto(label, 1, name);
    PutProto(label, 2, value);
    PutProto(series, 1, label);
  };
  for (const Item& item : items) {
    series.clear();
    put_label("__name__", item.series->name);
    for (const auto& [name, value] : DimensionsOf(*item.series)) put_label(name, value);
    for (const Sample& one : item.samples) {
      sample.assign(1, '\x09');
      PutFixed(sample, one.value);
      sample.push_back('\x10');
      PutVarint(sample, static_cast<std::uint64_t>(one.time_ms));
      PutProto(series, 2, sample);
    }
    PutProto(out, 1, series);
  }
  return out;
}

void PutLiteral(std::string& out, std::string_view bytes) {
  if (bytes.empty()) return;
  const std::size_t n = bytes.size() - 1;
  if (n < 60) {
    out.push_back(static_cast<char>(n << 2));
  } else {
    out.push_back(static_cast<char>(61 << 2));
    out.push_back(static_cast<char>(n));
    out.push_back(static_cast<char>(n >> 8));
  }
  out += bytes;
}

/// Snappy's block format: matches of the last place where the same four bytes were.
std::string Snappy(std::string_view in) {
  std::string out;
  PutVarint(out, in.size());
  std::vector<std::uint32_t> places(1 << 14);
  std::size_t literal = 0, at = 0;
  while (at + 4 <= in.size()) {
    std::uint32_t word;
    std::memcpy(&word, in.data() + at, 4);
    std::uint32_t& place = places[(word * 0x1E35A7BDu) >> 18];
    const std::size_t before = place;
    place = static_cast<std::uint32_t>(at);
    if (before >= at || at - before > 65'535 || std::memcmp(in.data() + before, &word, 4) != 0) {
      ++at;
      continue;
    }
    std::size_t length = 4;
    while (at + length < in.size() && length < 64 && in[before + length] == in[at + length]) {
      ++length;
    }
    for (; at - literal > 60'000; literal += 60'000) PutLiteral(out, in.substr(literal, 60'000));
    PutLiteral(out, in.substr(literal, at - literal));
    out.push_back(static_cast<char>((length - 1) << 2 | 2));
    out.push_back(static_cast<char>(at - before));
    out.push_back(static_cast<char>((at - before) >> 8));
    at += length;
    literal = at;
  }
  for (; in.size() - literal > 60'000; literal += 60'000) {
    PutLiteral(out, in.substr(literal, 60'000));
  }
  PutLiteral(out, in.substr(literal));
  return out;
}

/// The bytes of a request, signed where the server is ours.
std::string RequestOf(const LoadOptions& options, const std::vector<Item>& items, Instant now) {
  http::Request request;
  request.method = "POST";
  request.headers.Add("Host", options.address);
  if (options.format == "remote") {
    request.target = "/api/v1/write";
    request.headers.Add("Content-Encoding", "snappy");
    request.headers.Add("Content-Type", "application/x-protobuf");
    request.body = Snappy(RemoteWriteBody(items));
  } else if (options.format == "cbor") {
    request.target = "/service/GraniteServiceVersion20100801/operation/PutMetricData";
    request.headers.Add("Content-Type", "application/cbor");
    request.headers.Add("smithy-protocol", "rpc-v2-cbor");
    request.body = CborBody(items);
  } else {
    request.target = "/";
    request.headers.Add("Content-Type", "application/x-amz-json-1.0");
    request.headers.Add("X-Amz-Target", "GraniteServiceVersion20100801.PutMetricData");
    request.body = JsonBody(items);
  }
  request.path = request.target;
  if (!options.access_key.empty()) {
    net::Sign(request, options.access_key, options.secret, "us-east-1", "monitoring", now);
  }
  std::string out = "POST " + request.target + " HTTP/1.1\r\n";
  for (const auto& [name, value] : request.headers.all()) out += name + ": " + value + "\r\n";
  return out + fmt::format("Content-Length: {}\r\n\r\n", request.body.size()) + request.body;
}

}  // namespace

std::array<std::pair<std::string_view, std::string_view>, 4> DimensionsOf(const W1Series& series) {
  return {{{"CustomerId", series.customer},
           {"FunctionName", series.function},
           {"Region", series.region},
           {"Stage", series.stage}}};
}

int Load(const LoadOptions& options) {
  const bool burst = options.workload == "burst", raw = options.workload == "raw";
  const bool w2 = options.workload == "w2";
  const std::vector<W1Series> all = raw  ? RawSeriesOfW2()
                                    : w2 ? SeriesOfW2(options.sets)
                                         : SeriesOfW1(options.sets);
  const std::uint64_t each = burst || raw ? 100 : 1;
  const std::uint64_t seed = burst ? 12 : raw ? 14 : w2 ? 13 : 11;
  const std::int64_t step_s = w2 ? 300 : 60;
  const std::int64_t begin_s = raw ? kT0 + 29 * 86400 : kT0;
  const double steps_per_day = w2 ? 288 : 1440;
  std::array<Connection, 2> connections{Connection(options.address), Connection(options.address)};
  const double start = Seconds();
  std::uint64_t requests = 0, samples = 0;
  std::vector<Item> items;
  const auto flush = [&] {
    if (items.empty()) return;
    const Instant now = FromUnixMillis(options.now_s * 1000 +
                                       static_cast<std::int64_t>((Seconds() - start) * 1000));
    connections[requests++ % 2].Send(RequestOf(options, items, now));
    items.clear();
  };
  for (std::uint64_t t = 0; t < options.minutes; ++t) {
    std::size_t in_request = 0;
    for (std::uint64_t i = 0; i < all.size(); ++i) {
      Item& item = items.emplace_back(Item{&all[i], {}});
      const std::int64_t time_ms = (begin_s + static_cast<std::int64_t>(t) * step_s) * 1000;
      for (std::uint64_t j = 0; j < each; ++j) {
        item.samples.push_back(
            {time_ms + static_cast<std::int64_t>(600 * j),
             ValueOfW1(all[i], seed, i, t * each + j, static_cast<double>(t) / steps_per_day)});
      }
      samples += each;
      in_request += each;
      if (in_request < 1000) continue;
      in_request = 0;
      flush();
    }
    flush();
  }
  for (Connection& connection : connections) connection.Receive();
  std::printf("%llu samples %llu requests %.1f ms slowest %.2f s\n",
              static_cast<unsigned long long>(samples), static_cast<unsigned long long>(requests),
              std::max(connections[0].slowest(), connections[1].slowest()) * 1000,
              Seconds() - start);
  return 0;
}

}  // namespace securebase::bench
