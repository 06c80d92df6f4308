#include "gateway/observe/gateway_metrics.hpp"

namespace postern::observe {
namespace {

/// From a cached answer to the hard limit between end of data and reply (45 s), and beyond.
const std::vector<double> kSeconds{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1,
                                   2.5,   5,    8,     15,   30,  45,   60};
constexpr std::size_t kReplySeries = 300;     // stages times codes
constexpr std::size_t kFindingSeries = 2000;  // the catalogue, with room for operators' rules

}  // namespace

GatewayMetrics::GatewayMetrics(Registry& registry)
    : smtp_connections(
          registry.counters({"postern_smtp_connections_total", "SMTP connections accepted."})
              .only()),
      smtp_connections_open(
          registry.gauges({"postern_smtp_connections_open", "SMTP connections open now."}).only()),
      smtp_replies(registry.counters({"postern_smtp_replies_total",
                                      "SMTP replies sent, by stage and code.",
                                      {"stage", "code"},
                                      kReplySeries})),
      smtp_refused(registry.counters({"postern_smtp_refused_total",
                                      "Connections turned away before the greeting, by reason.",
                                      {"why"}})),
      smtp_overload(
          registry.gauges({"postern_smtp_overload", "1 while the front is overloaded."}).only()),
      smtp_overloads(
          registry.counters({"postern_smtp_overloads_total", "Times overload began."}).only()),
      smtp_tls_failed(
          registry.counters({"postern_smtp_tls_failed_total", "TLS handshakes that failed."})
              .only()),
      messages(registry.counters({"postern_messages_total",
                                  "Messages decided, by action and class.",
                                  {"action", "class"}})),
      message_seconds(
          registry
              .histograms({"postern_message_seconds", "Seconds from the end of data to the reply."},
                          kSeconds)
              .only()),
      stage_seconds(registry.histograms(
          {"postern_stage_seconds", "Seconds spent in one stage of a message.", {"stage"}},
          kSeconds)),
      findings(registry.counters(
          {"postern_finding_total", "Findings in messages, by code.", {"code"}, kFindingSeries})),
      checks(registry.counters(
          {"postern_check_total", "Runs of checks, by check and outcome.", {"check", "outcome"}})),
      analyzer_errors(registry.counters({"postern_analyzer_errors_total",
                                         "Objects that an analyzer could not read.",
                                         {"analyzer", "code"}})),
      jail_workers(registry.gauges(
          {"postern_jail_workers", "Workers of the analysis jail, by state.", {"state"}})),
      signature_age_seconds(registry.gauges(
          {"postern_signature_age_seconds", "Age of the signatures in use.", {"engine"}})),
      quarantine_messages(
          registry.gauges({"postern_quarantine_messages", "Messages held, by class.", {"class"}})),
      queue_messages(registry.gauges({"postern_queue_messages", "Deliveries still owed."}).only()),
      dns_lookups(
          registry.counters({"postern_dns_lookups_total", "DNS look-ups, by result.", {"result"}})),
      log_lines_dropped(registry
                            .counters({"postern_log_lines_dropped_total",
                                       "Log lines lost because the log was not writable."})
                            .only()),
      bugs(registry
               .counters({"postern_bugs_total", "Unexpected exceptions that ended a connection."})
               .only()) {}

}  // namespace postern::observe
