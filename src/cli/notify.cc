#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <memory>
#include <thread>

#include "base/clock.h"
#include "base/text.h"
#include "cli/api_client.h"
#include "cli/command.h"

namespace securebase::cli {
namespace {

constexpr const char* kExample =
    "  securebase notify list --endpoint http://127.0.0.1:8080\n"
    "  securebase notify test slack-alerts --endpoint http://127.0.0.1:8080\n"
    "  securebase notify deliveries --status failed --endpoint http://127.0.0.1:8080\n"
    "  securebase notify resend dlv-01J... --endpoint http://127.0.0.1:8080\n\n"
    "Exit codes: 0 delivered, 1 not delivered, 2 wrong usage or it could not be told.";

struct Options {
  ServerAddress server;
  std::string name;  // of a target, or a delivery's id
  std::string status;
  std::string source;
  std::size_t limit = 50;
  double wait_s = 30;
  bool json = false;
};

std::string TextOf(const json::Value& value, std::string_view name) {
  const json::Value* found = value.Find(name);
  if (found == nullptr) return {};
  return found->IsString() ? found->AsString() : json::Write(*found);
}

void Print(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stdout); }

int PrintJson(const json::Value& value) {
  Print(json::WritePretty(value) + "\n");
  return kExitGood;
}

/// The last attempt in a sentence.
std::string LastAttempt(const json::Value& delivery) {
  const json::Value* attempts = delivery.Find("attempts");
  if (attempts == nullptr || !attempts->IsArray() || attempts->AsArray().empty()) {
    return "not tried yet";
  }
  const json::Value& last = attempts->AsArray().back();
  return TextOf(last, "outcome") + " (status " + TextOf(last, "status") + ") " +
         TextOf(last, "detail");
}

int List(const Options& options) {
  ApiClient client(options.server, "notify");
  const auto body = client.Get("/v1/notify/targets");
  if (!body.ok()) return UsageError(body.error().message());
  if (options.json) return PrintJson(*body);
  const json::Array& targets = body->Find("targets")->AsArray();
  if (targets.empty()) {
    Print("No targets: name some in the file that the setting notify.targets_file names.\n");
  }
  for (const json::Value& target : targets) {
    Print(TextOf(target, "name") + "  " + TextOf(target, "type") + "\n");
  }
  return kExitGood;
}

/// Waits until the delivery has ended; its state.
Result<json::Value> WaitForEnd(ApiClient& client, const std::string& id, double wait_s) {
  const SystemClock clock;
  const auto deadline = clock.Monotonic() + std::chrono::duration_cast<std::chrono::nanoseconds>(
                                                std::chrono::duration<double>(wait_s));
  while (true) {
    SB_TRY(json::Value delivery, client.Get("/v1/notify/deliveries/" + PercentEncode(id)));
    if (TextOf(delivery, "status") != "pending" || clock.Monotonic() > deadline) return delivery;
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
  }
}

int Test(const Options& options) {
  ApiClient client(options.server, "notify");
  const auto posted = client.Post("/v1/notify/test", json::Object{{"target", options.name}}, 202);
  if (!posted.ok()) return UsageError(posted.error().message());
  bool delivered = true;
  json::Array deliveries;
  for (const json::Value& id : posted->Find("deliveries")->AsArray()) {
    const auto delivery = WaitForEnd(client, id.AsString(), options.wait_s);
    if (!delivery.ok()) return UsageError(delivery.error().message());
    delivered = delivered && TextOf(*delivery, "status") == "success";
    if (!options.json) {
      Print(TextOf(*delivery, "target") + ": " + TextOf(*delivery, "status") + ", " +
            LastAttempt(*delivery) + "\n");
    }
    deliveries.push_back(*delivery);
  }
  if (options.json) PrintJson(json::Object{{"deliveries", std::move(deliveries)}});
  return delivered ? kExitGood : kExitNotMet;
}

int Deliveries(const Options& options) {
  ApiClient client(options.server, "notify");
  std::string path = "/v1/notify/deliveries?limit=" + std::to_string(options.limit);
  if (!options.status.empty()) path += "&status=" + PercentEncode(options.status);
  if (!options.source.empty()) path += "&source=" + PercentEncode(options.source);
  const auto body = client.Get(path);
  if (!body.ok()) return UsageError(body.error().message());
  if (options.json) return PrintJson(*body);
  const json::Array& deliveries = body->Find("deliveries")->AsArray();
  if (deliveries.empty()) Print("No deliveries.\n");
  for (const json::Value& delivery : deliveries) {
    Print(TextOf(delivery, "createdAt") + "  " + TextOf(delivery, "id") + "  " +
          TextOf(delivery, "status") + "  " + TextOf(delivery, "target") + "  " +
          TextOf(delivery, "title") + "\n    " + LastAttempt(delivery) + "\n");
  }
  return kExitGood;
}

int Resend(const Options& options) {
  ApiClient client(options.server, "notify");
  const auto body = client.Post("/v1/notify/deliveries/" + PercentEncode(options.name) + "/resend",
                                json::Object{}, 202);
  if (!body.ok()) return UsageError(body.error().message());
  const auto delivery = WaitForEnd(client, options.name, options.wait_s);
  if (!delivery.ok()) return UsageError(delivery.error().message());
  if (options.json) PrintJson(*delivery);
  if (!options.json) Print(TextOf(*delivery, "status") + ", " + LastAttempt(*delivery) + "\n");
  return TextOf(*delivery, "status") == "success" ? kExitGood : kExitNotMet;
}

}  // namespace

Command NotifyCommand() {
  return {
      "notify", "Test targets, look at deliveries, send failed ones again", kExample,
      [](CLI::App& app) -> std::function<int()> {
        auto options = std::make_shared<Options>();
        auto chosen = std::make_shared<int (*)(const Options&)>(nullptr);
        auto add = [&](const char* name, const char* help, int (*run)(const Options&)) {
          CLI::App* sub = app.add_subcommand(name, help);
          AddServerAddress(*sub, options->server, "API key (role manager)");
          sub->add_flag("--json", options->json, "JSON in place of text");
          sub->callback([chosen, run] { *chosen = run; });
          return sub;
        };
        app.require_subcommand(1);
        add("list", "The targets of the server", List);
        CLI::App* test = add("test", "Send a test message to a target and wait for its fate", Test);
        test->add_option("channel", options->name, "Name of the target")->required();
        test->add_option("--wait", options->wait_s, "Seconds to wait for it")
            ->capture_default_str();
        CLI::App* deliveries = add("deliveries", "What was sent, newest first", Deliveries);
        deliveries->add_option("--status", options->status,
                               "pending, success, failed, bounced, suppressed or expired");
        deliveries->add_option("--source", options->source, "ARN of what it tells of");
        deliveries->add_option("--limit", options->limit, "At most so many")->capture_default_str();
        CLI::App* resend = add("resend", "Send a failed or expired delivery again", Resend);
        resend->add_option("id", options->name, "The delivery")->required();
        resend->add_option("--wait", options->wait_s, "Seconds to wait for it")
            ->capture_default_str();
        return [options, chosen] { return (*chosen)(*options); };
      }};
}

}  // namespace securebase::cli
