#pragma once

/// @file The metrics of postern-gatewayd, by their documented names.

#include "gateway/observe/metrics.hpp"

namespace postern::observe {

/// Registers every name, so that all of them show from the first scrape on. Throws when done twice
/// on one registry.
struct GatewayMetrics {
    explicit GatewayMetrics(Registry& registry);

    Counter& smtp_connections;             ///< postern_smtp_connections_total
    Gauge& smtp_connections_open;          ///< postern_smtp_connections_open
    Series<Counter>& smtp_replies;         ///< postern_smtp_replies_total{stage,code}
    Series<Counter>& smtp_refused;         ///< postern_smtp_refused_total{why}
    Gauge& smtp_overload;                  ///< postern_smtp_overload
    Counter& smtp_overloads;               ///< postern_smtp_overloads_total
    Counter& smtp_tls_failed;              ///< postern_smtp_tls_failed_total
    Series<Counter>& messages;             ///< postern_messages_total{action,class}
    Histogram& message_seconds;            ///< postern_message_seconds
    Series<Histogram>& stage_seconds;      ///< postern_stage_seconds{stage}
    Series<Counter>& findings;             ///< postern_finding_total{code}
    Series<Counter>& checks;               ///< postern_check_total{check,outcome}
    Series<Counter>& analyzer_errors;      ///< postern_analyzer_errors_total{analyzer,code}
    Series<Gauge>& jail_workers;           ///< postern_jail_workers{state}
    Series<Gauge>& signature_age_seconds;  ///< postern_signature_age_seconds{engine}
    Series<Gauge>& quarantine_messages;    ///< postern_quarantine_messages{class}
    Gauge& queue_messages;                 ///< postern_queue_messages
    Series<Counter>& dns_lookups;          ///< postern_dns_lookups_total{result}
    Counter& log_lines_dropped;            ///< postern_log_lines_dropped_total
    Counter& bugs;  ///< postern_bugs_total: exceptions that ended a connection
};

}  // namespace postern::observe
